//! The encoder: tries what may be best, and codes with it.

use super::choose::{self, Choice, INTEGERS, Search, Way, choices};
use super::mixed::{Contexts, Four, Mixed, Nine};
use super::payload::Head;
use super::plan::{Form, Predictor};
use super::{Detail, Predictors, Setting};
use crate::shared::blocks;
use crate::shared::mixing::Cost;
use crate::shared::multilevel::Sample;
use crate::shared::parallel;
use crate::shared::parts::{self, Part};
use crate::shared::range::RangeEncoder;
use crate::shared::raster;

/// How much larger than the least estimate, as a fraction, that of a choice may be that is tried.
const MARGIN: f64 = 0.06;
/// How many times the least estimate that of a prediction in raster order may be for several to be tried, blended.
const RASTERS: f64 = 1.3;

/// Appends the payload of `data`, predicted by what is best of `predictors`.
pub(super) fn write<T: Sample>(data: &[T], setting: &Setting<'_>, predictors: Predictors<'_>, payload: &mut Vec<u8>) {
    let search = Search { setting, predictors };
    payload.extend(match setting.detail {
        Detail::Nine => best::<T, 9, Nine>(data, &search),
        Detail::Four => best::<T, 4, Four>(data, &search),
    });
}

/// The smallest payload of the choices that may be best.
fn best<T: Sample, const N: usize, K: Contexts<N>>(data: &[T], search: &Search<'_>) -> Vec<u8> {
    let Setting { shape, bound, .. } = *search.setting;
    let mut choices = choices(data, search);
    let mut whole = data.len() <= K::WHOLE;
    let mut blended = Vec::new();
    let all = matches!(search.predictors, Predictors::All);
    let mirrored = all && is_mirrored(&choices, shape);
    let rasters = |choices: &[Choice<T>]| rasters(choices) <= choices[0].bits * RASTERS;
    let hopeful = if K::BLENDS { rasters(&choices) } else { choices[0].repeats };
    if all && (whole || mirrored || hopeful) {
        blended = choose::blended(&choices, data, shape, K::DETAIL);
    }
    let most = choices[0].bits * (1.0 + if whole || choices[0].repeats { 2.0 * MARGIN } else { MARGIN }) + 512.0;
    choices.retain(|choice| choice.bits <= most);
    // Quantised at once or in a loop, fine steps cost the same: one of the two is enough.
    choices.dedup_by(|next, kept| next.way == kept.way && next.bits < kept.bits * 1.005);
    if mirrored {
        // Blocks do not show a mirror: the best of both kinds is coded whole.
        choices.truncate(1);
        whole = true;
    }
    choices.extend(blended);
    if whole {
        let payload = |choice| code::<T, N, K>(choice, shape, data, bound);
        return parallel::map(choices, payload).into_iter().min_by_key(Vec::len).unwrap_or_default();
    }
    let bits = |choice: &Choice<T>| choice.trial::<N, K>(shape, data, bound);
    let best = if choices.len() == 1 { 0 } else { least(parallel::map(&choices, bits)) };
    code::<T, N, K>(choices.swap_remove(best), shape, data, bound)
}

/// Whether the numbers on a lattice are mirror images of themselves.
fn is_mirrored<T: Sample>(choices: &[Choice<T>], shape: &[usize]) -> bool {
    let lattice = choices.iter().find(|choice| matches!(choice.form, Form::Lattice(_)));
    lattice.and_then(|choice| choice.integers.as_ref()).is_some_and(|numbers| raster::is_mirrored(numbers, shape))
}

/// The least estimate of what is predicted in raster order.
fn rasters<T>(choices: &[Choice<T>]) -> f64 {
    let raster = choices.iter().find(|choice| matches!(choice.way, Way::One(Predictor::Raster(_))));
    raster.map_or(f64::INFINITY, |choice| choice.bits)
}

/// Where the least number stands.
fn least(numbers: Vec<f64>) -> usize {
    numbers.into_iter().enumerate().min_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |(at, _)| at)
}

impl<T: Sample> Choice<T> {
    /// Bits of the array, by those of a part that is coded.
    fn trial<const N: usize, K: Contexts<N>>(&self, shape: &[usize], data: &[T], bound: f64) -> f64 {
        let predictor = match &self.way {
            Way::One(predictor) => predictor,
            Way::Blended(chosen) if self.integers.is_some() => {
                return self.besides + chosen.bits::<i32>(shape, K::DETAIL, K::TRIED);
            }
            Way::Blended(chosen) => return chosen.bits::<T>(shape, K::DETAIL, K::TRIED),
        };
        match (&self.form, &self.integers) {
            (Form::Direct(trim), _) => trial(predictor, shape, data, (bound, *trim), K::TRIED),
            (_, Some(integers)) => self.besides + trial(predictor, shape, integers, INTEGERS, K::TRIED),
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

/// The payload of a choice.
fn code<T: Sample, const N: usize, K: Contexts<N>>(
    choice: Choice<T>,
    shape: &[usize],
    data: &[T],
    bound: f64,
) -> Vec<u8> {
    let streams = match choice.way {
        Way::One(ref predictor) => mix::<T, N, K>(&choice, predictor, shape, (data, bound)),
        Way::Blended(chosen) => {
            let mut encoder = RangeEncoder::new();
            let head = Head { form: choice.form.clone(), predictor: None, escapes: false, matches: false };
            Head::state(Some(&head), shape, &mut encoder);
            match choice.integers {
                Some(_) => chosen.write::<i32>(shape, K::DETAIL, encoder),
                None => chosen.write::<T>(shape, K::DETAIL, encoder),
            }
        }
    };
    parts::join(&streams, parts::wanted(data.len()))
}

/// The streams of an array's parts by one predictor and context mixing; the first begins with the head.
fn mix<T: Sample, const N: usize, K: Contexts<N>>(
    choice: &Choice<T>,
    predictor: &Predictor,
    shape: &[usize],
    (data, bound): (&[T], f64),
) -> Vec<Vec<u8>> {
    let parts = parts::of(shape);
    let mut head =
        Head { form: choice.form.clone(), predictor: Some(predictor.clone()), escapes: false, matches: choice.repeats };
    loop {
        let one = |(number, part): (usize, &Part)| {
            let mut encoder = RangeEncoder::new();
            if number == 0 {
                Head::state(Some(&head), shape, &mut encoder);
            }
            let matches = head.matches.then_some(part.values.len());
            let mut mixed = Mixed::<N, K, _>::new(&mut encoder, true, head.escapes, matches);
            let values = part.values.clone();
            match &choice.integers {
                Some(integers) => predictor.run(&mut integers[values].to_vec(), &part.shape, INTEGERS, &mut mixed),
                None => predictor.run(&mut data[values].to_vec(), &part.shape, (bound, head.form.trim()), &mut mixed),
            }
            (!mixed.broken).then(|| encoder.finish())
        };
        if let Some(streams) = parallel::map(parts.iter().enumerate(), one).into_iter().collect() {
            return streams;
        }
        head.escapes = true;
    }
}
