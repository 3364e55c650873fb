//! What is known around the coefficients of a row before any of them is coded.

use super::band::Band;

/// Sums of sizes around each coefficient of a row, and where rows beside it lie.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// Offsets of the rows before along the last axis but one, and along the one before that.
    pub beside: [Option<usize>; 2],
    /// Rows of the bands alike at the same index: offset, length, whether indices along it are halved, and whether the
    /// band is coarser.
    pub alike: Vec<Same>,
    /// Close neighbours in the band, with the sum of their weights.
    pub near: Sums,
    /// Neighbours in the band up to two places away.
    pub wide: Sums,
    /// The same places and those beside them, before and behind, in the bands alike.
    pub around: Sums,
    /// The same place in the coarser band alike, in sixteenths.
    pub parent: Vec<u32>,
    /// The mean over the other bands alike, in sixteenths.
    pub sibling: Vec<u32>,
}

/// Weighted sums for each coefficient.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub values: Vec<u32>,
    pub weight: u32,
}

/// The row of a band alike that holds the same places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Same {
    pub offset: usize,
    pub row: usize,
    /// Whether two places of this row are one of it.
    pub halved: bool,
    /// Whether the band is of lower resolution.
    pub coarser: bool,
}

impl Same {
    /// Offset of what is at place `i` here, if there is anything.
    #[inline(always)]
    pub fn at(&self, i: usize) -> Option<usize> {
        let place = if self.halved { i / 2 } else { i };
        (place < self.row).then_some(self.offset + place)
    }
}

impl Sums {
    fn clear(&mut self, row: usize, weight: u32) {
        self.values.clear();
        self.values.resize(row, 0);
        self.weight = weight;
    }

    /// Adds the sizes of a row, each `shift` places on from where it stands; beyond the ends there is nothing.
    fn add(&mut self, sizes: &[u8], shift: isize, factor: u32) {
        let (ahead, behind) = (shift.max(0) as usize, shift.min(0).unsigned_abs());
        let sizes = sizes.get(ahead..).unwrap_or_default();
        let values = self.values.get_mut(behind..).unwrap_or_default();
        values.iter_mut().zip(sizes).for_each(|(sum, &size)| *sum += factor * u32::from(size));
        self.weight += factor;
    }

    /// As [`Sums::add`], where two places of this row may be one of the other.
    fn add_same(&mut self, sizes: &[u8], halved: bool, shift: isize, factor: u32) {
        if !halved {
            return self.add(sizes, shift, factor);
        }
        for (i, sum) in self.values.iter_mut().enumerate() {
            let size = (i / 2).checked_add_signed(shift).and_then(|place| sizes.get(place));
            *sum += factor * u32::from(size.copied().unwrap_or(0));
        }
        self.weight += factor;
    }
}

/// Weights of the two coefficients before in the row, in [`Around::near`] and in [`Around::wide`].
pub(super) const BEFORE: [[u32; 2]; 2] = [[4, 2], [2, 1]];
/// Rows beside a row in its band: how far along the last axis but one and along the one before; the weights among near
/// ones of the places straight beside and one place on or back; how many places on and back count among the wide ones,
/// and with what weight.
const BESIDE: [(isize, isize, [u32; 2], isize, u32); 6] = [
    (-1, 0, [4, 1], 2, 1),
    (-2, 0, [0, 0], 1, 1),
    (0, -1, [4, 1], 1, 1),
    (-1, -1, [1, 0], 1, 1),
    (1, -1, [1, 0], 1, 1),
    (0, -2, [0, 0], 0, 2),
];
/// Most bands alike that are looked at.
const MOST_ALIKE: usize = 16;

impl Around {
    /// Looks around the row of `bands[number]` at `index`; `sizes` are those known so far.
    pub fn enter(&mut self, bands: &[Band], number: usize, index: &[usize], sizes: &[u8]) {
        let band = &bands[number];
        self.near.clear(band.row, BEFORE[0].iter().sum());
        self.wide.clear(band.row, BEFORE[1].iter().sum());
        self.look_beside(band, index, sizes);
        self.look_alike(bands, number, index, sizes);
    }

    fn look_beside(&mut self, band: &Band, index: &[usize], sizes: &[u8]) {
        let outer = index.len();
        self.beside = [1, 2].map(|back| {
            let axis = outer.checked_sub(back)?;
            moved(band, index, &[(axis, -1)]).map(|at| band.row_at(&at, 0))
        });
        for (above, front, [straight, aslant], reach, factor) in BESIDE {
            if outer < 1 || (outer < 2 && front != 0) {
                continue;
            }
            let steps = [(outer - 1, above), (outer.wrapping_sub(2), front)];
            let Some(at) = moved(band, index, &steps[..outer.min(2)]) else { continue };
            let row = &sizes[band.row_at(&at, 0)..][..band.row];
            for (shift, factor) in [(0, straight), (1, aslant), (-1, aslant)] {
                if factor > 0 {
                    self.near.add(row, shift, factor);
                }
            }
            (-reach..=reach).for_each(|shift| self.wide.add(row, shift, factor));
        }
        for axis in 0..outer.saturating_sub(2) {
            let Some(at) = moved(band, index, &[(axis, -1)]) else { continue };
            let row = &sizes[band.row_at(&at, 0)..][..band.row];
            self.near.add(row, 0, 4);
            self.wide.add(row, 0, 2);
        }
    }

    fn look_alike(&mut self, bands: &[Band], number: usize, index: &[usize], sizes: &[u8]) {
        let (row, outer) = (bands[number].row, index.len());
        let (mut parent, mut sibling) = (Sums::default(), Sums::default());
        parent.clear(row, 0);
        sibling.clear(row, 0);
        self.around.clear(row, 0);
        self.alike.clear();
        for alike in bands[number].alike.iter().take(MOST_ALIKE) {
            let other = &bands[alike.band];
            let halved = alike.halved >> outer & 1 == 1;
            let offset = other.row_at(index, alike.halved);
            let same = &sizes[offset..][..other.row];
            self.alike.push(Same { offset, row: other.row, halved, coarser: alike.halved != 0 });
            let kin = if alike.halved != 0 { &mut parent } else { &mut sibling };
            kin.add_same(same, halved, 0, 16);
            for (shift, factor) in [(0, 2), (1, 1), (-1, 1)] {
                self.around.add_same(same, halved, shift, factor);
            }
            let there: Vec<usize> =
                index.iter().enumerate().map(|(axis, &at)| at >> (alike.halved >> axis & 1)).collect();
            for (axis, step) in (0..outer).flat_map(|axis| [(axis, -1), (axis, 1)]) {
                let Some(at) = moved(other, &there, &[(axis, step)]) else { continue };
                self.around.add_same(&sizes[other.row_at(&at, 0)..][..other.row], halved, 0, 1);
            }
        }
        let count = (sibling.weight / 16).max(1);
        sibling.values.iter_mut().for_each(|sum| *sum /= count);
        (self.parent, self.sibling) = (parent.values, sibling.values);
    }
}

/// `index` with steps along some axes, if that is an index of `band`.
fn moved(band: &Band, index: &[usize], steps: &[(usize, isize)]) -> Option<Vec<usize>> {
    let mut index = index.to_vec();
    for &(axis, step) in steps {
        index[axis] = index[axis].checked_add_signed(step)?;
    }
    let inside = index.iter().zip(&band.offsets).all(|(&at, offsets)| at < offsets.len());
    inside.then_some(index)
}
