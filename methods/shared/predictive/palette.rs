//! Few distinct values: the array as indices into a sorted list of them.

use crate::shared::mixing::{Outlook, Wide};
use crate::shared::multilevel::Sample;
use crate::shared::range::BitCoder;
use crate::shared::residual::exact::Exact;

/// Values looked at before the trouble of sorting all is taken.
const LOOKED_AT: usize = 1 << 12;
/// Most entries.
const MOST: usize = 1 << 16;
/// Units that entries may be multiples of: the bound, rounded down to a power of two, and so many halves of it.
const HALVES: u32 = 15;
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
        let all = distinct(data).unwrap_or_else(|| data.iter().map(|value| value.to_f64()).collect());
        let intervals = cover(all, bound);
        let span = intervals.last()?.1 - intervals.first()?.0;
        if intervals.len() > most || intervals.len() as f64 > 0.7 * (span / (2.0 * bound) + 1.0) {
            return None;
        }
        let palette = Palette::within(&intervals, bound)?;
        let starts: Vec<f64> = intervals.iter().map(|interval| interval.0).collect();
        let index = |value: &T| starts.partition_point(|start| *start <= value.to_f64()) as i32 - 1;
        let indices = data.iter().map(index).collect();
        Some((palette, indices))
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
        let (mut exact, mut gaps) = (Exact::new(1), Wide::new([16], 1, false));
        let mut entries: Vec<T> = Vec::with_capacity(count);
        let mut before = 1;
        for i in 0..count {
            let entry = known.map_or(T::default(), |palette| palette.entries[i]);
            let last = entries.last().copied().unwrap_or_default();
            entries.push(match unit {
                Some(unit) if i > 0 => {
                    let known_gap = if known.is_some() { gap(last, entry, unit) as i32 } else { 0 };
                    let size = 32 - (before as u32).leading_zeros() as usize;
                    let outlook =
                        Outlook { contexts: [size.min(15)], expected: before as u32, sign: 0, likely: (0, 0) };
                    before = gaps.code(known_gap, &outlook, coder).saturating_abs();
                    next(last, before, unit)
                }
                _ => exact.code(entry, last, 0, coder).0,
            });
        }
        Palette { entries, unit }
    }
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
    // An entry is somewhere in between: room for rounding it to the data's type.
    let width = 2.0 * bound.min(1e300) * (1.0 - 1.0 / 1024.0);
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
