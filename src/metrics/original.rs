//! What is known of an original before anything is decoded, computed once per data set.

use std::sync::OnceLock;

use codecbench_methods::api::{Element, TensorRef, View};
use codecbench_methods::for_dtype;

use super::Summary;
use super::axes;
use super::order::Sorted;
use super::sum::sums;
use super::velocity::{Grid, Moments};
use crate::dataset::Kind;

/// The original side of every comparison: values, missing values and what can be computed once.
#[derive(Debug)]
pub struct Original<'a> {
    pub(super) tensor: TensorRef<'a>,
    pub(super) kind: Kind,
    pub(super) scaled: Scaled,
    summary: Summary,
    sorted: OnceLock<Sorted>,
    gradient_range: OnceLock<Option<f64>>,
    pub(super) grid: Grid,
    moments: OnceLock<Vec<Moments>>,
}

/// The values as `f64`, divided by a power of two near the largest, so that squares neither overflow nor vanish.
#[derive(Debug)]
pub(super) struct Scaled {
    /// Flat, C order; missing values are 0.
    pub values: Vec<f64>,
    /// Which values are not missing; `None` if all are there.
    pub valid: Option<Vec<bool>>,
    /// Number of values that are not missing.
    pub count: usize,
    /// The power of two: `value = values[i] * scale`.
    pub scale: f64,
    pub mean: f64,
    pub variance: f64,
    pub sum_abs: f64,
    pub sum_square: f64,
    pub range: f64,
}

impl Scaled {
    /// Whether the value at a flat index is not missing.
    #[inline(always)]
    pub fn is_valid(&self, at: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[at])
    }

    /// What a difference in the unit of the data is multiplied by.
    pub fn inverse(&self) -> f64 {
        1.0 / self.scale
    }
}

impl<'a> Original<'a> {
    /// Takes the statistics of `tensor`, whose missing values are NaN, infinities and `fill`.
    pub fn new(tensor: TensorRef<'a>, kind: Kind, fill: Option<f64>) -> Self {
        let (values, valid) = for_dtype!(TensorRef, &tensor, view => split_missing(view, fill));
        let (summary, scaled) = summarise(values, valid);
        Original {
            tensor,
            kind,
            scaled,
            summary,
            sorted: OnceLock::new(),
            gradient_range: OnceLock::new(),
            grid: Grid::default(),
            moments: OnceLock::new(),
        }
    }

    /// Says on what velocity grid a distribution function stands: the spacing per axis (1 where it is not given), and
    /// the value at or below which a cell counts as empty.
    pub fn on_velocity_grid(self, spacing: Option<Vec<f64>>, threshold: Option<f64>) -> Self {
        let stack = self.grid.stack;
        Original { grid: Grid { spacing, threshold, stack }, moments: OnceLock::new(), ..self }
    }

    /// Says whether the first axis numbers distribution functions.
    pub fn stacked(self, stack: bool) -> Self {
        Original { grid: Grid { stack, ..self.grid }, moments: OnceLock::new(), ..self }
    }

    /// Moments of each distribution function; computed at the first call.
    pub(super) fn moments(&self) -> &[Moments] {
        let moments = || Moments::all(self.tensor.shape(), &self.grid, &self.scaled.values, self.scaled.scale);
        self.moments.get_or_init(moments)
    }

    /// Statistics over the values that are not missing.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Whether the value at a flat index is not missing.
    pub fn is_valid(&self, at: usize) -> bool {
        self.scaled.is_valid(at)
    }

    /// The original itself.
    pub fn tensor(&self) -> &TensorRef<'a> {
        &self.tensor
    }

    /// The values that are not missing, in ascending order; sorted at the first call.
    pub(super) fn sorted(&self) -> &Sorted {
        self.sorted.get_or_init(|| Sorted::new(&self.tensor, self.scaled.valid.as_deref()))
    }

    /// Range of the central differences over all axes, scaled; computed at the first call.
    pub(super) fn gradient_range(&self) -> Option<f64> {
        *self.gradient_range.get_or_init(|| axes::gradient_range(self.tensor.shape(), &self.scaled))
    }
}

/// The bit pattern of the fill value in this element type; `None` if it cannot occur there.
fn fill_bits<T: Element>(fill: Option<f64>) -> Option<u64> {
    let fill = fill?;
    let value = T::from_f64(fill);
    let occurs = if T::DTYPE.is_float() { value.is_finite() } else { value.to_f64() == fill };
    occurs.then(|| value.to_bits())
}

/// The values, 0 where one is missing, and the mask of those that are there unless all are.
fn split_missing<T: Element>(view: &View<'_, T>, fill: Option<f64>) -> (Vec<f64>, Option<Vec<bool>>) {
    let fill = fill_bits::<T>(fill);
    let is_valid = |value: &T| value.is_finite() && fill != Some(value.to_bits());
    let data = view.data();
    if data.iter().all(is_valid) {
        return (data.iter().map(|value| value.to_f64()).collect(), None);
    }
    let valid: Vec<bool> = data.iter().map(is_valid).collect();
    let values = data.iter().zip(&valid).map(|(value, &valid)| if valid { value.to_f64() } else { 0.0 });
    (values.collect(), Some(valid))
}

fn summarise(mut values: Vec<f64>, valid: Option<Vec<bool>>) -> (Summary, Scaled) {
    let count = valid.as_ref().map_or(values.len(), |valid| valid.iter().filter(|&&valid| valid).count());
    let (min, max) = extremes(&values, valid.as_deref());
    let scale = if count == 0 { 1.0 } else { power_of_two(min.abs().max(max.abs())) };
    values.iter_mut().for_each(|value| *value /= scale);
    let n = count as f64;
    let [sum, sum_abs, sum_square] = sums(values.len(), &|at| [values[at], values[at].abs(), values[at] * values[at]]);
    let mean = sum / n;
    let present = |at: usize| valid.as_ref().is_none_or(|valid| valid[at]);
    let [spread] = sums(values.len(), &|at| if present(at) { [(values[at] - mean).powi(2)] } else { [0.0] });
    // Rounding of the mean must not give a constant a spread.
    let variance = if min == max { 0.0 } else { spread / n };
    let range = max / scale - min / scale;
    let some = |value: f64| (count > 0).then_some(value);
    let summary = Summary {
        valid: count,
        min: some(min),
        max: some(max),
        range: some(range * scale),
        mean: some(mean * scale),
        sigma: some(variance.sqrt() * scale),
        rms: some((sum_square / n).sqrt() * scale),
    };
    (summary, Scaled { values, valid, count, scale, mean, variance, sum_abs, sum_square, range })
}

fn extremes(values: &[f64], valid: Option<&[bool]>) -> (f64, f64) {
    let widen = |(min, max): (f64, f64), &value: &f64| (min.min(value), max.max(value));
    let start = (f64::INFINITY, f64::NEG_INFINITY);
    match valid {
        None => values.iter().fold(start, widen),
        Some(valid) => values.iter().zip(valid).filter(|(_, valid)| **valid).map(|(value, _)| value).fold(start, widen),
    }
}

/// The power of two at or below `value`, 1 for 0, kept where its inverse is a normal number.
fn power_of_two(value: f64) -> f64 {
    let exponent = if value == 0.0 { 0 } else { libm::ilogb(value) };
    libm::ldexp(1.0, exponent.clamp(-1000, 1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use codecbench_methods::api::{Tensor, View};

    fn summary<T: Element>(data: &[T], fill: Option<f64>) -> Summary
    where
        for<'a> TensorRef<'a>: From<View<'a, T>>,
    {
        let view = View::from_slice(&[data.len()], data).expect("one axis");
        *Original::new(view.into(), Kind::Field, fill).summary()
    }

    #[test]
    fn statistics_of_four_numbers() {
        // 1, 2, 3, 6: mean 3, variance (4 + 1 + 0 + 9) / 4 = 3.5, mean square 50 / 4 = 12.5.
        let found = summary(&[1.0f32, 2.0, 3.0, 6.0], None);
        assert_eq!((found.min, found.max, found.range, found.mean), (Some(1.0), Some(6.0), Some(5.0), Some(3.0)));
        assert_eq!((found.sigma, found.rms), (Some(3.5f64.sqrt()), Some(12.5f64.sqrt())));
    }

    #[test]
    fn missing_values_are_left_out() {
        let found = summary(&[f32::NAN, 4.0, -1e9, f32::INFINITY, 8.0], Some(-1e9));
        assert_eq!((found.valid, found.min, found.max, found.mean), (2, Some(4.0), Some(8.0), Some(6.0)));
    }

    #[test]
    fn a_fill_value_that_the_type_cannot_hold_hides_nothing() {
        assert_eq!(summary(&[0u8, 5, 255], Some(-999.0)).valid, 3);
    }

    #[test]
    fn nothing_has_no_statistics_and_a_constant_has_no_spread() {
        assert_eq!(summary::<f64>(&[], None), Summary::default());
        assert_eq!(summary(&[f64::NAN], None), Summary::default());
        let constant = summary(&[0.1f64; 1001], None);
        assert_eq!((constant.range, constant.sigma), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn squares_of_huge_and_tiny_values_neither_overflow_nor_vanish() {
        for unit in [1e300, 1e-300, f64::MIN_POSITIVE] {
            let found = summary(&[3.0 * unit, -4.0 * unit], None);
            let rms = found.rms.expect("two values") / unit;
            assert!((rms - 12.5f64.sqrt()).abs() < 1e-12, "{unit}: {rms}");
        }
        assert_eq!(summary(&[f64::MAX, -f64::MAX], None).range, Some(f64::INFINITY));
    }

    #[test]
    fn an_array_without_axes_is_one_value() {
        let tensor = Tensor::zeros(codecbench_methods::api::DType::I32, &[]);
        assert_eq!(Original::new(tensor.view(), Kind::Field, None).summary().valid, 1);
    }
}
