//! Parts of a large array that are coded by themselves: runs along the first axes, whose number follows from the shape.

use std::ops::Range;

use crate::api::Error;
use crate::shared::varint;

/// Values of a part, about. Smaller ones would cost what each has to learn: half a per cent at this size.
const VALUES: usize = 1 << 19;

/// A part of an array: a run of its values in C order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which values.
    pub values: Range<usize>,
    /// Its lengths, as many as the array has.
    pub shape: Vec<usize>,
}

/// The parts of an array of `shape`, one axis at least.
pub fn of(shape: &[usize]) -> Vec<Part> {
    let mut at = 0;
    let part = |shape: Vec<usize>| {
        let start = at;
        at += shape.iter().product::<usize>();
        Part { values: start..at, shape }
    };
    shapes(shape).into_iter().map(part).collect()
}

/// The shapes of the parts, in C order.
fn shapes(shape: &[usize]) -> Vec<Vec<usize>> {
    let most = most(shape.iter().product());
    let Some((&first, rest)) = shape.split_first().filter(|_| most > 1) else { return vec![shape.to_vec()] };
    let lengths = runs(first, most.min(first)).map(|run| run.len());
    lengths
        .flat_map(|length| {
            // What is one index thick may be cut along the next axis.
            let inner = if length == 1 { shapes(rest) } else { vec![rest.to_vec()] };
            inner.into_iter().map(move |inner| [&[length][..], &inner].concat())
        })
        .collect()
}

/// The `count` runs, one at least, into which a length is cut.
pub fn runs(length: usize, count: usize) -> impl Iterator<Item = Range<usize>> {
    // Wide arithmetic: the product of a length and a number of parts may not fit.
    let border = move |part: usize| (length as u128 * part as u128 / count as u128) as usize;
    (0..count).map(move |part| border(part)..border(part + 1))
}

/// Most parts of an array of `len` values.
pub fn most(len: usize) -> usize {
    (len / VALUES).max(1)
}

/// Each part with its values of an array, of which they are the parts.
pub fn split_values<'a, 'b, T>(parts: &'a [Part], values: &'b mut [T]) -> Vec<(&'a Part, &'b mut [T])> {
    let mut rest = values;
    let one = |part: &'a Part| {
        let (inside, others) = std::mem::take(&mut rest).split_at_mut(part.values.len());
        rest = others;
        (part, inside)
    };
    parts.iter().map(one).collect()
}

/// Appends streams, before them the length of all but the last.
pub fn append(streams: &[Vec<u8>], payload: &mut Vec<u8>) {
    streams[1..].iter().zip(streams).for_each(|(_, stream)| varint::write(stream.len() as u64, payload));
    streams.iter().for_each(|stream| payload.extend_from_slice(stream));
}

/// The `count` streams, one at least, that [`append`] wrote at `at`.
///
/// # Errors
/// `Corrupt` if they are longer than the payload.
pub fn take(payload: &[u8], mut at: usize, count: usize) -> Result<Vec<&[u8]>, Error> {
    let lengths = (1..count).map(|_| varint::read_length(payload, &mut at, payload.len()));
    let lengths: Vec<usize> = lengths.collect::<Result<_, _>>()?;
    let mut rest = &payload[at..];
    let mut streams = Vec::with_capacity(count);
    for length in lengths {
        let short = || Error::corrupt(payload.len(), format!("a stream of {length} bytes where fewer are left"));
        let (stream, others) = rest.split_at_checked(length).ok_or_else(short)?;
        streams.push(stream);
        rest = others;
    }
    streams.push(rest);
    Ok(streams)
}

/// The payload of streams: as many as an array of so many parts at `most` has. Where these are several, the number of
/// streams goes before them.
pub fn join(streams: &[Vec<u8>], most: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    if most > 1 {
        varint::write(streams.len() as u64, &mut payload);
    }
    append(streams, &mut payload);
    payload
}

/// The streams of a payload that [`join`] made.
///
/// # Errors
/// `Corrupt` if there are none, or more than `most`, or they are longer than the payload.
pub fn split(payload: &[u8], most: usize) -> Result<Vec<&[u8]>, Error> {
    if most == 1 {
        return Ok(vec![payload]);
    }
    let mut at = 0;
    let count = varint::read_length(payload, &mut at, most)?;
    if count == 0 {
        return Err(Error::corrupt(0, "no stream where there is at least one"));
    }
    take(payload, at, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_are_of_a_size_and_make_the_array() {
        for shape in [&[3usize, 5][..], &[1 << 21], &[7, 1 << 19], &[2, 1 << 22], &[1, 1 << 22], &[1000, 30, 70]]
            .into_iter()
            .chain([&[3, 1 << 21][..], &[7, 5, 1 << 18], &[1 << 22, 2], &[1, 1, 3_000_001]])
        {
            let parts = of(shape);
            let mut at = 0;
            for part in &parts {
                assert_eq!((part.values.start, part.values.len()), (at, part.shape.iter().product()));
                at = part.values.end;
            }
            let len = shape.iter().product::<usize>();
            assert!(at == len && parts.len() <= most(len), "{shape:?}");
            assert!(parts.iter().all(|part| part.values.len() < 2 * VALUES), "{shape:?}");
        }
        let of = |shape: &[usize]| of(shape).into_iter().map(|part| part.shape).collect::<Vec<_>>();
        assert_eq!(of(&[100, 100]), [[100, 100]]);
        assert_eq!(of(&[128, 128, 128]), [[32, 128, 128]; 4]);
        assert_eq!(of(&[1 << 20]), [[1 << 19]; 2]);
        assert_eq!(of(&[3, 1 << 20]), [[1, 1 << 19]; 6]);
    }

    #[test]
    fn streams_come_back_and_what_is_none_is_refused() {
        let streams = vec![vec![1, 2, 3], vec![], vec![4]];
        let payload = join(&streams, 3);
        assert_eq!(split(&payload, 3).expect("streams"), [&[1u8, 2, 3][..], &[], &[4]]);
        assert_eq!(split(&join(&streams[..1], 3), 3).expect("a stream"), [&[1u8, 2, 3][..]]);
        assert_eq!(split(&join(&streams[..1], 1), 1).expect("a stream"), [&[1u8, 2, 3][..]]);
        assert_eq!(split(&payload, 4).expect("fewer than possible"), [&[1u8, 2, 3][..], &[], &[4]]);
        assert!(split(&payload, 2).is_err() && split(&[0, 1], 3).is_err());
        assert!(split(&[], 3).is_err() && split(&[3, 9, 9], 3).is_err());
    }
}
