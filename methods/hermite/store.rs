//! Payloads: an expansion alone, a residual alone, or a residual to a strict bound on an expansion.

use super::encode::{self, Coded, Job};
use super::stream;
use crate::api::{Element, Error};
use crate::shared::mixing::Cost;
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use crate::shared::residual::rest::{self, Rest};
use crate::shared::residual::{self, Values};

/// Bytes below which an expansion is not tried under a strict bound: its head alone takes a dozen.
const WORTH: usize = 40;
/// Bits of the mean error of the expansion under a strict bound.
const ERROR_BITS: u32 = 3;
/// Mean errors of expansions that are tried under a strict bound, as indices.
const ERRORS: [u64; 2] = [3, 5];

/// Bits up to which an expansion alone is taken as it is: what a coarser one leaves would hardly take fewer.
const SHORT: f64 = 2000.0;
/// Mean errors of expansions that are tried with what they leave, in units of the error asked for.
const LOOSER: [f64; 4] = [2.0, 4.0, 8.0, 16.0];

/// The mean error, in bounds, of the expansion under a strict bound: 1/4 to 8 for indices 1 to 7, in half octaves.
fn error_of(index: u64, bound: f64) -> f64 {
    bound * libm::exp2(index as f64 / 2.0 - 1.5)
}

/// The payload that meets a mean error: of an expansion alone, and of coarser ones with what they leave, the shortest.
pub fn mean<T: Element>(data: &[T], shape: [usize; 3], error: f64) -> Vec<u8> {
    let square: f64 = data.iter().map(|value| value.to_f64() / error).map(|value| value * value).sum();
    if square <= data.len() as f64 {
        return Vec::new();
    }
    let subject = Subject { data, shape, error };
    let short = subject.alone(SHORT);
    if let Some(payload) = short.filter(|payload| payload.len() as f64 * 8.0 <= SHORT) {
        return payload;
    }
    let (bits, coded) = subject.coarse();
    let alone = subject.alone(1.05 * bits);
    let hopeless = alone.as_ref().is_some_and(|alone| 8.4 * (alone.len() as f64) < bits);
    let corrected = if hopeless { None } else { Some(subject.corrected(coded.as_ref())) };
    alone.into_iter().chain(corrected).min_by_key(Vec::len).unwrap_or_default()
}

/// An array under a mean error.
struct Subject<'a, T> {
    data: &'a [T],
    shape: [usize; 3],
    error: f64,
}

impl<T: Element> Subject<'_, T> {
    /// The payload of an expansion that meets the error, if there is one of no more bits than `most`.
    fn alone(&self, most: f64) -> Option<Vec<u8>> {
        // Rounding to the element type adds to the error: asked for a little less, the expansion leaves room for it.
        for goal in [1.0, 0.97, 0.8] {
            let payload = self.payload(Some(&self.expansion(goal, most)?), &Rest::Nothing)?;
            let mut back = vec![T::default(); self.data.len()];
            let read = read_mean(&payload, self.shape, self.error, &mut back);
            if read.is_ok() && meets(self.data, &back, self.error) {
                return Some(payload);
            }
        }
        None
    }

    /// An expansion whose squared error is `goal` times the allowed one.
    fn expansion(&self, goal: f64, most: f64) -> Option<Coded> {
        let units = units(self.data, self.error)?;
        encode::encode(&Job { shape: self.shape, data: &units, goal: goal * self.data.len() as f64, most })
    }

    fn payload(&self, coded: Option<&Coded>, rest: &Rest) -> Option<Vec<u8>> {
        let mut coder = RangeEncoder::new();
        let model = self.model(coded, &mut coder)?;
        rest::code(rest, Values::Known(self.data), &self.shape, (model, self.error), &mut coder);
        Some(coder.finish())
    }

    /// Codes an expansion, or that there is none, and returns what it stands for.
    fn model(&self, coded: Option<&Coded>, coder: &mut impl BitCoder) -> Option<Vec<f64>> {
        let mut model = match coded {
            Some(coded) => coded.write(self.shape, coder).ok()?,
            None => stream::code(0, &[], self.shape, &[], coder).ok()?.2,
        };
        model.iter_mut().for_each(|value| *value *= self.error);
        Some(model)
    }

    /// Of expansions that leave more than the error, or none, the one that takes the fewest bits with what is left; about
    /// how many.
    fn coarse(&self) -> (f64, Option<Coded>) {
        let bits = |coded: Option<&Coded>| {
            let mut cost = Cost::default();
            let model = self.model(coded, &mut cost)?;
            Some(cost.bits + rest::rough(self.data, &self.shape, &model, self.error))
        };
        let mut best = (bits(None).unwrap_or(f64::INFINITY), None);
        for looser in LOOSER {
            let Some(coded) = self.expansion(looser * looser, best.0) else { continue };
            match bits(Some(&coded)) {
                Some(bits) if bits < best.0 => best = (bits, Some(coded)),
                // The coarser, the less an expansion says.
                _ if best.1.is_some() => break,
                _ => {}
            }
        }
        best
    }

    /// An expansion, and what it leaves.
    fn corrected(&self, coded: Option<&Coded>) -> Vec<u8> {
        let model = self.model(coded, &mut Cost::default()).unwrap_or_default();
        let rest = rest::fit(self.data, &self.shape, &model, self.error).1;
        self.payload(coded, &rest).unwrap_or_default()
    }
}

fn meets<T: Element>(data: &[T], back: &[T], error: f64) -> bool {
    let square: f64 = data.iter().zip(back).map(|(x, y)| x.abs_diff(*y) / error).map(|left| left * left).sum();
    square <= data.len() as f64
}

/// The data in units of an error, if an expansion can be told in them.
fn units<T: Element>(data: &[T], error: f64) -> Option<Vec<f64>> {
    let units: Vec<f64> = data.iter().map(|value| value.to_f64() / error).collect();
    // Beyond, coefficients would not fit their integers.
    let fits = |value: &f64| value.abs() <= 1e7;
    (data.len() <= stream::MOST && units.iter().all(fits)).then_some(units)
}

/// Fills `data` from what [`mean`] gave.
///
/// # Errors
/// `Corrupt` for bytes that it never gives.
pub fn read_mean<T: Element>(payload: &[u8], shape: [usize; 3], error: f64, data: &mut [T]) -> Result<(), Error> {
    if payload.is_empty() {
        data.fill(T::from_f64(0.0));
        return Ok(());
    }
    let mut coder = RangeDecoder::new(payload);
    let mut model = stream::code(0, &[], shape, &[], &mut coder)?.2;
    model.iter_mut().for_each(|value| *value *= error);
    rest::code(&Rest::Nothing, Values::Wanted(data), &shape, (model, error), &mut coder);
    spent(&coder, payload)
}

fn spent(coder: &RangeDecoder<'_>, payload: &[u8]) -> Result<(), Error> {
    if coder.is_spent() { Ok(()) } else { Err(Error::corrupt(payload.len(), "bytes behind the last value")) }
}

/// The payload that meets a strict bound: of those without an expansion and with some, the shortest.
pub fn bounded<T: Element>(data: &[T], shape: [usize; 3], bound: f64) -> Vec<u8> {
    let mut best = relative(data, shape, bound, None);
    for index in ERRORS {
        let error = error_of(index, bound);
        let square = data.iter().map(|value| value.to_f64() / error).map(|value| value * value).sum::<f64>();
        let hopeful = best.len() > WORTH && square > data.len() as f64 && error > 0.0 && error.is_finite();
        let Some(units) = units(data, error).filter(|_| hopeful) else { continue };
        let most = 8.0 * best.len() as f64;
        let job = Job { shape, data: &units, goal: data.len() as f64, most };
        let Some(coded) = encode::encode(&job).filter(|coded| coded.bits < most) else { continue };
        let payload = relative(data, shape, bound, Some((index, &coded)));
        if payload.len() < best.len() {
            best = payload;
        }
    }
    best
}

fn relative<T: Element>(data: &[T], shape: [usize; 3], bound: f64, coded: Option<(u64, &Coded)>) -> Vec<u8> {
    let mut coder = RangeEncoder::new();
    let index = coder.plain(coded.map_or(0, |(index, _)| index), ERROR_BITS);
    let expansion = coded.and_then(|(_, coded)| coded.write(shape, &mut coder).ok());
    let mut model = expansion.unwrap_or_else(|| vec![0.0; data.len()]);
    model.iter_mut().for_each(|value| *value *= error_of(index, bound));
    residual::code(Values::Known(data), &shape, &model, bound, &mut coder);
    coder.finish()
}

/// Fills `data` from what [`bounded`] gave.
///
/// # Errors
/// `Corrupt` for bytes that it never gives.
pub fn read_bounded<T: Element>(payload: &[u8], shape: [usize; 3], bound: f64, data: &mut [T]) -> Result<(), Error> {
    let mut coder = RangeDecoder::new(payload);
    let index = coder.plain(0, ERROR_BITS);
    let mut model = vec![0.0; data.len()];
    if index > 0 {
        model = stream::code(0, &[], shape, &[], &mut coder)?.2;
        model.iter_mut().for_each(|value| *value *= error_of(index, bound));
    }
    residual::code(Values::Wanted(data), &shape, &model, bound, &mut coder);
    spent(&coder, payload)
}
