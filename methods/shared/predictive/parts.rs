//! Parts of a large array that are coded by themselves: runs along the first axis, whose number follows from the shape.

use std::ops::Range;

use crate::api::Error;
use crate::shared::varint;

/// Values of a part, about. Smaller ones would cost what each has to learn: half a per cent at this size.
const VALUES: usize = 1 << 19;

/// A part of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Which values in C order.
    pub values: Range<usize>,
    pub shape: Vec<usize>,
}

/// The parts of an array of `shape`, one axis at least.
pub(super) fn of(shape: &[usize]) -> Vec<Part> {
    let (rows, row) = (shape[0], shape[1..].iter().product::<usize>());
    let count = (rows.saturating_mul(row) / VALUES).clamp(1, rows.max(1));
    // Wide arithmetic: the product of a length and a number of parts may not fit.
    let border = |part: usize| (rows as u128 * part as u128 / count as u128) as usize;
    let part = |number: usize| {
        let (first, end) = (border(number), border(number + 1));
        let mut part = shape.to_vec();
        part[0] = end - first;
        Part { values: first * row..end * row, shape: part }
    };
    (0..count).map(part).collect()
}

/// The payload of streams: one for each part, or one for all. Where there are several parts, the number of streams goes
/// before them, and the length of all but the last.
pub(super) fn join(streams: &[Vec<u8>], parts: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    if parts > 1 {
        varint::write(streams.len() as u64, &mut payload);
        streams[1..].iter().zip(streams).for_each(|(_, stream)| varint::write(stream.len() as u64, &mut payload));
    }
    streams.iter().for_each(|stream| payload.extend_from_slice(stream));
    payload
}

/// The streams of a payload.
///
/// # Errors
/// `Corrupt` if there are neither one nor as many as parts, or they are longer than the payload.
pub(super) fn split(payload: &[u8], parts: usize) -> Result<Vec<&[u8]>, Error> {
    if parts == 1 {
        return Ok(vec![payload]);
    }
    let mut at = 0;
    let count = varint::read_length(payload, &mut at, parts)?;
    if count != 1 && count != parts {
        return Err(Error::corrupt(0, format!("{count} streams where 1 or {parts} are possible")));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_cover_the_array() {
        for shape in [&[3usize, 5][..], &[1 << 21], &[7, 1 << 19], &[2, 1 << 22], &[1, 1 << 22], &[1000, 30, 70]] {
            let parts = of(shape);
            let mut at = 0;
            for part in &parts {
                assert_eq!((part.values.start, part.values.len()), (at, part.shape.iter().product()));
                at = part.values.end;
            }
            let len = shape.iter().product::<usize>();
            assert!(at == len && parts.len() == (len >> 19).clamp(1, shape[0]), "{shape:?}");
        }
    }

    #[test]
    fn streams_come_back_and_what_is_none_is_refused() {
        let streams = vec![vec![1, 2, 3], vec![], vec![4]];
        let payload = join(&streams, 3);
        assert_eq!(split(&payload, 3).expect("streams"), [&[1u8, 2, 3][..], &[], &[4]]);
        assert_eq!(split(&join(&streams[..1], 3), 3).expect("a stream"), [&[1u8, 2, 3][..]]);
        assert_eq!(split(&join(&streams[..1], 1), 1).expect("a stream"), [&[1u8, 2, 3][..]]);
        assert!(split(&payload, 4).is_err() && split(&[], 3).is_err() && split(&[3, 9, 9], 3).is_err());
    }
}
