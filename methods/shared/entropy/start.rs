//! What stands before coded symbols, whichever of the coders takes them.

use super::tables::{self, Frequencies};
use crate::api::Error;
use crate::shared::varint;

/// Sections longer than this are no payload's.
const LONGEST: usize = 1 << 48;

/// How symbols are coded.
pub(super) enum Start<'a> {
    /// Bit by bit, in these bytes; what follows starts at this one.
    Adaptive(&'a [u8], usize),
    /// Under tables that begin here and have this length.
    Tables(usize, usize),
}

impl<'a> Start<'a> {
    /// Reads what stands first.
    ///
    /// # Errors
    /// `Corrupt` if the bytes end too early.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut at = 0;
        let head = varint::read_length(bytes, &mut at, usize::MAX)?;
        let length = head >> 1;
        if head & 1 == 1 {
            return Ok(Start::Tables(at, length));
        }
        let end = at.saturating_add(length);
        let coded = bytes
            .get(at..end)
            .ok_or_else(|| Error::corrupt(bytes.len(), format!("{length} coded bytes expected from byte {at}")))?;
        Ok(Start::Adaptive(coded, end))
    }
}

/// Frequency tables, and the words that `N` interleaved states take.
pub(super) struct Interleaved<'a, const N: usize> {
    /// The table of each context, and the tables.
    pub table_of: Vec<u8>,
    pub frequencies: Vec<Frequencies>,
    pub states: [u32; N],
    /// The words, those of the first states included.
    pub words: &'a [u8],
    /// Where the words end.
    pub end: usize,
}

impl<'a, const N: usize> Interleaved<'a, N> {
    /// Reads tables of `length` bytes from `at` on, and what follows them.
    ///
    /// # Errors
    /// `Corrupt` if the bytes end too early or hold tables that make no sense.
    pub fn read(bytes: &'a [u8], mut at: usize, length: usize) -> Result<Self, Error> {
        let cut = |at: usize, length: usize, inside: &str| {
            let part = bytes.get(at..at.saturating_add(length));
            part.ok_or_else(|| Error::corrupt(bytes.len(), format!("the payload ends inside the {inside}")))
        };
        let model = cut(at, length, "frequency tables")?;
        let (table_of, frequencies) =
            tables::read(model).ok_or_else(|| Error::corrupt(at, "frequencies that do not add up"))?;
        at += length;
        let length = varint::read_length(bytes, &mut at, LONGEST)? * 2;
        let words = cut(at, length, "coded symbols")?;
        let mut states = [0; N];
        for (lane, state) in states.iter_mut().enumerate() {
            let word = words.as_chunks().0.get(lane);
            let word = word.ok_or_else(|| Error::corrupt(at, "the coded symbols lack their first states"))?;
            *state = u32::from_le_bytes(*word);
        }
        Ok(Interleaved { table_of, frequencies, states, words, end: at + length })
    }
}
