//! One level along one line: lifting with whole-sample symmetry, or filter banks that wrap around; many lines at once.
//!
//! `n` values become `ceil(n / 2)` low and then `floor(n / 2)` high coefficients, for any `n`. Additions happen in one
//! fixed order.

use super::filters::Family;
use super::lift::Lifting;
use crate::shared::real::Real;

/// The transform of lines of one length, `N` of them side by side.
#[derive(Clone, Debug)]
pub(super) struct Line<F, const N: usize> {
    family: Family,
    length: usize,
    scratch: Vec<[F; N]>,
    lifting: Option<Lifting<F>>,
    /// Low and high filters of analysis, then of synthesis.
    filters: [Vec<F>; 4],
}

impl<F: Real, const N: usize> Line<F, N> {
    /// For lines of `length` values.
    pub fn new(family: Family, length: usize) -> Self {
        let of = |values: Vec<f64>| values.into_iter().map(F::from_f64).collect();
        let filters = bank(family).map(of);
        let scratch = vec![[F::default(); N]; length];
        Line { family, length, scratch, lifting: Lifting::new(family), filters }
    }

    /// Values to coefficients, low ones first.
    #[inline(always)]
    pub fn analyse(&mut self, x: &mut Vec<[F; N]>) {
        if self.length < 2 {
            return;
        }
        match (&self.lifting, self.family) {
            (Some(lifting), _) => lifting.analyse_lines(x, &mut self.scratch),
            (None, Family::Haar) => self.haar_analyse(x),
            _ => self.bank_analyse(x),
        }
        std::mem::swap(x, &mut self.scratch);
    }

    /// Coefficients to values.
    #[inline(always)]
    pub fn synthesise(&mut self, x: &mut Vec<[F; N]>) {
        if self.length < 2 {
            return;
        }
        match (&self.lifting, self.family) {
            (Some(lifting), _) => lifting.synthesise_lines(x, &mut self.scratch),
            (None, Family::Haar) => self.haar_synthesise(x),
            _ => self.bank_synthesise(x),
        }
        std::mem::swap(x, &mut self.scratch);
    }

    /// A row of values to coefficients, or back, if that is done by lifting steps.
    #[inline(always)]
    pub fn row<const FORWARD: bool>(&mut self, row: &mut [F]) -> bool {
        let Some(lifting) = &self.lifting else { return false };
        let scratch = &mut self.scratch.as_flattened_mut()[..row.len()];
        match FORWARD {
            _ if self.length < 2 => {}
            true => lifting.analyse_row(row, scratch),
            false => lifting.synthesise_row(row, scratch),
        }
        true
    }

    fn haar_analyse(&mut self, x: &[[F; N]]) {
        let (half, low) = (F::from_f64(std::f64::consts::FRAC_1_SQRT_2), self.length.div_ceil(2));
        for (i, pair) in x.chunks_exact(2).enumerate() {
            self.scratch[i] = std::array::from_fn(|lane| (pair[0][lane] + pair[1][lane]) * half);
            self.scratch[low + i] = std::array::from_fn(|lane| (pair[0][lane] - pair[1][lane]) * half);
        }
        if self.length % 2 == 1 {
            self.scratch[low - 1] = x[self.length - 1];
        }
    }

    fn haar_synthesise(&mut self, x: &[[F; N]]) {
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
    fn bank_analyse(&mut self, x: &[[F; N]]) {
        let (even, low) = (self.length / 2 * 2, self.length.div_ceil(2));
        for (filter, first) in self.filters[..2].iter().zip([0, low]) {
            for i in 0..even / 2 {
                let mut sum = [F::default(); N];
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

    fn bank_synthesise(&mut self, x: &[[F; N]]) {
        let (even, low) = (self.length / 2 * 2, self.length.div_ceil(2));
        self.scratch[..even].fill([F::default(); N]);
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

#[inline(always)]
fn add<F: Real, const N: usize>(sum: &mut [F; N], x: &[F; N], factor: F) {
    for lane in 0..N {
        sum[lane] += x[lane] * factor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f64]) -> Vec<[f64; 4]> {
        values.iter().map(|&value| [value; 4]).collect()
    }

    #[test]
    fn every_family_inverts_for_every_length() {
        for family in Family::ALL {
            for length in 1..70 {
                let values: Vec<f64> = (0..length).map(|i| ((i * 37 + 11) % 23) as f64 - 9.0).collect();
                let mut x = line(&values);
                let mut transform = Line::<f64, 4>::new(family, length);
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
            Line::<f64, 4>::new(family, 24).analyse(&mut x);
            assert!(x[12..].iter().all(|x| x[0].abs() < 1e-9), "{family:?}");
            assert!(x[..12].iter().all(|x| (x[0] - std::f64::consts::SQRT_2).abs() < 1e-8), "{family:?}");
            let values: Vec<f64> = (0..24).map(|i| ((i * i) % 17) as f64).collect();
            let (energy, mut x) = (values.iter().map(|x| x * x).sum::<f64>(), line(&values));
            Line::<f64, 4>::new(family, 24).analyse(&mut x);
            let after: f64 = x.iter().map(|x| x[0] * x[0]).sum();
            let loose = family.is_biorthogonal();
            assert!((after / energy - 1.0).abs() < if loose { 0.5 } else { 1e-9 }, "{family:?}");
        }
    }
}
