//! Payloads of codecs whose own decoders trust their input, and would crash on bytes that their encoder did not write.
//!
//! Before the stream stands a part of a hash of it, of the element type and of the axes. Damage of any kind, and a payload read
//! as another array, is refused here; what comes through is what the encoder wrote.

use crate::api::{DType, Element, Error, Section};
use crate::shared::shuffle::Shuffle;
use crate::shared::zstd;

/// First byte: the elements as they are, byte-shuffled, as one Zstandard frame.
const EXACT: u8 = 0;
/// First byte: hash and stream.
const SEALED: u8 = 1;
/// Bytes of the hash.
pub const SEAL: usize = 8;
/// Effort for elements as they are: that which SZ3 spends on them too.
const LEVEL: u8 = 3;

/// What stands in a payload.
#[derive(Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// The codec's stream, as it was written.
    Stream(&'a [u8]),
    /// A frame for [`read_exact`].
    Exact(&'a [u8]),
}

/// Appends a codec's `stream` with its seal.
pub fn write(dtype: DType, axes: &[usize], stream: &[u8], payload: &mut Vec<u8>) {
    payload.push(SEALED);
    payload.extend_from_slice(&hash(dtype, axes, stream));
    payload.extend_from_slice(stream);
}

/// Appends the elements as they are.
///
/// # Errors
/// `Backend` if the library fails, which no input makes it do.
pub fn write_exact<T: Element>(values: &[T], payload: &mut Vec<u8>) -> Result<(), Error> {
    let size = size_of::<T>();
    let bytes = values.iter().flat_map(|value| value.to_bits().to_le_bytes().into_iter().take(size));
    payload.push(EXACT);
    zstd::compress(&Shuffle::Byte.apply(bytes.collect(), size), LEVEL, payload)
}

/// Appends the first of a codec's streams from which `decode` restores values that are `kept`, or the elements as they are where
/// there is none. A codec that fails ends the attempts.
///
/// # Errors
/// As [`write_exact`].
pub fn write_kept<T: Element>(
    values: &[T],
    axes: &[usize],
    streams: impl Iterator<Item = Result<Vec<u8>, Error>>,
    decode: impl Fn(&[u8], &mut [T]) -> Result<(), Error>,
    kept: impl Fn(T, T) -> bool,
    payload: &mut Vec<u8>,
) -> Result<(), Error> {
    let mut back = vec![T::default(); values.len()];
    for stream in streams {
        let Ok(stream) = stream else { break };
        if decode(&stream, &mut back).is_ok() && values.iter().zip(&back).all(|(value, back)| kept(*value, *back)) {
            write(T::DTYPE, axes, &stream, payload);
            return Ok(());
        }
    }
    write_exact(values, payload)
}

/// Whether two elements have the same bits.
pub fn same<T: Element>(value: T, back: T) -> bool {
    value.to_bits() == back.to_bits()
}

/// Fills `values` from a payload of [`write_kept`] or [`write_exact`].
///
/// # Errors
/// As [`open`] and [`read_exact`], and what `decode` says about the stream.
pub fn read_kept<T: Element>(
    payload: &[u8],
    axes: &[usize],
    decode: impl Fn(&[u8], &mut [T]) -> Result<(), Error>,
    values: &mut [T],
) -> Result<(), Error> {
    match open(payload, T::DTYPE, axes)? {
        Content::Stream(stream) => decode(stream, values),
        Content::Exact(frame) => read_exact(frame, values),
    }
}

/// What stands in `payload`.
///
/// # Errors
/// `Corrupt` if it is neither exact elements nor a stream that belongs to its seal, this type and these axes.
pub fn open<'a>(payload: &'a [u8], dtype: DType, axes: &[usize]) -> Result<Content<'a>, Error> {
    match payload.split_first() {
        Some((&EXACT, frame)) => Ok(Content::Exact(frame)),
        Some((&SEALED, rest)) if rest.len() >= SEAL => {
            let (seal, stream) = rest.split_at(SEAL);
            match seal == hash(dtype, axes, stream) {
                true => Ok(Content::Stream(stream)),
                false => Err(Error::corrupt(1, "the stream does not belong to its seal")),
            }
        }
        _ => Err(Error::corrupt(0, "neither exact elements nor a sealed stream")),
    }
}

/// Whether a payload holds a codec's stream, not the elements as they are.
#[cfg(test)]
pub(crate) fn is_sealed(payload: &[u8]) -> bool {
    payload.first() == Some(&SEALED)
}

/// Where the bytes of a payload went.
pub fn sections(payload: &[u8]) -> Vec<Section> {
    match payload.first() {
        Some(&SEALED) if payload.len() > SEAL => vec![("seal", 1 + SEAL), ("stream", payload.len() - 1 - SEAL)],
        _ => vec![("exact elements", payload.len())],
    }
}

/// Fills `values` from the frame behind exact elements.
///
/// # Errors
/// `Corrupt` if the frame does not hold as many.
pub fn read_exact<T: Element>(frame: &[u8], values: &mut [T]) -> Result<(), Error> {
    let size = size_of::<T>();
    let bytes = Shuffle::Byte.undo(zstd::decompress(frame, size_of_val(values))?, size);
    for (value, chunk) in values.iter_mut().zip(bytes.chunks_exact(size)) {
        let mut word = [0; 8];
        word[..size].copy_from_slice(chunk);
        *value = T::from_bits(u64::from_le_bytes(word));
    }
    Ok(())
}

/// The first bytes of the BLAKE3 hash of the type's name, the number of axes, each length (64 bits, little endian) and the
/// stream.
fn hash(dtype: DType, axes: &[usize], stream: &[u8]) -> [u8; SEAL] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(dtype.name().as_bytes());
    for number in std::iter::once(axes.len()).chain(axes.iter().copied()) {
        hasher.update(&(number as u64).to_le_bytes());
    }
    hasher.update(stream);
    let mut seal = [0; SEAL];
    seal.copy_from_slice(&hasher.finalize().as_bytes()[..SEAL]);
    seal
}

/// At most `most` axes: those of length one are left out, and the slowest become one where there are more.
pub fn merged(shape: &[usize], most: usize) -> Vec<usize> {
    let mut axes: Vec<usize> = shape.iter().copied().filter(|&length| length != 1).collect();
    if axes.is_empty() {
        return vec![1];
    }
    let fastest = axes.split_off(axes.len().saturating_sub(most - 1));
    match axes.len() {
        0 => fastest,
        _ => [&[axes.iter().product()], &fastest[..]].concat(),
    }
}

/// Half the distance of neighbours at the greatest magnitude among `values`; 0 for integers. `2^-1074` at the least.
///
/// What a codec that computes in double precision may add to its error when the result is rounded to the type.
pub fn half_step<T: Element>(values: &[T]) -> f64 {
    if !T::DTYPE.is_float() {
        return 0.0;
    }
    let greatest = values.iter().fold(0.0, |most: f64, value| most.max(value.to_f64().abs()));
    let digits = if size_of::<T>() == 4 { 24 } else { 53 };
    if greatest > 0.0 { libm::scalbn(1.0, (libm::ilogb(greatest) - digits).max(-1074)) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_comes_back_and_anything_else_does_not() {
        let mut payload = Vec::new();
        write(DType::F32, &[3, 4], &[1, 2, 3], &mut payload);
        assert!(is_sealed(&payload) && payload.len() == 1 + SEAL + 3);
        assert_eq!(open(&payload, DType::F32, &[3, 4]).ok(), Some(Content::Stream(&[1, 2, 3])));
        assert!(open(&payload, DType::F64, &[3, 4]).is_err());
        assert!(open(&payload, DType::F32, &[4, 3]).is_err());
        assert!(open(&payload[..payload.len() - 1], DType::F32, &[3, 4]).is_err());
        for bit in 8..payload.len() * 8 {
            let mut bad = payload.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&bad, DType::F32, &[3, 4]).is_err(), "bit {bit}");
        }
        assert!(open(&[], DType::F32, &[3, 4]).is_err());
    }

    #[test]
    fn exact_elements_come_back() {
        let (values, mut payload) = ([1.5f32, -0.0, f32::MAX], Vec::new());
        write_exact(&values, &mut payload).expect("writes");
        assert!(!is_sealed(&payload));
        let Ok(Content::Exact(frame)) = open(&payload, DType::F32, &[3]) else { panic!("not exact") };
        let mut back = [0f32; 3];
        read_exact(frame, &mut back).expect("reads");
        assert_eq!(back.map(f32::to_bits), values.map(f32::to_bits));
    }

    #[test]
    fn axes_of_length_one_go_and_the_slowest_of_many_become_one() {
        assert_eq!(merged(&[], 4), [1]);
        assert_eq!(merged(&[1, 5, 1, 7], 4), [5, 7]);
        assert_eq!(merged(&[2, 3, 4, 5], 4), [2, 3, 4, 5]);
        assert_eq!(merged(&[2, 3, 4, 5, 6, 7], 4), [24, 5, 6, 7]);
        assert_eq!(merged(&[2, 3, 4, 5], 3), [6, 4, 5]);
    }

    #[test]
    fn half_a_step_is_that_of_the_largest_float() {
        assert_eq!(half_step(&[0.5f32, -100.0]), 2f64.powi(6 - 24));
        assert_eq!(half_step(&[3u8]), 0.0);
        assert_eq!(half_step(&[0f64]), 0.0);
        assert_eq!(half_step(&[1f64]), 2f64.powi(-53));
    }
}
