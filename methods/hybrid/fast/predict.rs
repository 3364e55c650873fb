//! Prediction of a row: weighted sums of rows that are known.

use super::lane::Lane;
use super::tokens::LANES;
use crate::shared::simd::Kernel;

/// Terms there may be: four along each axis.
const TAPS: usize = 16;

/// Weights of the points at -3, -1, 1 and 3 strides.
pub(super) const CUBIC: [f64; 4] = [-0.0625, 0.5625, 0.5625, -0.0625];
/// The mean of both neighbours.
pub(super) const LINEAR: [f64; 4] = [0.0, 0.5, 0.5, 0.0];
/// A parabola through the three points that exist.
const AT_LEFT: [f64; 4] = [0.0, 0.375, 0.75, -0.125];
/// The same at the other end.
const AT_RIGHT: [f64; 4] = [-0.125, 0.75, 0.375, 0.0];
/// A straight line through the last two points.
const BEYOND: [f64; 4] = [-0.5, 1.5, 0.0, 0.0];
/// The last point.
const LAST: [f64; 4] = [0.0, 1.0, 0.0, 0.0];

/// The weights for the point between the known ones `at` and `at + 1` of `count` along an axis.
#[inline(always)]
pub(super) fn weights(linear: bool, at: usize, count: usize) -> [f64; 4] {
    let (far_left, right, far_right) = (at > 0, at + 1 < count, at + 2 < count);
    match (right, far_left, far_right) {
        (false, true, _) => BEYOND,
        (false, false, _) => LAST,
        (true, ..) if linear => LINEAR,
        (true, true, true) => CUBIC,
        (true, false, true) => AT_LEFT,
        (true, true, false) => AT_RIGHT,
        (true, false, false) => LINEAR,
    }
}

/// Known rows and their weights.
pub(super) struct Taps<'a, R> {
    rows: [(&'a [R], R); TAPS],
    count: usize,
}

impl<'a, R: Lane> Taps<'a, R> {
    /// None so far.
    #[inline(always)]
    pub fn new() -> Self {
        Taps { rows: [(&[], R::default()); TAPS], count: 0 }
    }

    /// One more: `row` from the value on that belongs to the first point.
    #[inline(always)]
    pub fn add(&mut self, row: &'a [R], weight: f64) {
        if self.count < TAPS {
            self.rows[self.count] = (row, R::of(weight));
            self.count += 1;
        }
    }
}

/// Predicts a row of whole chunks.
pub(super) struct Predict<'a, 'b, R> {
    pub taps: &'b Taps<'a, R>,
    pub prediction: &'b mut [R],
}

impl<R: Lane> Kernel for Predict<'_, '_, R> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let taps = &self.taps.rows[..self.taps.count];
        for (chunk, prediction) in self.prediction.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let mut sums = [R::default(); LANES];
            for (row, weight) in taps {
                let Some(row) = row[chunk * LANES..].first_chunk::<LANES>() else { return };
                for lane in 0..LANES {
                    sums[lane] = sums[lane] + row[lane] * *weight;
                }
            }
            *prediction = sums;
        }
    }
}

/// Continues a row of `len` values that starts at `row` by one value before it and two behind it, so that the weights of
/// its middle are right at its ends too: along a parabola, or, behind it, along a line if what is predicted goes on
/// there.
pub(super) fn continue_row<R: Lane>(values: &mut [R], row: usize, len: usize, goes_on: bool) {
    let (two, three) = (R::of(2.0), R::of(3.0));
    let [first, second, third] = [0, 1, 2].map(|i| values[row + i.min(len - 1)]);
    values[row - 1] = if len > 2 { (first - second) * three + third } else { first * two - second };
    let [last, before, third] = [1, 2, 3].map(|back| values[row + len - back.min(len)]);
    if goes_on || len < 3 {
        values[row + len] = last * two - before;
        values[row + len + 1] = last * three - before * two;
    } else {
        values[row + len] = (last - before) * three + third;
        values[row + len + 1] = values[row + len];
    }
}
