//! One tile: values through the transform to symbols, and back.

use super::context::{Contexts, Detail, Differences};
use super::correct::{self, Corrector, Symbols};
use super::quantise::Quantiser;
use super::rows::{self, Reader, Writer};
use super::{Goal, Transform};
use crate::api::{Element, Error};
use crate::shared::entropy;
use crate::shared::real::Real;
use crate::shared::tiles::Tile;

/// What the encoder chose for a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Index of the step; what it means depends on the goal.
    pub step: usize,
    /// Index of the rounding.
    pub rounding: usize,
    /// How contexts are told apart.
    pub detail: Detail,
}

/// An array that is being encoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a, T> {
    pub data: &'a [T],
    pub shape: &'a [usize],
    pub goal: Goal,
}

impl<T: Element> Source<'_, T> {
    /// Largest magnitude in a tile; infinite if anything there is not finite.
    pub fn largest(&self, tile: &Tile) -> f64 {
        let length = tile.shape[tile.shape.len() - 1];
        let mut largest = 0.0f64;
        let mut finite = true;
        tile.rows(self.shape, |row| {
            for value in &self.data[row..row + length] {
                let magnitude = value.to_f64().abs();
                finite &= magnitude < f64::INFINITY;
                largest = if magnitude > largest { magnitude } else { largest };
            }
        });
        if finite { largest } else { f64::INFINITY }
    }

    /// Appends the symbols of a tile to `symbols`, and returns the sum of the squared errors that remain. `None` if the
    /// values are beyond what symbols hold.
    pub fn symbols<F: Real, P: Transform>(
        &self,
        tile: &Tile,
        plan: &P,
        choice: Choice,
        symbols: &mut Symbols,
    ) -> Option<f64> {
        let mut values = self.gather::<F>(tile);
        plan.forward(&mut values);
        self.symbols_of(values, tile, plan, choice, symbols)
    }

    /// The same from its coefficients.
    pub fn symbols_of<F: Real, P: Transform>(
        &self,
        mut values: Vec<F>,
        tile: &Tile,
        plan: &P,
        choice: Choice,
        symbols: &mut Symbols,
    ) -> Option<f64> {
        if !quantise(&mut values, plan, self.goal.step::<T>(choice.step), choice, symbols) {
            return None;
        }
        plan.inverse(&mut values);
        if let Goal::MaxAbs(bound) = self.goal {
            let corrector = Corrector::new::<T>(bound, magnitude(&values));
            let base = choice.detail.contexts();
            correct::encode(&corrector, self.data, self.shape, tile, &values, base, symbols);
            return Some(0.0);
        }
        Some(self.square_error(tile, &values))
    }

    /// The values of a tile.
    pub fn gather<F: Real>(&self, tile: &Tile) -> Vec<F> {
        let mut values = Vec::with_capacity(tile.len());
        let length = tile.shape[tile.shape.len() - 1];
        tile.rows(self.shape, |row| {
            values.extend(self.data[row..row + length].iter().map(|value| F::from_f64(value.to_f64())));
        });
        values
    }

    /// Sum of the squared errors of a tile of which `restored` is decoded.
    pub fn square_error<F: Real>(&self, tile: &Tile, restored: &[F]) -> f64 {
        let length = tile.shape[tile.shape.len() - 1];
        let (mut sum, mut at) = (0.0, 0);
        tile.rows(self.shape, |row| {
            for (value, restored) in self.data[row..row + length].iter().zip(&restored[at..at + length]) {
                let error = value.to_f64() - T::from_f64(restored.to_f64()).to_f64();
                sum += error * error;
            }
            at += length;
        });
        sum
    }
}

/// The largest magnitude.
pub(super) fn magnitude<F: Real>(values: &[F]) -> f64 {
    values.iter().map(|value| value.to_f64().abs()).fold(0.0, f64::max)
}

/// Turns coefficients into what the decoder will have, and appends their symbols.
fn quantise<F: Real, P: Transform>(
    values: &mut [F],
    plan: &P,
    step: f64,
    choice: Choice,
    symbols: &mut Symbols,
) -> bool {
    let (mut fits, mut quantised) = (true, Vec::new());
    let mut contexts = Contexts::new(values.len(), choice.detail);
    for (number, band) in plan.bands().iter().enumerate() {
        let quantiser = Quantiser::<F>::new(step / band.gain, choice.rounding);
        quantised.resize(band.len(), 0);
        for (row, quantised) in band.rows().into_iter().zip(quantised.chunks_mut(band.row.max(1))) {
            fits &= quantiser.row(&mut values[row..row + band.row], quantised);
        }
        if number == 0 {
            Differences::take(&mut quantised, band.row);
        }
        rows::code(&mut contexts, plan.bands(), &mut Writer { band: &quantised, symbols });
    }
    fits
}

/// Decodes a tile of an array of shape `shape` into `output`; returns the bytes it took.
pub(super) fn decode<T: Element, F: Real, P: Transform>(
    bytes: &[u8],
    goal: Goal,
    choice: Choice,
    plan: &P,
    (tile, shape): (&Tile, &[usize]),
    output: &mut [T],
) -> Result<usize, Error> {
    let mut decoder = entropy::Decoder::new(bytes)?;
    let mut values = vec![F::default(); tile.len()];
    let step = goal.step::<T>(choice.step);
    let mut contexts = Contexts::new(values.len(), choice.detail);
    let mut symbols = Vec::new();
    for (number, band) in plan.bands().iter().enumerate() {
        symbols.clear();
        symbols.resize(band.len(), 0);
        rows::code(&mut contexts, plan.bands(), &mut Reader { band: &mut symbols, decoder: &mut decoder });
        if number == 0 {
            Differences::undo(&mut symbols, band.row);
        }
        let quantiser = Quantiser::<F>::new(step / band.gain, choice.rounding);
        for (row, symbols) in band.rows().into_iter().zip(symbols.chunks(band.row.max(1))) {
            let values = values[row..row + band.row].iter_mut().zip(symbols);
            values.for_each(|(value, &symbol)| *value = quantiser.restore(symbol));
        }
    }
    plan.inverse(&mut values);
    let length = tile.shape[tile.shape.len() - 1];
    let (mut at, mut rows) = (0, Vec::with_capacity(tile.len() / length.max(1)));
    tile.rows(shape, |row| {
        let restored = values[at..at + length].iter();
        output[row..row + length].iter_mut().zip(restored).for_each(|(y, r)| *y = T::from_f64(r.to_f64()));
        at += length;
        rows.push(row);
    });
    if let Goal::MaxAbs(bound) = goal {
        let corrector = Corrector::new::<T>(bound, magnitude(&values));
        for (at, fix) in correct::read(tile.len(), choice.detail.contexts(), |context| decoder.next(context))? {
            output[rows[at / length] + at % length] = corrector.fixed(values[at].to_f64(), fix);
        }
    }
    decoder.finish()
}
