//! How large the errors are, and the missing values that did not come back.

use std::ops::Range;

use codecbench_methods::api::{Element, TensorRef, View};
use codecbench_methods::for_pair;

use super::Original;
use super::sum::{blocks, total};

/// Sizes of the errors of all elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Errors {
    /// Sums of e, |e| and e^2, in scaled units.
    pub sum: f64,
    pub sum_abs: f64,
    pub sum_square: f64,
    /// Largest |e| in the unit of the data, and its flat index; infinite where a finite value came back non-finite.
    pub largest: f64,
    pub largest_at: usize,
    /// Largest |e| / |x|; `None` if x is 0 wherever it is present and came back so.
    pub pointwise: Option<f64>,
    /// Missing values that did not come back.
    pub mismatches: usize,
}

const NONE: Errors =
    Errors { sum: 0.0, sum_abs: 0.0, sum_square: 0.0, largest: 0.0, largest_at: 0, pointwise: None, mismatches: 0 };

/// Compares two tensors element by element.
///
/// # Panics
/// If dtypes or shapes differ: the harness allocated both, so that is our bug.
pub(super) fn errors(original: &Original<'_>, decoded: &TensorRef<'_>) -> Errors {
    assert_eq!(original.tensor.shape(), decoded.shape(), "decoded into another shape");
    for_pair!(
        (TensorRef, &original.tensor), (TensorRef, decoded),
        (x, y) => compare(x, y, original),
        else => panic!("decoded into another dtype")
    )
}

/// Whether every element has the same bits in both.
pub(super) fn identical(original: &Original<'_>, decoded: &TensorRef<'_>) -> bool {
    for_pair!(
        (TensorRef, &original.tensor), (TensorRef, decoded),
        (x, y) => x.data().len() == y.data().len()
            && x.data().iter().zip(y.data()).all(|(x, y)| Element::to_bits(*x) == Element::to_bits(*y)),
        else => false
    )
}

fn compare<T: Element>(x: &View<'_, T>, y: &View<'_, T>, original: &Original<'_>) -> Errors {
    let (x, y, inverse) = (x.data(), y.data(), original.inverse());
    let parts = blocks(x.len(), |block| match &original.valid {
        None => complete(&x[block.clone()], &y[block.clone()], block.start, inverse),
        Some(valid) => with_holes(x, y, valid, block, inverse),
    });
    let [sum, sum_abs, sum_square] = total(parts.iter().map(|part| [part.sum, part.sum_abs, part.sum_square]));
    let mut all = Errors { sum, sum_abs, sum_square, ..NONE };
    for part in &parts {
        all.mismatches += part.mismatches;
        all.widen(part.largest, part.largest_at, part.pointwise);
    }
    all
}

impl Errors {
    fn widen(&mut self, size: f64, at: usize, pointwise: Option<f64>) {
        if size > self.largest {
            (self.largest, self.largest_at) = (size, at);
        }
        if let Some(ratio) = pointwise {
            self.pointwise = Some(self.pointwise.unwrap_or(0.0).max(ratio));
        }
    }

    /// Adds one element that is not missing.
    fn add<T: Element>(&mut self, x: T, y: T, at: usize, inverse: f64) {
        let size = if y.is_finite() { x.abs_diff(y) } else { f64::INFINITY };
        let scaled = size * inverse;
        self.sum += if y < x { -scaled } else { scaled };
        self.sum_abs += scaled;
        self.sum_square += scaled * scaled;
        let magnitude = x.to_f64().abs();
        let ratio = (magnitude > 0.0 || size > 0.0).then(|| size / magnitude);
        self.widen(size, at, ratio);
    }
}

/// A block in which some values are missing.
fn with_holes<T: Element>(x: &[T], y: &[T], valid: &[bool], block: Range<usize>, inverse: f64) -> Errors {
    let mut errors = NONE;
    for at in block {
        if valid[at] {
            errors.add(x[at], y[at], at, inverse);
        } else {
            errors.mismatches += usize::from(!came_back(x[at], y[at]));
        }
    }
    errors
}

/// A block without missing values, in lanes that a compiler can make vectors.
fn complete<T: Element>(x: &[T], y: &[T], start: usize, inverse: f64) -> Errors {
    const LANES: usize = 8;
    let (mut sum, mut sum_abs, mut sum_square) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    let (mut largest, mut pointwise) = ([0.0f64; LANES], [0.0f64; LANES]);
    let (mut xs, mut ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    for (x, y) in xs.by_ref().zip(ys.by_ref()) {
        for lane in 0..LANES {
            let (x, y) = (x[lane], y[lane]);
            let size = if y.is_finite() { x.abs_diff(y) } else { f64::INFINITY };
            let scaled = size * inverse;
            sum[lane] += if y < x { -scaled } else { scaled };
            sum_abs[lane] += scaled;
            sum_square[lane] += scaled * scaled;
            largest[lane] = if size > largest[lane] { size } else { largest[lane] };
            // 0 / 0 is not a number, and so never the larger one.
            let ratio = size / x.to_f64().abs();
            pointwise[lane] = if ratio > pointwise[lane] { ratio } else { pointwise[lane] };
        }
    }
    let rest = start + x.len() / LANES * LANES;
    let mut errors = NONE;
    let zip = xs.remainder().iter().zip(ys.remainder());
    zip.enumerate().for_each(|(at, (&x, &y))| errors.add(x, y, rest + at, inverse));
    let within = largest.iter().fold(0.0, |a: f64, &b| a.max(b));
    if within > 0.0 && within >= errors.largest {
        let is_largest = |(&x, &y): (&T, &T)| (if y.is_finite() { x.abs_diff(y) } else { f64::INFINITY }) == within;
        (errors.largest, errors.largest_at) = (within, start + x.iter().zip(y).position(is_largest).unwrap_or(0));
    }
    let nonzero = pointwise.iter().any(|&ratio| ratio > 0.0) || x.iter().any(|x| x.to_f64() != 0.0);
    errors.widen(0.0, 0, nonzero.then(|| pointwise.iter().fold(0.0, |a: f64, &b| a.max(b))));
    for (total, lanes) in [(&mut errors.sum, sum), (&mut errors.sum_abs, sum_abs), (&mut errors.sum_square, sum_square)]
    {
        *total += lanes.iter().sum::<f64>();
    }
    errors
}

/// Whether a missing value is there again: any NaN for a NaN, the same bits for the others.
fn came_back<T: Element>(x: T, y: T) -> bool {
    let is_nan = |value: T| value.partial_cmp(&value).is_none();
    if is_nan(x) { is_nan(y) } else { x.to_bits() == y.to_bits() }
}
