//! The two arrays of a comparison as scaled numbers, read piece by piece: nothing of their size is ever copied.

use std::ops::Range;

use codecbench_methods::api::{Element, TensorRef, View};
use codecbench_methods::{for_dtype, for_pair};

use super::Original;
use super::wide::wide;

/// Where an array is read: fills a slice with its values from a flat index on.
pub(super) type Read<'r> = dyn Fn(usize, &mut [f64]) + Sync + 'r;

/// An original and what came back, whatever their element type. Positions are flat indices in C order; values are in the
/// unit of the data times [`Source::inverse`], and 0 where the original is missing.
pub(super) trait Source: Sync {
    /// Fills `out` with the original's values from `start` on.
    fn original(&self, start: usize, out: &mut [f64]);
    /// Fills `out` with the decoded values from `start` on.
    fn decoded(&self, start: usize, out: &mut [f64]);
    /// Fills `out` with the errors e = y - x from `start` on. The difference is taken before anything is rounded.
    fn error(&self, start: usize, out: &mut [f64]);
    /// The smallest and the largest value of both arrays in a range, missing ones left out; infinite the other way round
    /// where there is none.
    fn extremes(&self, range: Range<usize>) -> (f64, f64);
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

    fn extremes(&self, range: Range<usize>) -> (f64, f64) {
        let (xs, ys) = (&self.x[range.clone()], &self.y[range.clone()]);
        let found = match self.valid {
            None => xs.first().map(|&first| widened((first, first), xs, ys)),
            Some(valid) => {
                let present = xs.iter().zip(ys).zip(&valid[range]).filter(|(_, valid)| **valid);
                present.fold(None, |found, ((&x, &y), _)| Some(widened(found.unwrap_or((x, x)), &[x], &[y])))
            }
        };
        let scaled = |(min, max): (T, T)| (min.to_f64() * self.inverse, max.to_f64() * self.inverse);
        found.map_or((f64::INFINITY, f64::NEG_INFINITY), scaled)
    }

    fn valid(&self) -> Option<&[bool]> {
        self.valid
    }
}

/// The smallest and the largest of two numbers and of those of two slices of one length.
fn widened<T: Element>((min, max): (T, T), xs: &[T], ys: &[T]) -> (T, T) {
    const LANES: usize = 16;
    let ((x_lanes, x_rest), (y_lanes, y_rest)) = (xs.as_chunks::<LANES>(), ys.as_chunks::<LANES>());
    let rest = x_rest.iter().chain(y_rest);
    let (min, max) = rest.fold((min, max), |(min, max), &value| (lower(value, min), higher(value, max)));
    let (lows, highs) = wide(
        #[inline(always)]
        || {
            let (mut lows, mut highs) = ([min; LANES], [max; LANES]);
            for (x, y) in x_lanes.iter().zip(y_lanes) {
                for lane in 0..LANES {
                    lows[lane] = lower(lower(x[lane], y[lane]), lows[lane]);
                    highs[lane] = higher(higher(x[lane], y[lane]), highs[lane]);
                }
            }
            (lows, highs)
        },
    );
    (lows.into_iter().fold(min, |min, low| lower(low, min)), highs.into_iter().fold(max, |max, high| higher(high, max)))
}

#[inline(always)]
fn lower<T: PartialOrd>(a: T, b: T) -> T {
    if a < b { a } else { b }
}

#[inline(always)]
fn higher<T: PartialOrd>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_are_of_both_arrays_and_of_what_is_there() {
        let x: Vec<i16> = (0..100).map(|at| (at * 37 % 101) as i16).collect();
        let y: Vec<i16> = x.iter().map(|x| x - 3).collect();
        let source = |valid| Typed { x: &x[..], y: &y[..], valid, inverse: 0.5 };
        for range in [0..100, 5..6, 10..27, 40..56] {
            let smallest = y[range.clone()].iter().min().map(|&y| f64::from(y) / 2.0);
            let largest = x[range.clone()].iter().max().map(|&x| f64::from(x) / 2.0);
            let found = source(None).extremes(range);
            assert_eq!((Some(found.0), Some(found.1)), (smallest, largest));
        }
        let valid: Vec<bool> = (0..100).map(|at| at == 50 || at == 70).collect();
        let expected = (f64::from(y[50].min(y[70])) / 2.0, f64::from(x[50].max(x[70])) / 2.0);
        assert_eq!(source(Some(&valid)).extremes(0..100), expected);
        assert_eq!(source(Some(&valid)).extremes(0..50), (f64::INFINITY, f64::NEG_INFINITY));
    }
}
