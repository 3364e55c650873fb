//! Predicts a number from others: recursive least squares with forgetting (Haykin, "Adaptive Filter Theory", chapter 9).

/// Variance of the weights at the start, relative to that of what they leave of unit distances.
const DOUBT: f64 = 10.0;
/// What a value counts for after one more.
const MEMORY: f64 = 0.998;
/// The doubt, summed over weights, above which nothing more is forgotten.
pub(super) const MOST_DOUBT: f64 = 100.0;

/// Weights of the neighbours, and the inverse of their weighted covariance.
#[derive(Debug)]
pub struct LeastSquares<const N: usize> {
    start: [f64; N],
    weights: [f64; N],
    inverse: [[f64; N]; N],
    floor: f64,
}

impl<const N: usize> LeastSquares<N> {
    /// Starts with the weights `start`. `floor`: the power of the numbers below which they say little.
    pub fn new(start: [f64; N], floor: f64) -> Self {
        LeastSquares { start, weights: start, inverse: identity(), floor }
    }

    /// What the weights make of the numbers; never NaN.
    #[inline(always)]
    pub fn predict(&self, distances: &[f64; N]) -> f64 {
        let sum: f64 = distances.iter().zip(self.weights).map(|(distance, weight)| distance * weight).sum();
        if sum.is_nan() { 0.0 } else { sum.clamp(-1e100, 1e100) }
    }

    /// Moves the weights to what fits best all values so far, with less and less weight the longer ago they were; every
    /// value counts in proportion to the inverse of the power around it.
    pub fn learn(&mut self, distances: &[f64; N], error: f64) {
        let power: f64 = distances.iter().map(|distance| distance * distance).sum();
        if power == 0.0 {
            return;
        }
        let scale = 1.0 / (power + self.floor).sqrt();
        let inputs = distances.map(|distance| distance * scale);
        let mut product = [0.0; N];
        for (product, row) in product.iter_mut().zip(&self.inverse) {
            *product = row.iter().zip(inputs).map(|(a, b)| a * b).sum();
        }
        let gain = 1.0 / (MEMORY + product.iter().zip(inputs).map(|(a, b)| a * b).sum::<f64>());
        let error = error * scale * gain;
        for (weight, product) in self.weights.iter_mut().zip(product) {
            *weight += error * product;
        }
        let doubt: f64 = (0..N).map(|i| self.inverse[i][i]).sum();
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
        if !is_sound(doubt, &self.weights) {
            *self = LeastSquares::new(self.start, self.floor);
        }
    }
}

/// Whether doubt and weights are still numbers that arithmetic stands.
#[inline(always)]
pub(super) fn is_sound(doubt: f64, weights: &[f64]) -> bool {
    doubt >= 0.0 && doubt.is_finite() && weights.iter().all(|weight| weight.abs() < 1e6)
}

/// The inverse of the covariance before anything is known.
pub(super) fn identity<const N: usize>() -> [[f64; N]; N] {
    std::array::from_fn(|i| std::array::from_fn(|j| if i == j { DOUBT } else { 0.0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_a_linear_rule_are_found_and_nothing_breaks_them() {
        let mut model = LeastSquares::new([0.0; 3], 1.0);
        let input = |i: usize| [(i * 7 % 13) as f64, (i * 5 % 11) as f64, (i * 3 % 17) as f64 - 8.0];
        let rule = |inputs: [f64; 3]| 0.5 * inputs[0] - 2.0 * inputs[1] + inputs[2];
        for i in 0..300 {
            let error = rule(input(i)) - model.predict(&input(i));
            assert!(i < 100 || error.abs() < 0.1, "{i}: {error}");
            model.learn(&input(i), error);
        }
        for hostile in [f64::INFINITY, f64::NAN, 1e300] {
            model.learn(&[hostile; 3], hostile);
            assert!(model.predict(&[hostile, 1.0, -1.0]).is_finite());
        }
    }
}
