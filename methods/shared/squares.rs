//! Recursive least squares over many inputs, for a predictor that is asked at every point.
//!
//! The recursion is that of [`super::least_squares`] (Haykin, "Adaptive Filter Theory", chapter 9). Every sum over inputs
//! runs through them in one order while many sums are taken side by side, so that it goes at the speed of vectors and
//! comes out the same with vectors of any width.

use super::least_squares::{MOST_DOUBT, identity, is_sound};
use crate::shared::simd::{self, Kernel, halves};

/// Points of a row from one that a predictor learns from to the next: what is next to each other is alike, and learning takes
/// most of the time.
pub const EVERY: usize = 2;

/// Weights of the inputs, and the inverse of their weighted covariance.
#[derive(Debug)]
pub struct Squares<const N: usize> {
    start: [f64; N],
    weights: [f64; N],
    inverse: Box<[[f64; N]; N]>,
    /// What a value counts for after one more.
    memory: f64,
    /// The doubt, summed over weights, above which nothing more is forgotten.
    most_doubt: f64,
    /// Inputs that are ever anything but zero.
    used: [bool; N],
}

struct Learn<'a, const N: usize> {
    squares: &'a mut Squares<N>,
    inputs: &'a [f64; N],
    error: f64,
    floor: f64,
}

impl<const N: usize> Kernel for Learn<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.squares.learn_here(self.inputs, self.error, self.floor);
    }
}

impl<const N: usize> Squares<N> {
    /// Starts with the weights `start`. `memory`: what a value counts for after one more, below 1.
    pub fn new(start: [f64; N], memory: f64) -> Self {
        let inverse = Box::new(identity());
        Squares { start, weights: start, inverse, memory, most_doubt: MOST_DOUBT, used: [true; N] }
    }

    /// With so much doubt, summed over weights, above which nothing more is forgotten.
    pub fn with_most_doubt(self, most_doubt: f64) -> Self {
        Squares { most_doubt, ..self }
    }

    /// Starts again, with inputs of which those that are not `used` will be zero: of their weights there is no doubt.
    pub fn restart(&mut self, used: impl Fn(usize) -> bool) {
        self.used = std::array::from_fn(used);
        self.start_again();
    }

    fn start_again(&mut self) {
        self.weights = self.start;
        *self.inverse = identity();
        for (i, used) in self.used.into_iter().enumerate() {
            self.inverse[i][i] *= f64::from(u8::from(used));
        }
    }

    /// What the weights make of the inputs; never NaN.
    #[inline(always)]
    pub fn predict(&self, inputs: &[f64; N]) -> f64 {
        let sum = halves::<_, N>(std::array::from_fn(|i| inputs[i] * self.weights[i]));
        if sum.is_nan() { 0.0 } else { sum.clamp(-1e100, 1e100) }
    }

    /// Moves the weights to what fits best all values so far, with less and less weight the longer ago they were; every
    /// value counts in proportion to the inverse of the power around it. `floor`: the power of the inputs below which they
    /// say little.
    pub fn learn(&mut self, inputs: &[f64; N], error: f64, floor: f64) {
        simd::run(Learn { squares: self, inputs, error, floor });
    }

    #[inline(always)]
    fn learn_here(&mut self, inputs: &[f64; N], error: f64, floor: f64) {
        let power = halves(inputs.map(|input| input * input));
        if power == 0.0 {
            return;
        }
        let scale = 1.0 / (power + floor).sqrt();
        let inputs = inputs.map(|input| input * scale);
        let mut product = [0.0; N];
        for (row, input) in self.inverse.iter().zip(inputs) {
            for (product, element) in product.iter_mut().zip(row) {
                *product += element * input;
            }
        }
        let gain = 1.0 / (self.memory + halves::<_, N>(std::array::from_fn(|i| product[i] * inputs[i])));
        let error = error * scale * gain;
        for (weight, product) in self.weights.iter_mut().zip(product) {
            *weight += error * product;
        }
        let doubt = halves::<_, N>(std::array::from_fn(|i| self.inverse[i][i]));
        let grow = if doubt < self.most_doubt { 1.0 / self.memory } else { 1.0 };
        for (row, left) in self.inverse.iter_mut().zip(product) {
            let left = gain * left;
            for (element, right) in row.iter_mut().zip(product) {
                *element = (*element - left * right) * grow;
            }
        }
        self.check(doubt);
    }

    /// Starts again after numbers that no arithmetic stands.
    #[inline(always)]
    fn check(&mut self, doubt: f64) {
        if !is_sound(doubt, &self.weights) {
            self.start_again();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_a_linear_rule_are_found_and_nothing_breaks_them() {
        let mut model = Squares::new([0.0; 3], 0.9995);
        let input = |i: usize| [(i * 7 % 13) as f64, (i * 5 % 11) as f64, (i * 3 % 17) as f64 - 8.0];
        let rule = |inputs: [f64; 3]| 0.5 * inputs[0] - 2.0 * inputs[1] + inputs[2];
        for i in 0..300 {
            let error = rule(input(i)) - model.predict(&input(i));
            assert!(i < 100 || error.abs() < 0.1, "{i}: {error}");
            model.learn(&input(i), error, 1.0);
        }
        model.restart(|input| input != 1);
        for i in 0..300 {
            let inputs = [input(i)[0], 0.0, input(i)[2]];
            let error = rule(inputs) - model.predict(&inputs);
            assert!((1..100).contains(&i) || (i == 0) == (error.abs() > 0.1), "{i}: {error}");
            model.learn(&inputs, error, 1.0);
        }
        for hostile in [f64::INFINITY, f64::NAN, 1e300] {
            model.learn(&[hostile; 3], hostile, 1.0);
            assert!(model.predict(&[hostile, 1.0, -1.0]).is_finite());
        }
    }
}
