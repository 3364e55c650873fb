//! Element types a tensor can hold.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Type of the elements of a tensor, named as in NumPy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum DType {
    #[serde(rename = "float32")]
    F32,
    #[serde(rename = "float64")]
    F64,
    #[serde(rename = "int8")]
    I8,
    #[serde(rename = "uint8")]
    U8,
    #[serde(rename = "int16")]
    I16,
    #[serde(rename = "uint16")]
    U16,
    #[serde(rename = "int32")]
    I32,
    #[serde(rename = "uint32")]
    U32,
    #[serde(rename = "int64")]
    I64,
    #[serde(rename = "uint64")]
    U64,
}

impl DType {
    /// Every element type, floats first.
    pub const ALL: [DType; 10] = [
        DType::F32,
        DType::F64,
        DType::I8,
        DType::U8,
        DType::I16,
        DType::U16,
        DType::I32,
        DType::U32,
        DType::I64,
        DType::U64,
    ];

    /// Bytes per element.
    pub const fn size(self) -> usize {
        match self {
            DType::I8 | DType::U8 => 1,
            DType::I16 | DType::U16 => 2,
            DType::F32 | DType::I32 | DType::U32 => 4,
            DType::F64 | DType::I64 | DType::U64 => 8,
        }
    }

    /// Whether the type is a floating-point type, and so may hold NaN and infinities.
    pub const fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64)
    }

    /// The NumPy name: `float32`, `uint8`, ...
    pub const fn name(self) -> &'static str {
        match self {
            DType::F32 => "float32",
            DType::F64 => "float64",
            DType::I8 => "int8",
            DType::U8 => "uint8",
            DType::I16 => "int16",
            DType::U16 => "uint16",
            DType::I32 => "int32",
            DType::U32 => "uint32",
            DType::I64 => "int64",
            DType::U64 => "uint64",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for DType {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        DType::ALL.into_iter().find(|dtype| dtype.name() == name).ok_or_else(|| {
            let known: Vec<_> = DType::ALL.iter().map(|dtype| dtype.name()).collect();
            format!("unknown dtype {name:?}; known: {}", known.join(", "))
        })
    }
}

/// A number a tensor can hold.
pub trait Element: Copy + Default + PartialEq + PartialOrd + Send + Sync + fmt::Debug + fmt::Display + 'static {
    /// The run-time name of this type.
    const DTYPE: DType;

    /// The value as `f64`; 64-bit integers are rounded to nearest.
    fn to_f64(self) -> f64;

    /// The value of this type nearest to `value`: integers round half to even and saturate (NaN becomes 0), floats round once.
    fn from_f64(value: f64) -> Self;

    /// The bit pattern, zero-extended.
    fn to_bits(self) -> u64;

    /// The value whose bit pattern is the low bits of `bits`.
    fn from_bits(bits: u64) -> Self;

    /// Whether the value is neither NaN nor infinite; always true for integers.
    fn is_finite(self) -> bool;

    /// `|self - other|`; exact for integers up to the rounding of the result to `f64`.
    fn abs_diff(self, other: Self) -> f64;

    /// Whether `|self - other| <= bound`, without rounding the difference of integers. False if either is NaN.
    fn within(self, other: Self, bound: f64) -> bool;
}

macro_rules! float_element {
    ($type:ty, $bits:ty, $dtype:expr) => {
        impl Element for $type {
            const DTYPE: DType = $dtype;

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $type
            }

            #[inline(always)]
            fn to_bits(self) -> u64 {
                <$type>::to_bits(self) as u64
            }

            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                <$type>::from_bits(bits as $bits)
            }

            #[inline(always)]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }

            #[inline(always)]
            fn abs_diff(self, other: Self) -> f64 {
                (self as f64 - other as f64).abs()
            }

            #[inline(always)]
            fn within(self, other: Self, bound: f64) -> bool {
                (self as f64 - other as f64).abs() <= bound
            }
        }
    };
}

macro_rules! integer_element {
    ($type:ty, $bits:ty, $dtype:expr) => {
        impl Element for $type {
            const DTYPE: DType = $dtype;

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value.round_ties_even() as $type
            }

            #[inline(always)]
            fn to_bits(self) -> u64 {
                self as $bits as u64
            }

            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                bits as $type
            }

            #[inline(always)]
            fn is_finite(self) -> bool {
                true
            }

            #[inline(always)]
            fn abs_diff(self, other: Self) -> f64 {
                <$type>::abs_diff(self, other) as f64
            }

            #[inline(always)]
            fn within(self, other: Self, bound: f64) -> bool {
                // The cast saturates and truncates: exactly the largest whole difference a bound allows.
                bound >= 0.0 && <$type>::abs_diff(self, other) as u64 <= bound as u64
            }
        }
    };
}

float_element!(f32, u32, DType::F32);
float_element!(f64, u64, DType::F64);
integer_element!(i8, u8, DType::I8);
integer_element!(u8, u8, DType::U8);
integer_element!(i16, u16, DType::I16);
integer_element!(u16, u16, DType::U16);
integer_element!(i32, u32, DType::I32);
integer_element!(u32, u32, DType::U32);
integer_element!(i64, u64, DType::I64);
integer_element!(u64, u64, DType::U64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back_and_an_unknown_one_lists_the_known() {
        for dtype in DType::ALL {
            assert_eq!(dtype.name().parse(), Ok(dtype));
        }
        assert!("float16".parse::<DType>().is_err_and(|message| message.contains("float32")));
    }

    #[test]
    fn bits_round_trip_through_sign_extension() {
        assert_eq!(<i8 as Element>::from_bits(Element::to_bits(-3i8)), -3);
        assert_eq!(Element::to_bits(-1i16), 0xffff);
        assert_eq!(Element::to_bits(-0.0f32), 0x8000_0000);
    }

    #[test]
    fn within_is_exact_where_f64_would_round() {
        assert!(!Element::within(u64::MAX, u64::MAX - 3, 2.0));
        assert!(Element::within(i64::MIN, i64::MAX, f64::INFINITY));
        assert!(!Element::within(5u8, 5u8, f64::NAN));
        assert!(!Element::within(f32::NAN, 0.0, 1.0));
    }

    #[test]
    fn from_f64_saturates_and_rounds_half_to_even() {
        assert_eq!(<u8 as Element>::from_f64(300.0), 255);
        assert_eq!(<i16 as Element>::from_f64(2.5), 2);
        assert_eq!(<i32 as Element>::from_f64(f64::NAN), 0);
    }
}
