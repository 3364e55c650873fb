//! Integer coefficients, coded without loss under the contexts of their bands.

use super::band::Band;
use super::context::{Contexts, Detail, walk};
use super::correct::Symbols;
use crate::api::Error;
use crate::shared::entropy;

/// Below this many coefficients, contexts are few.
const SMALL: usize = 1 << 15;

fn contexts(len: usize) -> Contexts {
    Contexts::new(len, if len < SMALL { Detail::Few } else { Detail::Many })
}

/// Appends the coefficients of a tile.
pub fn write_integers(bands: &[Band], coefficients: &[i32], payload: &mut Vec<u8>) {
    let mut symbols = Symbols::default();
    walk(bands, &mut contexts(coefficients.len()), |band, offset, contexts| {
        for (i, &symbol) in coefficients[offset..offset + band.row].iter().enumerate() {
            symbols.push(contexts.of(i), symbol);
            contexts.note(offset + i, symbol);
        }
    });
    entropy::encode(&symbols.values, &symbols.contexts, payload);
}

/// Reads the coefficients of a tile from the start of `bytes`; returns the bytes they took.
///
/// # Errors
/// `Corrupt` if no encoder wrote the bytes.
pub fn read_integers(bands: &[Band], bytes: &[u8], coefficients: &mut [i32]) -> Result<usize, Error> {
    let mut decoder = entropy::Decoder::new(bytes)?;
    walk(bands, &mut contexts(coefficients.len()), |band, offset, contexts| {
        for (i, coefficient) in coefficients[offset..offset + band.row].iter_mut().enumerate() {
            *coefficient = decoder.next(contexts.of(i));
            contexts.note(offset + i, *coefficient);
        }
    });
    decoder.finish()
}
