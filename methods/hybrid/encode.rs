//! The encoder of `effort=balanced` and `effort=max`: tries what may be best, and codes with it.

use super::Effort;
use super::choose::{Choice, INTEGERS, choices};
use super::mixed::{Contexts, Eight, Four, Mixed};
use super::payload::Head;
use super::plan::{Form, Predictor};
use crate::shared::blocks;
use crate::shared::mixing::Cost;
use crate::shared::multilevel::Sample;
use crate::shared::range::RangeEncoder;

/// Arrays of at most so many values are coded under every choice that may be best.
const WHOLE: usize = 1 << 17;
/// How much larger than the least estimate, as a fraction, that of a choice may be that is tried.
const MARGIN: f64 = 0.06;

/// Appends the payload of `data`, an array of `shape` without axes of length 1.
pub(super) fn write<T: Sample>(data: &[T], shape: &[usize], bound: f64, effort: Effort, payload: &mut Vec<u8>) {
    let choices = choices(data, shape, bound, effort);
    payload.extend(match effort {
        Effort::Max => best::<T, 8, Eight>(choices, shape, data, bound),
        _ => best::<T, 4, Four>(choices, shape, data, bound),
    });
}

/// The smallest payload of the choices that may be best.
fn best<T: Sample, const N: usize, K: Contexts<N>>(
    mut choices: Vec<Choice<T>>,
    shape: &[usize],
    data: &[T],
    bound: f64,
) -> Vec<u8> {
    let small = data.len() <= WHOLE;
    let most = choices[0].bits * (1.0 + if small || choices[0].repeats { 2.0 * MARGIN } else { MARGIN }) + 512.0;
    choices.retain(|choice| choice.bits <= most);
    // Quantised at once or in a loop, fine steps cost the same: one of the two is enough.
    choices.dedup_by(|next, kept| next.predictor == kept.predictor && next.bits < kept.bits * 1.005);
    if small {
        let payloads = choices.iter().map(|choice| code::<T, N, K>(choice, shape, data, bound));
        return payloads.min_by_key(Vec::len).unwrap_or_default();
    }
    let bits = |choice: &Choice<T>| choice.trial(shape, data, bound, K::TRIED);
    let best = if choices.len() == 1 { 0 } else { least(choices.iter().map(bits)) };
    code::<T, N, K>(&choices[best], shape, data, bound)
}

/// Where the least number stands.
fn least(numbers: impl Iterator<Item = f64>) -> usize {
    numbers.enumerate().min_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |(at, _)| at)
}

impl<T: Sample> Choice<T> {
    /// Bits of the array, by those of a part that is coded.
    fn trial(&self, shape: &[usize], data: &[T], bound: f64, part: usize) -> f64 {
        match (&self.form, &self.integers) {
            (Form::Direct(trim), _) => trial(&self.predictor, shape, data, (bound, *trim), part),
            (_, Some(integers)) => self.besides + trial(&self.predictor, shape, integers, INTEGERS, part),
            (_, None) => f64::INFINITY,
        }
    }
}

fn trial<U: Sample>(predictor: &Predictor, shape: &[usize], values: &[U], at: (f64, u32), part: usize) -> f64 {
    let (mut blocks, block) = blocks::sample(values, shape, part);
    let mut cost = Cost::default();
    let mut mixed = Mixed::<4, Four, _>::new(&mut cost, true, true, None);
    blocks.iter_mut().for_each(|values| predictor.run(values, &block, at, &mut mixed));
    let sampled: usize = blocks.iter().map(Vec::len).sum();
    cost.bits * values.len() as f64 / sampled.max(1) as f64
}

/// The payload by context mixing.
fn code<T: Sample, const N: usize, K: Contexts<N>>(
    choice: &Choice<T>,
    shape: &[usize],
    data: &[T],
    bound: f64,
) -> Vec<u8> {
    let (form, predictor) = (choice.form.clone(), choice.predictor.clone());
    let mut head = Head { form, predictor, escapes: false, matches: choice.repeats };
    loop {
        let mut encoder = RangeEncoder::new();
        Head::state(Some(&head), shape, &mut encoder);
        let matches = head.matches.then_some(data.len());
        let mut mixed = Mixed::<N, K, _>::new(&mut encoder, true, head.escapes, matches);
        match (&choice.integers, head.form.trim()) {
            (Some(integers), _) => head.predictor.run(&mut integers.to_vec(), shape, INTEGERS, &mut mixed),
            (None, trim) => head.predictor.run(&mut data.to_vec(), shape, (bound, trim), &mut mixed),
        }
        if !mixed.broken {
            return encoder.finish();
        }
        head.escapes = true;
    }
}
