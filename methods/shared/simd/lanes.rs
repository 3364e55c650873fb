//! Sixteen numbers at a time, in vectors where there are some.
//!
//! Every operation is one of IEEE 754 on each number by itself, or in an order that is stated: whatever the vectors, the
//! results are the same.

/// Numbers handled together.
pub const LANES: usize = 16;

/// Added to a number below 2^22, this leaves the nearest integer in the low bits.
const ROUNDER: f32 = 8_388_608.0;
/// What an octave counts in logarithms, which are those of a chain of straight lines through the powers of two.
pub const OCTAVE: f32 = 8_388_608.0;
/// Powers are held to so many octaves on either side.
const OCTAVES: f32 = 100.0;
/// The bits of one.
const ONE: i32 = 127 << 23;

/// Sixteen numbers of single precision.
pub trait Lanes: Copy {
    /// All of them the same.
    fn splat(number: f32) -> Self;
    /// Those of an array.
    fn load(numbers: &[f32; LANES]) -> Self;
    /// The same with another number in one place.
    fn with(self, place: usize, number: f32) -> Self;
    /// Into an array.
    fn store(self, numbers: &mut [f32; LANES]);
    /// Sums.
    fn plus(self, other: Self) -> Self;
    /// Differences.
    fn minus(self, other: Self) -> Self;
    /// Products.
    fn times(self, other: Self) -> Self;
    /// The larger of two, neither of which is NaN.
    fn larger(self, other: Self) -> Self;
    /// The smaller of two, neither of which is NaN.
    fn smaller(self, other: Self) -> Self;
    /// Logarithms of positive normal numbers, in parts of an [`OCTAVE`]; within a twelfth of that of binary ones.
    fn logarithms(self) -> Self;
    /// The numbers that have such logarithms.
    fn powers(self) -> Self;
    /// The sum, the second half added to the first until one is left.
    fn sum(self) -> f32;
    /// The largest.
    fn largest(self) -> f32;
    /// Adds `rate` times the product with each row to its weight, and holds that to `most` on either side. A product is
    /// summed by halves first, then by pairs.
    fn adjust<const N: usize>(self, rows: &[Self; N], weights: &mut [f32; N], rate: f32, most: f32);
    /// The first place of a number that is there.
    fn place_of(self, number: f32) -> usize;
    /// Rounded to integers from 0 to 65535, ties to even, and one more than that; then each with all before it.
    fn running(self) -> [u32; LANES];
}

/// An operation on each number.
#[inline(always)]
fn each(numbers: [f32; LANES], other: [f32; LANES], one: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    let mut result = numbers;
    for i in 0..LANES {
        result[i] = one(numbers[i], other[i]);
    }
    result
}

/// A power held to what there is.
#[inline(always)]
fn hold(power: f32) -> f32 {
    let least = if power > -OCTAVES * OCTAVE { power } else { -OCTAVES * OCTAVE };
    if least < OCTAVES * OCTAVE { least } else { OCTAVES * OCTAVE }
}

impl Lanes for [f32; LANES] {
    #[inline(always)]
    fn splat(number: f32) -> Self {
        [number; LANES]
    }

    #[inline(always)]
    fn load(numbers: &[f32; LANES]) -> Self {
        *numbers
    }

    #[inline(always)]
    fn with(mut self, place: usize, number: f32) -> Self {
        self[place] = number;
        self
    }

    #[inline(always)]
    fn store(self, numbers: &mut [f32; LANES]) {
        *numbers = self;
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        each(self, other, |a, b| a + b)
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        each(self, other, |a, b| a - b)
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        each(self, other, |a, b| a * b)
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        each(self, other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        each(self, other, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn logarithms(self) -> Self {
        self.map(|number| (number.to_bits() as i32 - ONE) as f32)
    }

    #[inline(always)]
    fn powers(self) -> Self {
        self.map(|power| f32::from_bits((hold(power) as i32 + ONE) as u32))
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        super::halves(self)
    }

    #[inline(always)]
    fn largest(self) -> f32 {
        self.into_iter().fold(self[0], |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn adjust<const N: usize>(self, rows: &[Self; N], weights: &mut [f32; N], rate: f32, most: f32) {
        for i in 0..N {
            let terms = self.times(rows[i]);
            let eight: [f32; LANES / 2] = std::array::from_fn(|lane| terms[lane] + terms[lane + LANES / 2]);
            let four = |at: usize| (eight[at] + eight[at + 1]) + (eight[at + 2] + eight[at + 3]);
            let weight = weights[i] + rate * (four(0) + four(4));
            let high = if weight > -most { weight } else { -most };
            weights[i] = if high < most { high } else { most };
        }
    }

    #[inline(always)]
    fn place_of(self, number: f32) -> usize {
        self.into_iter().position(|one| one == number).unwrap_or(LANES - 1)
    }

    #[inline(always)]
    fn running(self) -> [u32; LANES] {
        let mut so_far = 0;
        self.map(|number| {
            so_far += ((number + ROUNDER).to_bits() & 0x7f_ffff) + 1;
            so_far
        })
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use avx::Avx;

#[cfg(target_arch = "x86_64")]
mod avx {
    use std::arch::x86_64::*;

    use super::{LANES, Lanes, OCTAVE, OCTAVES, ONE, ROUNDER};

    /// In two vectors of AVX2. Only [`super::super::lanes`] may make one, where it has seen that there is such a thing.
    #[derive(Clone, Copy)]
    pub struct Avx(__m256, __m256);

    /// An intrinsic of AVX2.
    macro_rules! vector {
        ($expression:expr) => {
            // SAFETY: values of the type are made only where AVX2 was seen; pointers are those of arrays of sixteen.
            unsafe { $expression }
        };
    }

    macro_rules! both {
        ($name:ident, $intrinsic:ident) => {
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                vector!(Avx($intrinsic(self.0, other.0), $intrinsic(self.1, other.1)))
            }
        };
    }

    impl Lanes for Avx {
        both!(plus, _mm256_add_ps);
        both!(minus, _mm256_sub_ps);
        both!(times, _mm256_mul_ps);
        both!(larger, _mm256_max_ps);
        both!(smaller, _mm256_min_ps);

        #[inline(always)]
        fn with(self, place: usize, number: f32) -> Self {
            vector!({
                let (place, number) = (_mm256_set1_epi32(place as i32), _mm256_set1_ps(number));
                let (low, high) =
                    (_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15));
                let one = |vector, lanes| {
                    let there = _mm256_castsi256_ps(_mm256_cmpeq_epi32(lanes, place));
                    _mm256_blendv_ps(vector, number, there)
                };
                Avx(one(self.0, low), one(self.1, high))
            })
        }

        #[inline(always)]
        fn splat(number: f32) -> Self {
            vector!(Avx(_mm256_set1_ps(number), _mm256_set1_ps(number)))
        }

        #[inline(always)]
        fn load(numbers: &[f32; LANES]) -> Self {
            let at = numbers.as_ptr();
            vector!(Avx(_mm256_loadu_ps(at), _mm256_loadu_ps(at.add(8))))
        }

        #[inline(always)]
        fn store(self, numbers: &mut [f32; LANES]) {
            let at = numbers.as_mut_ptr();
            vector!({
                _mm256_storeu_ps(at, self.0);
                _mm256_storeu_ps(at.add(8), self.1);
            });
        }

        #[inline(always)]
        fn logarithms(self) -> Self {
            let one = |vector| {
                vector!(_mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_castps_si256(vector), _mm256_set1_epi32(ONE))))
            };
            Avx(one(self.0), one(self.1))
        }

        #[inline(always)]
        fn powers(self) -> Self {
            let held = self.larger(Self::splat(-OCTAVES * OCTAVE)).smaller(Self::splat(OCTAVES * OCTAVE));
            let one = |vector| {
                vector!(_mm256_castsi256_ps(_mm256_add_epi32(_mm256_cvttps_epi32(vector), _mm256_set1_epi32(ONE))))
            };
            Avx(one(held.0), one(held.1))
        }

        #[inline(always)]
        fn sum(self) -> f32 {
            vector!({
                let eight = _mm256_add_ps(self.0, self.1);
                let four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
                let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
                _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
            })
        }

        #[inline(always)]
        fn largest(self) -> f32 {
            vector!({
                let eight = _mm256_max_ps(self.0, self.1);
                let four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
                let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
                _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
            })
        }

        #[inline(always)]
        fn adjust<const N: usize>(self, rows: &[Self; N], weights: &mut [f32; N], rate: f32, most: f32) {
            // Four rows share the instructions that add within a vector.
            for (rows, weights) in rows.chunks(4).zip(weights.chunks_mut(4)) {
                vector!({
                    let product = |i: usize| {
                        let Some(row) = rows.get(i) else { return _mm256_setzero_ps() };
                        let terms = self.times(*row);
                        _mm256_add_ps(terms.0, terms.1)
                    };
                    let first = _mm256_hadd_ps(product(0), product(1));
                    let four = _mm256_hadd_ps(first, _mm256_hadd_ps(product(2), product(3)));
                    let sums = _mm_add_ps(_mm256_castps256_ps128(four), _mm256_extractf128_ps::<1>(four));
                    let mut all = [0.0; 4];
                    all[..weights.len()].copy_from_slice(weights);
                    let moved = _mm_add_ps(_mm_loadu_ps(all.as_ptr()), _mm_mul_ps(_mm_set1_ps(rate), sums));
                    let held = _mm_min_ps(_mm_max_ps(moved, _mm_set1_ps(-most)), _mm_set1_ps(most));
                    _mm_storeu_ps(all.as_mut_ptr(), held);
                    weights.copy_from_slice(&all[..weights.len()]);
                });
            }
        }

        #[inline(always)]
        fn place_of(self, number: f32) -> usize {
            vector!({
                let number = _mm256_set1_ps(number);
                let low = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(self.0, number));
                let high = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(self.1, number));
                (low | high << 8 | 1 << (LANES - 1)).trailing_zeros() as usize
            })
        }

        #[inline(always)]
        fn running(self) -> [u32; LANES] {
            let mut all = [0u32; LANES];
            vector!({
                let rounded = |vector| {
                    let bits = _mm256_castps_si256(_mm256_add_ps(vector, _mm256_set1_ps(ROUNDER)));
                    let integer = _mm256_and_si256(bits, _mm256_set1_epi32(0x7f_ffff));
                    _mm256_add_epi32(integer, _mm256_set1_epi32(1))
                };
                // Within each half of a vector, then across them.
                let within = |vector| {
                    let two = _mm256_add_epi32(vector, _mm256_slli_si256::<4>(vector));
                    _mm256_add_epi32(two, _mm256_slli_si256::<8>(two))
                };
                let across = |vector| {
                    let last = _mm256_shuffle_epi32::<0xff>(vector);
                    _mm256_add_epi32(vector, _mm256_permute2x128_si256::<0x08>(last, last))
                };
                let first = across(within(rounded(self.0)));
                let second = across(within(rounded(self.1)));
                let before = _mm256_permutevar8x32_epi32(first, _mm256_set1_epi32(7));
                _mm256_storeu_si256(all.as_mut_ptr().cast(), first);
                _mm256_storeu_si256(all.as_mut_ptr().add(8).cast(), _mm256_add_epi32(second, before));
            });
            all
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LanesKernel, lanes};
    use super::*;

    #[test]
    fn logarithms_and_powers_are_about_right_and_undo_each_other() {
        for i in 0..3000 {
            let number = (0.02 * f64::from(i) - 40.0).exp2();
            let logarithm = [number as f32; LANES].logarithms();
            assert!((f64::from(logarithm[0] / OCTAVE) - number.log2()).abs() < 0.09, "{number}");
            assert!((f64::from(logarithm.powers()[0]) / number - 1.0).abs() < 1e-4, "{number}");
        }
        let powers = [0.0, -OCTAVE, -f32::INFINITY, f32::MAX].map(|power| [power; LANES].powers()[0]);
        assert_eq!(powers, [1.0, 0.5, (-100f32).exp2(), 100f32.exp2()]);
    }

    /// Everything there is, one after the other.
    struct All([f32; LANES], [f32; LANES]);

    impl LanesKernel for All {
        type Output = (Vec<u32>, [u32; LANES]);

        #[inline(always)]
        fn run<L: Lanes>(self) -> Self::Output {
            let (a, b) = (L::load(&self.0), L::load(&self.1));
            let lanes = [
                a.plus(b),
                a.minus(b),
                a.times(b),
                a.larger(b),
                a.smaller(b),
                a.with(11, 3.0),
                a.logarithms(),
                b.minus(L::splat(9.0)).times(L::splat(15.0 * OCTAVE)).powers(),
            ];
            let mut weights = self.1.map(|number| number - 4.0);
            a.adjust(&[b, a, b.minus(a), b, b.plus(b), a], weights.first_chunk_mut::<6>().expect("enough"), 0.1, 3.0);
            let mut bits = vec![a.sum().to_bits(), b.largest().to_bits()];
            for lane in lanes {
                let mut numbers = [0.0; LANES];
                lane.store(&mut numbers);
                bits.extend(numbers.map(f32::to_bits));
            }
            bits.extend(weights.map(f32::to_bits));
            bits.extend([a.place_of(self.0[13]), b.place_of(-1.0)].map(|place| place as u32));
            (bits, a.times(L::splat(500.0)).running())
        }
    }

    #[test]
    fn vectors_and_numbers_by_themselves_give_the_same() {
        for seed in 0..200u64 {
            let number = |i: usize| {
                let bits = (seed * 32 + i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
                8.0 * (bits + 1) as f32 / 16_777_216.0
            };
            let (a, b) = (std::array::from_fn(number), std::array::from_fn(|i| number(16 + i)));
            assert_eq!(lanes(All(a, b)), All(a, b).run::<[f32; LANES]>());
        }
    }
}
