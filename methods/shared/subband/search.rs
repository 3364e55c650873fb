//! Which step, rounding and contexts: by trying them on samples of the array.

use super::context::Detail;
use super::correct::Symbols;
use super::layout::Layout;
use super::quantise::ROUNDINGS;
use super::tile::{Choice, Source};
use super::{FACTORS, Goal, Plan, Transform, precision, variant};
use crate::shared::tiles::{self, Tile};
use crate::shared::{entropy, parallel};

/// Arrays up to this are tried whole.
const WHOLE: usize = 1 << 15;
/// Of others one value in so many, but no more than this.
const SHARE: usize = 16;
/// Symbols of arrays up to this are coded to see what they take, those of larger ones counted.
const SMALL: usize = 1 << 13;
/// Boxes that a sample is made of.
const BOXES: usize = 4;
/// Above this, contexts of many kinds always pay.
const LARGE: usize = 1 << 18;
/// Index of a step equal to the root of 12 times the error: that of an error spread evenly over the step.
const EVEN: usize = 64 * 4 + 115;
/// Steps of an error have indices below this.
const STEPS: usize = 1 << 11;
/// Most passes over the whole array in search of an error.
const PASSES: usize = 4;

/// The variant of the transform, and the choice for all tiles of an array.
pub(super) fn choose<P: Transform>(source: &Source<'_>, variants: u8, plan: &Plan<'_, P>) -> (u8, Choice) {
    let start = match source.goal {
        Goal::MaxAbs(_) => 5,
        Goal::Rmse(_) => EVEN,
    };
    let detail = if source.values.len() < LARGE / 8 { Detail::Few } else { Detail::Many };
    let first = Choice { step: start, rounding: 1, detail };
    let variant = if variants > 1 { variant::choose(source, variants, plan) } else { 0 };
    let sample = Sample::new(source, |shape| plan(variant, shape));
    let choice = match source.goal {
        Goal::MaxAbs(_) => sample.choose_bounded(first),
        Goal::Rmse(_) => sample.choose_mean(first),
    };
    (variant, choice)
}

/// Boxes of an array and what they take.
struct Sample<'a, P> {
    source: &'a Source<'a>,
    boxes: Vec<Sampled<P>>,
    values: usize,
}

/// A box and its coefficients.
struct Sampled<P> {
    tile: Tile,
    plan: P,
    layout: Layout,
    largest: f64,
    coefficients: Vec<f64>,
}

impl<'a, P: Transform> Sample<'a, P> {
    fn new(source: &'a Source<'a>, plan: impl Fn(&[usize]) -> P + Sync) -> Self {
        let take = |tile: Tile| {
            let (plan, mut coefficients) = (plan(&tile.shape), source.gather::<f64>(&tile));
            plan.forward(&mut coefficients);
            let layout = Layout::new(plan.bands());
            Sampled { largest: source.largest(&tile), tile, plan, layout, coefficients }
        };
        let boxes = parallel::map(boxes(source.shape), take);
        let values = boxes.iter().map(|sampled| sampled.tile.len()).sum();
        Sample { source, boxes, values }
    }

    /// Bits and squared error of a choice; infinitely many bits where it does not work.
    fn cost(&self, choice: Choice) -> (u64, f64) {
        let coded = parallel::map(&self.boxes, |sampled| self.symbols(sampled, choice));
        let (mut all, mut error) = (Symbols::default(), 0.0);
        for one in coded {
            let Some((mut symbols, square_error)) = one else { return (u64::MAX, 0.0) };
            all.append(&mut symbols);
            error += square_error;
        }
        (bits_of(&all, self.source.values.len()), error)
    }

    /// The symbols of a box, and its squared error; none if the choice does not work.
    fn symbols(&self, sampled: &Sampled<P>, choice: Choice) -> Option<(Symbols, f64)> {
        let Sampled { tile, plan, layout, largest, coefficients } = sampled;
        let (plan, mut symbols) = ((plan, layout), Symbols::default());
        let square_error = match precision(self.source, *largest, self.source.step(choice.step))? {
            true => self.source.symbols_of(coefficients.clone(), tile, plan, choice, &mut symbols),
            false => {
                let coefficients = coefficients.iter().map(|&value| value as f32).collect();
                self.source.symbols_of::<f32, P>(coefficients, tile, plan, choice, &mut symbols)
            }
        };
        Some((symbols, square_error?))
    }

    fn better(&self, best: &mut (u64, Choice), choice: Choice) -> bool {
        let bits = self.cost(choice).0;
        let better = bits < best.0;
        if better {
            *best = (bits, choice);
        }
        better
    }

    /// The best step by descent from the first, then the best rounding, then the contexts.
    fn choose_bounded(&self, first: Choice) -> Choice {
        let mut best = (self.cost(first).0, first);
        if best.0 == u64::MAX {
            return first;
        }
        for direction in [1, -1] {
            let mut step = best.1.step as isize + direction;
            let start = best.1.step;
            while (0..FACTORS.len() as isize).contains(&step) {
                let next = Choice { step: step as usize, ..best.1 };
                if !self.better(&mut best, next) {
                    break;
                }
                step += direction;
            }
            if best.1.step != start {
                break;
            }
        }
        let wider = Choice { rounding: 2, ..best.1 };
        let other = if self.better(&mut best, wider) { 3 } else { 0 };
        let next = Choice { rounding: other, ..best.1 };
        self.better(&mut best, next);
        self.choose_detail(&mut best);
        best.1
    }

    fn choose_detail(&self, best: &mut (u64, Choice)) {
        if self.source.values.len() <= LARGE {
            let other = if best.1.detail == Detail::Few { Detail::Many } else { Detail::Few };
            let next = Choice { detail: other, ..best.1 };
            self.better(best, next);
        }
    }

    /// For every rounding the step that gives the error, and of these the cheapest.
    fn choose_mean(&self, first: Choice) -> Choice {
        let mut best = (u64::MAX, first);
        for rounding in 0..ROUNDINGS.len() {
            let choice = Choice { rounding, ..best.1 };
            let step = self.step_for_error(choice);
            self.better(&mut best, Choice { step, ..choice });
        }
        self.choose_detail(&mut best);
        best.1
    }

    /// The step whose error on the sample is nearest below the goal: it rises with the step, nearly always.
    fn step_for_error(&self, choice: Choice) -> usize {
        let goal = self.source.goal.error();
        let allowed = goal * goal * self.values as f64;
        let (mut low, mut high) = (0, STEPS - 1);
        while high - low > 1 {
            // The first guess is near: look around it before halving.
            let middle = (low + high) / 2;
            let step = if low == 0 && high == STEPS - 1 { choice.step.clamp(1, STEPS - 2) } else { middle };
            let (bits, error) = self.cost(Choice { step, ..choice });
            if bits == u64::MAX || error > allowed {
                high = step;
            } else {
                low = step;
            }
        }
        low
    }
}

/// Bits of the symbols of a sample of `of` values.
fn bits_of(symbols: &Symbols, of: usize) -> u64 {
    if of > SMALL {
        return entropy::estimate(&symbols.values, &symbols.contexts, of);
    }
    let mut bytes = Vec::new();
    entropy::encode(&symbols.values, &symbols.contexts, &mut bytes);
    bytes.len() as u64 * 8
}

/// The array itself if it is small, else boxes of it along its diagonal.
fn boxes(shape: &[usize]) -> Vec<Tile> {
    let len: usize = shape.iter().product();
    if len <= WHOLE {
        return vec![Tile { start: vec![0; shape.len()], shape: shape.to_vec() }];
    }
    let sample = (len / SHARE).clamp(WHOLE / 4, WHOLE);
    let edges = tiles::split(shape, sample / BOXES).swap_remove(0).shape;
    (0..BOXES)
        .map(|number| {
            let along = shape.iter().zip(&edges);
            let start = along.map(|(&length, &edge)| (length - edge) * (2 * number + 1) / (2 * BOXES)).collect();
            Tile { start, shape: edges.clone() }
        })
        .collect()
}

/// Passes over the whole array until the error is what was asked for.
pub(super) struct Tries {
    goal: Option<f64>,
    step: usize,
    passes: usize,
    /// The largest step known to stay below the error, the smallest known not to.
    below: Option<usize>,
    above: usize,
}

impl Tries {
    pub fn new(source: &Source<'_>, step: usize) -> Self {
        let goal = match source.goal {
            Goal::Rmse(error) if error > 0.0 => Some(error),
            _ => None,
        };
        Tries { goal, step, passes: 0, below: None, above: STEPS }
    }

    /// The step to try next, if the last pass, with this squared error over `count` values, was not the last.
    pub fn next(&mut self, square_error: f64, count: usize) -> Option<usize> {
        let goal = self.goal?;
        let error = (square_error / count.max(1) as f64).sqrt();
        self.passes += 1;
        let fits = error <= goal;
        if fits {
            self.below = Some(self.step);
        } else {
            self.above = self.step;
        }
        let done = fits && (error > 0.985 * goal || self.passes >= PASSES || self.step + 1 >= self.above);
        if done || self.step == 0 {
            return None;
        }
        let distance = if error > 0.0 { 64.0 * libm::log2(goal / error) } else { 256.0 };
        let next = (self.step as f64 + distance.floor()).clamp(0.0, (STEPS - 1) as f64) as usize;
        let lowest = self.below.map_or(0, |below| below + 1);
        let next = if fits { next.max(self.step + 1) } else { next.min(self.step - 1) };
        let next = next.min(self.above - 1).max(lowest.min(self.above - 1));
        // Out of passes: the step known to fit, or one that surely does.
        self.step = match (self.passes >= PASSES, self.below) {
            (true, Some(below)) => below,
            (true, None) => next.saturating_sub(4),
            _ => next,
        };
        Some(self.step)
    }
}
