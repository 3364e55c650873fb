//! Sorting unsigned keys: spread over buckets of about equal sizes, each of which then fits into a cache.

use std::ops::Range;

use rayon::prelude::*;

use super::wide::wide;

/// Leading bits, at most, that are looked up; where many keys share them, further bits count.
const TOP_BITS: u32 = 11;
/// Keys that a bucket should hold at most; more only where it takes so many buckets that their numbers take three bytes.
const BUCKET: usize = 1 << 14;
const FULL_BUCKETS: usize = 1 << 14;
/// Bits of a digit within a bucket.
const DIGIT_BITS: u32 = 8;
const DIGITS: usize = 1 << DIGIT_BITS;
/// Keys below which a comparison sort is as good.
const FEW: usize = 64;
/// Keys from which the sizes of buckets are foreseen.
pub(super) const SAMPLE: usize = 1 << 14;
/// Pieces that are spread side by side, at least, and the least and the most elements of one: few enough that their
/// pages are known to the processor.
const PIECES: usize = 8;
const PIECE: (usize, usize) = (1 << 14, 1 << 19);
/// Elements that are turned into keys together.
const BATCH: usize = 2048;

/// An unsigned number to sort by.
pub(super) trait Key: Copy + Default + Ord + Send + Sync {
    /// The key as the widest one.
    fn wide(self) -> u64;
    /// The key of this value, which fits.
    fn narrow(wide: u64) -> Self;
}

impl Key for u32 {
    #[inline(always)]
    fn wide(self) -> u64 {
        u64::from(self)
    }

    #[inline(always)]
    fn narrow(wide: u64) -> Self {
        wide as u32
    }
}

impl Key for u64 {
    #[inline(always)]
    fn wide(self) -> u64 {
        self
    }

    #[inline(always)]
    fn narrow(wide: u64) -> Self {
        wide
    }
}

/// Where keys are read: appends those of a range of elements.
pub(super) trait Read<K>: Fn(Range<usize>, &mut Vec<K>) + Sync {}

impl<K, F: Fn(Range<usize>, &mut Vec<K>) + Sync> Read<K> for F {}

/// The keys of `length` elements in ascending order.
pub(super) fn sorted<K: Key>(length: usize, read: &impl Read<K>) -> Vec<K> {
    let (mut sample, step) = (Vec::new(), (length / SAMPLE).max(1));
    (0..length).step_by(step).for_each(|at| read(at..at + 1, &mut sample));
    sample.sort_unstable();
    let spread = Spread::new(&sample, length);
    let scattered = scatter(length, &spread, read);
    let mut keys = vec![K::default(); scattered.len()];
    let places = split(&mut keys, &scattered.starts);
    let sort = |sorter: &mut Sorter<K>, (bucket, place): (usize, &mut [K])| {
        place.copy_from_slice(sorter.sort(&scattered, bucket));
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

/// What leads from a key to its bucket; the larger key never to an earlier one.
pub(super) struct Spread {
    /// The least key of the sample, and the distance of the largest: what lies outside goes to the outermost buckets.
    low: u64,
    span: u64,
    /// Bits behind the leading ones.
    shift: u32,
    tops: Vec<Top>,
    buckets: usize,
}

/// The keys of the same leading bits: their first bucket, and how many bits stand behind those that tell their buckets.
#[derive(Clone, Copy)]
struct Top {
    first: u32,
    shift: u32,
}

impl Spread {
    /// Buckets for `count` keys that are like those of a sample in ascending order.
    pub fn new<K: Key>(sample: &[K], count: usize) -> Self {
        let (low, high) = (sample.first().map_or(0, |key| key.wide()), sample.last().map_or(0, |key| key.wide()));
        let (span, wanted) = (high - low, (count / FEW).max(1).ilog2().min(TOP_BITS));
        let shift = (u64::BITS - span.leading_zeros()).saturating_sub(wanted).min(u64::BITS - 1);
        let mut counts = vec![0usize; (span >> shift) as usize + 1];
        sample.iter().for_each(|key| counts[((key.wide() - low) >> shift) as usize] += 1);
        let (mut tops, mut buckets, keys) = (Vec::with_capacity(counts.len()), 0, BUCKET.max(count / FULL_BUCKETS));
        for found in counts {
            let full = found * count / sample.len().max(1) / keys;
            let bits = if full == 0 { 0 } else { (full.ilog2() + 1).min(shift) };
            tops.push(Top { first: buckets as u32, shift: shift - bits });
            buckets += 1 << bits;
        }
        Spread { low, span, shift, tops, buckets }
    }

    /// The bucket of a key.
    #[inline(always)]
    pub fn bucket<K: Key>(&self, key: K) -> usize {
        let offset = key.wide().saturating_sub(self.low).min(self.span);
        let top = self.tops[(offset >> self.shift) as usize];
        top.first as usize + ((offset & ((1 << self.shift) - 1)) >> top.shift) as usize
    }

    /// How many of some keys in ascending order lie below each bucket; their number behind the last.
    pub fn starts<K: Key>(&self, keys: &[K]) -> Vec<usize> {
        let below = |bucket: usize| keys.partition_point(|&key| self.bucket(key) < bucket);
        (0..self.buckets + 1).into_par_iter().with_min_len(64).map(below).collect()
    }
}

/// Keys by bucket.
pub(super) struct Scattered<K> {
    pieces: Vec<Piece<K>>,
    /// Keys below each bucket; their number behind the last.
    pub starts: Vec<usize>,
}

/// Keys of some neighbouring elements by bucket, and where each bucket ends.
struct Piece<K> {
    keys: Vec<K>,
    ends: Vec<u32>,
}

impl<K> Scattered<K> {
    /// Number of keys.
    pub fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }
}

impl<K> Piece<K> {
    fn bucket(&self, bucket: usize) -> &[K] {
        let start = if bucket == 0 { 0 } else { self.ends[bucket - 1] };
        &self.keys[start as usize..self.ends[bucket] as usize]
    }
}

/// Spreads the keys of `length` elements over buckets.
pub(super) fn scatter<K: Key>(length: usize, spread: &Spread, read: &impl Read<K>) -> Scattered<K> {
    let step = length.div_ceil(PIECES).clamp(PIECE.0, PIECE.1);
    let piece = |at: usize| piece(at * step..((at + 1) * step).min(length), spread, read);
    let pieces: Vec<_> = (0..length.div_ceil(step)).into_par_iter().map(piece).collect();
    let below = |bucket: usize| pieces.iter().map(|piece| piece.ends[bucket] as usize).sum();
    let starts = std::iter::once(0).chain((0..spread.buckets).map(below)).collect();
    Scattered { pieces, starts }
}

fn piece<K: Key>(elements: Range<usize>, spread: &Spread, read: &impl Read<K>) -> Piece<K> {
    let mut batch = Vec::with_capacity(BATCH);
    let mut each = |with: &mut dyn FnMut(&[K])| {
        for start in elements.clone().step_by(BATCH) {
            batch.clear();
            read(start..(start + BATCH).min(elements.end), &mut batch);
            with(&batch);
        }
    };
    let (mut places, mut buckets) = (vec![0u32; spread.buckets], Vec::<u16>::with_capacity(elements.len()));
    each(&mut |keys| {
        let known = buckets.len();
        buckets.extend(keys.iter().map(|&key| spread.bucket(key) as u16));
        let (buckets, places) = (&buckets[known..], &mut places[..]);
        from_afar(keys.len(), |at| places[buckets[at] as usize] += 1);
    });
    let mut start = 0;
    places.iter_mut().for_each(|place| start += std::mem::replace(place, start));
    let mut spread_out = vec![K::default(); start as usize];
    let mut rest = &buckets[..];
    each(&mut |keys| {
        let (buckets, behind) = rest.split_at(keys.len());
        rest = behind;
        let (places, spread_out) = (&mut places[..], &mut spread_out[..]);
        from_afar(keys.len(), |at| {
            let place = &mut places[buckets[at] as usize];
            spread_out[*place as usize] = keys[at];
            *place += 1;
        });
    });
    Piece { keys: spread_out, ends: places }
}

/// Calls `with` for each place below `count`, those far apart after one another: neighbours often share a bucket, whose
/// counter would be waited for.
#[inline(always)]
fn from_afar(count: usize, mut with: impl FnMut(usize)) {
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
    pub fn sort(&mut self, scattered: &Scattered<K>, bucket: usize) -> &[K] {
        self.keys.clear();
        scattered.pieces.iter().for_each(|piece| self.keys.extend_from_slice(piece.bucket(bucket)));
        if self.keys.len() < FEW {
            self.keys.sort_unstable();
            return &self.keys;
        }
        let (min, max) = extremes(&self.keys);
        let bits = u64::BITS - (max.wide() - min.wide()).leading_zeros();
        // Two digits tell nearly all keys apart, and leave little to a last look at neighbours.
        let shift = bits.saturating_sub(2 * DIGIT_BITS);
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
}

/// The least and the largest of some keys.
fn extremes<K: Key>(keys: &[K]) -> (K, K) {
    let (mut min, mut max) = (keys[0], keys[0]);
    wide(
        #[inline(always)]
        || {
            for &key in keys {
                (min, max) = (min.min(key), max.max(key));
            }
        },
    );
    (min, max)
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
        sorted(keys.len(), &|range: Range<usize>, out: &mut Vec<K>| out.extend_from_slice(&keys[range]))
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
    fn numbers_of_buckets_take_two_bytes_however_many_keys_there_are() {
        let mut sample = random(SAMPLE, u64::MAX);
        sample.sort_unstable();
        for count in [1 << 20, 1 << 30, 1 << 40] {
            assert!(Spread::new(&sample, count).buckets <= 1 << 16, "{count} keys");
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
