//! Made to be read fast: differences or entries of a table through Pco, or bytes through Zstandard.

use ::pco::data_types::Number;

use super::choice;
use super::kernel::{self, Word};
use super::table;
use crate::api::{Element, Error};
use crate::shared::shuffle::{shuffle, unshuffle};
use crate::shared::{pco, varint, zstd};

/// Level of Pco.
const LEVEL: u8 = 8;
/// Level of Zstandard to see what it does, and to write with.
const ZSTD_LEVELS: [u8; 2] = [3, 9];
/// Words of each of three pieces that candidates are compared on.
const PIECE: usize = 1 << 14;
/// Bytes that Zstandard is tried on.
const TRIED: usize = 4 << 20;

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
    let packing = choose(data, shape)?;
    varint::write(packing.number(shape.len()), payload);
    match packing {
        Packing::Numbers => pco::compress(data, LEVEL, payload),
        Packing::Differences(axes) => pco::compress(&differences(data, shape, &axes), LEVEL, payload),
        Packing::Table => table::write(data, LEVEL, payload),
        Packing::Bytes { shuffled } => zstd::compress(&arranged(data, shuffled), ZSTD_LEVELS[1], payload),
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
            let mut words = vec![T::Signed::default(); data.len()];
            pco::decompress(rest, &mut words)?;
            data.iter_mut().zip(&words).for_each(|(value, word)| *value = T::from_bits(word.to_bits()));
            kernel::inverse(data, shape, &axes);
            Ok(())
        }
        Packing::Table => table::read(rest, data),
        Packing::Bytes { shuffled } => {
            let size = size_of::<T>();
            let bytes = zstd::decompress(rest, size_of_val(data))?;
            fill(&if shuffled { unshuffle(&bytes, size) } else { bytes }, data);
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

fn choose<T: Word>(data: &[T], shape: &[usize]) -> Result<Packing, Error> {
    let mut best = (pieces(data)?, Packing::Numbers);
    let mut consider = |bytes: f64, packing: Packing| {
        if bytes < best.0 {
            best = (bytes, packing);
        }
    };
    let axes = choice::choose(data, shape);
    if !axes.is_empty() {
        consider(pieces(&differences(data, shape, &axes))?, Packing::Differences(axes));
    }
    if let Some(bytes) = table::estimate(data, pieces)? {
        consider(bytes, Packing::Table);
    }
    let tried = &data[..data.len().min(TRIED / size_of::<T>())];
    for shuffled in [false, true] {
        let mut taken = Vec::new();
        zstd::compress(&arranged(tried, shuffled), ZSTD_LEVELS[0], &mut taken)?;
        consider(taken.len() as f64 * data.len() as f64 / tried.len() as f64, Packing::Bytes { shuffled });
    }
    Ok(best.1)
}
