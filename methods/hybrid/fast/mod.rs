//! `effort=fast`: the same ideas in passes that the machine likes.
//!
//! Interpolation in a closed loop, or a lattice and Lorenzo's rule, a row at a time; residuals as bytes under contexts
//! that are known before the row is, so that neither direction waits for the symbol before; static tables and
//! interleaved rANS. Large arrays are cut into parts, each coded by itself.

mod band;
mod choose;
mod context;
mod field;
mod lane;
mod level;
mod plan;
mod predict;
mod pyramid;
mod raster;
mod rows;
mod side;
mod tokens;

pub(super) use self::lane::Value;

use self::band::Band;
use self::choose::Choice;
use self::field::Field;
use self::plan::{Plan, step};
use self::side::{Decoder, Encoder, Residual};
use crate::api::Error;
use crate::shared::entropy::rows::{self as coded, Counts};
use crate::shared::parallel;
use crate::shared::parts::{self, Part};
use crate::shared::range::{RangeDecoder, RangeEncoder};
use crate::shared::{pco, varint};

/// Effort for values as they are.
const EXACT_LEVEL: u8 = 8;

/// Appends the payload of `data`, an array of `shape` without axes of length 1.
pub(super) fn write<T: Value>(data: &[T], shape: &[usize], bound: f64, payload: &mut Vec<u8>) -> Result<(), Error> {
    let parts = parts::of(shape);
    if let [part] = &parts[..] {
        return write_part(data, &part.shape, bound, payload);
    }
    let one = |part: &Part| {
        let mut bytes = Vec::new();
        write_part(&data[part.values.clone()], &part.shape, bound, &mut bytes).map(|()| bytes)
    };
    let written: Vec<Vec<u8>> = parallel::map(&parts, one).into_iter().collect::<Result<_, _>>()?;
    parts::append(&written, payload);
    Ok(())
}

fn write_part<T: Value>(data: &[T], shape: &[usize], bound: f64, payload: &mut Vec<u8>) -> Result<(), Error> {
    let view = Field::view(shape);
    let gathered;
    let data = if view.is_plain() {
        data
    } else {
        gathered = view.gather(data);
        &gathered[..]
    };
    let field = Field::of(view.shape);
    let start = payload.len();
    write_choice(&choose::choose(data, &field, bound), data, &field, bound, payload);
    if payload.len() - start > size_of_val(data) / 5 * 3 {
        let mut exact = Vec::new();
        write_head(&Plan::<T>::Exact, data.len(), &mut exact);
        pco::compress(data, EXACT_LEVEL, &mut exact)?;
        if exact.len() < payload.len() - start {
            payload.truncate(start);
            payload.extend(exact);
        }
    }
    Ok(())
}

fn write_choice<T: Value>(choice: &Choice<T>, data: &[T], field: &Field, bound: f64, payload: &mut Vec<u8>) {
    let residual = match (&choice.plan, &choice.numbers) {
        (Plan::Lattice(_, axes) | Plan::Palette(_, axes), Some(numbers)) => {
            let mut residual = Residual::new(data.len());
            raster::encode(Band::of(field, numbers), *axes, &mut residual);
            residual
        }
        (Plan::Direct { trim, pyramid }, _) => {
            let (step, bound) = step::<T>(bound, *trim);
            let mut encoder = Encoder::new(data, Residual::new(data.len()));
            pyramid.run(field, step, bound, &mut encoder);
            encoder.residual
        }
        _ => Residual::new(0),
    };
    write_head(&choice.plan, data.len(), payload);
    let (symbols, contexts) = residual.writer.collected();
    let mut counts = Counts::new();
    counts.add(symbols, contexts);
    coded::encode(symbols, contexts, &counts, payload);
    payload.extend(residual.raw.finish());
}

fn write_head<T: Value>(plan: &Plan<T>, len: usize, payload: &mut Vec<u8>) {
    let mut encoder = RangeEncoder::new();
    Plan::state(Some(plan), len, &mut encoder);
    let head = encoder.finish();
    varint::write(head.len() as u64, payload);
    payload.extend(head);
}

/// Fills `data`, an array of `shape` without axes of length 1.
pub(super) fn read<T: Value>(payload: &[u8], shape: &[usize], bound: f64, data: &mut [T]) -> Result<(), Error> {
    let parts = parts::of(shape);
    let streams = parts::take(payload, 0, parts.len())?;
    let one = |((part, values), bytes): ((&Part, &mut [T]), &[u8])| read_part(bytes, &part.shape, bound, values);
    parallel::map(parts::split_values(&parts, data).into_iter().zip(streams), one).into_iter().collect()
}

fn read_part<T: Value>(payload: &[u8], shape: &[usize], bound: f64, data: &mut [T]) -> Result<(), Error> {
    let view = Field::view(shape);
    let field = Field::of(view.shape);
    if view.is_plain() {
        return read_plan(payload, &field, bound, data);
    }
    let mut values = vec![T::default(); data.len()];
    read_plan(payload, &field, bound, &mut values)?;
    view.scatter(&values, data);
    Ok(())
}

fn read_plan<T: Value>(payload: &[u8], field: &Field, bound: f64, data: &mut [T]) -> Result<(), Error> {
    let mut at = 0;
    let length = varint::read_length(payload, &mut at, payload.len())?;
    let head = payload
        .get(at..at + length)
        .ok_or_else(|| Error::corrupt(payload.len(), "the payload ends inside its head"))?;
    at += length;
    let plan = Plan::<T>::state(None, data.len(), &mut RangeDecoder::new(head));
    if plan == Plan::Exact {
        return pco::decompress(&payload[at..], data);
    }
    let symbols = coded::Decoder::new(&payload[at..])?;
    let raw = at + symbols.end();
    let mut decoder = Decoder::new(symbols, &payload[raw..]);
    match plan {
        Plan::Direct { trim, pyramid } => {
            let (step, bound) = step::<T>(bound, trim);
            pyramid.run(field, step, bound, &mut decoder).copy(data, T::settled);
        }
        Plan::Lattice(lattice, axes) => {
            let band = raster::decode(field, axes, &mut decoder);
            band.copy(data, |numbers, values| lattice.values(numbers, bound, values));
        }
        Plan::Palette(palette, axes) => {
            let band = raster::decode(field, axes, &mut decoder);
            band.copy(data, |numbers, values| palette.values(numbers, values));
        }
        Plan::Exact => {}
    }
    match raw + decoder.finish()? == payload.len() {
        true => Ok(()),
        false => Err(Error::corrupt(raw, "the raw bits do not end where the payload does")),
    }
}
