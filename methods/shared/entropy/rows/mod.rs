//! Small symbols whose contexts are known a row ahead, to bytes and back; `../SPEC.md` has the bytes.
//!
//! A whole row at a time, so that decoding a symbol need not wait for the one before: eight rANS states are on their
//! way at once. Where there are few symbols, or hardly any but zeros, adaptive bits take less than any table.

mod adaptive;
mod counts;
mod lanes;
#[cfg(test)]
mod tests;

pub use counts::Counts;

use super::start::Start;
use crate::api::Error;
use crate::shared::varint;

/// Fewer symbols than this are coded adaptively whatever they are.
const SMALL: usize = 1 << 13;
/// Adaptive decisions (about 6 ns each) that are worth their time whatever the number of symbols.
const AFFORDABLE: u64 = 1 << 17;

/// Appends the bytes of `symbols`, all below 127, to `payload`, of which `counts` are the counts.
///
/// # Panics
/// If there is not one context for each symbol.
pub fn encode(symbols: &[u8], contexts: &[u8], counts: &Counts, payload: &mut Vec<u8>) {
    assert_eq!(symbols.len(), contexts.len(), "one context per symbol");
    if symbols.len() > SMALL && counts.decisions() > AFFORDABLE {
        return lanes::encode(symbols, contexts, counts, payload);
    }
    let bytes = adaptive::encode(symbols, contexts);
    varint::write((bytes.len() as u64) << 1, payload);
    payload.extend_from_slice(&bytes);
}

/// Hands out the symbols that [`encode`] wrote, first to last.
#[derive(Debug)]
pub struct Decoder<'a>(Mode<'a>);

#[derive(Debug)]
enum Mode<'a> {
    Adaptive(adaptive::Decoder<'a>, usize),
    Lanes(lanes::Decoder<'a>),
}

impl<'a> Decoder<'a> {
    /// Starts on `bytes`, which may go on behind what [`encode`] wrote.
    ///
    /// # Errors
    /// `Corrupt` if the bytes end too early or hold tables that make no sense.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        Ok(Decoder(match Start::read(bytes)? {
            Start::Tables(at, length) => Mode::Lanes(lanes::Decoder::new(bytes, at, length)?),
            Start::Adaptive(coded, end) => Mode::Adaptive(adaptive::Decoder::new(coded), end),
        }))
    }

    /// Where the coded symbols end and what follows them starts.
    pub fn end(&self) -> usize {
        match &self.0 {
            Mode::Adaptive(_, end) => *end,
            Mode::Lanes(decoder) => decoder.end,
        }
    }

    /// The next symbols, which were coded under `contexts`. On bytes that no encoder wrote, any below 128.
    ///
    /// # Panics
    /// If there are not as many contexts as symbols.
    pub fn row(&mut self, contexts: &[u8], symbols: &mut [u8]) {
        assert_eq!(symbols.len(), contexts.len(), "one context per symbol");
        match &mut self.0 {
            Mode::Adaptive(decoder, _) => {
                for (symbol, &context) in symbols.iter_mut().zip(contexts) {
                    *symbol = decoder.next(context);
                }
            }
            Mode::Lanes(decoder) => decoder.row(contexts, symbols),
        }
    }

    /// Ends after the last symbol.
    ///
    /// # Errors
    /// `Corrupt` if the symbols do not end where their bytes do.
    pub fn finish(&self) -> Result<(), Error> {
        let spent = match &self.0 {
            Mode::Adaptive(decoder, _) => decoder.is_spent(),
            Mode::Lanes(decoder) => decoder.is_spent(),
        };
        if spent { Ok(()) } else { Err(Error::corrupt(self.end(), "the coded symbols do not end where they should")) }
    }
}
