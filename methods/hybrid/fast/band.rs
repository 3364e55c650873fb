//! Rows of values with what the coder knows about them, each filled up to whole chunks, with room between them.

use super::field::{Field, RANK};
use super::tokens::{LANES, padded};

/// An array of rows; values and sizes behind the end of a row are never those of another.
#[derive(Clone, Debug)]
pub(super) struct Band<V> {
    /// Lengths of the axes, of which the last is a row's.
    pub counts: [usize; RANK],
    /// Elements from row to row.
    pub pitch: usize,
    /// The values, with [`LANES`] others before the first row, behind each, and behind all.
    pub values: Vec<V>,
    /// Sizes of their residuals.
    pub sizes: Vec<u8>,
}

impl<V: Copy + Default> Band<V> {
    /// Of zeros.
    pub fn new(counts: [usize; RANK]) -> Self {
        Self::with_rows_of(counts[RANK - 1], counts)
    }

    /// Of zeros, with room for `longest` values in a row.
    pub fn with_rows_of(longest: usize, counts: [usize; RANK]) -> Self {
        let pitch = padded(longest) + LANES;
        let len = 2 * LANES + counts[..RANK - 1].iter().product::<usize>() * pitch;
        Band { counts, pitch, values: vec![V::default(); len], sizes: vec![0; len] }
    }

    /// The values of `field`, which are in C order.
    pub fn of(field: &Field, values: &[V]) -> Self {
        let mut band = Band::new(field.shape);
        let mut rows = values.chunks(band.len().max(1));
        let len = band.len();
        Self::places(field.shape, |at| {
            let start = band.row(at);
            if let Some(row) = rows.next() {
                band.values[start..start + len].copy_from_slice(row);
            }
        });
        band
    }

    /// Hands every row to `convert` with the place in `data`, which is in C order, where it belongs.
    pub fn copy<T>(&self, data: &mut [T], convert: impl Fn(&[V], &mut [T])) {
        let len = self.len();
        let mut rows = data.chunks_mut(len.max(1));
        Self::places(self.counts, |at| {
            let start = self.row(at);
            if let Some(row) = rows.next() {
                convert(&self.values[start..start + len], row);
            }
        });
    }

    /// Points of a row.
    pub fn len(&self) -> usize {
        self.counts[RANK - 1]
    }

    /// Where the row at these coordinates starts.
    #[inline(always)]
    pub fn row(&self, at: [usize; RANK - 1]) -> usize {
        LANES + ((at[0] * self.counts[1] + at[1]) * self.counts[2] + at[2]) * self.pitch
    }

    /// Where the row one back along `axis` starts, if there is one.
    #[inline(always)]
    pub fn before(&self, at: [usize; RANK - 1], axis: usize) -> Option<usize> {
        let mut before = at;
        before[axis] = at[axis].checked_sub(1)?;
        Some(self.row(before))
    }

    /// Calls `visit` for the coordinates of every row, in C order.
    pub fn places(counts: [usize; RANK], mut visit: impl FnMut([usize; RANK - 1])) {
        if counts[RANK - 1] == 0 {
            return;
        }
        for first in 0..counts[0] {
            for second in 0..counts[1] {
                for third in 0..counts[2] {
                    visit([first, second, third]);
                }
            }
        }
    }
}
