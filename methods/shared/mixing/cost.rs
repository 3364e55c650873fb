//! What bits would take, without writing them.

use std::sync::LazyLock;

use crate::shared::range::BitCoder;

/// Code lengths of probabilities in 1/4096, in bits.
static LENGTHS: LazyLock<Vec<f32>> =
    LazyLock::new(|| (0..=4096).map(|p: u16| -libm::log2(f64::from(p.max(1)) / 4096.0) as f32).collect());

/// Adds up the length of the code, in bits, to within a few per cent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Bits so far.
    pub bits: f64,
}

impl BitCoder for Cost {
    #[inline(always)]
    fn code(&mut self, one: bool, probability: u32) -> bool {
        let own = if one { probability } else { 65536 - probability };
        // Near one a step of the table is coarse, the tangent is not.
        self.bits += if own > 61440 {
            f64::from(65536 - own) / 65536.0 * std::f64::consts::LOG2_E
        } else {
            f64::from(LENGTHS[own as usize >> 4])
        };
        one
    }

    #[inline(always)]
    fn symbol<const S: usize>(&mut self, known: usize, bounds: &[u32; S]) -> usize {
        let above = if known == S - 1 { 65536 } else { bounds[known] };
        self.code(true, above - if known == 0 { 0 } else { bounds[known - 1] });
        known
    }

    #[inline(always)]
    fn plain(&mut self, value: u64, count: u32) -> u64 {
        self.bits += f64::from(count);
        value
    }
}
