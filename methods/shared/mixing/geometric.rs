//! Mixes the distributions that several contexts have of one symbol: their product, each to the power of a weight that
//! follows the gradient of the code length, made to add up to one.
//!
//! Logistic mixing (Mahoney, 2005) for sixteen symbols at once in place of two: Mattern, "Mixing strategies in data
//! compression" (DCC 2012), calls it geometric. A few vectors replace a chain of decisions.

use crate::shared::range::BitCoder;
use crate::shared::simd::{LANES, Lanes, OCTAVE};

/// Symbols of a distribution.
pub(super) const SYMBOLS: usize = LANES;

/// Learning rates of weights, for logarithms in octaves: the first, and the one that it falls to.
const RATES: [f32; 2] = [0.028, 0.0021];
/// Symbols after which the rate has fallen half its way.
const HALVING: f32 = 96.0;
/// A distribution moves by one over this, and the symbols it has seen, towards the next one.
const FIRST: usize = 3;
/// It forgets after about so many symbols.
const LIMIT: u8 = 250;
/// What it moves towards for all but the symbol seen.
const LEAST: f32 = 1e-6;
/// Weights are held to this on either side.
const LARGEST: f32 = 8.0;
/// The share of the likeliest symbol above which it is asked for alone.
const PEAKED: f32 = 1.0 - 1.0 / 64.0;

/// What contexts know of a symbol: its chances, and how many symbols each has seen.
#[derive(Clone, Debug)]
pub(super) struct Distributions {
    chances: Vec<Row>,
    seen: Vec<u8>,
    /// By symbols seen: how far a distribution moves.
    paces: [f32; 256],
}

/// A line of the cache.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Row([f32; SYMBOLS]);

impl Distributions {
    /// `count` contexts that have seen nothing.
    pub fn new(count: usize) -> Self {
        let paces = std::array::from_fn(|seen| 1.0 / (seen + FIRST) as f32);
        Distributions { chances: vec![Row([1.0 / SYMBOLS as f32; SYMBOLS]); count], seen: vec![0; count], paces }
    }

    /// What a context thinks before it has seen anything, worth `seen` symbols.
    pub fn set(&mut self, slot: usize, chances: [f32; SYMBOLS], seen: u8) {
        (self.chances[slot], self.seen[slot]) = (Row(chances), seen);
    }

    /// The distributions of contexts, which are `rows`, take note of a symbol.
    #[inline(always)]
    fn learn<L: Lanes, const N: usize>(&mut self, slots: &[usize; N], rows: &[L; N], symbol: usize) {
        let goal = L::splat(LEAST).with(symbol, 1.0 - (SYMBOLS - 1) as f32 * LEAST);
        for (&slot, row) in slots.iter().zip(rows) {
            let seen = &mut self.seen[slot];
            let pace = self.paces[usize::from(*seen)];
            *seen += u8::from(*seen < LIMIT);
            row.plus(goal.minus(*row).times(L::splat(pace))).store(&mut self.chances[slot].0);
        }
    }
}

/// Weights of `N` distributions, and of a symbol thought likely.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights<const N: usize> {
    contexts: [f32; N],
    likely: f32,
    seen: f32,
}

impl<const N: usize> Weights<N> {
    /// The first context weighs `first`, the others as much together as `others`.
    pub fn new(first: f32, others: f32) -> Self {
        let mut contexts = [others / (N - 1) as f32; N];
        contexts[0] = first;
        Weights { contexts, likely: 1.0, seen: 0.0 }
    }
}

/// The contexts of a symbol.
pub(super) struct Mix<const N: usize> {
    /// Their distributions.
    pub slots: [usize; N],
    /// A symbol thought likely, and the logarithm of how many times more than any other; 0 for none.
    pub likely: (usize, f32),
}

impl<const N: usize> Mix<N> {
    /// Codes a symbol and learns it; a decoder returns what it read.
    #[inline(always)]
    pub fn code<L: Lanes>(
        &self,
        known: usize,
        distributions: &mut Distributions,
        weights: &mut Weights<N>,
        coder: &mut impl BitCoder,
    ) -> usize {
        // Loops rather than maps over arrays, whose closures would not know of the vectors.
        let (mut rows, mut logarithms) = ([L::splat(0.0); N], [L::splat(0.0); N]);
        for i in 0..N {
            rows[i] = L::load(&distributions.chances[self.slots[i]].0);
            logarithms[i] = rows[i].logarithms();
        }
        let likelihoods = self.likelihoods(&logarithms, weights);
        let sum = likelihoods.sum();
        let largest = likelihoods.largest();
        let symbol = if largest > PEAKED * sum {
            peaked(known, likelihoods, (largest, sum), coder)
        } else {
            plain(known, likelihoods, sum, coder)
        };
        distributions.learn(&self.slots, &rows, symbol);
        self.learn(&logarithms, symbol, likelihoods.times(L::splat(1.0 / sum)), weights);
        symbol
    }

    /// How likely every symbol is, relative to each other.
    #[inline(always)]
    fn likelihoods<L: Lanes>(&self, logarithms: &[L; N], weights: &Weights<N>) -> L {
        let mut sums = logarithms[0].times(L::splat(weights.contexts[0]));
        for (row, weight) in logarithms.iter().zip(&weights.contexts).skip(1) {
            sums = sums.plus(row.times(L::splat(*weight)));
        }
        let (likely, odds) = self.likely;
        if odds != 0.0 {
            sums = sums.plus(L::splat(0.0).with(likely, weights.likely * odds));
        }
        sums.powers()
    }

    /// One step down the gradient of the code length.
    #[inline(always)]
    fn learn<L: Lanes>(&self, logarithms: &[L; N], symbol: usize, chances: L, weights: &mut Weights<N>) {
        let rate = (RATES[1] + (RATES[0] - RATES[1]) * HALVING / (HALVING + weights.seen)) / OCTAVE;
        weights.seen = (weights.seen + 1.0).min(65536.0);
        let misses = L::splat(0.0).with(symbol, 1.0).minus(chances);
        misses.adjust(logarithms, &mut weights.contexts, rate, LARGEST);
        let (likely, odds) = self.likely;
        if odds != 0.0 {
            let mut each = [0.0; SYMBOLS];
            misses.store(&mut each);
            weights.likely = (weights.likely + rate * odds * each[likely]).clamp(-LARGEST, LARGEST);
        }
    }
}

/// Codes a symbol by likelihoods with this sum, which is no less than the largest of them.
#[inline(always)]
fn plain<L: Lanes>(known: usize, likelihoods: L, sum: f32, coder: &mut impl BitCoder) -> usize {
    // Room for one of everything, and for rounding up all of them.
    let scale = (65536.0 - 1.5 * SYMBOLS as f32) / sum;
    coder.symbol(known, &likelihoods.times(L::splat(scale)).running())
}

/// Asks for the likeliest symbol first, which takes next to nothing.
#[inline(always)]
fn peaked<L: Lanes>(known: usize, likelihoods: L, (largest, sum): (f32, f32), coder: &mut impl BitCoder) -> usize {
    let likeliest = likelihoods.place_of(largest);
    let probability = ((65536.0 * (largest / sum)) as u32).clamp(1, 65535);
    if coder.code(known == likeliest, probability) {
        return likeliest;
    }
    let others = likelihoods.with(likeliest, 0.0);
    plain(known, others, others.sum(), coder)
}
