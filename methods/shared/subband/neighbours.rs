//! What is known around the rows in hand: sizes of coefficients coded before, in the band and in bands like it.

use super::context::{BEFORE, Detail, STRETCH, Stretch};
use super::layout::{Layout, MOST_ALIKE, Place};

/// Weights of the coefficients above, above and ahead, and in the plane before.
const ABOVE: [u16; 3] = [4, 2, 4];

/// Sizes of the coefficients so far, and what follows for the rows in hand.
pub(super) struct Contexts<'a> {
    layout: &'a Layout,
    /// As the layout has them.
    sizes: Vec<u8>,
    /// Whether any coefficient of a row, of a band, is not zero.
    rows: Vec<bool>,
    bands: Vec<bool>,
    lanes: [Lane; LANES],
    pub detail: Detail,
}

/// Rows of a band that are coded side by side, each with those before it in its lane: while the processor waits for the
/// context of one coefficient, it works on those of the others.
pub(super) const LANES: usize = 4;

/// The row in hand of a lane.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    row: usize,
    /// The lane has rows from `first` to below `end`.
    first: usize,
    end: usize,
    /// Indices along the last axis but one, and along the one before that.
    index: [usize; 2],
    /// Where the sizes of the row start, those of the row above, and those in the plane before.
    at: usize,
    above: usize,
    front: usize,
    /// Sixteen over the sum of the weights behind `near` and the two before in the row, in 1/4096.
    share: u32,
    last: [u32; 2],
    /// Rows of bands alike that are not zero: where they start, and whether they are halved.
    kin: [(usize, bool); MOST_ALIKE],
    alike: usize,
}

impl Lane {
    /// Before the first of a row nothing is known: what is above it stands in, or what is alike.
    #[inline(always)]
    fn before_first(&self, sizes: &[u8], factor: u16, (above, front): (bool, bool)) -> u32 {
        let size = |at: usize| u32::from(sizes[at]);
        if !above && !front {
            let far: u32 = self.kin[..self.alike].iter().map(|kin| size(kin.0)).sum();
            return far * u32::from(factor) / 16;
        }
        let [straight, ahead, before] = ABOVE.map(u32::from);
        let sum = straight * size(self.above) + ahead * size(self.above + 1) + before * size(self.front);
        sum / (u32::from(above) * (straight + ahead) + u32::from(front) * before)
    }

    /// Goes on to the next row.
    #[inline(always)]
    fn advance(&mut self, across: [usize; 2]) {
        self.row += 1;
        self.index[0] += 1;
        if self.index[0] == across[0] {
            self.index = [0, if self.index[1] + 1 == across[1] { 0 } else { self.index[1] + 1 }];
        }
    }
}

impl<'a> Contexts<'a> {
    /// Contexts for the tile of a layout.
    pub fn new(layout: &'a Layout, detail: Detail) -> Self {
        Contexts {
            layout,
            sizes: vec![0; layout.bytes],
            rows: vec![false; layout.rows],
            bands: Vec::with_capacity(layout.places.len()),
            lanes: [Lane::default(); LANES],
            detail,
        }
    }

    /// Goes on to the next band, whose rows are shared out among `lanes`, if it has any. Says whether the bands alike are
    /// all zero.
    #[inline(always)]
    pub fn enter_band(&mut self, few: usize) -> Option<(&'a Place, usize, bool)> {
        let place = &self.layout.places[self.bands.len()];
        self.bands.push(false);
        if place.rows == 0 {
            return None;
        }
        let silent = self.layout.kin[place.kin.clone()].iter().all(|kin| !self.bands[kin.band()]);
        let lanes = if place.rows < few { 1 } else { LANES };
        for (number, lane) in self.lanes.iter_mut().enumerate().take(lanes) {
            let first = number * place.rows / lanes;
            lane.index = [first % place.across[0], first / place.across[0] % place.across[1]];
            (lane.row, lane.first, lane.end) = (first, first, (number + 1) * place.rows / lanes);
        }
        Some((place, lanes, silent))
    }

    /// Looks around the row in hand of a lane. Gives its number, and whether all sizes around it are zero; none where the
    /// lane has no more rows.
    #[inline(always)]
    pub fn enter_row(&mut self, place: &Place, lane: usize) -> Option<(usize, bool)> {
        let Contexts { layout, sizes, rows, .. } = self;
        let lane = &mut self.lanes[lane];
        let row = lane.row;
        if row >= lane.end {
            return None;
        }
        let (above, front) = (lane.index[0] > 0 && row > lane.first, row >= lane.first + place.across[0]);
        let front = front && lane.index[1] > 0;
        // Where there is none, the zeros at the start stand in.
        let before = |there: bool, back: usize| if there { place.start + (row - back) * place.stride } else { 0 };
        lane.at = place.start + row * place.stride;
        (lane.above, lane.front) = (before(above, 1), before(front, place.across[0]));
        let flag = |there: bool, back: usize| there && rows[place.first + row - back];
        let mut silent = !(flag(above, 1) || flag(front, place.across[0]));
        lane.alike = 0;
        for kin in &layout.kin[place.kin.clone()] {
            let (other, row) = (&layout.places[kin.band()], kin.row(row));
            if rows[other.first + row] {
                lane.kin[lane.alike % MOST_ALIKE] = (other.start + row * other.stride, kin.halved);
                lane.alike += 1;
            }
        }
        silent &= lane.alike == 0;
        lane.share = SHARES[usize::from(above)][usize::from(front)];
        lane.last = [lane.before_first(sizes, place.factor, (above, front)); 2];
        lane.advance(place.across);
        Some((row, silent))
    }

    /// Makes `stretch` that of `count` places from `from` on of the row of a lane.
    #[inline(always)]
    pub fn enter_stretch(&self, place: &Place, lane: usize, (from, count): (usize, usize), stretch: &mut Stretch) {
        let lane = &self.lanes[lane];
        (stretch.share, stretch.last, stretch.sizes) = (lane.share, lane.last, [0; STRETCH]);
        let above: &[u8; STRETCH + 1] = self.chunk(lane.above + from);
        let front: &[u8; STRETCH] = self.chunk(lane.front + from);
        let mask = &MASKS[count % (STRETCH + 1)];
        let mut far = [0; STRETCH];
        for &(at, halved) in &lane.kin[..lane.alike] {
            if halved {
                let sizes: &[u8; STRETCH / 2] = self.chunk(at + from / 2);
                (0..STRETCH).for_each(|i| far[i] += u16::from(sizes[i / 2]));
            } else {
                let sizes: &[u8; STRETCH] = self.chunk(at + from);
                (0..STRETCH).for_each(|i| far[i] += u16::from(sizes[i]));
            }
        }
        for i in 0..STRETCH {
            let [straight, ahead, before] = [above[i], above[i + 1], front[i]].map(u16::from);
            stretch.near[i] = (straight * ABOVE[0] + ahead * ABOVE[1] + before * ABOVE[2]) & mask[i];
            stretch.far[i] = (far[i] * place.factor) & mask[i];
        }
    }

    /// Sizes from `at` on.
    #[inline(always)]
    fn chunk<const N: usize>(&self, at: usize) -> &[u8; N] {
        self.sizes.get(at..).and_then(|sizes| sizes.first_chunk()).unwrap_or(&[0; N])
    }

    /// Takes note of zeros in a stretch of a lane.
    #[inline(always)]
    pub fn pass(&mut self, lane: usize) {
        self.lanes[lane].last = [0; 2];
    }

    /// Takes note of a stretch of a lane, `count` places from `from` on, of which every coefficient is known.
    #[inline(always)]
    pub fn note(&mut self, place: &Place, lane: usize, (from, count): (usize, usize), stretch: &Stretch) {
        let (number, lane) = (self.bands.len() - 1, &mut self.lanes[lane]);
        lane.last = stretch.last;
        let stirs = stretch.sizes.iter().fold(0, |all, size| all | size) != 0;
        if !stirs {
            return;
        }
        self.rows[place.first + lane.row - 1] = true;
        self.bands[number] = true;
        let sizes = &mut self.sizes[lane.at + from..];
        // Rows start at multiples of half a stretch.
        match sizes.first_chunk_mut() {
            Some(sizes) if count >= STRETCH / 2 => *sizes = stretch.sizes,
            _ => sizes[..STRETCH / 2].copy_from_slice(&stretch.sizes[..STRETCH / 2]),
        }
        if from + count == place.length {
            sizes[count] = stretch.last[0] as u8;
        }
    }

    /// Whether any coefficient of the band that is known already is not zero.
    #[inline(always)]
    pub fn stirs(&self) -> bool {
        self.bands.last() == Some(&true)
    }

    /// Whether any coefficient of the last band is not zero, and whether any of one of its rows is not.
    pub fn stirred(&self) -> (bool, impl Iterator<Item = bool>) {
        let place = &self.layout.places[self.bands.len() - 1];
        (self.stirs(), self.rows[place.first..place.first + place.rows].iter().copied())
    }
}

/// Sixteen over the sum of the weights behind what is near, in 1/4096: with a row above, with one in the plane before.
const SHARES: [[u32; 2]; 2] = [[share(0), share(4)], [share(6), share(10)]];

const fn share(around: u32) -> u32 {
    16 * 4096 / (BEFORE[0] + BEFORE[1] + around)
}

/// All bits set at so many places.
const MASKS: [[u16; STRETCH]; STRETCH + 1] = masks();

const fn masks() -> [[u16; STRETCH]; STRETCH + 1] {
    let mut masks = [[0; STRETCH]; STRETCH + 1];
    let mut at = 0;
    while at < STRETCH * STRETCH {
        let (count, i) = (at / STRETCH + 1, at % STRETCH);
        masks[count][i] = if i < count { u16::MAX } else { 0 };
        at += 1;
    }
    masks
}
