//! What an approximation leaves, to a mean error, in the sub-bands of a wavelet transform.

use crate::api::Element;
use crate::shared::range::BitCoder;
use crate::shared::subband::Variants;
use crate::shared::subband::part::{self, Part, Whole};
use crate::shared::tiles;
use crate::shared::wavelet::{self, Family, Gains, Pyramid};

use super::bare;

const FAMILY: Family = Family::Cdf97;
/// Parts of the squared error that are tried: rounding to the type of the values adds to it.
const ROOMS: [f64; 3] = [1.0, 0.97, 0.8];

/// Sub-bands of what is left, quantised.
#[derive(Clone, Debug)]
pub struct Subbands(Part);

impl Subbands {
    /// What they take, about.
    pub fn bits(&self) -> f64 {
        self.0.bits
    }
}

fn transform(shape: &[usize]) -> (Variants, impl Fn(u8, &[usize]) -> Pyramid + Sync) {
    let axes: Vec<usize> = (0..tiles::squeeze(shape).len()).collect();
    let (variants, gains) = (Variants { first: 1, radices: wavelet::choices(&axes, 0) }, Gains::new(FAMILY));
    (variants, move |variant, shape: &[usize]| Pyramid::variant(shape, &axes, (FAMILY, 0), &gains, variant))
}

fn rest<T: Element>(data: &[T], model: &[f64]) -> Vec<f64> {
    data.iter().zip(model).map(|(value, model)| value.to_f64() - model).collect()
}

/// Bits that it takes to bring `model` to within a root mean square `error` of `data`, about; none where sub-bands do
/// not do that.
pub fn rough<T: Element>(data: &[T], shape: &[usize], model: &[f64], error: f64) -> Option<f64> {
    let rest = rest(data, model);
    Whole { data: &rest, shape, error, room: 1.0 }.rough(&transform(shape).1)
}

/// The sub-bands of the fewest bits that bring `model` to within a root mean square `error` of `data`, if any do.
pub fn fit<T: Element>(data: &[T], shape: &[usize], model: &[f64], error: f64) -> Option<Subbands> {
    let ((variants, plan), rest) = (transform(shape), rest(data, model));
    for room in ROOMS {
        let part = Whole { data: &rest, shape, error, room }.fit(&variants, &plan)?;
        let mut cost = crate::shared::mixing::Cost::default();
        let added = part::code(Some(&part), (shape, error), (&variants, &plan), &mut cost);
        if mean_square(data, model, &added, error) <= 1.0 {
            return Some(Subbands(part));
        }
    }
    None
}

/// In squares of `unit`.
fn mean_square<T: Element>(data: &[T], model: &[f64], added: &[f64], unit: f64) -> f64 {
    let off = |((value, model), added): ((&T, &f64), &f64)| {
        let off = (bare::<T>(model + added).to_f64() - value.to_f64()) / unit;
        off * off
    };
    data.iter().zip(model).zip(added).map(off).sum::<f64>() / data.len().max(1) as f64
}

/// Codes sub-bands, of which a decoder knows none; adds what they stand for to `model`, of an array of `shape`. Where
/// there are more than [`part::takes`] values there are none.
pub fn code(known: Option<&Subbands>, shape: &[usize], error: f64, model: &mut [f64], coder: &mut impl BitCoder) {
    if !part::takes(model.len()) {
        return;
    }
    let (variants, plan) = transform(shape);
    let added = part::code(known.map(|known| &known.0), (shape, error), (&variants, plan), coder);
    model.iter_mut().zip(added).for_each(|(model, added)| *model += added);
}
