//! Elements as the types that zfp knows: itself, or a wider integer with the value moved to its high bits.

use super::ffi::Scalar;
use crate::api::Element;

/// An element that has an exact place in one of zfp's types.
pub trait Native: Element {
    /// zfp's type.
    type Scalar: Scalar;
    /// The element 1 is `2^SHIFT` there.
    const SHIFT: i32;

    /// The element in zfp's type.
    fn promoted(self) -> Self::Scalar;

    /// The element nearest to `value`.
    fn demoted(value: Self::Scalar) -> Self;
}

macro_rules! as_it_is {
    ($($type:ty),*) => {$(
        impl Native for $type {
            type Scalar = $type;
            const SHIFT: i32 = 0;

            #[inline(always)]
            fn promoted(self) -> $type {
                self
            }

            #[inline(always)]
            fn demoted(value: $type) -> Self {
                value
            }
        }
    )*};
}

/// `$middle` goes to zero; a shift leaves zfp the two bits of headroom that its transform needs.
macro_rules! promote {
    ($type:ty, $scalar:ty, $shift:literal, $middle:literal) => {
        impl Native for $type {
            type Scalar = $scalar;
            const SHIFT: i32 = $shift;

            #[inline(always)]
            fn promoted(self) -> $scalar {
                (<$scalar>::from(self) - $middle) << $shift
            }

            #[inline(always)]
            fn demoted(value: $scalar) -> Self {
                let rounded = value.saturating_add(1 << ($shift - 1)) >> $shift;
                (rounded + $middle).clamp(<$scalar>::from(<$type>::MIN), <$scalar>::from(<$type>::MAX)) as $type
            }
        }
    };
}

as_it_is!(f32, f64, i32, i64);
promote!(i8, i32, 23, 0);
promote!(u8, i32, 23, 128);
promote!(i16, i32, 15, 0);
promote!(u16, i32, 15, 32768);
promote!(u32, i64, 30, 2_147_483_648);

#[cfg(test)]
mod tests {
    use super::*;

    fn exact<T: Native>(values: &[T]) {
        for &value in values {
            assert_eq!(T::demoted(value.promoted()), value);
        }
    }

    #[test]
    fn promotion_is_exact_and_demotion_rounds_and_clamps() {
        exact(&[i8::MIN, -1, 0, 1, i8::MAX]);
        exact(&[0u8, 1, 127, 128, 255]);
        exact(&[i16::MIN, -1, 0, i16::MAX]);
        exact(&[0u16, 32767, 32768, 65535]);
        exact(&[0u32, 1, 1 << 31, u32::MAX]);
        exact(&[i32::MIN, i32::MAX]);
        assert_eq!(u8::demoted(i32::MAX), 255);
        assert_eq!(i16::demoted(i32::MIN), i16::MIN);
        assert_eq!((i8::demoted(3 << 22), i8::demoted((3 << 22) - 1), i8::demoted(-(3 << 22))), (2, 1, -1));
        assert_eq!((u32::demoted(i64::MAX), u32::demoted(i64::MIN)), (u32::MAX, 0));
    }

    #[test]
    fn promoted_values_stay_within_the_range_of_zfps_transform() {
        assert!(255u8.promoted() < 1 << 30 && 0u8.promoted() >= -(1 << 30));
        assert!(u16::MAX.promoted() < 1 << 30 && i16::MIN.promoted() >= -(1 << 30));
        assert!(u32::MAX.promoted() < 1 << 62 && 0u32.promoted() >= -(1 << 62));
    }
}
