//! The careful coder of coefficients, for small tiles: many contexts each for magnitude and sign, mixed.

use super::around::{Around, BEFORE};
use super::band::Band;
use super::context::{Differences, size_of};
use crate::shared::mixing::{Integers, Mixer, Place};
use crate::shared::range::{Bit, BitCoder};

/// Contexts of a magnitude.
const KINDS: usize = 8;
/// Bands told apart; those further on are alike.
const BANDS: usize = 64;
/// Number of contexts of each kind, in the order of [`Walk::place`].
const COUNTS: [usize; KINDS] = [19, 81, 108, 56, 54, BANDS * 4, 54, 117];
/// Contexts of a sign, of each kind.
const SIGNS: [usize; 6] = [27 * BANDS, 9 * BANDS, 3 * BANDS, 3 * BANDS, 24 * BANDS, 27 * BANDS];

/// Where buckets of means begin; means are in sixteenths of a size, sizes four to an octave.
const NEAR: [u32; 18] = [1, 4, 8, 12, 16, 20, 25, 31, 38, 46, 56, 68, 82, 100, 120, 150, 190, 240];
const NEAR_FEW: [u32; 8] = [1, 8, 18, 32, 50, 75, 110, 170];
const FAR: [u32; 8] = [1, 12, 24, 44, 64, 80, 112, 170];
const WIDE: [u32; 17] = [1, 2, 3, 5, 7, 10, 14, 18, 23, 29, 36, 45, 56, 70, 90, 120, 160];
const AROUND: [u32; 12] = [1, 2, 4, 7, 11, 16, 23, 32, 45, 64, 90, 130];
const PARENT: [u32; 6] = [1, 70, 100, 130, 150, 180];
const SIBLING: [u32; 7] = [1, 20, 40, 64, 80, 100, 130];
const BOTH: [u32; 17] = [1, 6, 12, 18, 24, 32, 42, 53, 66, 80, 100, 120, 150, 190, 240, 300, 360];

fn bucket(value: u32, edges: &[u32]) -> usize {
    edges.partition_point(|&edge| edge <= value)
}

/// What a magnitude would cost where it stands.
pub(super) struct Odds<'a> {
    models: &'a Integers<KINDS>,
    place: Place<KINDS>,
    predicted: i32,
}

impl Odds<'_> {
    /// Bits of 0, 1, ..., sign not counted; none where what is coded is a difference.
    pub fn costs<const M: usize>(&self) -> Option<[f32; M]> {
        (self.predicted == 0).then(|| self.models.costs(&self.place))
    }
}

/// Codes the coefficients of `bands`, in their order, and returns them as they lie in a tile of `len`. An encoder codes
/// what `choose` says for a band and an offset. With `differences` the first band is coded as differences.
pub(super) fn code<C: BitCoder>(
    bands: &[Band],
    len: usize,
    differences: bool,
    coder: &mut C,
    mut choose: impl FnMut(usize, usize, &Odds<'_>) -> i32,
) -> Vec<i32> {
    let mut walk = Walk::new(len);
    let mut values = vec![0; len];
    let mut before = Differences::default();
    let mut index = Vec::new();
    for (number, band) in bands.iter().enumerate().filter(|(_, band)| !band.is_empty()) {
        index.clear();
        index.resize(band.offsets.len(), 0usize);
        loop {
            walk.enter(bands, number, &index);
            before.enter();
            let offset = band.row_at(&index, 0);
            for (i, value) in values[offset..offset + band.row].iter_mut().enumerate() {
                let predicted = if differences && number == 0 { before.predicted() } else { 0 };
                let odds = Odds { models: &walk.sizes, place: walk.place(i), predicted };
                let chosen = choose(number, offset + i, &odds).wrapping_sub(predicted);
                let place = odds.place;
                *value = walk.code(chosen, place, (i, offset + i), coder).wrapping_add(predicted);
                before.note(i, *value);
            }
            let next = (0..index.len()).rev().find(|&axis| index[axis] + 1 < band.offsets[axis].len());
            let Some(axis) = next else { break };
            index[axis] += 1;
            index[axis + 1..].fill(0);
        }
    }
    values
}

/// Models, what was coded so far, and what follows for the row in hand.
struct Walk {
    sizes: Integers<KINDS>,
    signs: Vec<Bit>,
    sign_mixer: Mixer<6>,
    /// Sizes and values as they were coded, where they lie in the tile.
    known: Vec<u8>,
    coded: Vec<i32>,
    around: Around,
    band: usize,
    /// Where the row lies among others, modulo 2 along the last axes but one.
    odd: [usize; 2],
    /// The two coded before in the row, the last one first.
    last: [i32; 2],
}

impl Walk {
    fn new(len: usize) -> Self {
        Walk {
            sizes: Integers::new(COUNTS, 1, 3),
            signs: vec![Bit::default(); SIGNS.iter().sum()],
            sign_mixer: Mixer::new(1),
            known: vec![0; len],
            coded: vec![0; len],
            around: Around::default(),
            band: 0,
            odd: [0; 2],
            last: [0; 2],
        }
    }

    fn enter(&mut self, bands: &[Band], number: usize, index: &[usize]) {
        self.around.enter(bands, number, index, &self.known);
        self.band = number.min(BANDS - 1);
        self.odd = [1, 2].map(|back| index.len().checked_sub(back).map_or(0, |axis| index[axis] & 1));
        self.last = [0; 2];
    }

    /// What is beside coefficient `i` in the rows before: 0 where there is none.
    #[inline(always)]
    fn beside(&self, i: usize) -> [i32; 2] {
        self.around.beside.map(|row| row.map_or(0, |row| self.coded[row + i]))
    }

    /// The contexts of the magnitude of coefficient `i` of the row.
    fn place(&self, i: usize) -> Place<KINDS> {
        let Around { near, wide, around, parent, sibling, .. } = &self.around;
        let last = self.last.map(|value| u32::from(size_of(value)));
        let sizes = self.beside(i).map(|value| u32::from(size_of(value)));
        let sum = near.values[i] + BEFORE[0][0] * last[0] + BEFORE[0][1] * last[1];
        let close = sum * 16 / near.weight;
        let wide_sum = wide.values[i] + BEFORE[1][0] * last[0] + BEFORE[1][1] * last[1];
        let widest = (wide_sum + around.values[i]) * 16 / (wide.weight + around.weight);
        let same = (around.values[i] * 16).checked_div(around.weight).unwrap_or(0);
        let (coarse, equal) = (parent[i], sibling[i]);
        let kinds = self.around.alike.iter();
        let both = kinds.clone().any(|alike| alike.coarser) && kinds.clone().any(|alike| !alike.coarser);
        let far = (coarse + equal) / if both { 2 } else { 1 };
        let third = |size: u32| usize::from(size > 0) + usize::from(size > 4);
        let others = usize::from(sum > 4 * (last[0] + sizes[0] + sizes[1]));
        let few = bucket(close, &NEAR_FEW);
        let threes = (third(last[0]) * 3 + third(sizes[0])) * 3 + third(sizes[1]);
        let contexts = [
            bucket(close, &NEAR),
            few * 9 + bucket(far, &FAR),
            threes * 2 + others + 54 * usize::from(widest > 8),
            bucket(coarse, &PARENT) * 8 + bucket(equal, &SIBLING),
            bucket(widest, &WIDE) * 3 + third(last[0]),
            self.band * 4 + bucket(close + widest, &[1, 16, 64]),
            bucket(close + far, &BOTH) * 3 + usize::from(sizes[0] > 0) + usize::from(sizes[1] > 0),
            bucket(same, &AROUND) * 9 + few,
        ];
        Place { contexts, sign: 0, set: bucket(close + same, &[1, 30]) }
    }

    /// The contexts of its sign.
    fn signs(&self, i: usize) -> [usize; 6] {
        let three = |value: i32| (value.signum() + 1) as usize;
        let [above, front] = self.beside(i).map(three);
        let [last, before] = self.last.map(three);
        let (mut parent, mut siblings, mut coarser) = (1, 0, false);
        for alike in &self.around.alike {
            let Some(at) = alike.at(i) else { continue };
            if alike.coarser {
                (parent, coarser) = (three(self.coded[at]), true);
            } else {
                siblings = (siblings * 3 + three(self.coded[at])) % 27;
            }
        }
        let odd = if coarser { (i & 1) + 2 * self.odd[0] + 4 * self.odd[1] } else { 0 };
        let kinds = [(last * 3 + above) * 3 + front, last * 3 + before, above, front, parent * 8 + odd, siblings];
        let mut start = 0;
        std::array::from_fn(|kind| {
            start += SIGNS[kind];
            start - SIGNS[kind] + kinds[kind] * BANDS + self.band
        })
    }

    /// Codes coefficient `i` of the row, which lies at `offset`.
    fn code<C: BitCoder>(
        &mut self,
        value: i32,
        place: Place<KINDS>,
        (i, offset): (usize, usize),
        coder: &mut C,
    ) -> i32 {
        let magnitude = self.sizes.magnitude(value.unsigned_abs(), &place, coder) as i32;
        let mut value = if magnitude != 0 && value < 0 { -magnitude } else { magnitude };
        if magnitude != 0 {
            let slots = self.signs(i);
            let negative = self.sign_mixer.code(value < 0, (&mut self.signs, slots), 0, coder);
            value = if negative { -magnitude } else { magnitude };
        }
        self.known[offset] = size_of(value);
        self.coded[offset] = value;
        self.last = [value, self.last[0]];
        value
    }
}
