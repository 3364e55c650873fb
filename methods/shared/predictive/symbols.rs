//! What a walk hands every point to, and the one that estimates.

use super::around::{Spot, activity};
use crate::shared::entropy;
use crate::shared::multilevel::{ESCAPE, Quantiser, Sample};

/// Codes the points of a walk: an encoder quantises what it is given, a decoder restores what it reads.
pub(super) trait Symbols<T: Sample> {
    /// Whether the values are known: an encoder may estimate from them what it then states.
    fn knows(&self) -> bool;

    /// States a number of `bits` bits; a decoder returns the one it read.
    fn state(&mut self, value: u64, bits: u32) -> u64;

    /// Codes `value`, predicted as `prediction`. Returns the residual in steps, or [`ESCAPE`], and what a decoder has.
    fn code(&mut self, value: T, prediction: f64, quantiser: &Quantiser, spot: &Spot) -> (i32, T);
}

/// A prediction that any arithmetic stands.
#[inline(always)]
pub(super) fn tame(prediction: f64) -> f64 {
    if prediction.abs() < 1e300 { prediction } else { 0.0 }
}

/// The context under which a residual is counted.
#[inline(always)]
fn context(spot: &Spot) -> u8 {
    spot.kind.min(3) * 48 + activity(spot.mean) as u8
}

/// Collects residuals, to estimate their size.
#[derive(Debug)]
pub(super) struct Collected<T> {
    symbols: Vec<i32>,
    contexts: Vec<u8>,
    escaped: Vec<T>,
    stated_bits: u64,
}

impl<T: Sample> Collected<T> {
    /// Nothing yet, of `len` values.
    pub fn new(len: usize) -> Self {
        Collected {
            symbols: Vec::with_capacity(len),
            contexts: Vec::with_capacity(len),
            escaped: Vec::new(),
            stated_bits: 0,
        }
    }

    /// About how many bits all this would take as a sample of `of` values.
    pub fn bits(&self, of: usize) -> f64 {
        let escaped = self.escaped.len() as u64 * 8 * T::DTYPE.size() as u64;
        let sampled = self.symbols.len() as f64 / of.max(1) as f64;
        (entropy::estimate(&self.symbols, &self.contexts, of) + escaped) as f64
            + self.stated_bits as f64 * sampled.min(1.0)
    }
}

impl<T: Sample> Symbols<T> for Collected<T> {
    fn knows(&self) -> bool {
        true
    }

    fn state(&mut self, value: u64, bits: u32) -> u64 {
        self.stated_bits += u64::from(bits);
        value
    }

    #[inline(always)]
    fn code(&mut self, value: T, prediction: f64, quantiser: &Quantiser, spot: &Spot) -> (i32, T) {
        let (symbol, restored) = quantiser.quantise(value, tame(prediction));
        self.symbols.push(symbol);
        self.contexts.push(context(spot));
        if symbol == ESCAPE {
            self.escaped.push(value);
        }
        (symbol, restored)
    }
}
