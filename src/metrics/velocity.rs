//! Velocity distribution functions: errors of the moments, of the entropy, and of where there is anything at all.
//!
//! A distribution has up to three axes, one per velocity component. The velocity along an axis is its index times the
//! grid's spacing: where the origin lies does not matter to any of these errors. Missing values count as empty.
//!
//! A stack holds one distribution per index of its first axis. Errors of moments are then those of the distribution that
//! fares worst; what counts cells or mass is over the whole stack.

use codecbench_methods::api::TensorRef;

use super::entropy::entropy;
use super::source::{Source, pair};
use super::sum::{blocks, pairs, total};
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
    /// The moments of each distribution of the original, or of what came back; empty for other than one to three velocities.
    pub fn all(source: &dyn Source, original: &Original<'_>, decoded: bool) -> Vec<Self> {
        let (shape, grid) = (original.tensor.shape(), &original.grid);
        let spacing = grid.spacing.as_deref().map(|spacing| grid.of_one(spacing));
        let Some(velocity) = Velocity::new(grid.of_one(shape), spacing) else { return Vec::new() };
        let length = grid.length_of_one(shape);
        let one = |at: usize| {
            let f = Distribution { source, decoded, start: at * length, length };
            Moments::new(&velocity, &f, original.scale)
        };
        (0..original.tensor.len() / length).map(one).collect()
    }

    /// The moments of one distribution.
    fn new(velocity: &Velocity, f: &Distribution<'_>, scale: f64) -> Self {
        let shift = libm::log(scale);
        let [density, x, y, z, entropy] = f.sums(velocity, |f, [x, y], z| {
            let (zeroth, first) = (pairs(f, z, |f, _| f), pairs(f, z, |f, z| f * z));
            [zeroth, x * zeroth, y * zeroth, first, entropy(f, shift)]
        });
        let bulk = [x / density, y / density, z / density];
        let [xx, yy, zz, xy, xz, yz, qx, qy, qz] = f.sums(velocity, |f, [x, y], z| {
            let (x, y) = (x - bulk[0], y - bulk[1]);
            let [s0, s1, s2, s3] = powers(f, z, bulk[2]);
            let across = x * x + y * y;
            let heat = across * s0 + s2;
            [
                x * x * s0,
                y * y * s0,
                s2,
                x * y * s0,
                x * s1,
                y * s1,
                x * heat / 2.0,
                y * heat / 2.0,
                (across * s1 + s3) / 2.0,
            ]
        });
        let (pressure, heat_flux) = ([xx, yy, zz, xy, xz, yz], [qx, qy, qz]);
        Moments { density, velocity: bulk, pressure, heat_flux, entropy }
    }

    /// Trace of the pressure over three times the density: the square of the thermal speed.
    fn temperature(&self) -> f64 {
        (self.pressure[0] + self.pressure[1] + self.pressure[2]) / (3.0 * self.density)
    }
}

/// Sums of f, f c, f c^2 and f c^3, with c the velocity less that of the bulk.
fn powers(f: &[f64], z: &[f64], bulk: f64) -> [f64; 4] {
    [
        pairs(f, z, |f, _| f),
        pairs(f, z, |f, z| f * (z - bulk)),
        pairs(f, z, |f, z| f * ((z - bulk) * (z - bulk))),
        pairs(f, z, |f, z| f * ((z - bulk) * (z - bulk) * (z - bulk))),
    ]
}

/// Velocities of the cells. The components are in an order of their own: none of the errors depends on it.
struct Velocity {
    /// Length and spacing of the axes but the last, slowest first; one that is not there has length 1.
    outer: [(usize, f64); 2],
    /// Velocities along the last axis.
    last: Vec<f64>,
}

impl Velocity {
    fn new(shape: &[usize], spacing: Option<&[f64]>) -> Option<Self> {
        let spacing = |axis: usize| spacing.and_then(|spacing| spacing.get(axis)).copied().unwrap_or(1.0);
        let axis = |axis: usize| (shape[axis], spacing(axis));
        let outer = match shape.len() {
            1 => [(1, 0.0), (1, 0.0)],
            2 => [(1, 0.0), axis(0)],
            3 => [axis(0), axis(1)],
            _ => return None,
        };
        let (length, step) = axis(shape.len() - 1);
        Some(Velocity { outer, last: (0..length).map(|at| at as f64 * step).collect() })
    }

    /// The velocity across of a row of cells.
    fn across(&self, row: usize) -> [f64; 2] {
        let [(_, slow), (length, fast)] = self.outer;
        [(row / length) as f64 * slow, (row % length) as f64 * fast]
    }
}

/// One distribution of the original or of what came back, scaled.
struct Distribution<'s> {
    source: &'s dyn Source,
    decoded: bool,
    /// Flat index of the first cell, and the number of cells.
    start: usize,
    length: usize,
}

impl Distribution<'_> {
    /// What `one` makes of each block: the index of its first cell, and its values.
    fn blocks<R: Send>(&self, one: impl Fn(usize, &[f64]) -> R + Sync) -> Vec<R> {
        blocks(self.length, |block| {
            let mut values = vec![0.0; block.len()];
            let start = self.start + block.start;
            let source = self.source;
            if self.decoded {
                source.decoded(start, &mut values)
            } else {
                source.original(start, &mut values)
            }
            one(block.start, &values)
        })
    }

    /// Sums of what `term` makes of each row, or piece of one: its values, their velocity across and those along.
    fn sums<const K: usize>(
        &self,
        velocity: &Velocity,
        term: impl Fn(&[f64], [f64; 2], &[f64]) -> [f64; K] + Sync,
    ) -> [f64; K] {
        let width = velocity.last.len();
        let parts = self.blocks(|start, values| {
            let (mut at, mut sums) = (0, [0.0; K]);
            while at < values.len() {
                let (row, column) = ((start + at) / width, (start + at) % width);
                let end = (at + width - column).min(values.len());
                let along = &velocity.last[column..column + end - at];
                let terms = term(&values[at..end], velocity.across(row), along);
                sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
                at = end;
            }
            sums
        });
        total(parts)
    }
}

/// Sets every metric of distribution functions that is defined here.
pub(super) fn measure(metrics: &mut Metrics, original: &Original<'_>, source: &dyn Source) {
    for (before, after) in original.moments().iter().zip(&Moments::all(source, original, true)) {
        compare(metrics, before, after);
    }
    notebook(metrics, original, source);
    support(metrics, original, source);
}

/// The notebook's numbers, for distributions over a cube.
fn notebook(metrics: &mut Metrics, original: &Original<'_>, source: &dyn Source) {
    let (shape, length) =
        (original.grid.of_one(original.tensor.shape()), original.grid.length_of_one(original.tensor.shape()));
    if !notebook::applies(shape) {
        return;
    }
    for at in 0..original.tensor.len() / length {
        let x = |start: usize, out: &mut [f64]| source.original(at * length + start, out);
        let y = |start: usize, out: &mut [f64]| source.decoded(at * length + start, out);
        notebook::measure(metrics, shape, &x, &y);
    }
}

/// The larger of the relative errors of density and temperature, over all distributions of a stack; `None` for what has
/// no moments, infinite where they are not defined.
///
/// # Panics
/// If element types or shapes differ.
pub fn moments_err(original: &Original<'_>, decoded: &TensorRef<'_>) -> Option<f64> {
    let x = Some(original.moments()).filter(|x| original.kind == Kind::Vdf && !x.is_empty())?;
    let y = Moments::all(pair(original, decoded).as_ref(), original, true);
    x.iter().zip(&y).map(|(x, y)| relative_err(x, y)).reduce(f64::max)
}

fn relative_err(x: &Moments, y: &Moments) -> f64 {
    let relative = |x: f64, y: f64| if x == y { 0.0 } else { (y - x).abs() / x.abs() };
    let worst = relative(x.density, y.density).max(relative(x.temperature(), y.temperature()));
    if worst.is_nan() || y.temperature().is_nan() { f64::INFINITY } else { worst }
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

/// Where there is anything at all: mass below zero, cells that crossed the threshold, and the error of log10 f where x is
/// above it. A decoded value below the threshold counts as the threshold, for it may be zero or negative.
fn support(metrics: &mut Metrics, original: &Original<'_>, source: &dyn Source) {
    let threshold = original.grid.threshold.map(|threshold| threshold * original.inverse());
    let parts = blocks(original.tensor.len(), |block| {
        let mut y = vec![0.0; block.len()];
        source.decoded(block.start, &mut y);
        let (below, all) = (pairs(&y, &y, |y, _| if y < 0.0 { -y } else { 0.0 }), pairs(&y, &y, |y, _| y.abs()));
        let Some(threshold) = threshold else { return [below, all, 0.0, 0.0, 0.0] };
        let mut x = vec![0.0; block.len()];
        source.original(block.start, &mut x);
        let [crossed, above, square] = crossings(&x, &y, threshold);
        [below, all, crossed, above, square]
    });
    let [below, all, crossed, above, square] = total(parts);
    if all > 0.0 {
        metrics.set(Metric::NegativeMass, below / all);
    }
    if let Some(threshold) = threshold {
        metrics.set(Metric::SupportErr, crossed / original.count as f64);
        if above > 0.0 && threshold > 0.0 {
            metrics.set(Metric::Log10Rmse, (square / above).sqrt());
        }
    }
}

/// Cells that crossed the threshold, cells of x above it, and the sum of the squares of log10 y / x there.
fn crossings(x: &[f64], y: &[f64], threshold: f64) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for (&x, &y) in x.iter().zip(y) {
        let present = x > threshold;
        sums[0] += f64::from(present != (y > threshold));
        sums[1] += f64::from(present);
        if present && x != y && threshold > 0.0 {
            let ratio = libm::log10(y.max(threshold) / x);
            sums[2] += ratio * ratio;
        }
    }
    sums
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
