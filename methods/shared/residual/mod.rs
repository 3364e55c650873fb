//! What an approximation leaves: an array coded relative to a model of it, every value within a strict bound.
//!
//! Steps away from the model are predicted from those around (normalised least mean squares: Haykin, "Adaptive Filter
//! Theory", chapter 6) and coded under contexts of their neighbours' sizes and of the model. `SPEC.md` has the details.

pub mod exact;
mod grid;
mod quantiser;
pub mod rest;
mod subbands;
mod walk;

use crate::api::{Element, Error};
use crate::shared::mixing::Cost;
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
pub use quantiser::bare;
use quantiser::{Quantiser, margin};
use walk::Walk;

/// The values of an array: those an encoder knows, or those a decoder is to find.
#[derive(Debug)]
pub enum Values<'a, T> {
    /// To be coded.
    Known(&'a [T]),
    /// To be filled in.
    Wanted(&'a mut [T]),
}

impl<T: Element> Values<'_, T> {
    fn len(&self) -> usize {
        match self {
            Values::Known(values) => values.len(),
            Values::Wanted(values) => values.len(),
        }
    }

    fn get(&self, at: usize) -> T {
        match self {
            Values::Known(values) => values[at],
            Values::Wanted(_) => T::default(),
        }
    }

    fn put(&mut self, at: usize, value: T) {
        if let Values::Wanted(values) = self {
            values[at] = value;
        }
    }
}

/// Codes `values`, an array of `shape` in C order, so that each is within `bound` of what comes back, relative to
/// `model`, of which encoder and decoder have the same bits. A bound of 0 gives back every value, zeros of either sign
/// alike. Where the model alone is good enough, this takes one bit.
///
/// # Panics
/// If the lengths of `values` and `model` differ or are not those of `shape`.
pub fn code<T: Element>(
    mut values: Values<'_, T>,
    shape: &[usize],
    model: &[f64],
    bound: f64,
    coder: &mut impl BitCoder,
) {
    let count: usize = shape.iter().product();
    assert!(values.len() == count && model.len() == count, "{count} values, as many in the model");
    let (good, margin) = match &values {
        Values::Known(known) => {
            let good = known.iter().zip(model).all(|(&value, &model)| bare::<T>(model).within(value, bound));
            (good, margin(known, bound))
        }
        Values::Wanted(_) => (false, 0),
    };
    if coder.code(good, 1 << 15) {
        for (at, &model) in model.iter().enumerate() {
            values.put(at, bare(model));
        }
        return;
    }
    let quantiser = Quantiser::new::<T>(bound, if T::DTYPE.is_float() { coder.plain(margin, 5) } else { 0 });
    Walk::new(shape, quantiser).run(&mut values, model, coder);
}

/// Appends the code of `data`, an array of `shape`: see [`code`]. It ends where the payload does.
pub fn encode<T: Element>(data: &[T], shape: &[usize], model: &[f64], bound: f64, payload: &mut Vec<u8>) {
    let mut encoder = RangeEncoder::new();
    code(Values::Known(data), shape, model, bound, &mut encoder);
    payload.extend(encoder.finish());
}

/// Bits that [`encode`] would take, about.
pub fn cost<T: Element>(data: &[T], shape: &[usize], model: &[f64], bound: f64) -> f64 {
    let mut cost = Cost::default();
    code(Values::Known(data), shape, model, bound, &mut cost);
    cost.bits
}

/// The mean squared error of what comes back, without coding it.
pub fn mean_square<T: Element>(data: &[T], model: &[f64], bound: f64) -> f64 {
    let quantiser = Quantiser::new::<T>(bound, margin(data, bound));
    let error = |(&value, &model): (&T, &f64)| {
        let steps = quantiser.steps(value, model);
        steps.map_or(0.0, |steps| quantiser.restore::<T>(model, steps).to_f64() - value.to_f64())
    };
    data.iter().zip(model).map(error).map(|error| error * error).sum::<f64>() / data.len().max(1) as f64
}

/// Reads what [`encode`] appended, all of `payload`, into `data`.
///
/// # Errors
/// `Corrupt` if bytes are left over. Other bytes decode to something.
pub fn decode<T: Element>(
    payload: &[u8],
    shape: &[usize],
    model: &[f64],
    bound: f64,
    data: &mut [T],
) -> Result<(), Error> {
    let mut decoder = RangeDecoder::new(payload);
    code(Values::Wanted(data), shape, model, bound, &mut decoder);
    if decoder.is_spent() { Ok(()) } else { Err(Error::corrupt(payload.len(), "bytes behind the last value")) }
}

#[cfg(test)]
mod tests;
