//! Values that are coded as they are: their distance from a guess, counted in values of the type that lie between.

use crate::api::Element;
use crate::shared::range::{Bit, BitCoder};

/// Lengths of a distance: 0 to 64 bits.
const LENGTH_BITS: usize = 7;

/// Models of such distances under `contexts` contexts.
#[derive(Debug)]
pub struct Exact {
    lengths: Vec<[Bit; 1 << LENGTH_BITS]>,
    signs: [Bit; 65],
    /// For every length, the two bits below the leading one.
    leading: [[Bit; 4]; 65],
}

impl Exact {
    /// Models for so many contexts.
    pub fn new(contexts: usize) -> Self {
        let bit = Bit::default();
        Exact { lengths: vec![[bit; 1 << LENGTH_BITS]; contexts], signs: [bit; 65], leading: [[bit; 4]; 65] }
    }

    /// Codes `value` relative to `guess`; returns it, with the number of bits of the distance.
    ///
    /// # Panics
    /// If the context does not exist.
    pub fn code<T: Element>(&mut self, value: T, guess: T, context: usize, coder: &mut impl BitCoder) -> (T, u32) {
        let distance = shortest::<T>(rank(value).wrapping_sub(rank(guess)));
        let size = distance.unsigned_abs();
        let nodes = &mut self.lengths[context];
        let (known, mut node) = (u64::BITS - size.leading_zeros(), 1);
        for bit in (0..LENGTH_BITS).rev() {
            node = node * 2 + usize::from(coder.learnt(known >> bit & 1 == 1, &mut nodes[node]));
        }
        let length = (node - (1 << LENGTH_BITS)).min(64);
        if length == 0 {
            return (unrank(rank(guess)), 0);
        }
        let negative = coder.learnt(distance < 0, &mut self.signs[length]);
        let (mut found, mut below, mut node) = (1u64, length as u32 - 1, 1);
        while below > 0 && node < 4 {
            below -= 1;
            let one = coder.learnt(size >> below & 1 == 1, &mut self.leading[length][node]);
            found = found << 1 | u64::from(one);
            node = node * 2 + usize::from(one);
        }
        if below > 0 {
            found = found << below | coder.plain(size & ((1 << below) - 1), below);
        }
        let distance = if negative { (found as i64).wrapping_neg() } else { found as i64 };
        (unrank(rank(guess).wrapping_add(distance)), length as u32)
    }
}

/// The place of a value among all values of its type: zero, of either sign, has place 0.
fn rank<T: Element>(value: T) -> i64 {
    let (bits, top) = (value.to_bits(), 1u64 << (T::DTYPE.size() * 8 - 1));
    if T::DTYPE.is_float() {
        let size = (bits & (top - 1)) as i64;
        if bits & top == 0 { size } else { -size }
    } else {
        // Modulo the width of the type: two's complement and unsigned numbers alike.
        bits as i64
    }
}

/// A distance between integers, the short way around: the types wrap.
fn shortest<T: Element>(distance: i64) -> i64 {
    let unused = if T::DTYPE.is_float() { 0 } else { 64 - T::DTYPE.size() * 8 };
    distance << unused >> unused
}

/// The value at a place; a distance that leads outside the type comes back as some value.
fn unrank<T: Element>(rank: i64) -> T {
    if T::DTYPE.is_float() {
        let top = 1u64 << (T::DTYPE.size() * 8 - 1);
        let size = rank.unsigned_abs() & (top - 1);
        T::from_bits(if rank < 0 { top | size } else { size })
    } else {
        T::from_bits(rank as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::range::{RangeDecoder, RangeEncoder};

    fn round_trip<T: Element>(values: &[T]) {
        let (mut models, mut encoder) = (Exact::new(1), RangeEncoder::new());
        for pair in values.windows(2) {
            models.code(pair[1], pair[0], 0, &mut encoder);
        }
        let bytes = encoder.finish();
        let (mut models, mut decoder) = (Exact::new(1), RangeDecoder::new(&bytes));
        for pair in values.windows(2) {
            assert_eq!(models.code(T::default(), pair[0], 0, &mut decoder).0, pair[1]);
        }
    }

    #[test]
    fn every_value_comes_back_from_every_guess() {
        round_trip(&[0.0, 1.0, -1.0, f32::MAX, f32::MIN, f32::from_bits(1), -0.0, 3.5]);
        round_trip(&[0.0, 1.0, f64::MAX, f64::MIN, f64::from_bits(1), -f64::from_bits(1), 1e-300]);
        round_trip(&[0u8, 255, 1, 254, 128]);
        round_trip(&[0i8, -128, 127, -1, 1]);
        round_trip(&[0u64, u64::MAX, 1 << 63, 5]);
        round_trip(&[0i64, i64::MAX, i64::MIN, -1]);
    }
}
