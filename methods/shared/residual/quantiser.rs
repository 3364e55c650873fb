//! From values to steps away from a model, and back.

use crate::api::{DType, Element};

/// Steps further away than this are not counted: the value itself is coded.
const FARTHEST: f64 = (1 << 28) as f64;
/// The margin number that says that no step is wide enough for the type.
const NO_STEP: u64 = 0;
/// The greatest margin number: nothing is set aside.
const NO_MARGIN: u64 = 31;

/// How values are counted in steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quantiser {
    bound: f64,
    /// The width of a step, in the unit of the data; 0 where values are coded as they are.
    pub step: f64,
}

/// What a model alone says: the value of the type nearest to it, never NaN or infinite.
pub fn bare<T: Element>(model: f64) -> T {
    let limit = if T::DTYPE == DType::F32 { f64::from(f32::MAX) } else { f64::MAX };
    T::from_f64(if model.is_nan() { 0.0 } else { model.clamp(-limit, limit) })
}

/// The part of the bound that rounding to the type may take, as a number `k` for `2^-k` of it.
pub(super) fn margin<T: Element>(values: &[T], bound: f64) -> u64 {
    let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.to_f64().abs()));
    let (digits, least) = match T::DTYPE {
        DType::F32 => (f64::from(f32::EPSILON), f64::from(f32::from_bits(1))),
        _ => (f64::EPSILON, f64::from_bits(1)),
    };
    // Half a unit in the last place of the largest value; twice that, since sums in `f64` round as well.
    let rounding = (largest.min(f64::MAX / 4.0) * digits).max(least);
    let (mut part, mut number) = (bound, NO_STEP);
    while number < NO_MARGIN && part / 2.0 >= rounding {
        part /= 2.0;
        number += 1;
    }
    number
}

impl Quantiser {
    /// For values of type `T`, with what [`margin`] said (unused for integers).
    pub fn new<T: Element>(bound: f64, margin: u64) -> Self {
        let step = if !T::DTYPE.is_float() {
            2.0 * bound.min(4e18).floor() + 1.0
        } else if margin == NO_STEP {
            0.0
        } else {
            let part = if margin == NO_MARGIN { 0.0 } else { libm::ldexp(1.0, -(margin as i32)) };
            // Not more than the greatest number, and not exactly twice the bound: quotients round.
            (bound * (1.0 - part)).min(f64::MAX / 4.0) * (2.0 - 1e-9)
        };
        Quantiser { bound, step }
    }

    /// The value that lies `steps` away from the model.
    #[inline(always)]
    pub fn restore<T: Element>(&self, model: f64, steps: i32) -> T {
        bare(model + f64::from(steps) * self.step)
    }

    /// The number of steps that leads within the bound of `value`, if there is a step and such a number.
    #[inline(always)]
    pub fn steps<T: Element>(&self, value: T, model: f64) -> Option<i32> {
        if self.step == 0.0 {
            return None;
        }
        if bare::<T>(model).within(value, self.bound) {
            return Some(0);
        }
        let nearest = ((value.to_f64() - model) / self.step).round();
        if nearest.is_nan() || nearest.abs() > FARTHEST {
            return None;
        }
        let nearest = nearest as i32;
        let fits = |&steps: &i32| self.restore::<T>(model, steps).within(value, self.bound);
        [nearest, nearest - 1, nearest + 1].into_iter().find(fits)
    }

    /// Whether the model alone is good enough for `value`.
    pub fn is_good<T: Element>(&self, value: T, model: f64) -> bool {
        bare::<T>(model).within(value, self.bound)
    }

    /// How far `value` is from the model, in steps, or in the unit of the data if there is no step.
    #[inline(always)]
    pub fn distance<T: Element>(&self, value: T, model: f64) -> f64 {
        let unit = if self.step == 0.0 { 1.0 } else { self.step };
        let distance = (value.to_f64() - model) / unit;
        // Squares of it must not overflow.
        if distance.is_nan() { 0.0 } else { distance.clamp(-1e100, 1e100) }
    }

    /// The value `distance` away from the model.
    #[inline(always)]
    pub fn at<T: Element>(&self, model: f64, distance: f64) -> T {
        bare(model + distance * if self.step == 0.0 { 1.0 } else { self.step })
    }
}
