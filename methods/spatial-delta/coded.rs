//! Differences to bytes and back: narrowed, then through zlib or the entropy stage.

use super::kernel::Word;
use super::params::{Codec, Params};
use crate::api::{DType, Error};
use crate::shared::deflate;
use crate::shared::entropy;

/// Words coded at once: bounds the work space on large arrays, and is long enough that a start from nothing costs little.
pub const BLOCK: usize = 1 << 22;

/// The type in which differences of elements of type `dtype` are stored.
///
/// # Errors
/// `InvalidParam` if `astype` is wider than the elements.
pub fn stored_type(params: &Params, dtype: DType) -> Result<DType, Error> {
    match params.astype.dtype() {
        Some(narrow) if narrow.size() > dtype.size() => {
            Err(Error::invalid("astype", format!("{narrow} is wider than the elements' {dtype}")))
        }
        Some(narrow) => Ok(narrow),
        None => Ok(dtype),
    }
}

/// The low bits of `word`, 8 x `size` of them, as a signed number.
fn signed(word: u64, size: usize) -> i64 {
    let shift = 64 - 8 * size as u32;
    (word << shift) as i64 >> shift
}

/// Checks that every difference survives being stored as `narrow`: it is extended with the sign, or with zeros from an
/// unsigned type, up to the width of the elements.
///
/// # Errors
/// `InvalidParam` naming the first difference that does not.
pub fn check_narrow<T: Word>(words: &[T], narrow: DType) -> Result<(), Error> {
    let lost = words.iter().position(|word| extend::<T>(word.to_bits(), narrow).to_bits() != word.to_bits());
    match lost {
        None => Ok(()),
        Some(index) => {
            let difference = signed(words[index].to_bits(), size_of::<T>());
            let reason = format!("{narrow} does not hold the difference {difference} at flat index {index}");
            Err(Error::invalid("astype", reason))
        }
    }
}

fn extend<T: Word>(word: u64, narrow: DType) -> T {
    let shift = 64 - 8 * narrow.size() as u32;
    match narrow {
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => T::from_bits(word << shift >> shift),
        _ => T::from_bits(signed(word, narrow.size()) as u64),
    }
}

/// Appends `words`, whose differences fit `stored`, through `codec`. `folded`: they are differences.
///
/// # Errors
/// `Backend` if zlib fails.
pub fn encode<T: Word>(
    words: &[T],
    stored: DType,
    folded: bool,
    params: &Params,
    codec: Codec,
    payload: &mut Vec<u8>,
) -> Result<(), Error> {
    let size = stored.size();
    if codec == Codec::Entropy {
        let values = words.iter().map(|word| signed(word.to_bits(), size));
        let low: Vec<i32> = values.clone().map(|value| value as i32).collect();
        encode_symbols(&low, payload);
        if size == 8 {
            let high: Vec<i32> =
                values.map(|value| (value.wrapping_sub(i64::from(value as i32)) >> 32) as i32).collect();
            encode_symbols(&high, payload);
        }
        return Ok(());
    }
    let mut bytes = Vec::with_capacity(words.len() * size);
    for word in words {
        let word = word.to_bits();
        let word = if folded { fold(signed(word, size)) } else { word };
        bytes.extend_from_slice(&word.to_le_bytes()[..size]);
    }
    deflate::compress(&params.shuffle.apply(bytes, size), params.level, payload)
}

/// Fills `words` with what [`encode`] wrote.
///
/// # Errors
/// `Corrupt` if `bytes` do not hold exactly that.
pub fn decode<T: Word>(
    bytes: &[u8],
    stored: DType,
    folded: bool,
    params: &Params,
    codec: Codec,
    words: &mut [T],
) -> Result<(), Error> {
    let size = stored.size();
    if codec == Codec::Entropy {
        return decode_symbols(bytes, stored, words);
    }
    let bytes = params.shuffle.undo(deflate::decompress(bytes, words.len() * size)?, size);
    for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(size)) {
        let mut wide = [0; 8];
        wide[..size].copy_from_slice(chunk);
        let value = u64::from_le_bytes(wide);
        *word = extend(if folded { unfold(value) } else { value }, stored);
    }
    Ok(())
}

/// Small numbers of either sign to small ones without: 0, -1, 1, -2, ...
fn fold(value: i64) -> u64 {
    (value << 1 ^ value >> 63) as u64
}

fn unfold(word: u64) -> u64 {
    word >> 1 ^ (word & 1).wrapping_neg()
}

/// What a symbol is coded under: the bits of the mean magnitude of the two before it.
#[derive(Default)]
struct Past([u32; 2]);

impl Past {
    fn context(&self) -> u8 {
        let mean = (u64::from(self.0[0]) + u64::from(self.0[1])).div_ceil(2);
        (64 - mean.leading_zeros()) as u8
    }

    fn learn(&mut self, symbol: i32) {
        self.0 = [symbol.unsigned_abs(), self.0[0]];
    }
}

fn encode_symbols(symbols: &[i32], payload: &mut Vec<u8>) {
    let mut past = Past::default();
    let contexts: Vec<u8> = symbols
        .iter()
        .map(|&symbol| {
            let context = past.context();
            past.learn(symbol);
            context
        })
        .collect();
    entropy::encode(symbols, &contexts, payload);
}

fn decode_symbols<T: Word>(bytes: &[u8], stored: DType, words: &mut [T]) -> Result<(), Error> {
    let (mut decoder, mut past) = (entropy::Decoder::new(bytes)?, Past::default());
    for word in words.iter_mut() {
        let symbol = decoder.next(past.context());
        past.learn(symbol);
        *word = extend(i64::from(symbol) as u64, stored);
    }
    let mut end = decoder.finish()?;
    if stored.size() == 8 {
        let rest = bytes.get(end..).unwrap_or(&[]);
        let (mut decoder, mut past) = (entropy::Decoder::new(rest)?, Past::default());
        for word in words.iter_mut() {
            let symbol = decoder.next(past.context());
            past.learn(symbol);
            *word = T::from_bits(word.to_bits().wrapping_add((symbol as u64) << 32));
        }
        end += decoder.finish()?;
    }
    match bytes.len().checked_sub(end) {
        Some(0) => Ok(()),
        _ => Err(Error::corrupt(end, "bytes are left over behind the last difference")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::shuffle::Shuffle;

    fn round_trip<T: Word>(words: &[T], stored: DType, codec: Codec, shuffle: Shuffle) {
        let params = Params { shuffle, ..Params::default() };
        for folded in [false, true] {
            let mut payload = Vec::new();
            encode(words, stored, folded, &params, codec, &mut payload).expect("encodes");
            let mut back = vec![T::default(); words.len()];
            decode(&payload, stored, folded, &params, codec, &mut back).expect("decodes");
            assert!(words.iter().zip(&back).all(|(a, b)| a.to_bits() == b.to_bits()), "{stored} {codec:?} {folded}");
            payload.push(0);
            assert!(decode(&payload, stored, folded, &params, codec, &mut back).is_err(), "garbage behind the end");
        }
    }

    #[test]
    fn extremes_of_every_width_come_back_through_both_codecs() {
        for (codec, shuffle) in
            [(Codec::Zlib, Shuffle::Byte), (Codec::Zlib, Shuffle::None), (Codec::Entropy, Shuffle::Byte)]
        {
            round_trip(
                &[i64::MIN, i64::MAX, 0, -1, 1, 1 << 31, -(1 << 31), (1 << 31) - 1, 1 << 40],
                DType::I64,
                codec,
                shuffle,
            );
            round_trip(&[u64::MAX, 1 << 63, (1 << 63) - 1, 5], DType::U64, codec, shuffle);
            round_trip(&[i32::MIN, i32::MAX, 0, -1], DType::I32, codec, shuffle);
            round_trip(&[u32::MAX, 1 << 31, 9], DType::U32, codec, shuffle);
            round_trip(&[-128i8, 127, 0], DType::I8, codec, shuffle);
            round_trip(&[f32::NAN, -0.0, f32::from_bits(0xff80_0001)], DType::F32, codec, shuffle);
            round_trip(&[100i32, -128, 127], DType::I8, codec, shuffle);
            round_trip(&[100u64, 255, 0], DType::U8, codec, shuffle);
        }
    }

    #[test]
    fn folding_keeps_small_numbers_small() {
        assert_eq!([0, -1, 1, -2].map(fold), [0, 1, 2, 3]);
        for value in [i64::MIN, i64::MAX, -5, 5] {
            assert_eq!(unfold(fold(value)) as i64, value);
        }
    }

    #[test]
    fn a_difference_that_would_be_lost_is_named() {
        assert!(check_narrow(&[127i16, -128], DType::I8).is_ok());
        let message = check_narrow(&[0i16, 200, -200], DType::I8).expect_err("too large").to_string();
        assert!(message.contains("`astype`") && message.contains("difference 200 at flat index 1"), "{message}");
        assert!(check_narrow(&[0u16, 255], DType::U8).is_ok() && check_narrow(&[255u16], DType::I8).is_err());
        assert!(check_narrow(&[200u8, 3], DType::I8).is_ok(), "a type of the same width holds everything");
    }
}
