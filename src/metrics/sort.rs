//! Sorting unsigned keys: by their leading digits into buckets, each of which then fits into a cache.

use rayon::prelude::*;

/// Bits of the digit by which all keys are spread first.
const SPREAD_BITS: u32 = 11;
/// Bits of a digit within a bucket.
const DIGIT_BITS: u32 = 8;
/// Keys below which a comparison sort is as good.
const FEW: usize = 96;
/// Pieces that are spread side by side; the order of equal keys, which this decides, cannot be seen.
const PIECES: usize = 8;

/// An unsigned number to sort by.
pub(super) trait Key: Copy + Default + Ord + Send + Sync {
    /// The key as the widest one.
    fn wide(self) -> u64;
}

impl Key for u32 {
    #[inline(always)]
    fn wide(self) -> u64 {
        u64::from(self)
    }
}

impl Key for u64 {
    #[inline(always)]
    fn wide(self) -> u64 {
        self
    }
}

/// The keys in ascending order.
pub(super) fn sorted<K: Key>(keys: Vec<K>) -> Vec<K> {
    let (Some(min), Some(max)) = (keys.par_iter().min(), keys.par_iter().max()) else { return keys };
    let (min, span) = (min.wide(), max.wide() - min.wide());
    if span == 0 {
        return keys;
    }
    let bits = 64 - span.leading_zeros();
    let shift = bits.saturating_sub(SPREAD_BITS);
    let mut spread = vec![K::default(); keys.len()];
    let digit = |key: K| ((key.wide() - min) >> shift) as usize;
    let mut buckets = scatter(&keys, &mut spread, (span >> shift) as usize + 1, digit);
    drop(keys);
    let offset = |key: K| key.wide() - min;
    buckets.par_iter_mut().for_each_init(Vec::new, |scratch, bucket| sort_bucket(bucket, scratch, shift, offset));
    spread
}

/// Copies each key to its bucket; the buckets are pieces of `spread`, in order.
fn scatter<'a, K: Key>(
    keys: &[K],
    spread: &'a mut [K],
    count: usize,
    digit: impl Fn(K) -> usize + Sync,
) -> Vec<&'a mut [K]> {
    let pieces: Vec<&[K]> = keys.chunks(keys.len().div_ceil(PIECES).max(1)).collect();
    let tally = |piece: &&[K]| {
        let mut counts = vec![0usize; count];
        piece.iter().for_each(|&key| counts[digit(key)] += 1);
        counts
    };
    let counts: Vec<Vec<usize>> = pieces.par_iter().map(tally).collect();
    let totals: Vec<usize> = (0..count).map(|bucket| counts.iter().map(|counts| counts[bucket]).sum()).collect();
    let mut places: Vec<Vec<&mut [K]>> = pieces.iter().map(|_| Vec::with_capacity(count)).collect();
    let mut rest = &mut *spread;
    for bucket in 0..count {
        for (place, counts) in places.iter_mut().zip(&counts) {
            let (here, behind) = rest.split_at_mut(counts[bucket]);
            place.push(here);
            rest = behind;
        }
    }
    pieces.par_iter().zip(places).for_each(|(piece, mut places)| {
        let mut filled = vec![0u32; count];
        for &key in *piece {
            let bucket = digit(key);
            places[bucket][filled[bucket] as usize] = key;
            filled[bucket] += 1;
        }
    });
    split(spread, &totals)
}

fn split<'a, K>(mut rest: &'a mut [K], lengths: &[usize]) -> Vec<&'a mut [K]> {
    let mut parts = Vec::with_capacity(lengths.len());
    for &length in lengths {
        let (part, behind) = rest.split_at_mut(length);
        parts.push(part);
        rest = behind;
    }
    parts
}

/// Sorts keys that differ in their low `bits` bits only: least significant digit first.
fn sort_bucket<K: Key>(bucket: &mut [K], scratch: &mut Vec<K>, bits: u32, offset: impl Fn(K) -> u64) {
    if bucket.len() < FEW || bits == 0 {
        if bits > 0 {
            bucket.sort_unstable();
        }
        return;
    }
    scratch.clear();
    scratch.extend_from_slice(bucket);
    let mut in_scratch = true;
    for pass in 0..bits.div_ceil(DIGIT_BITS) {
        let digit = |key: K| (offset(key) >> (pass * DIGIT_BITS)) as usize & ((1 << DIGIT_BITS) - 1);
        let (from, to) = if in_scratch { (&mut scratch[..], &mut *bucket) } else { (&mut *bucket, &mut scratch[..]) };
        if by_digit(from, to, digit) {
            in_scratch = !in_scratch;
        }
    }
    if in_scratch {
        bucket.copy_from_slice(scratch);
    }
}

/// Moves keys in the order of a digit; says no if the digit is the same in all, and then nothing has moved.
fn by_digit<K: Key>(from: &[K], to: &mut [K], digit: impl Fn(K) -> usize) -> bool {
    let mut places = [0usize; 1 << DIGIT_BITS];
    from.iter().for_each(|&key| places[digit(key)] += 1);
    if places.contains(&from.len()) {
        return false;
    }
    let mut start = 0;
    for place in &mut places {
        start += std::mem::replace(place, start);
    }
    for &key in from {
        let place = &mut places[digit(key)];
        to[*place] = key;
        *place += 1;
    }
    true
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

    #[test]
    fn keys_of_every_width_and_number_come_out_as_a_comparison_sorts_them() {
        for count in [0, 1, 2, 95, 96, 1000, 20_011] {
            for mask in [0, 1, 0xff, 0x7ff, 0xffff_f000, u64::MAX, 0xffff_0000_0000_0000] {
                let keys: Vec<u64> = random(count, mask).iter().map(|key| key | 1 << 20).collect();
                let mut expected = keys.clone();
                expected.sort_unstable();
                assert_eq!(sorted(keys.clone()), expected, "{count} keys of {mask:x}");
                let narrow: Vec<u32> = keys.iter().map(|&key| key as u32).collect();
                let mut expected = narrow.clone();
                expected.sort_unstable();
                assert_eq!(sorted(narrow), expected);
            }
        }
    }

    #[test]
    fn one_bucket_that_holds_nearly_all_is_sorted_too() {
        let mut keys = random(50_000, 0xff_ffff);
        keys.push(u64::MAX);
        let mut expected = keys.clone();
        expected.sort_unstable();
        assert_eq!(sorted(keys), expected);
    }
}
