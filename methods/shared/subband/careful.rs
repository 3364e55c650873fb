//! Small arrays: one tile, coded with mixed contexts.

use super::correct::{self, Corrector, Symbols};
use super::mixed::{self, Odds};
use super::tile::{Source, magnitude};
use super::values::Output;
use super::{Band, Goal, Plan, Transform};
use crate::api::{DType, Error};
use crate::shared::entropy;
use crate::shared::mixing::Cost;
use crate::shared::range::{RangeDecoder, RangeEncoder};
use crate::shared::tiles::Tile;

/// Most values of an array that is coded so.
pub(super) const MOST: usize = 1 << 19;
/// First byte of a payload, with the variant and [`Settings::differences`] below.
const MARK: u8 = 0x80;
/// In the byte of the step, under a bound: corrections follow.
const CORRECTED: u8 = 0x80;
/// Steps per octave.
const STEPS: f64 = 16.0;
/// Magnitudes are weighed against smaller ones below this.
const WEIGHED: usize = 14;

/// What the decoder must know before the coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub variant: u8,
    /// Whether the first band is coded as differences.
    pub differences: bool,
    /// Sixteenths of an octave above a sixteenth of the bound or error; below 128 under a bound.
    pub step: u8,
    /// By how much reconstructions of magnitude 1, and of larger ones, lie above it, in 1/32 from -8 to 7.
    pub points: [i8; 2],
}

/// The step that a number stands for.
pub(super) fn step_of(goal: Goal, dtype: DType, step: u8) -> f64 {
    let unit = match goal {
        Goal::MaxAbs(bound) if !dtype.is_float() => bound.floor() + 0.5,
        other => other.error(),
    };
    unit * libm::exp2(f64::from(step) / STEPS - 4.0)
}

impl Source<'_> {
    /// The step that a number stands for.
    pub fn careful_step(&self, step: u8) -> f64 {
        step_of(self.goal, self.values.dtype(), step)
    }
}

/// Coefficients as quantised, and what they would take.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub settings: Settings,
    pub symbols: Vec<i32>,
    /// Corrections under a bound.
    pub corrections: Symbols,
    pub bits: f64,
    /// Sum of squared errors that remain, by the coefficients or by the values.
    pub error: f64,
}

/// An array to be coded, transformed by one variant.
pub(super) struct Subject<'a, P> {
    pub source: &'a Source<'a>,
    pub tile: &'a Tile,
    pub plan: P,
    pub coefficients: Vec<f64>,
}

impl<'a, P: Transform> Subject<'a, P> {
    pub fn new(source: &'a Source<'a>, tile: &'a Tile, plan: P) -> Self {
        let mut coefficients = source.gather::<f64>(tile);
        plan.forward(&mut coefficients);
        Subject { source, tile, plan, coefficients }
    }

    /// Quantises so that squared error in steps plus `lambda` times bits is least, one coefficient after the other.
    pub fn attempt(&self, mut settings: Settings, lambda: f64) -> Attempt {
        let (bands, mut cost) = (self.plan.bands(), Cost::default());
        let step = self.source.careful_step(settings.step);
        let scales: Vec<f64> = bands.iter().map(|band| band.gain / step).collect();
        let choose = |band: usize, offset: usize, odds: &Odds<'_>| {
            let steps = self.coefficients[offset] * scales[band];
            let magnitude = cheapest(steps.abs(), lambda, odds);
            if steps < 0.0 { -magnitude } else { magnitude }
        };
        let symbols = mixed::code(bands, self.coefficients.len(), settings.differences, &mut cost, choose);
        settings.points = self.points(&symbols, &scales);
        let error = self.error(&symbols, &settings, &scales) * step * step;
        Attempt { settings, symbols, corrections: Symbols::default(), bits: cost.bits, error }
    }

    /// The means of what the smallest magnitude and what larger ones stand for.
    fn points(&self, symbols: &[i32], scales: &[f64]) -> [i8; 2] {
        let mut sums = [[0.0; 2]; 2];
        each(self.plan.bands(), |band, offset| {
            let size = symbols[offset].unsigned_abs();
            if size > 0 {
                let sum = &mut sums[usize::from(size > 1)];
                sum[0] += (self.coefficients[offset] * scales[band]).abs() - f64::from(size);
                sum[1] += 1.0;
            }
        });
        sums.map(|[sum, count]| if count > 0.0 { (sum / count * 32.0).round().clamp(-8.0, 7.0) as i8 } else { 0 })
    }

    /// Sum of squared errors of the coefficients, in steps.
    fn error(&self, symbols: &[i32], settings: &Settings, scales: &[f64]) -> f64 {
        let mut sum = 0.0;
        each(self.plan.bands(), |band, offset| {
            let error = self.coefficients[offset] * scales[band] - restore(symbols[offset], settings.points);
            sum += error * error;
        });
        sum
    }

    /// What remains in the values themselves, and the corrections that a bound asks for.
    pub fn measure(&self, attempt: &mut Attempt) {
        let values =
            restored(&attempt.symbols, &attempt.settings, (self.source.goal, self.source.values.dtype()), &self.plan);
        if let Goal::MaxAbs(bound) = self.source.goal {
            let corrector = Corrector::new(self.source.values.dtype(), bound, magnitude(&values));
            correct::encode(&corrector, self.source, self.tile, &values, 0, &mut attempt.corrections);
            if attempt.corrections.values.len() > 1 {
                let mut bytes = Vec::new();
                entropy::encode(&attempt.corrections.values, &attempt.corrections.contexts, &mut bytes);
                attempt.bits += 8.0 * bytes.len() as f64;
            }
        }
        attempt.error = self.source.square_error(self.tile, &values);
    }

    /// Appends the payload of an attempt that was measured.
    pub fn write(&self, attempt: &Attempt, payload: &mut Vec<u8>) {
        let Settings { variant, differences, step, points } = attempt.settings;
        let corrected = attempt.corrections.values.len() > 1;
        payload.push(MARK | variant << 1 | u8::from(differences));
        payload.push(step | if corrected { CORRECTED } else { 0 });
        payload.push((points[0] + 8) as u8 | ((points[1] + 8) as u8) << 4);
        if corrected {
            entropy::encode(&attempt.corrections.values, &attempt.corrections.contexts, payload);
        }
        let mut coder = RangeEncoder::new();
        let symbol = |_: usize, offset: usize, _: &Odds<'_>| attempt.symbols[offset];
        mixed::code(self.plan.bands(), attempt.symbols.len(), differences, &mut coder, symbol);
        payload.extend(coder.finish());
    }
}

/// The magnitude near `steps` that costs least.
fn cheapest(steps: f64, lambda: f64, odds: &Odds<'_>) -> i32 {
    let nearest = (steps + 0.5).min(f64::from(1 << 30)) as i32;
    if nearest == 0 || nearest as usize >= WEIGHED || lambda == 0.0 {
        return nearest;
    }
    let Some(costs) = odds.costs::<WEIGHED>() else { return nearest };
    let mut best = (f64::INFINITY, nearest);
    for magnitude in [nearest, nearest - 1, 0] {
        let error = steps - f64::from(magnitude);
        let bits = f64::from(costs[magnitude as usize]) + if magnitude > 0 { 1.0 } else { 0.0 };
        let total = error * error + lambda * bits;
        if total < best.0 {
            best = (total, magnitude);
        }
    }
    best.1
}

/// What a symbol stands for, in steps.
#[inline(always)]
fn restore(symbol: i32, points: [i8; 2]) -> f64 {
    let above = match symbol.unsigned_abs() {
        0 => return 0.0,
        1 => f64::from(points[0]) / 32.0,
        _ => f64::from(points[1]) / 32.0,
    };
    f64::from(symbol) + if symbol < 0 { -above } else { above }
}

/// Visits all coefficients: their band and offset.
pub(super) fn each(bands: &[Band], mut visit: impl FnMut(usize, usize)) {
    for (number, band) in bands.iter().enumerate() {
        for row in band.rows() {
            (row..row + band.row).for_each(|offset| visit(number, offset));
        }
    }
}

/// The values that symbols stand for.
pub(super) fn restored<P: Transform>(
    symbols: &[i32],
    settings: &Settings,
    (goal, dtype): (Goal, DType),
    plan: &P,
) -> Vec<f64> {
    let mut values = vec![0.0; symbols.len()];
    let step = step_of(goal, dtype, settings.step);
    let steps: Vec<f64> = plan.bands().iter().map(|band| step / band.gain).collect();
    each(plan.bands(), |band, offset| values[offset] = restore(symbols[offset], settings.points) * steps[band]);
    plan.inverse(&mut values);
    values
}

/// Whether a payload that starts with `head` is of an array coded so.
pub(super) fn is_careful(head: u8) -> bool {
    (MARK..super::PLAIN).contains(&head)
}

/// Fills `data`, an array of `shape` with an element at least.
///
/// # Errors
/// `Corrupt` if no encoder wrote the payload.
pub(super) fn decode<P: Transform>(
    payload: &[u8],
    shape: &[usize],
    goal: Goal,
    (variants, plan): (u8, &Plan<'_, P>),
    output: &mut dyn Output,
) -> Result<(), Error> {
    let Some((&[head, step, points], mut rest)) = payload.split_first_chunk() else {
        return Err(Error::corrupt(payload.len(), "the payload ends before its coefficients"));
    };
    let bounded = matches!(goal, Goal::MaxAbs(_));
    let points = [points & 15, points >> 4].map(|point| point as i8 - 8);
    let variant = (head & !MARK) >> 1;
    let differences = head & 1 != 0;
    let settings = Settings { variant, differences, step: if bounded { step & !CORRECTED } else { step }, points };
    if variant >= variants || output.len() > MOST {
        return Err(Error::corrupt(0, format!("no variant {variant} of {} values", output.len())));
    }
    let mut fixes = Vec::new();
    if bounded && step & CORRECTED != 0 {
        let mut decoder = entropy::Decoder::new(rest)?;
        fixes = correct::read(output.len(), 0, |context| decoder.next(context))?;
        rest = rest.get(decoder.finish()?..).unwrap_or_default();
    }
    let plan = plan(variant, shape);
    let mut decoder = RangeDecoder::new(rest);
    let symbols = mixed::code(plan.bands(), output.len(), differences, &mut decoder, |_, _, _| 0);
    if rest.last() == Some(&0) || !decoder.is_spent() {
        return Err(Error::corrupt(payload.len() - rest.len(), "bytes behind the last coefficient"));
    }
    let values = restored(&symbols, &settings, (goal, output.dtype()), &plan);
    output.store(0, &values);
    let corrector = Corrector::new(output.dtype(), goal.error(), magnitude(&values));
    for (at, fix) in fixes {
        output.correct(at, values[at], fix, &corrector);
    }
    Ok(())
}
