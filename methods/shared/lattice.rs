//! Quantise first: every value to the nearest point of one lattice, predicted and coded as integers.

use crate::shared::multilevel::{ROUNDER, Sample, TRIM_UNITS, largest, trim};
use crate::shared::range::BitCoder;
use crate::shared::simd::{self, Kernel};

/// Points further from the origin than this are not numbered.
const FURTHEST: f64 = (1u64 << 26) as f64;
/// Values that are numbered before it is seen whether they all could be.
const PIECE: usize = 1 << 12;
/// Exponents of a unit are stated relative to this.
const LEAST_EXPONENT: i32 = -1100;

/// Points `origin + k step`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lattice<T> {
    spacing: Spacing,
    origin: Option<T>,
}

/// How far apart the points are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Spacing {
    /// Twice the bound, less so many 4096ths; for integers the odd number that is next below.
    Bound(u32),
    /// As many units of `2^exponent` as fit into twice the bound: the data's last place, so that nothing is rounded.
    Units { exponent: i32, odd: bool },
}

impl<T: Sample> Lattice<T> {
    /// The lattice with the widest spacing that keeps `bound` everywhere, and the numbers of the values' points.
    pub fn find(data: &[T], bound: f64) -> Option<(Self, Vec<i32>)> {
        let mut spacings = vec![Spacing::Bound(0)];
        if T::DTYPE.is_float() {
            let trim = trim(data, bound).max(1);
            let unit = exponent_of_unit(data);
            spacings.extend(unit.map(|exponent| Spacing::Units { exponent, odd: true }));
            if f64::from(trim) < TRIM_UNITS / 2.0 {
                spacings.push(Spacing::Bound(trim));
            }
            spacings.extend(unit.map(|exponent| Spacing::Units { exponent, odd: false }));
        }
        let width = |spacing: Spacing| Lattice::<T> { spacing, origin: None }.step(bound);
        spacings.sort_by(|a, b| width(*b).total_cmp(&width(*a)));
        let first = data.first().copied();
        let tried = spacings.into_iter().flat_map(|spacing| [None, first].map(|origin| Lattice { spacing, origin }));
        tried.filter_map(|lattice| Some((lattice, lattice.numbers(data, bound)?))).next()
    }

    /// The number of every value's point, unless one of them is too far away.
    fn numbers(&self, data: &[T], bound: f64) -> Option<Vec<i32>> {
        let (step, origin) = (self.step(bound), self.from());
        if !(step > 0.0 && step.is_finite()) {
            return None;
        }
        let mut numbers = vec![0; data.len()];
        let mut pieces = data.chunks(PIECE).zip(numbers.chunks_mut(PIECE));
        let kept = pieces.all(|(data, numbers)| simd::run(Number { data, numbers, origin, step, bound }));
        kept.then_some(numbers)
    }

    fn from(&self) -> f64 {
        self.origin.map_or(0.0, |origin| origin.to_f64())
    }

    fn step(&self, bound: f64) -> f64 {
        match self.spacing {
            Spacing::Bound(_) if !T::DTYPE.is_float() => 2.0 * bound.min(1e10).floor() + 1.0,
            Spacing::Bound(trim) => 2.0 * bound.min(1e300) * (1.0 - f64::from(trim) / TRIM_UNITS),
            Spacing::Units { exponent, odd } => {
                let unit = libm::scalbn(1.0, exponent);
                let units = if odd { 2.0 * (bound / unit).floor() + 1.0 } else { (2.0 * bound / unit).floor() };
                units.min(1e15) * unit
            }
        }
    }

    /// The values of points.
    pub fn values(&self, numbers: &[i32], bound: f64, values: &mut [T]) {
        simd::run(Restore { numbers, values, origin: self.from(), step: self.step(bound) });
    }

    /// States the lattice; `known` is that of an encoder.
    pub fn state(known: Option<&Self>, coder: &mut impl BitCoder) -> Self {
        let spacing = known.map_or(Spacing::Bound(0), |lattice| lattice.spacing);
        let bits = 8 * T::DTYPE.size() as u32;
        let origin = known.and_then(|lattice| lattice.origin);
        let (trim, exponent, odd) = match spacing {
            Spacing::Bound(trim) => (trim, LEAST_EXPONENT, false),
            Spacing::Units { exponent, odd } => (0, exponent, odd),
        };
        let units = matches!(spacing, Spacing::Units { .. });
        let spacing = if coder.plain(u64::from(units), 1) == 1 {
            let exponent = coder.plain((exponent - LEAST_EXPONENT) as u64, 12) as i32 + LEAST_EXPONENT;
            Spacing::Units { exponent, odd: coder.plain(u64::from(odd), 1) == 1 }
        } else if T::DTYPE.is_float() && coder.plain(u64::from(trim > 0), 1) == 1 {
            Spacing::Bound(coder.plain(u64::from(trim), 12) as u32)
        } else {
            Spacing::Bound(0)
        };
        let there = coder.plain(u64::from(origin.is_some()), 1) == 1;
        let origin = there.then(|| T::from_bits(coder.plain(origin.map_or(0, |origin: T| origin.to_bits()), bits)));
        Lattice { spacing, origin }
    }
}

/// Numbers the nearest point of every value. Says whether all of them are near enough, and not too far out.
struct Number<'a, T> {
    data: &'a [T],
    numbers: &'a mut [i32],
    origin: f64,
    step: f64,
    bound: f64,
}

impl<T: Sample> Kernel for Number<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut all = true;
        for (value, number) in self.data.iter().zip(self.numbers) {
            let rounded = (value.to_f64() - self.origin) / self.step + ROUNDER;
            let whole = rounded - ROUNDER;
            all &= whole.abs() < FURTHEST && T::restore(self.origin + whole * self.step).within(*value, self.bound);
            *number = rounded.to_bits() as i32;
        }
        all
    }
}

/// The values of points.
struct Restore<'a, T> {
    numbers: &'a [i32],
    values: &'a mut [T],
    origin: f64,
    step: f64,
}

impl<T: Sample> Kernel for Restore<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (value, number) in self.values.iter_mut().zip(self.numbers) {
            *value = T::restore(self.origin + f64::from(*number) * self.step);
        }
    }
}

/// The exponent of the last place of the largest value.
fn exponent_of_unit<T: Sample>(data: &[T]) -> Option<i32> {
    let largest = largest(data);
    let places = if T::DTYPE.size() == 4 { 23 } else { 52 };
    let exponent = libm::ilogb(largest);
    (largest > 0.0 && exponent > -1000).then(|| (exponent - places).max(-1074))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::range::{RangeDecoder, RangeEncoder};

    fn check<T: Sample>(data: &[T], bound: f64) -> Option<f64> {
        let (lattice, numbers) = Lattice::find(data, bound)?;
        let mut encoder = RangeEncoder::new();
        Lattice::state(Some(&lattice), &mut encoder);
        let bytes = encoder.finish();
        let read = Lattice::<T>::state(None, &mut RangeDecoder::new(&bytes));
        assert_eq!(read, lattice);
        let mut back = vec![T::default(); data.len()];
        read.values(&numbers, bound, &mut back);
        assert!(back.iter().zip(data).all(|(back, value)| back.within(*value, bound)));
        Some(lattice.step(bound))
    }

    #[test]
    fn the_bound_holds_down_to_the_last_place() {
        let data: Vec<f32> = (0..1000).map(|i| 250.0 + (i as f32 * 0.37).sin()).collect();
        let unit = f64::from(f32::EPSILON) * 128.0;
        for bound in [0.4, 0.5, 0.9, 1.0, 1.5, 2.2, 100.0, 1e5] {
            check(&data, bound * unit).expect("a lattice");
        }
        assert_eq!(check(&data, unit), Some(3.0 * unit));
        assert_eq!(check(&[1e30f64, 1.0], 1e-3), None);
        assert_eq!(check(&[5i16, -300, 4000], 7.9), Some(15.0));
        assert!(check(&[4_294_967_295u32, 4_294_967_000], 0.0).is_some());
    }
}
