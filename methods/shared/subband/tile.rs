//! One tile: values through the transform to symbols, and back.

use super::context::{Detail, Differences};
use super::correct::{self, Corrector, Symbols};
use super::layout::Layout;
use super::neighbours::Contexts;
use super::quantise::Quantiser;
use super::rows::{self, Reader, Writer};
use super::values::{Values, each_restored, pieces};
use super::{Band, Goal, Shared, Transform, locked};
use crate::api::{DType, Error};
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
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub values: &'a dyn Values,
    pub shape: &'a [usize],
    pub goal: Goal,
}

impl Source<'_> {
    /// The step that an index stands for.
    pub fn step(&self, index: usize) -> f64 {
        self.goal.step(self.values.dtype(), index)
    }

    /// Largest magnitude in a tile; infinite if anything there is not finite.
    pub fn largest(&self, tile: &Tile) -> f64 {
        let mut largest = 0.0f64;
        let mut finite = true;
        self.each(tile, |numbers| {
            for number in numbers {
                let magnitude = number.abs();
                finite &= magnitude < f64::INFINITY;
                largest = if magnitude > largest { magnitude } else { largest };
            }
        });
        if finite { largest } else { f64::INFINITY }
    }

    /// Calls `with` with the values of each piece of a tile.
    fn each(&self, tile: &Tile, mut with: impl FnMut(&[f64])) {
        let mut numbers = Vec::new();
        for piece in pieces(tile, self.shape) {
            numbers.resize(piece.len(), 0.0);
            self.values.load(piece.start, &mut numbers);
            with(&numbers);
        }
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
        self.symbols_of(values, tile, (plan, &Layout::new(plan.bands())), choice, symbols)
    }

    /// The same from its coefficients, with the layout of the bands of `plan`.
    pub fn symbols_of<F: Real, P: Transform>(
        &self,
        mut values: Vec<F>,
        tile: &Tile,
        (plan, layout): (&P, &Layout),
        choice: Choice,
        symbols: &mut Symbols,
    ) -> Option<f64> {
        if !quantise(&mut values, (plan, layout), self.step(choice.step), choice, symbols) {
            return None;
        }
        plan.inverse(&mut values);
        if let Goal::MaxAbs(bound) = self.goal {
            let corrector = Corrector::new(self.values.dtype(), bound, magnitude(&values));
            correct::encode(&corrector, self, tile, &values, choice.detail.contexts(), symbols);
            return Some(0.0);
        }
        Some(self.square_error(tile, &values))
    }

    /// The values of a tile.
    pub fn gather<F: Real>(&self, tile: &Tile) -> Vec<F> {
        let mut values = Vec::with_capacity(tile.len());
        self.each(tile, |numbers| values.extend(numbers.iter().map(|&number| F::from_f64(number))));
        values
    }

    /// Sum of the squared errors of a tile of which `restored` is decoded.
    pub fn square_error<F: Real>(&self, tile: &Tile, restored: &[F]) -> f64 {
        let (mut sum, mut numbers) = (0.0, Vec::new());
        each_restored(tile, self.shape, restored, |piece, rounded| {
            numbers.resize(piece.len(), 0.0);
            self.values.load(piece.start, &mut numbers);
            self.values.round(rounded);
            for (number, rounded) in numbers.iter().zip(rounded) {
                let error = number - *rounded;
                sum += error * error;
            }
        });
        sum
    }
}

/// The largest magnitude, but for NaN.
pub(super) fn magnitude<F: Real>(values: &[F]) -> f64 {
    const LANES: usize = 16;
    let mut largest = [F::default(); LANES];
    for values in values.chunks(LANES) {
        for (largest, value) in largest.iter_mut().zip(values) {
            *largest = if value.abs() > *largest { value.abs() } else { *largest };
        }
    }
    largest.into_iter().map(F::to_f64).fold(0.0, f64::max)
}

/// Turns coefficients into what the decoder will have, and appends their symbols.
fn quantise<F: Real, P: Transform>(
    values: &mut [F],
    (plan, layout): (&P, &Layout),
    step: f64,
    choice: Choice,
    symbols: &mut Symbols,
) -> bool {
    let (mut fits, mut quantised) = (true, Vec::new());
    let mut contexts = Contexts::new(layout, choice.detail);
    for (number, band) in plan.bands().iter().enumerate() {
        let quantiser = Quantiser::<F>::new(step / band.gain, choice.rounding);
        quantised.resize(band.len(), 0);
        let mut rows = quantised.chunks_mut(band.row.max(1));
        band.each_row(|row| {
            fits &= quantiser.row(&mut values[row..row + band.row], rows.next().unwrap_or_default());
        });
        if number == 0 {
            Differences::take(&mut quantised, band.row);
        }
        rows::code(&mut contexts, &mut Writer { band: &quantised, symbols });
    }
    fits
}

/// Decodes a tile of an array of shape `shape` into `output`; returns the bytes it took.
pub(super) fn decode<F: Real, P: Transform>(
    bytes: &[u8],
    (goal, dtype): (Goal, DType),
    choice: Choice,
    plan: &P,
    (tile, shape): (&Tile, &[usize]),
    output: &Shared<'_>,
) -> Result<usize, Error> {
    let mut decoder = entropy::Decoder::new(bytes)?;
    let mut values = vec![F::default(); tile.len()];
    restore(&mut decoder, goal.step(dtype, choice.step), choice, plan, &mut values);
    plan.inverse(&mut values);
    let mut fixes = Vec::new();
    if let Goal::MaxAbs(_) = goal {
        fixes = correct::read(tile.len(), choice.detail.contexts(), |context| decoder.next(context))?;
    }
    let read = decoder.finish()?;
    let corrector = (!fixes.is_empty()).then(|| Corrector::new(dtype, goal.error(), magnitude(&values)));
    let mut output = locked(output);
    each_restored(tile, shape, &values, |piece, numbers| output.store(piece.start, numbers));
    if let Some(corrector) = corrector {
        let runs: Vec<_> = tile.runs(shape).collect();
        let length = runs.first().map_or(1, ExactSizeIterator::len);
        for (at, fix) in fixes {
            output.correct(runs[at / length].start + at % length, values[at].to_f64(), fix, &corrector);
        }
    }
    Ok(read)
}

/// Reads the coefficients of a tile, of which `values` are zeros.
fn restore<F: Real, P: Transform>(
    decoder: &mut entropy::Decoder<'_>,
    step: f64,
    choice: Choice,
    plan: &P,
    values: &mut [F],
) {
    let layout = Layout::new(plan.bands());
    let mut contexts = Contexts::new(&layout, choice.detail);
    let mut symbols = vec![0; plan.bands().iter().map(Band::len).max().unwrap_or(0)];
    for (number, band) in plan.bands().iter().enumerate() {
        let symbols = &mut symbols[..band.len()];
        rows::code(&mut contexts, &mut Reader { band: symbols, decoder });
        let (any, mut stirred) = contexts.stirred();
        if number == 0 {
            Differences::undo(symbols, band.row);
        } else if !any {
            continue;
        }
        let quantiser = Quantiser::<F>::new(step / band.gain, choice.rounding);
        let mut rows = symbols.chunks_mut(band.row.max(1));
        band.each_row(|row| {
            let (symbols, stirs) = (rows.next().unwrap_or_default(), stirred.next() == Some(true));
            // What is zero is so already; differences that are zero need not stand for such coefficients.
            if stirs || number == 0 {
                quantiser.restore_row(symbols, &mut values[row..row + band.row]);
                symbols.fill(0);
            }
        });
    }
}
