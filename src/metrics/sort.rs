//! Sorting unsigned keys: spread over buckets of about equal sizes, each of which then fits into a cache.

use std::ops::Range;

use codecbench_methods::shared::simd;
use rayon::prelude::*;

use super::spare::Spare;
use super::spread::{Scattered, Spread, scatter};
use super::wide::wide;

/// Bits of a digit within a bucket.
const DIGIT_BITS: u32 = 8;
const DIGITS: usize = 1 << DIGIT_BITS;
/// Runs of a bucket that are asked for before they are copied.
const AHEAD: usize = 4;
/// Keys below which a comparison sort is as good.
pub(super) const FEW: usize = 64;
/// Keys from which the sizes of buckets are foreseen.
pub(super) const SAMPLE: usize = 1 << 14;

/// An unsigned number to sort by.
pub(super) trait Key: Copy + Default + Ord + Send + Sync {
    const BITS: u32;

    /// The key as the widest one.
    fn wide(self) -> u64;
    /// The key of this value, which fits.
    fn narrow(wide: u64) -> Self;
    /// How far the key is above another; 0 if it is below.
    fn above(self, other: Self) -> Self;
    /// The bits of the key behind which so many others stand, and those others.
    fn cut(self, bits: u32) -> (Self, Self);
}

macro_rules! keys {
    ($($key:ty)*) => {$(
        impl Key for $key {
            const BITS: u32 = <$key>::BITS;

            #[inline(always)]
            fn wide(self) -> u64 {
                self.into()
            }

            #[inline(always)]
            fn narrow(wide: u64) -> Self {
                wide as $key
            }

            #[inline(always)]
            fn above(self, other: Self) -> Self {
                self.saturating_sub(other)
            }

            #[inline(always)]
            fn cut(self, bits: u32) -> (Self, Self) {
                (self >> bits, self & ((1 << bits) - 1))
            }
        }
    )*};
}

keys!(u32 u64);

/// Where keys are read: puts those of a range of elements into a slice of its length, and says how many there are.
pub(super) trait Read<K>: Fn(Range<usize>, &mut [K]) -> usize + Sync {}

impl<K, F: Fn(Range<usize>, &mut [K]) -> usize + Sync> Read<K> for F {}

/// The keys of `length` elements in ascending order.
pub(super) fn sorted<K: Key>(length: usize, read: &impl Read<K>) -> Vec<K> {
    let (mut one, step) = ([K::default()], (length / SAMPLE).max(1));
    let sampled = (0..length).step_by(step).filter_map(|at| (read(at..at + 1, &mut one) == 1).then_some(one[0]));
    let mut sample: Vec<K> = sampled.collect();
    sample.sort_unstable();
    let spread = Spread::new(&sample, length);
    let scattered = scatter(length, &spread, read, &Spare::default());
    let mut keys = vec![K::default(); scattered.len()];
    let places = split(&mut keys, &scattered.starts);
    let sort = |sorter: &mut Sorter<K>, (bucket, place): (usize, &mut [K])| {
        place.copy_from_slice(sorter.sort(&scattered, &spread, bucket));
    };
    places.into_par_iter().enumerate().for_each_init(Sorter::default, sort);
    keys
}

fn split<'a, K>(mut rest: &'a mut [K], starts: &[usize]) -> Vec<&'a mut [K]> {
    let mut parts = Vec::with_capacity(starts.len());
    for bounds in starts.windows(2) {
        let (part, behind) = rest.split_at_mut(bounds[1] - bounds[0]);
        parts.push(part);
        rest = behind;
    }
    parts
}

/// Calls `with` for each place below `count`, those far apart after one another: neighbours often share a bucket, whose
/// counter would be waited for.
#[inline(always)]
pub(super) fn from_afar(count: usize, mut with: impl FnMut(usize)) {
    let quarter = count / 4;
    for at in 0..quarter {
        with(at);
        with(at + quarter);
        with(at + 2 * quarter);
        with(at + 3 * quarter);
    }
    (4 * quarter..count).for_each(with);
}

/// Sorts buckets, one after another in the same memory.
#[derive(Default)]
pub(super) struct Sorter<K> {
    keys: Vec<K>,
    spare: Vec<K>,
}

impl<K: Key> Sorter<K> {
    /// The keys of a bucket in ascending order.
    pub fn sort(&mut self, scattered: &Scattered<K>, spread: &Spread, bucket: usize) -> &[K] {
        self.gather(scattered, bucket);
        if self.keys.len() < FEW {
            self.keys.sort_unstable();
            return &self.keys;
        }
        // Two digits tell nearly all keys apart, and leave little to a last look at neighbours.
        let told = 2 * DIGIT_BITS;
        let (min, bits) = spread.range(bucket).filter(|&(_, bits)| bits <= told).unwrap_or_else(|| range(&self.keys));
        let shift = bits.saturating_sub(told);
        let digits = |key: K| {
            let both = ((key.wide() - min.wide()) >> shift) as usize;
            [both & (DIGITS - 1), both >> DIGIT_BITS & (DIGITS - 1)]
        };
        self.spare.resize(self.keys.len(), K::default());
        let mut places = [[0u32; DIGITS]; 2];
        let keys = &self.keys[..];
        from_afar(keys.len(), |at| {
            let [low, high] = digits(keys[at]);
            places[0][low] += 1;
            places[1][high] += 1;
        });
        for (pass, places) in places.iter_mut().enumerate().take(bits.div_ceil(DIGIT_BITS).min(2) as usize) {
            by_digit(&self.keys, &mut self.spare, places, |key| digits(key)[pass]);
            std::mem::swap(&mut self.keys, &mut self.spare);
        }
        if shift > 0 {
            insert(&mut self.keys);
        }
        &self.keys
    }

    /// Copies the runs of a bucket. They lie far apart, so that each would be waited for if none was asked for ahead.
    fn gather(&mut self, scattered: &Scattered<K>, bucket: usize) {
        let runs: Vec<_> = scattered.runs(bucket).collect();
        self.keys.clear();
        runs.iter().take(AHEAD).copied().for_each(simd::prefetch);
        for (at, run) in runs.iter().enumerate() {
            if let Some(ahead) = runs.get(at + AHEAD) {
                simd::prefetch(ahead);
            }
            self.keys.extend_from_slice(run);
        }
    }
}

/// The least of some keys, and how many bits tell them apart.
fn range<K: Key>(keys: &[K]) -> (K, u32) {
    const LANES: usize = 32;
    let (mut lows, mut highs) = ([keys[0]; LANES], [keys[0]; LANES]);
    let (all, rest) = keys.as_chunks::<LANES>();
    wide(
        #[inline(always)]
        || {
            for keys in all {
                for lane in 0..LANES {
                    (lows[lane], highs[lane]) = (lows[lane].min(keys[lane]), highs[lane].max(keys[lane]));
                }
            }
        },
    );
    let (lows, highs) = (lows.iter().chain(rest), highs.iter().chain(rest));
    let (min, max) = (lows.fold(keys[0], |low, &key| low.min(key)), highs.fold(keys[0], |high, &key| high.max(key)));
    (min, u64::BITS - (max.wide() - min.wide()).leading_zeros())
}

/// Copies keys in the order of a digit, given how often each occurs.
fn by_digit<K: Key>(from: &[K], to: &mut [K], places: &mut [u32; DIGITS], digit: impl Fn(K) -> usize) {
    let mut start = 0;
    places.iter_mut().for_each(|place| start += std::mem::replace(place, start));
    for &key in from {
        let place = &mut places[digit(key)];
        to[*place as usize] = key;
        *place += 1;
    }
}

/// Sorts keys that nearly are in order.
fn insert<K: Key>(keys: &mut [K]) {
    let mut patience = 4 * keys.len();
    for at in 1..keys.len() {
        let (key, mut to) = (keys[at], at);
        while to > 0 && key < keys[to - 1] {
            keys[to] = keys[to - 1];
            to -= 1;
        }
        keys[to] = key;
        if at - to > patience {
            return keys.sort_unstable();
        }
        patience -= at - to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(count: usize, mask: u64) -> Vec<u64> {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state ^ state >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
        };
        (0..count).map(|_| next() & mask).collect()
    }

    fn of<K: Key>(keys: &[K]) -> Vec<K> {
        let read = |range: Range<usize>, out: &mut [K]| {
            out.copy_from_slice(&keys[range]);
            out.len()
        };
        sorted(keys.len(), &read)
    }

    #[test]
    fn keys_of_every_width_and_number_come_out_as_a_comparison_sorts_them() {
        for count in [0, 1, 2, 63, 64, 1000, 20_011, 300_007] {
            for mask in [0, 1, 0xff, 0x7ff, 0xffff_f000, u64::MAX, 0xffff_0000_0000_0000] {
                let keys: Vec<u64> = random(count, mask).iter().map(|key| key | 1 << 20).collect();
                let mut expected = keys.clone();
                expected.sort_unstable();
                assert_eq!(of(&keys), expected, "{count} keys of {mask:x}");
                let narrow: Vec<u32> = keys.iter().map(|&key| key as u32).collect();
                let mut expected = narrow.clone();
                expected.sort_unstable();
                assert_eq!(of(&narrow), expected);
            }
        }
    }

    #[test]
    fn one_bucket_that_holds_nearly_all_is_sorted_too() {
        let mut keys = random(50_000, 0xff_ffff);
        keys.push(u64::MAX);
        let mut expected = keys.clone();
        expected.sort_unstable();
        assert_eq!(of(&keys), expected);
    }

    #[test]
    fn what_a_sample_does_not_foresee_is_sorted_too() {
        // Between the sampled keys lie others, far away and close together, and twice the same.
        let far =
            |at: usize| if at % 3 == 1 { u64::MAX - (at as u64 * 7919) % 64 } else { (at as u64 * 104_729) % 4096 };
        let keys: Vec<u64> = (0..200_000).map(|at| if at % 12 == 0 { 1 << 40 } else { far(at) }).collect();
        let mut expected = keys.clone();
        expected.sort_unstable();
        assert_eq!(of(&keys), expected);
    }
}
