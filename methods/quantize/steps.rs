//! Values to whole numbers of steps and back: what a decoder computes from a number, and which number an encoder takes.

use crate::api::{Element, Error, Target};

/// Factors between the steps that are tried for a root mean square error, per doubling.
pub const PER_OCTAVE: f64 = 8.0;

/// How numbers of steps are values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steps {
    /// Number times step, in `f64`, rounded to the type.
    Even(f64),
    /// Integers: number times step, in whole numbers, held inside the type.
    Whole(u64),
    /// The logarithm of the magnitude is `centre` plus number times step; numbers carry the sign, zero is zero, and the least
    /// magnitude has the number one.
    Log {
        /// Step of the natural logarithm.
        step: f64,
        /// How far above a step's middle its value stands, so that both ends are equally far from it.
        centre: f64,
        /// How many steps the least magnitude is.
        least: i64,
    },
}

impl Steps {
    /// Those whose middle is never more than `bound` from any value: twice the bound, or for integers the odd step which
    /// says as much. `None` if they would be no coarser than the type.
    pub fn bounded<T: Element>(bound: f64) -> Option<Self> {
        if !T::DTYPE.is_float() {
            return (bound >= 1.0).then(|| Steps::Whole((bound as u64).saturating_mul(2).saturating_add(1)));
        }
        (bound > 0.0).then(|| Steps::Even((2.0 * bound).min(f64::MAX)))
    }

    /// Those whose middle differs from any value by no more than its `bound`-fold. `None` if that is no bound of a logarithm.
    pub fn relative(bound: f64, least: i64) -> Option<Self> {
        let (up, down) = (libm::log1p(bound), libm::log1p(-bound));
        let usable = bound > 0.0 && bound < 1.0 && up - down > 0.0;
        usable.then_some(Steps::Log { step: up - down, centre: 0.5 * (up + down), least })
    }

    /// The same for the least number that `values` have, and that number.
    pub fn relative_to<T: Element>(values: &[T], bound: f64) -> Option<(Self, i64)> {
        let Some(Steps::Log { step, centre, .. }) = Self::relative(bound, 1) else { return None };
        let magnitudes = values.iter().map(|value| value.to_f64().abs()).filter(|&magnitude| magnitude > 0.0);
        let smallest = magnitudes.fold(f64::INFINITY, f64::min);
        let least = whole::<T>(libm::log(smallest) / step).unwrap_or(1);
        Some((Steps::Log { step, centre, least }, least))
    }

    /// Those whose rounding errors, were they evenly spread, would have a root mean square of `2^(raise / 8)` times `error`.
    pub fn spread<T: Element>(error: f64, raise: i64) -> Option<Self> {
        let step = error * 12f64.sqrt() * libm::exp2(raise as f64 / PER_OCTAVE);
        if T::DTYPE.is_float() {
            return (step > 0.0).then(|| Steps::Even(step.min(f64::MAX)));
        }
        (step >= 2.0).then_some(Steps::Whole(step as u64))
    }

    /// The number whose value is nearest to `value`, or `None` if it is too large.
    pub fn number<T: Element>(self, value: T) -> Option<i64> {
        match self {
            Steps::Even(step) => whole::<T>(value.to_f64() / step),
            Steps::Whole(step) => {
                let (value, step) = (wide(value), i128::from(step));
                let shifted = value + if value < 0 { -(step / 2) } else { step / 2 };
                i64::try_from(shifted / step).ok()
            }
            Steps::Log { step, least, .. } => {
                let value = value.to_f64();
                if value == 0.0 {
                    return Some(0);
                }
                let number = whole::<T>(libm::log(value.abs()) / step)? - least + 1;
                Some(if value < 0.0 { -number } else { number })
            }
        }
    }

    /// The value of a number.
    pub fn value<T: Element>(self, number: i64) -> T {
        match self {
            Steps::Even(step) => T::from_f64(number as f64 * step),
            Steps::Whole(step) => narrow((i128::from(number) * i128::from(step)).clamp(lowest::<T>(), highest::<T>())),
            Steps::Log { .. } if number == 0 => T::default(),
            Steps::Log { step, centre, least } => {
                let steps = least.wrapping_add(number.checked_abs().unwrap_or(i64::MAX)).wrapping_sub(1);
                let magnitude = libm::exp(steps as f64 * step + centre);
                T::from_f64(if number < 0 { -magnitude } else { magnitude })
            }
        }
    }
}

/// The nearest whole number, if it is exact and an integer as wide as the float has room for the differences of such.
fn whole<T: Element>(number: f64) -> Option<i64> {
    let most = if T::DTYPE.size() == 4 { 30 } else { 53 };
    let rounded = number.round();
    (rounded.abs() <= (1i64 << most) as f64).then_some(rounded as i64)
}

/// The value of an integer type, whatever its sign and width.
fn wide<T: Element>(value: T) -> i128 {
    let bits = value.to_bits();
    let shift = 64 - 8 * T::DTYPE.size();
    if lowest::<T>() < 0 { i128::from((bits << shift) as i64 >> shift) } else { i128::from(bits) }
}

/// The integer of type `T` with this value, which fits.
fn narrow<T: Element>(value: i128) -> T {
    T::from_bits(value as u64 & (u64::MAX >> (64 - 8 * T::DTYPE.size())))
}

/// The least value of an integer type.
fn lowest<T: Element>() -> i128 {
    let signed = T::from_f64(-1.0) < T::default();
    if signed { -(1i128 << (8 * T::DTYPE.size() - 1)) } else { 0 }
}

/// The greatest value of an integer type.
fn highest<T: Element>() -> i128 {
    lowest::<T>() + (1i128 << (8 * T::DTYPE.size())) - 1
}

/// Whether `back` is what `target` promises for `value`; true for targets that promise nothing of one value.
pub fn kept<T: Element>(value: T, back: T, target: Target) -> bool {
    match target {
        Target::MaxAbs(bound) => value.within(back, bound),
        Target::PointwiseRel(bound) => value.within(back, (bound * value.to_f64().abs()).min(f64::MAX)),
        _ => true,
    }
}

/// The root mean square of the errors of all values with these steps; infinite where one has no number.
pub fn spread_of<T: Element>(values: &[T], steps: Steps) -> f64 {
    let mut sum = 0.0;
    for &value in values {
        let Some(number) = steps.number(value) else { return f64::INFINITY };
        let error = value.abs_diff(steps.value(number));
        sum += error * error;
    }
    (sum / values.len().max(1) as f64).sqrt()
}

/// The steps that a target asks for, and those a little smaller; `extra` is what the payload says beside: the exponent of
/// the greatest magnitude, the least number, or how far the step is raised.
///
/// # Errors
/// `Corrupt` if no encoder writes such for this target.
pub fn of<T: Element>(target: Target, tight: bool, extra: i64) -> Result<Steps, Error> {
    let steps = match target {
        Target::MaxAbs(bound) if tight => Steps::bounded::<T>(tightened::<T>(bound, extra)),
        Target::MaxAbs(bound) => Steps::bounded::<T>(bound),
        Target::PointwiseRel(bound) if tight => Steps::relative(relatively_tightened::<T>(bound), extra),
        Target::PointwiseRel(bound) => Steps::relative(bound, extra),
        Target::Rmse(error) if !tight => Steps::spread::<T>(error, extra),
        _ => None,
    };
    steps.ok_or_else(|| Error::corrupt(0, "no steps can be like this for the target"))
}

/// A bound less half the distance of neighbours among floats from `2^exponent` to twice that.
pub fn tightened<T: Element>(bound: f64, exponent: i64) -> f64 {
    let digits = if T::DTYPE.size() == 4 { 24 } else { 53 };
    bound - libm::scalbn(1.0, exponent.clamp(-2000, 2000) as i32 - digits)
}

/// A relative bound less what rounding to a float and, for `f64`, the logarithm there and back may add.
pub fn relatively_tightened<T: Element>(bound: f64) -> f64 {
    bound - if T::DTYPE.size() == 4 { libm::exp2(-24.0) } else { libm::exp2(-42.0) }
}

/// The exponent of the greatest magnitude: `2^exponent` is not above it, twice that is.
pub fn exponent<T: Element>(values: &[T]) -> i64 {
    let greatest = values.iter().fold(0.0, |most: f64, value| most.max(value.to_f64().abs()));
    if greatest > 0.0 { libm::ilogb(greatest).into() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_keep_their_bound_up_to_the_ends_of_their_type() {
        fn check<T: Element>(values: &[T]) {
            for bound in [1.0, 2.9, 77.0, 1e6, f64::MAX] {
                let steps = Steps::bounded::<T>(bound).expect("coarser than the type");
                for &value in values {
                    let number = steps.number(value).expect("not too large");
                    assert!(kept(value, steps.value(number), Target::MaxAbs(bound)), "{value} {bound}");
                }
            }
        }
        check(&[i8::MIN, -1, 0, 1, i8::MAX]);
        check(&[0u8, 1, 127, 255]);
        check(&[i64::MIN, -3, 0, 4, i64::MAX]);
        check(&[0u64, 5, 1 << 63, u64::MAX]);
        assert_eq!(Steps::bounded::<i16>(0.99), None);
        assert_eq!(Steps::bounded::<u16>(3.7), Some(Steps::Whole(7)));
    }

    #[test]
    fn logarithms_keep_a_relative_bound_with_signs_and_zeros() {
        let values = [0.0, 1.0, -3.7e-200, 2.2e300, -1e-5, 7.77];
        for bound in [1e-9, 1e-3, 0.5, 0.99] {
            let found = Steps::relative_to(&values, relatively_tightened::<f64>(bound));
            let (tight, _) = found.expect("a bound");
            for value in values {
                let back = tight.value(tight.number(value).expect("not too large"));
                assert!(kept(value, back, Target::PointwiseRel(bound)), "{value} {back} {bound}");
            }
        }
        assert_eq!(Steps::relative(1.0, 0), None);
        assert_eq!(Steps::relative(0.0, 0), None);
    }

    #[test]
    fn any_number_of_any_steps_has_a_value() {
        for number in [i64::MIN, -1, 0, 1, i64::MAX] {
            for steps in
                [Steps::Even(f64::MAX), Steps::Even(1e-320), Steps::Log { step: 1.0, centre: 0.0, least: i64::MIN }]
            {
                let _: f32 = steps.value(number);
            }
            let _: u8 = Steps::Whole(u64::MAX).value(number);
            let _: i64 = Steps::Whole(3).value(number);
        }
    }
}
