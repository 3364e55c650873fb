//! How large the errors are, and the missing values that did not come back.

use std::ops::Range;

use codecbench_methods::api::{Element, TensorRef, View};
use codecbench_methods::for_pair;

use super::Original;
use super::sum::{BLOCK, blocks, total};
use super::wide::{half_wide, wide};

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
        None => complete(&x[block.clone()], &y[block], inverse),
        Some(valid) => with_holes(x, y, valid, block, inverse),
    });
    let [sum, sum_abs, sum_square] = total(parts.iter().map(|part| [part.sum, part.sum_abs, part.sum_square]));
    let mut all = Errors { sum, sum_abs, sum_square, ..NONE };
    let mut block = 0;
    for (at, part) in parts.iter().enumerate() {
        all.mismatches += part.mismatches;
        block = if part.largest > all.largest { at } else { block };
        all.widen(part.largest, part.pointwise);
    }
    if all.largest > 0.0 {
        let is_largest = |&at: &usize| original.is_valid(at) && size(x[at], y[at]) == all.largest;
        all.largest_at = (block * BLOCK..x.len()).find(is_largest).unwrap_or(0);
    }
    all
}

/// The size of an error; infinite where a finite value came back non-finite.
#[inline(always)]
fn size<T: Element>(x: T, y: T) -> f64 {
    if y.is_finite() { x.abs_diff(y) } else { f64::INFINITY }
}

impl Errors {
    #[inline(always)]
    fn widen(&mut self, size: f64, pointwise: Option<f64>) {
        if size > self.largest {
            self.largest = size;
        }
        if let Some(ratio) = pointwise {
            self.pointwise = Some(self.pointwise.unwrap_or(0.0).max(ratio));
        }
    }

    /// Adds those of other elements. Where the largest error stands is found at the end.
    fn join(&mut self, other: Errors) {
        self.sum += other.sum;
        self.sum_abs += other.sum_abs;
        self.sum_square += other.sum_square;
        self.mismatches += other.mismatches;
        self.widen(other.largest, other.pointwise);
    }

    /// Adds one element that is not missing. Where the largest error stands is found at the end.
    #[inline(always)]
    fn add<T: Element>(&mut self, x: T, y: T, inverse: f64) {
        let size = size(x, y);
        let scaled = size * inverse;
        self.sum += if y < x { -scaled } else { scaled };
        self.sum_abs += scaled;
        self.sum_square += scaled * scaled;
        let magnitude = x.to_f64().abs();
        let ratio = (magnitude > 0.0 || size > 0.0).then(|| size / magnitude);
        self.widen(size, ratio);
    }
}

/// The size of an error, and whether the value became less.
#[inline(always)]
fn size_and_sign<T: Element>(x: T, y: T) -> (f64, bool) {
    if T::DTYPE.is_float() {
        // All in f64: every step has the same width.
        let (x, y) = (x.to_f64(), y.to_f64());
        (if y.abs() < f64::INFINITY { (y - x).abs() } else { f64::INFINITY }, y < x)
    } else {
        (size(x, y), y < x)
    }
}

/// A block in which some values are missing.
fn with_holes<T: Element>(x: &[T], y: &[T], valid: &[bool], block: Range<usize>, inverse: f64) -> Errors {
    let mut errors = NONE;
    for at in block {
        if valid[at] {
            errors.add(x[at], y[at], inverse);
        } else {
            errors.mismatches += usize::from(!came_back(x[at], y[at]));
        }
    }
    errors
}

/// A block without missing values.
fn complete<T: Element>(x: &[T], y: &[T], inverse: f64) -> Errors {
    if T::DTYPE.is_float() && T::DTYPE.size() < 8 {
        return wide(
            #[inline(always)]
            || in_lanes(x, y, inverse),
        );
    }
    // Eight numbers of double precision fill a vector of 512 bits, and compilers then take some apart again.
    if T::DTYPE.is_float() {
        return half_wide(
            #[inline(always)]
            || in_lanes(x, y, inverse),
        );
    }
    if T::DTYPE.size() == 8 {
        return in_lanes(x, y, inverse);
    }
    // Small integers and their differences are numbers of double precision, which all have one width.
    const PIECE: usize = 512;
    let mut all = NONE;
    let (mut left, mut right) = ([0.0; PIECE], [0.0; PIECE]);
    for (x, y) in x.chunks(PIECE).zip(y.chunks(PIECE)) {
        let (left, right) = (&mut left[..x.len()], &mut right[..x.len()]);
        all.join(half_wide(
            #[inline(always)]
            || {
                left.iter_mut().zip(x).for_each(|(to, from)| *to = from.to_f64());
                right.iter_mut().zip(y).for_each(|(to, from)| *to = from.to_f64());
                in_lanes(left, right, inverse)
            },
        ));
    }
    all
}

/// In lanes that a compiler can make vectors.
#[inline(always)]
fn in_lanes<T: Element>(x: &[T], y: &[T], inverse: f64) -> Errors {
    const LANES: usize = 8;
    let (mut sum, mut sum_abs, mut sum_square) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    let (mut largest, mut pointwise) = ([0.0f64; LANES], [0.0f64; LANES]);
    let ((x_lanes, x_rest), (y_lanes, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in x_lanes.iter().zip(y_lanes) {
        for lane in 0..LANES {
            let (x, y) = (x[lane], y[lane]);
            let (size, negative) = size_and_sign(x, y);
            let scaled = size * inverse;
            sum[lane] += if negative { -scaled } else { scaled };
            sum_abs[lane] += scaled;
            sum_square[lane] += scaled * scaled;
            largest[lane] = if size > largest[lane] { size } else { largest[lane] };
            // 0 / 0 is not a number, and so never the larger one.
            let ratio = size / x.to_f64().abs();
            pointwise[lane] = if ratio > pointwise[lane] { ratio } else { pointwise[lane] };
        }
    }
    let mut errors = NONE;
    for (&x, &y) in x_rest.iter().zip(y_rest) {
        errors.add(x, y, inverse);
    }
    let most = |lanes: [f64; LANES]| lanes.iter().fold(0.0, |a: f64, &b| a.max(b));
    let pointwise = most(pointwise);
    // The ratio of no error is 0, if there is one.
    let some = pointwise > 0.0 || x.iter().any(|x| x.to_f64() != 0.0);
    errors.widen(most(largest), some.then_some(pointwise));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_integers_have_the_errors_of_the_same_numbers_in_double_precision() {
        let x: Vec<i16> = (0..1300).map(|at| (at * 7919 % 2003 - 1000) as i16).collect();
        let y: Vec<i16> = x.iter().zip(0..).map(|(x, at)| x + (at * 31 % 17 - 8) as i16).collect();
        let real = |values: &[i16]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
        for (start, end) in [(0, 1300), (0, 512), (3, 1030), (7, 7)] {
            let (x, y) = (&x[start..end], &y[start..end]);
            assert_eq!(complete(x, y, 0.125), complete(&real(x), &real(y), 0.125));
        }
    }
}
