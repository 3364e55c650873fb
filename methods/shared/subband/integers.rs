//! Integer coefficients, coded without loss under the contexts of their bands.

use super::band::Band;
use super::context::{Contexts, Detail, Differences, walk};
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
    let (mut symbols, mut differences) = (Symbols::default(), Differences::default());
    walk(bands, &mut contexts(coefficients.len()), |number, offset, contexts| {
        differences.enter();
        for (i, &symbol) in coefficients[offset..offset + bands[number].row].iter().enumerate() {
            let symbol = differences.of(number, i, symbol);
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
    let (mut decoder, mut differences) = (entropy::Decoder::new(bytes)?, Differences::default());
    walk(bands, &mut contexts(coefficients.len()), |number, offset, contexts| {
        differences.enter();
        for (i, coefficient) in coefficients[offset..offset + bands[number].row].iter_mut().enumerate() {
            let symbol = decoder.next(contexts.of(i));
            contexts.note(offset + i, symbol);
            *coefficient = differences.undo(number, i, symbol);
        }
    });
    decoder.finish()
}
