//! Several predictors, each of which counts for as much as it did well of late.

use super::follower::Follower;
use super::mirror::{self, Mirror};
use super::neighbours::{At, Neighbour, Rows};

/// What errors before in the row, and what those before in the column count for after one more.
const MEMORIES: [f64; 2] = [0.85, 0.5];
/// Most predictors: one by differences along the axes chosen, seven along other sets of axes, two along slanted lines, a
/// mirror, least squares.
pub const MOST: usize = 12;
/// Points and their signs, of the predictors along slanted lines (Seemann and Tischer, "Generalized locally adaptive DPCM",
/// DCC 1997, blend such by their errors nearby).
const SLANTED: [[(Neighbour, f64); 3]; 2] = [
    [((0, 0, 0, -1), 1.0), ((1, 0, 0, 1), 1.0), ((1, 0, 0, 0), -1.0)],
    [((1, 0, 0, 0), 1.0), ((1, 0, 0, 1), 1.0), ((2, 0, 0, 1), -1.0)],
];

/// Which predictors an array has besides its mirrors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predictors {
    /// Axes of each of those by differences, 0 the last; one at least.
    pub sets: Vec<Vec<usize>>,
    /// Whether there are those along slanted lines.
    pub slanted: bool,
    /// Whether there is one that follows the data.
    pub follows: bool,
}

/// Points that a prediction adds up, with their signs.
type Terms = Vec<(isize, f64)>;

/// The predictors of an array and how well they did.
#[derive(Debug)]
pub struct Blend {
    /// Axes of the predictors by differences, 0 the last.
    sets: Vec<Vec<usize>>,
    terms: Vec<Terms>,
    mirrors: Vec<Mirror>,
    at: At,
    follower: Option<Follower>,
    /// By column, what every predictor has erred in it.
    columns: Vec<f64>,
    recent: [f64; MOST],
    predictions: [f64; MOST],
    count: usize,
}

impl Blend {
    /// The predictors of an array: those named, and one by mirrors if there are any.
    pub fn new(rows: &Rows, predictors: Predictors, mirrors: &[Mirror]) -> Self {
        let Predictors { sets, slanted, follows } = predictors;
        let sums = sets.len() + if slanted { SLANTED.len() } else { 0 };
        let count = sums + usize::from(!mirrors.is_empty()) + usize::from(follows);
        Blend {
            terms: vec![Vec::new(); sums],
            sets,
            mirrors: mirrors.to_vec(),
            at: [[0, 1]; 3],
            follower: follows.then(|| Follower::new(rows)),
            // A single row has no columns, and a single predictor is not weighed.
            columns: vec![0.0; if rows.count > 1 && count > 1 { rows.len * count } else { count }],
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
        for (terms, points) in self.terms[self.sets.len()..].iter_mut().zip(&SLANTED) {
            slanted(rows, at, points, terms);
        }
        if let Some(follower) = &mut self.follower {
            follower.enter(rows, at);
        }
    }

    /// Predicts the point at `index`, the `column`th of its row.
    #[inline(always)]
    pub fn predict(&mut self, rows: &Rows, places: &[f64], [index, column]: [usize; 2]) -> f64 {
        let value = |offset: isize| places[index.wrapping_add_signed(offset)];
        for (prediction, terms) in self.predictions.iter_mut().zip(&self.terms) {
            *prediction = terms.iter().fold(0.0, |sum, &(offset, sign)| sum + value(offset) * sign);
        }
        let mut next = self.terms.len();
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
        let errors = self.recent.iter().zip(&self.columns[self.start(column)..]);
        for (prediction, (along, across)) in self.predictions[..self.count].iter().zip(errors) {
            let error = along + across + 1e-140;
            let weight = 1.0 / (error * error);
            sum += weight * prediction;
            weights += weight;
        }
        sum / weights
    }

    /// Where the errors in a column start.
    #[inline(always)]
    fn start(&self, column: usize) -> usize {
        (column * self.count).min(self.columns.len() - self.count)
    }

    /// Learns where the point turned out to be; `gap`: the distance between cells there.
    #[inline(always)]
    pub fn learn(&mut self, place: f64, gap: f64, column: usize) {
        if self.count == 1 {
            return;
        }
        if let Some(follower) = &mut self.follower {
            follower.learn(place - self.predictions[self.count - 1], gap, column);
        }
        let start = self.start(column);
        let columns = &mut self.columns[start..];
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

/// Points along slanted lines; the point before, where one of them is in a row outside.
fn slanted(rows: &Rows, at: &At, points: &[(Neighbour, f64)], terms: &mut Terms) {
    terms.clear();
    terms.extend(points.iter().filter_map(|&(neighbour, sign)| Some((rows.offset(at, neighbour)?, sign))));
    if terms.len() < points.len() {
        *terms = vec![(-1, 1.0)];
    }
}
