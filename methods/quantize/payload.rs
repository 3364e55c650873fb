//! The payload: a first byte, what the steps and the values that miss their target need, then the numbers.

use pco::data_types::Number;

use super::numbers::{self, Form};
use super::params::Params;
use super::steps::{self, Steps};
use crate::api::{DType, Element, Error, Section, Target};
use crate::shared::varint;

/// Low two bits of the first byte: the elements as they are, through a codec.
const EXACT: u8 = 0;
/// Numbers of the steps that the target asks for.
const PLAIN: u8 = 1;
/// Numbers of steps a little smaller, so that rounding to the type does not break the bound.
const TIGHTENED: u8 = 2;
/// Every value is zero; nothing follows.
const ZEROS: u8 = 3;
/// The codec is Zstandard.
const ZSTD: u8 = 1 << 2;
/// Where the width of the numbers stands, two bits.
const WIDTH: u32 = 3;
/// Some values are stored as they are.
const MISSED: u8 = 1 << 5;

/// Appends `values`.
///
/// # Errors
/// `Backend` if a library fails.
pub fn write<T: Number + Element>(
    values: &[T],
    target: Target,
    params: &Params,
    payload: &mut Vec<u8>,
) -> Result<(), Error> {
    if values.iter().all(|&value| steps::kept(value, T::default(), target)) && !matches!(target, Target::Rmse(_)) {
        payload.push(ZEROS);
        return Ok(());
    }
    let mut best: Option<Vec<u8>> = None;
    for (kind, extra, steps) in candidates(values, target) {
        let (attempt, complete) = attempt(values, target, params, kind, extra, steps)?;
        if best.as_ref().is_none_or(|best| attempt.len() < best.len()) {
            best = Some(attempt);
        }
        if complete {
            break;
        }
    }
    // Where steps save little, the elements themselves may be cheaper: repeats, or a lattice of another step.
    if best.as_ref().is_none_or(|best| 4 * best.len() > size_of_val(values)) {
        let (zstd, bytes) = numbers::packed(values, params)?;
        if best.as_ref().is_none_or(|best| bytes.len() < best.len()) {
            best = Some([&[EXACT | if zstd { ZSTD } else { 0 }][..], &bytes].concat());
        }
    }
    payload.extend_from_slice(&best.unwrap_or_default());
    Ok(())
}

/// Steps worth trying, in order; the next only where some value misses its target with the one before.
fn candidates<T: Element>(values: &[T], target: Target) -> Vec<(u8, Vec<i64>, Steps)> {
    let exponent = steps::exponent(values);
    let mut found = Vec::new();
    match target {
        Target::MaxAbs(bound) => {
            found.extend(Steps::bounded::<T>(bound).map(|steps| (PLAIN, vec![], steps)));
            if T::DTYPE.is_float() {
                let tight = steps::tightened::<T>(bound, exponent);
                found.extend(Steps::bounded::<T>(tight).map(|steps| (TIGHTENED, vec![exponent], steps)));
            }
        }
        Target::PointwiseRel(bound) => {
            for (kind, bound) in [(PLAIN, bound), (TIGHTENED, steps::relatively_tightened::<T>(bound))] {
                if let Some((steps, least)) = Steps::relative_to(values, bound) {
                    found.push((kind, vec![least], steps));
                }
            }
        }
        Target::Rmse(error) => {
            found.extend(largest_within(values, error).map(|(raise, steps)| (PLAIN, vec![raise], steps)));
        }
        _ => {}
    }
    found
}

/// The largest steps that were found to leave a root mean square error of at most `error`.
fn largest_within<T: Element>(values: &[T], error: f64) -> Option<(i64, Steps)> {
    let fits = |raise| {
        let steps = Steps::spread::<T>(error, raise)?;
        (steps::spread_of(values, steps) <= error).then_some((raise, steps))
    };
    // The error does not grow steadily with the step; somewhere between these it passes the target for the last time.
    let (mut low, mut high) = (-8, 96);
    let mut best = fits(low);
    while high - low > 1 {
        let middle = (low + high) / 2;
        match fits(middle) {
            Some(found) => (low, best) = (middle, Some(found)),
            None => high = middle,
        }
    }
    best
}

/// The payload with these steps, and whether every value keeps its target by them alone.
fn attempt<T: Number + Element>(
    values: &[T],
    target: Target,
    params: &Params,
    kind: u8,
    extra: Vec<i64>,
    steps: Steps,
) -> Result<(Vec<u8>, bool), Error> {
    let (mut numbers, mut missed) = (Vec::with_capacity(values.len()), Vec::new());
    let mut last = 0;
    for (index, &value) in values.iter().enumerate() {
        match steps.number(value).filter(|&number| steps::kept(value, steps.value(number), target)) {
            Some(number) => last = number,
            None => missed.push(index),
        }
        numbers.push(last);
    }
    let mut bytes = vec![0];
    extra.into_iter().for_each(|number| varint::write(folded(number), &mut bytes));
    if !missed.is_empty() {
        write_missed(values, &missed, &mut bytes);
    }
    let Form { zstd, width } = numbers::write(&numbers, params, &mut bytes)?;
    bytes[0] = kind | if zstd { ZSTD } else { 0 } | width << WIDTH | if missed.is_empty() { 0 } else { MISSED };
    Ok((bytes, missed.is_empty()))
}

/// Appends the number of values that are stored as they are, the gaps before them and their bits.
fn write_missed<T: Element>(values: &[T], missed: &[usize], bytes: &mut Vec<u8>) {
    varint::write(missed.len() as u64 - 1, bytes);
    let mut next = 0;
    for &index in missed {
        varint::write((index - next) as u64, bytes);
        next = index + 1;
    }
    for &index in missed {
        bytes.extend_from_slice(&Element::to_bits(values[index]).to_le_bytes()[..size_of::<T>()]);
    }
}

/// Fills `values`.
///
/// # Errors
/// `Corrupt` if the payload is not one for this target and as many values.
pub fn read<T: Number + Element>(payload: &[u8], target: Target, values: &mut [T]) -> Result<(), Error> {
    let &first = payload.first().ok_or_else(|| Error::corrupt(0, "the payload has no first byte"))?;
    let (kind, zstd, mut at) = (first & 3, first & ZSTD != 0, 1);
    let width = first >> WIDTH & 3;
    if first >= MISSED << 1 || 1 << width > size_of::<T>() || (kind == ZEROS && payload != [ZEROS]) {
        return Err(Error::corrupt(0, "a first byte that is never written"));
    }
    match kind {
        ZEROS => {
            values.fill(T::default());
            return Ok(());
        }
        EXACT => return numbers::unpacked(&payload[1..], zstd, values),
        _ => {}
    }
    let extra = match target {
        Target::MaxAbs(_) if kind == PLAIN => 0,
        _ => unfolded(varint::read(payload, &mut at)?),
    };
    let steps = steps::of::<T>(target, kind == TIGHTENED, extra)?;
    let missed = if first & MISSED != 0 { read_missed::<T>(payload, &mut at, values.len())? } else { Vec::new() };
    numbers::read(payload, at, Form { zstd, width }, values.len(), |index, number| {
        values[index] = steps.value(number)
    })?;
    missed.into_iter().for_each(|(index, value)| values[index] = value);
    Ok(())
}

fn read_missed<T: Element>(payload: &[u8], at: &mut usize, count: usize) -> Result<Vec<(usize, T)>, Error> {
    // At least a byte for the gap and the value itself for each.
    let most = count.min((payload.len() - *at) / (1 + size_of::<T>()));
    let missed = varint::read_length(payload, at, most.saturating_sub(1))? + 1;
    let mut found = Vec::with_capacity(missed);
    let mut next = 0;
    for _ in 0..missed {
        let index = next + varint::read_length(payload, at, count.saturating_sub(next + 1))?;
        if index >= count {
            return Err(Error::corrupt(*at, "a value behind the last one"));
        }
        found.push((index, T::default()));
        next = index + 1;
    }
    for (_, value) in &mut found {
        let bits = payload.get(*at..*at + size_of::<T>());
        let bits = bits.ok_or_else(|| Error::corrupt(*at, "the payload ends inside a value"))?;
        let mut word = [0; 8];
        word[..bits.len()].copy_from_slice(bits);
        *value = Element::from_bits(u64::from_le_bytes(word));
        *at += bits.len();
    }
    Ok(found)
}

/// What the bytes of a payload are. Nothing of the target is needed for it: the numbers take the rest.
///
/// # Errors
/// None for what [`write()`] wrote.
pub fn sections(_: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
    let name = match payload.first().map_or(ZEROS, |first| first & 3) {
        EXACT => "exact elements",
        _ => "numbers",
    };
    let head = payload.len().min(1);
    Ok([("first byte", head), (name, payload.len() - head)].into())
}

fn folded(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unfolded(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
