//! One level along one line: lifting with whole-sample symmetry, or filter banks that wrap around; many lines at once.
//!
//! `n` values become `ceil(n / 2)` low and then `floor(n / 2)` high coefficients, for any `n`. Additions happen in one
//! fixed order.

use super::filters::Family;
use crate::shared::real::Real;

/// Lines that are transformed side by side.
pub(super) const LANES: usize = 16;

/// One value of each line.
pub(super) type Lanes<F> = [F; LANES];

/// Lifting steps in order of analysis: odd values, even ones, odd ones, ...
const LIFT53: [f64; 2] = [-0.5, 0.25];
const LIFT97: [f64; 4] = [-1.586_134_342_059_924, -0.052_980_118_572_961, 0.882_911_075_530_934, 0.443_506_852_043_971];
/// Scale of low coefficients (high ones: its inverse), so that a constant grows by the root of 2 and norms are near 1.
const SCALE53: f64 = std::f64::consts::SQRT_2;
const SCALE97: f64 = 1.149_604_398_860_241;

/// The transform of lines of one length.
#[derive(Clone, Debug)]
pub(super) struct Line<F> {
    family: Family,
    length: usize,
    scratch: Vec<Lanes<F>>,
    /// Low and high filters of analysis, then of synthesis.
    filters: [Vec<F>; 4],
}

impl<F: Real> Line<F> {
    /// For lines of `length` values.
    pub fn new(family: Family, length: usize) -> Self {
        let of = |values: Vec<f64>| values.into_iter().map(F::from_f64).collect();
        let filters = bank(family).map(of);
        Line { family, length, scratch: vec![[F::default(); LANES]; length], filters }
    }

    /// Values to coefficients, low ones first.
    pub fn analyse(&mut self, x: &mut Vec<Lanes<F>>) {
        if self.length < 2 {
            return;
        }
        match self.family {
            Family::Haar => self.haar_analyse(x),
            Family::Cdf53 => self.lift_analyse(x, &LIFT53, SCALE53),
            Family::Cdf97 => self.lift_analyse(x, &LIFT97, SCALE97),
            _ => self.bank_analyse(x),
        }
        std::mem::swap(x, &mut self.scratch);
    }

    /// Coefficients to values.
    pub fn synthesise(&mut self, x: &mut Vec<Lanes<F>>) {
        if self.length < 2 {
            return;
        }
        match self.family {
            Family::Haar => self.haar_synthesise(x),
            Family::Cdf53 => self.lift_synthesise(x, &LIFT53, SCALE53),
            Family::Cdf97 => self.lift_synthesise(x, &LIFT97, SCALE97),
            _ => self.bank_synthesise(x),
        }
        std::mem::swap(x, &mut self.scratch);
    }

    fn lift_analyse(&mut self, x: &mut [Lanes<F>], steps: &[f64], scale: f64) {
        for (number, &step) in steps.iter().enumerate() {
            lift(x, (number + 1) % 2, F::from_f64(step));
        }
        let low = self.length.div_ceil(2);
        let (scale, inverse) = (F::from_f64(scale), F::from_f64(1.0 / scale));
        for (i, value) in x.iter().enumerate() {
            let (place, factor) = if i % 2 == 0 { (i / 2, scale) } else { (low + i / 2, inverse) };
            self.scratch[place] = value.map(|value| value * factor);
        }
    }

    fn lift_synthesise(&mut self, x: &[Lanes<F>], steps: &[f64], scale: f64) {
        let low = self.length.div_ceil(2);
        let (scale, inverse) = (F::from_f64(scale), F::from_f64(1.0 / scale));
        for (i, value) in self.scratch.iter_mut().enumerate() {
            let (place, factor) = if i % 2 == 0 { (i / 2, inverse) } else { (low + i / 2, scale) };
            *value = x[place].map(|value| value * factor);
        }
        for (number, &step) in steps.iter().enumerate().rev() {
            lift(&mut self.scratch, (number + 1) % 2, F::from_f64(-step));
        }
    }

    fn haar_analyse(&mut self, x: &[Lanes<F>]) {
        let (half, low) = (F::from_f64(std::f64::consts::FRAC_1_SQRT_2), self.length.div_ceil(2));
        for (i, pair) in x.chunks_exact(2).enumerate() {
            self.scratch[i] = std::array::from_fn(|lane| (pair[0][lane] + pair[1][lane]) * half);
            self.scratch[low + i] = std::array::from_fn(|lane| (pair[0][lane] - pair[1][lane]) * half);
        }
        if self.length % 2 == 1 {
            self.scratch[low - 1] = x[self.length - 1];
        }
    }

    fn haar_synthesise(&mut self, x: &[Lanes<F>]) {
        let (half, low) = (F::from_f64(std::f64::consts::FRAC_1_SQRT_2), self.length.div_ceil(2));
        for (i, pair) in self.scratch.chunks_exact_mut(2).enumerate() {
            let (first, second) = (x[i], x[low + i]);
            pair[0] = std::array::from_fn(|lane| (first[lane] + second[lane]) * half);
            pair[1] = std::array::from_fn(|lane| (first[lane] - second[lane]) * half);
        }
        if self.length % 2 == 1 {
            self.scratch[self.length - 1] = x[low - 1];
        }
    }

    /// The last value of an odd number is its own low coefficient; the others wrap around.
    fn bank_analyse(&mut self, x: &[Lanes<F>]) {
        let (even, low) = (self.length / 2 * 2, self.length.div_ceil(2));
        for (filter, first) in self.filters[..2].iter().zip([0, low]) {
            for i in 0..even / 2 {
                let mut sum = [F::default(); LANES];
                let start = 2 * i + 1 + even * filter.len();
                for (k, &factor) in filter.iter().enumerate() {
                    add(&mut sum, &x[(start - k) % even], factor);
                }
                self.scratch[first + i] = sum;
            }
        }
        if self.length % 2 == 1 {
            self.scratch[low - 1] = x[self.length - 1];
        }
    }

    fn bank_synthesise(&mut self, x: &[Lanes<F>]) {
        let (even, low) = (self.length / 2 * 2, self.length.div_ceil(2));
        self.scratch[..even].fill([F::default(); LANES]);
        for (filter, first) in self.filters[2..].iter().zip([0, low]) {
            for i in 0..even / 2 {
                let start = 2 * i + 2 + even * filter.len() - filter.len();
                for (k, &factor) in filter.iter().enumerate() {
                    add(&mut self.scratch[(start + k) % even], &x[first + i], factor);
                }
            }
        }
        if self.length % 2 == 1 {
            self.scratch[self.length - 1] = x[low - 1];
        }
    }
}

/// Low and high filters of analysis, low and high ones of synthesis; empty where there are none.
pub fn bank(family: Family) -> [Vec<f64>; 4] {
    let Some((low, back)) = family.filters() else { return Default::default() };
    // The high-pass filters are the low-pass filters of the other side with alternating signs.
    let alternate = |filter: &[f64], negative: usize| {
        let sign = |k: usize| if k % 2 == negative { -1.0 } else { 1.0 };
        filter.iter().enumerate().map(|(k, &value)| sign(k) * value).collect()
    };
    [low.to_vec(), alternate(back, 0), back.to_vec(), alternate(low, 1)]
}

/// Adds `step` times the sum of both neighbours to every second value from `first` on; the ends mirror.
#[inline(always)]
fn lift<F: Real>(x: &mut [Lanes<F>], first: usize, step: F) {
    let last = x.len() - 1;
    for i in (first..x.len()).step_by(2) {
        let before = x[if i == 0 { 1 } else { i - 1 }];
        let after = x[if i == last { last - 1 } else { i + 1 }];
        for lane in 0..LANES {
            x[i][lane] += (before[lane] + after[lane]) * step;
        }
    }
}

#[inline(always)]
fn add<F: Real>(sum: &mut Lanes<F>, x: &Lanes<F>, factor: F) {
    for lane in 0..LANES {
        sum[lane] += x[lane] * factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f64]) -> Vec<Lanes<f64>> {
        values.iter().map(|&value| [value; LANES]).collect()
    }

    #[test]
    fn every_family_inverts_for_every_length() {
        for family in Family::ALL {
            for length in 1..70 {
                let values: Vec<f64> = (0..length).map(|i| ((i * 37 + 11) % 23) as f64 - 9.0).collect();
                let mut x = line(&values);
                let mut transform = Line::<f64>::new(family, length);
                transform.analyse(&mut x);
                transform.synthesise(&mut x);
                assert!(x.iter().zip(&values).all(|(x, y)| (x[3] - y).abs() < 1e-9), "{family:?} {length}");
            }
        }
    }

    #[test]
    fn orthogonal_families_keep_energy_and_constants_have_no_high_part() {
        for family in Family::ALL {
            let mut x = line(&[1.0; 24]);
            Line::<f64>::new(family, 24).analyse(&mut x);
            assert!(x[12..].iter().all(|x| x[0].abs() < 1e-9), "{family:?}");
            assert!(x[..12].iter().all(|x| (x[0] - std::f64::consts::SQRT_2).abs() < 1e-8), "{family:?}");
            let values: Vec<f64> = (0..24).map(|i| ((i * i) % 17) as f64).collect();
            let (energy, mut x) = (values.iter().map(|x| x * x).sum::<f64>(), line(&values));
            Line::<f64>::new(family, 24).analyse(&mut x);
            let after: f64 = x.iter().map(|x| x[0] * x[0]).sum();
            let loose = family.is_biorthogonal();
            assert!((after / energy - 1.0).abs() < if loose { 0.5 } else { 1e-9 }, "{family:?}");
        }
    }
}
