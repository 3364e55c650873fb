//! What is known of an original before anything is decoded, computed once per data set.

use std::ops::Range;

use codecbench_methods::api::{Element, TensorRef, View};
use codecbench_methods::for_dtype;

use super::film::Film;
use super::flow::{self, Flow, Tracker};
use super::lazy::Lazy;
use super::order::Sorted;
use super::source::{self, Source};
use super::spare::Spare;
use super::spectrum::Spectrum;
use super::sum::{blocks, pairs, total};
use super::velocity::{Grid, Moments};
use super::{Summary, axes};
use crate::dataset::Kind;

/// The original side of every comparison: missing values, statistics and what can be computed once.
///
/// Statistics are of the values divided by `scale`, a power of two near the largest, so that squares neither overflow nor
/// vanish.
#[derive(Debug)]
pub struct Original<'a> {
    pub(super) tensor: TensorRef<'a>,
    pub(super) kind: Kind,
    /// Which values are not missing; `None` if all are there.
    pub(super) valid: Option<Vec<bool>>,
    /// Number of values that are not missing.
    pub(super) count: usize,
    pub(super) scale: f64,
    pub(super) mean: f64,
    pub(super) variance: f64,
    pub(super) sum_abs: f64,
    pub(super) sum_square: f64,
    pub(super) range: f64,
    summary: Summary,
    sorted: Lazy<Sorted>,
    spectrum: Lazy<Option<Spectrum>>,
    gradient_range: Lazy<Option<f64>>,
    flow: Lazy<Vec<Flow>>,
    luma_rows: Option<usize>,
    pub(super) trackers: Spare<Tracker>,
    pub(super) spare: Spare<Vec<f64>>,
    pub(super) grid: Grid,
    moments: Lazy<Vec<Moments>>,
}

impl<'a> Original<'a> {
    /// Takes the statistics of `tensor`, whose missing values are NaN, infinities and `fill`.
    pub fn new(tensor: TensorRef<'a>, kind: Kind, fill: Option<f64>) -> Self {
        let (valid, extremes) = for_dtype!(TensorRef, &tensor, view => look_through(view, fill));
        let count = valid.as_ref().map_or(tensor.len(), |valid| valid.iter().filter(|&&valid| valid).count());
        let statistics = statistics(&tensor, valid.as_deref(), count, extremes);
        let Statistics { scale, mean, variance, sum_abs, sum_square, range } = statistics;
        Original {
            summary: statistics.summary(count, extremes),
            tensor,
            kind,
            valid,
            count,
            scale,
            mean,
            variance,
            sum_abs,
            sum_square,
            range,
            sorted: Lazy::default(),
            spectrum: Lazy::default(),
            gradient_range: Lazy::default(),
            flow: Lazy::default(),
            luma_rows: None,
            trackers: Spare::default(),
            spare: Spare::default(),
            grid: Grid::default(),
            moments: Lazy::default(),
        }
    }

    /// Says on what velocity grid a distribution function stands: the spacing per axis (1 where it is not given), and
    /// the value at or below which a cell counts as empty.
    pub fn on_velocity_grid(self, spacing: Option<Vec<f64>>, threshold: Option<f64>) -> Self {
        let stack = self.grid.stack;
        Original { grid: Grid { spacing, threshold, stack }, moments: Lazy::default(), ..self }
    }

    /// Says whether the first axis numbers distribution functions.
    pub fn stacked(self, stack: bool) -> Self {
        Original { grid: Grid { stack, ..self.grid }, moments: Lazy::default(), ..self }
    }

    /// Moments of each distribution function; computed at the first call.
    pub(super) fn moments(&self) -> &[Moments] {
        self.moments.get(|| Moments::all(self.alone().as_ref(), self, false))
    }

    /// Statistics over the values that are not missing.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Whether the value at a flat index is not missing.
    pub fn is_valid(&self, at: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[at])
    }

    /// What a difference in the unit of the data is multiplied by.
    pub(super) fn inverse(&self) -> f64 {
        1.0 / self.scale
    }

    /// The values, without anything decoded.
    pub(super) fn alone(&self) -> Box<dyn Source + '_> {
        source::alone(&self.tensor, self.valid.as_deref(), self.inverse())
    }

    /// The original itself.
    pub fn tensor(&self) -> &TensorRef<'a> {
        &self.tensor
    }

    /// The values that are not missing, in ascending order; sorted at the first call.
    pub(super) fn sorted(&self) -> &Sorted {
        self.sorted.get(|| Sorted::new(&self.tensor, self.valid.as_deref()))
    }

    /// The low Fourier coefficients, if an axis is long enough for any; computed at the first call.
    pub(super) fn spectrum(&self) -> Option<&Spectrum> {
        let source = self.alone();
        let read = |start: usize, out: &mut [f64]| {
            source.original(start, out);
            let valid = self.valid.as_deref().map(|valid| &valid[start..start + out.len()]);
            take_off(self.mean, out, valid);
        };
        self.spectrum.get(|| Spectrum::of(&read, self.tensor.shape())).as_ref()
    }

    /// Says how many rows of a frame are luma, where chroma stands below them in a video.
    pub fn with_luma_rows(self, luma_rows: Option<usize>) -> Self {
        Original { luma_rows, flow: Lazy::default(), ..self }
    }

    /// How frames lie in the array, if it is a video whose flow can be measured.
    pub(super) fn film(&self) -> Option<Film> {
        let film = Film::of(self.tensor.shape(), self.kind, self.luma_rows)?;
        (self.valid.is_none() && self.range > 0.0 && self.range.is_finite()).then_some(film)
    }

    /// Optical flow of a video; computed at the first call.
    pub(super) fn flow(&self, film: &Film) -> &[Flow] {
        let source = self.alone();
        let read = |start: usize, out: &mut [f64]| source.original(start, out);
        self.flow.get(|| flow::flows(film, self.range, &read, &self.trackers))
    }

    /// Range of the central differences over all axes, scaled; computed at the first call.
    pub(super) fn gradient_range(&self) -> Option<f64> {
        *self.gradient_range.get(|| axes::gradient_range(self.alone().as_ref(), self.tensor.shape()))
    }
}

/// The bit pattern of the fill value in this element type; `None` if it cannot occur there.
fn fill_bits<T: Element>(fill: Option<f64>) -> Option<u64> {
    let fill = fill?;
    let value = T::from_f64(fill);
    let occurs = if T::DTYPE.is_float() { value.is_finite() } else { value.to_f64() == fill };
    occurs.then(|| value.to_bits())
}

/// The mask of the values that are there, unless all are, and the smallest and largest of them.
fn look_through<T: Element>(view: &View<'_, T>, fill: Option<f64>) -> (Option<Vec<bool>>, (f64, f64)) {
    let fill = fill_bits::<T>(fill);
    let is_valid = |value: &T| value.is_finite() && fill != Some(value.to_bits());
    let data = view.data();
    let parts = blocks(data.len(), |block| {
        let (mut min, mut max, mut missing) = (f64::INFINITY, f64::NEG_INFINITY, false);
        for value in &data[block] {
            if is_valid(value) {
                let value = value.to_f64();
                (min, max) = (if value < min { value } else { min }, if value > max { value } else { max });
            } else {
                missing = true;
            }
        }
        (min, max, missing)
    });
    let widen = |(min, max): (f64, f64), part: &(f64, f64, bool)| (min.min(part.0), max.max(part.1));
    let extremes = parts.iter().fold((f64::INFINITY, f64::NEG_INFINITY), widen);
    let missing = parts.iter().any(|part| part.2);
    (missing.then(|| data.iter().map(is_valid).collect()), extremes)
}

/// Statistics of scaled values.
struct Statistics {
    scale: f64,
    mean: f64,
    variance: f64,
    sum_abs: f64,
    sum_square: f64,
    range: f64,
}

fn statistics(tensor: &TensorRef<'_>, valid: Option<&[bool]>, count: usize, (min, max): (f64, f64)) -> Statistics {
    let scale = if count == 0 { 1.0 } else { power_of_two(min.abs().max(max.abs())) };
    let source = source::alone(tensor, valid, 1.0 / scale);
    let n = count as f64;
    let over = |block: Range<usize>, term: &dyn Fn(&[f64]) -> [f64; 3]| {
        let mut values = vec![0.0; block.len()];
        source.original(block.start, &mut values);
        term(&values)
    };
    let [sum, sum_abs, sum_square] = total(blocks(tensor.len(), |block| {
        over(block, &|v| [pairs(v, v, |v, _| v), pairs(v, v, |v, _| v.abs()), pairs(v, v, |v, _| v * v)])
    }));
    let mean = sum / n;
    let [spread, ..] = total(blocks(tensor.len(), |block| {
        over(block.clone(), &|values| {
            let mut distances = values.to_vec();
            take_off(mean, &mut distances, valid.map(|valid| &valid[block.clone()]));
            [pairs(&distances, &distances, |d, _| d * d), 0.0, 0.0]
        })
    }));
    // Rounding of the mean must not give a constant a spread.
    let variance = if min == max { 0.0 } else { spread.max(0.0) / n };
    Statistics { scale, mean, variance, sum_abs, sum_square, range: max / scale - min / scale }
}

/// Takes the mean off the values that are not missing; the others are 0, and stay so.
fn take_off(mean: f64, values: &mut [f64], valid: Option<&[bool]>) {
    match valid {
        None => values.iter_mut().for_each(|value| *value -= mean),
        Some(valid) => {
            let present = values.iter_mut().zip(valid).filter(|(_, valid)| **valid);
            present.for_each(|(value, _)| *value -= mean);
        }
    }
}

impl Statistics {
    fn summary(&self, count: usize, (min, max): (f64, f64)) -> Summary {
        let some = |value: f64| (count > 0).then_some(value);
        Summary {
            valid: count,
            min: some(min),
            max: some(max),
            range: some(self.range * self.scale),
            mean: some(self.mean * self.scale),
            sigma: some(self.variance.sqrt() * self.scale),
            rms: some((self.sum_square / count as f64).sqrt() * self.scale),
        }
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
