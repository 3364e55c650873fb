//! Functions of all frames together, and the coefficients with which they fit a field.

use super::basis::Basis;
use super::frame::Frame;

/// The functions of several frames.
#[derive(Debug)]
pub struct Functions(Vec<Basis>);

/// Coefficients, and the sum of squares that they leave of a field.
#[derive(Clone, Debug)]
pub struct Fit {
    /// One for each function.
    pub coefficients: Vec<f64>,
    /// That sum.
    pub error: f64,
}

/// Penalty on squared coefficients: functions that the voxels hardly see stay small.
const RIDGE: f64 = 1e-3;

impl Functions {
    /// The functions of `frames` on an array of `shape`.
    pub fn new(frames: &[Frame], shape: [usize; 3]) -> Self {
        Functions(frames.iter().map(|frame| Basis::new(*frame, shape)).collect())
    }

    /// The same, quick to use again and again: takes 64 bytes for each voxel and frame.
    pub fn kept(self) -> Self {
        Functions(self.0.into_iter().map(Basis::kept).collect())
    }

    /// Adds the sum of the functions times `coefficients` to `field`.
    pub fn add(&self, coefficients: &[f64], field: &mut [f64]) {
        let mut rest = coefficients;
        for basis in &self.0 {
            let (own, others) = rest.split_at(basis.len());
            basis.add(own, field);
            rest = others;
        }
    }

    /// Scalar products of all functions with `field`.
    pub fn project(&self, field: &[f64]) -> Vec<f64> {
        self.0.iter().flat_map(|basis| basis.project(field)).collect()
    }

    /// Nearly least squares, by at most `steps` steps of conjugate gradients on the normal equations: fewer, once one
    /// takes less than `least` off the sum of squares.
    pub fn fit(&self, field: &[f64], steps: usize, least: f64) -> Fit {
        let right = self.project(field);
        let (mut fit, mut left) = (vec![0.0; right.len()], right.clone());
        let (mut direction, mut square) = (left.clone(), dot(&left, &left));
        let mut image = vec![0.0; field.len()];
        for _ in 0..steps {
            image.fill(0.0);
            self.add(&direction, &mut image);
            let mut turned = self.project(&image);
            turned.iter_mut().zip(&direction).for_each(|(turned, direction)| *turned += RIDGE * direction);
            let curvature = dot(&direction, &turned);
            if !(curvature > 0.0 && square > 1e-24 * curvature) {
                break;
            }
            let length = square / curvature;
            fit.iter_mut().zip(&direction).for_each(|(fit, direction)| *fit += length * direction);
            left.iter_mut().zip(&turned).for_each(|(left, turned)| *left -= length * turned);
            let before = std::mem::replace(&mut square, dot(&left, &left));
            if length * before < least {
                break;
            }
            let share = square / before;
            direction.iter_mut().zip(&left).for_each(|(direction, left)| *direction = left + share * *direction);
        }
        // |f - Ax|^2 = |f|^2 - x.b - x.(b - A'A x), and `left` is `b - A'A x - ridge x`.
        let error = dot(field, field) - dot(&fit, &right) - dot(&fit, &left) - RIDGE * dot(&fit, &fit);
        Fit { coefficients: fit, error: error.max(0.0) }
    }
}

/// The scalar product of two vectors.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (a.chunks(4), b.chunks(4));
    let mut sums = [0.0; 4];
    for (a, b) in a.zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}
