//! Logarithms of magnitudes, the way back, and the absolute bound that stands for a relative one.

use super::classes::Class;
use crate::api::Element;

/// The binary logarithm of a magnitude; 0 for zero.
pub(super) fn logarithm<T: Element>(value: T) -> f64 {
    let size = value.to_f64().abs();
    if size > 0.0 { libm::log2(size) } else { 0.0 }
}

/// The value of a class whose magnitude has this logarithm: finite whatever the logarithm.
pub(super) fn restored<T: Element>(class: Class, logarithm: f64) -> T {
    let largest = if T::DTYPE.size() == 4 { f64::from(f32::MAX) } else { f64::MAX };
    let size = libm::exp2(logarithm);
    let size = if size <= largest { size } else { largest };
    match class {
        Class::Zero => T::from_f64(0.0),
        Class::NegativeZero => T::from_f64(-0.0),
        Class::Positive => T::from_f64(size),
        Class::Negative => T::from_f64(-size),
    }
}

/// The bound of the logarithms for a relative bound of values of type `T`, less what rounding to `T` may add, and less a
/// quarter for each tightening; not above 0 if the type has no room for any error.
pub(super) fn bound_of<T: Element>(bound: f64, tightened: u8) -> f64 {
    let half_place = if T::DTYPE.size() == 4 { f64::from(f32::EPSILON) / 2.0 } else { f64::EPSILON / 2.0 };
    let room = bound - 1.01 * half_place * (1.0 + bound);
    let full = libm::log1p(room.max(0.0)) * std::f64::consts::LOG2_E * (1.0 - 1e-6);
    (0..tightened).fold(full, |bound, _| bound * 0.75)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_within_the_bound_from_the_ends_of_their_logarithms_bound() {
        for bound in [1e-6, 1e-3, 0.1, 3.0] {
            let step = bound_of::<f32>(bound, 0);
            for i in 0..3000u32 {
                let value = f32::from_bits(0x0080_0000 + i * 700_001);
                for error in [-step, step] {
                    let back: f32 = restored(Class::Positive, logarithm(value) + error);
                    assert!(value.within(back, bound * value.to_f64()), "{value} {back} {bound}");
                }
            }
        }
        assert_eq!(bound_of::<f32>(1e-9, 0), 0.0);
        assert!(restored::<f32>(Class::Negative, 1e9).is_finite() && restored::<f64>(Class::Positive, f64::NAN) > 0.0);
    }
}
