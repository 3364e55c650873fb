//! Elements as words that can be differenced exactly: integers wrap around, floats go through their order.

use pco::data_types::Number;

use crate::api::Element;

/// An element whose bits are also an unsigned word of the same width.
pub trait Word: Element + Number {
    /// The signed integers of the same width.
    type Signed: Element + Number;

    /// The word `self - other`, wrapping around.
    fn minus(self, other: Self) -> Self;

    /// The word `self + other`, wrapping around.
    fn plus(self, other: Self) -> Self;

    /// The word that grows with the value: for floats the sign-magnitude bits made monotone, so that neighbours in
    /// value are neighbours in number (-0 just below 0, NaNs at both ends); for integers the value itself.
    fn ordered(self) -> Self;

    /// Undoes [`Word::ordered`].
    fn restored(self) -> Self;
}

macro_rules! integer_word {
    ($($type:ty, $signed:ty);*) => {$(
        impl Word for $type {
            type Signed = $signed;

            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }

            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline(always)]
            fn ordered(self) -> Self {
                self
            }

            #[inline(always)]
            fn restored(self) -> Self {
                self
            }
        }
    )*};
}

macro_rules! float_word {
    ($type:ty, $signed:ty, $unsigned:ty) => {
        impl Word for $type {
            type Signed = $signed;

            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                <$type>::from_bits(self.to_bits().wrapping_sub(other.to_bits()))
            }

            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                <$type>::from_bits(self.to_bits().wrapping_add(other.to_bits()))
            }

            #[inline(always)]
            fn ordered(self) -> Self {
                // All bits flip below zero, the sign alone above.
                let flip =
                    (self.to_bits() as $signed >> (<$signed>::BITS - 1)) as $unsigned | 1 << (<$signed>::BITS - 1);
                <$type>::from_bits(self.to_bits() ^ flip)
            }

            #[inline(always)]
            fn restored(self) -> Self {
                let flip =
                    (!self.to_bits() as $signed >> (<$signed>::BITS - 1)) as $unsigned | 1 << (<$signed>::BITS - 1);
                <$type>::from_bits(self.to_bits() ^ flip)
            }
        }
    };
}

integer_word!(i8, i8; u8, i8; i16, i16; u16, i16; i32, i32; u32, i32; i64, i64; u64, i64);
float_word!(f32, i32, u32);
float_word!(f64, i64, u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_floats_is_that_of_their_words_and_every_pattern_comes_back() {
        let ascending = [f64::NEG_INFINITY, -2.5, -5e-324, -0.0, 0.0, 5e-324, 1.0, f64::MAX, f64::INFINITY, f64::NAN];
        let words = ascending.map(|value| value.ordered().to_bits());
        assert!(words.is_sorted_by(|a, b| a < b), "{words:x?}");
        assert_eq!(words[4] - words[3], 1);
        for bits in [0u32, 1, 0x7f80_0001, 0x7fc0_0000, 0x8000_0000, 0xff80_0001, 0xffff_ffff, 0x3f80_0000] {
            assert_eq!(f32::from_bits(bits).ordered().restored().to_bits(), bits);
        }
    }
}
