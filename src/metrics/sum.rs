//! Sums in one fixed order, so that a result does not depend on the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::wide::wide;

/// Elements that are looked at together: their values as `f64` fit into a first-level cache.
pub(super) const BLOCK: usize = 4096;
/// Blocks that one task takes.
const TASK: usize = 16;
const LANES: usize = 8;

/// What `one` makes of each block of [`BLOCK`] indices below `length`, in order; the last block may be shorter.
pub(super) fn blocks<R: Send>(length: usize, one: impl Fn(Range<usize>) -> R + Sync) -> Vec<R> {
    blocks_with(length, || (), |(), block| one(block))
}

/// As [`blocks`], with memory that serves block after block.
pub(super) fn blocks_with<M, R: Send>(
    length: usize,
    memory: impl Fn() -> M + Sync + Send,
    one: impl Fn(&mut M, Range<usize>) -> R + Sync,
) -> Vec<R> {
    let range = |block: usize| block * BLOCK..((block + 1) * BLOCK).min(length);
    let all = (0..length.div_ceil(BLOCK)).into_par_iter().with_min_len(TASK);
    all.map_init(memory, |memory, block| one(memory, range(block))).collect()
}

/// The sums of `K` terms each.
pub(super) fn total<const K: usize>(terms: impl IntoIterator<Item = [f64; K]>) -> [f64; K] {
    let mut totals = [Compensated::default(); K];
    for term in terms {
        totals.iter_mut().zip(term).for_each(|(total, term)| total.add(term));
    }
    totals.map(Compensated::value)
}

/// Sums the `K` terms of every index in `0..length`.
///
/// The order is fixed: interleaved lanes within a block, and the blocks one after another with what rounding loses.
pub(super) fn sums<const K: usize>(length: usize, term: &(impl Fn(usize) -> [f64; K] + Sync)) -> [f64; K] {
    total(blocks(length, |block| lanes(block, term)))
}

fn lanes<const K: usize>(block: Range<usize>, term: &impl Fn(usize) -> [f64; K]) -> [f64; K] {
    let mut lanes = [[0.0; K]; LANES];
    let whole = block.start + block.len() / LANES * LANES;
    for at in (block.start..whole).step_by(LANES) {
        for (offset, lane) in lanes.iter_mut().enumerate() {
            add(lane, term(at + offset));
        }
    }
    for at in whole..block.end {
        add(&mut lanes[at - whole], term(at));
    }
    let [mut total, rest @ ..] = lanes;
    for lane in rest {
        add(&mut total, lane);
    }
    total
}

#[inline(always)]
fn add<const K: usize>(total: &mut [f64; K], term: [f64; K]) {
    for (total, term) in total.iter_mut().zip(term) {
        *total += term;
    }
}

/// The sum of a term over the pairs of two slices of one length, in interleaved lanes that a compiler can make vectors.
///
/// `term`, and all it calls, must be `#[inline(always)]` to be worth it.
#[inline(always)]
pub(super) fn pairs<A: Copy>(first: &[A], second: &[A], term: impl Fn(A, A) -> f64) -> f64 {
    wide(
        #[inline(always)]
        || in_lanes(first, second, term),
    )
}

#[inline(always)]
fn in_lanes<A: Copy>(first: &[A], second: &[A], term: impl Fn(A, A) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let ((a, a_rest), (b, b_rest)) = (first.as_chunks::<LANES>(), second.as_chunks::<LANES>());
    let rest = a_rest.iter().zip(b_rest).map(|(&a, &b)| term(a, b)).sum::<f64>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += term(a[lane], b[lane]);
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// A running sum that keeps what rounding loses (Neumaier 1974).
#[derive(Clone, Copy, Default)]
pub(super) struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    /// Adds a term.
    pub fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        self.lost += if self.sum.abs() >= term.abs() { (self.sum - sum) + term } else { (term - sum) + self.sum };
        self.sum = sum;
    }

    /// The sum so far.
    pub fn value(self) -> f64 {
        // The compensation of an infinite sum is NaN.
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_sum_exactly_at_every_length() {
        for length in [0, 1, 7, 8, 9, 4096, 4097, 12_288, 300_001] {
            let [ones, indices] = sums(length, &|at| [1.0, at as f64]);
            let expected = (length as f64, length as f64 * (length as f64 - 1.0) / 2.0);
            assert_eq!((ones, indices), if length == 0 { (0.0, 0.0) } else { expected });
        }
    }

    #[test]
    fn what_rounding_loses_is_kept() {
        assert_eq!(total([[1e16], [1.0], [1.0], [-1e16]]), [2.0]);
        assert_eq!(total([[f64::INFINITY], [1.0]]), [f64::INFINITY]);
        assert_eq!(pairs(&[1.0; 37], &[2.0; 37], |a, b| a * b), 74.0);
    }

    #[test]
    fn the_sum_is_the_same_for_one_and_for_three_threads() {
        let term = |at: usize| [1.0 / (at as f64 + 1.0)];
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool");
            pool.install(|| sums(1_000_003, &term))[0]
        };
        assert_eq!(with(1).to_bits(), with(3).to_bits());
    }
}
