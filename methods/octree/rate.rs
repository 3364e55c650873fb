//! Trees for a bound or a mean error: the payload, and the step and the price of bits that make it small.

use super::basis::Bases;
use super::cells;
use super::code::Walk;
use super::fit::{Fit, Limits};
use super::search::{Node, Price};
use super::tune::{self, BIT, step};
use crate::api::{Element, Error};
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use crate::shared::residual::{self, Values};
use crate::shared::{Goal, tiles};

/// The step's number that stands for no tree at all.
const BARE: u8 = tune::STEPS;

/// Appends the payload of `data`, an array of `shape` (no axis of length 0).
pub fn compress<T: Element>(data: &[T], shape: &[usize], goal: Goal, limits: Limits, payload: &mut Vec<u8>) {
    let shape = tiles::squeeze(shape);
    let source = Source { data, shape: &shape, goal, limits };
    let found = match (source.scaled(), goal) {
        (None, _) => None,
        (Some(values), Goal::Rmse(_)) => source.mean(&values),
        (Some(values), Goal::MaxAbs(_)) => source.bounded(&values),
    };
    payload.append(&mut found.unwrap_or_else(|| source.bare()));
}

/// Fills `data`, an array of `shape`, from a payload of [`compress`].
///
/// # Errors
/// `Corrupt` if no encoder wrote the payload.
pub fn decompress<T: Element>(
    payload: &[u8],
    shape: &[usize],
    goal: Goal,
    limits: Limits,
    data: &mut [T],
) -> Result<(), Error> {
    let shape = tiles::squeeze(shape);
    let (&number, rest) = payload.split_first().ok_or_else(|| Error::corrupt(0, "an empty payload"))?;
    let mut coder = RangeDecoder::new(rest);
    if number == BARE {
        let bound = bare_bound(goal, false, &mut coder);
        let zeros = vec![0.0; data.len()];
        residual::code(Values::Wanted(data), &shape, &zeros, bound, &mut coder);
    } else {
        let mut bases = Bases::new(limits.degree);
        let mut walk = Walk::new(&shape, limits.least, &mut bases);
        cells::roots(&shape).into_iter().for_each(|cell| walk.tree(cell, None::<&Node>, &mut coder));
        let mut model = walk.restore(step(number));
        finish(goal, Values::Wanted(data), &shape, &mut model, &mut coder);
    }
    if coder.is_spent() { Ok(()) } else { Err(Error::corrupt(payload.len(), "bytes behind the last value")) }
}

/// What follows the trees: under a bound, what they leave.
fn finish<T: Element>(
    goal: Goal,
    mut values: Values<'_, T>,
    shape: &[usize],
    model: &mut [f64],
    coder: &mut impl BitCoder,
) {
    model.iter_mut().for_each(|value| *value *= goal.error());
    match (goal, &mut values) {
        (Goal::MaxAbs(bound), _) => residual::code(values, shape, model, bound, coder),
        (Goal::Rmse(_), Values::Wanted(data)) => {
            data.iter_mut().zip(model).for_each(|(value, model)| *value = finite(*model));
        }
        (Goal::Rmse(_), Values::Known(_)) => {}
    }
}

/// The value nearest to `model`, never infinite.
pub fn finite<T: Element>(model: f64) -> T {
    let value = T::from_f64(model);
    if value.is_finite() { value } else { T::default() }
}

/// The bound where there is no tree. An error spread evenly over a bound has a root mean square of 0.577 of it.
fn bare_bound(goal: Goal, wide: bool, coder: &mut impl BitCoder) -> f64 {
    match goal {
        Goal::MaxAbs(bound) => bound,
        Goal::Rmse(error) if coder.plain(u64::from(wide), 1) == 1 => error * 1.73,
        Goal::Rmse(error) => error,
    }
}

/// An array to be coded.
struct Source<'a, T> {
    data: &'a [T],
    shape: &'a [usize],
    goal: Goal,
    limits: Limits,
}

impl<T: Element> Source<'_, T> {
    /// The values in units of the goal, unless they are too many of them for a tree to make sense.
    fn scaled(&self) -> Option<Vec<f64>> {
        let unit = self.goal.error();
        let values: Vec<f64> = self.data.iter().map(|value| value.to_f64() / unit).collect();
        let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        (unit > 1e-290 && unit < 1e290 && largest < 1e10).then_some(values)
    }

    /// Root mean square error of `values` in units of the goal.
    fn error(&self, values: impl Iterator<Item = T>) -> f64 {
        let off = self.data.iter().zip(values).map(|(x, y)| x.abs_diff(y) / self.goal.error());
        (off.map(|off| off * off).sum::<f64>() / self.data.len() as f64).sqrt()
    }

    /// The payload without a tree.
    fn bare(&self) -> Vec<u8> {
        let code = |wide: bool| {
            let mut encoder = RangeEncoder::new();
            let bound = bare_bound(self.goal, wide, &mut encoder);
            let zeros = vec![0.0; self.data.len()];
            residual::code(Values::Known(self.data), self.shape, &zeros, bound, &mut encoder);
            let mut payload = vec![BARE];
            payload.extend(encoder.finish());
            payload
        };
        if let Goal::Rmse(unit) = self.goal {
            let (wide, mut back) = (code(true), vec![T::default(); self.data.len()]);
            let read = decompress(&wide, self.shape, self.goal, self.limits, &mut back);
            if unit > 0.0 && read.is_ok() && self.error(back.into_iter()) <= 1.0 {
                return wide;
            }
        }
        code(false)
    }

    /// The payload with the trees of `fit`, and its error in units of the goal.
    fn payload(&self, fit: &mut Fit<'_>, number: u8, bit: f64) -> (Vec<u8>, f64) {
        let mut encoder = RangeEncoder::new();
        let mut model = fit.code(Price { step: step(number), bit }, &mut encoder);
        finish(self.goal, Values::Known(self.data), self.shape, &mut model, &mut encoder);
        let mut payload = vec![number];
        payload.extend(encoder.finish());
        (payload, self.error(model.into_iter().map(finite)))
    }

    /// The smallest payload with the mean error.
    fn mean(&self, values: &[f64]) -> Option<Vec<u8>> {
        let mut fit = Fit::new(values, self.shape, self.limits);
        let start = tune::mean(&mut fit)?;
        self.closest(&mut fit, start)
    }

    /// Payloads of prices around the one given until one has the error; the smallest of those.
    fn closest(&self, fit: &mut Fit<'_>, (mut number, mut bit): (u8, f64)) -> Option<Vec<u8>> {
        let (mut low, mut high, mut best, mut misses) = (0.0, f64::INFINITY, None::<Vec<u8>>, 0);
        for _ in 0..14 {
            fit.choose(Price { step: step(number), bit });
            let (payload, error) = self.payload(fit, number, bit);
            if error <= 1.0 {
                if best.as_ref().is_none_or(|best| payload.len() < best.len()) {
                    best = Some(payload);
                }
                if error > 0.998 || error == 0.0 {
                    break;
                }
                low = bit;
            } else {
                (high, misses) = (bit, misses + 1);
            }
            // The error goes with about the fifth root of the price.
            let nearer = bit * (1.0 + 4.0 * (1.0 - error)).clamp(0.6, 1.4);
            bit = match (low > 0.0, high.is_finite()) {
                (true, true) => (low + high) / 2.0,
                (true, false) => nearer.max(1.02 * bit),
                _ => nearer.min(0.96 * bit),
            };
            if low == 0.0 && misses >= 3 && number > 0 {
                // As much finer as it takes, more than it seems the longer it has taken.
                let octaves = 8.0 * libm::log2(error.clamp(1.0, 16.0));
                number = number.saturating_sub(1 + octaves as u8 + misses - 3);
                (bit, high) = (bit.max(BIT / 2.0), f64::INFINITY);
            }
        }
        best
    }

    /// The smallest payload within the bound.
    fn bounded(&self, values: &[f64]) -> Option<Vec<u8>> {
        let mut fit = Fit::new(values, self.shape, self.limits);
        let mut best = self.bare();
        let (mut found, mut number) = (None, 48u8);
        let mut consider = |number: u8| {
            (0..2).for_each(|_| {
                fit.choose(Price { step: step(number), bit: BIT });
            });
            let payload = self.payload(&mut fit, number, BIT).0;
            let better = payload.len() < best.len();
            if better {
                best = payload;
                found = Some(number);
            }
            better
        };
        for stride in [8, 4, 2] {
            let center = number;
            for upwards in [true, false] {
                let mut next = center;
                loop {
                    next = if upwards { next + stride } else { next.saturating_sub(stride) };
                    if next == 0 || next > 160 || !consider(next) {
                        break;
                    }
                    number = next;
                }
            }
        }
        Some(best)
    }
}
