//! All metrics of one decoded array.

use codecbench_methods::api::TensorRef;

use super::axes::{self, Means, Structure};
use super::error::{Errors, errors, identical};
use super::order;
use super::ranks::Apart;
use super::similarity::{self, Planes};
use super::source::{Source, pair};
use super::{Metric, Metrics, Original, flow, spectrum, velocity};
use crate::dataset::Kind;

/// Measures `decoded` against `original`; both have the same dtype and shape.
///
/// `bits_per_value` is the rate that [`Metric::AccuracyGain`] pays for the accuracy.
///
/// # Panics
/// If dtypes or shapes differ: the harness allocated both, so that is our bug.
pub fn measure(original: &Original<'_>, decoded: &TensorRef<'_>, bits_per_value: Option<f64>) -> Metrics {
    let mut metrics = Metrics::default();
    let source = pair(original, decoded);
    if identical(original, decoded) {
        exact(&mut metrics, original, source.as_ref());
    } else {
        let errors = errors(original, decoded);
        metrics.set(Metric::MissingMismatch, errors.mismatches as f64);
        if original.count > 0 {
            size(&mut metrics, original, &errors);
            distribution(&mut metrics, original, decoded);
        }
        if original.count > 0 && errors.largest.is_finite() {
            similarity(&mut metrics, original, source.as_ref());
            structure(&mut metrics, original, source.as_ref(), errors.sum / original.count as f64);
            motion(&mut metrics, original, source.as_ref());
        }
    }
    if original.kind == Kind::Vdf && metrics.get(Metric::MaxAbsErr).is_some_and(f64::is_finite) {
        velocity::measure(&mut metrics, original, source.as_ref());
    }
    rates(&mut metrics, original, bits_per_value);
    metrics
}

/// The root mean square error alone, in the unit of the data; 0 without a value that is not missing.
///
/// # Panics
/// As [`measure`].
pub fn rmse(original: &Original<'_>, decoded: &TensorRef<'_>) -> f64 {
    let square = errors(original, decoded).sum_square;
    if original.count == 0 { 0.0 } else { (square / original.count as f64).sqrt() * original.scale }
}

/// What every metric is when no bit has changed.
fn exact(metrics: &mut Metrics, original: &Original<'_>, source: &dyn Source) {
    use Metric::*;
    metrics.set(MissingMismatch, 0.0);
    if original.count == 0 {
        return;
    }
    for metric in [MaxAbsErr, MaxAbsErrAt, MeanAbsErr, Bias, Rmse, Ks] {
        metrics.set(metric, 0.0);
    }
    if original.range > 0.0 {
        [Nrmse, Wasserstein, OneMinusR2].into_iter().for_each(|metric| metrics.set(metric, 0.0));
        metrics.set(PearsonR, 1.0);
    }
    if original.sum_abs > 0.0 {
        [L1Rel, L2Rel, MaxPointwiseRelErr].into_iter().for_each(|metric| metrics.set(metric, 0.0));
    }
    if original.variance > 0.0 && spectrum::has_shells(original.tensor.shape()) {
        metrics.set(SpectralErr, 0.0);
    }
    if original.gradient_range().is_some_and(|range| range > 0.0) {
        metrics.set(GradNrmse, 0.0);
    }
    if original.film().is_some() {
        [FlowEpe, FlowEpeP95].into_iter().for_each(|metric| metrics.set(metric, 0.0));
    }
    if let Some((planes, pictures)) = planes(original).filter(|(planes, _)| planes.has_window(source)) {
        metrics.set(if pictures { Ssim } else { Dssim }, 1.0);
        if pictures && planes.has_scales(source) {
            metrics.set(MsSsim, 1.0);
        }
    }
}

/// The planes that structural similarity compares, and whether they are pictures rather than a field of floats.
fn planes(original: &Original<'_>) -> Option<(Planes, bool)> {
    let tensor = &original.tensor;
    let pictures = matches!(original.kind, Kind::Image | Kind::Video);
    let field = original.kind == Kind::Field && tensor.dtype().is_float();
    if pictures || field { Some((Planes::of(tensor.shape(), original.kind)?, pictures)) } else { None }
}

/// SSIM and MS-SSIM of pictures, DSSIM of fields.
fn similarity(metrics: &mut Metrics, original: &Original<'_>, source: &dyn Source) {
    let Some((planes, pictures)) = planes(original) else { return };
    let mut set = |metric, value: Option<f64>| metrics.set(metric, value.unwrap_or(f64::NAN));
    if pictures {
        let peak = peak(original).map_or(original.range, |peak| peak / original.scale);
        let (ssim, ms_ssim) = similarity::pictures(planes, source, peak, &original.spare);
        set(Metric::Ssim, ssim);
        set(Metric::MsSsim, ms_ssim);
    } else {
        set(Metric::Dssim, similarity::dssim(planes, source));
    }
}

/// Largest, mean and root mean square errors, and the norms.
fn size(metrics: &mut Metrics, original: &Original<'_>, errors: &Errors) {
    let n = original.count as f64;
    let rmse = (errors.sum_square / n).sqrt();
    metrics.set(Metric::MaxAbsErr, errors.largest);
    metrics.set(Metric::MaxAbsErrAt, errors.largest_at as f64);
    metrics.set(Metric::MeanAbsErr, errors.sum_abs / n * original.scale);
    metrics.set(Metric::Bias, errors.sum / n * original.scale);
    metrics.set(Metric::Rmse, rmse * original.scale);
    metrics.set(Metric::MaxPointwiseRelErr, errors.pointwise.unwrap_or(f64::NAN));
    if original.range > 0.0 {
        metrics.set(Metric::Nrmse, rmse / original.range);
    }
    if original.sum_abs > 0.0 {
        metrics.set(Metric::L1Rel, errors.sum_abs / original.sum_abs);
        metrics.set(Metric::L2Rel, (errors.sum_square / original.sum_square).sqrt());
    }
}

/// How far the values as a whole have moved, wherever they stand.
fn distribution(metrics: &mut Metrics, original: &Original<'_>, decoded: &TensorRef<'_>) {
    // For as many values in both arrays the first Wasserstein distance, the integral of |F - G|, is the mean distance of
    // the values of equal rank (Vallender 1974).
    let (n, Apart { furthest, distance }) = (original.count as f64, order::apart(original, decoded));
    metrics.set(Metric::Ks, furthest as f64 / n);
    if original.range > 0.0 {
        metrics.set(Metric::Wasserstein, distance / n / original.range);
    }
}

/// Correlation of original and decoded, of the error with itself, the gradient and the spectrum.
fn structure(metrics: &mut Metrics, original: &Original<'_>, source: &dyn Source, bias: f64) {
    let (n, shape) = (original.count as f64, original.tensor.shape());
    let means = Means { original: original.mean, error: bias };
    let Structure { square, product, autocorrelation, gradient } = axes::structure(source, shape, means);
    correlation(metrics, original.variance, square / n, product / n);
    metrics.set(Metric::ErrAutocorr1, autocorrelation.unwrap_or(f64::NAN));
    if let (Some(rmse), Some(range)) = (gradient, original.gradient_range())
        && range > 0.0
    {
        metrics.set(Metric::GradNrmse, rmse / range);
    }
    let spectrum = original.spectrum().and_then(|spectrum| spectrum.error(&|start, out| source.error(start, out)));
    metrics.set(Metric::SpectralErr, spectrum.unwrap_or(f64::NAN));
}

/// How far the optical flow of a video has moved.
fn motion(metrics: &mut Metrics, original: &Original<'_>, source: &dyn Source) {
    let Some(film) = original.film() else { return };
    let read = |start: usize, out: &mut [f64]| source.decoded(start, out);
    let (truth, trackers) = (original.flow(&film), &original.trackers);
    let (mean, percentile) = flow::end_point_errors(&film, original.range, &read, truth, trackers);
    metrics.set(Metric::FlowEpe, mean);
    metrics.set(Metric::FlowEpeP95, percentile);
}

/// Pearson's r from the variances of x and e and their covariance c, with y = x + e:
/// var y = var x + 2c + var e, cov(x, y) = var x + c, and 1 - r^2 = (var x var e - c^2) / (var x var y), where no two
/// nearly equal numbers are subtracted.
fn correlation(metrics: &mut Metrics, x: f64, e: f64, c: f64) {
    let y = x + 2.0 * c + e;
    if x > 0.0 && y > 0.0 {
        metrics.set(Metric::PearsonR, ((x + c) / (x * y).sqrt()).clamp(-1.0, 1.0));
        metrics.set(Metric::OneMinusR2, ((x * e - c * c) / (x * y)).clamp(0.0, 1.0));
    }
}

/// Ratios in decibels and bits, from the root mean square error.
fn rates(metrics: &mut Metrics, original: &Original<'_>, bits_per_value: Option<f64>) {
    let (Some(rmse), Some(largest)) = (metrics.get(Metric::Rmse), metrics.get(Metric::MaxAbsErr)) else {
        return;
    };
    let rmse = rmse / original.scale;
    let decibels = |signal: f64| match (signal > 0.0 && rmse > 0.0, largest == 0.0) {
        (_, true) => f64::INFINITY,
        (true, false) => 20.0 * libm::log10(signal / rmse),
        (false, false) => f64::NAN,
    };
    metrics.set(Metric::PsnrRange, decibels(original.range));
    if let Some(peak) = peak(original) {
        metrics.set(Metric::PsnrPeak, decibels(peak / original.scale));
    }
    let sigma = original.variance.sqrt();
    if sigma > 0.0 {
        metrics.set(Metric::SnrDb, decibels(sigma));
        let gain = libm::log2(sigma / rmse) - bits_per_value.unwrap_or(f64::NAN);
        metrics.set(Metric::AccuracyGain, gain);
    }
}

/// The largest value that an image's element type can hold, 2^b - 1; none for other kinds and for floats.
fn peak(original: &Original<'_>) -> Option<f64> {
    let dtype = original.tensor.dtype();
    let pictures = matches!(original.kind, Kind::Image | Kind::Video);
    (pictures && !dtype.is_float()).then(|| libm::exp2(8.0 * dtype.size() as f64) - 1.0)
}
