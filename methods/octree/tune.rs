//! The step and the price of bits that give a mean error in the fewest bits.

use super::fit::Fit;
use super::search::Price;
use crate::shared::mixing::Cost;

/// Steps have numbers below this.
pub const STEPS: u8 = 255;
/// A first guess of the price of a bit in squares of the step: at a high rate one bit takes 0.116 of them away.
pub const BIT: f64 = 0.12;

/// The step with a number, in units of the goal: from 1/16 up, eight to the octave.
pub fn step(number: u8) -> f64 {
    libm::exp2(f64::from(number) / 8.0 - 4.0)
}

/// The number of a step, and a price of bits, that give an error of 1 in the fewest bits; `None` if no step does.
pub fn mean(fit: &mut Fit<'_>) -> Option<(u8, f64)> {
    let middle = largest_step(fit)?;
    let mut best = (f64::INFINITY, middle, BIT);
    let mut try_out = |number: u8, best: &mut (f64, u8, f64)| {
        let Some(bit) = price(fit, number) else { return false };
        let mut cost = Cost::default();
        fit.code_kept(&mut cost);
        let better = cost.bits < best.0;
        if better {
            *best = (cost.bits, number, bit);
        }
        better
    };
    try_out(middle, &mut best);
    for stride in [2i16, -2, 1, -1] {
        let mut next = i16::from(best.1) + stride;
        while (0..i16::from(STEPS)).contains(&next) && try_out(next as u8, &mut best) {
            next += stride;
        }
    }
    Some((best.1, best.2))
}

/// The largest step whose error, in units of the goal, is at most 1, if there is one.
fn largest_step(fit: &mut Fit<'_>) -> Option<u8> {
    let mut error = |number: u8| {
        // What was learnt for another step misleads.
        fit.forget();
        fit.choose(Price { step: step(number), bit: BIT });
        fit.choose(Price { step: step(number), bit: BIT })
    };
    let (mut low, mut high) = (0, STEPS);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if error(middle) <= 1.0 { low = middle } else { high = middle }
    }
    (low > 0 || error(0) <= 1.0).then_some(low)
}

/// The price of a bit at which a step has the error; the trees are chosen for it.
fn price(fit: &mut Fit<'_>, number: u8) -> Option<f64> {
    let (mut low, mut high) = (0.02f64, 0.4f64);
    let mut choose = |bit: f64| fit.choose(Price { step: step(number), bit });
    for _ in 0..7 {
        let middle = (low * high).sqrt();
        if choose(middle) <= 1.0 { low = middle } else { high = middle }
    }
    (choose(low) <= 1.0).then_some(low)
}
