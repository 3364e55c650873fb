//! Integers under several contexts each.

use super::{Cost, Mixer, starts};
use crate::shared::range::{Bit, BitCoder};

/// Decisions that are mixed: is it non-zero, is the magnitude above 1, above 2, and so on.
const MIXED: usize = 14;

/// Where an integer stands: what its size and its sign are guessed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<const N: usize> {
    /// A context of each kind: below the number given to [`Integers::new`].
    pub contexts: [usize; N],
    /// The context of its sign.
    pub sign: usize,
    /// Which set of weights mixes the contexts: those of integers alike learn together.
    pub set: usize,
}

/// Models of signed integers, small ones above all, each of which has `N` contexts: one of every kind.
///
/// One function writes, reads and costs, so that the three cannot part.
#[derive(Clone, Debug)]
pub struct Integers<const N: usize> {
    starts: [usize; N],
    sizes: Vec<Bit>,
    signs: Vec<Bit>,
    lengths: [Bit; 32],
    mixer: Mixer<N>,
}

impl<const N: usize> Integers<N> {
    /// Models for `contexts[i]` contexts of kind `i`, `signs` contexts of signs, and `sets` sets of weights.
    pub fn new(contexts: [usize; N], signs: usize, sets: usize) -> Self {
        let (starts, total) = starts(contexts.map(|count| count * MIXED));
        Integers {
            starts,
            sizes: vec![Bit::default(); total],
            signs: vec![Bit::default(); signs],
            lengths: [Bit::default(); 32],
            mixer: Mixer::new(sets * MIXED),
        }
    }

    /// Codes `value`, which is above `i32::MIN`, and returns it; a decoder returns what it read.
    ///
    /// # Panics
    /// If a context does not exist.
    #[inline]
    pub fn code(&mut self, value: i32, place: &Place<N>, coder: &mut impl BitCoder) -> i32 {
        let magnitude = self.magnitude(value.unsigned_abs(), place, coder) as i32;
        if magnitude != 0 && coder.learnt(value < 0, &mut self.signs[place.sign]) { -magnitude } else { magnitude }
    }

    /// Codes a magnitude below 2^31 alone: its sign is the caller's.
    ///
    /// # Panics
    /// If a context does not exist.
    #[inline]
    pub fn magnitude(&mut self, size: u32, place: &Place<N>, coder: &mut impl BitCoder) -> u32 {
        for decision in 0..MIXED {
            let models = (&mut self.sizes[..], slots(&self.starts, place, decision));
            if !self.mixer.code(size as usize > decision, models, place.set * MIXED + decision, coder) {
                return decision as u32;
            }
        }
        let rest = self.rest(size.wrapping_sub(MIXED as u32), coder);
        (rest + MIXED as u32).min(i32::MAX as u32)
    }

    /// Bits that [`Integers::magnitude`] would take for 0, 1, ... in turn. Nothing learns; magnitudes from 14 on are
    /// taken to cost what 14 does.
    ///
    /// # Panics
    /// If a context does not exist.
    pub fn costs<const M: usize>(&self, place: &Place<N>) -> [f32; M] {
        let mut costs = [0.0; M];
        let mut so_far = Cost::default();
        for (decision, cost) in costs.iter_mut().enumerate() {
            if decision < MIXED {
                let models = (&self.sizes[..], slots(&self.starts, place, decision));
                let probability = self.mixer.probability(models, place.set * MIXED + decision);
                let mut ends = so_far;
                ends.code(false, probability);
                so_far.code(true, probability);
                *cost = ends.bits as f32;
            } else {
                *cost = so_far.bits as f32;
            }
        }
        costs
    }

    /// What is above the mixed decisions: the length of one more than it, then its bits.
    #[inline(never)]
    fn rest(&mut self, rest: u32, coder: &mut impl BitCoder) -> u32 {
        let value = u64::from(rest) + 1;
        let mut length = 0;
        while length < 31 && coder.learnt(value >> (length + 1) != 0, &mut self.lengths[length]) {
            length += 1;
        }
        let below = coder.plain(value & ((1 << length) - 1), length as u32);
        (((1 << length) | below) - 1) as u32
    }
}

/// The models of a decision in the contexts of a place.
#[inline(always)]
fn slots<const N: usize>(starts: &[usize; N], place: &Place<N>, decision: usize) -> [usize; N] {
    std::array::from_fn(|i| starts[i] + place.contexts[i] * MIXED + decision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::range::{RangeDecoder, RangeEncoder};

    /// Sizes that are the product of one that has a period of 21 steps and one that has a period of 5.
    fn values() -> Vec<i32> {
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as f64 / 16777216.0 - 0.5
        };
        let size = |i: usize| 0.4 * (i * 8 % 21) as f64 * 0.5f64.powi((i % 5) as i32);
        (0..20_000).map(|i| (size(i) * (noise() + noise() + noise()) * 2.0) as i32).collect()
    }

    fn place(before: &[i32]) -> Place<2> {
        Place { contexts: [before.len() % 21, before.len() % 5], sign: 0, set: 0 }
    }

    fn code(values: &[i32], coder: &mut impl BitCoder) -> Vec<i32> {
        let mut models = Integers::new([21, 5], 1, 1);
        let mut back = Vec::new();
        for &value in values {
            let value = models.code(value, &place(&back), coder);
            back.push(value);
        }
        back
    }

    #[test]
    fn what_is_written_is_read_and_costs_what_was_said() {
        let mut values = values();
        values.extend([14, -15, 1000, -70_000, i32::MAX, -i32::MAX]);
        let (mut encoder, mut cost) = (RangeEncoder::new(), Cost::default());
        code(&values, &mut encoder);
        code(&values, &mut cost);
        let bytes = encoder.finish();
        assert_eq!(code(&vec![0; values.len()], &mut RangeDecoder::new(&bytes)), values);
        assert!((cost.bits / 8.0 / bytes.len() as f64 - 1.0).abs() < 0.02, "{} bits, {} bytes", cost.bits, bytes.len());
    }

    #[test]
    fn two_contexts_together_beat_each_alone() {
        let values = values();
        let bits = |choose: fn(Place<2>) -> Place<2>| {
            let (mut models, mut cost) = (Integers::new([21, 5], 1, 1), Cost::default());
            for (i, &value) in values.iter().enumerate() {
                models.code(value, &choose(place(&values[..i])), &mut cost);
            }
            cost.bits
        };
        let both = bits(|place| place);
        let first = bits(|place| Place { contexts: [place.contexts[0], 0], ..place });
        let second = bits(|place| Place { contexts: [0, place.contexts[1]], ..place });
        assert!(both < 0.98 * first && both < 0.98 * second, "{both} bits; alone {first} and {second}");
    }

    #[test]
    fn costs_are_those_of_the_code_that_follows() {
        let mut models = Integers::new([21, 5], 1, 1);
        let mut back = Vec::new();
        for value in values().into_iter().take(2000) {
            let (place, mut cost) = (place(&back), Cost::default());
            let costs: [f32; 4] = models.costs(&place);
            let magnitude = models.magnitude(value.unsigned_abs(), &place, &mut cost) as usize;
            assert!(magnitude > 3 || (f64::from(costs[magnitude]) - cost.bits).abs() < 1e-3);
            back.push(value);
        }
    }

    #[test]
    fn zeros_take_next_to_nothing() {
        let mut encoder = RangeEncoder::new();
        code(&[0; 100_000], &mut encoder);
        let bytes = encoder.finish().len();
        assert!(bytes <= 6, "{bytes} bytes");
    }

    #[test]
    fn any_bytes_decode_to_something() {
        for fill in [0u8, 0x5a, 0xff] {
            assert_eq!(code(&[0; 3000], &mut RangeDecoder::new(&[fill; 40])).len(), 3000);
        }
    }
}
