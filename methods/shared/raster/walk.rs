//! The walk over an array in raster order that writes, reads or costs its ranks.

use super::around::{Watch, mark, number, times};
use super::blend::Blend;
use super::contexts::{Contexts, Few, Many, PLACES, Spot, signed};
use super::head::Plan;
use super::mirror::base;
use super::neighbours::{At, Rows};
use super::repeats::Repeats;
use super::residual::Residuals;
use super::rest::Rests;
use super::scale::{Located, Scale};
use crate::shared::mixing::class;
use crate::shared::range::BitCoder;

/// How much is made of every point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Predictions by differences, few contexts.
    Few,
    /// Least squares too, many contexts.
    Many,
}

/// Ranks of an array without axes of length 1; those of a decoder are filled in.
#[derive(Debug)]
pub struct Array<'a> {
    /// One for each element, in C order.
    pub ranks: &'a mut [i64],
    /// One axis at least.
    pub shape: &'a [usize],
    /// Whether they are known.
    pub knows: bool,
}

/// What is remembered of points, by element with margins.
struct Trace {
    places: Vec<f64>,
    marks: Vec<u16>,
    errors: Vec<f32>,
}

struct Walk<'a, S, C, const M: usize, const N: usize, K> {
    array: Array<'a>,
    scale: &'a S,
    coder: &'a mut C,
    rows: Rows,
    trace: Trace,
    watch: Watch,
    blend: Blend,
    models: Residuals<M, N, K>,
    rests: Rests,
    repeats: Option<Repeats<'a>>,
    /// The longest axis but the last, and points of a row for each place.
    longest: Option<usize>,
    points: usize,
}

/// Codes the ranks of an array.
pub fn run<S: Scale>(array: Array<'_>, plan: &Plan, scale: &S, detail: Detail, coder: &mut impl BitCoder) {
    match detail {
        Detail::Few => Walk::<_, _, 2, 4, Few>::new(array, plan, scale, detail, coder).run(),
        Detail::Many => Walk::<_, _, 4, 8, Many>::new(array, plan, scale, detail, coder).run(),
    }
}

impl<'a, S: Scale, C: BitCoder, const M: usize, const N: usize, K: Contexts<M, N>> Walk<'a, S, C, M, N, K> {
    fn new(array: Array<'a>, plan: &'a Plan, scale: &'a S, detail: Detail, coder: &'a mut C) -> Self {
        let rows = Rows::new(array.shape);
        let total = rows.count * rows.pitch;
        let trace = Trace { places: vec![0.0; total], marks: vec![plan.start; total], errors: vec![0.0; total] };
        let outer = &array.shape[..array.shape.len() - 1];
        let longest = (0..outer.len().min(3)).max_by_key(|&back| outer[outer.len() - 1 - back]);
        Walk {
            scale,
            coder,
            trace,
            watch: Watch::default(),
            blend: Blend::new(&rows, plan.predictors(array.shape.len(), rows.are_channels(), detail), &plan.mirrors),
            models: Residuals::new(),
            rests: Rests::new(),
            repeats: plan.common.map(|common| Repeats::new(&rows, common, &plan.mirrors)),
            longest,
            points: rows.len.div_ceil(PLACES).max(1),
            rows,
            array,
        }
    }

    fn run(&mut self) {
        for row in 0..self.rows.count {
            let at = self.rows.at(row);
            let start = base(&self.rows, row);
            self.enter(start, &at);
            let across = self.longest.map_or(0, |back| at[back][0] * PLACES / at[back][1]);
            for i in 0..self.rows.len {
                self.point([row * self.rows.len + i, start + i, i], &at, across);
            }
            let last = start + self.rows.len - 1;
            self.fill(last, last + 1);
        }
    }

    /// Begins a row: before it stands what the row before along another axis begins with.
    fn enter(&mut self, start: usize, at: &At) {
        if let Some(before) = self.rows.before(at) {
            self.fill(start.wrapping_add_signed(before), start - self.rows.margin);
        }
        self.watch.enter(&self.rows, at);
        self.blend.enter(&self.rows, at);
        if let Some(repeats) = &mut self.repeats {
            repeats.enter(&self.rows, at);
        }
    }

    /// Fills a margin with what stands at an element.
    fn fill(&mut self, from: usize, margin: usize) {
        let (place, mark) = (self.trace.places[from], self.trace.marks[from]);
        let margin = margin..margin + self.rows.margin;
        self.trace.places[margin.clone()].fill(place);
        self.trace.marks[margin].fill(mark);
    }

    #[inline(always)]
    fn point(&mut self, [flat, index, column]: [usize; 3], at: &At, across: usize) {
        let prediction = self.blend.predict(&self.rows, &self.trace.places, [index, column]);
        let prediction = if prediction.abs() < 1e290 { prediction } else { 0.0 };
        let located = self.scale.locate(prediction);
        let known = self.array.knows.then(|| self.array.ranks[flat]);
        let repeated = match &mut self.repeats {
            Some(repeats) => repeats.code(self.array.ranks, [flat, column], (&self.rows, at), known, self.coder),
            None => None,
        };
        let rank = match repeated {
            Some(rank) => rank,
            None => self.residual(known, prediction, &located, [index, column, across]),
        };
        self.array.ranks[flat] = rank;
        let place = self.scale.place(rank);
        let error = place - prediction;
        self.trace.places[index] = place;
        self.trace.marks[index] = mark(error.abs() + located.gap * 0.5) as u16;
        self.trace.errors[index] = error as f32;
        self.blend.learn(place, located.gap, column);
        if let Some(repeats) = &mut self.repeats {
            repeats.learn(self.array.ranks, flat);
        }
    }

    #[inline(always)]
    fn residual(
        &mut self,
        known: Option<i64>,
        prediction: f64,
        located: &Located,
        [index, column, across]: [usize; 3],
    ) -> i64 {
        let mean = self.watch.mean(&self.trace.marks, index);
        let above = (mean - mark(located.gap * 0.5)).max(0);
        let mut spot = self.spot(prediction, located, mean, index);
        spot.mean = above;
        spot.places = [column / self.points, across];
        let (cell, rest) = known.map_or((0, 0), |rank| self.scale.cell(rank));
        let expected = class((times(above) * 0.5) as u64);
        let cell = self.models.code(cell, located.below, expected, &spot, self.coder);
        let rest = self.rests.code(rest, self.scale.open(cell), self.coder);
        self.scale.rank_in(cell, rest)
    }

    /// What surrounds a point whose neighbours' mean error has the mark `mean`.
    #[inline(always)]
    fn spot(&self, prediction: f64, located: &Located, mean: i32, index: usize) -> Spot {
        let scale = number(mean);
        let [first, second] = self.blend.others(prediction);
        let [up, back] = self.watch.back.map(|back| back.map(|offset| index.wrapping_add_signed(offset)));
        let error = |at: Option<usize>| at.map_or(0.0, |at| f64::from(self.trace.errors[at]));
        let relative = |at: Option<usize>| at.map_or(0, |at| i32::from(self.trace.marks[at]) - mean);
        let left = Some(index - 1);
        Spot {
            kind: self.watch.kind(),
            relative: [left, up, back].map(relative),
            signed: [first, second, error(left), error(up), error(back)].map(|distance| signed(distance, scale)),
            slope: mark(first.abs() + located.gap * 0.125) - mean,
            fraction: located.fraction,
            ..Spot::default()
        }
    }
}
