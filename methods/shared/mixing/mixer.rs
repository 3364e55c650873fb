//! Mixes the predictions of a binary decision's contexts.

use super::logistic::{LARGEST, Logistic};
use crate::shared::range::{Bit, BitCoder};

/// Bits behind the point of a weight.
const ONE: u32 = 16;
/// Learning rates in 1/65536: the first, and the one that it falls to.
const RATES: [i32; 2] = [800, 300];
/// Decisions after which the rate has halved its way.
const HALVING: i32 = 48;
/// The estimates of a model forget after about so many bits: one knows the last few, the other nearly all of them.
const LIMITS: [u32; 2] = [4, 1000];

/// Weights of `N` predictions, one set for each kind of decision.
#[derive(Clone, Debug)]
pub struct Mixer<const N: usize> {
    sets: Vec<Weights<N>>,
}

#[derive(Clone, Copy, Debug)]
struct Weights<const N: usize> {
    /// Of what each model knows in the long run.
    slow: [i32; N],
    /// Of how far its last few bits lie from that.
    fast: [i32; N],
    seen: i32,
}

impl<const N: usize> Mixer<N> {
    /// `sets` sets of weights, all of them equal and adding up to a little more than one: contexts that agree know more
    /// than each of them.
    pub fn new(sets: usize) -> Self {
        let weight = (1 << ONE) * 9 / 8 / N as i32;
        Mixer { sets: vec![Weights { slow: [weight; N], fast: [weight / 4; N], seen: 0 }; sets] }
    }

    /// Codes one bit under the models at `slots` of `models`, mixed with the weights of `set`; all of them learn.
    ///
    /// # Panics
    /// If a slot or the set does not exist.
    #[inline]
    pub fn code(
        &mut self,
        one: bool,
        (models, slots): (&mut [Bit], [usize; N]),
        set: usize,
        coder: &mut impl BitCoder,
    ) -> bool {
        let weights = &mut self.sets[set];
        let logits = logits(models, slots);
        let probability = weights.probability(&logits);
        let one = coder.code(one, probability);
        weights.learn(&logits, (i32::from(one) << 16) - probability as i32);
        slots.into_iter().for_each(|slot| models[slot].learn_within(one, LIMITS));
        one
    }

    /// The probability of a one, 1 to 65535, with which [`Mixer::code`] would code it. Nothing learns.
    ///
    /// # Panics
    /// If a slot or the set does not exist.
    #[inline]
    pub fn probability(&self, (models, slots): (&[Bit], [usize; N]), set: usize) -> u32 {
        self.sets[set].probability(&logits(models, slots))
    }
}

/// The long run's logit of each model, and how far that of its last few bits lies from it.
#[inline(always)]
fn logits<const N: usize>(models: &[Bit], slots: [usize; N]) -> [[i32; 2]; N] {
    let tables = Logistic::tables();
    slots.map(|slot| {
        let [fast, slow] = models[slot].estimates().map(|estimate| tables.logit(estimate));
        [slow, fast - slow]
    })
}

impl<const N: usize> Weights<N> {
    #[inline(always)]
    fn probability(&self, logits: &[[i32; 2]; N]) -> u32 {
        let along = self.slow.iter().zip(&self.fast).zip(logits);
        let product = |weight: i32, logit: i32| i64::from(weight) * i64::from(logit);
        let sum: i64 = along.map(|((&slow, &fast), logit)| product(slow, logit[0]) + product(fast, logit[1])).sum();
        Logistic::tables().probability((sum >> ONE).clamp(-i64::from(LARGEST), i64::from(LARGEST)) as i32)
    }

    /// One step down the gradient of the code length.
    #[inline(always)]
    fn learn(&mut self, logits: &[[i32; 2]; N], error: i32) {
        let rate = RATES[1] + (RATES[0] - RATES[1]) * HALVING / (HALVING + self.seen);
        self.seen = (self.seen + 1).min(1 << 16);
        let moved = |weight: i32, logit: i32| {
            let step = (i64::from(error) * i64::from(logit) * i64::from(rate)) >> 24;
            (weight + step as i32).clamp(-(8 << ONE), 8 << ONE)
        };
        for (i, &[slow, fast]) in logits.iter().enumerate() {
            self.slow[i] = moved(self.slow[i], slow);
            self.fast[i] = moved(self.fast[i], fast);
        }
    }
}
