//! The power spectrum of an array of any rank, averaged over shells of equal wavenumber.
//!
//! Only wavenumbers below half the Nyquist wavenumber count, so that along each axis half of what a transform gives is
//! left out at once; and of two opposite wavenumbers, whose coefficients are conjugates, one is enough: behind the last
//! axis a quarter of the array is there, behind the one before it an eighth, and so on. The original is transformed once.

use super::fft::Parts;
use super::source::Read;
use super::transform::Transform;

/// Shells with less than this share of the power hold nothing but the rounding of the transform.
const NOISE: f64 = 1e-28;

/// The spectrum of an original, with what is needed to transform an array of the same shape.
#[derive(Debug)]
pub(super) struct Spectrum {
    transform: Transform,
    modes: Parts,
    /// Power per shell.
    power: Vec<f64>,
}

impl Spectrum {
    /// The spectrum of an original, whose mean was taken off; `None` where no axis is long enough for one.
    pub fn of(read: &Read<'_>, shape: &[usize]) -> Option<Self> {
        if !has_shells(shape) {
            return None;
        }
        let transform = Transform::new(shape);
        let modes = transform.run(read);
        let power = transform.sums(|at| square(&modes, at));
        Some(Spectrum { transform, modes, power })
    }

    /// The largest relative error of the radially averaged power spectrum over wavenumbers from the first up to half the
    /// Nyquist wavenumber, from the errors of the values; `None` where nothing varies.
    ///
    /// Wavenumbers are in cycles per sample along every axis; shells are as wide as the longest axis resolves.
    pub fn error(&self, errors: &Read<'_>) -> Option<f64> {
        let (x, e, power) = (&self.modes, self.transform.run(errors), &self.power);
        // |X + E|^2 - |X|^2.
        let term = |at: usize| 2.0 * (x.re[at] * e.re[at] + x.im[at] * e.im[at]) + square(&e, at);
        let change = self.transform.sums(term);
        self.transform.give(e);
        let floor = NOISE * power.iter().sum::<f64>();
        let relative = (1..power.len()).filter(|&shell| power[shell] > floor || change[shell].abs() > floor);
        let error =
            |shell: usize| if power[shell] > floor { change[shell].abs() / power[shell] } else { f64::INFINITY };
        relative.map(error).reduce(f64::max)
    }
}

/// The square of a coefficient's magnitude.
#[inline(always)]
fn square(modes: &Parts, at: usize) -> f64 {
    modes.re[at] * modes.re[at] + modes.im[at] * modes.im[at]
}

/// Whether an axis is long enough for a wavenumber below half the Nyquist wavenumber.
pub(super) fn has_shells(shape: &[usize]) -> bool {
    shape.iter().any(|&length| length > 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(shape: &[usize], x: impl Fn(usize) -> f64 + Sync, e: impl Fn(usize) -> f64 + Sync) -> Option<f64> {
        let fill = |value: &(dyn Fn(usize) -> f64 + Sync), start: usize, out: &mut [f64]| {
            out.iter_mut().enumerate().for_each(|(at, out)| *out = value(start + at));
        };
        Spectrum::of(&|start, out: &mut [f64]| fill(&x, start, out), shape)?.error(&|start, out| fill(&e, start, out))
    }

    fn wave(n: usize, cycles: usize) -> impl Fn(usize) -> f64 {
        move |at| libm::cos(std::f64::consts::TAU * (cycles * at % n) as f64 / n as f64)
    }

    #[test]
    fn a_wave_that_comes_back_smaller_has_lost_power_in_its_shell() {
        let x = |at: usize| wave(32, 3)(at) + wave(32, 5)(at);
        // The fifth harmonic comes back at 0.9: 1 - 0.81 of its power is gone.
        let found = of(&[32], x, |at| -0.1 * wave(32, 5)(at)).expect("long enough");
        assert!((found - 0.19).abs() < 1e-12, "{found}");
        // The same along the first of three axes, and along the last.
        for (shape, stride) in [([32, 3, 2], 6), ([2, 7, 32], 1)] {
            let along = |at: usize| at / stride % 32;
            let found = of(&shape, |at| x(along(at)), |at| -0.1 * wave(32, 5)(along(at))).expect("long enough");
            assert!((found - 0.19).abs() < 1e-12, "{found}");
        }
    }

    #[test]
    fn power_from_nowhere_is_infinite_and_beyond_half_nyquist_it_does_not_count() {
        let e = |cycles| move |at| 0.1 * wave(32, cycles)(at);
        assert!(of(&[32], wave(32, 3), e(5)).is_some_and(f64::is_infinite));
        assert_eq!(of(&[32], wave(32, 3), e(9)).map(|found| found < 1e-12), Some(true));
        assert_eq!(of(&[32], |_| 0.0, |_| 0.0), None);
        assert_eq!(of(&[4, 3], |at| at as f64, |_| 0.0), None);
    }

    /// `P(k)` of x = sin(i^2) and y = x + cos(3 i) / 10 on 6 x 16 x 10, i flat, by numpy.fft: shells of round(|f| * 16).
    #[test]
    fn the_spectrum_in_three_dimensions_is_that_of_numpy() {
        let e = |at: usize| libm::cos(3.0 * at as f64) / 10.0;
        let found = of(&[6, 16, 10], |at| libm::sin((at * at) as f64), e).expect("long enough");
        assert!((found - 0.007654318154159326).abs() < 1e-13, "{found}");
    }
}
