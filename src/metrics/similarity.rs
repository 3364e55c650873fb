//! Structural similarity: SSIM (Wang et al. 2004), MS-SSIM (Wang et al. 2003) and DSSIM (Baker et al. 2022).
//!
//! Pictures are planes: the two last axes of an array, or the two before the channels of an image or video.

use super::original::Scaled;
use super::sum::sums;
use crate::dataset::Kind;

/// Side of the window, and the standard deviation of its weights (Wang 2004, section III.B).
const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;
const K1: f64 = 0.01;
const K2: f64 = 0.03;
/// Weights of the five scales (Wang 2003, section 3.2).
const SCALES: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/// Stabilising constant of both factors in DSSIM, for data scaled to [0, 1] (Baker 2022, section 3).
const DSSIM_C: f64 = 1e-8;

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
    pub fn has_window(&self, original: &Scaled) -> bool {
        match &original.valid {
            None => true,
            Some(valid) => (0..self.count).any(|index| whole_windows(&self.plane(valid, index)).contains(&true)),
        }
    }

    /// Whether the smallest scale of MS-SSIM is as large as the window.
    pub fn has_scales(&self, original: &Scaled) -> bool {
        original.valid.is_none() && self.height.min(self.width) >> (SCALES.len() - 1) >= WINDOW
    }

    /// One plane of flat, C-order `values`, row by row.
    pub fn plane<T: Copy>(&self, values: &[T], index: usize) -> Plane<T> {
        let (height, width) = (self.height, self.width);
        let start = index / self.channels * height * width * self.channels + index % self.channels;
        let pixels = values[start..].iter().step_by(self.channels).take(height * width).copied().collect();
        Plane { height, width, pixels }
    }
}

/// One picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plane<T> {
    pub height: usize,
    pub width: usize,
    pub pixels: Vec<T>,
}

/// Mean SSIM over the planes, with `peak` the dynamic range L; windows that hold a missing value are left out, and `None`
/// stands for no window at all.
pub(super) fn ssim(planes: Planes, original: &Scaled, y: &[f64], peak: f64) -> Option<f64> {
    let constants = ((K1 * peak).powi(2), (K2 * peak).powi(2));
    mean(planes, |index| {
        let (x, y) = (planes.plane(&original.values, index), planes.plane(y, index));
        let valid = original.valid.as_ref().map(|valid| planes.plane(valid, index));
        similarity(&x, &y, valid.as_ref(), constants).map(|(ssim, _)| ssim)
    })
}

/// Mean MS-SSIM over the planes; `None` with missing values, or where the fifth scale is smaller than the window.
pub(super) fn ms_ssim(planes: Planes, original: &Scaled, y: &[f64], peak: f64) -> Option<f64> {
    if !planes.has_scales(original) {
        return None;
    }
    let constants = ((K1 * peak).powi(2), (K2 * peak).powi(2));
    mean(planes, |index| {
        let (mut x, mut y) = (planes.plane(&original.values, index), planes.plane(y, index));
        let mut product = 1.0;
        for (scale, weight) in SCALES.into_iter().enumerate() {
            let (ssim, contrast) = similarity(&x, &y, None, constants)?;
            let factor = if scale + 1 < SCALES.len() { contrast } else { ssim };
            // A negative factor has no such power; it counts as no similarity.
            product *= libm::pow(factor.max(0.0), weight);
            (x, y) = (halved(&x), halved(&y));
        }
        Some(product)
    })
}

/// Smallest DSSIM over the planes, each scaled to [0, 1] by the range of both arrays in it and rounded to 256 levels.
pub(super) fn dssim(planes: Planes, original: &Scaled, y: &[f64]) -> Option<f64> {
    let one = |index| {
        let (mut x, mut y) = (planes.plane(&original.values, index), planes.plane(y, index));
        let valid = original.valid.as_ref().map(|valid| planes.plane(valid, index));
        quantise_jointly(&mut x.pixels, &mut y.pixels, valid.as_ref().map(|plane| plane.pixels.as_slice()));
        similarity(&x, &y, valid.as_ref(), (DSSIM_C, DSSIM_C)).map(|(ssim, _)| ssim)
    };
    (0..planes.count).filter_map(one).reduce(f64::min)
}

fn mean(planes: Planes, one: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> = (0..planes.count).filter_map(one).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn quantise_jointly(x: &mut [f64], y: &mut [f64], valid: Option<&[bool]>) {
    let present = |at: usize| valid.is_none_or(|valid| valid[at]);
    let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
    for (_, (&x, &y)) in x.iter().zip(y.iter()).enumerate().filter(|(at, _)| present(*at)) {
        (min, max) = (min.min(x).min(y), max.max(x).max(y));
    }
    let range = max - min;
    let level = |value: f64| if range > 0.0 { ((value - min) / range * 255.0).round_ties_even() / 255.0 } else { 0.0 };
    x.iter_mut().chain(y.iter_mut()).for_each(|value| *value = level(*value));
}

/// Mean over the windows of SSIM and of its contrast-structure factor.
fn similarity(x: &Plane<f64>, y: &Plane<f64>, valid: Option<&Plane<bool>>, (c1, c2): (f64, f64)) -> Option<(f64, f64)> {
    let weights = gaussian();
    let map = |value: &dyn Fn(f64, f64) -> f64| {
        let pixels = x.pixels.iter().zip(&y.pixels).map(|(&x, &y)| value(x, y)).collect();
        filtered(&Plane { pixels, ..*x }, &weights)
    };
    let (mean_x, mean_y) = (map(&|x, _| x), map(&|_, y| y));
    // Only the sum of the variances is needed.
    let (squares, product) = (map(&|x, y| x * x + y * y), map(&|x, y| x * y));
    let whole = valid.map(whole_windows);
    let [ssim, contrast, count] = sums(mean_x.len(), &|at| {
        if whole.as_ref().is_some_and(|whole| !whole[at]) {
            return [0.0; 3];
        }
        let (x, y) = (mean_x[at], mean_y[at]);
        let (means, both) = (x * x + y * y, 2.0 * x * y);
        let contrast = (2.0 * product[at] - both + c2) / (squares[at] - means + c2);
        [(both + c1) / (means + c1) * contrast, contrast, 1.0]
    });
    (count > 0.0).then(|| (ssim / count, contrast / count))
}

fn gaussian() -> [f64; WINDOW] {
    let centre = (WINDOW / 2) as f64;
    let weight = |at: usize| libm::exp(-(at as f64 - centre).powi(2) / (2.0 * SIGMA * SIGMA));
    let total: f64 = (0..WINDOW).map(weight).sum();
    std::array::from_fn(|at| weight(at) / total)
}

/// The plane under a window of separable weights, only where the window lies within.
fn filtered(plane: &Plane<f64>, weights: &[f64; WINDOW]) -> Vec<f64> {
    let (height, width) = (plane.height - WINDOW + 1, plane.width - WINDOW + 1);
    let mut rows = vec![0.0; plane.height * width];
    for (row, out) in plane.pixels.chunks_exact(plane.width).zip(rows.chunks_exact_mut(width)) {
        for (shift, &weight) in weights.iter().enumerate() {
            out.iter_mut().zip(&row[shift..]).for_each(|(out, value)| *out += weight * value);
        }
    }
    let mut windows = vec![0.0; height * width];
    for (at, out) in windows.chunks_exact_mut(width).enumerate() {
        for (shift, &weight) in weights.iter().enumerate() {
            let row = &rows[(at + shift) * width..][..width];
            out.iter_mut().zip(row).for_each(|(out, value)| *out += weight * value);
        }
    }
    windows
}

/// Which windows hold no missing value.
fn whole_windows(valid: &Plane<bool>) -> Vec<bool> {
    let missing = valid.pixels.iter().map(|&valid| f64::from(!valid)).collect();
    let counted = filtered(&Plane { pixels: missing, height: valid.height, width: valid.width }, &[1.0; WINDOW]);
    counted.into_iter().map(|count| count == 0.0).collect()
}

/// Half the size each way, every pixel the mean of four; an odd last row or column is dropped.
fn halved(plane: &Plane<f64>) -> Plane<f64> {
    let (height, width) = (plane.height / 2, plane.width / 2);
    let pixel = |at: usize| {
        let corner = at / width * 2 * plane.width + at % width * 2;
        let p = &plane.pixels;
        (p[corner] + p[corner + 1] + p[corner + plane.width] + p[corner + plane.width + 1]) / 4.0
    };
    Plane { height, width, pixels: (0..height * width).map(pixel).collect() }
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
