//! All metrics of one decoded array.

use codecbench_methods::api::TensorRef;

use super::error::{Errors, errors, identical};
use super::order::{self, Sorted};
use super::similarity::{self, Planes};
use super::sum::sums;
use super::{Metric, Metrics, Original, axes, spectrum, velocity};
use crate::dataset::Kind;

/// Measures `decoded` against `original`; both have the same dtype and shape.
///
/// `bits_per_value` is the rate that [`Metric::AccuracyGain`] pays for the accuracy.
///
/// # Panics
/// If dtypes or shapes differ: the harness allocated both, so that is our bug.
pub fn measure(original: &Original<'_>, decoded: &TensorRef<'_>, bits_per_value: Option<f64>) -> Metrics {
    let mut metrics = Metrics::default();
    if identical(original, decoded) {
        exact(&mut metrics, original);
    } else {
        let mut errors = errors(original, decoded);
        metrics.set(Metric::MissingMismatch, errors.mismatches as f64);
        if original.scaled.count > 0 {
            size(&mut metrics, original, &errors);
            distribution(&mut metrics, original, decoded);
            similarity(&mut metrics, original, &errors);
            structure(&mut metrics, original, &mut errors);
        }
    }
    if original.kind == Kind::Vdf && metrics.get(Metric::MaxAbsErr).is_some_and(f64::is_finite) {
        velocity::measure(&mut metrics, original, decoded);
    }
    rates(&mut metrics, original, bits_per_value);
    metrics
}

/// The root mean square error alone, in the unit of the data; 0 without a value that is not missing.
///
/// # Panics
/// As [`measure`].
pub fn rmse(original: &Original<'_>, decoded: &TensorRef<'_>) -> f64 {
    let error = errors(original, decoded).values;
    let [square] = sums(error.len(), &|at| [error[at] * error[at]]);
    let scaled = &original.scaled;
    if scaled.count == 0 { 0.0 } else { (square / scaled.count as f64).sqrt() * scaled.scale }
}

/// What every metric is when no bit has changed.
fn exact(metrics: &mut Metrics, original: &Original<'_>) {
    use Metric::*;
    let scaled = &original.scaled;
    metrics.set(MissingMismatch, 0.0);
    if scaled.count == 0 {
        return;
    }
    for metric in [MaxAbsErr, MaxAbsErrAt, MeanAbsErr, Bias, Rmse, Ks] {
        metrics.set(metric, 0.0);
    }
    if scaled.range > 0.0 {
        [Nrmse, Wasserstein, OneMinusR2].into_iter().for_each(|metric| metrics.set(metric, 0.0));
        metrics.set(PearsonR, 1.0);
    }
    if scaled.sum_abs > 0.0 {
        [L1Rel, L2Rel, MaxPointwiseRelErr].into_iter().for_each(|metric| metrics.set(metric, 0.0));
    }
    if scaled.variance > 0.0 && spectrum::has_shells(original.tensor.shape()) {
        metrics.set(SpectralErr, 0.0);
    }
    if original.gradient_range().is_some_and(|range| range > 0.0) {
        metrics.set(GradNrmse, 0.0);
    }
    if let Some((planes, pictures)) = planes(original).filter(|(planes, _)| planes.has_window(scaled)) {
        metrics.set(if pictures { Ssim } else { Dssim }, 1.0);
        if pictures && planes.has_scales(scaled) {
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
fn similarity(metrics: &mut Metrics, original: &Original<'_>, errors: &Errors) {
    let Some((planes, pictures)) = planes(original).filter(|_| errors.largest.is_finite()) else {
        return;
    };
    let scaled = &original.scaled;
    let decoded: Vec<f64> = scaled.values.iter().zip(&errors.values).map(|(x, e)| x + e).collect();
    let mut set = |metric, value: Option<f64>| metrics.set(metric, value.unwrap_or(f64::NAN));
    if pictures {
        let peak = peak(original).map_or(scaled.range, |peak| peak / scaled.scale);
        set(Metric::Ssim, similarity::ssim(planes, scaled, &decoded, peak));
        set(Metric::MsSsim, similarity::ms_ssim(planes, scaled, &decoded, peak));
    } else {
        set(Metric::Dssim, similarity::dssim(planes, scaled, &decoded));
    }
}

/// Largest, mean and root mean square errors, and the norms.
fn size(metrics: &mut Metrics, original: &Original<'_>, errors: &Errors) {
    let scaled = &original.scaled;
    let n = scaled.count as f64;
    let error = &errors.values;
    let [sum, sum_abs, sum_square] = sums(error.len(), &|at| [error[at], error[at].abs(), error[at] * error[at]]);
    let rmse = (sum_square / n).sqrt();
    metrics.set(Metric::MaxAbsErr, errors.largest);
    metrics.set(Metric::MaxAbsErrAt, errors.largest_at as f64);
    metrics.set(Metric::MeanAbsErr, sum_abs / n * scaled.scale);
    metrics.set(Metric::Bias, sum / n * scaled.scale);
    metrics.set(Metric::Rmse, rmse * scaled.scale);
    metrics.set(Metric::MaxPointwiseRelErr, errors.pointwise.unwrap_or(f64::NAN));
    if scaled.range > 0.0 {
        metrics.set(Metric::Nrmse, rmse / scaled.range);
    }
    if scaled.sum_abs > 0.0 {
        metrics.set(Metric::L1Rel, sum_abs / scaled.sum_abs);
        metrics.set(Metric::L2Rel, (sum_square / scaled.sum_square).sqrt());
    }
}

/// How far the values as a whole have moved, wherever they stand.
fn distribution(metrics: &mut Metrics, original: &Original<'_>, decoded: &TensorRef<'_>) {
    let scaled = &original.scaled;
    let (x, y) = (original.sorted(), Sorted::new(decoded, scaled.valid.as_deref()));
    metrics.set(Metric::Ks, order::kolmogorov_smirnov(x, &y));
    if scaled.range > 0.0 {
        metrics.set(Metric::Wasserstein, order::wasserstein(x, &y, scaled, decoded));
    }
}

/// Correlation of original and decoded, of the error with itself, the gradient and the spectrum. Takes the mean off the errors.
fn structure(metrics: &mut Metrics, original: &Original<'_>, errors: &mut Errors) {
    if !errors.largest.is_finite() {
        return;
    }
    let scaled = &original.scaled;
    let (n, shape) = (scaled.count as f64, original.tensor.shape());
    if let (Some(rmse), Some(range)) = (axes::gradient_rmse(shape, &errors.values, scaled), original.gradient_range())
        && range > 0.0
    {
        metrics.set(Metric::GradNrmse, rmse / range);
    }
    let centred = |at: usize| if scaled.is_valid(at) { scaled.values[at] - scaled.mean } else { 0.0 };
    if let Some(error) = spectrum::error(shape, centred, &errors.values) {
        metrics.set(Metric::SpectralErr, error);
    }
    let error = &mut errors.values;
    let [sum] = sums(error.len(), &|at| [error[at]]);
    let bias = sum / n;
    error.iter_mut().enumerate().filter(|(at, _)| scaled.is_valid(*at)).for_each(|(_, error)| *error -= bias);
    let error = &*error;
    let [square, product] =
        sums(error.len(), &|at| [error[at] * error[at], error[at] * (scaled.values[at] - scaled.mean)]);
    correlation(metrics, scaled.variance, square / n, product / n);
    if let Some(largest) = axes::autocorrelation(shape, error, square) {
        metrics.set(Metric::ErrAutocorr1, largest);
    }
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
    let scaled = &original.scaled;
    let rmse = rmse / scaled.scale;
    let decibels = |signal: f64| match (signal > 0.0 && rmse > 0.0, largest == 0.0) {
        (_, true) => f64::INFINITY,
        (true, false) => 20.0 * libm::log10(signal / rmse),
        (false, false) => f64::NAN,
    };
    metrics.set(Metric::PsnrRange, decibels(scaled.range));
    if let Some(peak) = peak(original) {
        metrics.set(Metric::PsnrPeak, decibels(peak / scaled.scale));
    }
    let sigma = scaled.variance.sqrt();
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
