//! Floats as ranks: their bits, made monotone, without the lowest bits that all of them have zero.

use super::scale::{Located, Open, Scale, located};
use crate::api::Element;

/// The ranks of floats, in cells that are ranks where magnitudes are large and as wide as there where they are small: so
/// zero is a place like any other, not one around which lie half of all floats.
#[derive(Clone, Copy, Debug)]
pub struct Floats<T> {
    shift: u32,
    /// Bits of the significand that are kept, the leading one apart.
    kept: u32,
    /// The exponent field from which on cells are ranks; 0 if all are.
    even: u64,
    /// A power of two that brings all places to at most about one, and the one that brings them back.
    units: [f64; 2],
    element: std::marker::PhantomData<T>,
}

impl<T: Element> Floats<T> {
    const TOP: u64 = 1 << (T::DTYPE.size() * 8 - 1);
    const SIGNIFICAND: u32 = if T::DTYPE.size() == 4 { 23 } else { 52 };
    const BIAS: i32 = if T::DTYPE.size() == 4 { 127 } else { 1023 };

    /// For floats whose lowest `shift` bits are zero, and whose magnitudes are below `2^exponent`, about. Cells are
    /// of one width below `2^even`.
    pub fn new(shift: u32, exponent: i32, even: Option<i32>) -> Self {
        let exponent = exponent.clamp(-1000, 1000);
        let shift = shift.min(Self::SIGNIFICAND);
        let kept = Self::SIGNIFICAND - shift;
        // The narrowest cell begins with a normal number.
        let even = even.map_or(0, |even| (even + Self::BIAS).clamp(kept as i32 + 1, 2 * Self::BIAS) as u64);
        let units = [-exponent, exponent].map(|exponent| libm::scalbn(1.0, exponent));
        Floats { shift, kept, even, units, element: std::marker::PhantomData }
    }

    /// The rank of a value: -0 stands just below 0.
    #[inline(always)]
    pub fn rank(&self, value: T) -> i64 {
        let bits = value.to_bits();
        let size = ((bits & (Self::TOP - 1)) >> self.shift) as i64;
        if bits & Self::TOP == 0 { size } else { !size }
    }

    /// The value at a rank; ranks that none has stand for some value.
    #[inline(always)]
    pub fn value(&self, rank: i64) -> T {
        let sign = if rank < 0 { Self::TOP } else { 0 };
        let size = (rank ^ (rank >> 63)) as u64;
        T::from_bits(sign | (size << self.shift) & (Self::TOP - 1))
    }

    /// The place of that end of a cell that is nearer to zero.
    #[inline(always)]
    fn place_of(&self, cell: i64) -> f64 {
        self.place(self.rank_in(cell, 0))
    }

    /// What cell `size`, counted from zero, leaves open.
    #[inline(always)]
    fn open_of(&self, size: u64) -> Open {
        if self.even == 0 || size >> self.kept != 0 {
            Open::Nothing
        } else if size == 0 {
            Open::Number
        } else {
            Open::Bits(self.kept - size.ilog2())
        }
    }
}

impl<T: Element> Scale for Floats<T> {
    #[inline(always)]
    fn place(&self, rank: i64) -> f64 {
        let value = self.value(rank);
        if value.is_finite() { value.to_f64() * self.units[0] } else { 0.0 }
    }

    #[inline(always)]
    fn locate(&self, place: f64) -> Located {
        let (cell, _) = self.cell(self.rank(T::from_f64(place * self.units[1])));
        let at = self.place_of(cell);
        let below = cell.wrapping_sub(i64::from(at > place));
        let ends = if at > place { [self.place_of(below), at] } else { [at, self.place_of(cell.wrapping_add(1))] };
        located(below, place, ends)
    }

    #[inline(always)]
    fn cell(&self, rank: i64) -> (i64, u64) {
        let sign = rank >> 63;
        let size = (rank ^ sign) as u64;
        let exponent = size >> self.kept;
        if exponent >= self.even {
            let below = self.even.saturating_sub(1) << self.kept;
            return ((size - below) as i64 ^ sign, 0);
        }
        let open = (self.even - exponent) as u32;
        if open > self.kept {
            return (sign, size);
        }
        let significand = size & ((1 << self.kept) - 1) | 1 << self.kept;
        ((significand >> open) as i64 ^ sign, significand & ((1 << open) - 1))
    }

    #[inline(always)]
    fn open(&self, cell: i64) -> Open {
        self.open_of((cell ^ (cell >> 63)) as u64)
    }

    #[inline(always)]
    fn rank_in(&self, cell: i64, rest: u64) -> i64 {
        let sign = cell >> 63;
        let size = (cell ^ sign) as u64;
        let rank = match self.open_of(size) {
            Open::Nothing => size.wrapping_add(self.even.saturating_sub(1) << self.kept),
            Open::Bits(open) => {
                // The leading bit of the significand is one more in the exponent.
                let before = (self.even - u64::from(open) - 1) << self.kept;
                before + (size << open) + rest
            }
            Open::Number => rest,
        };
        rank as i64 ^ sign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Element>(scale: &Floats<T>, bits: u64) {
        let value = T::from_bits(bits >> scale.shift << scale.shift);
        let rank = scale.rank(value);
        let (cell, rest) = scale.cell(rank);
        assert_eq!(scale.rank_in(cell, rest), rank, "{value}");
        assert_eq!(scale.value(rank).to_bits(), value.to_bits(), "{value}");
        let fits = match scale.open(cell) {
            Open::Nothing => rest == 0,
            Open::Bits(open) => rest >> open == 0,
            Open::Number => true,
        };
        assert!(fits, "{value}: {rest} left open");
        let located = scale.locate(scale.place(rank));
        assert!(located.gap > 0.0 && (0.0..=1.0).contains(&located.fraction), "{value}");
        // Places too small or too large to be exact are only guesses.
        let exact = value.is_finite() && scale.place(rank).is_normal();
        assert!(!exact || (located.below - cell).abs() <= 1, "{value}: {} for {cell}", located.below);
    }

    #[test]
    fn every_bit_pattern_comes_back_whatever_the_cells() {
        for even in [None, Some(-140), Some(-3), Some(0), Some(5), Some(200), Some(2000)] {
            for (shift, exponent) in [(0, 0), (4, 12), (12, -30), (40, 300)] {
                let (single, double) = (Floats::<f32>::new(shift, exponent, even), Floats::new(shift, exponent, even));
                for i in 0..2000u64 {
                    let bits = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    check(&single, bits >> 32);
                    check::<f64>(&double, bits);
                }
                for special in [0.0, -0.0, 1.0, 5e-324, f64::MAX, f64::INFINITY, f64::NAN] {
                    check(&single, u64::from((special as f32).to_bits()));
                    check(&double, special.to_bits());
                }
            }
        }
    }

    #[test]
    fn cells_below_the_limit_are_even() {
        let scale = Floats::<f32>::new(0, 0, Some(3));
        let gap = |place: f64| scale.locate(place).gap;
        assert_eq!([gap(0.0), gap(0.3), gap(-2.0), gap(7.9)], [2.0f64.powi(-20); 4]);
        assert_eq!(gap(9.0), 2.0f64.powi(-20));
        assert_eq!(gap(17.0), 2.0f64.powi(-19));
    }
}
