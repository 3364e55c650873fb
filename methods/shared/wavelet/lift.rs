//! Lifting steps: many lines side by side, or along a row whose low and high halves lie one behind the other.
//!
//! Both ways do the same operations on each value, in the same order.

use super::filters::Family;
use crate::shared::real::Real;

/// Lifting steps in order of analysis: odd values, even ones, odd ones, ...
const LIFT53: [f64; 2] = [-0.5, 0.25];
const LIFT97: [f64; 4] = [-1.586_134_342_059_924, -0.052_980_118_572_961, 0.882_911_075_530_934, 0.443_506_852_043_971];
/// Scale of low coefficients (high ones: its inverse), so that a constant grows by the root of 2 and norms are near 1.
const SCALE53: f64 = std::f64::consts::SQRT_2;
const SCALE97: f64 = 1.149_604_398_860_241;

/// The steps of a family, two by two, and the scale of its low coefficients.
#[derive(Clone, Debug)]
pub(super) struct Lifting<F> {
    pairs: Vec<[F; 2]>,
    scale: F,
    inverse: F,
}

impl<F: Real> Lifting<F> {
    /// None for families that have no such steps here.
    pub fn new(family: Family) -> Option<Self> {
        let (steps, scale): (&[f64], f64) = match family {
            Family::Cdf53 => (&LIFT53, SCALE53),
            Family::Cdf97 => (&LIFT97, SCALE97),
            _ => return None,
        };
        let pairs = steps.chunks_exact(2).map(|pair| [F::from_f64(pair[0]), F::from_f64(pair[1])]).collect();
        Some(Lifting { pairs, scale: F::from_f64(scale), inverse: F::from_f64(1.0 / scale) })
    }

    /// Lines of at least two values to coefficients in `to`, `ceil(n / 2)` low ones first.
    #[inline(always)]
    pub fn analyse_lines<const N: usize>(&self, x: &mut [[F; N]], to: &mut [[F; N]]) {
        let last = x.len() - 1;
        for &[odd, even] in &self.pairs {
            // Each even value as soon as both odd ones beside it are done.
            for i in (1..x.len()).step_by(2) {
                step(x, (i - 1, i, if i == last { i - 1 } else { i + 1 }), odd);
                step(x, (if i == 1 { 1 } else { i - 2 }, i - 1, i), even);
            }
            if last.is_multiple_of(2) {
                step(x, (last - 1, last, last - 1), even);
            }
        }
        let low = x.len().div_ceil(2);
        for (i, value) in x.iter().enumerate() {
            let (place, factor) = if i % 2 == 0 { (i / 2, self.scale) } else { (low + i / 2, self.inverse) };
            to[place] = value.map(|value| value * factor);
        }
    }

    /// Coefficients of lines of at least two values to the values in `to`.
    #[inline(always)]
    pub fn synthesise_lines<const N: usize>(&self, x: &[[F; N]], to: &mut [[F; N]]) {
        let (low, last) = (x.len().div_ceil(2), x.len() - 1);
        for (i, value) in to.iter_mut().enumerate() {
            let (place, factor) = if i % 2 == 0 { (i / 2, self.inverse) } else { (low + i / 2, self.scale) };
            *value = x[place].map(|value| value * factor);
        }
        for &[odd, even] in self.pairs.iter().rev() {
            step(to, (1, 0, 1), -even);
            // Each odd value as soon as both even ones beside it are done.
            for i in (2..to.len()).step_by(2) {
                step(to, (i - 1, i, if i == last { i - 1 } else { i + 1 }), -even);
                step(to, (i - 2, i - 1, i), -odd);
            }
            if last % 2 == 1 {
                step(to, (last - 1, last, last - 1), -odd);
            }
        }
    }

    /// A row of at least two values to coefficients, low ones first. `scratch` is as long.
    #[inline(always)]
    pub fn analyse_row(&self, row: &mut [F], scratch: &mut [F]) {
        let (low, high) = scratch.split_at_mut(row.len().div_ceil(2));
        for (pair, (low, high)) in row.chunks_exact(2).zip(low.iter_mut().zip(&mut *high)) {
            (*low, *high) = (pair[0], pair[1]);
        }
        if let [.., last] = row
            && low.len() > high.len()
        {
            low[high.len()] = *last;
        }
        for &[odd, even] in &self.pairs {
            step_high(low, high, odd);
            step_low(low, high, even);
        }
        let (to_low, to_high) = row.split_at_mut(low.len());
        to_low.iter_mut().zip(low).for_each(|(to, value)| *to = *value * self.scale);
        to_high.iter_mut().zip(high).for_each(|(to, value)| *to = *value * self.inverse);
    }

    /// The coefficients of a row of at least two values to the values. `scratch` is as long.
    #[inline(always)]
    pub fn synthesise_row(&self, row: &mut [F], scratch: &mut [F]) {
        let half = row.len().div_ceil(2);
        let (low, high) = scratch.split_at_mut(half);
        low.iter_mut().zip(&row[..half]).for_each(|(low, value)| *low = *value * self.inverse);
        high.iter_mut().zip(&row[half..]).for_each(|(high, value)| *high = *value * self.scale);
        for &[odd, even] in self.pairs.iter().rev() {
            step_low(low, high, -even);
            step_high(low, high, -odd);
        }
        for (pair, (low, high)) in row.chunks_exact_mut(2).zip(low.iter().zip(&*high)) {
            (pair[0], pair[1]) = (*low, *high);
        }
        if let [.., last] = row
            && low.len() > high.len()
        {
            *last = low[high.len()];
        }
    }
}

/// Adds `factor` times the sum of the values at the first and last place to that at the middle one.
#[inline(always)]
fn step<F: Real, const N: usize>(x: &mut [[F; N]], (before, at, after): (usize, usize, usize), factor: F) {
    let (before, after) = (x[before], x[after]);
    for lane in 0..N {
        x[at][lane] += (before[lane] + after[lane]) * factor;
    }
}

/// Adds to every low value `factor` times the sum of the high ones beside it; the ends mirror.
#[inline(always)]
fn step_low<F: Real>(low: &mut [F], high: &[F], factor: F) {
    low[0] += (high[0] + high[0]) * factor;
    let beside = high.iter().zip(&high[1..]);
    low[1..].iter_mut().zip(beside).for_each(|(low, (&before, &after))| *low += (before + after) * factor);
    if low.len() > high.len() {
        let last = high[high.len() - 1];
        low[high.len()] += (last + last) * factor;
    }
}

/// Adds to every high value `factor` times the sum of the low ones beside it; the ends mirror.
#[inline(always)]
fn step_high<F: Real>(low: &[F], high: &mut [F], factor: F) {
    let beside = low.iter().zip(&low[1..]);
    high.iter_mut().zip(beside).for_each(|(high, (&before, &after))| *high += (before + after) * factor);
    if low.len() == high.len() {
        let last = low[low.len() - 1];
        high[low.len() - 1] += (last + last) * factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_lines_give_the_same_bits() {
        for family in [Family::Cdf53, Family::Cdf97] {
            let lifting = Lifting::<f32>::new(family).expect("a family of lifting steps");
            for length in 2..70usize {
                let value = |i: usize| ((i * 7919 + 13) % 1009) as f32 / 7.0 - 60.0;
                let mut row: Vec<f32> = (0..length).map(value).collect();
                let mut x: Vec<[f32; 16]> = row.iter().map(|&value| [value; 16]).collect();
                let (mut to, mut scratch) = (x.clone(), row.clone());
                lifting.analyse_lines(&mut x, &mut to);
                lifting.analyse_row(&mut row, &mut scratch);
                assert!(to.iter().zip(&row).all(|(x, y)| x[3].to_bits() == y.to_bits()), "{family:?} {length}");
                lifting.synthesise_lines(&to, &mut x);
                lifting.synthesise_row(&mut row, &mut scratch);
                assert!(x.iter().zip(&row).all(|(x, y)| x[5].to_bits() == y.to_bits()), "{family:?} {length}");
                assert!(row.iter().enumerate().all(|(i, y)| (y - value(i)).abs() < 1e-3));
            }
        }
    }
}
