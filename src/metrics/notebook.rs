//! The statistics that the notebook of the seed prints for a reconstructed velocity distribution, kept as they are.
//!
//! They connect this harness with the printed tables and are no measure of quality: they stand under names of their own,
//! beside metrics that mean what they say. Their peculiarities, all of them kept:
//!
//! - the velocity is the index along the last axis for all three components, so an error of the bulk velocity along the
//!   other two axes does not show;
//! - the pressure multiplies arrays of different rank, so what is left after broadcasting is a matrix over the last two
//!   axes: with w the index less that mean velocity, g the sum over the first axis of f, and h that of w f,
//!   `P[j, k] = n w[j]^2 g[j, k] + (sum of w) h[j, k] + n w[k]^2 g[j, k]`;
//! - differences are divided by the mean of both sides, so they saturate at 200 %; L2 is divided by the norm of the
//!   reconstruction.
//!
//! The broadcast works for cubes only. Source: `print_comparison_stats` in tools.py of Asterix
//! (<https://github.com/juhanikataja/asterix>, commit 8362105). Sums are in f64 here; there the density, L1 and L2 are in
//! the type of the data.

use rayon::prelude::*;

use super::source::Read;
use super::sum::{pairs, total};
use super::wide::wide;
use super::{Metric, Metrics};

/// The matrix that the notebook calls pressure, C order, and what is needed for it.
struct Moments {
    density: f64,
    velocity: f64,
    pressure: Vec<f64>,
}

/// Cells of a plane that are summed over the planes together.
const TASK: usize = 1024;

/// What the planes of a cube add up to, cell by cell: f, and f times the index of its plane.
struct Planes {
    sum: Vec<f64>,
    weighted: Vec<f64>,
}

impl Planes {
    fn new(n: usize) -> Self {
        Planes { sum: vec![0.0; n * n], weighted: vec![0.0; n * n] }
    }

    /// The parts of both sums that one task adds to.
    fn parts(&mut self) -> impl IndexedParallelIterator<Item = (&mut [f64], &mut [f64])> {
        self.sum.par_chunks_mut(TASK).zip(self.weighted.par_chunks_mut(TASK))
    }
}

/// Adds the values of a plane.
fn add(values: &[f64], plane: usize, (sum, weighted): (&mut [f64], &mut [f64])) {
    let index = plane as f64;
    wide(
        #[inline(always)]
        || {
            for ((sum, weighted), value) in sum.iter_mut().zip(weighted.iter_mut()).zip(values) {
                *sum += value;
                *weighted += index * value;
            }
        },
    );
}

/// One pass over two cubes of `n` cells per axis: what their planes add up to, and the sums of |x - y|, |x|, (x - y)^2 and
/// y^2.
fn pass(n: usize, x: &Read<'_>, y: &Read<'_>) -> ([Planes; 2], [f64; 4]) {
    let mut planes = [Planes::new(n), Planes::new(n)];
    let [of_x, of_y] = &mut planes;
    let parts = of_x.parts().zip(of_y.parts()).enumerate().map(|(part, (of_x, of_y))| {
        let (mut a, mut b) = (vec![0.0; of_x.0.len()], vec![0.0; of_x.0.len()]);
        let one = |plane: usize| {
            x(plane * n * n + part * TASK, &mut a);
            y(plane * n * n + part * TASK, &mut b);
            add(&a, plane, (&mut *of_x.0, &mut *of_x.1));
            add(&b, plane, (&mut *of_y.0, &mut *of_y.1));
            let (error, size) = (pairs(&a, &b, |a, b| (a - b).abs()), pairs(&a, &a, |a, _| a.abs()));
            [error, size, pairs(&a, &b, |a, b| (a - b) * (a - b)), pairs(&b, &b, |b, _| b * b)]
        };
        total((0..n).map(one))
    });
    let parts: Vec<_> = parts.collect();
    (planes, total(parts))
}

impl Moments {
    /// Of a cube of `n` cells per axis.
    fn new(n: usize, Planes { sum: g, weighted }: Planes) -> Self {
        // With w the index of a plane less the mean velocity, the sum of w f is that of the index times f less that of f.
        let density: f64 = g.iter().sum();
        let velocity = g.iter().enumerate().map(|(at, g)| g * (at % n) as f64).sum::<f64>() / density;
        let w: Vec<f64> = (0..n).map(|at| at as f64 - velocity).collect();
        let total: f64 = w.iter().sum();
        let element = |at: usize| {
            let (j, k) = (w[at / n], w[at % n]);
            n as f64 * (j * j + k * k) * g[at] + total * (weighted[at] - velocity * g[at])
        };
        Moments { density, velocity, pressure: (0..n * n).map(element).collect() }
    }

    fn diagonal(&self, n: usize) -> Vec<f64> {
        self.pressure.iter().step_by(n + 1).copied().collect()
    }
}

/// Whether the broadcast works for this shape: for cubes that have cells.
pub(super) fn applies(shape: &[usize]) -> bool {
    matches!(*shape, [n, rows, columns] if n > 0 && n == rows && n == columns)
}

/// Sets the notebook's six numbers, the first four in percent, for one distribution over a cube; nothing for other shapes.
/// `x` is the original and `y` the reconstruction, in any common unit, C order.
pub(super) fn measure(metrics: &mut Metrics, shape: &[usize], x: &Read<'_>, y: &Read<'_>) {
    if !applies(shape) {
        return;
    }
    let n = shape[0];
    let (planes, [error, size, square, norm]) = pass(n, x, y);
    let [a, b] = planes.map(|planes| Moments::new(n, planes));
    let percent = |a: f64, b: f64| (a - b).abs() / ((a + b) / 2.0) * 100.0;
    metrics.set_worst(Metric::NotebookN, percent(a.density, b.density));
    // All three components are equal: their root of three cancels.
    metrics.set_worst(
        Metric::NotebookV,
        (a.velocity - b.velocity).abs() / ((a.velocity + b.velocity) / 2.0).abs() * 100.0,
    );
    metrics.set_worst(Metric::NotebookPDiag, apart(&a.diagonal(n), &b.diagonal(n)));
    metrics.set_worst(Metric::NotebookPFrobenius, apart(&a.pressure, &b.pressure));
    metrics.set_worst(Metric::NotebookL1, error / size);
    metrics.set_worst(Metric::NotebookL2, (square / norm).sqrt());
}

/// Distance of two vectors over the mean of their norms, percent.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, |sum, value| sum + value * value).sqrt();
    let difference = norm(&mut a.iter().zip(b).map(|(a, b)| a - b));
    difference / ((norm(&mut a.iter().copied()) + norm(&mut b.iter().copied())) / 2.0) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(shape: &[usize], x: &[f64], y: &[f64]) -> Metrics {
        let mut metrics = Metrics::default();
        let read = |from: &[f64], start: usize, out: &mut [f64]| out.copy_from_slice(&from[start..start + out.len()]);
        measure(&mut metrics, shape, &|start, out: &mut [f64]| read(x, start, out), &|start, out| read(y, start, out));
        metrics
    }

    #[track_caller]
    fn near(metrics: &Metrics, metric: Metric, expected: f64) {
        let found = metrics.get(metric).unwrap_or(f64::NAN);
        assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{}: {found} is not {expected}", metric.name());
    }

    #[test]
    fn eight_cells_by_hand() {
        // x = 1 everywhere: density 8, mean last index 1/2, w = -1/2, 1/2 with sum 0, g = 2, n w^2 = 1/2: P = 2 (1/2 + 1/2)
        // = 2 in all four places. y doubles the last cell: density 9, mean 5/9, w = -5/9, 4/9 with sum -1/9;
        // g = 2, 2, 2, 3; h = -2/9, -2/9, -2/9, 2/9 (w0 + w1 = -1/9 over ones is -1/9; over 1, 2 it is 3/9).
        let x = [1.0; 8];
        let mut y = x;
        y[7] = 2.0;
        let metrics = measured(&[2, 2, 2], &x, &y);
        near(&metrics, Metric::NotebookN, 1.0 / 8.5 * 100.0);
        near(&metrics, Metric::NotebookV, (5.0 / 9.0 - 0.5) / ((5.0 / 9.0 + 0.5) / 2.0) * 100.0);
        near(&metrics, Metric::NotebookL1, 1.0 / 8.0);
        near(&metrics, Metric::NotebookL2, (1f64 / 11.0).sqrt());
        // P = 2 (w_j^2 + w_k^2) g - h / 9 with h = -1/9, -1/9, -1/9, 3/9.
        let (low, high) = (25.0 / 81.0, 16.0 / 81.0);
        let p = [
            2.0 * (low + low) * 2.0 + 1.0 / 81.0,
            2.0 * (low + high) * 2.0 + 1.0 / 81.0,
            2.0 * (high + low) * 2.0 + 1.0 / 81.0,
            2.0 * (high + high) * 3.0 - 3.0 / 81.0,
        ];
        let norm = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        let differences: Vec<f64> = p.iter().map(|p| p - 2.0).collect();
        let diagonal = norm(&[differences[0], differences[3]]) / ((8f64.sqrt() + norm(&[p[0], p[3]])) / 2.0);
        near(&metrics, Metric::NotebookPDiag, diagonal * 100.0);
        near(&metrics, Metric::NotebookPFrobenius, norm(&differences) / ((4.0 + norm(&p)) / 2.0) * 100.0);
    }

    #[test]
    fn an_all_zero_reconstruction_saturates_and_has_an_infinite_l2() {
        let metrics = measured(&[2, 2, 2], &[1.0; 8], &[0.0; 8]);
        near(&metrics, Metric::NotebookN, 200.0);
        near(&metrics, Metric::NotebookL1, 1.0);
        assert_eq!(metrics.get(Metric::NotebookL2), Some(f64::INFINITY));
        assert_eq!(metrics.get(Metric::NotebookV), None, "nothing has no mean velocity");
    }

    #[test]
    fn where_the_broadcast_does_not_work_there_are_no_numbers() {
        for shape in [&[2, 2][..], &[2, 2, 3], &[1, 2, 2, 2]] {
            let values = vec![1.0; shape.iter().product()];
            assert_eq!(measured(shape, &values, &values), Metrics::default());
        }
    }
}
