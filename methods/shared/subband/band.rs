//! Where the coefficients of a band lie, and which bands before it look like it.

use std::sync::Arc;

/// A box of coefficients that are coded row by row, one band after the other.
///
/// Coefficient `(i, j, ..., l)` lies at `start + offsets[0][i] + offsets[1][j] + ... + l` of the tile's buffer: the
/// rows, along the last axis, are contiguous.
#[derive(Clone, Debug)]
pub struct Band {
    /// Offset of each index along each axis but the last.
    pub offsets: Vec<Arc<[usize]>>,
    /// Offset of the first coefficient of the first row.
    pub start: usize,
    /// Coefficients per row.
    pub row: usize,
    /// Norm of the values that one coefficient of 1 stands for: the step is divided by it.
    pub gain: f64,
    /// Bands coded before whose magnitudes tell something about this one's.
    pub alike: Vec<Alike>,
}

/// A band coded before another, and how indices into the one become indices into the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alike {
    /// Its number.
    pub band: usize,
    /// Bit `a` is set where an index along axis `a` is to be halved.
    pub halved: u64,
}

impl Band {
    /// Number of coefficients.
    pub fn len(&self) -> usize {
        self.offsets.iter().map(|axis| axis.len()).product::<usize>() * self.row
    }

    /// Whether there is no coefficient at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Offsets of the rows, in coding order.
    pub fn rows(&self) -> Vec<usize> {
        self.offsets.iter().fold(vec![self.start], |rows, offsets| {
            let mut finer = Vec::with_capacity(rows.len() * offsets.len());
            rows.iter().for_each(|row| finer.extend(offsets.iter().map(|offset| row + offset)));
            finer
        })
    }

    /// Visits the offsets of the rows, in coding order.
    pub(super) fn each_row(&self, mut visit: impl FnMut(usize)) {
        each_sum(&self.offsets, self.start, &mut visit);
    }

    /// Whether another band has as many coefficients along every axis but the last.
    pub(super) fn has_rows_of(&self, other: &Band) -> bool {
        self.offsets.iter().zip(&other.offsets).all(|(own, others)| own.len() == others.len())
    }

    /// For each row, in coding order, the number of the row of `other` that holds the same places. Indices are shifted
    /// right where `halved` has its bit, and held inside the band.
    pub(super) fn rows_in(&self, other: &Band, halved: u64) -> Vec<u32> {
        let axes = self.offsets.iter().zip(&other.offsets).enumerate();
        axes.fold(vec![0], |rows, (axis, (own, others))| {
            let (shift, last) = (halved >> axis & 1, others.len() - 1);
            let mut finer = Vec::with_capacity(rows.len() * own.len());
            for row in rows {
                finer.extend((0..own.len()).map(|at| row * others.len() as u32 + (at >> shift).min(last) as u32));
            }
            finer
        })
    }

    /// Offset of the row at `index`, which has an entry for every axis but the last. Each entry is shifted right where
    /// `halved` has its bit, and held inside the band.
    pub(super) fn row_at(&self, index: &[usize], halved: u64) -> usize {
        let along = self.offsets.iter().zip(index).enumerate();
        along.fold(self.start, |offset, (axis, (offsets, &at))| {
            offset + offsets[(at >> (halved >> axis & 1)).min(offsets.len() - 1)]
        })
    }
}

/// Visits `start` plus every sum of one offset of each axis, those of the last axis in turn first.
fn each_sum(axes: &[Arc<[usize]>], start: usize, visit: &mut impl FnMut(usize)) {
    match axes.split_first() {
        None => visit(start),
        Some((first, rest)) => first.iter().for_each(|offset| each_sum(rest, start + offset, visit)),
    }
}
