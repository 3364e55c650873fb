//! An integer as a class, of which four make an octave, and raw low bits.
//!
//! With `m = |v|` and `z = 2m + (v < 0)`: `z < 8` is its own class, so that 0 and each of -3..3 have one; above, the
//! class names the leading bit of `z` and the two below it, and the bits under those (sign lowest) stay raw.

/// Number of classes; class 1 (minus zero) and those above 124 never occur in what the encoder writes.
pub(super) const CLASSES: usize = 128;

/// An integer taken apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Parts {
    pub class: usize,
    pub raw: u64,
    pub raw_bits: u32,
}

/// Takes `value` apart.
#[inline(always)]
pub(super) fn split(value: i32) -> Parts {
    let z = u64::from(value.unsigned_abs()) << 1 | u64::from(value < 0);
    let raw_bits = 61 - (z | 7).leading_zeros();
    let class = 4 * raw_bits as usize + (z >> raw_bits) as usize;
    Parts { class, raw: z & ((1 << raw_bits) - 1), raw_bits }
}

/// Raw bits that follow a class.
#[inline(always)]
pub(super) fn raw_bits(class: usize) -> u32 {
    (class as u32 / 4).saturating_sub(1)
}

/// Puts an integer together. Classes that never occur give some integer.
#[inline(always)]
pub(super) fn join(class: usize, raw: u64) -> i32 {
    let bits = raw_bits(class);
    let z = (class as u64 - 4 * u64::from(bits)) << bits | raw;
    let sign = -((z & 1) as i32);
    ((z >> 1) as i32 ^ sign).wrapping_sub(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_put_together_give_the_integer_again() {
        let around = |value: i32| (-9..10).map(move |offset| value.wrapping_add(offset));
        for value in
            (0..32).flat_map(|bit| around(1i32.wrapping_shl(bit))).flat_map(|value| [value, value.wrapping_neg()])
        {
            let parts = split(value);
            assert!(parts.class < 125 && parts.class != 1 && parts.raw >> parts.raw_bits == 0);
            assert_eq!((raw_bits(parts.class), join(parts.class, parts.raw)), (parts.raw_bits, value));
        }
    }

    #[test]
    fn small_integers_have_a_class_each_and_neighbours_of_opposite_sign_share_one_above() {
        assert_eq!([0, 1, -1, 3, -3].map(|value| split(value).class), [0, 2, 3, 6, 7]);
        assert_eq!((split(4).class, split(-4).class, split(5).class), (8, 8, 9));
    }

    #[test]
    fn classes_that_never_occur_do_no_harm() {
        for class in 0..CLASSES {
            join(class, (1u64 << raw_bits(class)) - 1);
        }
    }
}
