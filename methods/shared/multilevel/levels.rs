//! Quantisers of the levels: how much tighter coarse ones are kept, and room for rounding.

use super::quantiser::{Quantiser, Sample};
use crate::shared::simd::{self, Kernel};

/// Coarse levels are kept tighter, as all finer ones are predicted from them: by `growth^level`, at most `limit`
/// times (Zhao et al., "Dynamic quality metric oriented error bounded lossy compression", SC 2022: alpha and beta).
pub const TIGHTENING: [(f64, f64); 4] = [(1.0, 1.0), (1.25, 2.0), (1.5, 3.0), (2.0, 4.0)];
/// The step shrinks in units of 1/4096 to leave room for rounding.
pub const TRIM_UNITS: f64 = 4096.0;

/// Quantisers for each level, finest first, and for the anchors; `trim` in 1/4096, `tightening` an index into
/// [`TIGHTENING`].
///
/// # Panics
/// If that does not exist.
pub fn quantisers<T: Sample>(bound: f64, trim: u32, tightening: usize, levels: u32) -> Vec<Quantiser> {
    let (growth, limit) = TIGHTENING[tightening];
    let mut factor = 1.0f64;
    let mut quantisers = Vec::new();
    for _ in 0..=levels {
        let step = if T::DTYPE.is_float() {
            // Twice the largest bound would be infinite.
            2.0 * bound.min(1e300) * (1.0 - f64::from(trim) / TRIM_UNITS) / factor
        } else {
            2.0 * (bound.min(1e10) / factor).floor() + 1.0
        };
        quantisers.push(Quantiser::new(step, bound));
        factor = (factor * growth).min(limit);
    }
    quantisers
}

/// The trim that keeps rounding to the type of the data from crossing the bound; above `TRIM_UNITS` if none does.
pub fn trim<T: Sample>(data: &[T], bound: f64) -> u32 {
    if !T::DTYPE.is_float() {
        return 0;
    }
    let largest = largest(data);
    let half_ulp = largest * if T::DTYPE.size() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON } / 2.0;
    let share = half_ulp / bound;
    // Below this, escapes are cheaper than the finest trim.
    if share < 2e-5 || largest == 0.0 { 0 } else { (share * TRIM_UNITS).ceil().min(1e6) as u32 }
}

/// The largest magnitude of the finite values; 0 if there are none.
pub fn largest<T: Sample>(data: &[T]) -> f64 {
    simd::run(Largest(data))
}

struct Largest<'a, T>(&'a [T]);

impl<T: Sample> Kernel for Largest<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        const LANES: usize = 16;
        let larger = |most: f64, value: &T| {
            let magnitude = value.to_f64().abs();
            if (magnitude > most) & (magnitude <= f64::MAX) { magnitude } else { most }
        };
        let (chunks, rest) = self.0.as_chunks::<LANES>();
        let mut most = [0.0f64; LANES];
        for chunk in chunks {
            for lane in 0..LANES {
                most[lane] = larger(most[lane], &chunk[lane]);
            }
        }
        rest.iter().fold(most.into_iter().fold(0.0, f64::max), larger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_steps_are_odd_and_float_steps_leave_room_for_rounding() {
        let quantisers = quantisers::<u8>(7.9, 0, 2, 3);
        assert_eq!(quantisers[0].quantise(7u8, 0.0).0, 0);
        assert_eq!(quantisers[0].quantise(8u8, 0.0).0, 1);
        assert_eq!(trim(&[1.0f32, -250.0], 1e-5), 6104);
        assert_eq!(trim(&[1.0f32, -250.0], 1.0), 0);
        assert_eq!(trim(&[1000i32], 1.0), 0);
    }

    #[test]
    fn the_largest_magnitude_is_that_of_a_finite_value_wherever_it_stands() {
        for at in 0..40 {
            let mut data = [0.5f32; 40];
            data[39 - at] = f32::NAN;
            data[(at + 20) % 40] = f32::NEG_INFINITY;
            data[at] = -7.0;
            assert_eq!(largest(&data), 7.0);
        }
        assert_eq!(largest(&[f64::NAN, f64::INFINITY]), 0.0);
        assert_eq!(largest::<u8>(&[]), 0.0);
    }
}
