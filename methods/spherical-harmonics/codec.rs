//! Arrays under a mean error or a bound: a model of harmonics, and where it takes one, what the model leaves.

use super::encode::Ladder;
use super::model::Model;
use super::search::Field;
use crate::api::{Element, Error};
use crate::shared::Goal;
use crate::shared::mixing::Cost;
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use crate::shared::residual::{self, Values};

/// Bounds of a residual under a mean error are this many to the octave, from the mean error up.
const BOUNDS: f64 = 16.0;
/// Bits of such a bound.
const BOUND_BITS: u32 = 6;
/// The bound of errors that are equally likely up to it, for their root mean square: about sqrt(3).
const UNIFORM: u32 = 12;
/// Errors of models under a residual that are tried, in units of the target.
const LOOSER: [f64; 7] = [0.35, 0.7, 1.4, 2.8, 5.6, 16.0, 64.0];

/// The bound of the residual: under a mean error, the one that `number` stands for.
fn bound_of(goal: Goal, number: u32) -> f64 {
    match goal {
        Goal::Rmse(error) => error * libm::exp2(f64::from(number) / BOUNDS),
        Goal::MaxAbs(bound) => bound,
    }
}

/// Codes an array of `shape`: writes `Known` values, or fills `Wanted` ones in. `bound` is the number of the residual's
/// bound under a mean error, if there is a residual.
fn code<T: Element>(
    (values, shape): (Values<'_, T>, [usize; 3]),
    goal: Goal,
    (model, bound): (&Model, Option<u32>),
    coder: &mut impl BitCoder,
) -> Result<(), Error> {
    let model = model.code(shape, coder)?;
    let mut bound = bound;
    if let Goal::Rmse(_) = goal {
        let has = coder.plain(u64::from(bound.is_some()), 1) != 0;
        bound = has.then(|| coder.plain(u64::from(bound.unwrap_or(0)), BOUND_BITS) as u32);
    }
    let field = model.field(shape, goal.error());
    match (bound, values) {
        (None, Values::Wanted(values)) if matches!(goal, Goal::Rmse(_)) => {
            values.iter_mut().zip(field).for_each(|(value, field)| *value = nearest(field));
        }
        (None, Values::Known(_)) if matches!(goal, Goal::Rmse(_)) => {}
        (_, values) => residual::code(values, &shape, &field, bound_of(goal, bound.unwrap_or(0)), coder),
    }
    Ok(())
}

/// The finite value of the type nearest to a finite number.
fn nearest<T: Element>(value: f64) -> T {
    let cast = T::from_f64(value);
    if cast.is_finite() { cast } else { T::from_f64(f64::from(f32::MAX).copysign(value)) }
}

/// Reads an array of `shape`, none of whose axes is empty.
///
/// # Errors
/// `Corrupt` if no model can be as the payload says, or bytes are left over.
pub fn read<T: Element>(payload: &[u8], shape: [usize; 3], goal: Goal, data: &mut [T]) -> Result<(), Error> {
    let mut decoder = RangeDecoder::new(payload);
    code((Values::Wanted(data), shape), goal, (&Model::default(), None), &mut decoder)?;
    if decoder.is_spent() { Ok(()) } else { Err(Error::corrupt(payload.len(), "bytes behind the last value")) }
}

/// An array that is to be written.
#[derive(Clone, Copy, Debug)]
struct Task<'a, T> {
    data: &'a [T],
    shape: [usize; 3],
    goal: Goal,
}

/// The payload of an array of `shape`, none of whose axes is empty.
///
/// # Errors
/// None: there are no models but those that can be coded.
pub fn write<T: Element>(data: &[T], shape: [usize; 3], goal: Goal) -> Result<Vec<u8>, Error> {
    let task = Task { data, shape, goal };
    let nothing = Model::default();
    let zeros = vec![T::default(); data.len()];
    if goal.holds(data, &zeros) {
        return task.bytes(&nothing, None);
    }
    let largest = data.iter().fold(0.0f64, |largest, value| largest.max(value.to_f64().abs()));
    let exponent = libm::ilogb(largest);
    let field = data.iter().map(|value| libm::scalbn(value.to_f64(), -exponent)).collect();
    let unit = libm::scalbn(goal.error(), -exponent);
    let error = if let Goal::MaxAbs(_) = goal { LOOSER[0] * unit } else { unit };
    let ladder = Ladder::new(Field { values: field, shape }, unit, error);
    if let Some(bytes) = task.alone(&ladder, unit)? {
        return Ok(bytes);
    }
    let mut best = (task.cost(&nothing)?, nothing);
    for model in LOOSER.into_iter().filter_map(|looser| ladder.rough(looser * unit)) {
        let cost = task.cost(&model)?;
        if cost < best.0 {
            best = (cost, model);
        }
    }
    task.corrected(&best.1)
}

impl<T: Element> Task<'_, T> {
    fn bytes(&self, model: &Model, bound: Option<u32>) -> Result<Vec<u8>, Error> {
        let mut encoder = RangeEncoder::new();
        code((Values::Known(self.data), self.shape), self.goal, (model, bound), &mut encoder)?;
        Ok(encoder.finish())
    }

    fn cost(&self, model: &Model) -> Result<f64, Error> {
        let mut cost = Cost::default();
        code((Values::Known(self.data), self.shape), self.goal, (model, Some(UNIFORM)), &mut cost)?;
        Ok(cost.bits)
    }

    /// Whether a decoder finds values near enough.
    fn holds(&self, payload: &[u8]) -> Result<bool, Error> {
        let mut back = vec![T::default(); self.data.len()];
        read(payload, self.shape, self.goal, &mut back)?;
        Ok(self.goal.holds(self.data, &back))
    }

    /// A model without a residual, where a mean error is asked for and one is in reach.
    fn alone(&self, ladder: &Ladder, unit: f64) -> Result<Option<Vec<u8>>, Error> {
        let Goal::Rmse(_) = self.goal else { return Ok(None) };
        let mut error = unit;
        for _ in 0..5 {
            let Some(model) = ladder.model(error) else { break };
            let bytes = self.bytes(&model, None)?;
            if self.holds(&bytes)? {
                return Ok(Some(bytes));
            }
            // Values that are rounded to the type are off by more than the model is.
            error *= 0.96;
        }
        Ok(None)
    }

    /// A model and the residual with the loosest bound that holds.
    fn corrected(&self, model: &Model) -> Result<Vec<u8>, Error> {
        let (mut low, mut high) = (0, 1 << BOUND_BITS);
        let mut best = self.bytes(model, Some(low))?;
        if let Goal::MaxAbs(_) = self.goal {
            return Ok(best);
        }
        while high - low > 1 {
            let middle = if (low, high) == (0, 1 << BOUND_BITS) { UNIFORM } else { u32::midpoint(low, high) };
            let bytes = self.bytes(model, Some(middle))?;
            if self.holds(&bytes)? {
                (low, best) = (middle, bytes);
            } else {
                high = middle;
            }
        }
        Ok(best)
    }
}
