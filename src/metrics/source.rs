//! The two arrays of a comparison as scaled numbers, read piece by piece: nothing of their size is ever copied.

use codecbench_methods::api::{Element, TensorRef, View};
use codecbench_methods::{for_dtype, for_pair};

use super::Original;
use super::wide::wide;

/// An original and what came back, whatever their element type. Positions are flat indices in C order; values are in the
/// unit of the data times [`Source::inverse`], and 0 where the original is missing.
pub(super) trait Source: Sync {
    /// Fills `out` with the original's values from `start` on.
    fn original(&self, start: usize, out: &mut [f64]);
    /// Fills `out` with the decoded values from `start` on.
    fn decoded(&self, start: usize, out: &mut [f64]);
    /// Fills `out` with the errors e = y - x from `start` on. The difference is taken before anything is rounded.
    fn error(&self, start: usize, out: &mut [f64]);
    /// Which values are not missing; `None` if all are there.
    fn valid(&self) -> Option<&[bool]>;
}

/// The comparison of an original with a decoded array.
///
/// # Panics
/// If dtypes or shapes differ: the harness allocated both, so that is our bug.
pub(super) fn pair<'a>(original: &'a Original<'_>, decoded: &'a TensorRef<'_>) -> Box<dyn Source + 'a> {
    assert_eq!(original.tensor.shape(), decoded.shape(), "decoded into another shape");
    let (valid, inverse) = (original.valid.as_deref(), original.inverse());
    for_pair!(
        (TensorRef, &original.tensor), (TensorRef, decoded),
        (x, y) => Box::new(typed(x, y, valid, inverse)),
        else => panic!("decoded into another dtype")
    )
}

/// An array beside itself: its values, and no errors.
pub(super) fn alone<'a>(tensor: &'a TensorRef<'_>, valid: Option<&'a [bool]>, inverse: f64) -> Box<dyn Source + 'a> {
    for_dtype!(TensorRef, tensor, view => Box::new(typed(view, view, valid, inverse)))
}

fn typed<'a, T: Element>(
    x: &'a View<'_, T>,
    y: &'a View<'_, T>,
    valid: Option<&'a [bool]>,
    inverse: f64,
) -> Typed<'a, T> {
    Typed { x: x.data(), y: y.data(), valid, inverse }
}

struct Typed<'a, T> {
    x: &'a [T],
    y: &'a [T],
    valid: Option<&'a [bool]>,
    inverse: f64,
}

impl<T: Element> Typed<'_, T> {
    #[inline(always)]
    fn fill(&self, start: usize, out: &mut [f64], value: impl Fn(T, T) -> f64) {
        let end = start + out.len();
        let (xs, ys) = (&self.x[start..end], &self.y[start..end]);
        wide(
            #[inline(always)]
            || {
                for (out, (&x, &y)) in out.iter_mut().zip(xs.iter().zip(ys)) {
                    *out = value(x, y) * self.inverse;
                }
            },
        );
        if let Some(valid) = self.valid {
            let missing = out.iter_mut().zip(&valid[start..end]).filter(|(_, valid)| !**valid);
            missing.for_each(|(out, _)| *out = 0.0);
        }
    }
}

impl<T: Element> Source for Typed<'_, T> {
    fn original(&self, start: usize, out: &mut [f64]) {
        self.fill(
            start,
            out,
            #[inline(always)]
            |x, _| x.to_f64(),
        );
    }

    fn decoded(&self, start: usize, out: &mut [f64]) {
        self.fill(
            start,
            out,
            #[inline(always)]
            |_, y| y.to_f64(),
        );
    }

    fn error(&self, start: usize, out: &mut [f64]) {
        if T::DTYPE.is_float() || T::DTYPE.size() < 8 {
            self.fill(
                start,
                out,
                #[inline(always)]
                |x, y| y.to_f64() - x.to_f64(),
            );
        } else {
            // Wide integers are subtracted as such: they do not fit in f64.
            self.fill(
                start,
                out,
                #[inline(always)]
                |x, y| if y < x { -x.abs_diff(y) } else { x.abs_diff(y) },
            );
        }
    }

    fn valid(&self) -> Option<&[bool]> {
        self.valid
    }
}
