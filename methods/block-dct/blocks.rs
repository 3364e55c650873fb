//! The transform of a tile: blocks along every axis, and blocks of their means again, up to the top.
//!
//! An axis is cut into blocks as equal as they can be, about as long as asked for, so that nothing is padded. Along the
//! last axis a row is rearranged: the first coefficients of all blocks, then their second ones, and so on; along the
//! others coefficients stay where their block is. The means (first coefficients along every axis) form an array of
//! their own, which is transformed in the same way until one block is left. In the longer blocks they are scaled to those
//! of the shorter ones, so that this array is as smooth as the data.

use std::iter::successors;
use std::sync::Arc;

use super::passes;
use crate::shared::real::Real;
use crate::shared::subband::{Alike, Band, Transform};

/// Bands of a level, at most: one takes 500 to 700 bytes of memory where there are seven axes.
const MOST_BANDS: usize = 1 << 14;
/// Above [`FEW_BANDS`] they have so many coefficients in the mean at least.
const COEFFICIENTS: usize = 8;
/// Bands that any array may have: those of blocks of 16 along three axes.
const FEW_BANDS: usize = 1 << 12;

/// How one axis is cut: the first `larger` blocks have `size + 1` values, the others `size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub length: usize,
    pub blocks: usize,
    pub size: usize,
    pub larger: usize,
}

impl Cut {
    /// Blocks of about `block` values; 1 leaves the axis as it is.
    pub fn new(length: usize, block: usize) -> Self {
        let blocks = ((length + block / 2) / block).max(1);
        Cut { length, blocks, size: length / blocks, larger: length % blocks }
    }

    /// Coefficients along the axis of the largest block.
    pub fn bands(&self) -> usize {
        self.size + usize::from(self.larger > 0)
    }

    /// Blocks that have a coefficient `k`.
    pub fn having(&self, k: usize) -> usize {
        if k < self.size { self.blocks } else { self.larger }
    }

    /// First index of a block.
    pub fn start(&self, block: usize) -> usize {
        block * self.size + block.min(self.larger)
    }
}

/// The transform of arrays of one shape.
#[derive(Debug)]
pub(super) struct BlockTransform {
    /// One level after another, the array itself first.
    levels: Vec<Vec<Cut>>,
    bands: Vec<Band>,
}

impl BlockTransform {
    /// For arrays of `shape`; along `axes` in blocks of about `block`.
    pub fn new(shape: &[usize], axes: &[usize], block: usize) -> Self {
        let mut levels = Vec::new();
        let mut shape_here = shape.to_vec();
        loop {
            let cuts = cuts(&shape_here, axes, block);
            shape_here = cuts.iter().map(|cut| cut.blocks).collect();
            let done = cuts.iter().all(|cut| cut.size == 1 || cut.blocks == 1);
            levels.push(cuts);
            if done {
                break;
            }
        }
        let bands = bands(shape, &levels);
        BlockTransform { levels, bands }
    }
}

fn cuts(shape: &[usize], axes: &[usize], block: usize) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = shape.iter().map(|&length| Cut::new(length, 1)).collect();
    let most = (shape.iter().product::<usize>() / COEFFICIENTS).clamp(FEW_BANDS, MOST_BANDS);
    let mut bands = 1;
    for axis in (0..shape.len()).rev().filter(|axis| axes.contains(axis)) {
        let shorter = successors(Some(block), |&block| (block > 1).then_some(block / 2));
        let cut = shorter.map(|block| Cut::new(shape[axis], block)).find(|cut| bands * cut.bands() <= most);
        cuts[axis] = cut.unwrap_or(cuts[axis]);
        bands *= cuts[axis].bands();
    }
    cuts
}

/// The bands of all levels, the smallest array's first.
fn bands(shape: &[usize], levels: &[Vec<Cut>]) -> Vec<Band> {
    let outer = shape.len() - 1;
    // Where the elements of a level's array lie along each axis but the last: there they stand side by side.
    let mut places: Vec<Vec<usize>> = (0..outer)
        .map(|axis| (0..shape[axis]).map(|i| i * shape[axis + 1..].iter().product::<usize>()).collect())
        .collect();
    let mut by_level = Vec::new();
    for (number, cuts) in levels.iter().enumerate() {
        by_level.push(level_bands(cuts, &places, number + 1 == levels.len()));
        for (places, cut) in places.iter_mut().zip(cuts) {
            *places = (0..cut.blocks).map(|block| places[cut.start(block)]).collect();
        }
    }
    let mut bands: Vec<Band> = Vec::new();
    for level in by_level.into_iter().rev() {
        let first = bands.len();
        bands.extend(level.into_iter().map(|mut band| {
            band.alike.iter_mut().for_each(|alike| alike.band += first);
            band
        }));
    }
    bands
}

/// The bands of one level; that of the means only if there is no further level.
fn level_bands(cuts: &[Cut], places: &[Vec<usize>], last: bool) -> Vec<Band> {
    let outer = cuts.len() - 1;
    let offsets: Vec<Vec<Arc<[usize]>>> = (0..outer)
        .map(|axis| {
            let cut = &cuts[axis];
            let of = |k: usize| (0..cut.having(k)).map(|block| places[axis][cut.start(block) + k]).collect();
            (0..cut.bands()).map(of).collect()
        })
        .collect();
    let skipped = usize::from(!last);
    let mut bands = Vec::new();
    let mut k = vec![0usize; cuts.len()];
    loop {
        let mean = k.iter().all(|&k| k == 0);
        if last || !mean {
            let row = cuts[outer].having(k[outer]);
            let offsets = (0..outer).map(|axis| offsets[axis][k[axis]].clone()).collect();
            let alike = alike(cuts, &k).filter_map(|band| band.checked_sub(skipped));
            let alike = alike.map(|band| Alike { band, halved: 0 }).collect();
            // The coefficients of the lower orders come before, those of the last order are fewer.
            bands.push(Band { offsets, start: k[outer] * cuts[outer].blocks, row, gain: 1.0, alike });
        }
        let Some(axis) = (0..k.len()).rev().find(|&axis| k[axis] + 1 < cuts[axis].bands()) else { return bands };
        k[axis] += 1;
        k[axis + 1..].fill(0);
    }
}

/// Numbers of the bands one order lower along each axis.
fn alike<'a>(cuts: &'a [Cut], k: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
    let number = |k: &[usize]| cuts.iter().zip(k).fold(0, |number, (cut, &k)| number * cut.bands() + k);
    (0..k.len()).filter(|&axis| k[axis] > 0).map(move |axis| {
        let mut lower = k.to_vec();
        lower[axis] -= 1;
        number(&lower)
    })
}

impl Transform for BlockTransform {
    fn bands(&self) -> &[Band] {
        &self.bands
    }

    fn forward<F: Real>(&self, data: &mut [F]) {
        self.forward_level(0, data);
    }

    fn inverse<F: Real>(&self, data: &mut [F]) {
        self.inverse_level(0, data);
    }
}

impl BlockTransform {
    fn forward_level<F: Real>(&self, level: usize, data: &mut [F]) {
        let cuts = &self.levels[level];
        for (axis, cut) in cuts.iter().enumerate().filter(|(_, cut)| cut.size > 1 || cut.larger > 0) {
            let inner = (axis + 1 < cuts.len()).then(|| inner(cuts, axis));
            passes::along::<F, true>(cut, inner, data);
        }
        self.means(level, data, |transform, means| transform.forward_level(level + 1, means));
    }

    fn inverse_level<F: Real>(&self, level: usize, data: &mut [F]) {
        self.means(level, data, |transform, means| transform.inverse_level(level + 1, means));
        let cuts = &self.levels[level];
        for (axis, cut) in cuts.iter().enumerate().rev().filter(|(_, cut)| cut.size > 1 || cut.larger > 0) {
            let inner = (axis + 1 < cuts.len()).then(|| inner(cuts, axis));
            passes::along::<F, false>(cut, inner, data);
        }
    }

    /// Takes the means of a level out of `data`, hands them to `change`, and puts them back.
    fn means<F: Real>(&self, level: usize, data: &mut [F], change: impl FnOnce(&Self, &mut [F])) {
        if level + 1 == self.levels.len() {
            return;
        }
        let cuts = &self.levels[level];
        let places = mean_rows(cuts);
        let row = cuts[cuts.len() - 1].blocks;
        let mut means = Vec::with_capacity(places.len() * row);
        places.iter().for_each(|&place| means.extend_from_slice(&data[place..place + row]));
        change(self, &mut means);
        for (&place, means) in places.iter().zip(means.chunks_exact(row)) {
            data[place..place + row].copy_from_slice(means);
        }
    }
}

fn inner(cuts: &[Cut], axis: usize) -> usize {
    cuts[axis + 1..].iter().map(|cut| cut.length).product()
}

/// Offsets of the rows of means.
fn mean_rows(cuts: &[Cut]) -> Vec<usize> {
    let mut rows = vec![0];
    for (axis, cut) in cuts.iter().enumerate().take(cuts.len() - 1) {
        let stride = inner(cuts, axis);
        let starts = |row: usize| (0..cut.blocks).map(move |block| row + cut.start(block) * stride);
        rows = rows.into_iter().flat_map(starts).collect();
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::testing::check_bands;

    #[test]
    fn blocks_are_as_equal_as_they_can_be_and_cover_the_axis() {
        for length in 1..200 {
            for block in [1, 4, 8, 16] {
                let cut = Cut::new(length, block);
                assert_eq!(cut.start(cut.blocks), length);
                let total: usize = (0..cut.bands()).map(|k| cut.having(k)).sum();
                assert_eq!(total, length);
                assert!(cut.bands() <= super::super::kernel::LONGEST);
            }
        }
        assert_eq!(Cut::new(50, 8), Cut { length: 50, blocks: 6, size: 8, larger: 2 });
    }

    #[test]
    fn bands_hold_every_coefficient_once_and_look_back_only() {
        for (shape, block) in [(&[50, 50, 50][..], 8), (&[7, 3], 4), (&[1000], 16), (&[2, 5, 17, 9], 4), (&[1], 8)] {
            let axes: Vec<usize> = (0..shape.len()).collect();
            check_bands(BlockTransform::new(shape, &axes, block).bands(), shape);
        }
    }

    #[test]
    fn the_transform_nearly_keeps_energy_and_inverts_along_any_axes() {
        let shape = [19, 6, 33];
        for axes in [&[0, 1, 2][..], &[1], &[0, 2], &[]] {
            for block in [4, 8, 16] {
                let transform = BlockTransform::new(&shape, axes, block);
                let original: Vec<f64> = (0..19 * 6 * 33).map(|i| (i * i % 251) as f64 - 100.0).collect();
                let mut data = original.clone();
                transform.forward(&mut data);
                let energy = |data: &[f64]| data.iter().map(|x| x * x).sum::<f64>();
                // Exactly but for the means of blocks of unequal lengths.
                assert!((energy(&data) / energy(&original) - 1.0).abs() < 0.1);
                transform.inverse(&mut data);
                assert!(data.iter().zip(&original).all(|(x, y)| (x - y).abs() < 1e-11));
            }
        }
    }

    #[test]
    fn many_bands_need_many_coefficients_and_blocks_get_shorter_until_they_have_them() {
        let sizes = |shape: &[usize], block: usize| -> Vec<usize> {
            let axes: Vec<usize> = (0..shape.len()).collect();
            cuts(shape, &axes, block).iter().map(Cut::bands).collect()
        };
        assert_eq!(sizes(&[50, 50, 50], 16), [17, 17, 17]);
        assert_eq!(sizes(&[23, 23, 23], 16), [4, 23, 23]);
        assert_eq!(sizes(&[4, 5, 2, 5, 5, 5, 6], 8), [1, 2, 2, 5, 5, 5, 6]);
        assert_eq!(sizes(&[128, 8, 8, 8], 16), [16, 8, 8, 8]);
        assert_eq!(sizes(&[100; 6], 8), [1, 4, 8, 8, 8, 8]);
        for block in [4, 5, 6, 8, 10, 12, 16] {
            for shape in [&[3usize; 12][..], &[23, 23, 23], &[9, 9, 9, 9], &[4, 5, 2, 5, 5, 5, 6], &[30, 31, 32, 33]] {
                let bands: usize = sizes(shape, block).iter().product();
                let values: usize = shape.iter().product();
                assert!(bands <= FEW_BANDS || bands * COEFFICIENTS <= values, "{shape:?} {block}");
            }
        }
    }

    #[test]
    fn a_constant_is_one_coefficient() {
        let transform = BlockTransform::new(&[40, 50, 60], &[0, 1, 2], 8);
        let mut data = vec![1.0f64; 120_000];
        transform.forward(&mut data);
        assert_eq!(data.iter().filter(|x| x.abs() > 1e-9).count(), 1);
    }
}
