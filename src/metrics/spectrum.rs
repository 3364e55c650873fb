//! Error of the power spectrum, averaged over shells of equal wavenumber.

use rayon::prelude::*;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlannerScalar};

/// Lines along a strided axis that are transformed together: one cache line of each element is read once.
const LINES: usize = 8;
/// Shells with less than this share of the power hold nothing but the rounding of the transform.
const NOISE: f64 = 1e-28;

/// The largest relative error of the radially averaged power spectrum over wavenumbers from the first up to half the
/// Nyquist wavenumber; `None` where no axis is long enough for one, or nothing varies.
///
/// `values` are the original's, `errors` what is added to them; both are 0 where a value is missing, and `mean` is
/// taken off the others. Wavenumbers are in cycles per sample along every axis; shells are as wide as the longest axis
/// resolves. The planner without SIMD gives the same bits on every CPU.
pub(super) fn error(shape: &[usize], values: impl Fn(usize) -> f64 + Sync, errors: &[f64]) -> Option<f64> {
    if !has_shells(shape) {
        return None;
    }
    let shells = shape.iter().copied().max().map_or(0, |longest| longest.div_ceil(4));
    // Both at once: the original is the real part, the error the imaginary one.
    let pack = |(at, error): (usize, &f64)| Complex::new(values(at), *error);
    let mut field: Vec<Complex<f64>> = errors.par_iter().enumerate().map(pack).collect();
    transform(&mut field, shape);
    let (power, change) = sum_shells(&field, shape, shells);
    let floor = NOISE * power.iter().sum::<f64>();
    let relative = (1..shells).filter(|&shell| power[shell] > floor || change[shell].abs() > floor);
    let error = |shell: usize| if power[shell] > floor { change[shell].abs() / power[shell] } else { f64::INFINITY };
    relative.map(error).reduce(f64::max)
}

/// Whether an axis is long enough for a wavenumber below half the Nyquist wavenumber.
pub(super) fn has_shells(shape: &[usize]) -> bool {
    shape.iter().any(|&length| length > 4)
}

/// The Fourier transform along every axis, in place.
fn transform(field: &mut [Complex<f64>], shape: &[usize]) {
    let mut planner = FftPlannerScalar::new();
    for (axis, &length) in shape.iter().enumerate().filter(|(_, length)| **length > 1) {
        let stride: usize = shape[axis + 1..].iter().product();
        let plan = planner.plan_fft_forward(length);
        field.par_chunks_mut(length * stride).for_each(|block| along(block, stride, plan.as_ref()));
    }
}

/// Transforms the lines of a block whose elements are `stride` apart.
fn along(block: &mut [Complex<f64>], stride: usize, plan: &dyn Fft<f64>) {
    if stride == 1 {
        return plan.process(block);
    }
    let length = plan.len();
    let mut lines = vec![Complex::default(); LINES.min(stride) * length];
    for start in (0..stride).step_by(LINES) {
        let count = LINES.min(stride - start);
        let lines = &mut lines[..count * length];
        for (at, row) in block.chunks_exact(stride).enumerate() {
            (0..count).for_each(|line| lines[line * length + at] = row[start + line]);
        }
        plan.process(lines);
        for (at, row) in block.chunks_exact_mut(stride).enumerate() {
            (0..count).for_each(|line| row[start + line] = lines[line * length + at]);
        }
    }
}

/// Per shell the power of the original, and what the error adds to it: |X + E|^2 - |X|^2.
fn sum_shells(field: &[Complex<f64>], shape: &[usize], shells: usize) -> (Vec<f64>, Vec<f64>) {
    let longest = shape.iter().copied().max().unwrap_or(1) as f64;
    let (mut power, mut change) = (vec![0.0; shells], vec![0.0; shells]);
    let mut index = vec![0usize; shape.len()];
    for &here in field {
        let frequency = |(&at, &length): (&usize, &usize)| at.min(length - at) as f64 / length as f64;
        let square: f64 = index.iter().zip(shape).map(frequency).map(|part| part * part).sum();
        let shell = (square.sqrt() * longest).round() as usize;
        if shell < shells {
            let opposite =
                index.iter().zip(shape).fold(0, |flat, (&at, &length)| flat * length + (length - at) % length);
            let there = field[opposite].conj();
            let (x, e) = ((here + there) / 2.0, (here - there) / Complex::new(0.0, 2.0));
            power[shell] += x.norm_sqr();
            change[shell] += 2.0 * (x.re * e.re + x.im * e.im) + e.norm_sqr();
        }
        step(&mut index, shape);
    }
    (power, change)
}

/// The next index in C order.
fn step(index: &mut [usize], shape: &[usize]) {
    for (at, &length) in index.iter_mut().zip(shape).rev() {
        *at += 1;
        if *at < length {
            return;
        }
        *at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: usize, cycles: usize) -> impl Fn(usize) -> f64 {
        move |at| libm::cos(std::f64::consts::TAU * (cycles * at % n) as f64 / n as f64)
    }

    #[test]
    fn a_wave_that_comes_back_smaller_has_lost_power_in_its_shell() {
        let x = |at: usize| wave(32, 3)(at) + wave(32, 5)(at);
        // The fifth harmonic comes back at 0.9: 1 - 0.81 of its power is gone.
        let e: Vec<f64> = (0..32).map(|at| -0.1 * wave(32, 5)(at)).collect();
        let found = error(&[32], x, &e).expect("long enough");
        assert!((found - 0.19).abs() < 1e-12, "{found}");
    }

    #[test]
    fn power_from_nowhere_is_infinite_and_beyond_half_nyquist_it_does_not_count() {
        let e = |cycles| (0..32).map(|at| 0.1 * wave(32, cycles)(at)).collect::<Vec<_>>();
        assert!(error(&[32], wave(32, 3), &e(5)).is_some_and(f64::is_infinite));
        assert_eq!(error(&[32], wave(32, 3), &e(9)).map(|found| found < 1e-12), Some(true));
        assert_eq!(error(&[32], |_| 0.0, &[0.0; 32]), None);
        assert_eq!(error(&[4, 3], |at| at as f64, &[0.0; 12]), None);
    }

    /// `P(k)` of x = sin(i^2) and y = x + cos(3 i) / 10 on 6 x 16 x 10, i flat, by numpy.fft: shells of round(|f| * 16).
    #[test]
    fn the_spectrum_in_three_dimensions_is_that_of_numpy() {
        let shape = [6, 16, 10];
        let e: Vec<f64> = (0..960).map(|at| libm::cos(3.0 * at as f64) / 10.0).collect();
        let found = error(&shape, |at| libm::sin((at * at) as f64), &e).expect("long enough");
        assert!((found - 0.007654318154159326).abs() < 1e-13, "{found}");
    }
}
