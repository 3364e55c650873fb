//! Quantised integers, each under a small context, to bytes and back.
//!
//! The entropy stage that methods share; `SPEC.md` has the bytes. Two coders stand behind one interface. Inputs that
//! are small, or nearly all zero, go bit by bit through an adaptive range coder, without any table: a thousand zeros
//! take two bytes. All others get a frequency table per group of alike contexts and go through interleaved rANS at a
//! few nanoseconds a symbol. Integers only, so that the bytes are the same everywhere.

mod adaptive;
mod class;
mod fixed;
mod histogram;
pub mod rows;
mod start;
mod tables;

use super::varint;
use crate::api::Error;
use histogram::Histogram;
use start::Start;

/// Inputs of fewer symbols are always coded adaptively.
const SMALL: usize = 1 << 14;
/// Adaptive decisions that are worth their time (about 5 ns each) whatever the number of symbols.
const AFFORDABLE: u64 = 1 << 18;

/// Appends the bytes of `symbols` to `payload`.
///
/// `contexts` has one entry per symbol, or none at all where there is but one context. A context must follow from
/// symbols before its own, or from what the decoder knows otherwise: [`Decoder::next`] is given it again.
/// Similar contexts are best numbered side by side, from 0.
///
/// # Panics
/// If `contexts` is neither empty nor as long as `symbols`.
pub fn encode(symbols: &[i32], contexts: &[u8], payload: &mut Vec<u8>) {
    if contexts.is_empty() {
        return encode_with(symbols, |_| 0, payload);
    }
    assert_eq!(symbols.len(), contexts.len(), "one context per symbol");
    encode_with(symbols, |index| contexts[index], payload);
}

fn encode_with(symbols: &[i32], context: impl Fn(usize) -> u8, payload: &mut Vec<u8>) {
    if symbols.len() >= SMALL {
        let histograms = fixed::count(symbols, &context);
        if decisions(&histograms) > AFFORDABLE.max(symbols.len() as u64 * 3 / 2) {
            return fixed::encode(symbols, context, &histograms, payload);
        }
    }
    let bytes = adaptive::encode(symbols, context);
    varint::write((bytes.len() as u64) << 1, payload);
    payload.extend_from_slice(&bytes);
}

/// About how many bits [`encode`] takes for `symbols`, without coding them. For choosing between candidates.
///
/// Where `symbols` are a sample, `of` is the number of all symbols, over which the tables' bits are spread.
///
/// # Panics
/// As [`encode`].
pub fn estimate(symbols: &[i32], contexts: &[u8], of: usize) -> u64 {
    assert!(contexts.is_empty() || symbols.len() == contexts.len(), "one context per symbol");
    let histograms = fixed::count_narrow(symbols, |index| contexts.get(index).copied().unwrap_or(0));
    histogram::bits(&histograms, symbols.len() as u64, of.max(1) as u64)
}

fn decisions(histograms: &[Histogram]) -> u64 {
    let magnitude_bits = |class: usize| if class < 2 { 0 } else { class::raw_bits(class) + 1 + u32::from(class > 3) };
    let of = |(class, &count): (usize, &u64)| count * adaptive::decisions(magnitude_bits(class));
    histograms.iter().map(|histogram| histogram.iter().enumerate().map(of).sum::<u64>()).sum()
}

/// Hands out the symbols that [`encode`] wrote, first to last.
#[derive(Debug)]
pub struct Decoder<'a>(Mode<'a>);

#[derive(Debug)]
enum Mode<'a> {
    Adaptive(adaptive::Decoder<'a>, usize),
    Fixed(fixed::Decoder<'a>),
}

impl<'a> Decoder<'a> {
    /// Starts on `bytes`, which may go on behind what [`encode`] wrote.
    ///
    /// # Errors
    /// `Corrupt` if the bytes end too early or hold tables that make no sense.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        Ok(Decoder(match Start::read(bytes)? {
            Start::Tables(at, length) => Mode::Fixed(fixed::Decoder::new(bytes, at, length)?),
            Start::Adaptive(coded, end) => Mode::Adaptive(adaptive::Decoder::new(coded), end),
        }))
    }

    /// The next symbol, which was coded under `context`. On bytes that no encoder wrote, any number.
    #[inline(always)]
    pub fn next(&mut self, context: u8) -> i32 {
        match &mut self.0 {
            Mode::Fixed(decoder) => decoder.next(context),
            Mode::Adaptive(decoder, _) => decoder.next(context),
        }
    }

    /// The next four symbols, which were coded under `contexts`.
    #[inline(always)]
    pub fn next_four(&mut self, contexts: [u8; 4]) -> [i32; 4] {
        match &mut self.0 {
            Mode::Fixed(decoder) => decoder.next_four(contexts),
            Mode::Adaptive(decoder, _) => contexts.map(|context| decoder.next(context)),
        }
    }

    /// Ends after the last symbol. Returns how many bytes the symbols took: what follows starts there.
    ///
    /// # Errors
    /// `Corrupt` if the symbols do not end where the bytes do.
    pub fn finish(self) -> Result<usize, Error> {
        match self.0 {
            Mode::Fixed(decoder) => decoder.finish(),
            Mode::Adaptive(decoder, end) if decoder.is_spent() => Ok(end),
            Mode::Adaptive(_, end) => Err(Error::corrupt(end, "coded bytes are left over behind the last symbol")),
        }
    }
}

#[cfg(test)]
mod tests;
