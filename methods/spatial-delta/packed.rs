//! Made to be read fast: differences or entries of a table through Pco, or bytes through Zstandard.

use ::pco::data_types::Number;

use super::choice;
use super::kernel::{self, Word};
use super::table::{self, Table};
use crate::api::{Element, Error};
use crate::shared::shuffle::{shuffle, unshuffle_some};
use crate::shared::{pco, varint, zstd};

/// Level of Pco.
const LEVEL: u8 = 8;
/// Level of Zstandard to see what it does, and to write with.
const ZSTD_LEVELS: [u8; 2] = [3, 9];
/// Words of each of three pieces that candidates are compared on.
const PIECE: usize = 1 << 14;
/// Bytes that Zstandard is tried on.
const TRIED: usize = 4 << 20;
/// Bytes put in order together: they stay in the first cache.
const BLOCK: usize = 1 << 12;

/// How values are packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As they are, through Pco.
    Numbers,
    /// Differences along these axes, ascending, through Pco.
    Differences(Vec<usize>),
    /// Entries of a table, numbered through Pco.
    Table,
    /// Bytes through Zstandard, those of equal place together or not.
    Bytes { shuffled: bool },
}

impl Packing {
    const TABLE: u64 = 1;
    const PLAIN: u64 = 2;
    const SHUFFLED: u64 = 3;

    /// As a number: for differences 4 times the set of axes, the last axis as bit 0; no axis: as they are.
    fn number(&self, rank: usize) -> u64 {
        match self {
            Packing::Numbers => 0,
            Packing::Differences(axes) => axes.iter().map(|axis| 4u64 << (rank - 1 - axis)).sum(),
            Packing::Table => Self::TABLE,
            Packing::Bytes { shuffled: false } => Self::PLAIN,
            Packing::Bytes { shuffled: true } => Self::SHUFFLED,
        }
    }

    fn of(number: u64, rank: usize) -> Option<Self> {
        let axes: Vec<usize> =
            (0..rank).filter(|axis| (rank - axis) <= 32 && number >> (rank - axis + 1) & 1 == 1).collect();
        let packing = match (number & 3, axes.is_empty()) {
            (0, true) => Packing::Numbers,
            (0, false) => Packing::Differences(axes),
            (Self::TABLE, true) => Packing::Table,
            (Self::PLAIN, true) => Packing::Bytes { shuffled: false },
            (Self::SHUFFLED, true) => Packing::Bytes { shuffled: true },
            _ => return None,
        };
        (packing.number(rank) == number).then_some(packing)
    }
}

/// Appends `data`, an array of `shape`, packed in the way that is thought to be smallest.
///
/// # Errors
/// `Backend` if a library fails, which no input makes it do.
pub fn write<T: Word>(data: &[T], shape: &[usize], payload: &mut Vec<u8>) -> Result<(), Error> {
    let axes = choice::choose(data, shape);
    let differences = (!axes.is_empty()).then(|| differences(data, shape, &axes));
    let table = Table::find(data);
    let packing = choose(data, axes, differences.as_deref(), table.as_ref())?;
    varint::write(packing.number(shape.len()), payload);
    match (packing, differences, table) {
        (Packing::Differences(_), Some(differences), _) => pco::compress(&differences, LEVEL, payload),
        (Packing::Table, _, Some(table)) => table.write(LEVEL, payload),
        (Packing::Bytes { shuffled }, ..) => zstd::compress(&arranged(data, shuffled), ZSTD_LEVELS[1], payload),
        _ => pco::compress(data, LEVEL, payload),
    }
}

/// Fills `data`, an array of `shape`, with what [`write`] wrote.
///
/// # Errors
/// `Corrupt` if `payload` is nothing that it writes.
pub fn read<T: Word>(payload: &[u8], shape: &[usize], data: &mut [T]) -> Result<(), Error> {
    let mut at = 0;
    let number = varint::read(payload, &mut at)?;
    let packing = Packing::of(number, shape.len()).ok_or_else(|| Error::corrupt(0, "a packing that is none"))?;
    let rest = &payload[at..];
    match packing {
        Packing::Numbers => pco::decompress(rest, data),
        Packing::Differences(axes) => {
            let mut open = &mut *data;
            pco::decompress_by(rest, open.len(), |words: &[T::Signed]| {
                let values = open.split_off_mut(..words.len()).unwrap_or_default();
                values.iter_mut().zip(words).for_each(|(value, word)| *value = T::from_bits(word.to_bits()));
            })?;
            kernel::inverse(data, shape, &axes);
            Ok(())
        }
        Packing::Table => table::read(rest, data),
        Packing::Bytes { shuffled } => {
            let bytes = zstd::decompress(rest, size_of_val(data))?;
            if shuffled {
                fill_shuffled(&bytes, data)
            } else {
                fill(&bytes, data)
            }
            Ok(())
        }
    }
}

fn differences<T: Word>(data: &[T], shape: &[usize], axes: &[usize]) -> Vec<T::Signed> {
    let mut words = data.to_vec();
    kernel::forward(&mut words, shape, axes);
    words.iter().map(|word| T::Signed::from_bits(word.to_bits())).collect()
}

/// The bytes of values, little endian.
pub fn bytes<T: Word>(data: &[T]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size_of_val(data));
    data.iter().for_each(|value| bytes.extend_from_slice(&value.to_bits().to_le_bytes()[..size_of::<T>()]));
    bytes
}

/// Fills `data` with the values that [`bytes`] are of.
pub fn fill<T: Word>(bytes: &[u8], data: &mut [T]) {
    match size_of::<T>() {
        1 => fill_sized::<T, 1>(bytes, data),
        2 => fill_sized::<T, 2>(bytes, data),
        4 => fill_sized::<T, 4>(bytes, data),
        _ => fill_sized::<T, 8>(bytes, data),
    }
}

/// Fills `data` with the values that [`bytes`], shuffled, are of.
fn fill_shuffled<T: Word>(planes: &[u8], data: &mut [T]) {
    let mut bytes = [0; BLOCK];
    for (index, values) in data.chunks_mut(BLOCK / size_of::<T>()).enumerate() {
        let bytes = &mut bytes[..size_of_val(values)];
        unshuffle_some(planes, size_of::<T>(), index * (BLOCK / size_of::<T>()), bytes);
        fill(bytes, values);
    }
}

fn fill_sized<T: Word, const N: usize>(bytes: &[u8], data: &mut [T]) {
    for (value, bytes) in data.iter_mut().zip(bytes.as_chunks::<N>().0) {
        let mut wide = [0; 8];
        wide[..N].copy_from_slice(bytes);
        *value = T::from_bits(u64::from_le_bytes(wide));
    }
}

fn arranged<T: Word>(data: &[T], shuffled: bool) -> Vec<u8> {
    let bytes = bytes(data);
    if shuffled { shuffle(&bytes, size_of::<T>()) } else { bytes }
}

/// Bytes that three pieces take through Pco, for all of the values.
fn pieces<T: Number>(words: &[T]) -> Result<f64, Error> {
    let mut taken = Vec::new();
    if words.len() <= 3 * PIECE {
        pco::compress(words, LEVEL, &mut taken)?;
        return Ok(taken.len() as f64);
    }
    for piece in 0..3 {
        let start = (words.len() - PIECE) * (2 * piece + 1) / 6;
        pco::compress(&words[start..start + PIECE], LEVEL, &mut taken)?;
    }
    Ok(taken.len() as f64 * words.len() as f64 / (3 * PIECE) as f64)
}

/// The packing that is thought to be smallest: of the values, of their differences along `axes`, or with a table, where
/// there are these.
fn choose<T: Word>(
    data: &[T],
    axes: Vec<usize>,
    differences: Option<&[T::Signed]>,
    table: Option<&Table>,
) -> Result<Packing, Error> {
    let mut best = (pieces(data)?, Packing::Numbers);
    let mut consider = |bytes: f64, packing: Packing| {
        if bytes < best.0 {
            best = (bytes, packing);
        }
    };
    if let Some(differences) = differences {
        consider(pieces(differences)?, Packing::Differences(axes));
    }
    if let Some(table) = table {
        consider(table.estimate(pieces)?, Packing::Table);
    }
    let tried = &data[..data.len().min(TRIED / size_of::<T>())];
    for shuffled in [false, true] {
        let mut taken = Vec::new();
        zstd::compress(&arranged(tried, shuffled), ZSTD_LEVELS[0], &mut taken)?;
        consider(taken.len() as f64 * data.len() as f64 / tried.len() as f64, Packing::Bytes { shuffled });
    }
    Ok(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(i: usize) -> u64 {
        (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    /// How `data` is packed; it comes back, and from damaged bytes something or an error.
    fn packing<T: Word>(data: &[T], shape: &[usize]) -> Packing {
        let mut payload = Vec::new();
        write(data, shape, &mut payload).expect("writes");
        let mut back = vec![T::default(); data.len()];
        read(&payload, shape, &mut back).expect("reads");
        assert!(back.iter().zip(data).all(|(a, b)| a.to_bits() == b.to_bits()));
        for end in (0..payload.len()).step_by(payload.len() / 50 + 1) {
            assert!(read(&payload[..end], shape, &mut back).is_err(), "cut at {end}");
        }
        for bit in (0..payload.len() * 8).step_by(payload.len() / 30 + 1) {
            let mut bad = payload.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let _ = read(&bad, shape, &mut back);
        }
        payload.push(0);
        assert!(read(&payload, shape, &mut back).is_err(), "a byte behind the end");
        Packing::of(u64::from(payload[0]), shape.len()).expect("a packing")
    }

    #[test]
    fn every_packing_comes_back_over_several_batches_and_damage_is_an_error_or_garbage() {
        let small: Vec<f32> = (0..5003).map(|i| f32::from_bits(0x4000_0000 + (noise(i) >> 46) as u32)).collect();
        assert_eq!(packing(&small, &[5003]), Packing::Numbers);
        let wavy = |i: usize| ((i % 90) as f64 * 0.05).sin() + ((i / 90) as f64 * 0.03).cos();
        let waves: Vec<f64> = (0..6300).map(wavy).collect();
        assert_eq!(packing(&waves, &[70, 90]), Packing::Differences(vec![0, 1]));
        let few: Vec<f64> = (0..20_003).map(|i| f64::from_bits(noise(noise(i) as usize % 2003))).collect();
        assert_eq!(packing(&few, &[20_003]), Packing::Table);
        // Bytes that come again, but never at the same place of a word; places that each have a period of their own.
        let byte = |i: usize| noise(i) >> 56;
        let again: Vec<f64> =
            (0..9000).map(|i| f64::from_bits((0..8).map(|j| byte((8 * i + j) % 20_011) << (8 * j)).sum())).collect();
        assert!(matches!(packing(&again, &[9000]), Packing::Bytes { .. }));
        let periods =
            |i: usize| [1009, 997, 991, 983].iter().enumerate().map(move |(j, period)| byte(i % period) << (8 * j));
        let planes: Vec<f32> = (0..9001).map(|i| f32::from_bits(periods(i).sum::<u64>() as u32)).collect();
        assert_eq!(packing(&planes, &[9001]), Packing::Bytes { shuffled: true });
    }
}
