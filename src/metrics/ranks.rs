//! Two arrays of as many keys each, compared rank by rank: the sorted original with what came back, bucket by bucket, so
//! that the latter is never sorted as a whole.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::sort::{Key, Read, SAMPLE, Sorter};
use super::spare::Spare;
use super::spread::{Piece, Spread, scatter};
use super::sum::{pairs, total};
use super::wide::wide;

/// Buckets that one task takes.
const TASK: usize = 8;

/// How far two distributions of as many values each are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Apart {
    /// The largest difference of the numbers of values at or below a value.
    pub furthest: usize,
    /// Sum of the distances of the values of equal rank.
    pub distance: f64,
}

/// Keys in ascending order, with the buckets that they and keys like them are spread over.
#[derive(Debug)]
pub(super) struct Ranked<K> {
    pub keys: Vec<K>,
    spread: Spread,
    /// Keys below each bucket; their number behind the last.
    below: Vec<usize>,
    spare: Spare<Piece<K>>,
}

impl<K: Key> Ranked<K> {
    /// From the keys in ascending order.
    pub fn new(keys: Vec<K>) -> Self {
        let sample: Vec<K> = keys.iter().step_by((keys.len() / SAMPLE).max(1)).copied().collect();
        let spread = Spread::new(&sample, keys.len());
        Ranked { below: spread.starts(&keys), spread, keys, spare: Spare::default() }
    }
}

/// Compares keys with as many that `read` gives in any order.
///
/// Buckets depend on the former alone, and so does the order of the sum of what `distance` says of two keys.
pub(super) fn apart<K: Key>(
    Ranked { keys: x, spread, below, spare }: &Ranked<K>,
    length: usize,
    read: &impl Read<K>,
    distance: impl Fn(K, K) -> f64 + Sync,
) -> Apart {
    let y = scatter(length, spread, read, spare);
    let between = below.iter().zip(&y.starts).map(|(&x, &y)| x.abs_diff(y)).max();
    let furthest = AtomicUsize::new(between.unwrap_or(0));
    let one = |sorter: &mut Sorter<K>, bucket: usize| {
        let range = y.starts[bucket]..y.starts[bucket + 1];
        if range.is_empty() {
            return [0.0];
        }
        let y = sorter.sort(&y, spread, bucket);
        if may_be_further(x, y, range.start, furthest.load(Ordering::Relaxed)) {
            let found = within(&x[below[bucket]..below[bucket + 1]], y, below[bucket], range.start);
            furthest.fetch_max(found, Ordering::Relaxed);
        }
        [pairs(&x[range], y, &distance)]
    };
    let all = (0..y.starts.len() - 1).into_par_iter().with_min_len(TASK);
    let [distance] = total(all.map_init(Sorter::default, one).collect::<Vec<_>>());
    y.give(spare);
    Apart { furthest: furthest.into_inner(), distance }
}

/// Whether among the keys `y` from rank `start` on the numbers of keys at or below a value differ by more than `known`:
/// whether a key is larger than that of the other array so many ranks further on.
fn may_be_further<K: Key>(x: &[K], y: &[K], start: usize, known: usize) -> bool {
    // x[rank + known] < y[rank], then y[rank] < x[rank - known], as far as there are such ranks.
    let later = x.get(start + known..).unwrap_or_default();
    let first = known.saturating_sub(start).min(y.len());
    let earlier = x.get((start + first).saturating_sub(known)..).unwrap_or_default();
    wide(
        #[inline(always)]
        || any(later, y, |x, y| x < y) || any(earlier, &y[first..], |x, y| y < x),
    )
}

/// Whether a condition holds for some pair, looked at without leaving early within a run: that makes vectors.
#[inline(always)]
fn any<K: Key>(x: &[K], y: &[K], holds: impl Fn(K, K) -> bool) -> bool {
    const RUN: usize = 256;
    let count = x.len().min(y.len());
    let mut runs = x[..count].chunks(RUN).zip(y[..count].chunks(RUN));
    runs.any(
        #[inline(always)]
        |(x, y)| {
            let mut some = false;
            for (&x, &y) in x.iter().zip(y) {
                some |= holds(x, y);
            }
            some
        },
    )
}

/// The largest difference of the numbers of keys at or below a value, of which there are so many below these.
fn within<K: Key>(x: &[K], y: &[K], below_x: usize, below_y: usize) -> usize {
    let apart = |i: usize, j: usize| (below_x + i).abs_diff(below_y + j);
    let (mut i, mut j, mut largest) = (0, 0, apart(x.len(), y.len()));
    while i < x.len() && j < y.len() {
        // Among equal keys the difference only moves from what it was before them to what it is behind them.
        let (a, b) = (x[i], y[j]);
        i += usize::from(a <= b);
        j += usize::from(b <= a);
        largest = largest.max(apart(i, j));
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(x: &[u64], y: &[u64]) -> Apart {
        let mut sorted = x.to_vec();
        sorted.sort_unstable();
        let read = |range: std::ops::Range<usize>, out: &mut [u64]| {
            out.copy_from_slice(&y[range]);
            out.len()
        };
        apart(&Ranked::new(sorted), y.len(), &read, |x, y| x.abs_diff(y) as f64)
    }

    #[test]
    fn buckets_find_what_two_sorted_arrays_show() {
        let mix = |at: u64| (at.wrapping_mul(6_364_136_223_846_793_005) >> 40) * (at % 7);
        let x: Vec<u64> = (0..150_000).map(mix).collect();
        let moved = |by: &dyn Fn(u64) -> u64| x.iter().map(|&x| by(x)).collect::<Vec<_>>();
        let (few, same) = (moved(&|x| x.saturating_sub(x % 5 * 1000)), moved(&|x| x ^ 1));
        let (beyond, one) = (moved(&|x| if x % 9 == 0 { 1 << 40 } else { x }), moved(&|_| 123_456));
        for y in [few, same, beyond, one, x.clone()] {
            let sort = |mut keys: Vec<u64>| {
                keys.sort_unstable();
                keys
            };
            let (a, b) = (sort(x.clone()), sort(y.clone()));
            let distance: u64 = a.iter().zip(&b).map(|(a, b)| a.abs_diff(*b)).sum();
            let expected = Apart { furthest: within(&a, &b, 0, 0), distance: distance as f64 };
            assert_eq!(of(&x, &y), expected);
        }
        assert_eq!(of(&[], &[]), Apart::default());
    }
}
