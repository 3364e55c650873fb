//! Integers of any size under several contexts each: a class of magnitude, and what is left below it.

use super::classes::{Classes, Likely, Reached, class, odds};
use crate::shared::range::{Bit, BitCoder, Light};
use crate::shared::simd::{self, Lanes, LanesKernel};

/// Classes of magnitudes: 0 to 3, then half octaves.
pub const CLASSES: usize = 64;
/// Degrees of trust in a value that is thought likely; below this, 0 for none.
pub const TRUSTS: usize = 32;

/// Where an integer stands: what its size and its sign are guessed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook<const N: usize> {
    /// A context of each kind: below the number given to [`Wide::new`]. The first is the class of the magnitude that is
    /// as likely exceeded as not, about: [`expected`].
    pub contexts: [usize; N],
    /// The context of its sign.
    pub sign: usize,
    /// The value thought likely, because it followed the last time, and how far that is trusted, below `TRUSTS`; 0 for
    /// not at all.
    pub likely: (i32, usize),
}

/// Models of signed integers, each of which has `N` contexts: one of every kind.
///
/// Takes one symbol for any magnitude near the expected one, where [`super::Integers`] takes a decision for every unit.
#[derive(Clone, Debug)]
pub struct Wide<const N: usize> {
    classes: Classes<N>,
    signs: Vec<Light>,
    /// For every class, whether the bit below it is one.
    below: [Light; CLASSES],
    /// How often the class was that of the value thought likely, by trust.
    hits: [Hits; TRUSTS],
    /// Whether a bit is that of the value thought likely, by trust.
    agreeing: [Bit; TRUSTS],
}

/// How often something came true, by the number of times that it could have.
#[derive(Clone, Copy, Debug)]
struct Hits {
    share: f32,
    seen: f32,
    /// The logarithm of how much more often than any other symbol it did.
    odds: f32,
}

impl Hits {
    fn new() -> Self {
        Hits { share: 0.5, seen: 0.0, odds: odds(0.5) }
    }

    #[inline(always)]
    fn learn(&mut self, hit: bool) {
        let goal = f32::from(u8::from(hit));
        self.share = (self.share + (goal - self.share) / (self.seen + 1.5)).clamp(2e-4, 0.9998);
        self.seen = (self.seen + 1.0).min(255.0);
        self.odds = odds(self.share);
    }
}

/// The class of a magnitude that is as likely exceeded as not, about.
#[inline(always)]
pub fn expected(magnitude: u32) -> usize {
    class(u64::from(magnitude)).min(CLASSES - 1)
}

/// Codes one integer.
struct Code<'a, const N: usize, C> {
    models: &'a mut Wide<N>,
    value: i32,
    outlook: &'a Outlook<N>,
    coder: &'a mut C,
}

impl<const N: usize, C: BitCoder> LanesKernel for Code<'_, N, C> {
    type Output = i32;

    #[inline(always)]
    fn run<L: Lanes>(self) -> i32 {
        self.models.one::<L>(self.value, self.outlook, self.coder)
    }
}

impl<const N: usize> Wide<N> {
    /// Models for `contexts[i]` contexts of kind `i`, the first of which are the [`CLASSES`], and `signs` contexts of
    /// signs.
    pub fn new(contexts: [usize; N], signs: usize) -> Self {
        Wide {
            classes: Classes::new(contexts, 3),
            signs: vec![Light::default(); signs],
            below: [Light::default(); CLASSES],
            hits: [Hits::new(); TRUSTS],
            agreeing: [Bit::default(); TRUSTS],
        }
    }

    /// Codes `value`, which is above `i32::MIN`, and returns it; a decoder returns what it read.
    ///
    /// # Panics
    /// If a context does not exist.
    #[inline]
    pub fn code(&mut self, value: i32, outlook: &Outlook<N>, coder: &mut impl BitCoder) -> i32 {
        simd::lanes(Code { models: self, value, outlook, coder })
    }

    #[inline(always)]
    fn one<L: Lanes>(&mut self, value: i32, outlook: &Outlook<N>, coder: &mut impl BitCoder) -> i32 {
        let size = value.unsigned_abs();
        let (likely, trust) = outlook.likely;
        let thought = if trust > 0 { Some(self.thought(likely, trust)) } else { None };
        let (reached, hit) = self.classes.code::<L>(u64::from(size), &outlook.contexts, thought, coder);
        if trust > 0 {
            self.hits[trust].learn(hit);
        }
        let magnitude = match reached {
            Reached::Below(open) => coder.plain(u64::from(size & ((1 << open) - 1)), open) as i32,
            Reached::Class(class) if class > 3 && thought.is_some_and(|thought| thought.class == class) => {
                self.agreeing_within(size, (likely.unsigned_abs(), trust), class, coder) as i32
            }
            Reached::Class(class) => self.within(size, class, coder) as i32,
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

    /// The class of a value thought likely.
    #[inline(always)]
    fn thought(&self, likely: i32, trust: usize) -> Likely {
        let set = 1 + usize::from(trust >= TRUSTS / 2);
        Likely { class: class(u64::from(likely.unsigned_abs())), odds: self.hits[trust].odds, set }
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
        let open = class as u32 / 2 - 1;
        let mut found = 2 | class as u32 & 1;
        if open > 0 {
            let one = coder.learnt(size >> (open - 1) & 1 == 1, &mut self.below[class]);
            found = found << 1 | u32::from(one);
        }
        if open > 1 {
            found = found << (open - 1) | coder.plain(u64::from(size & ((1 << (open - 1)) - 1)), open - 1) as u32;
        }
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
        let (mut models, mut before) = (Wide::new([CLASSES, 32, 3], 2), 0i32);
        let mut one = |&value: &i32| {
            let size = 32 - before.unsigned_abs().leading_zeros() as usize;
            let contexts = [expected(before.unsigned_abs()), size.min(31), size % 3];
            before = models.code(value, &Outlook { contexts, sign: usize::from(before < 0), likely: (0, 0) }, coder);
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
    fn vectors_and_numbers_by_themselves_write_the_same_bytes() {
        let bytes = |vectors: bool| {
            let (mut models, mut encoder) = (Wide::new([CLASSES, 32, 3], 2), RangeEncoder::new());
            let mut before = 0u32;
            for (i, value) in values().into_iter().enumerate() {
                let likely = if i % 7 == 0 { (value, 1 + i % 30) } else { (0, 0) };
                let contexts = [expected(before), i % 32, i % 3];
                let outlook = Outlook { contexts, sign: i % 2, likely };
                if vectors {
                    models.code(value, &outlook, &mut encoder);
                } else {
                    models.one::<[f32; simd::LANES]>(value, &outlook, &mut encoder);
                }
                before = value.unsigned_abs();
            }
            encoder.finish()
        };
        assert_eq!(bytes(true), bytes(false));
    }

    #[test]
    fn two_contexts_together_beat_each_alone() {
        let noise = |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / 16777216.0 - 0.5;
        let size = |i: u64| 3.0 * (i * 8 % 21) as f64 * 0.5f64.powi((i % 5) as i32);
        let value = |i: u64| (size(i) * (noise(i) + noise(i + 77_777) + noise(i + 99_999))) as i32;
        let bits = |first: bool, second: bool| {
            let (mut models, mut cost) = (Wide::new([CLASSES, 21, 5], 1), Cost::default());
            for i in 0..20_000u64 {
                let contexts = [3, i as usize % 21 * usize::from(first), i as usize % 5 * usize::from(second)];
                models.code(value(i), &Outlook { contexts, sign: 0, likely: (0, 0) }, &mut cost);
            }
            cost.bits
        };
        let (both, one, other) = (bits(true, true), bits(true, false), bits(false, true));
        assert!(both < 0.97 * one && both < 0.97 * other, "{both} bits; alone {one} and {other}");
    }

    #[test]
    fn any_bytes_decode_to_something() {
        for fill in [0u8, 0x5a, 0xff] {
            assert_eq!(code(&[0; 3000], &mut RangeDecoder::new(&[fill; 40])).len(), 3000);
        }
    }
}
