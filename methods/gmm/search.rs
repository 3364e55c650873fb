//! How many components, how fine their numbers, and whether a residual follows: whatever takes the fewest bytes.

use super::code::{self, Described, MOST, STEP_BITS};
use super::component::Component;
use super::field::render;
use super::polish::Problem;
use super::quantise::quantise;
use crate::api::Element;
use crate::shared::Goal;
use crate::shared::mixing::Cost;
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use crate::shared::residual::rest::{self, Rest};
use crate::shared::residual::{self, Values};

/// The step with which a search starts, the finest that pays, and the finest.
const FIRST_STEP: u32 = 17;
const FINEST_STEP: u32 = 25;
const LAST_STEP: u32 = (1 << STEP_BITS) - 1;
/// The part of the work that is kept for rounding.
const TO_ROUND: f64 = 0.3;

/// What a payload under a target says.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    described: Vec<Described>,
    step: u32,
    /// What follows the components under target `rmse`.
    rest: Rest,
}

/// The plan of the fewest bits that was offered, or nothing of infinitely many.
struct Best {
    bits: f64,
    plan: Plan,
}

impl Default for Best {
    fn default() -> Self {
        Best { bits: f64::INFINITY, plan: Plan::default() }
    }
}

impl Best {
    /// Takes a plan if it is of fewer bits; whether it is.
    fn offer(&mut self, bits: f64, plan: Plan) -> bool {
        let fewer = bits < self.bits;
        if fewer {
            *self = Best { bits, plan };
        }
        fewer
    }
}

/// An array under a target that asks for an error.
pub(super) struct Search<'a, T> {
    pub data: &'a [T],
    pub shape: &'a [usize],
    pub goal: Goal,
    /// Most components, 0 for any number.
    pub most: usize,
    /// Whether a residual may follow under target `rmse`.
    pub residual: bool,
}

/// What numbers are measured in: the error that is asked for.
fn unit<T: Element>(goal: Goal) -> f64 {
    match goal {
        Goal::MaxAbs(bound) if !T::DTYPE.is_float() => bound.floor().max(0.5),
        other => other.error(),
    }
}

/// Codes a plan and the values that go with it: writes, costs or reads.
fn code<T: Element, C: BitCoder>(plan: &Plan, shape: &[usize], goal: Goal, values: Values<'_, T>, coder: &mut C) {
    let lattice = super::field::Lattice::all(shape);
    let components = code::components(&plan.described, plan.step, &lattice, coder);
    let unit = unit::<T>(goal);
    let mut model = render(&components, &lattice);
    model.iter_mut().for_each(|value| *value *= unit);
    match goal {
        Goal::MaxAbs(bound) => residual::code(values, shape, &model, bound, coder),
        Goal::Rmse(error) => rest::code(&plan.rest, values, shape, (model, error), coder),
    }
}

/// Reads values; whether the payload ends with them.
pub(super) fn read<T: Element>(payload: &[u8], shape: &[usize], goal: Goal, output: &mut [T]) -> bool {
    let mut decoder = RangeDecoder::new(payload);
    code(&Plan::default(), shape, goal, Values::Wanted(output), &mut decoder);
    decoder.is_spent()
}

impl<T: Element> Search<'_, T> {
    /// Appends the best payload found.
    pub fn write(&self, payload: &mut Vec<u8>) {
        let plan = self.plan();
        let mut encoder = RangeEncoder::new();
        code(&plan, self.shape, self.goal, Values::Known(self.data), &mut encoder);
        payload.extend(encoder.finish());
    }

    fn plan(&self) -> Plan {
        let unit = unit::<T>(self.goal);
        let scaled: Vec<f64> = self.data.iter().map(|value| value.to_f64() / unit).collect();
        let largest = scaled.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        // Numbers of so many magnitudes are no field; where all are below the error nothing is to be said.
        let sensible = unit > 0.0 && largest < 1e100 && largest.is_finite();
        let most = if self.most == 0 { MOST } else { self.most.min(MOST) };
        let most = most.min(self.data.len() / 20);
        if self.is_met(&Plan::default()) {
            return Plan::default();
        }
        if !sensible || most == 0 {
            return self.with_residual(Plan::default());
        }
        let problem = Problem::new(self.shape, &scaled);
        match self.goal {
            Goal::Rmse(_) => self.for_mean(&problem, most),
            _ => self.with_bound(&problem, most),
        }
    }

    /// The mean squared error of what a plan without a residual gives, in units of that asked for.
    fn square(&self, plan: &Plan) -> f64 {
        let mut output = vec![T::default(); self.data.len()];
        let mut cost = Cost::default();
        let lattice = super::field::Lattice::all(self.shape);
        let components = code::components(&plan.described, plan.step, &lattice, &mut cost);
        let unit = unit::<T>(self.goal);
        let model = render(&components, &lattice);
        output.iter_mut().zip(model).for_each(|(output, model)| *output = residual::bare(model * unit));
        let off = |(a, b): (&T, &T)| {
            let off = (a.to_f64() - b.to_f64()) / unit;
            off * off
        };
        self.data.iter().zip(&output).map(off).sum::<f64>() / self.data.len() as f64
    }

    fn is_met(&self, plan: &Plan) -> bool {
        matches!(self.goal, Goal::Rmse(_)) && self.square(plan) <= 1.0
    }

    fn bits(&self, plan: &Plan) -> f64 {
        let mut cost = Cost::default();
        code(plan, self.shape, self.goal, Values::Known(self.data), &mut cost);
        cost.bits
    }

    /// What the components of a plan stand for.
    fn model(&self, plan: &Plan) -> Vec<f64> {
        let lattice = super::field::Lattice::all(self.shape);
        let components = code::components(&plan.described, plan.step, &lattice, &mut Cost::default());
        let unit = unit::<T>(self.goal);
        render(&components, &lattice).iter().map(|value| value * unit).collect()
    }

    /// The bits of a plan with a residual, about.
    fn rough_bits(&self, plan: &Plan) -> f64 {
        self.bits(plan) + rest::rough(self.data, self.shape, &self.model(plan), self.goal.error())
    }

    /// The plan with the residual of the fewest bits, where one may follow.
    fn with_residual(&self, plan: Plan) -> Plan {
        let Goal::Rmse(error) = self.goal else { return plan };
        if !self.residual {
            return plan;
        }
        let rest = rest::fit(self.data, self.shape, &self.model(&plan), error).1;
        Plan { rest, ..plan }
    }

    /// Components alone where they reach the mean error, or with a residual.
    fn for_mean(&self, problem: &Problem, most: usize) -> Plan {
        let mut components = Vec::new();
        let (mut square, mut tries) = (problem.mean_square(&components), 0);
        // Plans with a residual are told apart by what it takes about.
        let (mut alone, mut mixed, mut last) = (Best::default(), Best::default(), (1, square));
        mixed.offer(self.rough_bits(&Plan::default()), Plan::default());
        while components.len() < most && tries < 2 && problem.work.left() > TO_ROUND {
            let before = components.len();
            problem.grow(&mut components, batch(before, square).min(most - before));
            if components.len() == before {
                break;
            }
            square = problem.polish(&mut components, 0, 8, 0.01);
            if square < 0.93 {
                square = problem.polish(&mut components, 0, 20, 2e-3);
                let start = if tries == 0 { FIRST_STEP } else { alone.plan.step };
                if let Some(plan) = self.coarsest(problem, &components, square, start) {
                    let fewer = alone.offer(self.bits(&plan), plan);
                    tries = if fewer { 1 } else { tries + 1 };
                }
            }
            let now = (components.len(), square);
            if tries == 0 && self.residual && 2 * now.0 >= 3 * last.0 {
                let plan = self.rounded(problem, &components, square);
                let fewer = mixed.offer(self.rough_bits(&plan), plan);
                if now.0 >= 8 && !fewer && is_hopeless(last, now, most) {
                    break;
                }
                last = now;
            }
        }
        if tries == 0 {
            let plan = self.rounded(problem, &components, square);
            if !self.residual {
                return plan;
            }
            mixed.offer(self.rough_bits(&plan), plan);
        }
        if self.residual && alone.bits > 0.95 * mixed.bits {
            let plan = self.with_residual(mixed.plan);
            alone.offer(self.bits(&plan), plan);
        }
        alone.plan
    }

    /// The plan of the coarsest step that keeps the mean error; `square` is that of the components as they are.
    fn coarsest(&self, problem: &Problem, components: &[Component], square: f64, start: u32) -> Option<Plan> {
        let (mut met, mut missed, mut step): (Option<Plan>, _, _) = (None, 0, start);
        loop {
            let plan = Plan { described: quantise(problem, components, step).1, step, rest: Rest::Nothing };
            let found = self.square(&plan);
            // What rounding adds grows with the square of the step.
            let octaves = libm::log2((found - square).max(1e-6) / (1.0 - square).max(1e-6));
            if found <= 1.0 {
                met = Some(plan);
            } else {
                missed = step;
            }
            step = match met.as_ref().map(|plan| plan.step) {
                Some(fine) if fine <= missed + 1 || problem.work.left() == 0.0 => return met,
                Some(fine) if missed == 0 => fine - ((-2.0 * octaves) as u32).clamp(1, 4).min(fine - 1),
                Some(fine) => (fine + missed) / 2,
                None if step >= FINEST_STEP || problem.work.left() == 0.0 => return None,
                None => step + ((2.0 * octaves).ceil() as u32).clamp(1, 6),
            };
        }
    }

    /// Components rounded so that it hardly adds to their error, the mean of whose square is given.
    fn rounded(&self, problem: &Problem, components: &[Component], square: f64) -> Plan {
        let finer = (2.0 * libm::log2(1.0 / square.clamp(1e-30, 1e30))).round() as i32;
        let step = (FIRST_STEP as i32 + 2 + finer).clamp(0, LAST_STEP as i32) as u32;
        Plan { described: quantise(problem, components, step).1, step, rest: Rest::Nothing }
    }

    /// As many components as the residual takes fewer bits for.
    fn with_bound(&self, problem: &Problem, most: usize) -> Plan {
        let (mut best, mut components) = (Best::default(), Vec::new());
        best.offer(self.bits(&Plan::default()), Plan::default());
        let (mut next, mut worse, mut last) = (1, 0, f64::INFINITY);
        while next <= most && worse < 3 && problem.work.left() > 0.0 {
            let before = components.len();
            problem.grow(&mut components, next - before);
            let square = problem.polish(&mut components, 0, 15, 3e-3);
            if components.len() == before {
                break;
            }
            let plan = self.rounded(problem, &components, square);
            // Where errors still fall, bytes will follow.
            let fewer = best.offer(self.bits(&plan), plan);
            worse = if fewer || square < 0.7 * last { 0 } else { worse + 1 };
            last = square;
            next = components.len() + components.len().div_ceil(2);
        }
        best.plan
    }
}

/// How many components to add: half of what seems to be missing, a twelfth to a fifth of those there are.
fn batch(count: usize, square: f64) -> usize {
    let missing = count as f64 * (libm::pow((square / 0.9).max(0.0), 0.6) - 1.0);
    ((missing / 2.0) as usize).clamp((count / 12).max(1), (count / 5).max(1))
}

/// Whether the error, falling as it did since the components were half as many, stays out of reach.
fn is_hopeless((few, high): (usize, f64), (many, low): (usize, f64), most: usize) -> bool {
    let rate = libm::log(high / low) / libm::log(many as f64 / few as f64);
    let needed = many as f64 * libm::pow(low.max(1e-300), 1.0 / rate.max(1e-3));
    low > 1.0 && needed > 1.5 * most as f64
}
