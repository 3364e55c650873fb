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
    cut(shape, wanted(shape.iter().product()))
}

/// The parts of an array of `shape`, one axis at least, of which about so many are wanted: no more than twice as many.
pub fn cut(shape: &[usize], wanted: usize) -> Vec<Part> {
    let mut at = 0;
    let part = |shape: Vec<usize>| {
        let start = at;
        at += shape.iter().product::<usize>();
        Part { values: start..at, shape }
    };
    shapes(shape, wanted).into_iter().map(part).collect()
}

/// The shapes of the parts, in C order.
fn shapes(shape: &[usize], wanted: usize) -> Vec<Vec<usize>> {
    let Some((&first, rest)) = shape.split_first().filter(|_| wanted > 1) else { return vec![shape.to_vec()] };
    if first < wanted {
        // What is one index thick is cut along the next axis.
        let inner = shapes(rest, wanted.div_ceil(first.max(1)));
        return (0..first).flat_map(|_| inner.iter().map(|inner| [&[1][..], inner].concat())).collect();
    }
    runs(first, wanted).map(|run| [&[run.len()][..], rest].concat()).collect()
}

/// The runs into which a length is cut, so many if it is that long.
pub fn runs(length: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let count = most.min(length).max(1);
    (0..count).map(move |number| run(length, number, count))
}

/// One of `count` runs, about equal, that make up a length.
pub fn run(length: usize, number: usize, count: usize) -> Range<usize> {
    // Wide arithmetic: the product of a length and a number of runs may not fit.
    let border = |number: usize| (length as u128 * number as u128 / count as u128) as usize;
    border(number)..border(number + 1)
}

/// How many parts are wanted of an array of `len` values: one, or an even number, so that two threads have as much to do.
pub fn wanted(len: usize) -> usize {
    match len / VALUES {
        0 | 1 => 1,
        count => count.next_multiple_of(2),
    }
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

/// The payload of the streams of an array's parts. Where more than one is wanted, their number goes before them.
pub fn join(streams: &[Vec<u8>], wanted: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    if wanted > 1 {
        varint::write(streams.len() as u64, &mut payload);
    }
    append(streams, &mut payload);
    payload
}

/// The streams of a payload that [`join`] made.
///
/// # Errors
/// `Corrupt` if there are none, or more than any array has of which so many are `wanted`, or they are longer than the
/// payload.
pub fn split(payload: &[u8], wanted: usize) -> Result<Vec<&[u8]>, Error> {
    if wanted == 1 {
        return Ok(vec![payload]);
    }
    let mut at = 0;
    let count = varint::read_length(payload, &mut at, 2 * wanted)?;
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
            .chain([&[3, 1 << 21][..], &[7, 5, 1 << 18], &[1 << 22, 2], &[1, 1, 3_000_001], &[3, 7, 100_000]])
        {
            let parts = of(shape);
            let mut at = 0;
            for part in &parts {
                assert_eq!((part.values.start, part.values.len()), (at, part.shape.iter().product()));
                at = part.values.end;
            }
            let len = shape.iter().product::<usize>();
            assert!(at == len && parts.len() < 2 * wanted(len), "{shape:?}");
            assert!(parts.iter().all(|part| part.values.len() <= 2 * VALUES), "{shape:?}");
        }
        let of = |shape: &[usize]| of(shape).into_iter().map(|part| part.shape).collect::<Vec<_>>();
        assert_eq!(of(&[100, 100]), [[100, 100]]);
        assert_eq!(of(&[128, 128, 128]), [[32, 128, 128]; 4]);
        assert_eq!(of(&[1 << 20]), [[1 << 19]; 2]);
        assert_eq!(of(&[3, 1 << 20]), [[1, 1 << 19]; 6]);
    }

    #[test]
    fn two_threads_have_as_much_to_do() {
        assert_eq!([0, VALUES, 2 * VALUES - 1, 2 * VALUES, 3 * VALUES, 5 * VALUES].map(wanted), [1, 1, 1, 2, 4, 6]);
        let lengths = |length, most| runs(length, most).map(|run| run.len()).collect::<Vec<_>>();
        assert_eq!(lengths(8, 6), [1, 1, 2, 1, 1, 2]);
        assert_eq!(lengths(7, 4), [1, 2, 2, 2]);
        assert_eq!((lengths(0, 4), lengths(3, 1), lengths(2, 9)), (vec![0], vec![3], vec![1, 1]));
        assert_eq!(cut(&[3, 10], 4).len(), 6);
    }

    #[test]
    fn streams_come_back_and_what_is_none_is_refused() {
        let streams = vec![vec![1, 2, 3], vec![], vec![4]];
        let payload = join(&streams, 3);
        assert_eq!(split(&payload, 3).expect("streams"), [&[1u8, 2, 3][..], &[], &[4]]);
        assert_eq!(split(&join(&streams[..1], 3), 3).expect("a stream"), [&[1u8, 2, 3][..]]);
        assert_eq!(split(&join(&streams[..1], 1), 1).expect("a stream"), [&[1u8, 2, 3][..]]);
        assert_eq!(split(&payload, 4).expect("fewer than possible"), [&[1u8, 2, 3][..], &[], &[4]]);
        assert!(split(&payload, 1).is_ok() && split(&join(&vec![vec![]; 5], 2), 2).is_err());
        assert!(split(&[0, 1], 3).is_err());
        assert!(split(&[], 3).is_err() && split(&[3, 9, 9], 3).is_err());
    }
}
