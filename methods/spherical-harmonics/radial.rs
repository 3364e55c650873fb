//! Radial functions: cosines made orthonormal over the voxels there are, carried by cubic B-splines.

use super::frame::Spot;

/// Bins of an interval in which voxels are counted.
const BINS: usize = 8;
/// A function that keeps less than this share of its square norm beside those before it is left out.
const DEPENDENT: f64 = 1e-6;

/// The four cubic B-splines that are not zero at `t` between 0 and 1 of an interval.
#[inline(always)]
pub fn splines(t: f64) -> [f64; 4] {
    let (r, t2) = (1.0 - t, t * t);
    let t3 = t2 * t;
    [r * r * r / 6.0, (3.0 * t3 - 6.0 * t2 + 4.0) / 6.0, (-3.0 * t3 + 3.0 * t2 + 3.0 * t + 1.0) / 6.0, t3 / 6.0]
}

/// How voxels are distributed over radius.
#[derive(Debug)]
pub struct Density {
    intervals: usize,
    /// For each bin of radius: voxels, and the sums of their squared weights and squared `|u|`.
    bins: Vec<[f64; 3]>,
}

impl Density {
    /// No voxel yet, in `intervals` intervals.
    pub fn new(intervals: usize) -> Self {
        Density { intervals, bins: vec![[0.0; 3]; intervals * BINS] }
    }

    /// Counts a voxel.
    #[inline(always)]
    pub fn add(&mut self, spot: &Spot) {
        let bin = ((spot.s * BINS as f64) as usize).min(self.bins.len() - 1);
        let [x, y, z] = spot.u;
        let parts = [1.0, spot.weight * spot.weight, x * x + y * y + z * z];
        self.bins[bin].iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
    }

    /// Scalar products of weighted splines under harmonics of degree `l`: of spline `j` with those from `j` to `j + 3`.
    fn gram(&self, l: usize) -> Vec<[f64; 4]> {
        let mut gram = vec![[0.0; 4]; self.intervals + 3];
        for (bin, &[voxels, weights, squares]) in self.bins.iter().enumerate() {
            if voxels > 0.0 {
                let power = (0..l).fold(weights / (4.0 * std::f64::consts::PI), |power, _| power * (squares / voxels));
                let values = splines(((bin % BINS) as f64 + 0.5) / BINS as f64);
                for a in 0..4 {
                    (a..4).for_each(|b| gram[bin / BINS + a][b - a] += power * values[a] * values[b]);
                }
            }
        }
        gram
    }

    /// `modes` functions under harmonics of degree `l`, smooth ones first: each a row of spline coefficients, zero
    /// where a function depends on those before it.
    ///
    /// Cosines over the splines, made orthonormal in their order (modified Gram-Schmidt, twice).
    pub fn functions(&self, l: usize, modes: usize) -> Vec<f64> {
        let (gram, knots) = (self.gram(l), self.intervals + 3);
        let mut functions = vec![0.0; modes * knots];
        let mut images: Vec<Vec<f64>> = Vec::with_capacity(modes);
        for mode in 0..modes {
            let (done, rest) = functions.split_at_mut(mode * knots);
            let row = &mut rest[..knots];
            for (j, value) in row.iter_mut().enumerate() {
                let phase = (2 * j + 1) as f64 * mode as f64 / (2 * knots) as f64;
                *value = libm::cos(std::f64::consts::PI * phase);
            }
            let before = product(row, &times(&gram, row));
            for _ in 0..2 {
                for (other, image) in done.chunks_exact(knots).zip(&images) {
                    let share = product(row, image);
                    row.iter_mut().zip(other).for_each(|(value, other)| *value -= share * other);
                }
            }
            let mut image = times(&gram, row);
            let square = product(row, &image);
            let factor = if square > DEPENDENT * before { 1.0 / square.sqrt() } else { 0.0 };
            row.iter_mut().chain(&mut image).for_each(|value| *value *= factor);
            images.push(image);
        }
        functions
    }
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The symmetric band matrix of `gram` times a vector.
fn times(gram: &[[f64; 4]], vector: &[f64]) -> Vec<f64> {
    let mut result = vec![0.0; vector.len()];
    for (j, row) in gram.iter().enumerate() {
        result[j] += row[0] * vector[j];
        for (k, value) in row.iter().enumerate().skip(1).take(gram.len() - 1 - j) {
            result[j] += value * vector[j + k];
            result[j + k] += value * vector[j];
        }
    }
    result
}
