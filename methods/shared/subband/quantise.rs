//! Coefficients to integers and back.

use crate::shared::real::Real;

/// Magnitudes in steps from here on are beyond what symbols hold.
const LARGEST: i32 = 1 << 30;

/// A uniform quantiser whose zero bin is wider, and whose reconstructions lie nearer to zero, as a choice of
/// [`ROUNDINGS`] has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quantiser<F> {
    step: F,
    inverse: F,
    up: F,
    pull: F,
}

/// Pairs of the fraction that is added before the magnitude is cut to an integer, and the fraction of a step by which
/// reconstructed magnitudes are pulled to zero: plain rounding, and ever wider zero bins for coefficients whose density
/// falls steeply.
pub(super) const ROUNDINGS: [(f64, f64); 4] = [(0.5, 0.0), (0.45, 0.0), (0.4, 0.05), (0.33, 0.05)];

impl<F: Real> Quantiser<F> {
    /// Steps of `step`; `rounding` is an index into [`ROUNDINGS`].
    pub fn new(step: f64, rounding: usize) -> Self {
        let (up, pull) = ROUNDINGS[rounding % ROUNDINGS.len()];
        let of = F::from_f64;
        Quantiser { step: of(step), inverse: of(1.0 / step), up: of(up), pull: of(pull) }
    }

    /// Quantises a row: coefficients become reconstructions, and `symbols` gets the integers.
    /// Returns whether all of them can be coded.
    pub fn row(&self, coefficients: &mut [F], symbols: &mut [i32]) -> bool {
        let mut largest = 0;
        for (coefficient, symbol) in coefficients.iter_mut().zip(symbols) {
            let steps = *coefficient * self.inverse;
            let magnitude = (steps.abs() + self.up).to_i32();
            largest = largest.max(magnitude);
            *symbol = if steps < F::default() { -magnitude } else { magnitude };
            *coefficient = self.restore(*symbol);
        }
        largest < LARGEST
    }

    /// The coefficients that symbols stand for.
    pub fn restore_row(&self, symbols: &[i32], coefficients: &mut [F]) {
        coefficients.iter_mut().zip(symbols).for_each(|(coefficient, &symbol)| *coefficient = self.restore(symbol));
    }

    /// The coefficient that a symbol stands for.
    #[inline(always)]
    pub fn restore(&self, symbol: i32) -> F {
        let pull = if symbol > 0 { -self.pull } else { self.pull };
        let pull = if symbol == 0 { F::default() } else { pull };
        (F::from_i32(symbol) + pull) * self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_symmetric_and_reconstructions_quantise_to_themselves() {
        for rounding in 0..ROUNDINGS.len() {
            let quantiser = Quantiser::<f64>::new(0.5, rounding);
            let mut row: Vec<f64> = (-40..=40).map(|i| f64::from(i) * 0.11).collect();
            let mut symbols = vec![0; row.len()];
            assert!(quantiser.row(&mut row, &mut symbols));
            assert!((0..81).all(|i| symbols[i] == -symbols[80 - i] && row[i] == -row[80 - i]));
            let (mut again, mut same) = (row.clone(), vec![0; 81]);
            quantiser.row(&mut again, &mut same);
            assert_eq!((symbols, row), (same, again));
        }
    }

    #[test]
    fn what_no_symbol_holds_is_reported() {
        for value in [1e12, f64::INFINITY, -1e300] {
            assert!(!Quantiser::<f64>::new(1.0, 0).row(&mut [0.0, value], &mut [0; 2]));
        }
    }
}
