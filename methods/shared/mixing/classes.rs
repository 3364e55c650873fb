//! Classes of magnitudes under several contexts each: one symbol for all near the expected one.

use super::geometric::{Distributions, Mix, SYMBOLS, Weights};
use super::starts;
use crate::shared::range::{Bit, BitCoder};
use crate::shared::simd::{Lanes, OCTAVE};

/// Classes below the expected one that have symbols of their own.
const BELOW: usize = 8;
/// Symbols that what is thought of a class before anything was seen counts for.
const PRIOR: u8 = 30;
/// What the expected class weighs at first, and all other contexts together.
const WEIGHTS: [f32; 2] = [0.2, 0.7];

/// What is known of a magnitude by its symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Its class.
    Class(usize),
    /// Only that it is below two to this power: anything there is as likely.
    Below(u32),
}

/// A class thought likely.
#[derive(Clone, Copy, Debug)]
pub struct Likely {
    /// It.
    pub class: usize,
    /// The logarithm of how many times more likely than any other.
    pub odds: f32,
    /// Which set of weights goes with it, from 1 on.
    pub set: usize,
}

/// Models of classes under `N` contexts, the first of which is the class expected.
#[derive(Clone, Debug)]
pub struct Classes<const N: usize> {
    /// Where the contexts of each kind start.
    starts: [usize; N],
    distributions: Distributions,
    /// By expected class, for each set.
    weights: Vec<Weights<N>>,
    /// Whether a class too far above the expected one is above this one, too.
    further: Vec<Bit>,
}

/// The class of a magnitude: 0 to 3, then half octaves.
#[inline(always)]
pub fn class(magnitude: u64) -> usize {
    if magnitude < 4 {
        return magnitude as usize;
    }
    let log = magnitude.ilog2();
    2 * log as usize + (magnitude >> (log - 1) & 1) as usize
}

/// The class of the first symbol where `expected` is; from 1 on always one that ends an octave.
#[inline(always)]
fn first(expected: usize) -> usize {
    if expected > BELOW { (expected - BELOW) | 1 } else { 0 }
}

/// The least magnitude of a class.
fn least(class: usize) -> f64 {
    if class < 4 { class as f64 } else { (2 + class % 2) as f64 * libm::exp2((class / 2 - 1) as f64) }
}

/// Chances of the symbols where `expected` is, if magnitudes fall off exponentially.
fn exponential(expected: usize) -> [f32; SYMBOLS] {
    let scale = 0.45 * (least(expected) + least(expected + 1)) + 0.27;
    let above = |symbol: usize| match symbol {
        0 => 1.0,
        SYMBOLS => 0.0,
        _ => libm::exp(-least(first(expected) + symbol) / scale),
    };
    let chances: [f64; SYMBOLS] = std::array::from_fn(|symbol| (above(symbol) - above(symbol + 1)).max(1e-5));
    let sum: f64 = chances.iter().sum();
    chances.map(|chance| (chance / sum) as f32)
}

impl<const N: usize> Classes<N> {
    /// Models for `contexts[i]` contexts of kind `i`, the first of which are the classes, and so many sets of weights.
    pub fn new(contexts: [usize; N], sets: usize) -> Self {
        let (starts, total) = starts(contexts);
        let mut distributions = Distributions::new(total);
        (0..contexts[0]).for_each(|expected| distributions.set(expected, exponential(expected), PRIOR));
        Classes {
            starts,
            distributions,
            weights: vec![Weights::new(WEIGHTS[0], WEIGHTS[1]); sets * contexts[0]],
            further: vec![Bit::default(); contexts[0]],
        }
    }

    /// Codes the class of a magnitude, and returns what is known of it then; a decoder returns what it read. The second
    /// number says whether that is the symbol of the class thought likely.
    ///
    /// # Panics
    /// If a context does not exist.
    #[inline(always)]
    pub fn code<L: Lanes>(
        &mut self,
        magnitude: u64,
        contexts: &[usize; N],
        likely: Option<Likely>,
        coder: &mut impl BitCoder,
    ) -> (Reached, bool) {
        let first = first(contexts[0]);
        let symbol_of = |class: usize| class.saturating_sub(first).min(SYMBOLS - 1);
        let (thought, set) =
            likely.map_or(((0, 0.0), 0), |likely| ((symbol_of(likely.class), likely.odds), likely.set));
        let mut slots = *contexts;
        for (slot, start) in slots.iter_mut().zip(&self.starts) {
            *slot += start;
        }
        let known = class(magnitude);
        let weights = &mut self.weights[contexts[0] + set * self.further.len()];
        let mix = Mix { slots, likely: thought };
        let symbol = mix.code::<L>(symbol_of(known), &mut self.distributions, weights, coder);
        let reached = if symbol == 0 && first > 0 {
            Reached::Below(first.div_ceil(2) as u32)
        } else if symbol == SYMBOLS - 1 {
            Reached::Class(self.further(known, first + symbol, coder))
        } else {
            // Only hostile bytes lead beyond the last class.
            Reached::Class((first + symbol).min(self.further.len() - 1))
        };
        (reached, symbol == thought.0)
    }

    /// The class of a magnitude that is at least of class `least`.
    #[inline(never)]
    fn further(&mut self, known: usize, least: usize, coder: &mut impl BitCoder) -> usize {
        let (mut class, last) = (least, self.further.len() - 1);
        while class < last && coder.learnt(known > class, &mut self.further[class]) {
            class += 1;
        }
        class.min(last)
    }
}

/// The logarithm of how much more likely than any other a symbol is that has this share.
#[inline(always)]
pub(super) fn odds(share: f32) -> f32 {
    let odds = [share / (1.0 - share) * (SYMBOLS - 1) as f32; SYMBOLS].logarithms()[0];
    debug_assert!(odds.abs() < 40.0 * OCTAVE);
    odds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_rise_with_magnitudes() {
        assert_eq!([0, 1, 3, 4, 5, 6, 7, 8, 12, u64::MAX].map(class), [0, 1, 3, 4, 4, 5, 5, 6, 7, 127]);
    }
}
