//! Velocity distribution functions: errors of the moments, of the entropy, and of where there is anything at all.
//!
//! A distribution has up to three axes, one per velocity component. The velocity along an axis is its index times the
//! grid's spacing: where the origin lies does not matter to any of these errors. Missing values count as empty.
//!
//! A stack holds one distribution per index of its first axis. Errors of moments are then those of the distribution that
//! fares worst; what counts cells or mass is over the whole stack.

use codecbench_methods::api::{Element, TensorRef, View};
use codecbench_methods::for_dtype;

use super::original::Scaled;
use super::sum::sums;
use super::{Metric, Metrics, Original, notebook};
use crate::dataset::Kind;

/// The velocity grid of a distribution function.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Grid {
    /// Distance of neighbouring cells per axis.
    pub spacing: Option<Vec<f64>>,
    /// Values at or below this count as empty.
    pub threshold: Option<f64>,
    /// Whether the first axis numbers distributions and is no velocity.
    pub stack: bool,
}

impl Grid {
    /// What is left of a list with one entry per axis for a single distribution.
    fn of_one<'a, T>(&self, list: &'a [T]) -> &'a [T] {
        if self.stack { list.get(1..).unwrap_or_default() } else { list }
    }

    /// Elements of one distribution, at least one.
    fn length_of_one(&self, shape: &[usize]) -> usize {
        self.of_one(shape).iter().product::<usize>().max(1)
    }
}

/// Moments per unit mass and cell volume, both of which cancel in relative errors. Values are scaled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moments {
    density: f64,
    /// Bulk velocity.
    velocity: [f64; 3],
    /// xx, yy, zz, xy, xz, yz.
    pressure: [f64; 6],
    heat_flux: [f64; 3],
    /// -sum f ln f over positive f, f in the unit of the data.
    entropy: f64,
}

impl Moments {
    /// The moments of each distribution of `f`, scaled values in C order; empty for other than one to three velocities.
    pub fn all(shape: &[usize], grid: &Grid, f: &[f64], scale: f64) -> Vec<Self> {
        let spacing = grid.spacing.as_deref().map(|spacing| grid.of_one(spacing));
        let one = |f: &[f64]| Some(Moments::new(&Velocity::new(grid.of_one(shape), spacing)?, f, scale));
        f.chunks(grid.length_of_one(shape)).filter_map(one).collect()
    }

    /// The moments of one distribution.
    fn new(velocity: &Velocity, f: &[f64], scale: f64) -> Self {
        let [density, x, y, z] = sums(f.len(), &|at| {
            let v = velocity.at(at);
            [f[at], f[at] * v[0], f[at] * v[1], f[at] * v[2]]
        });
        let bulk = [x / density, y / density, z / density];
        let [xx, yy, zz, xy, xz, yz, qx, qy, qz] = sums(f.len(), &|at| {
            let v = velocity.at(at);
            let c = [v[0] - bulk[0], v[1] - bulk[1], v[2] - bulk[2]];
            let heat = f[at] * (c[0] * c[0] + c[1] * c[1] + c[2] * c[2]) / 2.0;
            let p = |i: usize, j: usize| f[at] * c[i] * c[j];
            [p(0, 0), p(1, 1), p(2, 2), p(0, 1), p(0, 2), p(1, 2), heat * c[0], heat * c[1], heat * c[2]]
        });
        let shift = libm::log(scale);
        let [entropy] = sums(f.len(), &|at| {
            let value = f[at];
            [if value > 0.0 { -value * (libm::log(value) + shift) } else { 0.0 }]
        });
        let (pressure, heat_flux) = ([xx, yy, zz, xy, xz, yz], [qx, qy, qz]);
        Moments { density, velocity: bulk, pressure, heat_flux, entropy }
    }

    /// Trace of the pressure over three times the density: the square of the thermal speed.
    fn temperature(&self) -> f64 {
        (self.pressure[0] + self.pressure[1] + self.pressure[2]) / (3.0 * self.density)
    }
}

/// Velocities of the cells.
struct Velocity {
    /// Elements per step, length and spacing of each axis; an axis that is not there has length 1.
    axes: [(usize, usize, f64); 3],
}

impl Velocity {
    fn new(shape: &[usize], spacing: Option<&[f64]>) -> Option<Self> {
        if shape.is_empty() || shape.len() > 3 {
            return None;
        }
        let axis = |axis: usize| {
            let Some(&length) = shape.get(axis) else { return (1, 1, 0.0) };
            let spacing = spacing.and_then(|spacing| spacing.get(axis)).copied().unwrap_or(1.0);
            (shape[axis + 1..].iter().product::<usize>().max(1), length.max(1), spacing)
        };
        Some(Velocity { axes: std::array::from_fn(axis) })
    }

    #[inline(always)]
    fn at(&self, at: usize) -> [f64; 3] {
        self.axes.map(|(stride, length, spacing)| (at / stride % length) as f64 * spacing)
    }
}

/// Sets every metric of distribution functions that is defined here.
pub(super) fn measure(metrics: &mut Metrics, original: &Original<'_>, decoded: &TensorRef<'_>) {
    let scaled = &original.scaled;
    let y = for_dtype!(TensorRef, decoded, view => scaled_values(view, scaled));
    let (shape, grid) = (original.tensor.shape(), &original.grid);
    for (before, after) in original.moments().iter().zip(&Moments::all(shape, grid, &y, scaled.scale)) {
        compare(metrics, before, after);
    }
    let length = grid.length_of_one(shape);
    for (x, y) in scaled.values.chunks(length).zip(y.chunks(length)) {
        notebook::measure(metrics, grid.of_one(shape), x, y);
    }
    let [below, total] = sums(y.len(), &|at| [(-y[at]).max(0.0), y[at].abs()]);
    if total > 0.0 {
        metrics.set(Metric::NegativeMass, below / total);
    }
    if let Some(threshold) = original.grid.threshold {
        support(metrics, scaled, &y, threshold / scaled.scale);
    }
}

/// The larger of the relative errors of density and temperature, over all distributions of a stack; `None` for what has no moments, infinite where they
/// are not defined.
///
/// # Panics
/// If element types or shapes differ.
pub fn moments_err(original: &Original<'_>, decoded: &TensorRef<'_>) -> Option<f64> {
    let x = Some(original.moments()).filter(|x| original.kind == Kind::Vdf && !x.is_empty())?;
    let y = for_dtype!(TensorRef, decoded, view => scaled_values(view, &original.scaled));
    let y = Moments::all(original.tensor.shape(), &original.grid, &y, original.scaled.scale);
    x.iter().zip(&y).map(|(x, y)| relative_err(x, y)).reduce(f64::max)
}

fn relative_err(x: &Moments, y: &Moments) -> f64 {
    let relative = |x: f64, y: f64| if x == y { 0.0 } else { (y - x).abs() / x.abs() };
    let worst = relative(x.density, y.density).max(relative(x.temperature(), y.temperature()));
    if worst.is_nan() || y.temperature().is_nan() { f64::INFINITY } else { worst }
}

fn scaled_values<T: Element>(view: &View<'_, T>, scaled: &Scaled) -> Vec<f64> {
    let inverse = scaled.inverse();
    let value = |(at, value): (usize, &T)| if scaled.is_valid(at) { value.to_f64() * inverse } else { 0.0 };
    view.data().iter().enumerate().map(value).collect()
}

fn compare(metrics: &mut Metrics, x: &Moments, y: &Moments) {
    let mut set = |metric, difference: f64, reference: f64| {
        if reference > 0.0 {
            metrics.set_worst(metric, difference / reference);
        }
    };
    set(Metric::DensityErr, (y.density - x.density).abs(), x.density.abs());
    set(Metric::VelocityErr, distance(&x.velocity, &y.velocity), x.temperature().max(0.0).sqrt());
    set(Metric::PressureErr, frobenius(&difference(&x.pressure, &y.pressure)), frobenius(&x.pressure));
    set(Metric::TemperatureErr, (y.temperature() - x.temperature()).abs(), x.temperature().abs());
    set(Metric::HeatFluxErr, distance(&x.heat_flux, &y.heat_flux), distance(&x.heat_flux, &[0.0; 3]));
    set(Metric::EntropyErr, (y.entropy - x.entropy).abs(), x.entropy.abs());
}

fn difference<const N: usize>(x: &[f64; N], y: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|at| y[at] - x[at])
}

fn distance(x: &[f64; 3], y: &[f64; 3]) -> f64 {
    difference(x, y).iter().map(|part| part * part).sum::<f64>().sqrt()
}

/// Norm of a symmetric matrix; each element off the diagonal stands for two.
fn frobenius(p: &[f64; 6]) -> f64 {
    let square = |range: &[f64]| range.iter().map(|part| part * part).sum::<f64>();
    (square(&p[..3]) + 2.0 * square(&p[3..])).sqrt()
}

/// Where there is anything at all: cells that crossed the threshold, and the error of log10 f where x is above it. A
/// decoded value below the threshold counts as the threshold, for it may be zero or negative.
fn support(metrics: &mut Metrics, scaled: &Scaled, y: &[f64], threshold: f64) {
    let x = &scaled.values;
    let [crossed, above] =
        sums(y.len(), &|at| [f64::from((x[at] > threshold) != (y[at] > threshold)), f64::from(x[at] > threshold)]);
    metrics.set(Metric::SupportErr, crossed / scaled.count as f64);
    if above > 0.0 && threshold > 0.0 {
        let [square] = sums(y.len(), &|at| {
            let present = x[at] > threshold;
            [if present { libm::log10(y[at].max(threshold) / x[at]).powi(2) } else { 0.0 }]
        });
        metrics.set(Metric::Log10Rmse, (square / above).sqrt());
    }
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::Tensor;
    use ndarray::{Array1, Array3, ArrayD};

    use super::*;

    fn metrics(x: ArrayD<f64>, y: ArrayD<f64>, spacing: Vec<f64>, threshold: f64) -> Metrics {
        let (x, y) = (Tensor::from(x), Tensor::from(y));
        let original = Original::new(x.view(), Kind::Vdf, None).on_velocity_grid(Some(spacing), Some(threshold));
        crate::metrics::measure(&original, &y.view(), None)
    }

    #[track_caller]
    fn near(metrics: &Metrics, metric: Metric, expected: f64) {
        let found = metrics.get(metric).unwrap_or(f64::NAN);
        assert!((found - expected).abs() < 1e-12, "{}: {found} is not {expected}", metric.name());
    }

    #[test]
    fn moments_of_three_cells_by_hand() {
        // v = 0, 2, 4. x = 1, 2, 1: n = 4, u = 2, sum f c^2 = 8, T = 8 / 12. y = 1, 2, 2: n = 5, u = 12 / 5,
        // sum f c^2 = 5.76 + 0.32 + 5.12 = 11.2, T = 11.2 / 15.
        let x = Array1::from(vec![1.0, 2.0, 1.0]).into_dyn();
        let y = Array1::from(vec![1.0, 2.0, 2.0]).into_dyn();
        let metrics = metrics(x, y, vec![2.0], 0.5);
        near(&metrics, Metric::DensityErr, 0.25);
        near(&metrics, Metric::VelocityErr, 0.4 / (8f64 / 12.0).sqrt());
        near(&metrics, Metric::PressureErr, 3.2 / 8.0);
        near(&metrics, Metric::TemperatureErr, (11.2 / 15.0 - 8.0 / 12.0) / (8.0 / 12.0));
        assert_eq!(metrics.get(Metric::HeatFluxErr), None, "a symmetric distribution has none");
        // -sum f ln f: -2 ln 2 and -4 ln 2.
        near(&metrics, Metric::EntropyErr, 1.0);
        near(&metrics, Metric::Log10Rmse, 2f64.log10() / 3f64.sqrt());
        near(&metrics, Metric::SupportErr, 0.0);
        near(&metrics, Metric::NegativeMass, 0.0);
    }

    #[test]
    fn what_falls_below_the_threshold_has_crossed_it_and_negative_mass_is_counted() {
        let x = Array1::from(vec![0.0, 10.0, 1000.0, 0.0]).into_dyn();
        let y = Array1::from(vec![2.0, -1.0, 1000.0, 0.0]).into_dyn();
        let metrics = metrics(x, y, vec![1.0], 1.0);
        near(&metrics, Metric::SupportErr, 0.5);
        near(&metrics, Metric::NegativeMass, 1.0 / 1003.0);
        near(&metrics, Metric::Log10Rmse, 0.5f64.sqrt());
    }

    #[test]
    fn a_shift_along_one_axis_moves_the_bulk_and_nothing_else() {
        let bump = |centre: f64| {
            Array3::from_shape_fn((41, 41, 41), |(i, j, k)| {
                let square = |at: usize, centre: f64| (at as f64 - centre).powi(2);
                (-(square(i, centre) + square(j, 20.0) + square(k, 20.0)) / 8.0).exp()
            })
        };
        let metrics = metrics(bump(20.0).into_dyn(), bump(21.0).into_dyn(), vec![3.0, 3.0, 3.0], 1e-30);
        // The thermal speed is two cells; the shift is one.
        assert!((metrics.get(Metric::VelocityErr).expect("three axes") - 0.5).abs() < 1e-6);
        for metric in [Metric::DensityErr, Metric::PressureErr, Metric::TemperatureErr, Metric::EntropyErr] {
            assert!(metrics.get(metric).expect("three axes") < 1e-6, "{}", metric.name());
        }
    }

    #[test]
    fn a_stack_counts_by_its_worst_distribution_and_each_has_its_own_bulk() {
        // Three cells per distribution. The density of the first grows from 4 to 5. The bulk of the second moves from 2 to 3,
        // where sum f c^2 = 16 and T = 16 / 24; that of the first moves by less.
        let stack = |values: [f64; 6]| ArrayD::from_shape_vec(ndarray::IxDyn(&[2, 3]), values.to_vec()).expect("six");
        let (x, y) = (stack([1.0, 2.0, 1.0, 2.0, 4.0, 2.0]), stack([1.0, 2.0, 2.0, 0.0, 4.0, 4.0]));
        let (x, y) = (Tensor::from(x), Tensor::from(y));
        let spacing = Some(vec![1.0, 2.0]);
        let original = Original::new(x.view(), Kind::Vdf, None).on_velocity_grid(spacing, Some(0.5)).stacked(true);
        let metrics = crate::metrics::measure(&original, &y.view(), None);
        near(&metrics, Metric::DensityErr, 0.25);
        near(&metrics, Metric::VelocityErr, 1.0 / (16f64 / 24.0).sqrt());
        near(&metrics, Metric::SupportErr, 1.0 / 6.0);
    }

    #[test]
    fn a_list_of_blocks_has_no_moments_but_a_support() {
        let x = ArrayD::from_elem(ndarray::IxDyn(&[2, 2, 2, 2]), 5.0);
        let mut y = x.clone();
        y[[0, 0, 0, 0]] = 0.0;
        let metrics = metrics(x, y, vec![1.0; 4], 1.0);
        assert_eq!(metrics.get(Metric::DensityErr), None);
        near(&metrics, Metric::SupportErr, 1.0 / 16.0);
    }
}
