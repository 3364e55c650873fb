//! Spreading unsigned keys over buckets of about equal sizes, in order.

use std::ops::Range;

use rayon::prelude::*;

use super::sort::{FEW, Key, Read, from_afar};
use super::spare::Spare;
use super::wide::wide;

/// Leading bits, at most, that are looked up; where many keys share them, further bits count.
const TOP_BITS: u32 = 11;
const TOPS: usize = 1 << TOP_BITS;
/// Keys that a bucket should hold at most; more only where it takes so many buckets that their numbers take three bytes.
const BUCKET: usize = 1 << 14;
const FULL_BUCKETS: usize = 1 << 14;
/// Pieces that are spread side by side, at least, and the least and the most elements of one: few enough that their
/// pages are known to the processor.
const PIECES: usize = 8;
const PIECE: (usize, usize) = (1 << 14, 1 << 19);
/// Elements that are turned into keys together.
const BATCH: usize = 2048;
/// Keys of a bucket that stand together, at least and at most; powers of two.
const RUN: (usize, usize) = (8, 64);

/// What leads from a key to its bucket; the larger key never to an earlier one.
#[derive(Debug)]
pub(super) struct Spread {
    /// The least key of the sample, and the distance of the largest: what lies outside goes to the outermost buckets.
    low: u64,
    span: u64,
    /// Bits behind the leading ones.
    shift: u32,
    tops: Box<[Top; TOPS]>,
    buckets: usize,
}

/// The keys of the same leading bits: their first bucket, and how many bits stand behind those that tell their buckets;
/// both in one number, which is loaded at once.
#[derive(Clone, Copy, Debug, Default)]
struct Top(u32);

impl Top {
    const SHIFT_BITS: u32 = 6;

    fn new(first: usize, shift: u32) -> Self {
        Top((first as u32) << Self::SHIFT_BITS | shift)
    }

    #[inline(always)]
    fn first(self) -> u32 {
        self.0 >> Self::SHIFT_BITS
    }

    #[inline(always)]
    fn shift(self) -> u32 {
        self.0 & ((1 << Self::SHIFT_BITS) - 1)
    }
}

impl Spread {
    /// Buckets for `count` keys that are like those of a sample in ascending order.
    pub fn new<K: Key>(sample: &[K], count: usize) -> Self {
        let (low, high) = (sample.first().map_or(0, |key| key.wide()), sample.last().map_or(0, |key| key.wide()));
        let (span, wanted) = (high - low, (count / FEW).max(1).ilog2().min(TOP_BITS));
        let shift = (u64::BITS - span.leading_zeros()).saturating_sub(wanted).min(K::BITS - 1);
        let mut counts = vec![0usize; (span >> shift) as usize + 1];
        sample.iter().for_each(|key| counts[((key.wide() - low) >> shift) as usize] += 1);
        let (mut tops, mut buckets, keys) = (Box::new([Top::default(); TOPS]), 0, BUCKET.max(count / FULL_BUCKETS));
        for (top, found) in tops.iter_mut().zip(counts) {
            let full = found * count / sample.len().max(1) / keys;
            let bits = if full == 0 { 0 } else { (full.ilog2() + 1).min(shift) };
            *top = Top::new(buckets, shift - bits);
            buckets += 1 << bits;
        }
        Spread { low, span, shift, tops, buckets }
    }

    /// The bucket of a key.
    #[inline(always)]
    pub fn bucket<K: Key>(&self, key: K) -> usize {
        let offset = key.above(K::narrow(self.low)).min(K::narrow(self.span));
        let (top, behind) = offset.cut(self.shift);
        let top = self.tops[top.wide() as usize % TOPS];
        top.first() as usize + behind.cut(top.shift()).0.wide() as usize
    }

    /// The least key that a bucket may hold, and how many bits tell its keys apart; `None` for the outermost buckets, which
    /// may hold any.
    pub fn range<K: Key>(&self, bucket: usize) -> Option<(K, u32)> {
        if bucket == 0 || bucket >= self.bucket(K::narrow(self.low + self.span)) {
            return None;
        }
        let tops = &self.tops[..=(self.span >> self.shift) as usize];
        let top = tops.partition_point(|top| top.first() as usize <= bucket) - 1;
        let (first, shift) = (tops[top].first() as usize, tops[top].shift());
        let offset = ((top as u64) << self.shift) + (((bucket - first) as u64) << shift);
        Some((K::narrow(self.low + offset), shift))
    }

    /// The buckets of some keys.
    fn all<K: Key>(&self, keys: &[K], buckets: &mut [u16]) {
        wide(
            #[inline(always)]
            || keys.iter().zip(buckets).for_each(|(&key, bucket)| *bucket = self.bucket(key) as u16),
        );
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

/// Keys of some neighbouring elements, in runs of one bucket: nothing must be counted before they are spread.
#[derive(Debug, Default)]
pub(super) struct Piece<K> {
    keys: Vec<K>,
    /// Places for keys in a run, and the bucket of each.
    run: usize,
    buckets: Vec<u16>,
    /// For each bucket the end of its last run, the only one that may not be full; 0 for none.
    ends: Vec<u32>,
    /// The runs, bucket by bucket, and where those of each bucket begin; their number behind the last.
    order: Vec<u32>,
    firsts: Vec<u32>,
}

impl<K> Scattered<K> {
    /// The keys of a bucket, run by run.
    pub fn runs(&self, bucket: usize) -> impl Iterator<Item = &[K]> {
        self.pieces.iter().flat_map(move |piece| piece.runs(bucket))
    }

    /// Leaves the memory for others.
    pub fn give(self, spare: &Spare<Piece<K>>)
    where
        K: Default,
    {
        self.pieces.into_iter().for_each(|piece| spare.give(piece));
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }
}

impl<K> Piece<K> {
    /// Number of keys of a bucket.
    fn len(&self, bucket: usize) -> usize {
        let runs = (self.firsts[bucket + 1] - self.firsts[bucket]) as usize;
        runs.checked_sub(1).map_or(0, |full| full * self.run + (self.ends[bucket] as usize - 1) % self.run + 1)
    }

    /// The runs of a bucket.
    fn runs(&self, bucket: usize) -> impl Iterator<Item = &[K]> {
        let range = self.firsts[bucket] as usize..self.firsts[bucket + 1] as usize;
        self.order[range].iter().map(move |&run| {
            let start = run as usize * self.run;
            &self.keys[start..(start + self.run).min(self.ends[bucket] as usize)]
        })
    }
}

/// Spreads the keys of `length` elements over buckets, in memory that is to spare.
pub(super) fn scatter<K: Key>(
    length: usize,
    spread: &Spread,
    read: &impl Read<K>,
    spare: &Spare<Piece<K>>,
) -> Scattered<K> {
    let step = length.div_ceil(PIECES).clamp(PIECE.0, PIECE.1);
    let piece = |at: usize| piece(at * step..((at + 1) * step).min(length), spread, read, spare.take());
    let pieces: Vec<_> = (0..length.div_ceil(step)).into_par_iter().map(piece).collect();
    let count = |bucket: usize| pieces.iter().map(|piece| piece.len(bucket)).sum::<usize>();
    let mut starts: Vec<usize> = (0..spread.buckets).into_par_iter().with_min_len(64).map(count).collect();
    let mut below = 0;
    starts.iter_mut().for_each(|start| below += std::mem::replace(start, below));
    starts.push(below);
    Scattered { pieces, starts }
}

/// Spreads the keys of some elements, in the memory of another piece.
fn piece<K: Key>(elements: Range<usize>, spread: &Spread, read: &impl Read<K>, used: Piece<K>) -> Piece<K> {
    // Half of a bucket's last run is empty: short runs where buckets are many keep that little.
    let run = (elements.len() / spread.buckets / 4).next_power_of_two().clamp(RUN.0, RUN.1);
    let Piece { mut keys, mut buckets, mut ends, order, firsts, .. } = used;
    let room = elements.len() + spread.buckets * run;
    keys.clear();
    keys.reserve(room);
    buckets.clear();
    buckets.reserve(room / run);
    ends.clear();
    ends.resize(spread.buckets, 0u32);
    let (mut batch, mut places) = ([K::default(); BATCH], [0; BATCH]);
    for start in elements.clone().step_by(BATCH) {
        let range = start..(start + BATCH).min(elements.end);
        let count = read(range.clone(), &mut batch[..range.len()]);
        spread.all(&batch[..count], &mut places);
        from_afar(count, |at| {
            let end = &mut ends[usize::from(places[at])];
            if *end as usize & (run - 1) == 0 {
                buckets.push(places[at]);
                *end = keys.len() as u32;
                keys.resize(keys.len() + run, K::default());
            }
            keys[*end as usize] = batch[at];
            *end += 1;
        });
    }
    let (order, firsts) = by_bucket(&buckets, spread.buckets, order, firsts);
    Piece { keys, run, buckets, ends, order, firsts }
}

/// The places of runs, given the bucket of each, bucket by bucket, and where those of each bucket begin; in memory that
/// was used before.
fn by_bucket(buckets: &[u16], count: usize, mut order: Vec<u32>, mut firsts: Vec<u32>) -> (Vec<u32>, Vec<u32>) {
    firsts.clear();
    firsts.resize(count + 1, 0);
    buckets.iter().for_each(|&bucket| firsts[usize::from(bucket)] += 1);
    let mut below = 0;
    firsts.iter_mut().for_each(|first| below += std::mem::replace(first, below));
    order.resize(buckets.len(), 0);
    for (run, &bucket) in buckets.iter().enumerate() {
        let place = &mut firsts[usize::from(bucket)];
        order[*place as usize] = run as u32;
        *place += 1;
    }
    // Each has moved to the beginning of the next.
    firsts.rotate_right(1);
    firsts[0] = 0;
    (order, firsts)
}

#[cfg(test)]
mod tests {
    use super::super::sort::SAMPLE;
    use super::*;

    #[test]
    fn numbers_of_buckets_take_two_bytes_however_many_keys_there_are() {
        let sample: Vec<u64> = (0..SAMPLE as u64).map(|at| at * (u64::MAX / SAMPLE as u64)).collect();
        for count in [1 << 20, 1 << 30, 1 << 40] {
            assert!(Spread::new(&sample, count).buckets <= 1 << 16, "{count} keys");
        }
    }

    #[test]
    fn a_bucket_holds_keys_of_its_range_alone() {
        let root = |at: u64| (at * at) % 1_000_003 * 977 + 5;
        let mut sample: Vec<u32> = (0..SAMPLE as u64).map(|at| root(at) as u32).collect();
        sample.sort_unstable();
        let spread = Spread::new(&sample, 1 << 24);
        let mut ranges = 0;
        for key in (0..100_000).map(|at| (root(at * 31) + at) as u32).chain([0, u32::MAX]) {
            let bucket = spread.bucket(key);
            if let Some((least, bits)) = spread.range::<u32>(bucket) {
                assert!(key >= least && (key - least) >> bits == 0, "{key} in {bucket}: {bits} bits from {least} on");
                ranges += 1;
            }
        }
        assert!(ranges > 90_000, "{ranges} of the keys lie in inner buckets");
    }

    #[test]
    fn many_buckets_take_little_more_memory_than_their_keys() {
        for (count, buckets) in [(1 << 16, 1 << 2), (1 << 18, 1 << 11), (1 << 18, 1 << 14)] {
            let spread = Spread { low: 0, span: u64::MAX, shift: 53, tops: Box::new([Top::new(0, 53); TOPS]), buckets };
            let read = |range: Range<usize>, keys: &mut [u64]| {
                keys.iter_mut().zip(range).for_each(|(key, at)| *key = at as u64);
                keys.len()
            };
            let piece = piece(0..count, &spread, &read, Piece::default());
            let mut keys: Vec<u64> = piece.runs(0).flatten().copied().collect();
            keys.sort_unstable();
            assert!(keys.into_iter().eq(0..count as u64), "{buckets} buckets");
            assert!(piece.run * buckets <= (count / 2).max(RUN.0 * buckets), "{} in a run", piece.run);
        }
    }
}
