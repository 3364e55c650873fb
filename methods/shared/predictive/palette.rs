//! Few distinct values: the array as indices into a sorted list of them.

use crate::shared::mixing::{CLASSES, Outlook, Wide, expected};
use crate::shared::multilevel::Sample;
use crate::shared::range::BitCoder;
use crate::shared::residual::exact::Exact;

/// Values looked at before the trouble of sorting all is taken.
const LOOKED_AT: usize = 1 << 12;
/// Most entries.
const MOST: usize = 1 << 16;
/// Units that entries may be multiples of: the bound, rounded down to a power of two, and so many halves of it.
const HALVES: u32 = 15;
/// Of as many points as a lattice would have, the largest share that entries may be.
const LEAST_GAPS: f64 = 0.7;
/// Cells in the width of an interval.
const CELLS: f64 = 4.0;
/// Parts of an array, one value of so many each, that are looked at one after the other.
const PARTS: usize = 8;
/// Cells that are told apart, at most.
const MOST_CELLS: f64 = (1 << 18) as f64;
/// Exponents of a unit are stated relative to this.
const LEAST_EXPONENT: i32 = -1100;

/// Values in ascending order.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette<T> {
    entries: Vec<T>,
    /// The exponent of the unit that all of them are multiples of, if there is one.
    unit: Option<i32>,
}

impl<T: Sample> Palette<T> {
    /// Whether some of an array's values give hope that there is one for all.
    pub fn is_likely(some: &[T], bound: f64) -> bool {
        cover(some.iter().map(|value| value.to_f64()).collect(), bound).len() <= some.len() / 2
    }

    /// Few values that are within `bound` of all others, and the index of each value's entry.
    ///
    /// None if there are not fewer than a lattice would have points.
    pub fn find(data: &[T], bound: f64) -> Option<(Self, Vec<i32>)> {
        let most = (data.len() / 8).min(MOST);
        let every = (data.len() / LOOKED_AT).max(1);
        let few: Vec<f64> = data.iter().step_by(every).map(|value| value.to_f64()).collect();
        let looked_at = few.len();
        if cover(few, bound).len() > most.min(looked_at / 2).max(1) {
            return None;
        }
        let sparse = |intervals: usize, span: f64| {
            // No span and no bound: one value, for which there is no lattice.
            let points = if span > 0.0 || bound > 0.0 { span / (2.0 * bound) + 1.0 } else { f64::INFINITY };
            intervals <= most && intervals as f64 <= LEAST_GAPS * points
        };
        if let Some(mut cells) = Cells::of(data, bound) {
            // A part tells if there are too many already.
            for start in 0..PARTS {
                data.iter().skip(start).step_by(PARTS).for_each(|value| cells.hold(value.to_f64()));
                if start == 0 && !sparse(cells.cover(bound).0.len(), cells.span) {
                    return None;
                }
            }
            let (intervals, map) = cells.cover(bound);
            let palette = sparse(intervals.len(), cells.span).then(|| Palette::within(&intervals, bound))??;
            return Some((palette, data.iter().map(|value| map[cells.cell(value.to_f64())]).collect()));
        }
        let all = distinct(data).unwrap_or_else(|| data.iter().map(|value| value.to_f64()).collect());
        let intervals = cover(all, bound);
        let span = intervals.last()?.1 - intervals.first()?.0;
        let palette = sparse(intervals.len(), span).then(|| Palette::within(&intervals, bound))??;
        let starts: Vec<f64> = intervals.iter().map(|interval| interval.0).collect();
        let index = |value: &T| starts.partition_point(|start| *start <= value.to_f64()) as i32 - 1;
        Some((palette, data.iter().map(index).collect()))
    }

    /// One value for each interval, on the coarsest grid that has one in all of them.
    fn within(intervals: &[(f64, f64)], bound: f64) -> Option<Self> {
        let largest = if bound > 0.0 { libm::ilogb(bound.min(1e300)).max(-1000) } else { -1000 };
        let units = (0..HALVES as i32).map(|halves| largest - halves);
        let at = |unit: Option<i32>| {
            let entry = |&(low, high): &(f64, f64)| {
                let middle = low / 2.0 + high / 2.0;
                let value = unit.map_or(middle, |unit| libm::scalbn(libm::scalbn(middle, -unit).round(), unit));
                let entry = T::restore(value);
                let kept = [low, high].iter().all(|&end| entry.within(T::restore(end), bound));
                kept.then_some(entry)
            };
            let entries: Vec<T> = intervals.iter().map(entry).collect::<Option<_>>()?;
            Some(Palette { entries, unit }).filter(Palette::has_gaps)
        };
        units.map(Some).find_map(&at).or_else(|| at(None))
    }

    /// Whether the gaps between entries are integers that can be coded, where there is a unit.
    fn has_gaps(&self) -> bool {
        let Some(unit) = self.unit else { return true };
        self.entries.windows(2).all(|pair| {
            let gap = gap(pair[0], pair[1], unit);
            gap.fract() == 0.0 && gap > 0.0 && gap < 1e9 && next(pair[0], gap as i32, unit) == pair[1]
        })
    }

    /// The values that indices stand for; an index that is too large stands for the last entry.
    pub fn values(&self, indices: &[i32], values: &mut [T]) {
        let last = self.entries.len() as i32 - 1;
        for (value, &index) in values.iter_mut().zip(indices) {
            *value = self.entries[index.clamp(0, last) as usize];
        }
    }

    /// States the palette of an array of `len` values; `known` is that of an encoder.
    pub fn state(known: Option<&Self>, len: usize, coder: &mut impl BitCoder) -> Self {
        let count = known.map_or(1, |palette| palette.entries.len());
        let count = (coder.plain(count as u64 - 1, 16) as usize + 1).min(len.max(1));
        let unit = known.and_then(|palette| palette.unit);
        let there = coder.plain(u64::from(unit.is_some()), 1) == 1;
        let unit = there.then(|| coder.plain((unit.unwrap_or(0) - LEAST_EXPONENT) as u64, 12) as i32 + LEAST_EXPONENT);
        let (mut exact, mut gaps) = (Exact::new(1), Wide::new([CLASSES, 16], 1));
        let mut entries: Vec<T> = Vec::with_capacity(count);
        let mut before = 1;
        for i in 0..count {
            let entry = known.map_or(T::default(), |palette| palette.entries[i]);
            let last = entries.last().copied().unwrap_or_default();
            entries.push(match unit {
                Some(unit) if i > 0 => {
                    let known_gap = if known.is_some() { gap(last, entry, unit) as i32 } else { 0 };
                    let size = 32 - (before as u32).leading_zeros() as usize;
                    let contexts = [expected(before as u32), size.min(15)];
                    let outlook = Outlook { contexts, sign: 0, likely: (0, 0) };
                    before = gaps.code(known_gap, &outlook, coder).saturating_abs();
                    next(last, before, unit)
                }
                _ => exact.code(entry, last, 0, coder).0,
            });
        }
        Palette { entries, unit }
    }
}

/// The span of an array in even cells, a few to an interval, and the ends of the values in each.
struct Cells {
    lowest: f64,
    span: f64,
    inverse: f64,
    ends: Vec<(f64, f64)>,
}

impl Cells {
    /// Empty cells; none if there are too many, or not all values are finite.
    fn of<T: Sample>(data: &[T], bound: f64) -> Option<Self> {
        let ((mut lowest, mut highest), mut numbers) = (NOTHING, true);
        for value in data {
            let value = value.to_f64();
            lowest = if value < lowest { value } else { lowest };
            highest = if value > highest { value } else { highest };
            numbers &= !value.is_nan();
        }
        let (span, inverse) = (highest - lowest, CELLS / 2.0 / bound);
        let count = span * inverse + 1.0;
        let few = numbers && inverse.is_finite() && count < MOST_CELLS;
        few.then(|| Cells { lowest, span, inverse, ends: vec![NOTHING; count as usize] })
    }

    /// Takes note of a value.
    #[inline(always)]
    fn hold(&mut self, value: f64) {
        let cell = self.cell(value);
        let (low, high) = self.ends[cell];
        self.ends[cell] = (low.min(value), high.max(value));
    }

    #[inline(always)]
    fn cell(&self, value: f64) -> usize {
        (((value - self.lowest) * self.inverse) as usize).min(self.ends.len() - 1)
    }

    /// Intervals of at most twice `bound` that hold whole cells, greedily from the smallest, and the index of each cell's.
    fn cover(&self, bound: f64) -> (Vec<(f64, f64)>, Vec<i32>) {
        let (mut intervals, width): (Vec<(f64, f64)>, _) = (Vec::new(), width(bound));
        let mut place = |&(low, high): &(f64, f64)| {
            match intervals.last_mut() {
                _ if low > high => {}
                Some(last) if high - last.0 <= width => last.1 = high,
                _ => intervals.push((low, high)),
            }
            intervals.len() as i32 - 1
        };
        let map = self.ends.iter().map(&mut place).collect();
        (intervals, map)
    }
}

/// The ends of no values.
const NOTHING: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

/// The width of an interval; an entry is somewhere in between: room for rounding it to the data's type.
fn width(bound: f64) -> f64 {
    2.0 * bound.min(1e300) * (1.0 - 1.0 / 1024.0)
}

/// The distance of two multiples of a unit, in units.
fn gap<T: Sample>(from: T, to: T, unit: i32) -> f64 {
    libm::scalbn(to.to_f64() - from.to_f64(), -unit)
}

fn next<T: Sample>(from: T, gap: i32, unit: i32) -> T {
    T::restore(from.to_f64() + libm::scalbn(f64::from(gap), unit))
}

/// Every value once, if there are not many.
fn distinct<T: Sample>(data: &[T]) -> Option<Vec<f64>> {
    // One more than the index of what was put there; 0 for nothing.
    let mut slots = vec![0u32; 2 * MOST];
    let mut values: Vec<T> = Vec::new();
    for value in data {
        let mut slot = (value.to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 47) as usize;
        while slots[slot] > 0 && values[slots[slot] as usize - 1].to_bits() != value.to_bits() {
            slot = (slot + 1) % slots.len();
        }
        if slots[slot] == 0 {
            if values.len() == MOST {
                return None;
            }
            values.push(*value);
            slots[slot] = values.len() as u32;
        }
    }
    Some(values.iter().map(|value| value.to_f64()).collect())
}

/// The fewest intervals of at most twice `bound` that hold all values, greedily from the smallest.
fn cover(mut values: Vec<f64>, bound: f64) -> Vec<(f64, f64)> {
    values.sort_unstable_by(f64::total_cmp);
    let mut intervals: Vec<(f64, f64)> = Vec::new();
    let width = width(bound);
    for value in values {
        match intervals.last_mut() {
            Some(last) if value - last.0 <= width => last.1 = value,
            _ => intervals.push((value, value)),
        }
    }
    intervals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::range::{RangeDecoder, RangeEncoder};

    fn check<T: Sample>(data: &[T], bound: f64) -> Option<(usize, usize)> {
        let (palette, indices) = Palette::find(data, bound)?;
        let mut encoder = RangeEncoder::new();
        Palette::state(Some(&palette), data.len(), &mut encoder);
        let bytes = encoder.finish();
        let read = Palette::<T>::state(None, data.len(), &mut RangeDecoder::new(&bytes));
        assert_eq!(read, palette);
        let mut back = vec![T::default(); data.len()];
        read.values(&indices, &mut back);
        assert!(back.iter().zip(data).all(|(back, value)| back.within(*value, bound)));
        Some((palette.entries.len(), bytes.len()))
    }

    #[test]
    fn few_values_take_few_bytes_and_keep_the_bound() {
        let rough: Vec<f32> = (0..5000).map(|i| (i * i % 17) as f32 * 1.37).collect();
        let (entries, exact) = check(&rough, 0.0).expect("few values");
        let (_, bytes) = check(&rough, 0.1).expect("few values");
        assert!(entries == 9 && bytes < exact, "{entries} entries, {bytes} and {exact} bytes");
        assert_eq!(check(&vec![7.5f64; 100], 0.0).map(|found| found.0), Some(1));
        assert_eq!(check(&(0..5000).map(|i| i as f32).collect::<Vec<_>>(), 0.3), None);
    }
}
