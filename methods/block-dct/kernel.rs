//! The orthonormal discrete cosine transform of type II of any short length, on many columns at once.
//!
//! `X[k] = c(k) sum_j x[j] cos(pi (j + 1/2) k / n)` with `c(0) = sqrt(1/n)` and `c(k) = sqrt(2/n)` (Ahmed, Natarajan and
//! Rao 1974). Even and odd coefficients come from sums and differences of mirrored values, which halves the
//! multiplications. Additions happen in one fixed order: results are the same on every machine.

use crate::shared::real::Real;

/// Columns that are transformed side by side.
pub(super) const LANES: usize = 16;
/// Longest transform: blocks of 16 that take in up to a half more.
pub(super) const LONGEST: usize = 24;

/// One value of each column.
pub(super) type Lanes<F> = [F; LANES];
/// The columns of a block, value by value.
pub(super) type Columns<F> = [Lanes<F>; LONGEST];

/// Columns of zeros.
pub(super) fn columns<F: Real>() -> Columns<F> {
    [[F::default(); LANES]; LONGEST]
}

/// The transform of one length.
#[derive(Clone, Debug)]
pub(super) struct Dct<F> {
    length: usize,
    /// `half` entries for each coefficient: the rest mirrors them.
    basis: Vec<F>,
    half: usize,
    /// What the first coefficient is multiplied by, there and back.
    mean: [F; 2],
    scratch: Box<Columns<F>>,
}

impl<F: Real> Dct<F> {
    /// The transform of `length` values, 1 to [`LONGEST`], orthonormal but for the first coefficient: that is scaled as
    /// if there were `as_of` values, so that a constant gives the same in blocks of different lengths.
    pub fn new(length: usize, as_of: usize) -> Self {
        let half = length.div_ceil(2);
        let entry = |k: usize, j: usize| {
            let scale = if k == 0 { 1.0 / length as f64 } else { 2.0 / length as f64 };
            // The angle, in units of pi / (2 n), modulo one turn: exact before the cosine.
            let angle = ((2 * j + 1) * k % (4 * length)) as f64 / (2 * length) as f64;
            scale.sqrt() * libm::cos(std::f64::consts::PI * angle)
        };
        let basis = (0..length).flat_map(|k| (0..half).map(move |j| F::from_f64(entry(k, j)))).collect();
        let mean = [as_of as f64 / length as f64, length as f64 / as_of as f64];
        Dct { length, basis, half, mean: mean.map(|ratio| F::from_f64(ratio.sqrt())), scratch: Box::new(columns()) }
    }

    /// Values to coefficients, in place.
    #[inline(always)]
    pub fn forward(&mut self, x: &mut Columns<F>) {
        let (n, pairs) = (self.length, self.length / 2);
        let folded = &mut *self.scratch;
        for j in 0..pairs {
            for lane in 0..LANES {
                folded[2 * j][lane] = x[j][lane] + x[n - 1 - j][lane];
                folded[2 * j + 1][lane] = x[j][lane] - x[n - 1 - j][lane];
            }
        }
        if n % 2 == 1 {
            folded[2 * pairs] = x[pairs];
        }
        for (k, coefficient) in x.iter_mut().enumerate().take(n) {
            let row = &self.basis[k * self.half..][..self.half];
            let mut sum = [F::default(); LANES];
            for (j, &factor) in row.iter().enumerate().take(if k % 2 == 0 { self.half } else { pairs }) {
                add(&mut sum, &folded[2 * j + k % 2], factor);
            }
            *coefficient = sum;
        }
        x[0].iter_mut().for_each(|mean| *mean *= self.mean[0]);
    }

    /// Coefficients to values, in place; those from order `limit` on are zero.
    #[inline(always)]
    pub fn inverse(&mut self, x: &mut Columns<F>, limit: usize) {
        let (n, half) = (self.length, self.half);
        let (values, limit) = (&mut *self.scratch, limit.min(n));
        x[0].iter_mut().for_each(|mean| *mean *= self.mean[1]);
        for j in 0..half {
            let (mut even, mut odd) = ([F::default(); LANES], [F::default(); LANES]);
            for k in (0..limit).step_by(2) {
                add(&mut even, &x[k], self.basis[k * half + j]);
            }
            for k in (1..limit).step_by(2) {
                add(&mut odd, &x[k], self.basis[k * half + j]);
            }
            for lane in 0..LANES {
                // In the middle of an odd length the odd part is zero but for rounding: it is left out.
                let odd = if 2 * j + 1 == n { F::default() } else { odd[lane] };
                values[n - 1 - j][lane] = even[lane] - odd;
                values[j][lane] = even[lane] + odd;
            }
        }
        x[..n].copy_from_slice(&values[..n]);
    }
}

/// One more than the highest order of which any column has a coefficient that is not zero.
#[inline(always)]
pub(super) fn limit<F: Real>(x: &[Lanes<F>]) -> usize {
    let zero = |x: &Lanes<F>| x.iter().fold(true, |zero, value| zero & (*value == F::default()));
    x.len() - x.iter().rev().take_while(|x| zero(x)).count()
}

#[inline(always)]
fn add<F: Real>(sum: &mut Lanes<F>, x: &Lanes<F>, factor: F) {
    for lane in 0..LANES {
        sum[lane] += x[lane] * factor;
    }
}

#[cfg(test)]
mod tests {
    // Not by its planner, which would compile every FFT there is.
    use rustdct::Dct2;
    use rustdct::algorithm::Type2And3Naive;

    use super::*;

    fn noise(seed: usize) -> f64 {
        ((seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    #[test]
    fn the_transform_is_that_of_rustdct_but_for_its_scale() {
        for length in 1..=LONGEST {
            let mut x = columns::<f64>();
            (0..length).for_each(|j| (0..LANES).for_each(|lane| x[j][lane] = noise(j * LANES + lane)));
            let mut expected: Vec<Vec<f64>> =
                (0..LANES).map(|lane| (0..length).map(|j| x[j][lane]).collect()).collect();
            Dct::new(length, length).forward(&mut x);
            for (lane, column) in expected.iter_mut().enumerate() {
                Type2And3Naive::new(length).process_dct2(column);
                for (k, value) in column.iter().enumerate() {
                    let scale = (if k == 0 { 1.0 } else { 2.0 } / length as f64).sqrt();
                    assert!((value * scale - x[k][lane]).abs() < 1e-13, "length {length}, coefficient {k}");
                }
            }
        }
    }

    #[test]
    fn coefficients_that_are_zero_may_be_left_out() {
        for length in 1..=LONGEST {
            for highest in 0..length {
                let mut x = columns::<f32>();
                (0..=highest).for_each(|k| (0..LANES).for_each(|lane| x[k][lane] = noise(k + 31 * lane) as f32));
                let (mut all, mut dct) = (x, Dct::new(length, length));
                assert_eq!(limit(&x[..length]), highest + 1);
                dct.inverse(&mut all, length);
                dct.inverse(&mut x, highest + 1);
                assert_eq!(x.map(|x| x.map(f32::to_bits)), all.map(|x| x.map(f32::to_bits)));
            }
        }
        assert_eq!(limit(&columns::<f64>()), 0);
    }

    #[test]
    fn the_inverse_undoes_the_transform() {
        for length in 1..=LONGEST {
            let mut x = columns::<f64>();
            (0..length).for_each(|j| (0..LANES).for_each(|lane| x[j][lane] = noise(7 * j + 31 * lane)));
            let original = x;
            let mut dct = Dct::new(length, length);
            dct.forward(&mut x);
            let energy = |x: &Columns<f64>| x.iter().flatten().map(|value| value * value).sum::<f64>();
            assert!((energy(&x) / energy(&original) - 1.0).abs() < 1e-13);
            dct.inverse(&mut x, length);
            let off = |j: usize, lane: usize| (x[j][lane] - original[j][lane]).abs();
            assert!((0..length).all(|j| (0..LANES).all(|lane| off(j, lane) < 1e-14)));
        }
    }
}
