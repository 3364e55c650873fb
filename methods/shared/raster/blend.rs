//! Several predictors, each of which counts for as much as it did well of late.

use super::mirror::{self, Mirror};
use super::neighbours::{At, INPUTS, Neighbour, Rows};
use crate::shared::squares::Squares;

/// What errors before in the row, and what those before in the column count for after one more.
const MEMORIES: [f64; 2] = [0.85, 0.5];
/// Most predictors: one by differences along several axes, one along each of four, a mirror, least squares.
pub const MOST: usize = 7;
/// Power, in squared gaps, below which neighbours say little: it is mostly what rounding left.
const FLOOR: f64 = 4.0;
/// What a value counts for after one more, in the sight of least squares.
const MEMORY: f64 = 0.998;

/// Points that a prediction adds up, with their signs.
type Terms = Vec<(isize, f64)>;

/// Least squares, and what they are fed with.
#[derive(Debug)]
struct Follower {
    fit: Squares<INPUTS>,
    neighbours: &'static [Neighbour; INPUTS],
    offsets: [isize; INPUTS],
    inputs: [f64; INPUTS],
}

/// The predictors of an array and how well they did.
#[derive(Debug)]
pub struct Blend {
    /// Axes of the predictors by differences, 0 the last.
    sets: Vec<Vec<usize>>,
    terms: Vec<Terms>,
    mirrors: Vec<Mirror>,
    at: At,
    follower: Option<Follower>,
    columns: Vec<[f64; MOST]>,
    recent: [f64; MOST],
    predictions: [f64; MOST],
    count: usize,
}

impl Blend {
    /// Predictors by differences along each of `sets` of axes, at least one; by mirrors; and one that follows the data.
    pub fn new(rows: &Rows, sets: Vec<Vec<usize>>, mirrors: &[Mirror], follows: bool) -> Self {
        let (neighbours, start) = rows.neighbours();
        let fit = Squares::new(start, MEMORY);
        let follower = Follower { fit, neighbours, offsets: [-1; INPUTS], inputs: [0.0; INPUTS] };
        let count = sets.len() + usize::from(!mirrors.is_empty()) + usize::from(follows);
        Blend {
            terms: vec![Vec::new(); sets.len()],
            sets,
            mirrors: mirrors.to_vec(),
            at: [[0, 1]; 3],
            follower: follows.then_some(follower),
            // A single row has no columns.
            columns: vec![[0.0; MOST]; if rows.count > 1 { rows.len } else { 1 }],
            recent: [0.0; MOST],
            predictions: [0.0; MOST],
            count,
        }
    }

    /// Begins a row.
    pub fn enter(&mut self, rows: &Rows, at: &At) {
        self.at = *at;
        self.recent = [0.0; MOST];
        for (terms, axes) in self.terms.iter_mut().zip(&self.sets) {
            lorenzo(rows, at, axes, terms);
        }
        if let Some(follower) = &mut self.follower {
            let offset = |&neighbour: &Neighbour| rows.offset(at, neighbour).unwrap_or(-1);
            follower.offsets = follower.neighbours.each_ref().map(offset);
        }
    }

    /// Predicts the point at `index`, the `column`th of its row.
    #[inline(always)]
    pub fn predict(&mut self, rows: &Rows, places: &[f64], [index, column]: [usize; 2]) -> f64 {
        let value = |offset: isize| places[index.wrapping_add_signed(offset)];
        for (prediction, terms) in self.predictions.iter_mut().zip(&self.terms) {
            *prediction = terms.iter().fold(0.0, |sum, &(offset, sign)| sum + value(offset) * sign);
        }
        let mut next = self.sets.len();
        if !self.mirrors.is_empty() {
            self.predictions[next] = match mirror::image(&self.mirrors, rows, &self.at, column) {
                Some(([_, back], true)) => -places[index - back],
                Some(([_, back], false)) => places[index - back],
                None => self.predictions[0],
            };
            next += 1;
        }
        if let Some(follower) = &mut self.follower {
            self.predictions[next] = follower.predict(places, index);
        }
        if self.count == 1 { self.predictions[0] } else { self.mix(column) }
    }

    /// The mean of the predictions, each with the inverse fourth power of its recent errors.
    #[inline(always)]
    fn mix(&self, column: usize) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        let errors = self.recent.iter().zip(&self.columns[column.min(self.columns.len() - 1)]);
        for (prediction, (along, across)) in self.predictions[..self.count].iter().zip(errors) {
            let error = along + across + 1e-140;
            let weight = 1.0 / (error * error);
            sum += weight * prediction;
            weights += weight;
        }
        sum / weights
    }

    /// Learns where the point turned out to be; `gap`: the distance between cells there.
    #[inline(always)]
    pub fn learn(&mut self, place: f64, gap: f64, column: usize) {
        if self.count == 1 {
            return;
        }
        if let Some(follower) = &mut self.follower {
            follower.learn(place - self.predictions[self.count - 1], gap);
        }
        let column = column.min(self.columns.len() - 1);
        let columns = &mut self.columns[column];
        for ((prediction, along), across) in self.predictions[..self.count].iter().zip(&mut self.recent).zip(columns) {
            let error = place - prediction;
            let square = error * error + gap * gap * 0.01;
            *along = (*along + square) * MEMORIES[0];
            *across = (*across + square) * MEMORIES[1];
        }
    }

    /// How far the two first predictions are from `prediction`.
    #[inline(always)]
    pub fn others(&self, prediction: f64) -> [f64; 2] {
        let second = if self.count > 2 { self.predictions[1] - prediction } else { 0.0 };
        [self.predictions[0] - prediction, second]
    }
}

impl Follower {
    #[inline(always)]
    fn predict(&mut self, places: &[f64], index: usize) -> f64 {
        let reference = places[index - 1];
        for (input, &offset) in self.inputs.iter_mut().zip(&self.offsets) {
            *input = places[index.wrapping_add_signed(offset)] - reference;
        }
        reference + self.fit.predict(&self.inputs)
    }

    #[inline(always)]
    fn learn(&mut self, error: f64, gap: f64) {
        self.fit.learn(&self.inputs, error, gap * gap * FLOOR);
    }
}

/// Points whose alternating sum predicts those of a row (Ibarria et al. 2003, doi:10.1111/1467-8659.00681).
fn lorenzo(rows: &Rows, at: &At, axes: &[usize], terms: &mut Terms) {
    terms.clear();
    for subset in 1..1u32 << axes.len() {
        let mut back = [0isize; 4];
        for (bit, &axis) in axes.iter().enumerate() {
            back[axis] = (subset >> bit & 1) as isize;
        }
        let sign = if subset.count_ones() % 2 == 1 { 1.0 } else { -1.0 };
        if let Some(offset) = rows.offset(at, (back[1], back[2], back[3], -back[0])) {
            terms.push((offset, sign));
        }
    }
}
