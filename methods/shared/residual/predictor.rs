//! Predicts a distance from those around it: recursive least squares with forgetting.

use super::grid::NEIGHBOURS;

/// What the weights start as: those of the constant continued along all three axes, a little less than sure of it.
const START: [f64; NEIGHBOURS] = [0.3, 0.0, 0.3, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0];
/// Variance of the weights at the start, relative to that of what they leave of unit distances.
const DOUBT: f64 = 10.0;
/// What a value counts for after one more.
const MEMORY: f64 = 0.998;
/// The doubt, summed over weights, above which nothing more is forgotten.
const MOST_DOUBT: f64 = 100.0;

/// Weights of the neighbours, and the inverse of their weighted covariance.
#[derive(Debug)]
pub(super) struct Predictor {
    weights: [f64; NEIGHBOURS],
    inverse: [[f64; NEIGHBOURS]; NEIGHBOURS],
    floor: f64,
}

impl Predictor {
    /// `floor`: the power of distances below which they say little.
    pub fn new(floor: f64) -> Self {
        Predictor { weights: START, inverse: identity(), floor }
    }

    #[inline(always)]
    pub fn predict(&self, distances: &[f64; NEIGHBOURS]) -> f64 {
        let sum: f64 = distances.iter().zip(self.weights).map(|(distance, weight)| distance * weight).sum();
        if sum.is_nan() { 0.0 } else { sum.clamp(-1e100, 1e100) }
    }

    /// Moves the weights to what fits best all values so far, with less and less weight the longer ago they were; every
    /// value counts in proportion to the inverse of the power around it.
    pub fn learn(&mut self, distances: &[f64; NEIGHBOURS], error: f64) {
        let power: f64 = distances.iter().map(|distance| distance * distance).sum();
        if power == 0.0 {
            return;
        }
        let scale = 1.0 / (power + self.floor).sqrt();
        let inputs = distances.map(|distance| distance * scale);
        let mut product = [0.0; NEIGHBOURS];
        for (product, row) in product.iter_mut().zip(&self.inverse) {
            *product = row.iter().zip(inputs).map(|(a, b)| a * b).sum();
        }
        let gain = 1.0 / (MEMORY + product.iter().zip(inputs).map(|(a, b)| a * b).sum::<f64>());
        let error = error * scale * gain;
        for (weight, product) in self.weights.iter_mut().zip(product) {
            *weight += error * product;
        }
        let doubt: f64 = (0..NEIGHBOURS).map(|i| self.inverse[i][i]).sum();
        let grow = if doubt < MOST_DOUBT { 1.0 / MEMORY } else { 1.0 };
        for (row, left) in self.inverse.iter_mut().zip(product) {
            for (element, right) in row.iter_mut().zip(product) {
                *element = (*element - gain * left * right) * grow;
            }
        }
        self.check(doubt);
    }

    /// Starts again after numbers that no arithmetic stands.
    fn check(&mut self, doubt: f64) {
        if !(doubt >= 0.0 && doubt.is_finite() && self.weights.iter().all(|weight| weight.abs() < 1e6)) {
            *self = Predictor::new(self.floor);
        }
    }
}

fn identity() -> [[f64; NEIGHBOURS]; NEIGHBOURS] {
    std::array::from_fn(|i| std::array::from_fn(|j| if i == j { DOUBT } else { 0.0 }))
}
