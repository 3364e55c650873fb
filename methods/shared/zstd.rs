//! Bytes through one Zstandard frame (RFC 8878) without what the frame around it knows, and back.
//!
//! No magic number, no content size, no checksum: what is left of the frame's header is two bytes.

use zstd_safe::{CCtx, CParameter, DCtx, DParameter, FrameFormat, SafeResult};

use crate::api::Error;

/// Highest compression level.
pub const MAX_LEVEL: u8 = 22;

/// Appends one frame that holds `bytes`. `level` is 1 (fastest) to 22 (smallest).
///
/// # Errors
/// `Backend` if the library fails, which no input makes it do.
pub fn compress(bytes: &[u8], level: u8, payload: &mut Vec<u8>) -> Result<(), Error> {
    let mut context = CCtx::create();
    let parameters = [
        CParameter::Format(FrameFormat::Magicless),
        CParameter::CompressionLevel(level.into()),
        CParameter::ContentSizeFlag(false),
        CParameter::ChecksumFlag(false),
    ];
    for parameter in parameters {
        known(context.set_parameter(parameter))?;
    }
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(bytes.len()));
    known(context.compress2(&mut frame, bytes))?;
    payload.extend_from_slice(&frame);
    Ok(())
}

/// The `length` bytes that the frame which is all of `payload` holds.
///
/// Into a buffer of that size: whatever window the frame claims, none is allocated.
///
/// # Errors
/// `Corrupt` if the frame is damaged or holds more or fewer bytes.
pub fn decompress(payload: &[u8], length: usize) -> Result<Vec<u8>, Error> {
    let mut context = DCtx::create();
    known(context.set_parameter(DParameter::Format(FrameFormat::Magicless)))?;
    let mut bytes = vec![0; length];
    let written = context
        .decompress(&mut bytes[..], payload)
        .map_err(|code| Error::corrupt(0, format!("no zstd frame: {}", zstd_safe::get_error_name(code))))?;
    match written == length {
        true => Ok(bytes),
        false => {
            Err(Error::corrupt(payload.len(), format!("the zstd frame holds {written} bytes, {length} are needed")))
        }
    }
}

fn known(result: SafeResult) -> Result<(), Error> {
    result.map(drop).map_err(|code| Error::backend(zstd_safe::get_error_name(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(length: usize) -> Vec<u8> {
        (0..length).map(|i| ((i / 7) * (i / 1000 + 3)) as u8).collect()
    }

    #[test]
    fn levels_and_lengths_round_trip_and_what_was_there_stays() {
        for level in [1, 3, 9, 19, MAX_LEVEL] {
            for length in [1, 100, 65535, 300_000] {
                let (bytes, mut payload) = (sample(length), vec![9]);
                compress(&bytes, level, &mut payload).expect("compresses");
                assert_eq!(payload[0], 9);
                assert_eq!(decompress(&payload[1..], length).expect("decompresses"), bytes);
            }
        }
    }

    #[test]
    fn the_header_takes_two_bytes() {
        let mut payload = Vec::new();
        compress(&[1, 2, 3], 3, &mut payload).expect("compresses");
        // Two bytes of header, three of the block's, three stored.
        assert_eq!((payload.len(), &payload[5..]), (8, &[1, 2, 3][..]));
    }

    #[test]
    fn cut_longer_and_shorter_frames_are_corrupt() {
        let bytes = sample(5000);
        let mut payload = Vec::new();
        compress(&bytes, 3, &mut payload).expect("compresses");
        for end in 0..payload.len() {
            assert!(matches!(decompress(&payload[..end], 5000), Err(Error::Corrupt { .. })), "cut at {end}");
        }
        for length in [0, 4999, 5001] {
            assert!(matches!(decompress(&payload, length), Err(Error::Corrupt { .. })), "{length} bytes");
        }
        payload.push(0);
        assert!(decompress(&payload, 5000).is_err(), "bytes behind the end");
    }
}
