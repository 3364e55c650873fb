//! What follows an approximation under a mean error: nothing, or what it leaves, in whichever way takes fewer bits.

use super::subbands::{self, Subbands};
use super::{Values, bare, mean_square};
use crate::api::Element;
use crate::shared::mixing::Cost;
use crate::shared::range::BitCoder;

/// Bounds of a bounded residual are this many to the octave, from the mean error up.
const BOUNDS: f64 = 16.0;
/// Bits of the number of such a bound.
const BOUND_BITS: u32 = 7;

/// What follows an approximation.
#[derive(Clone, Debug, Default)]
pub enum Rest {
    /// Nothing: it is good enough.
    #[default]
    Nothing,
    /// A residual with the bound of this number.
    Bounded(u32),
    /// A residual in sub-bands.
    Subbands(Subbands),
}

/// The bound of a number.
fn bound_of(error: f64, number: u32) -> f64 {
    (error * libm::exp2(f64::from(number) / BOUNDS)).min(f64::MAX)
}

/// Codes `values`, an array of `shape`, so that they are within a root mean square `error`, relative to `model`, of
/// which encoder and decoder have the same bits. A decoder knows of no `rest`.
pub fn code<T: Element>(
    rest: &Rest,
    values: Values<'_, T>,
    shape: &[usize],
    (mut model, error): (Vec<f64>, f64),
    coder: &mut impl BitCoder,
) {
    if !coder.code(matches!(rest, Rest::Nothing), 1 << 15) {
        let known = if let Rest::Subbands(known) = rest { Some(known) } else { None };
        if !coder.code(known.is_some(), 1 << 15) {
            let number = if let Rest::Bounded(number) = rest { *number } else { 0 };
            let bound = bound_of(error, coder.plain(u64::from(number), BOUND_BITS) as u32);
            return super::code(values, shape, &model, bound, coder);
        }
        subbands::code(known, shape, error, &mut model, coder);
    }
    if let Values::Wanted(output) = values {
        output.iter_mut().zip(&model).for_each(|(output, &model)| *output = bare(model));
    }
}

/// Bits that [`code`] would take, about.
pub fn cost<T: Element>(rest: &Rest, data: &[T], shape: &[usize], model: Vec<f64>, error: f64) -> f64 {
    let mut cost = Cost::default();
    code(rest, Values::Known(data), shape, (model, error), &mut cost);
    cost.bits
}

/// A residual of the widest bound that keeps the error.
fn bounded<T: Element>(data: &[T], model: &[f64], error: f64) -> Rest {
    let fits = |number: u32| mean_square(data, model, bound_of(error, number)) <= error * error;
    let (mut low, mut high) = (0, 1 << BOUND_BITS);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    Rest::Bounded(low)
}

/// The residual of the fewest bits that keeps the error, and these bits.
pub fn fit<T: Element>(data: &[T], shape: &[usize], model: &[f64], error: f64) -> (f64, Rest) {
    let bounded = bounded(data, model, error);
    let bits = cost(&bounded, data, shape, model.to_vec(), error);
    match subbands::fit(data, shape, model, error) {
        Some(fit) if fit.bits() < bits => (fit.bits(), Rest::Subbands(fit)),
        _ => (bits, bounded),
    }
}

/// Bits that the residual takes, about, and more quickly.
pub fn rough<T: Element>(data: &[T], shape: &[usize], model: &[f64], error: f64) -> f64 {
    subbands::rough(data, shape, model, error)
        .unwrap_or_else(|| cost(&bounded(data, model, error), data, shape, model.to_vec(), error))
}
