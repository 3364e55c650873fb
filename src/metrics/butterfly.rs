//! Fourier transforms of two to five numbers, on as many lines as a vector holds.

use codecbench_methods::shared::simd::Doubles;

/// The same complex number of each of `N` lines, real and imaginary parts.
#[derive(Clone, Copy)]
pub(super) struct Number<D, const N: usize>(pub D, pub D);

impl<D: Doubles<N>, const N: usize> Number<D, N> {
    #[inline(always)]
    pub fn zero() -> Self {
        Number(D::splat(0.0), D::splat(0.0))
    }

    #[inline(always)]
    pub fn plus(self, other: Self) -> Self {
        Number(self.0.plus(other.0), self.1.plus(other.1))
    }

    #[inline(always)]
    pub fn minus(self, other: Self) -> Self {
        Number(self.0.minus(other.0), self.1.minus(other.1))
    }

    #[inline(always)]
    pub fn times(self, real: f64) -> Self {
        Number(self.0.times(D::splat(real)), self.1.times(D::splat(real)))
    }

    /// Times `-i real`.
    #[inline(always)]
    pub fn aside(self, real: f64) -> Self {
        Number(self.1.times(D::splat(real)), self.0.times(D::splat(-real)))
    }

    /// Times a complex number.
    #[inline(always)]
    pub fn turned(self, (cos, sin): (f64, f64)) -> Self {
        let (cos, sin) = (D::splat(cos), D::splat(sin));
        Number(cos.times(self.0).minus(sin.times(self.1)), sin.times(self.0).plus(cos.times(self.1)))
    }
}

/// Turns each number but the first by its twiddle factor.
#[inline(always)]
pub(super) fn turned<D: Doubles<N>, const N: usize, const R: usize>(
    mut numbers: [Number<D, N>; R],
    factors: &[(f64, f64); 4],
) -> [Number<D, N>; R] {
    for k in 1..R {
        numbers[k] = numbers[k].turned(factors[k - 1]);
    }
    numbers
}

/// The transform of `R` numbers. A trait rather than a closure, since only what is inlined has the wide vectors of its
/// caller.
pub(super) trait Butterfly<const R: usize> {
    fn transform<D: Doubles<N>, const N: usize>(numbers: [Number<D, N>; R]) -> [Number<D, N>; R];
}

pub(super) struct Two;
pub(super) struct Three;
pub(super) struct Four;
pub(super) struct Five;

impl Butterfly<2> for Two {
    #[inline(always)]
    fn transform<D: Doubles<N>, const N: usize>([a, b]: [Number<D, N>; 2]) -> [Number<D, N>; 2] {
        [a.plus(b), a.minus(b)]
    }
}

impl Butterfly<3> for Three {
    #[inline(always)]
    fn transform<D: Doubles<N>, const N: usize>([a, b, c]: [Number<D, N>; 3]) -> [Number<D, N>; 3] {
        const SIN: f64 = 0.866_025_403_784_438_6;
        let (sum, side) = (b.plus(c), b.minus(c).aside(SIN));
        let middle = a.plus(sum.times(-0.5));
        [a.plus(sum), middle.plus(side), middle.minus(side)]
    }
}

impl Butterfly<4> for Four {
    #[inline(always)]
    fn transform<D: Doubles<N>, const N: usize>([a, b, c, d]: [Number<D, N>; 4]) -> [Number<D, N>; 4] {
        let (even, odd) = (a.plus(c), b.plus(d));
        let (middle, side) = (a.minus(c), b.minus(d).aside(1.0));
        [even.plus(odd), middle.plus(side), even.minus(odd), middle.minus(side)]
    }
}

impl Butterfly<5> for Five {
    #[inline(always)]
    fn transform<D: Doubles<N>, const N: usize>([a, b, c, d, e]: [Number<D, N>; 5]) -> [Number<D, N>; 5] {
        const COS: [f64; 2] = [0.309_016_994_374_947_45, -0.809_016_994_374_947_5];
        const SIN: [f64; 2] = [0.951_056_516_295_153_5, 0.587_785_252_292_473_1];
        let (outer, inner) = ([b.plus(e), b.minus(e)], [c.plus(d), c.minus(d)]);
        let first = a.plus(outer[0].times(COS[0])).plus(inner[0].times(COS[1]));
        let second = a.plus(outer[0].times(COS[1])).plus(inner[0].times(COS[0]));
        let first_side = outer[1].aside(SIN[0]).plus(inner[1].aside(SIN[1]));
        let second_side = outer[1].aside(SIN[1]).minus(inner[1].aside(SIN[0]));
        [
            a.plus(outer[0].plus(inner[0])),
            first.plus(first_side),
            second.plus(second_side),
            second.minus(second_side),
            first.minus(first_side),
        ]
    }
}
