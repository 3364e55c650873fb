//! The entropy of a distribution function. The logarithm is that of `libm`, to the bit, in a form that a compiler makes
//! vectors of.

use super::sum::pairs;
use super::wide::wide;

/// Sum of -f (ln f + shift) over positive f.
pub(super) fn entropy(f: &[f64], shift: f64) -> f64 {
    if has_strange(f) {
        let term = |f: f64| if f > 0.0 { -f * (libm::log(f) + shift) } else { 0.0 };
        return pairs(f, f, |f, _| term(f));
    }
    pairs(
        f,
        f,
        #[inline(always)]
        |f, _| {
            let term = -f * (log_of_normal(f) + shift);
            if f > 0.0 { term } else { 0.0 }
        },
    )
}

/// Whether some number is positive and not normal. Looks at all of them, which makes vectors.
fn has_strange(f: &[f64]) -> bool {
    let mut some = false;
    wide(
        #[inline(always)]
        || {
            for &f in f {
                some |= (f > 0.0 && f < f64::MIN_POSITIVE) | (f > f64::MAX);
            }
        },
    );
    some
}

/// The natural logarithm of a positive normal number; without meaning for others.
///
/// The reduction and the polynomial of FreeBSD's `e_log.c`, which `libm` took over: less than one unit in the last place.
#[inline(always)]
fn log_of_normal(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const LG: [f64; 7] = [
        6.666_666_666_666_735e-1,
        3.999_999_999_940_942e-1,
        2.857_142_874_366_239e-1,
        2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1,
        1.531_383_769_920_937_3e-1,
        1.479_819_860_511_658_6e-1,
    ];
    // The high words of 1 and of the root of a half: the mantissa is taken between that root and twice it.
    const ONE: u32 = 0x3ff0_0000;
    const ROOT: u32 = 0x3fe6_a09e;
    let bits = x.to_bits();
    let high = ((bits >> 32) as u32).wrapping_add(ONE - ROOT);
    let exponent = f64::from((high >> 20) as i32 - 0x3ff);
    let mantissa = f64::from_bits(u64::from((high & 0x000f_ffff) + ROOT) << 32 | bits & 0xffff_ffff);
    let f = mantissa - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (LG[1] + w * (LG[3] + w * LG[5]));
    let odd = z * (LG[0] + w * (LG[2] + w * (LG[4] + w * LG[6])));
    s * (half_square + (odd + even)) + exponent * LN2_LOW - half_square + f + exponent * LN2_HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnormal_numbers_have_an_entropy_and_what_is_not_positive_has_none() {
        let f = [2.0, 0.0, -3.0, 0.5];
        assert_eq!(entropy(&f, 1.0), -2.0 * (libm::log(2.0) + 1.0) - 0.5 * (libm::log(0.5) + 1.0));
        let tiny = f64::MIN_POSITIVE / 4.0;
        assert_eq!(entropy(&[tiny, 0.0, -1.0], 0.0), -tiny * libm::log(tiny));
    }

    #[test]
    fn logarithms_are_those_of_libm() {
        let mut bits = f64::MIN_POSITIVE.to_bits();
        while bits < f64::MAX.to_bits() {
            let x = f64::from_bits(bits);
            assert_eq!(log_of_normal(x).to_bits(), libm::log(x).to_bits(), "{x:e}");
            bits += 0x0001_2345_6789_abcd;
        }
        for x in
            [1.0, 2.0, 0.5, std::f64::consts::FRAC_1_SQRT_2, std::f64::consts::SQRT_2, 1.0 + f64::EPSILON, f64::MAX]
        {
            assert_eq!(log_of_normal(x).to_bits(), libm::log(x).to_bits(), "{x:e}");
        }
    }
}
