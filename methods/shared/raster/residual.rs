//! How far a cell is above or below its prediction: the side first, then the distance as a class of magnitude near the
//! expected one, all of it under several contexts mixed.

use super::contexts::{Contexts, Spot};
use super::rest::plain;
use crate::shared::mixing::{Blend, Classes, Reached, starts};
use crate::shared::range::{Bit, BitCoder, Light};
use crate::shared::simd::{self, Lanes, LanesKernel};

/// Classes of magnitudes: 0 to 3, then half octaves.
pub const CLASSES: usize = 128;
/// Expected classes that have sets of weights of their own.
const SETS: usize = 10;

/// Models of sides under `M` contexts and of distances under `N`.
#[derive(Debug)]
pub struct Residuals<const M: usize, const N: usize, C> {
    classes: Classes<N>,
    side_starts: [usize; M],
    sides: Vec<Bit>,
    side_mixer: Blend<M>,
    /// For every class, a tree of the two highest bits below the class.
    below: Vec<[Light; 4]>,
    contexts: std::marker::PhantomData<C>,
}

/// Codes the class of one distance.
struct Class<'a, const N: usize, C> {
    classes: &'a mut Classes<N>,
    distance: u64,
    contexts: [usize; N],
    coder: &'a mut C,
}

impl<const N: usize, C: BitCoder> LanesKernel for Class<'_, N, C> {
    type Output = Reached;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Reached {
        self.classes.code::<L>(self.distance, &self.contexts, None, self.coder).0
    }
}

impl<const M: usize, const N: usize, C: Contexts<M, N>> Residuals<M, N, C> {
    /// Nothing is known yet.
    pub fn new() -> Self {
        let (side_starts, sides) = starts(C::SIDES);
        Residuals {
            classes: Classes::new(C::DISTANCES, 1),
            side_starts,
            sides: vec![Bit::default(); sides],
            side_mixer: Blend::new(SETS),
            below: vec![[Light::default(); 4]; CLASSES],
            contexts: std::marker::PhantomData,
        }
    }

    /// Codes a cell, `below` being the last one that is not above the prediction; `expected`: the class of the distance
    /// that is as likely exceeded as not, about.
    #[inline(always)]
    pub fn code(&mut self, known: i64, below: i64, expected: usize, spot: &Spot, coder: &mut impl BitCoder) -> i64 {
        let set = expected.min(SETS - 1);
        let contexts = C::sides(spot);
        let slots = std::array::from_fn(|i| self.side_starts[i] + contexts[i]);
        let above = self.side_mixer.code(known > below, (&mut self.sides[..], slots), set, coder);
        let contexts = C::distances(spot, above, expected.min(CLASSES - 1));
        let start = if above { below.wrapping_add(1) } else { below };
        let distance = if above { known.wrapping_sub(start) } else { start.wrapping_sub(known) } as u64;
        let reached = simd::lanes(Class { classes: &mut self.classes, distance, contexts, coder: &mut *coder });
        let distance = match reached {
            Reached::Below(open) => plain(distance, open, coder),
            Reached::Class(class) => self.within(distance, class, coder),
        } as i64;
        if above { start.wrapping_add(distance) } else { start.wrapping_sub(distance) }
    }

    /// The bits of a distance that its class leaves open.
    #[inline(always)]
    fn within(&mut self, distance: u64, class: usize, coder: &mut impl BitCoder) -> u64 {
        if class < 4 {
            return class as u64;
        }
        let mut open = class as u32 / 2 - 1;
        let (mut found, mut node) = (2 | class as u64 & 1, 1);
        while open > 0 && node < 4 {
            open -= 1;
            let one = coder.learnt(distance >> open & 1 == 1, &mut self.below[class][node]);
            found = found << 1 | u64::from(one);
            node = node * 2 + usize::from(one);
        }
        if open == 0 { found } else { found << open | plain(distance, open, coder) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::contexts::{Few, Many};
    use super::*;
    use crate::shared::mixing::class;
    use crate::shared::range::{RangeDecoder, RangeEncoder};

    fn code<const M: usize, const N: usize, C: Contexts<M, N>>(cells: &[i64], coder: &mut impl BitCoder) -> Vec<i64> {
        let (mut models, mut before) = (Residuals::<M, N, C>::new(), 0i64);
        let mut one = |&cell: &i64| {
            let spot = Spot { mean: (before & 0xff) as i32, ..Spot::default() };
            let expected = class(before.unsigned_abs() / 3);
            before = models.code(cell, before, expected, &spot, coder);
            before
        };
        cells.iter().map(&mut one).collect()
    }

    #[test]
    fn cells_come_back_however_far_they_are() {
        let mut cells: Vec<i64> = (0..3000i64).map(|i| i.wrapping_mul(0x1e37_79b9_7f4a_7c15) >> (i / 50)).collect();
        cells.extend([0, i64::MIN, i64::MAX, -1, 1, i64::MIN + 1, 7, 4, 3]);
        let mut encoder = RangeEncoder::new();
        assert_eq!(code::<4, 8, Many>(&cells, &mut encoder), cells);
        let bytes = encoder.finish();
        assert_eq!(code::<4, 8, Many>(&vec![0; cells.len()], &mut RangeDecoder::new(&bytes)), cells);
        for fill in [0u8, 0x5a, 0xff] {
            assert_eq!(code::<2, 4, Few>(&[0; 3000], &mut RangeDecoder::new(&[fill; 40])).len(), 3000);
        }
    }
}
