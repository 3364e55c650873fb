//! What the cells of a scale leave open of ranks.

use super::scale::Open;
use crate::shared::range::{Bit, BitCoder};

/// Numbers of open bits that are told apart.
const MOST: usize = 64;

/// Models of what is left open.
#[derive(Clone, Debug)]
pub struct Rests {
    /// By how many bits are open: is any of them one?
    any: [Bit; MOST],
    /// By how many bits are open: the number of zeros below the lowest one, in unary.
    zeros: Vec<[Bit; MOST]>,
    numbers: Numbers,
}

/// Models of numbers of any size, by their length in bits.
#[derive(Clone, Debug)]
pub struct Numbers {
    lengths: Vec<[Bit; 128]>,
    /// By length: a tree of the two bits below the leading one.
    below: Vec<[Bit; 4]>,
}

impl Numbers {
    /// Models under so many contexts.
    pub fn new(contexts: usize) -> Self {
        Numbers { lengths: vec![[Bit::default(); 128]; contexts], below: vec![[Bit::default(); 4]; 65] }
    }

    /// Codes `number`.
    pub fn code(&mut self, number: u64, context: usize, coder: &mut impl BitCoder) -> u64 {
        let (length, mut node) = (u64::BITS - number.leading_zeros(), 1);
        for bit in (0..7).rev() {
            let one = length >> bit & 1 == 1;
            node = node * 2 + usize::from(coder.learnt(one, &mut self.lengths[context][node]));
        }
        let length = (node as u32 - 128).min(64);
        if length < 2 {
            return u64::from(length);
        }
        let (mut found, mut open, mut node) = (1, length - 1, 1);
        while open > 0 && node < 4 {
            open -= 1;
            let one = coder.learnt(number >> open & 1 == 1, &mut self.below[length as usize][node]);
            found = found << 1 | u64::from(one);
            node = node * 2 + usize::from(one);
        }
        if open == 0 { found } else { found << open | plain(number, open, coder) }
    }
}

impl Rests {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Rests { any: [Bit::default(); MOST], zeros: vec![[Bit::default(); MOST]; MOST], numbers: Numbers::new(1) }
    }

    /// Codes what is open.
    #[inline(always)]
    pub fn code(&mut self, rest: u64, open: Open, coder: &mut impl BitCoder) -> u64 {
        match open {
            Open::Nothing => 0,
            Open::Bits(open) => self.bits(rest, open, coder),
            Open::Number => self.numbers.code(rest, 0, coder),
        }
    }

    fn bits(&mut self, rest: u64, open: u32, coder: &mut impl BitCoder) -> u64 {
        if !coder.learnt(rest != 0, &mut self.any[open as usize]) {
            return 0;
        }
        let models = &mut self.zeros[open as usize];
        let mut zeros = 0;
        while zeros + 1 < open && coder.learnt(rest >> zeros & 1 == 0, &mut models[zeros as usize]) {
            zeros += 1;
        }
        (plain(rest >> zeros >> 1, open - zeros - 1, coder) << 1 | 1) << zeros
    }
}

/// Codes the low `count` bits of a number, below 64, all of them equally likely.
pub fn plain(value: u64, count: u32, coder: &mut impl BitCoder) -> u64 {
    let (mut found, mut open) = (0, count);
    while open > 0 {
        let part = open.min(32);
        open -= part;
        found = found << part | coder.plain(value >> open & ((1 << part) - 1), part);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::range::{RangeDecoder, RangeEncoder};

    fn code(rests: &[(u64, Open)], coder: &mut impl BitCoder) -> Vec<u64> {
        let mut models = Rests::new();
        rests.iter().map(|&(rest, open)| models.code(rest, open, coder)).collect()
    }

    #[test]
    fn what_is_open_comes_back() {
        let noise = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bits = (1..=52).map(|open| (noise(u64::from(open)) >> (64 - open), Open::Bits(open)));
        let numbers = (0..=64).map(|length| (u64::MAX.checked_shr(64 - length).unwrap_or(0), Open::Number));
        let rests: Vec<(u64, Open)> = bits.chain(numbers).chain([(0, Open::Bits(9)), (0, Open::Nothing)]).collect();
        let mut encoder = RangeEncoder::new();
        let values = code(&rests, &mut encoder);
        assert!(values.iter().zip(&rests).all(|(value, rest)| *value == rest.0));
        let bytes = encoder.finish();
        let unknown: Vec<(u64, Open)> = rests.iter().map(|rest| (0, rest.1)).collect();
        assert_eq!(code(&unknown, &mut RangeDecoder::new(&bytes)), values);
    }
}
