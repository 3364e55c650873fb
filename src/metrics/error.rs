//! The error of every element, and the missing values that did not come back.

use codecbench_methods::api::{Element, TensorRef, View};
use codecbench_methods::for_pair;

use super::Original;
use super::original::Scaled;

/// Errors of all elements.
#[derive(Debug)]
pub(super) struct Errors {
    /// e = y - x in scaled units, flat; 0 where x is missing, infinite where a finite value came back non-finite.
    pub values: Vec<f64>,
    /// Largest |e| in the unit of the data, and its flat index.
    pub largest: f64,
    pub largest_at: usize,
    /// Largest |e| / |x|; `None` if x is 0 wherever it is present and came back so.
    pub pointwise: Option<f64>,
    /// Missing values that did not come back.
    pub mismatches: usize,
}

/// Compares two tensors element by element.
///
/// # Panics
/// If dtypes or shapes differ: the harness allocated both, so that is our bug.
pub(super) fn errors(original: &Original<'_>, decoded: &TensorRef<'_>) -> Errors {
    assert_eq!(original.tensor.shape(), decoded.shape(), "decoded into another shape");
    for_pair!(
        (TensorRef, &original.tensor), (TensorRef, decoded),
        (x, y) => compare(x, y, &original.scaled),
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

fn compare<T: Element>(x: &View<'_, T>, y: &View<'_, T>, scaled: &Scaled) -> Errors {
    let inverse = scaled.inverse();
    let mut errors = Errors { values: vec![0.0; x.len()], largest: 0.0, largest_at: 0, pointwise: None, mismatches: 0 };
    for (at, (&x, &y)) in x.data().iter().zip(y.data()).enumerate() {
        if !scaled.is_valid(at) {
            errors.mismatches += usize::from(!came_back(x, y));
            continue;
        }
        let size = if y.is_finite() { x.abs_diff(y) } else { f64::INFINITY };
        if size > errors.largest {
            (errors.largest, errors.largest_at) = (size, at);
        }
        errors.values[at] = if y < x { -size * inverse } else { size * inverse };
        let magnitude = x.to_f64().abs();
        if magnitude > 0.0 || size > 0.0 {
            errors.pointwise = Some(errors.pointwise.unwrap_or(0.0).max(size / magnitude));
        }
    }
    errors
}

/// Whether a missing value is there again: any NaN for a NaN, the same bits for the others.
fn came_back<T: Element>(x: T, y: T) -> bool {
    let is_nan = |value: T| value.partial_cmp(&value).is_none();
    if is_nan(x) { is_nan(y) } else { x.to_bits() == y.to_bits() }
}
