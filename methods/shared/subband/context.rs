//! The context of a coefficient: how large those around it are that are known already.
//!
//! Two estimates, each the mean of sizes on a logarithmic scale: one from neighbours in the band, one from the same
//! place in bands like it. Large arrays use both side by side, small ones their mean.

use crate::shared::simd;

/// Contexts of coefficients where estimates stand side by side; those of stretches and of corrections follow.
const MANY: u8 = (NEAR_EDGES.len() as u8 + 1) * (FAR_EDGES.len() as u8 + 1);
/// Contexts of coefficients of small arrays.
const FEW: u8 = MIXED_EDGES.len() as u8 + 1;
/// A stretch is quiet if the weighted sizes around it add up to less than the last of these: so its contexts begin.
const QUIET_EDGES: [u32; 3] = [1, 25, 65];

/// Where the buckets of the mean size begin, in sixteenths.
const NEAR_EDGES: [u16; 19] = [1, 6, 11, 17, 24, 32, 42, 53, 66, 80, 96, 115, 138, 168, 208, 256, 320, 400, 512];
const FAR_EDGES: [u16; 8] = [1, 11, 26, 48, 72, 104, 160, 256];
const MIXED_EDGES: [u16; 11] = [1, 8, 16, 27, 42, 58, 80, 112, 160, 240, 352];

const NEAR: [u8; SCALE] = buckets(&NEAR_EDGES, FAR_EDGES.len() as u8 + 1);
const FAR: [u8; SCALE] = buckets(&FAR_EDGES, 1);
const MIXED: [u8; SCALE] = buckets(&MIXED_EDGES, 1);

/// Mean sizes, in sixteenths, are below this.
const SCALE: usize = 2048;

/// Numbers of edges that are not above, times `factor`.
const fn buckets(edges: &[u16], factor: u8) -> [u8; SCALE] {
    let mut table = [0; SCALE];
    let (mut value, mut bucket) = (0, 0);
    while value < SCALE {
        while bucket < edges.len() && value >= edges[bucket] as usize {
            bucket += 1;
        }
        table[value] = bucket as u8 * factor;
        value += 1;
    }
    table
}

/// Four times the binary logarithm of `1 + |symbol|`, about: 0, 4, 6, 8, 9, 10, 11, 12, 12...
#[inline(always)]
pub(super) fn size_of(symbol: i32) -> u8 {
    let bits = (symbol.unsigned_abs().wrapping_add(1) as f32).to_bits() >> 21;
    bits.wrapping_sub(127 << 2) as u8 & 127
}

/// Whether the two estimates stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A dozen contexts: each needs symbols to learn from.
    Few,
    /// Near and far side by side.
    Many,
}

impl Detail {
    /// The first context of stretches.
    pub(super) fn stretches(self) -> u8 {
        match self {
            Detail::Few => FEW,
            Detail::Many => MANY,
        }
    }

    /// Contexts of what has nothing but zeros around it: of rows while the band has nothing else, of rows, of bands.
    pub(super) fn silent(self) -> [u8; 3] {
        [0, 1, 2].map(|number| self.stretches() + QUIET_EDGES.len() as u8 + number)
    }

    /// Number of contexts of coefficients, stretches, rows and bands; contexts from this on are free for others.
    pub(super) fn contexts(self) -> u8 {
        self.silent()[2] + 1
    }
}

/// Weights of the two coefficients before in the row.
pub(super) const BEFORE: [u32; 2] = [4, 2];

/// Coefficients that stand side by side in a row.
pub(super) const STRETCH: usize = 16;

/// Contexts of a stretch, and sizes of those of its coefficients that are known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stretch {
    pub near: [u16; STRETCH],
    pub far: [u16; STRETCH],
    pub sizes: [u8; STRETCH],
    /// Sixteen over the sum of the weights behind `near` and the two before in the row, in 1/4096.
    pub share: u32,
    pub last: [u32; 2],
}

impl Stretch {
    /// The context of a stretch that is likely to be zero, among those of stretches.
    #[inline(always)]
    pub fn quiet(&self) -> Option<u8> {
        let around = self.around();
        let bucket = QUIET_EDGES.iter().filter(|&&edge| around >= edge).count();
        (bucket < QUIET_EDGES.len()).then_some(bucket as u8)
    }

    /// Weighted sizes around all of it.
    #[inline(always)]
    fn around(&self) -> u32 {
        let [near, far] = [self.near, self.far].map(|sums| u32::from(simd::halves(sums)));
        near + far / 4 + BEFORE[0] * self.last[0] + BEFORE[1] * self.last[1]
    }

    /// The context of coefficient `i`.
    #[inline(always)]
    pub fn context<const MANY: bool>(&self, i: usize) -> u8 {
        let i = i % STRETCH;
        let before = BEFORE[0] * self.last[0] + BEFORE[1] * self.last[1];
        let near = (((u32::from(self.near[i]) + before) * self.share) >> 12) as usize & (SCALE - 1);
        let far = usize::from(self.far[i]) & (SCALE - 1);
        if MANY { NEAR[near] + FAR[far] } else { MIXED[(near * 11 + far * 5) >> 4] }
    }

    /// Takes note of the size of coefficient `i`.
    #[inline(always)]
    pub fn note(&mut self, i: usize, size: u8) {
        self.sizes[i % STRETCH] = size;
        self.last = [u32::from(size), self.last[0]];
    }
}

/// The first band holds what is left of the values themselves: its coefficients are coded as differences, to the one
/// before in the row, or at its start to the start of the row before.
#[derive(Debug, Default)]
pub(super) struct Differences {
    row: i32,
    last: i32,
}

impl Differences {
    /// Before every row.
    pub fn enter(&mut self) {
        self.last = self.row;
    }

    /// Turns the first band into what is coded for it, rows of `length` each.
    pub fn take(band: &mut [i32], length: usize) {
        let mut differences = Differences::default();
        for row in band.chunks_mut(length.max(1)) {
            differences.enter();
            for (i, symbol) in row.iter_mut().enumerate() {
                let known = *symbol;
                *symbol = known.wrapping_sub(differences.last);
                differences.note(i, known);
            }
        }
    }

    /// Undoes [`Differences::take`].
    pub fn undo(band: &mut [i32], length: usize) {
        let mut differences = Differences::default();
        for row in band.chunks_mut(length.max(1)) {
            differences.enter();
            for (i, symbol) in row.iter_mut().enumerate() {
                *symbol = symbol.wrapping_add(differences.last);
                differences.note(i, *symbol);
            }
        }
    }

    /// What the next coefficient of the first band is taken from.
    pub fn predicted(&self) -> i32 {
        self.last
    }

    /// Takes note of coefficient `i` of the first band.
    pub fn note(&mut self, i: usize, symbol: i32) {
        self.last = symbol;
        if i == 0 {
            self.row = symbol;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_rise_with_the_magnitude_and_stay_on_the_scale() {
        assert_eq!([0, 1, -1, 2, 3, -4, 7].map(size_of), [0, 4, 4, 6, 8, 9, 12]);
        assert!((0..31).all(|bit| size_of(1 << bit >> 1) <= size_of(1 << bit) && size_of(1 << bit) < 128));
        assert_eq!(size_of(i32::MIN), size_of(i32::MAX));
    }

    #[test]
    fn buckets_rise_and_every_context_is_below_those_of_corrections() {
        assert!(NEAR.windows(2).chain(FAR.windows(2)).chain(MIXED.windows(2)).all(|pair| pair[0] <= pair[1]));
        assert_eq!((NEAR[0], NEAR[SCALE - 1], FAR[SCALE - 1]), (0, 19 * 9, 8));
        assert_eq!((Detail::Many.contexts(), Detail::Few.contexts()), (186, 18));
    }
}
