//! Where the sizes of coefficients stand while a tile is coded: rows with room behind them, so that those around sixteen
//! coefficients are read at once.

use std::ops::Range;

use super::band::Band;

/// Most bands alike that are looked at.
pub(super) const MOST_ALIKE: usize = 16;
/// Rows start at multiples of this.
const UNIT: usize = 8;
/// Room at the start, where sizes are zero, and at the end: reads may go on so far.
pub(super) const ROOM: usize = 32;

/// Where the sizes of all bands stand, and which rows tell something about those of other bands.
#[derive(Debug)]
pub(super) struct Layout {
    pub places: Vec<Place>,
    pub kin: Vec<Kin>,
    /// Bytes of all sizes, and rows of all bands.
    pub bytes: usize,
    pub rows: usize,
}

/// The sizes of one band. Behind every row stands its last size once more: rows of a band alike may be one shorter.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub start: usize,
    /// From row to row.
    pub stride: usize,
    /// Coefficients of a row.
    pub length: usize,
    /// Number of its first row among those of all bands.
    pub first: usize,
    pub rows: usize,
    /// Lengths of the last axis but one, and of the one before that.
    pub across: [usize; 2],
    /// Bands alike.
    pub kin: Range<usize>,
    /// What a size of a band alike counts, in sixteenths.
    pub factor: u16,
}

/// A band alike.
#[derive(Debug)]
pub(super) struct Kin {
    band: u32,
    /// Whether two places of a row are one of its row.
    pub halved: bool,
    /// The row of it at the same place as each row, if that is not the same number.
    rows: Option<Box<[u32]>>,
}

impl Kin {
    /// Its number.
    #[inline(always)]
    pub fn band(&self) -> usize {
        self.band as usize
    }

    /// The row of the band alike at the same place as `row`.
    #[inline(always)]
    pub fn row(&self, row: usize) -> usize {
        self.rows.as_ref().map_or(row, |rows| rows[row] as usize)
    }
}

impl Layout {
    /// For all `bands` of a tile.
    pub fn new(bands: &[Band]) -> Self {
        let longest = bands.iter().map(|band| band.row).max().unwrap_or(0);
        let mut layout =
            Layout { places: Vec::with_capacity(bands.len()), kin: Vec::new(), bytes: longest + ROOM, rows: 0 };
        layout.kin.reserve_exact(bands.iter().map(|band| band.alike.len().min(MOST_ALIKE)).sum());
        for band in bands {
            let rows = band.len().checked_div(band.row).unwrap_or(0);
            let kin = layout.kin.len();
            if rows > 0 {
                layout.kin.extend(kin_of(band, bands));
            }
            let across = [1, 2].map(|back| {
                let axis = band.offsets.len().checked_sub(back);
                axis.map_or(1, |axis| band.offsets[axis].len())
            });
            let stride = (band.row + 1).next_multiple_of(UNIT);
            layout.places.push(Place {
                start: layout.bytes,
                stride,
                length: band.row,
                first: layout.rows,
                rows,
                across,
                kin: kin..layout.kin.len(),
                factor: (16 / band.alike.len().clamp(1, MOST_ALIKE)) as u16,
            });
            layout.bytes += rows * stride;
            layout.rows += rows;
        }
        layout.bytes += ROOM;
        layout
    }
}

/// The bands alike that are looked at, but for empty ones.
fn kin_of<'a>(band: &'a Band, bands: &'a [Band]) -> impl Iterator<Item = Kin> + 'a {
    let alike = band.alike.iter().take(MOST_ALIKE).filter(|alike| !bands[alike.band].is_empty());
    alike.map(|alike| {
        let (other, halved) = (&bands[alike.band], alike.halved >> band.offsets.len() & 1 == 1);
        let same = alike.halved == 0 && band.has_rows_of(other);
        let rows = (!same).then(|| band.rows_in(other, alike.halved).into());
        Kin { band: alike.band as u32, halved, rows }
    })
}

#[cfg(test)]
mod tests {
    use super::super::Alike;
    use super::*;

    #[test]
    fn rows_stand_apart_and_those_of_bands_alike_are_found() {
        let band = |outer: usize, row: usize, alike: Vec<Alike>| {
            let offsets = vec![(0..outer).map(|i| i * row).collect()];
            Band { offsets, start: 0, row, gain: 1.0, alike }
        };
        let alike = |halved: u64| vec![Alike { band: 0, halved }];
        let bands = [band(3, 8, vec![]), band(3, 7, alike(0)), band(7, 17, alike(0b11)), band(2, 0, alike(0))];
        let layout = Layout::new(&bands);
        for (pair, band) in layout.places.windows(2).zip(&bands) {
            assert!(pair[0].stride > band.row && pair[0].start + pair[0].rows * pair[0].stride == pair[1].start);
            assert_eq!(pair[0].first + pair[0].rows, pair[1].first);
        }
        assert_eq!((layout.rows, layout.kin.len()), (13, 2));
        assert_eq!([0, 1, 2].map(|row| layout.kin[0].row(row)), [0, 1, 2]);
        // Indices are halved, and held inside the band.
        assert_eq!([0, 1, 2, 3, 5, 6].map(|row| layout.kin[1].row(row)), [0, 0, 1, 1, 2, 2]);
        assert_eq!((layout.kin[0].halved, layout.kin[1].halved), (false, true));
    }
}
