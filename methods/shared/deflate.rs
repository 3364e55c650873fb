//! Bytes through zlib streams (RFC 1950 around RFC 1951) and back, the size of the result being known.

use std::cmp::Ordering;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::api::Error;

/// Bytes handed out by the library at a time. Fixed, since the division into stored blocks (level 0) depends on it.
const CHUNK: usize = 1 << 16;

/// Highest compression level.
pub const MAX_LEVEL: u8 = 9;

/// Checks a compression level given as parameter `level`.
///
/// # Errors
/// `InvalidParam` above [`MAX_LEVEL`].
pub fn check_level(level: u8) -> Result<(), Error> {
    match level.cmp(&MAX_LEVEL) {
        Ordering::Greater => Err(Error::invalid("level", format!("{level}; it must be 0 to {MAX_LEVEL}"))),
        _ => Ok(()),
    }
}

/// Appends one zlib stream that holds `bytes`. `level` is 0 (stored) to 9 (smallest).
///
/// # Errors
/// `Backend` if the library fails, which no input makes it do.
pub fn compress(bytes: &[u8], level: u8, payload: &mut Vec<u8>) -> Result<(), Error> {
    let mut stream = Compress::new(Compression::new(u32::from(level)), true);
    let mut chunk = vec![0; CHUNK];
    loop {
        let (read, written) = (stream.total_in(), stream.total_out());
        let rest = bytes.get(read as usize..).unwrap_or(&[]);
        let status = stream.compress(rest, &mut chunk, FlushCompress::Finish).map_err(Error::backend)?;
        let produced = (stream.total_out() - written) as usize;
        payload.extend_from_slice(&chunk[..produced]);
        if status == Status::StreamEnd {
            return Ok(());
        }
        if produced == 0 && stream.total_in() == read {
            return Err(Error::backend("the zlib stream does not come to its end"));
        }
    }
}

/// The `length` bytes that one zlib stream holds, which must be all of `payload`.
///
/// # Errors
/// `Corrupt` if the stream is damaged, holds more or fewer bytes, or does not end where `payload` does.
pub fn decompress(payload: &[u8], length: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; length];
    let mut stream = Decompress::new(true);
    loop {
        let (read, written) = (stream.total_in() as usize, stream.total_out() as usize);
        let status = stream
            .decompress(&payload[read..], &mut bytes[written..], FlushDecompress::Finish)
            .map_err(|error| Error::corrupt(read, format!("no zlib stream: {error}")))?;
        let (now_read, now_written) = (stream.total_in() as usize, stream.total_out() as usize);
        if status == Status::StreamEnd {
            return ended(now_read, payload.len(), now_written, bytes);
        }
        if (now_read, now_written) == (read, written) {
            let reason = match now_read < payload.len() {
                true => format!("the zlib stream holds more than {length} bytes"),
                false => "the zlib stream is cut short".to_owned(),
            };
            return Err(Error::corrupt(now_read, reason));
        }
    }
}

fn ended(read: usize, given: usize, written: usize, bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
    if written < bytes.len() {
        let reason = format!("the zlib stream holds {written} bytes, {} are needed", bytes.len());
        return Err(Error::corrupt(read, reason));
    }
    match given - read {
        0 => Ok(bytes),
        rest => Err(Error::corrupt(read, format!("{rest} bytes are left over behind the zlib stream"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(length: usize) -> Vec<u8> {
        (0..length).map(|i| ((i / 7) * (i / 1000 + 3)) as u8).collect()
    }

    #[test]
    fn every_level_and_length_round_trips() {
        for level in 0..=MAX_LEVEL {
            for length in [0, 1, 100, 65535, 200_000] {
                let bytes = sample(length);
                let mut payload = vec![9];
                compress(&bytes, level, &mut payload).expect("compresses");
                assert_eq!(payload[0], 9, "what was there stays");
                assert_eq!(decompress(&payload[1..], length).expect("decompresses"), bytes);
            }
        }
    }

    #[test]
    fn bytes_do_not_depend_on_the_room_that_the_payload_has() {
        let bytes = sample(300_000);
        let (mut roomy, mut tight) = (Vec::with_capacity(1 << 20), Vec::new());
        compress(&bytes, 0, &mut roomy).expect("compresses");
        compress(&bytes, 0, &mut tight).expect("compresses");
        assert_eq!(roomy, tight);
    }

    #[test]
    fn a_stream_of_another_library_is_understood() {
        // Python: zlib.compress(b"abc")
        let stream = [0x78, 0x9c, 0x4b, 0x4c, 0x4a, 0x06, 0x00, 0x02, 0x4d, 0x01, 0x27];
        assert_eq!(decompress(&stream, 3).expect("decompresses"), b"abc");
    }

    #[test]
    fn cut_longer_shorter_and_continued_streams_are_corrupt() {
        let bytes = sample(5000);
        let mut payload = Vec::new();
        compress(&bytes, 6, &mut payload).expect("compresses");
        for end in 0..payload.len() {
            assert!(matches!(decompress(&payload[..end], 5000), Err(Error::Corrupt { .. })), "cut at {end}");
        }
        let message = |length| decompress(&payload, length).expect_err("wrong length").to_string();
        assert!(message(4999).contains("more than 4999"), "{}", message(4999));
        assert!(message(5001).contains("holds 5000 bytes, 5001"), "{}", message(5001));
        payload.push(0);
        assert!(decompress(&payload, 5000).expect_err("garbage").to_string().contains("1 bytes are left over"));
    }

    #[test]
    fn levels_above_nine_are_refused_by_name() {
        assert!(check_level(9).is_ok());
        assert!(check_level(10).expect_err("too high").to_string().contains("`level`: 10"));
    }
}
