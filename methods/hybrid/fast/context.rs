//! The context of a point: how large the residuals around it were, as far as they are known before its row is coded.

use super::tokens::LANES;
use crate::shared::simd::Kernel;

/// Contexts of one kind of point.
pub(super) const BINS: u8 = 24;
/// Kinds of points.
pub(super) const KINDS: u8 = 8;
/// The context of a flag, less the kind.
pub(super) const FLAGS: u8 = KINDS * BINS;
/// The kind of points that have a context.
pub(super) fn kind_of(context: usize) -> usize {
    let flags = usize::from(FLAGS);
    if context < flags { context / usize::from(BINS) } else { context - flags }
}

/// Terms there may be.
const TERMS: usize = 12;
/// What all weights come to, or a little less.
const WHOLE: u32 = 64;

/// Sizes from a row's first point on, and their weight.
type Term<'a> = (&'a [u8], u16);

/// What is looked at around every point of a row.
pub(super) struct Around<'a> {
    terms: [Term<'a>; TERMS],
    count: usize,
}

impl<'a> Around<'a> {
    /// Nothing so far.
    #[inline(always)]
    pub fn new() -> Self {
        Around { terms: [(&[], 0); TERMS], count: 0 }
    }

    /// Looks at `sizes`, from the one that belongs to the row's first point on.
    #[inline(always)]
    pub fn look(&mut self, sizes: &'a [u8], weight: u16) {
        if self.count < TERMS {
            self.terms[self.count] = (sizes, weight);
            self.count += 1;
        }
    }

    /// Makes the weights come to [`WHOLE`].
    #[inline(always)]
    fn level(&mut self) {
        let terms = &mut self.terms[..self.count];
        let total: u32 = terms.iter().map(|term| u32::from(term.1)).sum();
        let share = (WHOLE << 8) / total.max(1);
        for (_, weight) in terms {
            *weight = ((u32::from(*weight) * share) >> 8) as u16;
        }
    }
}

/// Fine steps where the mean is near zero, then four an octave, then two.
#[inline(always)]
fn bin(sixteenths: u16) -> u16 {
    let fine = ((sixteenths + 1) >> 1).min(3 + (sixteenths >> 3));
    fine.min(7 + (sixteenths >> 4)).min(11 + (sixteenths >> 5)).min(u16::from(BINS) - 1)
}

/// Works out the contexts of a row of points of one kind; everything must reach to the end of a chunk.
pub(super) struct Contexts<'a, 'b> {
    pub around: &'b mut Around<'a>,
    pub kind: u8,
    pub contexts: &'b mut [u8],
}

impl Kernel for Contexts<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.around.level();
        let terms = &self.around.terms[..self.around.count];
        let base = self.kind * BINS;
        for (chunk, contexts) in self.contexts.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let mut sums = [0u16; LANES];
            for (sizes, weight) in terms {
                let Some(sizes) = sizes[chunk * LANES..].first_chunk::<LANES>() else { return };
                for lane in 0..LANES {
                    sums[lane] += u16::from(sizes[lane]) * weight;
                }
            }
            for lane in 0..LANES {
                contexts[lane] = base + bin(sums[lane] >> 2) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_rise_with_the_mean() {
        let all: Vec<u16> = (0..1024).map(bin).collect();
        assert!(all.windows(2).all(|pair| pair[0] <= pair[1] && pair[1] - pair[0] <= 1));
        assert_eq!((all[0], all[1], all[1023]), (0, 1, u16::from(BINS) - 1));
    }

    #[test]
    fn a_context_is_the_bin_of_the_weighted_mean() {
        let (low, high) = ([1u8; LANES], [3u8; LANES]);
        let mut around = Around::new();
        around.look(&low, 1);
        around.look(&high, 3);
        let mut contexts = [0; LANES];
        Contexts { around: &mut around, kind: 2, contexts: &mut contexts }.run();
        assert_eq!(contexts, [2 * BINS + bin(40) as u8; LANES]);
    }
}
