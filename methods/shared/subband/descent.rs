//! Which variant, step and trade of error for bits a small array is coded with: by trying.

use super::careful::{Attempt, MOST, Settings, Subject, each};
use super::tile::Source;
use super::{Goal, Plan, Transform, Variants};
use crate::shared::tiles::Tile;

/// Squared steps that a bit is worth while variants are compared: about what the best trades come to.
const LAMBDA: f64 = 0.07;
/// Above this, zeros cost more than they save.
const MOST_LAMBDA: f64 = 0.25;
/// Under a bound, what coefficients lose must be corrected: other trades.
const BOUNDED_LAMBDAS: [f64; 3] = [0.03, 0.0, 0.06];
/// Under a bound, the first step: 1.7 bounds.
const BOUNDED_STEP: u8 = 76;
/// Values and bytes that all tries together may code.
const WORK: usize = 3 << 21;
/// Passes: no fewer are worth it, no more are needed.
const LEAST_PASSES: usize = 4;
const MOST_PASSES: usize = 32;
/// Most tries for one step to meet an error.
const TRIES: usize = 6;

/// Steps under a bound are below this.
const BOUNDED_STEPS: u8 = 128;

/// Searches for the best way to code an array.
pub(super) struct Descent<'a, P> {
    pub source: &'a Source<'a>,
    pub tile: &'a Tile,
    pub plan: &'a Plan<'a, P>,
    /// Passes left.
    pub passes: usize,
    /// The part of the squared error that may be used up.
    pub room: f64,
}

/// Whether an array, as large as this, can be coded so.
pub(super) fn takes(source: &Source<'_>, tile: &Tile) -> bool {
    source.values.len() <= MOST && source.largest(tile) <= 1e300 && (1e-290..1e290).contains(&source.goal.error())
}

/// Passes that an array of so many values, and about so many bytes, is worth.
pub(super) fn passes(values: usize, bytes: usize) -> usize {
    (WORK / (values + 8 * bytes)).min(MOST_PASSES)
}

/// The payload of a small array, if one is found that keeps the goal and is shorter than `most` bytes. `plan` makes the
/// transform of a variant.
pub(super) fn compress<P: Transform>(
    source: &Source<'_>,
    variants: &Variants,
    plan: &Plan<'_, P>,
    most: usize,
) -> Option<Vec<u8>> {
    let tile = Tile { start: vec![0; source.shape.len()], shape: source.shape.to_vec() };
    let passes = passes(source.values.len(), most);
    if !takes(source, &tile) || passes < LEAST_PASSES {
        return None;
    }
    let (subject, attempt) = Descent { source, tile: &tile, plan, passes, room: 1.0 }.run(variants)?;
    let mut payload = Vec::new();
    subject.write(&attempt, &mut payload);
    (payload.len() < most).then_some(payload)
}

impl<'a, P: Transform> Descent<'a, P> {
    /// The best attempt found, and the subject that it is of.
    pub fn run(mut self, variants: &Variants) -> Option<(Subject<'a, P>, Attempt)> {
        let (first, subject) = self.best_variant(variants)?;
        let attempt = match self.source.goal {
            Goal::MaxAbs(_) => self.bounded(&subject, first),
            Goal::Rmse(_) => self.mean(&subject, first.settings),
        }?;
        Some((subject, attempt))
    }

    /// Bits that a mean error takes, about: one pass, and what its error is off by in the coin of [`LAMBDA`].
    pub fn rough(mut self) -> Option<f64> {
        let subject = self.subject(0);
        let step = self.step_for_error(&subject, self.allowed());
        let settings = Settings { variant: 0, differences: false, step, points: [0; 2] };
        let (_, attempt) = self.pass(&subject, settings, LAMBDA)?;
        let step = self.source.careful_step(step);
        Some((attempt.bits + (attempt.error - self.allowed()) / (LAMBDA * step * step)).max(0.0))
    }

    fn subject(&self, variant: u8) -> Subject<'a, P> {
        Subject::new(self.source, self.tile, (self.plan)(variant, self.source.shape))
    }

    /// One pass, and what it comes to in bits; none where magnitudes are beyond what can be coded.
    fn pass(&mut self, subject: &Subject<'_, P>, settings: Settings, lambda: f64) -> Option<(f64, Attempt)> {
        self.passes = self.passes.saturating_sub(1);
        let step = self.source.careful_step(settings.step);
        let largest = subject.coefficients.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        if largest / step >= f64::from(1 << 28) {
            return None;
        }
        let mut attempt = subject.attempt(settings, lambda);
        if let Goal::MaxAbs(_) = self.source.goal {
            subject.measure(&mut attempt);
            return Some((attempt.bits, attempt));
        }
        Some((attempt.bits + attempt.error / (LAMBDA * step * step), attempt))
    }

    /// The variant that costs least at one step, digit by digit, then whether differences pay.
    fn best_variant(&mut self, variants: &Variants) -> Option<(Attempt, Subject<'a, P>)> {
        let mut best_subject = self.subject(0);
        let step = match self.source.goal {
            Goal::MaxAbs(_) => BOUNDED_STEP,
            Goal::Rmse(_) => self.step_for_error(&best_subject, self.allowed()),
        };
        let lambda = self.first_lambda();
        let first = Settings { variant: 0, differences: false, step, points: [0; 2] };
        let mut best = self.pass(&best_subject, first, lambda)?;
        let (mut weight, spare) = (1, self.passes / 2);
        for &radix in &variants.radices {
            let now = best.1.settings.variant;
            for digit in (0..radix).filter(|&digit| digit != now / weight % radix) {
                if self.passes <= spare {
                    break;
                }
                let variant = now - now / weight % radix * weight + digit * weight;
                let subject = self.subject(variant);
                let Some(next) = self.pass(&subject, Settings { variant, ..first }, lambda) else { continue };
                if next.0 < best.0 {
                    (best, best_subject) = (next, subject);
                }
            }
            weight *= radix;
        }
        let settings = Settings { differences: true, ..best.1.settings };
        best = self.pass(&best_subject, settings, lambda).filter(|next| next.0 < best.0).unwrap_or(best);
        Some((best.1, best_subject))
    }

    fn first_lambda(&self) -> f64 {
        if let Goal::MaxAbs(_) = self.source.goal { BOUNDED_LAMBDAS[0] } else { LAMBDA }
    }

    /// The largest step with which plain rounding, zeros favoured, leaves a squared error of at most `allowed`, by the
    /// coefficients.
    fn step_for_error(&self, subject: &Subject<'_, P>, allowed: f64) -> u8 {
        let error = |index: u8| {
            let (bands, mut sum) = (subject.plan.bands(), 0.0);
            let step = self.source.careful_step(index);
            each(bands, |band, offset| {
                let steps = (subject.coefficients[offset] * bands[band].gain / step).abs();
                let error = steps - (steps + 0.42).floor();
                sum += error * error;
            });
            sum * step * step
        };
        let (mut low, mut high) = (0u8, u8::MAX);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if error(middle) > allowed {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    }

    fn allowed(&self) -> f64 {
        let goal = self.source.goal.error();
        self.room * goal * goal * self.source.values.len() as f64
    }

    /// The cheapest attempt below the error: for steps around the first guess, each with the trade that uses it up.
    fn mean(&mut self, subject: &Subject<'_, P>, settings: Settings) -> Option<Attempt> {
        // The transform is not quite orthonormal: the first attempt tells how much coefficients say of values.
        let (_, mut attempt) = self.pass(subject, settings, LAMBDA)?;
        let said = attempt.error;
        subject.measure(&mut attempt);
        let ratio = if attempt.error > 0.0 { (said / attempt.error).clamp(0.25, 4.0) } else { 1.0 };
        let first = self.step_for_error(subject, self.allowed() * ratio);
        let mut best = self.meet_error(subject, Settings { step: first, ..settings });
        for direction in [-1, 1] {
            let mut step = first;
            while let Some(next) = step.checked_add_signed(direction).filter(|_| self.passes > 0) {
                step = next;
                let attempt = self.meet_error(subject, Settings { step, ..settings });
                let better = |next: &Attempt| best.as_ref().is_none_or(|best| next.bits < best.bits);
                match attempt.filter(better) {
                    Some(attempt) => best = Some(attempt),
                    // Smaller steps come below the error at last.
                    None if best.is_none() && direction < 0 => {}
                    None => break,
                }
            }
            if best.as_ref().is_some_and(|best| best.settings.step != first) {
                break;
            }
        }
        best
    }

    /// The attempt with the step of `settings` whose error is nearest below the goal.
    fn meet_error(&mut self, subject: &Subject<'_, P>, settings: Settings) -> Option<Attempt> {
        let allowed = self.allowed();
        let (mut below, mut above) = (None::<(f64, Attempt)>, None::<(f64, f64)>);
        let mut lambda = LAMBDA;
        for _ in 0..TRIES.min(self.passes) {
            let (_, mut attempt) = self.pass(subject, settings, lambda)?;
            subject.measure(&mut attempt);
            let error = attempt.error;
            let done = error <= allowed && (error > 0.997 * allowed || lambda >= MOST_LAMBDA);
            if error <= allowed {
                below = Some((lambda, attempt));
            } else {
                above = Some((lambda, error));
            }
            if done || (lambda == 0.0 && error > allowed) {
                break;
            }
            lambda = next_lambda(&below, above, 0.9985 * allowed);
        }
        below.map(|(_, attempt)| attempt)
    }

    /// The cheapest attempt under a bound: steps by descent, then trades.
    fn bounded(&mut self, subject: &Subject<'_, P>, first: Attempt) -> Option<Attempt> {
        let mut best = first;
        let mut lambda = BOUNDED_LAMBDAS[0];
        for distance in [4, 2, 1] {
            for direction in [distance, -distance] {
                while let Some(step) = best.settings.step.checked_add_signed(direction) {
                    let settings = Settings { step, ..best.settings };
                    if step >= BOUNDED_STEPS || !self.better(subject, settings, lambda, &mut best) {
                        break;
                    }
                }
            }
        }
        for next in BOUNDED_LAMBDAS {
            if next != lambda && self.better(subject, best.settings, next, &mut best) {
                lambda = next;
            }
        }
        Some(best)
    }

    fn better(&mut self, subject: &Subject<'_, P>, settings: Settings, lambda: f64, best: &mut Attempt) -> bool {
        if self.passes == 0 {
            return false;
        }
        let next = self.pass(subject, settings, lambda).filter(|next| next.1.bits < best.bits);
        next.map(|next| *best = next.1).is_some()
    }
}

/// The trade that should have an error of `goal`, from what is known on both sides: errors rise by about 3.5 times the
/// trade, and between two known ones in a line.
fn next_lambda(below: &Option<(f64, Attempt)>, above: Option<(f64, f64)>, goal: f64) -> f64 {
    const RISE: f64 = 3.5;
    let alone = |lambda: f64, error: f64| (goal * (1.0 + RISE * lambda) / error.max(1e-300) - 1.0) / RISE;
    match (below.as_ref().map(|(lambda, attempt)| (*lambda, attempt.error)), above) {
        (Some((low, error)), Some((high, more))) => {
            let along = (goal - error) / (more - error).max(1e-300);
            low + (high - low) * along.clamp(0.1, 0.9)
        }
        (Some((low, error)), None) => alone(low, error).clamp((low + 0.005).min(MOST_LAMBDA), MOST_LAMBDA),
        (None, Some((high, error))) => alone(high, error).clamp(0.0, (high - 0.005).max(0.0)),
        (None, None) => LAMBDA,
    }
}
