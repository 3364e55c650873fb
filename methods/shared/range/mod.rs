//! Adaptive binary range coder: bits whose probability is learnt from the bits before them.
//!
//! Carry propagation after Subbotin and Pavlov (LZMA); the probability of a bit is the mean of a fast and a slow
//! estimate, both of which start as running averages so that few bits suffice to learn. Integers only.

mod models;

pub use models::{Bit, BitTree, Light, Model};

/// Below this the range is renormalised by a byte.
const RENORMALISE: u32 = 1 << 24;
/// Bits of the probability with which a bit is coded.
const PROBABILITY_BITS: u32 = 16;

/// Codes bits whose probability is known: writes them, reads them, or adds up what they would take.
pub trait BitCoder {
    /// Codes `one`, which is a one with `probability` in 1/65536, neither 0 nor 1. Returns the bit: a decoder returns
    /// the one it read, whatever `one` is.
    fn code(&mut self, one: bool, probability: u32) -> bool;

    /// Codes `known`, one of `S` symbols. `bounds[s]` is how often it is one of the first s + 1, in 1/65536: ascending and
    /// at most 65536; what is missing falls to the last symbol. Returns the symbol: a decoder returns the one it read.
    fn symbol<const S: usize>(&mut self, known: usize, bounds: &[u32; S]) -> usize;

    /// Codes the low `count` bits of `value`, all of them equally likely, and returns them.
    fn plain(&mut self, value: u64, count: u32) -> u64;

    /// Codes a bit whose probability `model` learns.
    #[inline(always)]
    fn learnt(&mut self, one: bool, model: &mut impl Model) -> bool {
        let one = self.code(one, model.probability());
        model.learn(one);
        one
    }
}

/// Writes bits.
#[derive(Debug)]
pub struct RangeEncoder {
    low: u64,
    range: u32,
    cache: u8,
    pending: usize,
    started: bool,
    bytes: Vec<u8>,
}

impl Default for RangeEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl RangeEncoder {
    /// An empty stream.
    pub fn new() -> Self {
        RangeEncoder { low: 0, range: u32::MAX, cache: 0, pending: 0, started: false, bytes: Vec::new() }
    }

    /// Codes one bit and learns from it.
    #[inline(always)]
    pub fn bit(&mut self, one: bool, model: &mut Bit) {
        self.learnt(one, model);
    }

    /// Codes the low `count` bits of `value`, all of them equally likely.
    pub fn raw(&mut self, value: u64, count: u32) {
        let mut left = count;
        while left > 0 {
            let part = left.min(8);
            left -= part;
            self.range >>= part;
            self.low += u64::from(self.range) * (value >> left & ((1 << part) - 1));
            self.renormalise();
        }
    }

    #[inline(always)]
    fn renormalise(&mut self) {
        while self.range < RENORMALISE {
            self.range <<= 8;
            self.shift();
        }
    }

    /// Moves the top byte of `low` out, holding back bytes that a carry could still change.
    #[inline(never)]
    fn shift(&mut self) {
        if self.low < 0xff00_0000 || self.low > u64::from(u32::MAX) {
            let carry = (self.low >> 32) as u8;
            // The first byte would be 0 always: the stream is a number below one.
            if self.started {
                self.bytes.push(self.cache.wrapping_add(carry));
            }
            self.started = true;
            if self.pending > 0 {
                self.bytes.extend(std::iter::repeat_n(0xffu8.wrapping_add(carry), self.pending));
                self.pending = 0;
            }
            self.cache = (self.low >> 24) as u8;
        } else {
            self.pending += 1;
        }
        self.low = (self.low << 8) & u64::from(u32::MAX);
    }

    /// Ends the stream and hands out its bytes: the fewest that decode to the same bits if zeros are read behind them.
    pub fn finish(mut self) -> Vec<u8> {
        let top = self.low + u64::from(self.range);
        let roundest = (0..=32).rev().map(|zeros| {
            let mask = (1u64 << zeros) - 1;
            (self.low + mask) & !mask
        });
        self.low = roundest.into_iter().find(|&value| value < top).unwrap_or(self.low);
        for _ in 0..5 {
            self.shift();
        }
        while self.bytes.last() == Some(&0) {
            self.bytes.pop();
        }
        self.bytes
    }
}

impl BitCoder for RangeEncoder {
    #[inline(always)]
    fn code(&mut self, one: bool, probability: u32) -> bool {
        let bound = (self.range >> PROBABILITY_BITS) * probability;
        if one {
            self.range = bound;
        } else {
            self.low += u64::from(bound);
            self.range -= bound;
        }
        self.renormalise();
        one
    }

    #[inline(always)]
    fn symbol<const S: usize>(&mut self, known: usize, bounds: &[u32; S]) -> usize {
        let unit = self.range >> PROBABILITY_BITS;
        let below = if known == 0 { 0 } else { unit * bounds[known - 1] };
        self.low += u64::from(below);
        self.range = if known == S - 1 { self.range } else { unit * bounds[known] } - below;
        self.renormalise();
        known
    }

    fn plain(&mut self, value: u64, count: u32) -> u64 {
        self.raw(value, count);
        value
    }
}

/// Reads what a [`RangeEncoder`] wrote. Any bytes decode to something.
#[derive(Clone, Debug)]
pub struct RangeDecoder<'a> {
    bytes: &'a [u8],
    at: usize,
    code: u32,
    range: u32,
}

impl<'a> RangeDecoder<'a> {
    /// Starts on `bytes`, which must be the stream alone: behind its end zeros are read.
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = RangeDecoder { bytes, at: 0, code: 0, range: u32::MAX };
        for _ in 0..4 {
            decoder.pull();
        }
        decoder
    }

    #[inline(always)]
    fn renormalise(&mut self) {
        while self.range < RENORMALISE {
            self.range <<= 8;
            self.pull();
        }
    }

    #[inline(always)]
    fn pull(&mut self) {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        self.code = self.code << 8 | u32::from(byte);
    }

    /// The next bit; learns as the encoder did.
    #[inline(always)]
    pub fn bit(&mut self, model: &mut Bit) -> bool {
        self.learnt(false, model)
    }

    /// The next `count` equally likely bits.
    pub fn raw(&mut self, count: u32) -> u64 {
        let (mut value, mut left) = (0, count);
        while left > 0 {
            let part = left.min(8);
            left -= part;
            self.range >>= part;
            let digit = (self.code / self.range).min((1 << part) - 1);
            self.code = self.code.wrapping_sub(digit * self.range);
            value = value << part | u64::from(digit);
            self.renormalise();
        }
        value
    }

    /// Whether no byte of the stream is left unread: true after the last bit of what an encoder wrote.
    pub fn is_spent(&self) -> bool {
        self.at >= self.bytes.len()
    }
}

impl BitCoder for RangeDecoder<'_> {
    #[inline(always)]
    fn code(&mut self, _: bool, probability: u32) -> bool {
        let bound = (self.range >> PROBABILITY_BITS) * probability;
        let one = self.code < bound;
        if one {
            self.range = bound;
        } else {
            self.code -= bound;
            self.range -= bound;
        }
        self.renormalise();
        one
    }

    #[inline(always)]
    fn symbol<const S: usize>(&mut self, _: usize, bounds: &[u32; S]) -> usize {
        let unit = self.range >> PROBABILITY_BITS;
        let known: usize = bounds[..S - 1].iter().map(|bound| usize::from(self.code >= unit * bound)).sum();
        let below = if known == 0 { 0 } else { unit * bounds[known - 1] };
        self.code -= below;
        self.range = if known == S - 1 { self.range } else { unit * bounds[known] } - below;
        self.renormalise();
        known
    }

    fn plain(&mut self, _: u64, count: u32) -> u64 {
        self.raw(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: u64) -> impl Iterator<Item = u64> {
        (0..n).scan(1u64, |state, _| {
            *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            Some(*state >> 33)
        })
    }

    #[test]
    fn bits_numbers_and_trees_round_trip_in_any_mixture() {
        let mut encoder = RangeEncoder::new();
        let (mut model, mut tree) = (Bit::default(), BitTree::new(5));
        for value in noise(5000) {
            encoder.bit(value % 10 == 0, &mut model);
            encoder.raw(value & 0x7ffff, 19);
            tree.encode((value % 32) as u32, &mut encoder);
        }
        let bytes = encoder.finish();
        let mut decoder = RangeDecoder::new(&bytes);
        let (mut model, mut tree) = (Bit::default(), BitTree::new(5));
        for value in noise(5000) {
            assert_eq!(decoder.bit(&mut model), value % 10 == 0);
            assert_eq!(decoder.raw(19), value & 0x7ffff);
            assert_eq!(tree.decode(&mut decoder), (value % 32) as u32);
        }
        assert!(decoder.is_spent());
    }

    #[test]
    fn skewed_bits_come_close_to_their_entropy() {
        for per_thousand in [2u64, 20, 200, 500, 990] {
            let (mut encoder, mut model, mut ones) = (RangeEncoder::new(), Bit::default(), 0u32);
            for value in noise(100_000) {
                let one = value % 1000 < per_thousand;
                ones += u32::from(one);
                encoder.bit(one, &mut model);
            }
            let p = f64::from(ones) / 1e5;
            let entropy = -1e5 * (p * p.log2() + (1.0 - p) * (1.0 - p).log2()) / 8.0;
            let bytes = encoder.finish().len() as f64;
            let slack = if p < 0.01 { 1.1 } else { 1.03 };
            assert!(bytes < entropy * slack + 8.0, "{per_thousand}: {bytes} bytes, entropy {entropy}");
        }
    }

    #[test]
    fn a_constant_stream_of_bits_takes_next_to_nothing() {
        let length = |bits: usize, one: bool| {
            let (mut encoder, mut model) = (RangeEncoder::new(), Bit::default());
            (0..bits).for_each(|_| encoder.bit(one, &mut model));
            encoder.finish().len()
        };
        assert!(length(1000, false) <= 2 && length(1000, true) <= 2);
        assert!(length(1_000_000, false) < 40);
        assert_eq!(RangeEncoder::new().finish().len(), 0);
    }

    #[test]
    fn any_bytes_decode_to_something() {
        for fill in [0u8, 0x55, 0xff] {
            let bytes = [fill; 9];
            let (mut decoder, mut model) = (RangeDecoder::new(&bytes), Bit::default());
            for _ in 0..500 {
                decoder.bit(&mut model);
                assert!(decoder.raw(30) < 1 << 30);
            }
        }
    }
}
