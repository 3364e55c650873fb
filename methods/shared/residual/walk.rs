//! The one walk over an array that writes, reads and costs.

use super::Values;
use super::exact::Exact;
use super::grid::{Grid, NEIGHBOURS};
use super::quantiser::Quantiser;
use crate::api::Element;
use crate::shared::least_squares::LeastSquares;
use crate::shared::mixing::{Integers, Place};
use crate::shared::range::{Bit, BitCoder};

/// Values of a row that are told together to be as the model says.
const CHUNK: usize = 32;
/// Kinds of contexts, and how many there are of each kind.
const KINDS: usize = 5;
const COUNTS: [usize; KINDS] = [25, 125, 81, 120, 36];
/// Contexts of signs.
const SIGNS: usize = 15;

/// What the weights start as: those of the constant continued along all three axes, a little less than sure of it.
const START: [f64; NEIGHBOURS] = [0.3, 0.0, 0.3, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0];
/// Power of the neighbours, in squared steps, below which they say little: they are mostly what rounding left.
const FLOOR: f64 = 400.0;

/// The state of a coder or decoder.
pub(super) struct Walk {
    quantiser: Quantiser,
    grid: Grid,
    predictor: LeastSquares<NEIGHBOURS>,
    integers: Integers<KINDS>,
    exact: Exact,
    /// Of values that no step reaches: how many of the two before were such.
    escapes: [Bit; 3],
    escaped: [bool; 2],
}

/// What surrounds a value.
struct Around {
    distances: [f64; NEIGHBOURS],
    sizes: [u32; NEIGHBOURS],
    /// The predicted distance from the model.
    predicted: f64,
}

/// Zero, one, two, up to four, up to eight, and so on; below `limit`.
fn class(size: u32, limit: usize) -> usize {
    let class = if size < 2 { size } else { 33 - (size - 1).leading_zeros() };
    (class as usize).min(limit - 1)
}

/// The power of two of a magnitude, 2^-4 and below as 0; below `limit`.
fn octave(magnitude: f64, limit: usize) -> usize {
    let exponent = (magnitude.to_bits() >> 52 & 0x7ff) as usize;
    exponent.saturating_sub(1019).min(limit - 1)
}

impl Walk {
    pub fn new(shape: &[usize], quantiser: Quantiser) -> Self {
        Walk {
            quantiser,
            grid: Grid::new(shape),
            // Without a step no distance is small.
            predictor: LeastSquares::new(START, if quantiser.step == 0.0 { 0.0 } else { FLOOR }),
            integers: Integers::new(COUNTS, SIGNS, 1),
            exact: Exact::new(34),
            escapes: [Bit::default(); 3],
            escaped: [false; 2],
        }
    }

    /// Codes all values: of every chunk of a row whether the model is good enough for it, and if not, its values.
    pub fn run<T: Element>(mut self, values: &mut Values<'_, T>, model: &[f64], coder: &mut impl BitCoder) {
        let [planes, rows, row] = self.grid.shape;
        let chunks = row.div_ceil(CHUNK);
        let mut good = vec![false; planes * rows * chunks];
        let mut models = [Bit::default(); 27];
        for line in 0..planes * rows {
            let (z, y) = (line / rows, line % rows);
            for chunk in 0..chunks {
                let at = line * chunks + chunk;
                let near = |there: bool, back: usize| if !there { 2 } else { usize::from(good[at - back]) };
                let context = near(chunk > 0, 1) + 3 * near(y > 0, chunks) + 9 * near(z > 0, rows * chunks);
                let first = line * row + chunk * CHUNK;
                let end = (first + CHUNK).min((line + 1) * row);
                let fits = || (first..end).all(|i| self.quantiser.is_good(values.get(i), model[i]));
                good[at] = coder.learnt(fits(), &mut models[context]);
                for i in first..end {
                    if good[at] {
                        values.put(i, self.quantiser.restore(model[i], 0));
                        self.grid.note(i, 0.0, 0);
                    } else {
                        let value = self.value(values.get(i), i, [z, y, i - line * row], model, coder);
                        values.put(i, value);
                    }
                }
            }
        }
    }

    fn value<T: Element>(
        &mut self,
        value: T,
        at: usize,
        index: [usize; 3],
        model: &[f64],
        coder: &mut impl BitCoder,
    ) -> T {
        let (distances, sizes) = self.grid.around(at, index);
        let predicted = self.predictor.predict(&distances);
        let around = Around { distances, sizes, predicted };
        let exact = self.quantiser.step == 0.0;
        let steps = self.quantiser.steps(value, model[at]);
        let before = self.escaped.iter().filter(|&&escaped| escaped).count();
        let escaped = exact || coder.learnt(steps.is_none(), &mut self.escapes[before]);
        let (value, distance, size) = if escaped {
            self.escape(value, model[at], &around, coder)
        } else {
            let steps = self.integer(steps.unwrap_or(0), at, model, &around, coder);
            let size = (steps - rounded(predicted)).unsigned_abs();
            (self.quantiser.restore(model[at], steps), f64::from(steps), size)
        };
        self.escaped = [self.escaped[1], escaped];
        self.predictor.learn(&around.distances, distance - predicted);
        self.grid.note(at, distance, size);
        value
    }

    fn escape<T: Element>(
        &mut self,
        value: T,
        model: f64,
        around: &Around,
        coder: &mut impl BitCoder,
    ) -> (T, f64, u32) {
        let sizes = &around.sizes;
        let exact = self.quantiser.step == 0.0;
        let context = if exact { ((2 * sizes[0] + sizes[2] + sizes[5]) / 8).min(32) as usize } else { 33 };
        let guess = self.quantiser.at(model, around.predicted);
        let (value, length) = self.exact.code(value, guess, context, coder);
        let distance = self.quantiser.distance(value, model);
        let miss = (distance - around.predicted).abs().min(1e6) as u32;
        (value, distance, if exact { length } else { miss })
    }

    fn integer(&mut self, steps: i32, at: usize, model: &[f64], around: &Around, coder: &mut impl BitCoder) -> i32 {
        let guess = rounded(around.predicted);
        let place = self.place(at, model, around, guess);
        let off = self.integers.code(steps - guess, &place, coder);
        guess.saturating_add(off)
    }

    fn place(&self, at: usize, model: &[f64], around: &Around, guess: i32) -> Place<KINDS> {
        let [left, left2, up, up_left, up_right, back, ..] = around.sizes;
        let near = left.saturating_add(up).saturating_add(back);
        let far = around.sizes[6..].iter().fold(left2 + up_left + up_right, |sum, &size| sum.saturating_add(size));
        let all = near.saturating_mul(2).saturating_add(far);
        let scale = 1.0 / self.quantiser.step;
        let before = model[at.saturating_sub(1)];
        let after = model[(at + 1).min(model.len() - 1)];
        let fraction = around.predicted - f64::from(guess);
        let tilt = ((fraction + 0.5) * 5.0).clamp(0.0, 4.0) as usize;
        let sign = |distance: f64| if distance == 0.0 { 0 } else { 1 + usize::from(distance < 0.0) };
        Place {
            contexts: [
                if all < 12 { all as usize } else { 8 + class(all, 17) },
                class(left, 5) * 25 + class(up, 5) * 5 + class(back, 5),
                class(far, 9) * 9 + class(near, 9),
                octave(model[at].abs() * scale, 12) * 10 + octave((after - before).abs() * scale, 10),
                (tilt * 7 + class(guess.unsigned_abs(), 7)).min(35),
            ],
            sign: tilt * 3 + sign(around.distances[0]),
            set: 0,
        }
    }
}

/// The nearest number of steps, of which there are not so many that differences of two overflow.
fn rounded(distance: f64) -> i32 {
    distance.round().clamp(-3e8, 3e8) as i32
}
