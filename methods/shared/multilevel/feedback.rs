//! Errors of a prediction tend to resemble those next to them: where they do, a share of them is predicted too.
//!
//! The error of a row's point is modelled as separable and autoregressive: `x` times the error before it in the row, plus
//! `y` times the one in the row before, minus `xy` times the one before that. With both shares 1 this is the Lorenzo
//! predictor; with both 0 nothing is done. The encoder estimates the shares for every class and states them.

use super::grid::{Class, Grid, Row};
use super::quantiser::{Quantiser, Sample};

/// Shares that a payload can state, by number.
const SHARES: [f64; 8] = [0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0];
/// Bits of a number.
pub const SHARE_BITS: u32 = 3;
/// Rows sampled together, so that most have the row before them.
const RUN: usize = 4;
/// Points sampled of each class, about.
const SAMPLED: usize = 1 << 11;

/// Shares along the row and across rows, as numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    /// Along the row.
    pub x: u8,
    /// Across rows.
    pub y: u8,
}

/// The errors of the row before and of this one.
#[derive(Debug, Default)]
pub struct Errors {
    up: Vec<f64>,
    here: Vec<f64>,
}

impl Feedback {
    /// The Lorenzo predictor.
    pub const LORENZO: Feedback = Feedback { x: 7, y: 7 };

    /// Whether nothing is fed back.
    pub fn is_none(self) -> bool {
        self == Feedback::default()
    }

    /// Calls `code` with the corrected prediction of each point of a row; it answers with the point's value.
    pub fn along(
        self,
        grid: &Grid,
        row: &Row<'_>,
        prediction: &[f64],
        errors: &mut Errors,
        mut code: impl FnMut(usize, f64) -> f64,
    ) {
        let (x, y) = (SHARES[usize::from(self.x & 7)], SHARES[usize::from(self.y & 7)]);
        errors.advance(row.len, follows(grid, row));
        let (mut left, mut up_left) = (0.0, 0.0);
        for ((i, &prediction), (&up, here)) in prediction.iter().enumerate().zip(errors.up.iter().zip(&mut errors.here))
        {
            let value = code(i, prediction + (x * left + y * (up - x * up_left)));
            let error = value - prediction;
            *here = if error.is_finite() { error } else { 0.0 };
            (left, up_left) = (*here, up);
        }
    }

    /// The shares that suit a class, estimated on some of its rows. `predict` fills in a row's predictions.
    pub fn estimate<T: Sample>(
        grid: &Grid,
        class: &Class,
        data: &[T],
        quantiser: &Quantiser,
        mut predict: impl FnMut(&Row<'_>, &mut [f64]),
    ) -> Self {
        let points: usize = class.count.iter().product();
        let row_len = class.count.get(grid.row_axis).copied().unwrap_or(1).max(1);
        let every = (points / SAMPLED).max(1);
        let (mut errors, mut sums, mut number) = (Errors::default(), Sums::default(), 0);
        let mut prediction = vec![0.0; row_len];
        grid.rows(class, |row| {
            let (run, within) = (number / RUN, number % RUN);
            number += 1;
            if run % every != 0 {
                return;
            }
            predict(row, &mut prediction);
            errors.advance(row.len, within > 0 && follows(grid, row));
            for (i, (here, prediction)) in errors.here.iter_mut().zip(&prediction).enumerate() {
                let error = data[row.base + i * row.step].to_f64() - T::settle(*prediction);
                *here = if error.is_finite() { error } else { 0.0 };
            }
            sums.add(&errors, within > 0 && follows(grid, row));
        });
        // Errors come back rounded to steps, which adds a twelfth of a squared step to their variance.
        let noise = quantiser.step() * quantiser.step() / 12.0;
        Feedback { x: nearest_share(sums.left, noise), y: nearest_share(sums.up, noise) }
    }
}

/// Whether the row before in coding order is the neighbour along the fastest other axis.
fn follows(grid: &Grid, row: &Row<'_>) -> bool {
    let class = row.class;
    let across = (0..grid.shape.len()).rev().find(|&axis| axis != grid.row_axis && class.count[axis] > 1);
    across.is_some_and(|axis| row.coordinate[axis] > class.start[axis])
}

impl Errors {
    /// Makes this row the row before, or forgets it.
    fn advance(&mut self, len: usize, keep: bool) {
        std::mem::swap(&mut self.up, &mut self.here);
        if !keep {
            self.up.clear();
        }
        self.up.resize(len, 0.0);
        self.here.resize(len, 0.0);
    }
}

/// Products of errors with those of one neighbour, squares of the neighbour, and how many.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    product: f64,
    square: f64,
    count: f64,
}

#[derive(Debug, Default)]
struct Sums {
    left: Pair,
    up: Pair,
}

impl Sums {
    fn add(&mut self, errors: &Errors, has_up: bool) {
        for pair in errors.here.windows(2) {
            self.left.product += pair[0] * pair[1];
            self.left.square += pair[0] * pair[0];
            self.left.count += 1.0;
        }
        if has_up {
            for (here, up) in errors.here.iter().zip(&errors.up) {
                self.up.product += here * up;
                self.up.square += up * up;
                self.up.count += 1.0;
            }
        }
    }
}

/// Number of the share nearest to the least-squares estimate, for errors that carry `noise`.
fn nearest_share(pair: Pair, noise: f64) -> u8 {
    let share = pair.product / (pair.square + pair.count * noise);
    if share.is_nan() || share <= 0.15 || pair.count < 16.0 {
        return 0;
    }
    (1..SHARES.len()).min_by_key(|&number| ((SHARES[number] - share).abs() * 1e6) as u32).unwrap_or(0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_one_make_the_lorenzo_predictor() {
        let grid = Grid::new(&[4, 5], &[], 0);
        let value = |index: usize| (index * index) as f64;
        let (mut errors, mut found) = (Errors::default(), Vec::new());
        grid.rows(&grid.anchors(), |row| {
            Feedback::LORENZO.along(&grid, row, &[0.0; 5], &mut errors, |i, prediction| {
                found.push(prediction);
                value(row.base + i)
            });
        });
        assert_eq!((found[0], found[1], found[5]), (0.0, value(0), value(0)));
        assert_eq!(found[11], value(10) + value(6) - value(5));
    }

    #[test]
    fn like_errors_are_fed_back_and_noise_is_not() {
        let grid = Grid::new(&[40, 50], &[], 0);
        let smooth: Vec<f32> =
            (0..2000).map(|i| ((i / 50) as f32 * 0.1).sin() + ((i % 50) as f32 * 0.1).cos()).collect();
        let noise: Vec<f32> =
            (1..2001u64).map(|i| (i.wrapping_mul(i).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f32 - 8e6).collect();
        let estimate = |data: &[f32], step: f64| {
            let quantiser = Quantiser::new(step, step);
            Feedback::estimate(&grid, &grid.anchors(), data, &quantiser, |_, prediction| prediction.fill(0.0))
        };
        assert_eq!(estimate(&smooth, 1e-3), Feedback::LORENZO);
        assert!(estimate(&noise, 1e-3).is_none() && estimate(&smooth, 1e3).is_none());
    }
}
