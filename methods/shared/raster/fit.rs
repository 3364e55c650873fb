//! A predictor that follows the data: recursive least squares with forgetting (Haykin, "Adaptive Filter Theory",
//! chapter 9).

/// Variance of the weights at the start, relative to that of what they leave of unit distances.
const DOUBT: f64 = 10.0;
/// What a value counts for after one more.
const MEMORY: f64 = 0.998;
/// The doubt, summed over weights, above which nothing more is forgotten.
const MOST_DOUBT: f64 = 100.0;

/// Weights of the neighbours, and the inverse of their weighted covariance.
#[derive(Clone, Debug)]
pub struct Fit<const N: usize> {
    start: [f64; N],
    weights: [f64; N],
    inverse: [[f64; N]; N],
}

impl<const N: usize> Fit<N> {
    /// Starts with the weights `start`.
    pub fn new(start: [f64; N]) -> Self {
        let identity = std::array::from_fn(|i| std::array::from_fn(|j| if i == j { DOUBT } else { 0.0 }));
        Fit { start, weights: start, inverse: identity }
    }

    /// What the weights make of the distances; never NaN.
    #[inline(always)]
    pub fn predict(&self, distances: &[f64; N]) -> f64 {
        // Four sums, by index modulo 4.
        let mut parts = [0.0; 4];
        for (group, weights) in distances.chunks(4).zip(self.weights.chunks(4)) {
            for ((part, distance), weight) in parts.iter_mut().zip(group).zip(weights) {
                *part += distance * weight;
            }
        }
        let sum: f64 = (parts[0] + parts[1]) + (parts[2] + parts[3]);
        if sum.is_nan() { 0.0 } else { sum.clamp(-1e100, 1e100) }
    }

    /// Moves the weights to what fits best all values so far, with less and less weight the longer ago they were.
    /// `scale` multiplies distances and error, so that all points count alike.
    pub fn learn(&mut self, distances: &[f64; N], error: f64, scale: f64) {
        let inputs = distances.map(|distance| distance * scale);
        let mut product = [0.0; N];
        for (column, input) in self.inverse.iter().zip(inputs) {
            product.iter_mut().zip(column).for_each(|(product, element)| *product += element * input);
        }
        let gain = 1.0 / (MEMORY + product.iter().zip(inputs).map(|(a, b)| a * b).sum::<f64>());
        let error = error * scale * gain;
        self.weights.iter_mut().zip(product).for_each(|(weight, product)| *weight += error * product);
        let doubt: f64 = (0..N).map(|i| self.inverse[i][i]).sum();
        let grow = if doubt < MOST_DOUBT { 1.0 / MEMORY } else { 1.0 };
        for (column, right) in self.inverse.iter_mut().zip(product) {
            let right = right * gain;
            column.iter_mut().zip(product).for_each(|(element, left)| *element = (*element - left * right) * grow);
        }
        // Starts again after numbers that no arithmetic stands.
        if !(doubt >= 0.0 && doubt.is_finite() && self.weights.iter().all(|weight| weight.abs() < 1e6)) {
            *self = Fit::new(self.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_a_linear_rule_are_found_and_nothing_breaks_them() {
        let mut model = Fit::new([0.0; 3]);
        let input = |i: usize| [(i * 7 % 13) as f64, (i * 5 % 11) as f64, (i * 3 % 17) as f64 - 8.0];
        let rule = |inputs: [f64; 3]| 0.5 * inputs[0] - 2.0 * inputs[1] + inputs[2];
        for i in 0..300 {
            let error = rule(input(i)) - model.predict(&input(i));
            assert!(i < 100 || error.abs() < 0.1, "{i}: {error}");
            model.learn(&input(i), error, 0.1);
        }
        for hostile in [f64::INFINITY, f64::NAN, 1e300] {
            model.learn(&[hostile; 3], hostile, 1.0);
            assert!(model.predict(&[hostile, 1.0, -1.0]).is_finite());
        }
    }
}
