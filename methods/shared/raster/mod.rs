//! Values coded one after the other in raster order: predicted from those before by differences along axes and by least
//! squares, and what is left by context mixing.

mod around;
mod blend;
mod channels;
mod contexts;
mod cut;
mod floats;
mod follower;
mod form;
mod head;
mod mirror;
mod neighbours;
mod repeats;
mod residual;
mod rest;
mod scale;
mod trial;
mod walk;

use crate::api::{Element, Error};
use crate::shared::range::{RangeDecoder, RangeEncoder};
use crate::shared::{parallel, parts};
use cut::Cut;
use head::{Head, turn_back};
pub use trial::{Chosen, choose};
pub use walk::Detail;

/// The streams of `data`, an array of `shape` without axes of length 1, and whether values come again and again in it.
pub fn encode<T: Element>(data: &[T], shape: &[usize], detail: Detail) -> (Vec<u8>, bool) {
    let chosen = choose(data, shape, detail);
    let repeats = chosen.repeats;
    let streams = chosen.write::<T>(shape, detail, RangeEncoder::new());
    (parts::join(&streams, parts::wanted(data.len())), repeats)
}

/// Whether integers, an array of `shape` without axes of length 1, are mirror images of themselves.
pub fn is_mirrored(integers: &[i32], shape: &[usize]) -> bool {
    !mirror::find(shape, &|i| f64::from(integers[i])).is_empty()
}

/// Fills `data`, an array of `shape` without axes of length 1, with what [`encode`] wrote.
///
/// # Errors
/// `Corrupt` if `stream` is nothing that it writes.
pub fn decode<T: Element>(bytes: &[u8], shape: &[usize], detail: Detail, data: &mut [T]) -> Result<(), Error> {
    let streams = parts::split(bytes, parts::wanted(data.len()))?;
    read(shape, detail, streams.into_iter().map(RangeDecoder::new).collect(), data)
}

impl Chosen {
    /// The streams of the parts of an array of `shape`. The first goes on from where `first` is, and states what was
    /// chosen.
    pub fn write<T: Element>(self, shape: &[usize], detail: Detail, mut first: RangeEncoder) -> Vec<Vec<u8>> {
        let Chosen { head, ranks, .. } = self;
        Head::state::<T>(Some(&head), shape, detail, &mut first);
        let one = |(cut, mut encoder): (Cut, RangeEncoder)| {
            let mut ranks = cut.gather(&ranks);
            head.form.code::<T>((&mut ranks, &cut.shape), &head.plan, detail, true, &mut encoder);
            encoder.finish()
        };
        let encoders = std::iter::once(first).chain(std::iter::repeat_with(RangeEncoder::new));
        let jobs = head.plan.cuts(&head.turned(shape)).into_iter().zip(encoders);
        parallel::map(jobs, one)
    }
}

/// Fills `data`, an array of `shape` without axes of length 1, with what [`Chosen::write`] wrote: `streams`, one at
/// least, of which the first has come to what it states.
///
/// # Errors
/// `Corrupt` if that is nothing that it writes.
pub fn read<T: Element>(
    shape: &[usize],
    detail: Detail,
    mut streams: Vec<RangeDecoder<'_>>,
    data: &mut [T],
) -> Result<(), Error> {
    let head = Head::state::<T>(None, shape, detail, &mut streams[0]);
    let head = head.ok_or_else(|| Error::corrupt(0, "a form that no encoder chooses"))?;
    let turned = head.turned(shape);
    let cuts = head.plan.cuts(&turned);
    if streams.len() != cuts.len() {
        return Err(Error::corrupt(0, format!("{} streams where {} are expected", streams.len(), cuts.len())));
    }
    let one = |(cut, mut decoder): (Cut, RangeDecoder<'_>)| {
        let mut ranks = vec![0; cut.shape.iter().product()];
        head.form.code::<T>((&mut ranks, &cut.shape), &head.plan, detail, false, &mut decoder);
        let mut values = vec![T::default(); ranks.len()];
        head.form.values(&ranks, &mut values);
        let behind = || Error::corrupt(ranks.len(), "bytes behind the last value");
        if decoder.is_spent() { Ok((cut, values)) } else { Err(behind()) }
    };
    for part in parallel::map(cuts.into_iter().zip(streams), one) {
        let (cut, values) = part?;
        cut.scatter(&values, data);
    }
    if head.turned {
        let values = turn_back(data, turned[0]);
        data.copy_from_slice(&values);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::head::turn;
    use super::mirror::Mirror;
    use super::*;
    use crate::shared::mixing::Cost;

    const DETAILS: [Detail; 2] = [Detail::Few, Detail::Many];

    /// The bytes of values that come back.
    fn size<T: Element>(data: &[T], shape: &[usize], detail: Detail) -> usize {
        let (stream, _) = encode(data, shape, detail);
        let mut back = vec![T::default(); data.len()];
        decode(&stream, shape, detail, &mut back).expect("reads");
        assert!(back.iter().zip(data).all(|(a, b)| a.to_bits() == b.to_bits()), "{detail:?} {shape:?}");
        stream.len()
    }

    fn noise(i: usize) -> f64 {
        let mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / 16777216.0 - 0.5
    }

    /// A picture with so many channels, each of which is another mix of one texture and its own colour.
    fn picture(channel: usize, y: usize, x: usize) -> u8 {
        let texture = noise(y * 1000 + x) * 60.0 + (x as f64 * 0.11).sin() * 40.0 + (y as f64 * 0.07).cos() * 30.0;
        (128.0 + texture * (1.0 - 0.2 * channel as f64) + channel as f64 * 9.0 + noise(7 * (y * 90 + x) + channel))
            as u8
    }

    #[test]
    fn channels_first_or_last_take_little_more_than_one() {
        let (height, width) = (70, 90);
        for detail in DETAILS {
            let one: Vec<u8> = (0..height * width).map(|i| picture(0, i / width, i % width)).collect();
            let one = size(&one, &[height, width], detail);
            for channels in 2..=4 {
                let last = |i: usize| picture(i % channels, i / channels / width, i / channels % width);
                let last: Vec<u8> = (0..height * width * channels).map(last).collect();
                let first = turn(&last, channels);
                for (data, shape) in [(last, [height, width, channels]), (first, [channels, height, width])] {
                    let all = size(&data, &shape, detail);
                    assert!(all < one + (channels - 1) * one * 2 / 3, "{detail:?} {shape:?}: {all} bytes, one {one}");
                }
            }
        }
    }

    #[test]
    fn noisy_pictures_have_several_predictors_and_lines_have_one() {
        let picture: Vec<u8> = (0..8000).map(|i| picture(0, i / 100, i % 100)).collect();
        assert!(choose(&picture, &[80, 100], Detail::Few).head.plan.several);
        let plane: Vec<i32> = (0..8000).map(|i| i / 100 * 31 + i % 100 * 17).collect();
        assert!(!choose(&plane, &[80, 100], Detail::Few).head.plan.several);
        assert!(!choose(&plane, &[8000], Detail::Few).head.plan.several);
    }

    #[test]
    fn any_bytes_are_read_as_channels() {
        for shape in [[3, 7, 9], [7, 9, 4], [2, 2, 2], [4, 1, 30]] {
            let data: Vec<u8> = (0..shape.iter().product()).map(|i| picture(i % 3, i / 9, i % 9)).collect();
            let mut back = vec![0u8; data.len()];
            for detail in DETAILS {
                size(&data, &shape, detail);
                let (stream, _) = encode(&data, &shape, detail);
                for bit in 0..stream.len() * 8 {
                    let mut bad = stream.clone();
                    bad[bit / 8] ^= 1 << (bit % 8);
                    let _ = decode(&bad, &shape, detail, &mut back);
                }
                for fill in 0..=255u8 {
                    let _ = decode(&[fill; 40], &shape, detail, &mut back);
                }
            }
        }
    }

    #[test]
    fn mirrored_arrays_in_parts_take_little_more_than_whole() {
        const DETAIL: Detail = Detail::Few;
        let shape = [129, 97, 96];
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool");
        for (axis, back, sign) in [(0, 2, -1), (2, 0, 1)] {
            let value = |i: usize| {
                let mut at = [i / (97 * 96), i / 96 % 97, i % 96];
                let image = shape[axis] - 1 - at[axis];
                let sign = if at[axis] > image { sign } else { 1 };
                at[axis] = at[axis].min(image);
                let smooth = at.iter().zip([0.05, 0.03, 0.07]).map(|(&at, step)| (at as f64 * step).sin()).sum::<f64>();
                sign * (smooth * 900.0 + noise((at[0] * 97 + at[1]) * 96 + at[2]) * 60.0) as i32
            };
            let data: Vec<i32> = (0..shape.iter().product()).map(value).collect();
            let mut chosen = choose(&data, &shape, DETAIL);
            assert_eq!(chosen.head.plan.mirrors, [Mirror { axis: back, negated: sign < 0 }]);
            let write = || chosen.clone().write::<i32>(&shape, DETAIL, RangeEncoder::new());
            let [streams, others] = [1, 3].map(|threads| pool(threads).install(write));
            let payload = parts::join(&streams, parts::wanted(data.len()));
            let mut restored = vec![0; data.len()];
            decode(&payload, &shape, DETAIL, &mut restored).expect("reads");
            assert!(streams.len() == 2 && streams == others && restored == data, "{axis} {sign}");
            let mut whole = Cost::default();
            chosen.head.form.code::<i32>((&mut chosen.ranks, &shape), &chosen.head.plan, DETAIL, true, &mut whole);
            let (bits, whole) = (payload.len() as f64 * 8.0, whole.bits);
            assert!(bits < whole * 1.02, "{axis} {sign}: {bits} bits, {whole} whole");
        }
    }
}
