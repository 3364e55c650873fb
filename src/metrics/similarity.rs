//! Structural similarity: SSIM (Wang et al. 2004), MS-SSIM (Wang et al. 2003) and DSSIM (Baker et al. 2022).
//!
//! Pictures are planes: the two last axes of an array, or the two before the channels of an image or video.

use rayon::prelude::*;

use super::filter::WINDOW;
use super::picture::halve;
use super::source::Source;
use super::spare::{Lent, Spare};
use super::wide::wide;
use super::window::{Constants, Rows, Similarity, has_window, similarity};
use crate::dataset::Kind;

const K1: f64 = 0.01;
const K2: f64 = 0.03;
/// Weights of the five scales (Wang 2003, section 3.2).
const SCALES: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/// Stabilising constant of both factors in DSSIM, for data scaled to [0, 1] (Baker 2022, section 3).
const DSSIM_C: f64 = 1e-8;
/// The largest of DSSIM's levels.
const TOP: f64 = 255.0;

/// How the planes lie in an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Planes {
    /// Planes, channels counted once each.
    pub count: usize,
    pub height: usize,
    pub width: usize,
    /// Interleaved channels; 1 where there are none.
    channels: usize,
}

impl Planes {
    /// The planes of an array of pictures or of a field. A last axis of at most four, behind the two of an image or the
    /// three of a video, holds channels. `None` where there is no plane as large as the window.
    pub fn of(shape: &[usize], kind: Kind) -> Option<Self> {
        let (plane, channels) = match (kind, shape) {
            (Kind::Image, [plane @ .., channels]) if plane.len() == 2 && *channels <= 4 => (plane, *channels),
            (Kind::Video, [plane @ .., channels]) if plane.len() == 3 && *channels <= 4 => (plane, *channels),
            _ => (shape, 1),
        };
        let &[ref stack @ .., height, width] = plane else { return None };
        let count = stack.iter().product::<usize>() * channels;
        (count > 0 && height >= WINDOW && width >= WINDOW).then_some(Planes { count, height, width, channels })
    }

    /// Whether some window holds no missing value.
    pub fn has_window(&self, source: &dyn Source) -> bool {
        source.valid().is_none() || (0..self.count).any(|index| has_window(&self.plane(source, index)))
    }

    /// Whether the smallest scale of MS-SSIM is as large as the window.
    pub fn has_scales(&self, source: &dyn Source) -> bool {
        source.valid().is_none() && self.height.min(self.width) >> (SCALES.len() - 1) >= WINDOW
    }

    fn plane<'s>(&self, source: &'s dyn Source, index: usize) -> Plane<'s> {
        let start = index / self.channels * self.height * self.width * self.channels + index % self.channels;
        Plane { source, planes: *self, start, levels: None }
    }

    /// What `one` makes of each plane, in order; few planes at a time, so that few need memory at once.
    fn each<R: Send>(&self, source: &dyn Source, one: impl Fn(Plane<'_>) -> Option<R> + Sync) -> Vec<R> {
        (0..self.count).into_par_iter().filter_map(|index| one(self.plane(source, index))).collect()
    }
}

/// One plane of the two arrays.
struct Plane<'s> {
    source: &'s dyn Source,
    planes: Planes,
    /// Flat index of the first pixel.
    start: usize,
    /// The smallest value and the range that are spread over DSSIM's levels; `None` for the values as they are.
    levels: Option<(f64, f64)>,
}

impl Plane<'_> {
    /// Calls `read` with the numbers behind some pixels of a row, all channels, and keeps this plane's.
    fn pixels(&self, row: usize, column: usize, out: &mut [f64], read: impl Fn(usize, &mut [f64])) {
        let channels = self.planes.channels;
        let start = self.start + (row * self.planes.width + column) * channels;
        if channels == 1 {
            return read(start, out);
        }
        let mut all = [0.0; 256];
        for (piece, out) in out.chunks_mut(all.len() / channels).enumerate() {
            let all = &mut all[..out.len() * channels];
            let from = start + piece * (256 / channels) * channels;
            read(from - from % channels, all);
            let own = all.iter().skip(start % channels).step_by(channels);
            out.iter_mut().zip(own).for_each(|(out, value)| *out = *value);
        }
    }

    /// Spreads the values of both arrays in this plane, of an array without channels, over 256 levels.
    fn quantised(self) -> Self {
        let (min, max) = self.source.extremes(self.start..self.start + self.planes.height * self.planes.width);
        Plane { levels: Some((min, max - min)), ..self }
    }
}

impl Rows for Plane<'_> {
    fn height(&self) -> usize {
        self.planes.height
    }

    fn width(&self) -> usize {
        self.planes.width
    }

    fn fill(&self, row: usize, column: usize, x: &mut [f64], y: &mut [f64]) {
        self.pixels(row, column, x, |start, out| self.source.original(start, out));
        self.pixels(row, column, y, |start, out| self.source.decoded(start, out));
        if let Some((min, range)) = self.levels {
            [x, y].into_iter().for_each(|values| to_levels(values, min, range));
        }
    }

    fn holes(&self, row: usize, column: usize, present: &mut [bool]) -> bool {
        let Some(valid) = self.source.valid() else { return false };
        let row = valid[self.start + (row * self.planes.width + column) * self.planes.channels..].iter();
        present.iter_mut().zip(row.step_by(self.planes.channels)).for_each(|(to, from)| *to = *from);
        present.contains(&false)
    }
}

/// Spreads values over the levels.
fn to_levels(values: &mut [f64], min: f64, range: f64) {
    // A product comes this close to the quotient: between these the nearest level is the same. What is not a number is not.
    const BETWEEN: f64 = 0.5 - 1e-9;
    let scale = TOP / range;
    wide(
        #[inline(always)]
        || {
            let mut between = true;
            for value in &*values {
                let level = (*value - min) * scale;
                between &= (level - rounded(level)).abs() < BETWEEN;
            }
            if between {
                values.iter_mut().for_each(|value| *value = rounded((*value - min) * scale));
            } else {
                values.iter_mut().for_each(|value| *value = level(*value, min, range));
            }
        },
    );
}

/// The level of a value, from 0 to [`TOP`]; 0 where there is no range.
#[inline(always)]
fn level(value: f64, min: f64, range: f64) -> f64 {
    if range > 0.0 { rounded((value - min) / range * TOP) } else { 0.0 }
}

/// The nearest whole number, of two the even one, of one that is far below 2^52.
#[inline(always)]
fn rounded(value: f64) -> f64 {
    // Numbers from here on are whole: adding and taking away rounds.
    const WHOLE: f64 = 1.5 * (1u64 << 52) as f64;
    (value + WHOLE) - WHOLE
}

/// Mean SSIM and MS-SSIM over the planes, with `peak` the dynamic range L.
///
/// Windows that hold a missing value are left out of SSIM, and `None` stands for no window at all; there is no MS-SSIM
/// with missing values, or where the fifth scale is smaller than the window.
pub(super) fn pictures(
    planes: Planes,
    source: &dyn Source,
    peak: f64,
    spare: &Spare<Vec<f64>>,
) -> (Option<f64>, Option<f64>) {
    let constants = Constants((K1 * peak).powi(2), (K2 * peak).powi(2));
    let scales = planes.has_scales(source);
    let found = planes.each(source, |plane| {
        let first = similarity(&plane, constants)?;
        Some((first.ssim, if scales { smaller_scales(&plane, first, constants, spare) } else { None }))
    });
    let ssim = mean(found.iter().map(|(ssim, _)| *ssim));
    (ssim, mean(found.iter().filter_map(|(_, scales)| *scales)))
}

/// MS-SSIM of a plane whose similarity at the first scale is known.
fn smaller_scales(plane: &Plane<'_>, first: Similarity, constants: Constants, spare: &Spare<Vec<f64>>) -> Option<f64> {
    let (mut product, mut halves) = (power(first.contrast, SCALES[0]), Halves::of(plane, spare));
    let [_, middle @ .., last] = SCALES;
    for weight in middle {
        product *= power(similarity(&halves, constants)?.contrast, weight);
        halves = Halves::of(&halves, spare);
    }
    Some(product * power(similarity(&halves, constants)?.ssim, last))
}

/// A negative factor has no such power; it counts as no similarity.
fn power(factor: f64, weight: f64) -> f64 {
    libm::pow(factor.max(0.0), weight)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// Smallest DSSIM over the planes, each scaled to [0, 1] by the range of both arrays in it and rounded to 256 levels.
pub(super) fn dssim(planes: Planes, source: &dyn Source) -> Option<f64> {
    // The levels are whole numbers here, so the constants grow with them.
    let constant = DSSIM_C * TOP * TOP;
    let one = |plane: Plane<'_>| Some(similarity(&plane.quantised(), Constants(constant, constant))?.ssim);
    planes.each(source, one).into_iter().reduce(f64::min)
}

/// Two pictures at half the size each way, every pixel the mean of four; an odd last row or column is dropped.
struct Halves<'s> {
    width: usize,
    x: Lent<'s, Vec<f64>>,
    y: Lent<'s, Vec<f64>>,
}

impl<'s> Halves<'s> {
    fn of(rows: &dyn Rows, spare: &'s Spare<Vec<f64>>) -> Self {
        let (height, width) = (rows.height() / 2, rows.width() / 2);
        let (mut x, mut y) = (spare.lend(), spare.lend());
        [&mut x, &mut y].into_iter().for_each(|half| half.resize(height * width, 0.0));
        let lines = x.par_chunks_mut(width.max(1)).zip(y.par_chunks_mut(width.max(1))).enumerate();
        let buffers = || std::array::from_fn::<_, 4, _>(|_| vec![0.0; rows.width()]);
        lines.for_each_init(buffers, |[x_above, y_above, x_below, y_below], (at, (x, y))| {
            rows.fill(2 * at, 0, x_above, y_above);
            rows.fill(2 * at + 1, 0, x_below, y_below);
            halve(x_above, x_below, x);
            halve(y_above, y_below, y);
        });
        Halves { width, x, y }
    }
}

impl Rows for Halves<'_> {
    fn height(&self) -> usize {
        self.x.len() / self.width.max(1)
    }

    fn width(&self) -> usize {
        self.width
    }

    fn fill(&self, row: usize, column: usize, x: &mut [f64], y: &mut [f64]) {
        let start = row * self.width + column;
        x.copy_from_slice(&self.x[start..start + x.len()]);
        y.copy_from_slice(&self.y[start..start + y.len()]);
    }

    fn holes(&self, _: usize, _: usize, _: &mut [bool]) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::Tensor;
    use ndarray::{Array2, Array3, ArrayD};

    use super::*;
    use crate::metrics::{Metric, Metrics, Original, measure};

    fn metrics<T>(kind: Kind, x: ArrayD<T>, y: ArrayD<T>) -> Metrics
    where
        Tensor: From<ArrayD<T>>,
    {
        let (x, y) = (Tensor::from(x), Tensor::from(y));
        measure(&Original::new(x.view(), kind, None), &y.view(), None)
    }

    #[track_caller]
    fn near(metrics: &Metrics, metric: Metric, expected: f64) {
        let found = metrics.get(metric).unwrap_or(f64::NAN);
        assert!((found - expected).abs() < 1e-9, "{}: {found} is not {expected}", metric.name());
    }

    fn picture(height: usize, width: usize, value: impl Fn(usize, usize) -> usize) -> Array2<u8> {
        Array2::from_shape_fn((height, width), |(i, j)| value(i, j).min(255) as u8)
    }

    #[test]
    fn ssim_is_what_scikit_image_says() {
        // structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False), version 0.26.
        let x = picture(20, 23, |i, j| (i * 7919 + j * 104_729) % 256);
        let y = picture(20, 23, |i, j| (usize::from(x[[i, j]]) + (i * 31 + j * 17) % 13).saturating_sub(6));
        let grey = metrics(Kind::Image, x.clone().into_dyn(), y.clone().into_dyn());
        near(&grey, Metric::Ssim, 0.9980514035928536);
        assert_eq!(grey.get(Metric::MsSsim), None, "too small for five scales");
        let twice = |plane: &Array2<u8>| Array3::from_shape_fn((20, 23, 2), |(i, j, _)| plane[[i, j]]).into_dyn();
        near(&metrics(Kind::Image, twice(&x), twice(&y)), Metric::Ssim, 0.9980514035928536);
    }

    #[test]
    fn ms_ssim_is_what_numpy_computes_from_the_definition() {
        let x = picture(180, 193, |i, j| (i * i * 3 + j * j * 5) / 37 % 256);
        let y = picture(180, 193, |i, j| (usize::from(x[[i, j]]) + (i * 31 + j * 17) % 41).saturating_sub(20));
        near(&metrics(Kind::Image, x.into_dyn(), y.into_dyn()), Metric::MsSsim, 0.9969720220950191);
    }

    #[test]
    fn dssim_is_what_numpy_computes_from_the_definition_on_the_worst_plane() {
        let x = |(i, j): (usize, usize)| (i as f64 * 0.3).sin() + (j as f64 * 0.2).cos();
        let y = |(i, j): (usize, usize)| x((i, j)) + 0.01 * ((i * j) as f64).sin();
        let stack = |worst: &dyn Fn((usize, usize)) -> f64| {
            Array3::from_shape_fn((2, 20, 23), |(k, i, j)| if k == 1 { worst((i, j)) } else { x((i, j)) }).into_dyn()
        };
        near(&metrics(Kind::Field, stack(&x), stack(&y)), Metric::Dssim, 0.9995506689543802);
    }

    #[test]
    fn levels_are_those_of_a_division_near_ties_too() {
        for (min, range) in [(0.0, 510.0), (-0.3, 0.7), (1e300, 1e299), (0.0, 1e-310), (2.0, 0.0)] {
            let values: Vec<f64> = (0..=1020).map(|at| min + range * (f64::from(at) / 1020.0)).collect();
            for part in values.chunks(7).chain(values.chunks(1)) {
                let (mut found, expected) = (part.to_vec(), part.iter().map(|&value| level(value, min, range)));
                to_levels(&mut found, min, range);
                assert_eq!(found, expected.collect::<Vec<_>>(), "{range} from {min}");
            }
        }
    }

    #[test]
    fn windows_with_a_missing_value_are_left_out() {
        let plane = |hole: f32, rest: f32| {
            let value = |(i, j): (usize, usize)| if i == 0 { hole } else { (i * j) as f32 + rest };
            Array2::from_shape_fn((12, 12), value).into_dyn()
        };
        let found = metrics(Kind::Field, plane(f32::NAN, 0.0), plane(f32::NAN, 40.0)).get(Metric::Dssim);
        let without = |rest: f32| plane(0.0, rest).slice_move(ndarray::s![1.., ..]).into_dyn();
        let expected = metrics(Kind::Field, without(0.0), without(40.0)).get(Metric::Dssim);
        assert_eq!((found, found.is_some()), (expected, true));
        assert_eq!(metrics(Kind::Field, plane(f32::NAN, 0.0), plane(f32::NAN, 0.0)).get(Metric::Dssim), Some(1.0));
        let small = Array2::<f32>::zeros((10, 40)).into_dyn();
        assert_eq!(metrics(Kind::Field, small.clone(), small).get(Metric::Dssim), None);
    }
}
