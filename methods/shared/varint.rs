//! Unsigned integers in as few bytes as they need: seven bits a byte, low bits first, high bit set while more follow (LEB128).

use crate::api::Error;

/// Appends `value`.
pub fn write(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Reads a number at `*at` and moves `*at` past it.
///
/// # Errors
/// `Corrupt` if the bytes end inside the number or it does not fit 64 bits.
pub fn read(bytes: &[u8], at: &mut usize) -> Result<u64, Error> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at).ok_or_else(|| Error::corrupt(*at, "the payload ends inside a number"))?;
        *at += 1;
        let low = u64::from(byte & 0x7f);
        if low << shift >> shift != low {
            break;
        }
        value |= low << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Error::corrupt(*at, "a number does not fit 64 bits"))
}

/// Reads a length at `*at` that must not exceed `limit`.
///
/// # Errors
/// As [`read`], and `Corrupt` if the length is above the limit.
pub fn read_length(bytes: &[u8], at: &mut usize, limit: usize) -> Result<usize, Error> {
    let start = *at;
    let value = read(bytes, at)?;
    if value > limit as u64 {
        return Err(Error::corrupt(start, format!("a length of {value} where at most {limit} is possible")));
    }
    Ok(value as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip_and_small_ones_take_one_byte() {
        for value in [0, 1, 127, 128, 300, 1 << 35, u64::MAX] {
            let mut bytes = Vec::new();
            write(value, &mut bytes);
            let mut at = 0;
            assert_eq!(read(&bytes, &mut at).ok(), Some(value));
            assert_eq!((at, value < 128), (bytes.len(), bytes.len() == 1));
        }
    }

    #[test]
    fn a_cut_or_oversized_number_is_corrupt() {
        assert!(read(&[0x80], &mut 0).is_err());
        assert!(read(&[0xff; 11], &mut 0).is_err());
        assert!(read_length(&[9], &mut 0, 8).is_err());
    }
}
