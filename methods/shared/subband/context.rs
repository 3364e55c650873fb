//! The context of a coefficient: how large those around it are that are known already.
//!
//! Two estimates, each the mean of sizes on a logarithmic scale: one from neighbours in the band, one from the same
//! place in bands like it. Large arrays use both side by side, small ones their mean.

use super::band::Band;

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
    /// The first context of stretches.
    fn stretches(self) -> u8 {
        match self {
            Detail::Few => FEW,
            Detail::Many => MANY,
        }
    }

    /// Number of contexts of coefficients and stretches; contexts from this on are free for others.
    pub(super) fn contexts(self) -> u8 {
        self.stretches() + QUIET_EDGES.len() as u8
    }
}

/// Sizes of the coefficients so far, and what follows for the band and the rows in hand.
pub(super) struct Contexts {
    /// In the order of bands, in each row after row.
    sizes: Vec<u8>,
    /// Where each band starts there.
    starts: Vec<usize>,
    /// For each coefficient of the band.
    far: Vec<u16>,
    /// For each coefficient of the row of each lane.
    near: Vec<u16>,
    lanes: [Lane; LANES],
    pub detail: Detail,
}

/// Rows of a band that are coded side by side, each with those before it in its lane: while the processor waits for the
/// context of one coefficient, it works on those of the others.
pub(super) const LANES: usize = 4;

/// The row in hand of a lane.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    /// Where it starts in the band.
    at: usize,
    /// Sixteen over the sum of the weights behind `near` and the two before in the row, in 1/4096.
    share: u32,
    last: [u32; 2],
}

/// Weights of the two coefficients before in the row; of those above, above and ahead, and in the plane before.
const BEFORE: [u32; 2] = [4, 2];
const ABOVE: [u16; 3] = [4, 2, 4];
/// Most bands alike that are looked at.
const MOST_ALIKE: usize = 16;

impl Contexts {
    /// Contexts for a tile of `len` coefficients.
    pub fn new(len: usize, detail: Detail) -> Self {
        let lanes = [Lane::default(); LANES];
        Contexts {
            sizes: Vec::with_capacity(len),
            starts: Vec::new(),
            far: Vec::new(),
            near: Vec::new(),
            lanes,
            detail,
        }
    }

    /// Goes on to the next of `bands`, and takes means of the same places in the bands alike, in sixteenths.
    pub fn enter_band<'a>(&mut self, bands: &'a [Band]) -> &'a Band {
        let band = &bands[self.starts.len()];
        self.starts.push(self.sizes.len());
        self.sizes.resize(self.sizes.len() + band.len(), 0);
        self.far.clear();
        self.far.resize(band.len(), 0);
        self.near.clear();
        self.near.resize(LANES * band.row, 0);
        let factor = (16 / band.alike.len().clamp(1, MOST_ALIKE)) as u16;
        for alike in band.alike.iter().take(MOST_ALIKE) {
            let (other, start) = (&bands[alike.band], self.starts[alike.band]);
            if band.is_empty() || other.is_empty() {
                continue;
            }
            if alike.halved == 0 && band.is_shaped_as(other) {
                add(&mut self.far, &self.sizes[start..start + other.len()], factor);
                continue;
            }
            let halved = alike.halved >> band.offsets.len() & 1 == 1;
            for (far, row) in self.far.chunks_exact_mut(band.row).zip(band.rows_in(other, alike.halved)) {
                let sizes = &self.sizes[start + row..][..other.row];
                if halved {
                    add_to_pairs(far, sizes, factor);
                } else {
                    add(far, sizes, factor);
                }
            }
        }
        band
    }

    /// Looks around every coefficient of row `row` of the band, whose lane started with row `first`, before it is coded.
    pub fn enter_row(&mut self, band: &Band, lane: usize, first: usize, row: usize) {
        let (length, start) = (band.row, self.starts[self.starts.len() - 1]);
        let sizes = |row: usize| &self.sizes[start + row * length..][..length];
        let near = &mut self.near[lane * length..][..length];
        near.fill(0);
        let mut weight = BEFORE[0] + BEFORE[1];
        let across = |back: usize| band.offsets.len().checked_sub(back).map_or(1, |axis| band.offsets[axis].len());
        let (rows, planes) = (across(1), across(2));
        if !row.is_multiple_of(rows) && row > first {
            let above = sizes(row - 1);
            add(near, above, ABOVE[0]);
            add(near, &above[1..], ABOVE[1]);
            // Ahead of the last there is nothing: it counts once more.
            near[length - 1] += ABOVE[1] * u16::from(above[length - 1]);
            weight += u32::from(ABOVE[0] + ABOVE[1]);
        }
        if !(row / rows).is_multiple_of(planes) && row >= first + rows {
            add(near, sizes(row - rows), ABOVE[2]);
            weight += u32::from(ABOVE[2]);
        }
        // Before the first of a row nothing is known: what is above it stands in, or what is alike.
        let (at, around) = (row * length, weight - BEFORE[0] - BEFORE[1]);
        let first = u32::from(near[0]).checked_div(around).unwrap_or(u32::from(self.far[at]) / 16);
        self.lanes[lane] = Lane { at, share: 16 * 4096 / weight, last: [first; 2] };
    }

    /// Makes `stretch` that of the places `from` to `to` of the row of a lane.
    #[inline(always)]
    pub fn enter_stretch(&self, lane: usize, (from, to): (usize, usize), stretch: &mut Stretch) {
        let Lane { at, share, last } = self.lanes[lane];
        (stretch.at, stretch.count, stretch.share, stretch.last) = (at + from, to - from, share, last);
        let length = self.near.len() / LANES;
        let (near, far) = (&self.near[lane * length..][from..to], &self.far[at + from..at + to]);
        match (near.first_chunk(), far.first_chunk()) {
            (Some(near), Some(far)) => (stretch.near, stretch.far) = (*near, *far),
            _ => {
                (stretch.near, stretch.far) = Default::default();
                stretch.near[..near.len()].copy_from_slice(near);
                stretch.far[..far.len()].copy_from_slice(far);
            }
        }
    }

    /// The context of a stretch that is likely to be zero.
    #[inline(always)]
    pub fn quiet(&self, stretch: &Stretch) -> Option<u8> {
        let around = stretch.around();
        let bucket = QUIET_EDGES.iter().position(|&edge| around < edge)?;
        Some(self.detail.stretches() + bucket as u8)
    }

    /// Takes note of a stretch of a lane of which every coefficient is known.
    #[inline(always)]
    pub fn note(&mut self, lane: usize, stretch: &Stretch) {
        let place = self.starts[self.starts.len() - 1] + stretch.at;
        let sizes = &mut self.sizes[place..place + stretch.count];
        match sizes.first_chunk_mut() {
            Some(sizes) => *sizes = stretch.sizes,
            None => sizes.copy_from_slice(&stretch.sizes[..stretch.count]),
        }
        self.lanes[lane].last = stretch.last;
    }
}

/// Coefficients that stand side by side in a row.
pub(super) const STRETCH: usize = 16;

/// Contexts of a stretch, and sizes of those of its coefficients that are known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stretch {
    /// Where it starts in the band.
    pub at: usize,
    pub count: usize,
    near: [u16; STRETCH],
    far: [u16; STRETCH],
    sizes: [u8; STRETCH],
    share: u32,
    last: [u32; 2],
}

impl Stretch {
    /// Weighted sizes around all of it.
    fn around(&self) -> u32 {
        let sum = |values: &[u16; STRETCH]| values.iter().map(|&value| u32::from(value)).sum::<u32>();
        sum(&self.near) + sum(&self.far) / 4 + BEFORE[0] * self.last[0] + BEFORE[1] * self.last[1]
    }

    /// The context of coefficient `i`.
    #[inline(always)]
    pub fn context(&self, i: usize, detail: Detail) -> u8 {
        let i = i % STRETCH;
        let before = BEFORE[0] * self.last[0] + BEFORE[1] * self.last[1];
        let near = (((u32::from(self.near[i]) + before) * self.share) >> 12) as usize & (SCALE - 1);
        let far = usize::from(self.far[i]) & (SCALE - 1);
        match detail {
            Detail::Many => NEAR[near] * (FAR_EDGES.len() as u8 + 1) + FAR[far],
            Detail::Few => MIXED[(near * 11 + far * 5) >> 4],
        }
    }

    /// Takes note of zeros everywhere.
    #[inline(always)]
    pub fn pass(&mut self) {
        (self.last, self.sizes) = ([0; 2], [0; STRETCH]);
    }

    /// Takes note of coefficient `i`.
    #[inline(always)]
    pub fn note(&mut self, i: usize, symbol: i32) {
        let size = size_of(symbol);
        self.sizes[i % STRETCH] = size;
        self.last = [u32::from(size), self.last[0]];
    }
}

/// Adds `factor` times what there is of `sizes` to `sums`.
#[inline(always)]
fn add(sums: &mut [u16], sizes: &[u8], factor: u16) {
    sums.iter_mut().zip(sizes).for_each(|(sum, &size)| *sum += factor * u16::from(size));
}

/// The same where each of `sizes` stands for two sums.
#[inline(always)]
fn add_to_pairs(sums: &mut [u16], sizes: &[u8], factor: u16) {
    let whole = sums.len() / 2;
    let mut pairs = sums.chunks_exact_mut(2);
    for (pair, &size) in (&mut pairs).zip(sizes) {
        let size = factor * u16::from(size);
        pair[0] += size;
        pair[1] += size;
    }
    let odd = pairs.into_remainder();
    if let ([last], Some(&size)) = (odd, sizes.get(whole)) {
        *last += factor * u16::from(size);
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
        assert_eq!((NEAR[0], NEAR[SCALE - 1], FAR[SCALE - 1]), (0, 19, 8));
        assert_eq!((Detail::Many.contexts(), Detail::Few.contexts()), (183, 15));
    }
}
