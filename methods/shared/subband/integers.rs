//! Integer coefficients, coded without loss under the contexts of their bands.

use super::band::Band;
use super::context::{Detail, Differences};
use super::correct::Symbols;
use super::layout::Layout;
use super::neighbours::Contexts;
use super::rows::{self, Reader, Writer};
use crate::api::Error;
use crate::shared::entropy;

/// Below this many coefficients, contexts are few.
const SMALL: usize = 1 << 15;

fn detail(len: usize) -> Detail {
    if len < SMALL { Detail::Few } else { Detail::Many }
}

/// Appends the coefficients of a tile.
pub fn write_integers(bands: &[Band], coefficients: &[i32], payload: &mut Vec<u8>) {
    let (mut symbols, mut values) = (Symbols::default(), Vec::new());
    let layout = Layout::new(bands);
    let mut contexts = Contexts::new(&layout, detail(coefficients.len()));
    for (number, band) in bands.iter().enumerate() {
        values.clear();
        band.each_row(|row| values.extend_from_slice(&coefficients[row..row + band.row]));
        if number == 0 {
            Differences::take(&mut values, band.row);
        }
        rows::code(&mut contexts, &mut Writer { band: &values, symbols: &mut symbols });
    }
    entropy::encode(&symbols.values, &symbols.contexts, payload);
}

/// Reads the coefficients of a tile from the start of `bytes`; returns the bytes they took.
///
/// # Errors
/// `Corrupt` if no encoder wrote the bytes.
pub fn read_integers(bands: &[Band], bytes: &[u8], coefficients: &mut [i32]) -> Result<usize, Error> {
    let (mut decoder, mut values) = (entropy::Decoder::new(bytes)?, Vec::new());
    let layout = Layout::new(bands);
    let mut contexts = Contexts::new(&layout, detail(coefficients.len()));
    for (number, band) in bands.iter().enumerate() {
        values.clear();
        values.resize(band.len(), 0);
        rows::code(&mut contexts, &mut Reader { band: &mut values, decoder: &mut decoder });
        if number == 0 {
            Differences::undo(&mut values, band.row);
        }
        let mut values = values.chunks(band.row.max(1));
        band.each_row(|row| coefficients[row..row + band.row].copy_from_slice(values.next().unwrap_or_default()));
    }
    decoder.finish()
}
