//! Element types the method takes, and the quantiser of their residuals.

use crate::api::Element;

/// Symbol of a point whose value is stored as it is.
pub const ESCAPE: i32 = i32::MIN;
/// Residuals of this many steps or more are stored as they are.
const LARGEST: f64 = (1u64 << 30) as f64;
/// Added to a number below 2^51 in magnitude, this leaves the nearest integer (ties to even) in the low bits.
pub const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// An element type whose values are all exact in `f64`.
pub trait Sample: Element {
    /// A residual wide enough for any difference of two values.
    type Residual: Element;

    /// Rounds a prediction to what the type can hold, in `f64`.
    fn settle(prediction: f64) -> f64;

    /// The nearest value of the type; integers saturate.
    fn restore(value: f64) -> Self;
}

macro_rules! integer_sample {
    ($($type:ty, $residual:ty);*) => {$(
        impl Sample for $type {
            type Residual = $residual;

            #[inline(always)]
            fn settle(prediction: f64) -> f64 {
                (prediction + ROUNDER) - ROUNDER
            }

            #[inline(always)]
            fn restore(value: f64) -> Self {
                value as $type
            }
        }
    )*};
}

macro_rules! float_sample {
    ($($type:ty),*) => {$(
        impl Sample for $type {
            type Residual = $type;

            #[inline(always)]
            fn settle(prediction: f64) -> f64 {
                prediction
            }

            #[inline(always)]
            fn restore(value: f64) -> Self {
                value as $type
            }
        }
    )*};
}

integer_sample!(i8, i16; u8, i16; i16, i32; u16, i32; i32, i64; u32, i64);
float_sample!(f32, f64);

/// A uniform quantiser of residuals that keeps every value within a bound.
#[derive(Clone, Copy, Debug)]
pub struct Quantiser {
    step: f64,
    inverse: f64,
    bound: f64,
}

impl Quantiser {
    /// Reconstructions `step` apart; a value that ends up further than `bound` from its original escapes.
    /// A step of 0 keeps only what is predicted within the bound.
    pub fn new(step: f64, bound: f64) -> Self {
        let inverse = 1.0 / step;
        Quantiser { step, bound, inverse: if inverse.is_finite() { inverse } else { 0.0 } }
    }

    /// Distance between reconstructions.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// One over the step; 0 for a step of 0.
    #[inline(always)]
    pub fn inverse(&self) -> f64 {
        self.inverse
    }

    /// The residual of `value` in steps; in a stream, [`ESCAPE`] stands for values this cannot keep.
    #[inline(always)]
    pub fn quantise<T: Sample>(&self, value: T, prediction: f64) -> (i32, T) {
        let prediction = T::settle(prediction);
        let steps = (value.to_f64() - prediction) * self.inverse;
        let rounded = steps + ROUNDER;
        let restored = T::restore(prediction + (rounded - ROUNDER) * self.step);
        // Comparisons with NaN are false: whatever is not finite escapes.
        let kept = steps.abs() < LARGEST && restored.within(value, self.bound);
        if kept { (rounded.to_bits() as i32, restored) } else { (ESCAPE, value) }
    }

    /// The value that `symbol` stands for, unless it is [`ESCAPE`].
    #[inline(always)]
    pub fn restore<T: Sample>(&self, symbol: i32, prediction: f64) -> T {
        T::restore(T::settle(prediction) + f64::from(symbol) * self.step)
    }

    /// About the bits that a residual takes, in 1/128: the logarithm of one plus its steps.
    #[inline(always)]
    pub fn cost<T: Sample>(&self, value: T, prediction: f64) -> u32 {
        let steps = (value.to_f64() - T::settle(prediction)) * self.inverse;
        ((1.0 + steps.abs().min(LARGEST)) as f32).to_bits() >> 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Sample>(value: T, prediction: f64, step: f64, bound: f64) -> i32 {
        let quantiser = Quantiser::new(step, bound);
        let (symbol, restored) = quantiser.quantise(value, prediction);
        assert!(symbol == ESCAPE || restored.within(value, bound), "{value} {prediction}");
        if symbol != ESCAPE {
            assert_eq!(quantiser.restore::<T>(symbol, prediction).to_bits(), restored.to_bits());
        }
        symbol
    }

    #[test]
    fn restored_values_keep_the_bound_and_the_decoder_agrees() {
        for (i, prediction) in [0.0, 1.5, -3.25e5, 1e30, f64::NAN, f64::INFINITY].into_iter().enumerate() {
            for value in [0.0f32, 1.0, -7.75, 3e5, f32::MAX, f32::MIN_POSITIVE / 8.0, f32::NAN, f32::INFINITY] {
                check(value, prediction, 0.2 + i as f64, 0.1 + i as f64 / 2.0);
                check(f64::from(value), prediction, 0.0, 0.0);
            }
        }
        assert_eq!(check(100.0f32, 90.0, 2.0, 1.0), 5);
        assert_eq!(check(f32::NAN, 90.0, 2.0, 1.0), ESCAPE);
        assert_eq!(check(5.0f64, 5.0, 0.0, 0.0), 0);
    }

    #[test]
    fn integers_saturate_at_the_ends_of_their_type() {
        for value in [i8::MIN, -1, 0, i8::MAX] {
            for prediction in [-128.0, -0.5, 126.7, 300.0] {
                assert_ne!(check(value, prediction, 7.0, 3.0), ESCAPE);
            }
        }
        for value in [0, 1, u32::MAX] {
            check(value, 4.2e9, 1.0, 0.0);
        }
    }
}
