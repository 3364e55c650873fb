//! Integers under several contexts each.

use super::Mixer;
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
        let mut total = 0;
        let starts = contexts.map(|count| {
            total += count;
            (total - count) * MIXED
        });
        Integers {
            starts,
            sizes: vec![Bit::default(); total * MIXED],
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
        let size = value.unsigned_abs();
        let mut magnitude = 0u32;
        while (magnitude as usize) < MIXED {
            let decision = magnitude as usize;
            let slots = std::array::from_fn(|i| self.starts[i] + place.contexts[i] * MIXED + decision);
            let models = (&mut self.sizes[..], slots);
            if !self.mixer.code(size > magnitude, models, place.set * MIXED + decision, coder) {
                break;
            }
            magnitude += 1;
        }
        if magnitude as usize == MIXED {
            magnitude += self.rest(size.wrapping_sub(magnitude), coder);
        }
        if magnitude == 0 {
            return 0;
        }
        let magnitude = magnitude.min(i32::MAX as u32) as i32;
        if coder.learnt(value < 0, &mut self.signs[place.sign]) { -magnitude } else { magnitude }
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

#[cfg(test)]
mod tests {
    use super::super::Cost;
    use super::*;
    use crate::shared::range::{RangeDecoder, RangeEncoder};

    /// Sizes that follow a slow wave and change fivefold from one place to the next.
    fn values() -> Vec<i32> {
        let mut state = 1u64;
        let mut noise = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as f64 / 16777216.0 - 0.5
        };
        let size = |i: usize| 9.0 * (i as f64 / 600.0).sin().powi(2) * 0.5f64.powi((i % 5) as i32);
        (0..20_000).map(|i| (size(i) * (noise() + noise() + noise()) * 2.0) as i32).collect()
    }

    fn place(before: &[i32]) -> Place<2> {
        let sum: u32 = before.iter().rev().take(10).map(|value| value.unsigned_abs()).sum();
        Place { contexts: [sum.min(40) as usize / 2, before.len() % 5], sign: 0, set: 0 }
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
        let wave = bits(|place| Place { contexts: [place.contexts[0], 0], ..place });
        let fifth = bits(|place| Place { contexts: [0, place.contexts[1]], ..place });
        assert!(both < 0.98 * wave && both < 0.98 * fifth, "{both} bits; alone {wave} and {fifth}");
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
