//! The coefficients of a small array, to a mean error, as a part of a stream that holds other things too.

use super::careful::{Attempt, MOST, Settings, restored};
use super::descent::{self, Descent};
use super::mixed;
use super::tile::Source;
use super::{Goal, Plan, Transform, Variants};
use crate::api::DType;
use crate::shared::range::BitCoder;
use crate::shared::tiles::{self, Tile};

/// Bits of a variant's number, of a step's, and of each point of reconstruction.
const VARIANT: u32 = 6;
const STEP: u32 = 8;
const POINT: u32 = 4;

/// Coefficients as quantised.
#[derive(Clone, Debug)]
pub struct Part {
    settings: Settings,
    symbols: Vec<i32>,
    /// What they take, about.
    pub bits: f64,
}

/// An array whose coefficients are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a> {
    /// The values.
    pub data: &'a [f64],
    /// Axis lengths.
    pub shape: &'a [usize],
    /// Root mean square error, the unit of all steps.
    pub error: f64,
    /// The part of the squared error that may be used up.
    pub room: f64,
}

impl Whole<'_> {
    fn search<P: Transform, R>(
        &self,
        plan: &Plan<'_, P>,
        search: impl FnOnce(Descent<'_, P>) -> Option<R>,
    ) -> Option<R> {
        let shape = tiles::squeeze(self.shape);
        let source = Source { values: &self.data, shape: &shape, goal: Goal::Rmse(self.error) };
        let tile = Tile { start: vec![0; shape.len()], shape: shape.clone() };
        if !descent::takes(&source, &tile) {
            return None;
        }
        let passes = descent::passes(self.data.len(), 0);
        search(Descent { source: &source, tile: &tile, plan, passes, room: self.room })
    }

    /// Bits that its coefficients take, about; none where it cannot be coded so.
    pub fn rough<P: Transform>(&self, plan: &(impl Fn(u8, &[usize]) -> P + Sync)) -> Option<f64> {
        self.search(plan, |descent| descent.rough())
    }

    /// The coefficients of the fewest bits that keep the error.
    pub fn fit<P: Transform>(&self, variants: &Variants, plan: &(impl Fn(u8, &[usize]) -> P + Sync)) -> Option<Part> {
        self.search(plan, |descent| {
            let (_, Attempt { settings, symbols, bits, .. }) = descent.run(variants)?;
            Some(Part { settings, symbols, bits: bits + f64::from(VARIANT + 1 + STEP + 2 * POINT) })
        })
    }
}

/// Whether an array of so many values can be coded so.
pub fn takes(values: usize) -> bool {
    values <= MOST
}

/// Codes coefficients and returns the values that they stand for, those of an array of `shape`; a decoder knows of no
/// `part`. `plan` makes the transform of one of `variants`.
pub fn code<P: Transform>(
    part: Option<&Part>,
    (shape, error): (&[usize], f64),
    (variants, plan): (&Variants, impl Fn(u8, &[usize]) -> P),
    coder: &mut impl BitCoder,
) -> Vec<f64> {
    let known = part.map(|part| part.settings);
    let mut field = |of: fn(&Settings) -> u64, bits| coder.plain(known.as_ref().map_or(0, of), bits);
    let variant = (field(|known| u64::from(known.variant), VARIANT) as u8).min(variants.count() - 1);
    let differences = field(|known| u64::from(known.differences), 1) != 0;
    let step = field(|known| u64::from(known.step), STEP) as u8;
    let first = field(|known| (known.points[0] + 8) as u64, POINT) as i8 - 8;
    let points = [first, field(|known| (known.points[1] + 8) as u64, POINT) as i8 - 8];
    let settings = Settings { variant, differences, step, points };
    let shape = tiles::squeeze(shape);
    let plan = plan(variant, &shape);
    let symbol = |_: usize, offset: usize, _: &mixed::Odds<'_>| part.map_or(0, |part| part.symbols[offset]);
    let symbols = mixed::code(plan.bands(), shape.iter().product(), differences, coder, symbol);
    restored(&symbols, &settings, (Goal::Rmse(error), DType::F64), &plan)
}
