//! Mixes the predictions of a binary decision's contexts.

use super::logistic::{LARGEST, Logistic};
use crate::shared::range::{Bit, BitCoder};

/// Bits behind the point of a weight.
const ONE: u32 = 16;
/// Learning rates in 1/65536: the first, and the one that it falls to.
const RATES: [i32; 2] = [1600, 130];
/// Decisions after which the rate has halved.
const HALVING: i32 = 48;

/// Weights of `N` predictions, one set for each kind of decision.
#[derive(Clone, Debug)]
pub struct Mixer<const N: usize> {
    sets: Vec<Weights<N>>,
}

#[derive(Clone, Copy, Debug)]
struct Weights<const N: usize> {
    weights: [i32; N],
    seen: i32,
}

impl<const N: usize> Mixer<N> {
    /// `sets` sets of weights, all of them equal and adding up to a little more than one: contexts that agree know more
    /// than each of them.
    pub fn new(sets: usize) -> Self {
        let weights = [(1 << ONE) * 5 / 4 / N as i32; N];
        Mixer { sets: vec![Weights { weights, seen: 0 }; sets] }
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
        let tables = Logistic::tables();
        let logits = slots.map(|slot| tables.logit(models[slot].probability()));
        let Weights { weights, seen } = &mut self.sets[set];
        let sum: i64 = weights.iter().zip(logits).map(|(&weight, logit)| i64::from(weight) * i64::from(logit)).sum();
        let mixed = (sum >> ONE).clamp(i64::from(-LARGEST), i64::from(LARGEST)) as i32;
        let probability = tables.probability(mixed);
        let one = coder.code(one, probability);
        let error = (i32::from(one) << 16) - probability as i32;
        let rate = RATES[1] + (RATES[0] - RATES[1]) * HALVING / (HALVING + *seen);
        *seen = (*seen + 1).min(1 << 16);
        for (weight, logit) in weights.iter_mut().zip(logits) {
            *weight += ((i64::from(error) * i64::from(logit) * i64::from(rate)) >> 24) as i32;
            *weight = (*weight).clamp(-(8 << ONE), 8 << ONE);
        }
        slots.into_iter().for_each(|slot| models[slot].learn(one));
        one
    }
}
