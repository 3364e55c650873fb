//! Payloads: an expansion alone, a residual alone, or a residual to a strict bound on an expansion.

use super::encode::{self, Job};
use super::stream;
use crate::api::{Element, Error};
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use crate::shared::residual::{self, Values};

/// Bytes below which an expansion is not tried under a strict bound: its head alone takes a dozen.
const WORTH: usize = 40;
/// Bits of the mean error of the expansion under a strict bound.
const ERROR_BITS: u32 = 3;
/// Mean errors of expansions that are tried under a strict bound, as indices.
const ERRORS: [u64; 2] = [3, 5];

/// The mean error, in bounds, of the expansion under a strict bound: 1/4 to 8 for indices 1 to 7, in half octaves.
fn error_of(index: u64, bound: f64) -> f64 {
    bound * libm::exp2(index as f64 / 2.0 - 1.5)
}

/// The payload that meets a mean error.
pub fn mean<T: Element>(data: &[T], shape: [usize; 3], error: f64) -> Vec<u8> {
    let square: f64 = data.iter().map(|value| value.to_f64() / error).map(|value| value * value).sum();
    if square <= data.len() as f64 {
        return Vec::new();
    }
    let alone = || spread(data, shape, error);
    // Rounding to the element type adds to the error: asked for a little less, the expansion leaves room for it.
    for goal in [1.0, 0.97, 0.8] {
        let Some(payload) = expanded(data, shape, error, goal) else { break };
        let mut back = vec![T::default(); data.len()];
        let read = read_mean(&payload, shape, error, &mut back);
        if read.is_ok() && meets(data, &back, error) {
            // Where an expansion takes this much the data may be none of a distribution.
            let foreign = payload.len() > data.len() / 16;
            return if foreign {
                [payload, alone()].into_iter().min_by_key(Vec::len).unwrap_or_default()
            } else {
                payload
            };
        }
    }
    alone()
}

fn meets<T: Element>(data: &[T], back: &[T], error: f64) -> bool {
    let square: f64 = data.iter().zip(back).map(|(x, y)| x.abs_diff(*y) / error).map(|left| left * left).sum();
    square <= data.len() as f64
}

/// An expansion whose mean error is `error` times the root of `goal`, as `T` rounds it or not.
fn expanded<T: Element>(data: &[T], shape: [usize; 3], error: f64, goal: f64) -> Option<Vec<u8>> {
    let mut coder = RangeEncoder::new();
    let units = units(data, error)?;
    let job = Job { shape, data: &units, goal: goal * data.len() as f64, most: f64::INFINITY };
    let coded = encode::encode(&job)?;
    coded.write(shape, &mut coder).ok()?;
    Some(coder.finish())
}

/// The data in units of an error, if an expansion can be told in them.
fn units<T: Element>(data: &[T], error: f64) -> Option<Vec<f64>> {
    let units: Vec<f64> = data.iter().map(|value| value.to_f64() / error).collect();
    // Beyond, coefficients would not fit their integers.
    let fits = |value: &f64| value.abs() <= 1e7;
    (data.len() <= stream::MOST && units.iter().all(fits)).then_some(units)
}

/// The data relative to nothing, to the widest strict bound that keeps the mean error.
fn spread<T: Element>(data: &[T], shape: [usize; 3], error: f64) -> Vec<u8> {
    let model = vec![0.0; data.len()];
    let mut payload = Vec::new();
    let widths = [1.95, 1.84, 1.735, 1.0];
    // Without an error to spend there is one bound, none.
    for width in &widths[if error > 0.0 { 0 } else { widths.len() - 1 }..] {
        let index = stream::step_index(*width);
        let mut coder = RangeEncoder::new();
        stream::code_head(index, &[], shape, &mut coder);
        residual::code(Values::Known(data), &shape, &model, bound_of(index, error), &mut coder);
        payload = coder.finish();
        let mut back = vec![T::default(); data.len()];
        if read_mean(&payload, shape, error, &mut back).is_ok() && meets(data, &back, error) {
            break;
        }
    }
    payload
}

fn bound_of(index: u32, error: f64) -> f64 {
    (stream::step(index) * error).min(f64::MAX)
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
    let (index, centres, values) = stream::code(0, &[], shape, &[], &mut coder)?;
    if centres == 0 {
        residual::code(Values::Wanted(data), &shape, &values, bound_of(index, error), &mut coder);
    } else {
        put(data, &values, error);
    }
    spent(&coder, payload)
}

fn put<T: Element>(data: &mut [T], values: &[f64], error: f64) {
    data.iter_mut().zip(values).for_each(|(y, value)| *y = T::from_f64(value * error));
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

fn relative<T: Element>(data: &[T], shape: [usize; 3], bound: f64, coded: Option<(u64, &encode::Coded)>) -> Vec<u8> {
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
