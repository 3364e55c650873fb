//! Quantisers of the levels: how much tighter coarse ones are kept, and room for rounding.

use super::quantiser::{Quantiser, Sample};

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
    let largest = data.iter().map(|value| value.to_f64().abs()).filter(|value| value.is_finite()).fold(0.0, f64::max);
    let half_ulp = largest * if T::DTYPE.size() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON } / 2.0;
    let share = half_ulp / bound;
    // Below this, escapes are cheaper than the finest trim.
    if share < 2e-5 || largest == 0.0 { 0 } else { (share * TRIM_UNITS).ceil().min(1e6) as u32 }
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
}
