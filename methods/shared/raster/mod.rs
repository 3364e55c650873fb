//! Values coded one after the other in raster order: predicted from those before by differences along axes and by least
//! squares, and what is left by context mixing.

mod around;
mod blend;
mod channels;
mod contexts;
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
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use head::{Head, turn_back};
pub use trial::{Chosen, choose};
pub use walk::Detail;

/// The stream of `data`, an array of `shape` without axes of length 1, and whether values come again and again in it.
pub fn encode<T: Element>(data: &[T], shape: &[usize], detail: Detail) -> (Vec<u8>, bool) {
    let chosen = choose(data, shape, detail);
    let mut encoder = RangeEncoder::new();
    let repeats = chosen.repeats;
    chosen.write::<T>(shape, detail, &mut encoder);
    (encoder.finish(), repeats)
}

/// Whether integers, an array of `shape` without axes of length 1, are mirror images of themselves.
pub fn is_mirrored(integers: &[i32], shape: &[usize]) -> bool {
    !mirror::find(shape, |i| f64::from(integers[i])).is_empty()
}

/// Fills `data`, an array of `shape` without axes of length 1, with what [`encode`] wrote.
///
/// # Errors
/// `Corrupt` if `stream` is nothing that it writes.
pub fn decode<T: Element>(stream: &[u8], shape: &[usize], detail: Detail, data: &mut [T]) -> Result<(), Error> {
    let mut decoder = RangeDecoder::new(stream);
    read(shape, detail, &mut decoder, data)?;
    if decoder.is_spent() { Ok(()) } else { Err(Error::corrupt(stream.len(), "bytes behind the last value")) }
}

impl Chosen {
    /// States what was chosen for an array of `shape`, and codes its values.
    pub fn write<T: Element>(mut self, shape: &[usize], detail: Detail, coder: &mut impl BitCoder) {
        Head::state::<T>(Some(&self.head), shape, detail, coder);
        let (head, turned) = (&self.head, self.head.turned(shape));
        head.form.code::<T>((&mut self.ranks, &turned), &head.plan, detail, true, coder);
    }
}

/// Fills `data`, an array of `shape` without axes of length 1, with what [`Chosen::write`] wrote.
///
/// # Errors
/// `Corrupt` if that is nothing that it writes.
pub fn read<T: Element>(
    shape: &[usize],
    detail: Detail,
    decoder: &mut RangeDecoder<'_>,
    data: &mut [T],
) -> Result<(), Error> {
    let head = Head::state::<T>(None, shape, detail, decoder);
    let head = head.ok_or_else(|| Error::corrupt(0, "a form that no encoder chooses"))?;
    let mut ranks = vec![0; data.len()];
    let turned = head.turned(shape);
    head.form.code::<T>((&mut ranks, &turned), &head.plan, detail, false, decoder);
    if head.turned {
        ranks = turn_back(&ranks, turned[0]);
    }
    head.form.values(&ranks, data);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::head::turn;
    use super::*;

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
}
