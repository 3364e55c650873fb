//! Integers of any size under several contexts each, coded as a class of magnitude, up or down from the expected one.

use super::blend::Blend;
use super::ladder::{NODES, class, climb};
use crate::shared::range::{Bit, BitCoder};

/// Classes of magnitudes: 0 to 3, then half octaves.
const CLASSES: usize = 64;
/// Expected classes that have sets of weights of their own.
const SETS: usize = 8;
/// Degrees of trust in a value that is thought likely; below this, 0 for none.
pub const TRUSTS: usize = 32;
/// Where a class lies from the one thought likely: two and more below, one, the same, above.
const SIDES: usize = 5;

/// Where an integer stands: what its size and its sign are guessed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook<const N: usize> {
    /// A context of each kind: below the number given to [`Wide::new`].
    pub contexts: [usize; N],
    /// The magnitude that is as likely exceeded as not, about.
    pub expected: u32,
    /// The context of its sign.
    pub sign: usize,
    /// The value thought likely, because it followed the last time, and how far that is trusted, below `TRUSTS`; 0 for
    /// not at all. Only of use to models that look for matches, whose last context is taken by it.
    pub likely: (i32, usize),
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
    /// Whether a bit is that of the value thought likely, by trust.
    agreeing: [Bit; TRUSTS],
    matches: bool,
    blend: Blend<N>,
}

impl<const N: usize> Wide<N> {
    /// Models for `contexts[i]` contexts of kind `i` and `signs` contexts of signs. With `matches`, the last kind is
    /// replaced by what is thought likely.
    pub fn new(mut contexts: [usize; N], signs: usize, matches: bool) -> Self {
        if matches {
            contexts[N - 1] = (TRUSTS * SIDES).div_ceil(NODES);
        }
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
            agreeing: [Bit::default(); TRUSTS],
            matches,
            blend: Blend::new(SETS * NODES * if matches { 3 } else { 1 }),
        }
    }

    /// Codes `value`, which is above `i32::MIN`, and returns it; a decoder returns what it read.
    ///
    /// # Panics
    /// If a context does not exist.
    #[inline]
    pub fn code(&mut self, value: i32, outlook: &Outlook<N>, coder: &mut impl BitCoder) -> i32 {
        let size = value.unsigned_abs();
        let class = self.class(class(u64::from(size)), outlook, coder);
        let (likely, trust) = if self.matches { outlook.likely } else { (0, 0) };
        let magnitude = if trust > 0 && class > 3 && class == self::class(u64::from(likely.unsigned_abs())) {
            self.agreeing_within(size, (likely.unsigned_abs(), trust), class, coder) as i32
        } else {
            self.within(size, class, coder) as i32
        };
        if magnitude == 0 {
            return 0;
        }
        let negative = if trust > 0 && likely != 0 {
            coder.learnt((value < 0) == (likely < 0), &mut self.agreeing[trust]) == (likely < 0)
        } else {
            coder.learnt(value < 0, &mut self.signs[outlook.sign])
        };
        if negative { -magnitude } else { magnitude }
    }

    /// Walks from the expected class to the one of the integer.
    #[inline(always)]
    fn class(&mut self, known: usize, outlook: &Outlook<N>, coder: &mut impl BitCoder) -> usize {
        let bases: [usize; N] = std::array::from_fn(|i| self.starts[i] + outlook.contexts[i] * NODES);
        let expected = class(u64::from(outlook.expected)).min(CLASSES - 3);
        let (likely, trust) = if self.matches { outlook.likely } else { (0, 0) };
        let believed = if trust == 0 { 0 } else { 1 + usize::from(trust >= TRUSTS / 2) };
        let set = (expected.min(SETS - 1) + SETS * believed) * NODES;
        let likely = class(u64::from(likely.unsigned_abs())) as isize;
        let decide = |above: usize, node: usize| {
            let mut slots = bases.map(|base| base + node);
            if self.matches {
                let side = if trust == 0 { 0 } else { (likely - above as isize).clamp(-2, 2) + 2 };
                slots[N - 1] = self.starts[N - 1] + trust * SIDES + side as usize;
            }
            self.blend.code(known > above, (&mut self.nodes[..], slots), set + node, coder)
        };
        climb(expected, CLASSES - 2, decide)
    }

    /// The bits of a magnitude that its class leaves open, one after the other relative to those of one thought likely.
    #[inline(never)]
    fn agreeing_within(
        &mut self,
        size: u32,
        (likely, trust): (u32, usize),
        class: usize,
        coder: &mut impl BitCoder,
    ) -> u32 {
        let mut found = 2 | class as u32 & 1;
        for open in (0..class as u32 / 2 - 1).rev() {
            let bit = if found == likely >> (open + 1) {
                let guess = likely >> open & 1;
                guess ^ u32::from(!coder.learnt(size >> open & 1 == guess, &mut self.agreeing[trust]))
            } else {
                coder.plain(u64::from(size >> open & 1), 1) as u32
            };
            found = found << 1 | bit;
        }
        found & i32::MAX as u32
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
        let (mut models, mut before) = (Wide::new([32, 3], 2, false), 0i32);
        let mut one = |&value: &i32| {
            let size = 32 - before.unsigned_abs().leading_zeros() as usize;
            let expected = before.unsigned_abs();
            let outlook =
                Outlook { contexts: [size.min(31), size % 3], expected, sign: usize::from(before < 0), likely: (0, 0) };
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
