//! Mixes the predictions of a binary decision's contexts in single precision.

use std::sync::LazyLock;

use crate::shared::range::{Bit, BitCoder};
use crate::shared::simd::halves;

/// Logits are held to this on either side: a probability of 1/65536, about.
const LARGEST: f32 = 11.125;
/// Entries of the table of probabilities for a step of one in the logit.
const FINE: f32 = 256.0;
/// Learning rates: the first, and the one that it falls to.
const RATES: [f32; 2] = [0.012, 0.0046];
/// Decisions after which the rate has fallen half its way.
const HALVING: f32 = 48.0;
/// The estimates of a model forget after about so many bits: one knows the last few, the other nearly all of them.
const LIMITS: [u32; 2] = [4, 1000];
/// Probabilities below this, in 1/65536, and as far from one, have logits of their own; between them every sixteenth.
const EDGE: usize = 256;

/// Both ways between probabilities in 1/65536 and their logits.
struct Tables {
    logits: [f32; 2 * EDGE + 4096],
    probabilities: Vec<u16>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

impl Tables {
    fn new() -> Self {
        let logit = |probability: f64| libm::log(probability / (65536.0 - probability)) as f32;
        let mut logits = [0.0; 2 * EDGE + 4096];
        for i in 1..EDGE {
            logits[i] = logit(i as f64);
            logits[2 * EDGE - i] = -logits[i];
        }
        for (i, entry) in logits[2 * EDGE..].iter_mut().enumerate() {
            *entry = logit(16.0 * i as f64 + 8.0);
        }
        logits[0] = logits[1];
        logits[EDGE] = logit(65536.0 - EDGE as f64);
        let probability = |i: usize| {
            let logit = i as f64 / f64::from(FINE) - f64::from(LARGEST);
            (65536.0 / (1.0 + libm::exp(-logit))).round().clamp(1.0, 65535.0) as u16
        };
        Tables { logits, probabilities: (0..=(2.0 * LARGEST * FINE) as usize).map(probability).collect() }
    }

    #[inline(always)]
    fn logit(&self, probability: u32) -> f32 {
        let p = probability as usize & 0xffff;
        let index = if p < EDGE {
            p
        } else if p >= 65536 - EDGE {
            p - (65536 - 2 * EDGE)
        } else {
            2 * EDGE + (p >> 4)
        };
        self.logits[index]
    }

    #[inline(always)]
    fn probability(&self, logit: f32) -> u32 {
        // The product is never NaN: weights and logits are bounded.
        let index = ((logit.clamp(-LARGEST, LARGEST) + LARGEST) * FINE) as usize;
        u32::from(self.probabilities[index.min(self.probabilities.len() - 1)])
    }
}

/// Weights of `N` predictions, one set for each kind of decision.
///
/// The predictions are the logits of what each model knows in the long run, and how far its last few bits lie from that.
/// Only single products and sums in a fixed order: the same on every machine.
#[derive(Clone, Debug)]
pub struct Blend<const N: usize> {
    sets: Vec<Weights<N>>,
}

#[derive(Clone, Copy, Debug)]
struct Weights<const N: usize> {
    slow: [f32; N],
    fast: [f32; N],
    seen: f32,
}

impl<const N: usize> Blend<N> {
    /// `sets` sets of weights, all of them equal and adding up to a little more than one: contexts that agree know more
    /// than each of them.
    pub fn new(sets: usize) -> Self {
        let weight = 1.125 / N as f32;
        Blend { sets: vec![Weights { slow: [weight; N], fast: [weight / 4.0; N], seen: 0.0 }; sets] }
    }

    /// Codes one bit under the models at `slots` of `models`, mixed with the weights of `set`; all of them learn.
    ///
    /// # Panics
    /// If a slot or the set does not exist.
    #[inline(always)]
    pub fn code(
        &mut self,
        one: bool,
        (models, slots): (&mut [Bit], [usize; N]),
        set: usize,
        coder: &mut impl BitCoder,
    ) -> bool {
        let tables = &*TABLES;
        let (mut slow, mut fast) = ([0.0f32; N], [0.0f32; N]);
        for i in 0..N {
            let [quick, long] = models[slots[i]].estimates();
            slow[i] = tables.logit(long);
            fast[i] = tables.logit(quick) - slow[i];
        }
        let weights = &mut self.sets[set];
        let mut terms = [0.0f32; N];
        for i in 0..N {
            terms[i] = weights.slow[i] * slow[i] + weights.fast[i] * fast[i];
        }
        let probability = tables.probability(halves(terms));
        let one = coder.code(one, probability);
        let error = (f32::from(u8::from(one)) * 65536.0 - probability as f32) / 65536.0;
        weights.learn(&slow, &fast, error);
        for slot in slots {
            models[slot].learn_within(one, LIMITS);
        }
        one
    }
}

impl<const N: usize> Weights<N> {
    /// One step down the gradient of the code length.
    #[inline(always)]
    fn learn(&mut self, slow: &[f32; N], fast: &[f32; N], error: f32) {
        let rate = RATES[1] + (RATES[0] - RATES[1]) * HALVING / (HALVING + self.seen);
        self.seen = (self.seen + 1.0).min(65536.0);
        let step = rate * error;
        for i in 0..N {
            self.slow[i] = (self.slow[i] + step * slow[i]).clamp(-8.0, 8.0);
            self.fast[i] = (self.fast[i] + step * fast[i]).clamp(-8.0, 8.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_undo_each_other_and_are_symmetric() {
        let tables = &*TABLES;
        for p in (1..65536u32).filter(|p| p % 7 == 0 || *p < 300 || *p > 65200) {
            let back = f64::from(tables.probability(tables.logit(p)));
            let room = 16.0 + 0.01 * f64::from(p.min(65536 - p));
            assert!((back - f64::from(p)).abs() <= if (256..=65280).contains(&p) { room } else { 2.5 }, "{p} {back}");
        }
        assert_eq!(tables.probability(-1e30), 1);
        assert_eq!(tables.probability(1e30), 65535);
        assert!((1..65535u32).all(|p| tables.logit(p) <= tables.logit(p + 1)));
    }
}
