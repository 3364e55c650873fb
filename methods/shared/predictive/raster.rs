//! Prediction in raster order: the walk that encodes, decodes and estimates.

use super::around::{Around, Spot, slope_of};
use super::fit::Fit;
use super::lorenzo::Lorenzo;
use super::symbols::Symbols;
use crate::shared::multilevel::{Quantiser, Sample};
use crate::shared::squares::EVERY;

/// What errors before in the row count for after one more, when two predictors are weighed.
const MEMORY: f64 = 0.8;

/// How points are predicted from those before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raster {
    /// Axes of the Lorenzo predictor, ascending.
    pub axes: Vec<usize>,
    /// Whether a predictor that follows the data stands beside it.
    pub fitted: bool,
}

/// The state of a walk.
struct Walk<'a, T, S> {
    data: &'a mut [T],
    quantiser: &'a Quantiser,
    symbols: &'a mut S,
    around: Around,
    lorenzo: Lorenzo,
    fit: Option<Blend>,
}

/// The fitted predictor, and how well both did of late: squared errors in steps, by place in the row.
struct Blend {
    fit: Fit,
    errors: Vec<[f64; 2]>,
    recent: [f64; 2],
}

/// Elements between neighbours along each axis.
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1usize; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].saturating_mul(shape[axis].max(1));
    }
    strides
}

/// Runs over `data`, an array of `shape` (one axis at least) that becomes what a decoder has.
pub(super) fn run<T: Sample, S: Symbols<T>>(
    data: &mut [T],
    shape: &[usize],
    raster: &Raster,
    quantiser: &Quantiser,
    symbols: &mut S,
) {
    let (strides, rank) = (strides(shape), shape.len());
    let (len, rows) = (shape[rank - 1], shape[..rank - 1].iter().product::<usize>());
    let fit = raster.fitted.then(|| Blend { fit: Fit::new(&strides), errors: vec![[0.0; 2]; len], recent: [0.0; 2] });
    let around = Around::new(data.len());
    let lorenzo = Lorenzo::new(&raster.axes, &strides);
    let mut walk = Walk { data, quantiser, symbols, around, lorenzo, fit };
    let mut at = vec![0; rank];
    let longest = (0..rank - 1).max_by_key(|&axis| shape[axis]);
    for row in 0..rows {
        let place = longest.map_or(0, |axis| (at[axis] * 32 / shape[axis]) as u8);
        walk.enter(row * len, len, &at, &strides, place);
        match walk.fit {
            None => walk.row(row * len, len),
            Some(_) => walk.fitted_row(row * len, len),
        }
        for axis in (0..rank - 1).rev() {
            at[axis] += 1;
            if at[axis] < shape[axis] {
                break;
            }
            at[axis] = 0;
        }
    }
}

/// Where a prediction lies between two integers, 0 to 4; 2 for floats.
#[inline(always)]
fn tilt_of<T: Sample>(prediction: f64) -> u8 {
    if T::DTYPE.is_float() {
        return 2;
    }
    ((prediction - T::settle(prediction) + 0.5) * 5.0).clamp(0.0, 4.0) as u8
}

impl<T: Sample, S: Symbols<T>> Walk<'_, T, S> {
    fn enter(&mut self, base: usize, len: usize, at: &[usize], strides: &[usize], place: u8) {
        let last = strides.len() - 1;
        let back = |axis: usize| -(strides[axis] as isize);
        let (mut across, mut around) = (Vec::new(), Vec::new());
        if last > 0 && at[last - 1] > 0 {
            across = vec![(back(last - 1), 3), (back(last - 1) + 1, 1), (back(last - 1) - 1, 1)];
        }
        for axis in (0..last.saturating_sub(1)).rev().filter(|&axis| at[axis] > 0).take(2) {
            around.push((back(axis), 2));
            around.push((back(axis) + 1, 1));
        }
        let kind = u8::from(!across.is_empty()) + 2 * u8::from(!around.is_empty());
        let spot = Spot { kind, place: [0, place], ..Spot::default() };
        self.around.enter([base, 1, len], &across, &around, spot);
        self.lorenzo.enter(self.data, [base, len], at);
        if let Some(blend) = &mut self.fit {
            blend.fit.enter([base, len], at);
            blend.recent = [0.0; 2];
        }
    }

    #[inline(always)]
    fn code(&mut self, index: usize, i: usize, prediction: f64, slope: f64) -> f64 {
        let (slope, tilt) = (slope_of(slope, self.quantiser), tilt_of::<T>(prediction));
        let spot = Spot { slope, tilt, ..self.around.spot(i) };
        let (symbol, value) = self.symbols.code(self.data[index], prediction, self.quantiser, &spot);
        self.data[index] = value;
        self.around.note(index, symbol);
        value.to_f64()
    }

    fn row(&mut self, base: usize, len: usize) {
        let mut left = 0.0;
        for i in 0..len {
            let (prediction, change) = self.lorenzo.predict(i, left);
            left = self.code(base + i, i, prediction, change);
        }
    }

    fn fitted_row(&mut self, base: usize, len: usize) {
        let mut left = 0.0;
        for i in 0..len {
            let (simple, _) = self.lorenzo.predict(i, left);
            let Some(blend) = &mut self.fit else { return };
            let fitted = blend.fit.predict(self.data, i, self.quantiser);
            let prediction = blend.mix(i, [simple, fitted]);
            left = self.code(base + i, i, prediction, fitted - simple);
            if let Some(blend) = &mut self.fit {
                if i.is_multiple_of(EVERY) {
                    blend.fit.learn(left - fitted, self.quantiser);
                }
                blend.note(i, [left - simple, left - fitted].map(|miss| miss * self.quantiser.inverse()));
            }
        }
    }
}

impl Blend {
    /// Both predictions, each weighted by how little it erred nearby.
    #[inline(always)]
    fn mix(&self, i: usize, [simple, fitted]: [f64; 2]) -> f64 {
        let [one, two] = [0, 1].map(|which| self.recent[which] + self.errors[i][which] + 0.01);
        let (one, two) = (one * one, two * two);
        let share = one / (one + two);
        if share >= 0.0 { simple + (fitted - simple) * share } else { simple }
    }

    #[inline(always)]
    fn note(&mut self, i: usize, misses: [f64; 2]) {
        for ((miss, recent), error) in misses.into_iter().zip(&mut self.recent).zip(&mut self.errors[i]) {
            let square = (miss * miss).min(1e60);
            *recent = *recent * MEMORY + square;
            *error = *error * 0.3 + square;
        }
    }
}
