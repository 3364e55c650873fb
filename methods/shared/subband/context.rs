//! The context of a coefficient: how large those around it are that are known already.
//!
//! Two estimates, each the mean of sizes on a logarithmic scale: one from neighbours in the band, one from the same
//! place in bands like it. Large arrays use both side by side, small ones their mean.

use super::band::Band;

/// Contexts of coefficients where estimates stand side by side; those of corrections follow.
const MANY: u8 = (NEAR_EDGES.len() as u8 + 1) * (FAR_EDGES.len() as u8 + 1);
/// Contexts of coefficients of small arrays.
const FEW: u8 = MIXED_EDGES.len() as u8 + 1;

/// Where the buckets of the mean size begin, in sixteenths.
const NEAR_EDGES: [u16; 19] = [1, 6, 11, 17, 24, 32, 42, 53, 66, 80, 96, 115, 138, 168, 208, 256, 320, 400, 512];
const FAR_EDGES: [u16; 8] = [1, 11, 26, 48, 72, 104, 160, 256];
const MIXED_EDGES: [u16; 11] = [1, 8, 16, 27, 42, 58, 80, 112, 160, 240, 352];

const NEAR: [u8; SCALE] = buckets(&NEAR_EDGES);
const FAR: [u8; SCALE] = buckets(&FAR_EDGES);
const MIXED: [u8; SCALE] = buckets(&MIXED_EDGES);

/// Mean sizes, in sixteenths, are below this.
const SCALE: usize = 2048;

const fn buckets(edges: &[u16]) -> [u8; SCALE] {
    let mut table = [0; SCALE];
    let (mut value, mut bucket) = (0, 0);
    while value < SCALE {
        while bucket < edges.len() && value >= edges[bucket] as usize {
            bucket += 1;
        }
        table[value] = bucket as u8;
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
    /// Number of contexts of coefficients; contexts from this on are free for others.
    pub(super) fn contexts(self) -> u8 {
        match self {
            Detail::Few => FEW,
            Detail::Many => MANY,
        }
    }
}

/// Sizes of the coefficients so far, where the coefficients lie, and what follows for the row in hand.
pub(super) struct Contexts {
    sizes: Vec<u8>,
    near: Vec<u16>,
    far: Vec<u16>,
    detail: Detail,
    /// Sixteen over the sum of the weights behind `near` and the two before in the row, in 1/4096.
    share: u32,
    last: [u32; 2],
}

/// Weights of the two coefficients before in the row; of those above, above and ahead, and in the plane before.
const BEFORE: [u32; 2] = [4, 2];
const ABOVE: [u16; 3] = [4, 2, 4];

impl Contexts {
    /// Contexts for a tile of `len` coefficients.
    pub fn new(len: usize, detail: Detail) -> Self {
        Contexts { sizes: vec![0; len], near: Vec::new(), far: Vec::new(), detail, share: 0, last: [0; 2] }
    }

    /// Looks around every coefficient of the row of `bands[number]` at `index`, before it is coded.
    pub fn enter(&mut self, bands: &[Band], number: usize, index: &mut [usize]) {
        let band = &bands[number];
        let weight = self.look_near(band, index);
        self.share = 16 * 4096 / weight;
        self.look_far(bands, number, index);
        // Before the first of a row nothing is known: what is above it stands in, or what is alike.
        let around = weight - BEFORE[0] - BEFORE[1];
        let first = u32::from(self.near[0]).checked_div(around).unwrap_or(u32::from(self.far[0]) / 16);
        self.last = [first; 2];
    }

    /// Sums the rows before this one in the band; returns the weights, those of [`BEFORE`] included.
    fn look_near(&mut self, band: &Band, index: &mut [usize]) -> u32 {
        self.near.clear();
        self.near.resize(band.row, 0);
        let mut weight = BEFORE[0] + BEFORE[1];
        let earlier = (0..index.len()).rev().take(2);
        for (axis, along) in earlier.zip([true, false]) {
            if index[axis] == 0 {
                continue;
            }
            index[axis] -= 1;
            let row = band.row_at(index, 0);
            index[axis] += 1;
            let sizes = &self.sizes[row..row + band.row];
            let factor = if along { ABOVE[0] } else { ABOVE[2] };
            self.near.iter_mut().zip(sizes).for_each(|(sum, &size)| *sum += factor * u16::from(size));
            weight += u32::from(factor);
            if along {
                let ends = self.near[band.row - 1] + ABOVE[1] * u16::from(sizes[band.row - 1]);
                let ahead = self.near.iter_mut().zip(&sizes[1..]);
                ahead.for_each(|(sum, &size)| *sum += ABOVE[1] * u16::from(size));
                self.near[band.row - 1] = ends;
                weight += u32::from(ABOVE[1]);
            }
        }
        weight
    }

    /// Means of the same place in bands alike, in sixteenths.
    fn look_far(&mut self, bands: &[Band], number: usize, index: &[usize]) {
        let band = &bands[number];
        self.far.clear();
        self.far.resize(band.row, 0);
        if band.alike.is_empty() {
            return;
        }
        let factor = (16 / band.alike.len().min(16)) as u16;
        for alike in band.alike.iter().take(16) {
            let other = &bands[alike.band];
            let row = other.row_at(index, alike.halved);
            let sizes = &self.sizes[row..row + other.row];
            if alike.halved >> index.len() & 1 == 0 {
                self.far.iter_mut().zip(sizes).for_each(|(sum, &size)| *sum += factor * u16::from(size));
            } else {
                let pairs = self.far.chunks_mut(2).zip(sizes);
                pairs.for_each(|(pair, &size)| pair.iter_mut().for_each(|sum| *sum += factor * u16::from(size)));
            }
        }
    }

    /// The context of coefficient `i` of the row.
    #[inline(always)]
    pub fn of(&self, i: usize) -> u8 {
        let before = BEFORE[0] * self.last[0] + BEFORE[1] * self.last[1];
        let near = (((u32::from(self.near[i]) + before) * self.share) >> 12) as usize & (SCALE - 1);
        let far = usize::from(self.far[i]) & (SCALE - 1);
        match self.detail {
            Detail::Many => NEAR[near] * (FAR_EDGES.len() as u8 + 1) + FAR[far],
            Detail::Few => MIXED[(near * 11 + far * 5) >> 4],
        }
    }

    /// Takes note of the symbol of the next coefficient of the row, which lies at `offset`.
    #[inline(always)]
    pub fn note(&mut self, offset: usize, symbol: i32) {
        let size = size_of(symbol);
        self.sizes[offset] = size;
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

    /// What is coded for coefficient `i` of a row of band `band`.
    #[inline(always)]
    pub fn of(&mut self, band: usize, i: usize, symbol: i32) -> i32 {
        if band > 0 {
            return symbol;
        }
        let difference = symbol.wrapping_sub(self.last);
        self.note(i, symbol);
        difference
    }

    /// The coefficient of which `difference` was coded.
    #[inline(always)]
    pub fn undo(&mut self, band: usize, i: usize, difference: i32) -> i32 {
        if band > 0 {
            return difference;
        }
        let symbol = difference.wrapping_add(self.last);
        self.note(i, symbol);
        symbol
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

/// Visits the rows of all bands in coding order: `visit(number, offset, contexts)`.
pub(super) fn walk(bands: &[Band], contexts: &mut Contexts, mut visit: impl FnMut(usize, usize, &mut Contexts)) {
    let mut index = Vec::new();
    for (number, band) in bands.iter().enumerate() {
        if band.is_empty() {
            continue;
        }
        index.clear();
        index.resize(band.offsets.len(), 0usize);
        loop {
            contexts.enter(bands, number, &mut index);
            visit(number, band.row_at(&index, 0), contexts);
            let next = (0..index.len()).rev().find(|&axis| index[axis] + 1 < band.offsets[axis].len());
            let Some(axis) = next else { break };
            index[axis] += 1;
            index[axis + 1..].fill(0);
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
        assert_eq!((NEAR[0], NEAR[SCALE - 1], FAR[SCALE - 1]), (0, 19, 8));
        assert_eq!((Detail::Many.contexts(), Detail::Few.contexts()), (180, 12));
    }
}
