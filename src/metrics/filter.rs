//! Means under a window of eleven by eleven Gaussian weights: first along one axis, then along the other, in strips.

use codecbench_methods::shared::simd::Doubles;

/// Side of the window.
pub(super) const WINDOW: usize = 11;
/// Neighbours on either side of the middle.
pub(super) const HALF: usize = WINDOW / 2;
/// Windows side by side that are filtered together: what is held for eleven rows of them fits into a first-level cache.
pub(super) const STRIP: usize = 64;
/// Pixels under these.
pub(super) const UNDER: usize = STRIP + WINDOW - 1;
/// Rows that are held: two rows of windows at once are read from memory once.
pub(super) const HELD: usize = WINDOW + 1;
/// Numbers of a vector.
pub(super) const VECTOR: usize = 8;

/// Numbers beside each other. Vectors of them lie within lines of a cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Numbers<const COUNT: usize>(pub [f64; COUNT]);

/// Numbers of the windows of a strip.
pub(super) type Line = Numbers<STRIP>;
/// Numbers of the pixels under a strip, and as many more as fill the last vector.
pub(super) type Pixels = Numbers<{ UNDER.next_multiple_of(VECTOR) }>;

impl<const COUNT: usize> Numbers<COUNT> {
    pub const ZERO: Self = Numbers([0.0; COUNT]);

    #[inline(always)]
    pub fn vectors(&self) -> &[[f64; VECTOR]] {
        self.0.as_chunks().0
    }

    #[inline(always)]
    pub fn vectors_mut(&mut self) -> &mut [[f64; VECTOR]] {
        self.0.as_chunks_mut().0
    }
}

/// The weights up to the middle one; beyond it they are the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights([f64; HALF + 1]);

impl Weights {
    /// Those of a standard deviation, their sum one.
    pub fn gaussian(sigma: f64) -> Self {
        let weight = |at: usize| libm::exp(-(at as f64 - HALF as f64).powi(2) / (2.0 * sigma * sigma));
        let total: f64 = (0..WINDOW).map(weight).sum();
        Weights(std::array::from_fn(|at| weight(at) / total))
    }

    /// The weight of a place in the window.
    #[cfg(test)]
    pub fn at(&self, place: usize) -> f64 {
        self.0[place.min(WINDOW - 1 - place)]
    }

    /// Vectors of them.
    #[inline(always)]
    pub fn vectors<D: Doubles<VECTOR>>(&self) -> [D; HALF + 1] {
        let [a, b, c, d, e, f] = self.0;
        [D::splat(a), D::splat(b), D::splat(c), D::splat(d), D::splat(e), D::splat(f)]
    }
}

/// The last rows of something, as many as two rows of windows need.
#[derive(Debug)]
pub(super) struct Held<T> {
    rows: [T; HELD],
    /// Where the next row belongs; the last one is before it, the one before that is before that, and so round.
    next: usize,
}

impl<T: Copy> Held<T> {
    pub fn new(nothing: T) -> Self {
        Held { rows: [nothing; HELD], next: 0 }
    }

    /// Where the next row belongs, in place of the oldest.
    pub fn push(&mut self) -> &mut T {
        let at = self.next;
        self.next = (at + 1) % HELD;
        &mut self.rows[at]
    }

    /// Holds the last row once more.
    pub fn repeat(&mut self) {
        let last = self.rows[(self.next + HELD - 1) % HELD];
        *self.push() = last;
    }

    /// All of them, the last row last.
    #[inline(always)]
    pub fn window(&self) -> [&T; HELD] {
        let (newer, older) = self.rows.split_at(self.next);
        let mut rows = older.iter().chain(newer);
        std::array::from_fn(|_| rows.next().expect("as many as are held"))
    }
}

/// The weighted sum of eleven numbers.
#[inline(always)]
fn weighted<D: Doubles<VECTOR>>(weights: &[D; HALF + 1], numbers: [D; WINDOW]) -> D {
    let [a, b, c, d, e, middle, f, g, h, i, j] = numbers;
    let outer = weights[0].times(a.plus(j)).plus(weights[1].times(b.plus(i)));
    let inner = weights[2].times(c.plus(h)).plus(weights[3].times(d.plus(g)));
    outer.plus(inner).plus(weights[4].times(e.plus(f)).plus(weights[5].times(middle)))
}

/// Filters along a row.
#[inline(always)]
pub(super) fn along<D: Doubles<VECTOR>>(weights: &[D; HALF + 1], pixels: &Pixels, line: &mut Line) {
    let pixels = pixels.vectors();
    for (at, out) in line.vectors_mut().iter_mut().enumerate() {
        let (first, second) = (pixels[at..].first_chunk(), pixels[at + 1..].first_chunk());
        let (first, second) = (first.expect("two more"), second.expect("two more"));
        let numbers = [
            D::across::<0>(first),
            D::across::<1>(first),
            D::across::<2>(first),
            D::across::<3>(first),
            D::across::<4>(first),
            D::across::<5>(first),
            D::across::<6>(first),
            D::across::<7>(first),
            D::across::<0>(second),
            D::across::<1>(second),
            D::across::<2>(second),
        ];
        weighted(weights, numbers).store(out);
    }
}

/// Filters `K` maps down the columns, to `N` rows, one or two, the first of which begins with row `FIRST` of those that are
/// held.
#[inline(always)]
pub(super) fn down<D, const N: usize, const FIRST: usize, const K: usize, const COUNT: usize>(
    weights: &[D; HALF + 1],
    rows: [&[Numbers<COUNT>; K]; HELD],
    out: &mut [[Numbers<COUNT>; K]; 2],
) where
    D: Doubles<VECTOR>,
{
    for map in 0..K {
        for at in 0..COUNT / VECTOR {
            for (first, out) in (FIRST..).zip(&mut out[..N]) {
                let numbers = [
                    D::load(&rows[first][map].vectors()[at]),
                    D::load(&rows[first + 1][map].vectors()[at]),
                    D::load(&rows[first + 2][map].vectors()[at]),
                    D::load(&rows[first + 3][map].vectors()[at]),
                    D::load(&rows[first + 4][map].vectors()[at]),
                    D::load(&rows[first + 5][map].vectors()[at]),
                    D::load(&rows[first + 6][map].vectors()[at]),
                    D::load(&rows[first + 7][map].vectors()[at]),
                    D::load(&rows[first + 8][map].vectors()[at]),
                    D::load(&rows[first + 9][map].vectors()[at]),
                    D::load(&rows[first + 10][map].vectors()[at]),
                ];
                weighted(weights, numbers).store(&mut out[map].vectors_mut()[at]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rows_are_held_in_order() {
        let mut held = Held::new(0);
        for row in 1..=30 {
            *held.push() = row;
            assert_eq!(held.window().map(|row| *row).last(), Some(&row));
        }
        held.repeat();
        let expected = [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 30];
        assert_eq!(held.window(), expected.each_ref());
    }

    #[test]
    fn weights_are_symmetric_and_their_sum_is_one() {
        let weights = Weights::gaussian(1.5);
        assert!(((0..WINDOW).map(|at| weights.at(at)).sum::<f64>() - 1.0).abs() < 1e-15);
        assert_eq!(weights.at(0), weights.at(10));
        assert!((weights.at(3) / weights.at(5) - libm::exp(-4.0 / 4.5)).abs() < 1e-15);
    }
}
