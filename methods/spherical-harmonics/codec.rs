//! Arrays under a mean error or a bound: a model of harmonics, and where it takes one, what the model leaves.

use super::encode::Ladder;
use super::model::Model;
use super::search::Field;
use crate::api::{Element, Error};
use crate::shared::Goal;
use crate::shared::mixing::Cost;
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use crate::shared::residual::rest::{self, Rest};
use crate::shared::residual::{self, Values};

/// Errors of models under a residual that are tried, in units of the target.
const LOOSER: [f64; 7] = [0.35, 0.7, 1.4, 2.8, 5.6, 16.0, 64.0];
/// Bytes up to which a model alone is taken as it is: a residual would hardly be shorter.
const SHORT: usize = 250;

/// Codes an array of `shape`: writes `Known` values, or fills `Wanted` ones in. Under a mean error, `rest` follows the
/// model.
fn code<T: Element>(
    (values, shape): (Values<'_, T>, [usize; 3]),
    goal: Goal,
    (model, rest): (&Model, &Rest),
    coder: &mut impl BitCoder,
) -> Result<(), Error> {
    let field = model.code(shape, coder)?.field(shape, goal.error());
    match goal {
        Goal::MaxAbs(bound) => residual::code(values, &shape, &field, bound, coder),
        Goal::Rmse(error) => rest::code(rest, values, &shape, (field, error), coder),
    }
    Ok(())
}

/// Reads an array of `shape`, none of whose axes is empty.
///
/// # Errors
/// `Corrupt` if no model can be as the payload says, or bytes are left over.
pub fn read<T: Element>(payload: &[u8], shape: [usize; 3], goal: Goal, data: &mut [T]) -> Result<(), Error> {
    let mut decoder = RangeDecoder::new(payload);
    code((Values::Wanted(data), shape), goal, (&Model::default(), &Rest::Nothing), &mut decoder)?;
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
        return task.bytes(&nothing, &Rest::Nothing);
    }
    let largest = data.iter().fold(0.0f64, |largest, value| largest.max(value.to_f64().abs()));
    let exponent = libm::ilogb(largest);
    let field = data.iter().map(|value| libm::scalbn(value.to_f64(), -exponent)).collect();
    let unit = libm::scalbn(goal.error(), -exponent);
    let error = if let Goal::MaxAbs(_) = goal { LOOSER[0] * unit } else { unit };
    let ladder = Ladder::new(Field { values: field, shape }, unit, error);
    let alone = task.alone(&ladder, unit)?;
    if let Some(bytes) = alone.as_ref().filter(|bytes| bytes.len() <= SHORT) {
        return Ok(bytes.clone());
    }
    let mut best = (task.cost(&nothing)?, nothing);
    for model in LOOSER.into_iter().filter_map(|looser| ladder.rough(looser * unit)) {
        let cost = task.cost(&model)?;
        if cost < best.0 {
            best = (cost, model);
        }
    }
    let hopeless = alone.as_ref().is_some_and(|bytes| (8 * bytes.len()) as f64 * 1.05 < best.0);
    let corrected = if hopeless { None } else { Some(task.corrected(&best.1)?) };
    Ok(alone.into_iter().chain(corrected).min_by_key(Vec::len).unwrap_or_default())
}

impl<T: Element> Task<'_, T> {
    fn bytes(&self, model: &Model, rest: &Rest) -> Result<Vec<u8>, Error> {
        let mut encoder = RangeEncoder::new();
        code((Values::Known(self.data), self.shape), self.goal, (model, rest), &mut encoder)?;
        Ok(encoder.finish())
    }

    /// Bits that a model and what it leaves take, about.
    fn cost(&self, model: &Model) -> Result<f64, Error> {
        let mut cost = Cost::default();
        if let Goal::Rmse(error) = self.goal {
            let field = model.code(self.shape, &mut cost)?.field(self.shape, error);
            return Ok(cost.bits + rest::rough(self.data, &self.shape, &field, error));
        }
        code((Values::Known(self.data), self.shape), self.goal, (model, &Rest::Nothing), &mut cost)?;
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
            let bytes = self.bytes(&model, &Rest::Nothing)?;
            if self.holds(&bytes)? {
                return Ok(Some(bytes));
            }
            // Values that are rounded to the type are off by more than the model is.
            error *= 0.96;
        }
        Ok(None)
    }

    /// A model and the residual of the fewest bits that holds.
    fn corrected(&self, model: &Model) -> Result<Vec<u8>, Error> {
        let Goal::Rmse(error) = self.goal else { return self.bytes(model, &Rest::Nothing) };
        let field = model.field(self.shape, error);
        self.bytes(model, &rest::fit(self.data, &self.shape, &field, error).1)
    }
}
