//! Corrections: what brings every value within the bound that the coefficients alone leave outside.
//!
//! A correction is a gap (values that need none before it) and a number of correction steps. Where no number of steps
//! helps, the value's own bits are coded instead.

use super::tile::Source;
use super::values::each_restored;
use crate::api::{DType, Element, Error};
use crate::shared::real::Real;
use crate::shared::tiles::Tile;

/// Stands for a value whose bits follow.
const ESCAPE: i32 = i32::MIN;
/// Gaps are told apart by the mean size of the two before them, on a scale of two marks an octave.
const GAP_CONTEXTS: u8 = 24;

/// Contexts of corrections, counted from the first that coefficients leave free.
const COUNT: u8 = 0;
const GAP: u8 = 1;
const STEPS: u8 = GAP + GAP_CONTEXTS;
const BITS: u8 = STEPS + 6;

/// How far values may be off, and how far a correction step moves them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Corrector {
    bound: f64,
    step: f64,
}

impl Corrector {
    /// For values of a type up to `largest` in magnitude, which is the largest that the coefficients alone give.
    pub fn new(dtype: DType, bound: f64, largest: f64) -> Self {
        let step = if dtype.is_float() {
            // Rounding to the type may move a value by half a unit in the last place: steps leave room for that.
            let digits = if dtype.size() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
            let half_unit = largest.min(f64::MAX / 4.0) * digits * 0.5;
            (1.9 * (bound - half_unit)).max(0.1 * bound)
        } else {
            2.0 * bound.min(4e18).floor() + 1.0
        };
        Corrector { bound, step }
    }

    #[inline(always)]
    fn apply<T: Element>(&self, restored: f64, steps: i32) -> T {
        T::from_f64(restored + f64::from(steps) * self.step)
    }

    /// What brings `restored` within the bound of `value`: steps, if any number does.
    pub fn fix<T: Element>(&self, value: T, restored: f64) -> Fix {
        let nearest = ((value.to_f64() - restored) / self.step).round();
        if nearest.is_nan() || nearest.abs() > f64::from(1 << 30) {
            return Fix::Bits(value.to_bits());
        }
        let nearest = nearest as i32;
        let is_near = |&steps: &i32| self.apply::<T>(restored, steps).within(value, self.bound);
        let steps = [nearest, nearest - 1, nearest + 1].into_iter().find(is_near);
        steps.map_or(Fix::Bits(value.to_bits()), Fix::Steps)
    }
}

/// The contexts of gaps and steps as they come.
struct Trail {
    base: u8,
    gaps: [i32; 2],
    negative: Option<bool>,
}

impl Trail {
    fn new(base: u8) -> Self {
        Trail { base, gaps: [64; 2], negative: None }
    }

    fn gap(&self) -> u8 {
        let marks = |gap: i32| ((gap.wrapping_add(2) as f32).to_bits() >> 22).saturating_sub(256) as u8;
        let mean = (2 * marks(self.gaps[0]) + marks(self.gaps[1])) / 3;
        self.base + GAP + mean.min(GAP_CONTEXTS - 1)
    }

    fn steps(&self) -> u8 {
        let near = if self.gaps[0] < 2 { 1 } else { 0 };
        let sign = self.negative.map_or(0, |negative| 1 + u8::from(negative));
        self.base + STEPS + 3 * near + sign
    }

    fn note_gap(&mut self, gap: i32) {
        self.gaps = [gap, self.gaps[0]];
    }

    fn note_steps(&mut self, steps: i32) {
        self.negative = Some(steps < 0);
    }
}

/// Symbols, each with its context.
#[derive(Clone, Debug, Default)]
pub(super) struct Symbols {
    pub values: Vec<i32>,
    pub contexts: Vec<u8>,
}

impl Symbols {
    /// Appends others, of which none stay.
    pub fn append(&mut self, others: &mut Symbols) {
        self.values.append(&mut others.values);
        self.contexts.append(&mut others.contexts);
    }

    #[inline(always)]
    pub fn push(&mut self, context: u8, value: i32) {
        self.values.push(value);
        self.contexts.push(context);
    }
}

/// Appends the corrections of a tile to `symbols`. `restored` is what the coefficients alone give.
pub(super) fn encode<F: Real>(
    corrector: &Corrector,
    source: &Source<'_>,
    tile: &Tile,
    restored: &[F],
    base: u8,
    symbols: &mut Symbols,
) {
    let (mut trail, mut next, mut at, mut count) = (Trail::new(base), 0, 0, 0);
    let head = symbols.values.len();
    symbols.push(base + COUNT, 0);
    let mut misses = Vec::new();
    each_restored(tile, source.shape, restored, |piece, numbers| {
        misses.clear();
        source.values.misses(piece.start, numbers, corrector.bound, &mut misses);
        for &i in &misses {
            let gap = (at + i - next) as i32;
            next = at + i + 1;
            count += 1;
            symbols.push(trail.gap(), gap);
            trail.note_gap(gap);
            let fix = source.values.fix(piece.start + i, numbers[i], corrector);
            symbols.push(trail.steps(), if let Fix::Steps(steps) = fix { steps } else { ESCAPE });
            if let Fix::Bits(bits) = fix {
                symbols.push(base + BITS, (bits >> 32) as i32);
                symbols.push(base + BITS + 1, bits as i32);
            }
            trail.note_steps(if let Fix::Steps(steps) = fix { steps } else { 0 });
        }
        at += piece.len();
    });
    symbols.values[head] = count;
}

/// What is done to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fix {
    /// It is moved by so many correction steps.
    Steps(i32),
    /// These are its bits.
    Bits(u64),
}

impl Corrector {
    /// The element of which the coefficients alone give `restored`.
    pub fn fixed<T: Element>(&self, restored: f64, fix: Fix) -> T {
        match fix {
            Fix::Steps(steps) => self.apply(restored, steps),
            Fix::Bits(bits) => T::from_bits(bits),
        }
    }
}

/// Reads the corrections of a tile of `tile` values with `next`: positions in the tile, ascending, and what to do.
pub(super) fn read(tile: usize, base: u8, mut next: impl FnMut(u8) -> i32) -> Result<Vec<(usize, Fix)>, Error> {
    let count = next(base + COUNT);
    let (mut trail, mut at, mut fixes) = (Trail::new(base), 0usize, Vec::new());
    for _ in 0..count {
        let gap = next(trail.gap());
        at = usize::try_from(gap).map_or(tile, |gap| at.saturating_add(gap));
        if at >= tile {
            return Err(Error::corrupt(0, "a correction lies outside its tile"));
        }
        trail.note_gap(gap);
        let steps = next(trail.steps());
        if steps == ESCAPE {
            let high = next(base + BITS) as u32;
            fixes.push((at, Fix::Bits(u64::from(high) << 32 | u64::from(next(base + BITS + 1) as u32))));
        } else {
            fixes.push((at, Fix::Steps(steps)));
        }
        trail.note_steps(if steps == ESCAPE { 0 } else { steps });
        at += 1;
    }
    Ok(fixes)
}
