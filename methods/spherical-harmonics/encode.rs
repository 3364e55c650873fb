//! How many functions, and how large a step: the model of least bytes within an error.

use super::coefficients::{Models, choose};
use super::fit::{Fit, Functions};
use super::frame::Frame;
use super::model::{self, Model};
use super::search::{self, Field, PRICE};
use crate::shared::mixing::Cost;

/// Degrees and numbers of radial functions that are tried, one after the other.
const LADDER: [(usize, usize); 11] =
    [(0, 3), (2, 4), (4, 5), (6, 6), (8, 7), (10, 8), (12, 10), (14, 11), (17, 13), (20, 16), (24, 20)];
/// Once a fit leaves less than this share of the allowed squared error, more functions would only cost more.
const ENOUGH: f64 = 0.4;
/// Functions that leave more than this share of what fewer left are not worth their time.
const STALLED: f64 = 0.8;
/// Weights of a bit that are tried in the end.
const PRICES: [f64; 3] = [0.08, 0.12, 0.17];
/// Steps of conjugate gradients at each of them.
const STEPS: usize = 12;
/// Such a step that takes less than this share of the allowed squared error off is the last.
const LEAST: f64 = 1e-3;
/// The step that frames are looked for with, as a share of the root of the sum of squared errors.
const SHARE: f64 = 0.1;
/// Frames are looked for as if no less than this share of the root of the energy were allowed as error.
const COARSE: f64 = 0.06;
/// Models whose coefficients are off by more than this multiple of the allowed squared error are not measured.
const HOPELESS: f64 = 1.25;
/// Below this share of the largest value there is no use in a model: its coefficients would not fit their integers.
const FINEST: f64 = 1e-7;

/// Fits with more and more functions around the same centres.
#[derive(Debug)]
pub struct Ladder {
    field: Field,
    /// What numbers of steps refer to.
    unit: f64,
    rungs: Vec<(Vec<Frame>, Fit)>,
}

impl Ladder {
    /// Fits of `field`, whose largest magnitude is about 1, until one leaves well below `error` as root mean square error.
    pub fn new(field: Field, unit: f64, error: f64) -> Self {
        let (energy, voxels) = (search::energy(&field), field.values.len());
        let goal = error * error * voxels as f64;
        let mut ladder = Ladder { field, unit, rungs: Vec::new() };
        if unit < FINEST {
            return ladder;
        }
        let frames = search::frames(&ladder.field, SHARE * goal.max(COARSE * COARSE * energy).sqrt());
        for (degree, modes) in LADDER {
            let frames: Vec<Frame> = frames.iter().map(|frame| Frame { degree, modes, ..*frame }).collect();
            if frames.is_empty() || model::functions(&frames[0]) > voxels / 2 {
                break;
            }
            let fit = Functions::new(&frames, ladder.field.shape).kept().fit(&ladder.field.values, STEPS, LEAST * goal);
            let last = ladder.rungs.last().map_or(f64::INFINITY, |(_, fit)| fit.error);
            if degree > 4 && fit.error > STALLED * last {
                break;
            }
            let enough = fit.error < ENOUGH * goal;
            ladder.rungs.push((frames, fit));
            if enough {
                break;
            }
        }
        ladder
    }

    /// The model of least bytes whose root mean square error is at most `error`; none if it is out of reach.
    pub fn model(&self, error: f64) -> Option<Model> {
        let goal = error * error * self.field.values.len() as f64;
        self.near(goal).map(|model| self.settle(model, goal))
    }

    /// A model of few bytes whose root mean square error is about `error`; none if it is out of reach.
    pub fn rough(&self, error: f64) -> Option<Model> {
        let mut model = self.near(error * error * self.field.values.len() as f64)?;
        let [plain, raised] = self.errors(&Functions::new(&model.frames, self.field.shape), &model);
        model.positive = raised < plain;
        Some(model)
    }

    /// The model of least bytes whose sum of squared errors is about `goal`, by its coefficients.
    fn near(&self, goal: f64) -> Option<Model> {
        let tuned = self.rungs.iter().filter(|(_, fit)| fit.error < 0.95 * goal);
        let tuned = tuned.map(|(frames, fit)| self.tune(frames, fit, goal));
        tuned.reduce(|best, next| if next.0 < best.0 { next } else { best }).map(|(_, model)| model)
    }

    /// A model with a step that leaves about `goal` as sum of squared errors, and its bits.
    fn tune(&self, frames: &[Frame], fit: &Fit, goal: f64) -> (f64, Model) {
        let (mut low, mut high) = (0, model::STEPS + 1);
        let mut best = self.quantised(frames, fit, (low, PRICE));
        while high - low > 1 {
            let middle = low.midpoint(high);
            let found = self.quantised(frames, fit, (middle, PRICE));
            if found.1 <= goal {
                (low, best) = (middle, found);
            } else {
                high = middle;
            }
        }
        (best.0, best.2)
    }

    /// Bits, sum of squared errors, and the model with coefficients in steps of number `number`, chosen with `price` per bit.
    fn quantised(&self, frames: &[Frame], fit: &Fit, (number, price): (u32, f64)) -> (f64, f64, Model) {
        let step = model::step(number, self.unit);
        let wanted: Vec<f64> = fit.coefficients.iter().map(|value| value / step).collect();
        let (mut models, mut values, mut rest) = (Models::default(), Vec::new(), &wanted[..]);
        for frame in frames {
            let (own, others) = rest.split_at(model::functions(frame));
            values.extend(choose(frame, own, price, &mut models));
            rest = others;
        }
        let squares = wanted.iter().zip(&values).map(|(wanted, &value)| (wanted - f64::from(value)).powi(2));
        let error = fit.error + squares.sum::<f64>() * step * step;
        let found = Model { frames: frames.to_vec(), step: number, positive: false, values };
        (self.bits(&found), error, found)
    }

    fn bits(&self, model: &Model) -> f64 {
        let mut cost = Cost::default();
        model.code(self.field.shape, &mut cost).map_or(f64::INFINITY, |_| cost.bits)
    }

    /// The sum of squared errors of a model, as it is and with negative values raised to zero.
    fn errors(&self, functions: &Functions, model: &Model) -> [f64; 2] {
        let field = model.field_on(functions, self.field.values.len(), self.unit);
        let mut sums = [0.0; 2];
        for (value, known) in field.iter().zip(&self.field.values) {
            let errors = [value - known, value.max(0.0) - known];
            sums.iter_mut().zip(errors).for_each(|(sum, error)| *sum += error * error);
        }
        sums
    }

    /// The model with the step that its real error calls for, which may differ from that of its coefficients: functions
    /// are not quite orthogonal, and negative values may be raised.
    fn settle(&self, model: Model, goal: f64) -> Model {
        let Some((frames, fit)) = self.rungs.iter().find(|(frames, _)| *frames == model.frames) else { return model };
        let functions = Functions::new(frames, self.field.shape).kept();
        let holds = |(bits, _, mut model): (f64, f64, Model)| {
            let [plain, raised] = self.errors(&functions, &model);
            model.positive = raised < plain;
            (plain.min(raised) <= goal, bits, model)
        };
        let (mut start, mut best) = (model.step, holds(self.quantised(frames, fit, (model.step, PRICE))));
        while !best.0 && start > 0 && model.step - start < 48 {
            start -= 1;
            best = holds(self.quantised(frames, fit, (start, PRICE)));
        }
        // Larger steps with fewer coefficients left out, and smaller ones with more, may take less.
        let tried = (-2..=6).flat_map(|by| PRICES.map(|price| (by, price)));
        let number = |by: i32| start.saturating_add_signed(by).min(model::STEPS);
        let mut tried: Vec<_> = tried.map(|(by, price)| self.quantised(frames, fit, (number(by), price))).collect();
        tried.retain(|next| next.0 < best.1 && next.1 < HOPELESS * goal);
        tried.sort_by(|a, b| a.0.total_cmp(&b.0));
        tried.into_iter().map(holds).find(|next| next.0).unwrap_or(best).2
    }
}
