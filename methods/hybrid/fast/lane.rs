//! The two floating-point types that values are predicted in, and the quantiser of one value.

use std::convert::identity;

use super::tokens::LANES;
use crate::shared::multilevel::Sample;
use crate::shared::simd::Kernel;

/// Residual of a value that is stored as it is.
pub(super) const ESCAPE: i32 = i32::MIN;

/// A type that values are predicted and quantised in.
pub(in crate::hybrid) trait Lane:
    Copy
    + Default
    + Send
    + Sync
    + std::fmt::Debug
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
{
    /// Bits of a value.
    const BITS: u32;

    /// The value nearest to `value`.
    fn of(value: f64) -> Self;

    /// The same value.
    fn wide(self) -> f64;

    /// The value as bits.
    fn bits(self) -> u64;

    /// The value of bits.
    fn from_bits(bits: u64) -> Self;

    /// `steps` times `step` from `prediction`.
    fn restore(steps: i32, prediction: Self, step: Self) -> Self;

    /// The greatest error that passes for one of at most `bound`, however it is rounded in this type.
    fn safe(bound: f64) -> Self;

    /// The residual of a value in steps and what it restores to; [`ESCAPE`] and the value where that is too far off.
    fn quantise(self, prediction: Self, quantiser: &Quantiser<Self>) -> (i32, Self);
}

/// A uniform quantiser of residuals.
#[derive(Clone, Copy, Debug)]
pub(in crate::hybrid) struct Quantiser<R> {
    /// Distance between two values that are told apart.
    pub step: R,
    inverse: R,
    safe: R,
}

impl<R: Lane> Quantiser<R> {
    /// For errors of at most `bound`.
    pub fn new(step: f64, bound: f64) -> Self {
        let step = R::of(step);
        let inverse = R::of(1.0 / step.wide());
        let usable = inverse.wide().is_finite() && step.wide().is_finite();
        Quantiser { step, inverse: if usable { inverse } else { R::default() }, safe: R::safe(bound) }
    }
}

macro_rules! lane {
    ($type:ty, $bits:ty, $rounder:expr, $most:expr) => {
        impl Lane for $type {
            const BITS: u32 = <$bits>::BITS;

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $type
            }

            #[inline(always)]
            fn wide(self) -> f64 {
                self as f64
            }

            #[inline(always)]
            fn bits(self) -> u64 {
                u64::from(self.to_bits())
            }

            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                <$type>::from_bits(bits as $bits)
            }

            #[inline(always)]
            fn restore(steps: i32, prediction: Self, step: Self) -> Self {
                prediction + steps as $type * step
            }

            fn safe(bound: f64) -> Self {
                if size_of::<$type>() == size_of::<f64>() {
                    return bound as $type;
                }
                let near = bound as $type;
                // Two places below: what is rounded to this is less than the bound.
                let below = if near as f64 > bound { near.next_down() } else { near };
                below.next_down()
            }

            #[inline(always)]
            fn quantise(self, prediction: Self, quantiser: &Quantiser<Self>) -> (i32, Self) {
                let steps = (self - prediction) * quantiser.inverse;
                // Far above all steps, so that the nearest integer (ties to even) is left in the low bits.
                let rounded = steps + $rounder;
                let whole = rounded.to_bits().wrapping_sub((($rounder) as $type).to_bits()) as i32;
                let restored = prediction + (rounded - $rounder) * quantiser.step;
                let kept = (self - restored).abs() <= quantiser.safe && steps.abs() <= $most;
                (if kept { whole } else { ESCAPE }, if kept { restored } else { self })
            }
        }
    };
}

lane!(f32, u32, 12_582_912.0, 2_097_152.0);
lane!(f64, u64, 6_755_399_441_055_744.0, 1_073_741_824.0);

/// An element type that comes back from one of these.
pub(in crate::hybrid) trait Value: Sample + pco::data_types::Number {
    /// What it is predicted in.
    type Lane: Lane;

    /// The value, exactly.
    fn lane(self) -> Self::Lane;

    /// The nearest value; integers saturate.
    fn settled(lane: Self::Lane) -> Self;

    /// The bound that a value has to keep before it is rounded to this type.
    fn bound(bound: f64) -> f64;
}

macro_rules! value {
    ($type:ty, $lane:ty, $settle:expr, $bound:expr) => {
        impl Value for $type {
            type Lane = $lane;

            #[inline(always)]
            fn lane(self) -> $lane {
                self as $lane
            }

            #[inline(always)]
            fn settled(lane: $lane) -> Self {
                $settle(lane) as $type
            }

            fn bound(bound: f64) -> f64 {
                $bound(bound)
            }
        }
    };
}

/// The bound that integers have to keep before they are rounded: less than half of one more than they may be off.
fn short_of_half(bound: f64) -> f64 {
    bound.min(1e10).floor() + 0.499_999
}

value!(f32, f32, identity, identity);
value!(f64, f64, identity, identity);
value!(i32, f64, f64::round_ties_even, short_of_half);

/// Takes every other value.
pub(super) struct TakeEven<'a, T: Value> {
    pub data: &'a [T],
    pub known: &'a mut [T::Lane],
}

impl<T: Value> Kernel for TakeEven<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let data = self.data.as_chunks::<{ 2 * LANES }>().0;
        let done = LANES * data.len().min(self.known.len() / LANES);
        for (known, data) in self.known.as_chunks_mut::<LANES>().0.iter_mut().zip(data) {
            for lane in 0..LANES {
                known[lane] = data[2 * lane].lane();
            }
        }
        let rest = self.data[2 * done..].iter().step_by(2);
        self.known[done..].iter_mut().zip(rest).for_each(|(known, value)| *known = value.lane());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_value_is_taken_whether_or_not_the_last_has_another_behind_it() {
        let data: Vec<i32> = (0..100).collect();
        for len in 0..50 {
            for end in [2 * len.max(1) - 1, 2 * len] {
                let mut known = vec![0.0; len];
                TakeEven { data: &data[..end], known: &mut known }.run();
                assert!(known.into_iter().eq((0..len).map(|i| 2.0 * i as f64)));
            }
        }
    }
}
