//! The two floating-point types that transforms work in.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// A floating-point type to compute in: `f32` where that is precise enough, `f64` elsewhere.
///
/// Only operations that IEEE 754 rounds correctly, so that results are the same on every machine.
pub trait Real:
    Copy
    + Default
    + PartialOrd
    + Debug
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
    /// The value nearest to `value`.
    fn from_f64(value: f64) -> Self;

    /// The same value, exactly.
    fn to_f64(self) -> f64;

    /// The value nearest to `value`.
    fn from_i32(value: i32) -> Self;

    /// The integer part; saturates, and NaN becomes 0.
    fn to_i32(self) -> i32;

    /// The magnitude.
    fn abs(self) -> Self;
}

macro_rules! real {
    ($type:ty) => {
        impl Real for $type {
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $type
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn from_i32(value: i32) -> Self {
                value as $type
            }

            #[inline(always)]
            fn to_i32(self) -> i32 {
                self as i32
            }

            #[inline(always)]
            fn abs(self) -> Self {
                <$type>::abs(self)
            }
        }
    };
}

real!(f32);
real!(f64);
