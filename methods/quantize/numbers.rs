//! Whole numbers to bytes and back: less their minimum, as narrow as they fit, through Pco or shuffled Zstandard.

use pco::data_types::Number;

use super::params::{Codec, Params};
use crate::api::{Element, Error};
use crate::shared::shuffle::Shuffle;
use crate::shared::{pco as bins, varint, zstd};

/// An unsigned type that numbers are stored in.
pub trait Word: Number + Element {}

impl Word for u8 {}
impl Word for u16 {}
impl Word for u32 {}
impl Word for u64 {}

/// What a payload's first byte says of the numbers: which codec, and the power of two of the bytes of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Shuffled Zstandard; else Pco.
    pub zstd: bool,
    /// 0 to 3: one, two, four or eight bytes.
    pub width: u8,
}

/// The smaller of what the codecs that `params` allows make of `values`, and whether it is Zstandard's.
///
/// # Errors
/// `Backend` if a library fails.
pub fn packed<T: Number + Element>(values: &[T], params: &Params) -> Result<(bool, Vec<u8>), Error> {
    let mut best = None;
    if params.codec != Codec::Zstd {
        let mut bytes = Vec::new();
        bins::compress(values, params.pco_level, &mut bytes)?;
        best = Some((false, bytes));
    }
    if params.codec != Codec::Pco {
        let size = size_of::<T>();
        let plain = values.iter().flat_map(|value| Element::to_bits(*value).to_le_bytes().into_iter().take(size));
        let mut bytes = Vec::new();
        zstd::compress(&Shuffle::Byte.apply(plain.collect(), size), params.zstd_level, &mut bytes)?;
        if best.as_ref().is_none_or(|(_, other)| bytes.len() < other.len()) {
            best = Some((true, bytes));
        }
    }
    best.ok_or_else(|| Error::backend("no codec is left to try"))
}

/// Fills `values` with what [`packed`] made of them.
///
/// # Errors
/// `Corrupt` if it is anything else.
pub fn unpacked<T: Number + Element>(bytes: &[u8], zstd: bool, values: &mut [T]) -> Result<(), Error> {
    if !zstd {
        return bins::decompress(bytes, values);
    }
    let size = size_of::<T>();
    let plain = Shuffle::Byte.undo(zstd::decompress(bytes, size_of_val(values))?, size);
    for (value, chunk) in values.iter_mut().zip(plain.chunks_exact(size)) {
        let mut word = [0; 8];
        word[..size].copy_from_slice(chunk);
        *value = <T as Element>::from_bits(u64::from_le_bytes(word));
    }
    Ok(())
}

/// Appends `numbers` and says in what form.
///
/// # Errors
/// `Backend` if a library fails.
pub fn write(numbers: &[i64], params: &Params, payload: &mut Vec<u8>) -> Result<Form, Error> {
    let low = numbers.iter().copied().min().unwrap_or(0);
    let range = numbers.iter().copied().max().unwrap_or(0).wrapping_sub(low) as u64;
    varint::write(((low << 1) ^ (low >> 63)) as u64, payload);
    let (width, (zstd, bytes)) = match range {
        0..0x100 => (0, packed(&words::<u8>(numbers, low), params)?),
        0x100..0x1_0000 => (1, packed(&words::<u16>(numbers, low), params)?),
        0x1_0000..0x1_0000_0000 => (2, packed(&words::<u32>(numbers, low), params)?),
        _ => (3, packed(&words::<u64>(numbers, low), params)?),
    };
    payload.extend_from_slice(&bytes);
    Ok(Form { zstd, width })
}

fn words<W: Word>(numbers: &[i64], low: i64) -> Vec<W> {
    numbers.iter().map(|number| <W as Element>::from_bits(number.wrapping_sub(low) as u64)).collect()
}

/// Hands the `count` numbers that [`write()`] put to the end of `bytes`, from `at` on, to `take`, each with its index.
///
/// # Errors
/// `Corrupt` if there is anything else.
pub fn read(bytes: &[u8], mut at: usize, form: Form, count: usize, take: impl FnMut(usize, i64)) -> Result<(), Error> {
    let low = varint::read(bytes, &mut at)?;
    let low = (low >> 1) as i64 ^ -((low & 1) as i64);
    let bytes = &bytes[at..];
    match form.width {
        0 => read_words::<u8>(bytes, form.zstd, low, count, take),
        1 => read_words::<u16>(bytes, form.zstd, low, count, take),
        2 => read_words::<u32>(bytes, form.zstd, low, count, take),
        _ => read_words::<u64>(bytes, form.zstd, low, count, take),
    }
}

fn read_words<W: Word>(
    bytes: &[u8],
    zstd: bool,
    low: i64,
    count: usize,
    mut take: impl FnMut(usize, i64),
) -> Result<(), Error> {
    let mut words = vec![W::default(); count];
    unpacked(bytes, zstd, &mut words)?;
    for (index, word) in words.into_iter().enumerate() {
        take(index, low.wrapping_add(Element::to_bits(word) as i64));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_width_come_back_from_either_codec() {
        for top in [0, 200, 60_000, 3_000_000_000, i64::MAX - 10] {
            for codec in [Codec::Auto, Codec::Pco, Codec::Zstd] {
                let numbers: Vec<i64> = (0..500).map(|i| (top / 500) * i - 7).collect();
                let mut bytes = vec![1, 2];
                let form = write(&numbers, &Params { codec, ..Params::default() }, &mut bytes).expect("writes");
                let mut back = Vec::new();
                read(&bytes, 2, form, 500, |_, number| back.push(number)).expect("reads");
                assert_eq!(back, numbers, "{top} {codec:?}");
            }
        }
    }

    #[test]
    fn the_widest_range_wraps_and_comes_back() {
        let numbers = [i64::MIN, 0, i64::MAX, -1];
        let mut bytes = Vec::new();
        let form = write(&numbers, &Params::default(), &mut bytes).expect("writes");
        let mut back = Vec::new();
        read(&bytes, 0, form, 4, |_, number| back.push(number)).expect("reads");
        assert_eq!(back, numbers);
    }
}
