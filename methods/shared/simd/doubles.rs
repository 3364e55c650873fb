//! Numbers of double precision, several at a time, in vectors where there are some.
//!
//! For what compilers make no vectors of by themselves: loops over few numbers are unrolled, and what is left of them is
//! put into vectors half full. Every operation is one of IEEE 754 on each number by itself: whatever the vectors, the
//! results are the same.

use std::array;

/// `N` numbers of double precision.
pub trait Doubles<const N: usize>: Copy {
    /// All of them the same.
    fn splat(number: f64) -> Self;
    /// Those of an array.
    fn load(numbers: &[f64; N]) -> Self;
    /// Those of two arrays from one of the first on, `FROM` to `FROM + N - 1`; `FROM` is at most `N`.
    fn across<const FROM: i32>(numbers: &[[f64; N]; 2]) -> Self;
    /// Into an array.
    fn store(self, numbers: &mut [f64; N]);
    /// Sums.
    fn plus(self, other: Self) -> Self;
    /// Differences.
    fn minus(self, other: Self) -> Self;
    /// Products.
    fn times(self, other: Self) -> Self;
    /// Quotients.
    fn over(self, other: Self) -> Self;
}

/// A computation on `N` numbers at a time. `run` must be `#[inline(always)]`, and so must what it calls.
pub trait DoublesKernel<const N: usize> {
    /// What it gives.
    type Output;

    /// Runs it.
    fn run<D: Doubles<N>>(self) -> Self::Output;
}

/// Runs `kernel` on four numbers at a time with the widest vectors there are.
#[inline]
pub fn fours<K: DoublesKernel<4>>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the feature that the function is compiled for is there.
        return unsafe { x86::fours(kernel) };
    }
    kernel.run::<[f64; 4]>()
}

/// Runs `kernel` on eight numbers at a time with the widest vectors there are.
#[inline]
pub fn eights<K: DoublesKernel<8>>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the feature that the function is compiled for is there.
        return unsafe { x86::eights(kernel) };
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the feature that the function is compiled for is there.
        return unsafe { x86::twice_four(kernel) };
    }
    kernel.run::<[f64; 8]>()
}

impl<const N: usize> Doubles<N> for [f64; N] {
    #[inline(always)]
    fn splat(number: f64) -> Self {
        [number; N]
    }

    #[inline(always)]
    fn load(numbers: &[f64; N]) -> Self {
        *numbers
    }

    #[inline(always)]
    fn across<const FROM: i32>(numbers: &[[f64; N]; 2]) -> Self {
        *from::<FROM, N>(numbers)
    }

    #[inline(always)]
    fn store(self, numbers: &mut [f64; N]) {
        *numbers = self;
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        array::from_fn(|i| self[i] + other[i])
    }

    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        array::from_fn(|i| self[i] - other[i])
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        array::from_fn(|i| self[i] * other[i])
    }

    #[inline(always)]
    fn over(self, other: Self) -> Self {
        array::from_fn(|i| self[i] / other[i])
    }
}

/// As many numbers of two arrays as one has, from one on.
#[inline(always)]
fn from<const FROM: i32, const N: usize>(numbers: &[[f64; N]; 2]) -> &[f64; N] {
    numbers.as_flattened()[FROM as usize..].first_chunk().expect("from the first array on")
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Doubles, DoublesKernel, from};

    #[target_feature(enable = "avx2")]
    pub fn fours<K: DoublesKernel<4>>(kernel: K) -> K::Output {
        kernel.run::<Four>()
    }

    #[target_feature(enable = "avx2")]
    pub fn twice_four<K: DoublesKernel<8>>(kernel: K) -> K::Output {
        kernel.run::<TwiceFour>()
    }

    #[target_feature(enable = "avx512f")]
    pub fn eights<K: DoublesKernel<8>>(kernel: K) -> K::Output {
        kernel.run::<Eight>()
    }

    /// Four, in a vector of AVX.
    #[derive(Clone, Copy)]
    struct Four(__m256d);

    /// Eight, in a vector of AVX-512.
    #[derive(Clone, Copy)]
    struct Eight(__m512d);

    /// Eight, in two vectors of AVX.
    #[derive(Clone, Copy)]
    struct TwiceFour(Four, Four);

    macro_rules! both {
        ($name:ident, $intrinsic:ident) => {
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                // SAFETY: values of the type are made only where its vectors are.
                Self(unsafe { $intrinsic(self.0, other.0) })
            }
        };
    }

    macro_rules! vector {
        ($vector:ident, $count:literal, $splat:ident, $load:ident, $store:ident, $plus:ident, $minus:ident, $times:ident, $over:ident, $across:ident) => {
            impl Doubles<$count> for $vector {
                both!(plus, $plus);
                both!(minus, $minus);
                both!(times, $times);
                both!(over, $over);

                #[inline(always)]
                fn splat(number: f64) -> Self {
                    // SAFETY: called only where such vectors are.
                    Self(unsafe { $splat(number) })
                }

                #[inline(always)]
                fn load(numbers: &[f64; $count]) -> Self {
                    // SAFETY: called only where such vectors are, and there are as many numbers.
                    Self(unsafe { $load(numbers.as_ptr()) })
                }

                #[inline(always)]
                fn across<const FROM: i32>(numbers: &[[f64; $count]; 2]) -> Self {
                    Self($across::<FROM>(numbers))
                }

                #[inline(always)]
                fn store(self, numbers: &mut [f64; $count]) {
                    // SAFETY: values of the type are made only where its vectors are, and there are as many numbers.
                    unsafe { $store(numbers.as_mut_ptr(), self.0) }
                }
            }
        };
    }

    #[rustfmt::skip]
    vector!(
        Four, 4, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd,
        _mm256_div_pd, four_across
    );
    #[rustfmt::skip]
    vector!(
        Eight, 8, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd,
        _mm512_div_pd, eight_across
    );

    #[inline(always)]
    fn four_across<const FROM: i32>(numbers: &[[f64; 4]; 2]) -> __m256d {
        Four::load(from::<FROM, 4>(numbers)).0
    }

    /// Loads of whole vectors, of which what is asked for is cut out: most others would cross from one line of a cache to
    /// the next, each as slow as two.
    #[inline(always)]
    fn eight_across<const FROM: i32>([a, b]: &[[f64; 8]; 2]) -> __m512d {
        let (a, b) = (Eight::load(a).0, Eight::load(b).0);
        // SAFETY: called only where such vectors are.
        unsafe { _mm512_castsi512_pd(_mm512_alignr_epi64::<FROM>(_mm512_castpd_si512(b), _mm512_castpd_si512(a))) }
    }

    impl Doubles<8> for TwiceFour {
        #[inline(always)]
        fn splat(number: f64) -> Self {
            TwiceFour(Four::splat(number), Four::splat(number))
        }

        #[inline(always)]
        fn load(numbers: &[f64; 8]) -> Self {
            let [low, high] = numbers.as_chunks().0 else { unreachable!("twice four are eight") };
            TwiceFour(Four::load(low), Four::load(high))
        }

        #[inline(always)]
        fn across<const FROM: i32>(numbers: &[[f64; 8]; 2]) -> Self {
            Self::load(from::<FROM, 8>(numbers))
        }

        #[inline(always)]
        fn store(self, numbers: &mut [f64; 8]) {
            let [low, high] = numbers.as_chunks_mut().0 else { unreachable!("twice four are eight") };
            self.0.store(low);
            self.1.store(high);
        }

        #[inline(always)]
        fn plus(self, other: Self) -> Self {
            TwiceFour(self.0.plus(other.0), self.1.plus(other.1))
        }

        #[inline(always)]
        fn minus(self, other: Self) -> Self {
            TwiceFour(self.0.minus(other.0), self.1.minus(other.1))
        }

        #[inline(always)]
        fn times(self, other: Self) -> Self {
            TwiceFour(self.0.times(other.0), self.1.times(other.1))
        }

        #[inline(always)]
        fn over(self, other: Self) -> Self {
            TwiceFour(self.0.over(other.0), self.1.over(other.1))
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// Everything there is, one after the other.
        struct All<const N: usize>([f64; N], [f64; N]);

        impl<const N: usize> DoublesKernel<N> for All<N> {
            type Output = [[u64; N]; 8];

            #[inline(always)]
            fn run<D: Doubles<N>>(self) -> Self::Output {
                let (a, b, both) = (D::load(&self.0), D::load(&self.1), [self.0, self.1]);
                let [none, one, three] = [D::across::<0>(&both), D::across::<1>(&both), D::across::<3>(&both)];
                let combined = a.times(D::splat(0.1)).plus(b);
                [a.plus(b), a.minus(b), a.times(b), a.over(b), combined, none, one, three].map(|doubles| {
                    let mut numbers = [0.0; N];
                    doubles.store(&mut numbers);
                    numbers.map(f64::to_bits)
                })
            }
        }

        fn of<const N: usize>(seed: u64) -> All<N> {
            let number = |i: usize| {
                let bits = (seed * 32 + i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
                bits as f64 / (1u64 << 50) as f64 - 4.0
            };
            All(std::array::from_fn(number), std::array::from_fn(|i| number(16 + i)))
        }

        #[test]
        fn vectors_and_numbers_by_themselves_give_the_same() {
            for seed in 0..200 {
                assert_eq!(super::super::fours(of(seed)), of(seed).run::<[f64; 4]>());
                assert_eq!(super::super::eights(of(seed)), of(seed).run::<[f64; 8]>());
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: the feature is there.
                    assert_eq!(unsafe { twice_four(of(seed)) }, of(seed).run::<[f64; 8]>());
                }
            }
        }
    }
}
