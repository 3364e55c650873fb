//! What is learnt about binary decisions.

use super::{PROBABILITY_BITS, RangeDecoder, RangeEncoder};

/// Running averages stop at these counts: the fast one forgets after about 40 bits, the slow one after about 500.
const LIMITS: [u32; 2] = [40, 500];
/// `round(2^16 / (n + 1.5))`: the share of the (n+1)-th bit in a running average that starts at one half.
const SHARE: [u32; 1024] = shares();

const fn shares() -> [u32; 1024] {
    let mut table = [0; 1024];
    let mut n = 0;
    while n < 1024 {
        table[n] = ((2u32 << 16) + (n as u32 * 2 + 3) / 2) / (n as u32 * 2 + 3);
        n += 1;
    }
    table
}

/// What is known about one binary decision.
pub trait Model {
    /// Probability of a one in 1/65536, never 0 or 1.
    fn probability(&self) -> u32;

    /// Takes note of a bit.
    fn learn(&mut self, one: bool);
}

/// What is known about one binary decision: two estimates, each a 22-bit probability of a one above a 10-bit count.
#[derive(Clone, Copy, Debug)]
pub struct Bit([u32; 2]);

impl Default for Bit {
    fn default() -> Self {
        Bit([1 << 31; 2])
    }
}

impl Model for Bit {
    #[inline(always)]
    fn probability(&self) -> u32 {
        let mean = ((u64::from(self.0[0]) + u64::from(self.0[1])) >> 17) as u32;
        mean.clamp(1, (1 << PROBABILITY_BITS) - 1)
    }

    #[inline(always)]
    fn learn(&mut self, one: bool) {
        self.learn_within(one, LIMITS);
    }
}

impl Bit {
    /// Both estimates apart, the fast one first; each 1 to 65535.
    #[inline(always)]
    pub(in crate::shared) fn estimates(self) -> [u32; 2] {
        self.0.map(|state| (state >> 16).clamp(1, (1 << PROBABILITY_BITS) - 1))
    }

    /// As it learns from any bit, but with running averages that stop at other counts, below 1024.
    #[inline(always)]
    pub(in crate::shared) fn learn_within(&mut self, one: bool, limits: [u32; 2]) {
        for (state, limit) in self.0.iter_mut().zip(limits) {
            let (probability, count) = (*state >> 10, *state & 1023);
            let goal = if one { (1u32 << 22) - 1 } else { 0 };
            let step = (i64::from(goal) - i64::from(probability)) * i64::from(SHARE[count as usize & 1023]);
            let moved = (i64::from(probability) + (step >> 16)) as u32;
            *state = moved << 10 | (count + u32::from(count < limit));
        }
    }
}

/// The same with one estimate, in less time: a 16-bit probability above an 8-bit count.
#[derive(Clone, Copy, Debug)]
pub struct Light(u32);

impl Default for Light {
    fn default() -> Self {
        Light(1 << 23)
    }
}

impl Model for Light {
    #[inline(always)]
    fn probability(&self) -> u32 {
        (self.0 >> 8).clamp(32, 65536 - 32)
    }

    #[inline(always)]
    fn learn(&mut self, one: bool) {
        let (probability, count) = ((self.0 >> 8) as i32, self.0 & 255);
        let goal = if one { 65535 } else { 0 };
        // The share is below 2^15 from the second bit on, and the difference is about half for the first.
        let moved = probability + (((goal - probability) * (SHARE[count as usize] / 2) as i32) >> 15);
        self.0 = (moved as u32) << 8 | (count + u32::from(count < 250));
    }
}

/// A binary tree of [`Bit`]s for a number of `bits` bits, highest bit first.
#[derive(Clone, Debug)]
pub struct BitTree {
    bits: u32,
    nodes: Vec<Bit>,
}

impl BitTree {
    /// A tree for numbers below `2^bits`.
    pub fn new(bits: u32) -> Self {
        BitTree { bits, nodes: vec![Bit::default(); 1 << bits] }
    }

    /// Codes the low bits of `value`.
    pub fn encode(&mut self, value: u32, encoder: &mut RangeEncoder) {
        let mut node = 1;
        for bit in (0..self.bits).rev() {
            let one = value >> bit & 1 == 1;
            encoder.bit(one, &mut self.nodes[node]);
            node = node * 2 + usize::from(one);
        }
    }

    /// The next number.
    pub fn decode(&mut self, decoder: &mut RangeDecoder<'_>) -> u32 {
        let mut node = 1;
        for _ in 0..self.bits {
            node = node * 2 + usize::from(decoder.bit(&mut self.nodes[node]));
        }
        (node - (1 << self.bits)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_run_through_any_number_of_held_bytes() {
        let mut models = [Bit([!1023; 2]), Bit([1 << 10; 2])];
        let bits: Vec<bool> = (0..3000).map(|i| i % 997 == 0).collect();
        let mut encoder = RangeEncoder::new();
        bits.iter().enumerate().for_each(|(i, &bit)| encoder.bit(bit, &mut models[i % 2]));
        let bytes = encoder.finish();
        let mut models = [Bit([!1023; 2]), Bit([1 << 10; 2])];
        let mut decoder = RangeDecoder::new(&bytes);
        assert!(bits.iter().enumerate().all(|(i, &bit)| decoder.bit(&mut models[i % 2]) == bit));
    }
}
