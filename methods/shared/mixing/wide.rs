//! Integers of any size under several contexts each, coded as a class of magnitude, up or down from the expected one.

use super::Mixer;
use crate::shared::range::{Bit, BitCoder};

/// Classes of magnitudes: 0 to 3, then half octaves.
const CLASSES: usize = 64;
/// Steps up or down that are told apart.
const STEPS: usize = 14;
/// Decisions of a context: the first one, for small expected classes apart; the steps up, from class 0 apart; and those
/// down.
const NODES: usize = 4 + 3 * STEPS;
/// Expected classes that have sets of weights of their own.
const SETS: usize = 8;

/// Where an integer stands: what its size and its sign are guessed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook<const N: usize> {
    /// A context of each kind: below the number given to [`Wide::new`].
    pub contexts: [usize; N],
    /// The magnitude that is as likely exceeded as not, about.
    pub expected: u32,
    /// The context of its sign.
    pub sign: usize,
}

/// Models of signed integers, each of which has `N` contexts: one of every kind.
///
/// Takes a few decisions for any magnitude where [`super::Integers`] takes one for every unit.
#[derive(Clone, Debug)]
pub struct Wide<const N: usize> {
    starts: [usize; N],
    nodes: Vec<Bit>,
    signs: Vec<Bit>,
    /// For every class, a tree of the two highest bits below the class.
    below: Vec<[Bit; 4]>,
    mixer: Mixer<N>,
}

/// The class of a magnitude below 2^32.
#[inline(always)]
fn class(magnitude: u32) -> usize {
    if magnitude < 4 {
        return magnitude as usize;
    }
    let log = magnitude.ilog2();
    (2 * log + (magnitude >> (log - 1) & 1)) as usize
}

impl<const N: usize> Wide<N> {
    /// Models for `contexts[i]` contexts of kind `i` and `signs` contexts of signs.
    pub fn new(contexts: [usize; N], signs: usize) -> Self {
        let mut total = 0;
        let starts = contexts.map(|count| {
            total += count;
            (total - count) * NODES
        });
        Wide {
            starts,
            nodes: vec![Bit::default(); total * NODES],
            signs: vec![Bit::default(); signs],
            below: vec![[Bit::default(); 4]; CLASSES],
            mixer: Mixer::new(SETS * NODES),
        }
    }

    /// Codes `value`, which is above `i32::MIN`, and returns it; a decoder returns what it read.
    ///
    /// # Panics
    /// If a context does not exist.
    #[inline]
    pub fn code(&mut self, value: i32, outlook: &Outlook<N>, coder: &mut impl BitCoder) -> i32 {
        let size = value.unsigned_abs();
        let class = self.class(class(size), outlook, coder);
        let magnitude = self.within(size, class, coder) as i32;
        if magnitude != 0 && coder.learnt(value < 0, &mut self.signs[outlook.sign]) { -magnitude } else { magnitude }
    }

    /// Walks from the expected class to the one of the integer.
    #[inline(always)]
    fn class(&mut self, known: usize, outlook: &Outlook<N>, coder: &mut impl BitCoder) -> usize {
        let bases: [usize; N] = std::array::from_fn(|i| self.starts[i] + outlook.contexts[i] * NODES);
        let expected = class(outlook.expected).min(CLASSES - 3);
        let set = expected.min(SETS - 1) * NODES;
        let mut decide = |above: usize, node: usize| {
            let slots = bases.map(|base| base + node);
            self.mixer.code(known > above, (&mut self.nodes[..], slots), set + node, coder)
        };
        let (up, down) = (4 + STEPS * usize::from(expected > 0), 4 + 2 * STEPS);
        let mut at = expected;
        if decide(at, at.min(3)) {
            at += 1;
            while at < CLASSES - 2 && decide(at, up + (at - expected).min(STEPS) - 1) {
                at += 1;
            }
        } else {
            while at > 0 && !decide(at - 1, down + (expected - at).min(STEPS - 1)) {
                at -= 1;
            }
        }
        at
    }

    /// The bits of a magnitude that its class leaves open.
    #[inline(always)]
    fn within(&mut self, size: u32, class: usize, coder: &mut impl BitCoder) -> u32 {
        if class < 4 {
            return class as u32;
        }
        let (log, mut open) = (class as u32 / 2, class as u32 / 2 - 1);
        let mut found = 2 | class as u32 & 1;
        let mut node = 1;
        while open > 0 && node < 4 {
            open -= 1;
            let one = coder.learnt(size >> open & 1 == 1, &mut self.below[class][node]);
            found = found << 1 | u32::from(one);
            node = node * 2 + usize::from(one);
        }
        if open > 0 {
            found = found << open | coder.plain(u64::from(size & ((1 << open) - 1)), open) as u32;
        }
        debug_assert_eq!(found.ilog2(), log);
        found & i32::MAX as u32
    }
}

#[cfg(test)]
mod tests {
    use super::super::Cost;
    use super::*;
    use crate::shared::range::{RangeDecoder, RangeEncoder};

    fn values() -> Vec<i32> {
        let noise = |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / 16777216.0 - 0.5;
        (0..9000).map(|i| ((noise(i) + noise(i + 77)) * f64::exp2((i / 300) as f64)) as i32).collect()
    }

    fn code(values: &[i32], coder: &mut impl BitCoder) -> Vec<i32> {
        let (mut models, mut before) = (Wide::new([32, 3], 2), 0i32);
        let mut one = |&value: &i32| {
            let size = 32 - before.unsigned_abs().leading_zeros() as usize;
            let expected = before.unsigned_abs();
            let outlook = Outlook { contexts: [size.min(31), size % 3], expected, sign: usize::from(before < 0) };
            before = models.code(value, &outlook, coder);
            before
        };
        values.iter().map(&mut one).collect()
    }

    #[test]
    fn what_is_written_is_read_and_costs_what_was_said() {
        let mut values = values();
        values.extend([0, 3, 4, 5, 6, 7, 8, -15, 1000, -70_000, i32::MAX, -i32::MAX, 0, 1]);
        let (mut encoder, mut cost) = (RangeEncoder::new(), Cost::default());
        code(&values, &mut encoder);
        code(&values, &mut cost);
        let bytes = encoder.finish();
        assert_eq!(code(&vec![0; values.len()], &mut RangeDecoder::new(&bytes)), values);
        assert!((cost.bits / 8.0 / bytes.len() as f64 - 1.0).abs() < 0.02, "{} bits, {} bytes", cost.bits, bytes.len());
    }

    #[test]
    fn any_bytes_decode_to_something() {
        for fill in [0u8, 0x5a, 0xff] {
            assert_eq!(code(&[0; 3000], &mut RangeDecoder::new(&[fill; 40])).len(), 3000);
        }
    }
}
