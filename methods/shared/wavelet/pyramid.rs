//! The transform of a tile: one level after another along every axis that is long enough, in place.
//!
//! A level turns the low box that the level before left (at first the tile) into a low box and high ones, along every
//! axis that it splits: the low half comes first along each axis.

use std::sync::Arc;

use super::filters::Family;
use super::gains::Gains;
use super::line::Line;
use super::passes::{self, Change, Linear, Reversible};
use crate::shared::real::Real;
use crate::shared::subband::{Alike, Band, Transform};

/// Axes shorter than this are not split where the number of levels is automatic: the longest lifting filter.
const SHORTEST: usize = 9;
/// Most levels, where the number is automatic.
pub(super) const MOST_LEVELS: u32 = 6;

/// Lines that are changed side by side, and where there are no more than a few: work space is for so many.
const MANY: usize = 16;
const FEW: usize = 4;

/// The box that a level works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// Axis lengths of the box.
    pub shape: Vec<usize>,
    /// Axes that are split.
    pub axes: Vec<usize>,
}

/// The levels for an array of `shape`, the finest first. `levels` 0: as many as are worth it.
pub fn levels(shape: &[usize], axes: &[usize], levels: u32) -> Vec<Level> {
    let (most, shortest) = if levels == 0 { (MOST_LEVELS, SHORTEST) } else { (levels, 2) };
    let mut here = shape.to_vec();
    let mut all = Vec::new();
    for _ in 0..most {
        let split: Vec<usize> = axes.iter().copied().filter(|&axis| here[axis] >= shortest).collect();
        // A level makes 2^axes bands: of very many axes, the last ones are split.
        let split = split[split.len().saturating_sub(10)..].to_vec();
        if split.is_empty() {
            break;
        }
        let next = here.iter().enumerate();
        let next =
            next.map(|(axis, &length)| if split.contains(&axis) { length.div_ceil(2) } else { length }).collect();
        all.push(Level { shape: std::mem::replace(&mut here, next), axes: split });
    }
    all
}

/// The transform of arrays of one shape.
#[derive(Debug)]
pub struct Pyramid {
    family: Family,
    strides: Vec<usize>,
    levels: Vec<Level>,
    bands: Vec<Band>,
    /// The shape, and the axes along which the array is reversed before all else.
    shape: Vec<usize>,
    reversed: Vec<usize>,
}

/// Choices of the number of levels where it is automatic: as many as there are, one less, two less.
const DEPTHS: u8 = 3;
/// Axes that may be reversed: the last ones that are transformed.
const REVERSIBLE: usize = 3;

/// Numbers of choices that [`Pyramid::variant`] takes its number from.
pub fn choices(axes: &[usize], depth: u32) -> Vec<u8> {
    let depths = if depth == 0 { DEPTHS } else { 1 };
    std::iter::once(depths).chain(axes.iter().rev().take(REVERSIBLE).map(|_| 2)).collect()
}

impl Pyramid {
    /// As [`Pyramid::new`], with fewer levels and along some axes reversed: the digits of `variant` say so, of which
    /// [`choices`] gives the radices.
    pub fn variant(
        shape: &[usize],
        axes: &[usize],
        (family, depth): (Family, u32),
        gains: &Gains,
        variant: u8,
    ) -> Self {
        let depths = if depth == 0 { DEPTHS } else { 1 };
        let mut levels = levels(shape, axes, depth);
        let left = levels.len().saturating_sub(usize::from(variant % depths));
        levels.truncate(left.max(1));
        let mut pyramid = Self::with_levels(shape, family, levels, gains);
        let bit = |&(number, _): &(usize, usize)| (variant / depths) >> number & 1 == 1;
        let last = axes.iter().rev().take(REVERSIBLE).copied().enumerate();
        pyramid.reversed = last.filter(bit).map(|(_, axis)| axis).collect();
        pyramid
    }

    /// For arrays of `shape`; along `axes`. `gains` are those of the family.
    pub fn new(shape: &[usize], axes: &[usize], family: Family, depth: u32, gains: &Gains) -> Self {
        Self::with_levels(shape, family, levels(shape, axes, depth), gains)
    }

    fn with_levels(shape: &[usize], family: Family, levels: Vec<Level>, gains: &Gains) -> Self {
        let strides: Vec<usize> = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect();
        let bands = Bands { shape, strides: &strides, levels: &levels, gains }.all();
        Pyramid { family, strides, levels, bands, shape: shape.to_vec(), reversed: Vec::new() }
    }
}

/// What the bands follow from.
struct Bands<'a> {
    shape: &'a [usize],
    strides: &'a [usize],
    levels: &'a [Level],
    gains: &'a Gains,
}

impl Bands<'_> {
    /// The low box of the last level, then the high boxes of each level, the coarsest first.
    fn all(&self) -> Vec<Band> {
        let rank = self.shape.len();
        let mut low: Vec<usize> = self.shape.to_vec();
        if let Some(level) = self.levels.last() {
            low = (0..rank).map(|axis| self.half(level, axis, false).1).collect();
        }
        let mut bands = vec![self.band(&vec![0; rank], &low, self.gain(self.levels.len(), &[]), Vec::new())];
        let mut numbers: Vec<Vec<Option<usize>>> = vec![Vec::new(); self.levels.len()];
        for (number, level) in self.levels.iter().enumerate().rev() {
            numbers[number] = vec![None; 1 << level.axes.len()];
            for high in 1..1usize << level.axes.len() {
                let axes: Vec<usize> =
                    (0..level.axes.len()).filter(|i| high >> i & 1 == 1).map(|i| level.axes[i]).collect();
                let parts: Vec<(usize, usize)> =
                    (0..rank).map(|axis| self.half(level, axis, axes.contains(&axis))).collect();
                let (start, shape): (Vec<usize>, Vec<usize>) = parts.into_iter().unzip();
                let mut alike: Vec<Alike> = Vec::new();
                alike.extend(self.parent(number, &axes, &numbers));
                let siblings =
                    (0..level.axes.len()).filter(|i| high >> i & 1 == 1).map(|i| numbers[number][high & !(1 << i)]);
                alike.extend(siblings.flatten().map(|band| Alike { band, halved: 0 }));
                numbers[number][high] = Some(bands.len());
                bands.push(self.band(&start, &shape, self.gain(number + 1, &axes), alike));
            }
        }
        bands
    }

    /// Start and length of one half of a level's box along an axis; all of it where the level does not split it.
    fn half(&self, level: &Level, axis: usize, high: bool) -> (usize, usize) {
        let length = level.shape[axis];
        match (level.axes.contains(&axis), high) {
            (false, _) => (0, length),
            (true, false) => (0, length.div_ceil(2)),
            (true, true) => (length.div_ceil(2), length / 2),
        }
    }

    /// The band of the next coarser level that is high along the same axes.
    fn parent(&self, number: usize, axes: &[usize], numbers: &[Vec<Option<usize>>]) -> Option<Alike> {
        let coarser = self.levels.get(number + 1)?;
        let mut high = 0;
        for axis in axes {
            high |= 1 << coarser.axes.iter().position(|split| split == axis)?;
        }
        let halved = coarser.axes.iter().filter(|&&axis| axis < 64).fold(0u64, |halved, axis| halved | 1 << axis);
        numbers[number + 1][high].map(|band| Alike { band, halved })
    }

    /// Norm of a coefficient after the first `number` levels, high along `axes`.
    fn gain(&self, number: usize, axes: &[usize]) -> f64 {
        let splits = |axis: usize| self.levels[..number].iter().filter(|level| level.axes.contains(&axis)).count();
        (0..self.shape.len()).map(|axis| self.gains.of(splits(axis), axes.contains(&axis))).product()
    }

    fn band(&self, start: &[usize], shape: &[usize], gain: f64, alike: Vec<Alike>) -> Band {
        let outer = self.shape.len() - 1;
        let along = |axis: usize| -> Arc<[usize]> {
            (0..shape[axis]).map(|i| (start[axis] + i) * self.strides[axis]).collect()
        };
        Band { offsets: (0..outer).map(along).collect(), start: start[outer], row: shape[outer], gain, alike }
    }
}

impl Transform for Pyramid {
    fn bands(&self) -> &[Band] {
        &self.bands
    }

    fn forward<F: Real>(&self, data: &mut [F]) {
        self.reverse(data);
        for level in &self.levels {
            for &axis in &level.axes {
                self.linear::<_, true>(level, axis, data);
            }
        }
    }

    fn inverse<F: Real>(&self, data: &mut [F]) {
        for level in self.levels.iter().rev() {
            for &axis in level.axes.iter().rev() {
                self.linear::<_, false>(level, axis, data);
            }
        }
        self.reverse(data);
    }
}

impl Pyramid {
    /// Puts the values along some axes in opposite order.
    fn reverse<F: Real>(&self, data: &mut [F]) {
        for &axis in &self.reversed {
            let (length, stride) = (self.shape[axis], self.strides[axis]);
            for slab in data.chunks_exact_mut(length * stride) {
                for i in 0..length / 2 {
                    let (front, back) = slab.split_at_mut((length - 1 - i) * stride);
                    front[i * stride..][..stride].swap_with_slice(&mut back[..stride]);
                }
            }
        }
    }

    /// Integers to integer coefficients: 5/3 with every step rounded down, modulo 2^32.
    pub fn forward_integers(&self, data: &mut [i32]) {
        for level in &self.levels {
            for &axis in &level.axes {
                self.reversible::<true>(level, axis, data);
            }
        }
    }

    /// Undoes [`Pyramid::forward_integers`].
    pub fn inverse_integers(&self, data: &mut [i32]) {
        for level in self.levels.iter().rev() {
            for &axis in level.axes.iter().rev() {
                self.reversible::<false>(level, axis, data);
            }
        }
    }

    /// Values of a level's box to coefficients along `axis`, or back.
    fn linear<F: Real, const FORWARD: bool>(&self, level: &Level, axis: usize, data: &mut [F]) {
        let (family, length) = (self.family, level.shape[axis]);
        match self.lines(level, axis) {
            1 => self.pass(level, axis, data, Linear::<_, 1, FORWARD>(Line::new(family, length))),
            2..=FEW => self.pass(level, axis, data, Linear::<_, FEW, FORWARD>(Line::new(family, length))),
            _ => self.pass(level, axis, data, Linear::<_, MANY, FORWARD>(Line::new(family, length))),
        }
    }

    /// Integers of a level's box to coefficients along `axis`, or back.
    fn reversible<const FORWARD: bool>(&self, level: &Level, axis: usize, data: &mut [i32]) {
        let length = level.shape[axis];
        match self.lines(level, axis) {
            1 => self.pass(level, axis, data, Reversible::<1, FORWARD>(vec![[0]; length])),
            2..=FEW => self.pass(level, axis, data, Reversible::<FEW, FORWARD>(vec![[0; FEW]; length])),
            _ => self.pass(level, axis, data, Reversible::<MANY, FORWARD>(vec![[0; MANY]; length])),
        }
    }

    /// Lines of a level's box along `axis` that can be changed side by side.
    fn lines(&self, level: &Level, axis: usize) -> usize {
        let (outer, row) = level.shape.split_at(level.shape.len() - 1);
        if axis < outer.len() { row[0] } else { outer.iter().product() }
    }

    /// Changes every line of a level's box along `axis`.
    fn pass<V: Copy + Default + PartialEq, const N: usize>(
        &self,
        level: &Level,
        axis: usize,
        data: &mut [V],
        change: impl Change<V, N>,
    ) {
        let (rows, length) = (self.rows(level, axis), level.shape[axis]);
        if axis + 1 == level.shape.len() {
            passes::rows(&rows, length, data, change);
        } else {
            let row = level.shape[level.shape.len() - 1];
            passes::columns(&rows, (length, self.strides[axis], row), data, change);
        }
    }

    /// Offsets of the rows of a level's box at index 0 along `axis`.
    fn rows(&self, level: &Level, axis: usize) -> Vec<usize> {
        let mut rows = vec![0];
        for other in (0..level.shape.len() - 1).filter(|&other| other != axis) {
            let along = |row: usize| (0..level.shape[other]).map(move |i| row + i * self.strides[other]);
            rows = rows.into_iter().flat_map(along).collect();
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::testing::check_bands;

    #[test]
    fn levels_stop_where_axes_get_short() {
        let shapes = |shape: &[usize], depth| -> Vec<Vec<usize>> {
            let axes: Vec<usize> = (0..shape.len()).collect();
            levels(shape, &axes, depth).into_iter().map(|level| level.shape).collect()
        };
        assert_eq!(shapes(&[50, 50], 0), [[50, 50], [25, 25], [13, 13]]);
        assert_eq!(shapes(&[3, 20], 0), [[3, 20], [3, 10]]);
        assert_eq!(shapes(&[3, 1], 9), [[3, 1], [2, 1]]);
        assert!(shapes(&[8], 0).is_empty());
    }

    #[test]
    fn bands_hold_every_coefficient_once_and_look_back_only() {
        for shape in [&[50, 50, 50][..], &[7, 30], &[1000], &[9, 5, 17, 3], &[1]] {
            let axes: Vec<usize> = (0..shape.len()).collect();
            for depth in [0, 1, 3] {
                let pyramid = Pyramid::new(shape, &axes, Family::Cdf97, depth, &Gains::new(Family::Cdf97));
                check_bands(pyramid.bands(), shape);
            }
        }
    }

    #[test]
    fn the_transform_inverts_along_any_axes() {
        let shape = [19, 6, 33];
        for family in Family::ALL {
            let gains = Gains::new(family);
            for axes in [&[0, 1, 2][..], &[1], &[0, 2], &[]] {
                let pyramid = Pyramid::new(&shape, axes, family, 0, &gains);
                let original: Vec<f64> = (0..19 * 6 * 33).map(|i| (i * i % 251) as f64 - 100.0).collect();
                let mut data = original.clone();
                pyramid.forward(&mut data);
                pyramid.inverse(&mut data);
                assert!(data.iter().zip(&original).all(|(x, y)| (x - y).abs() < 1e-7), "{family:?}");
            }
        }
    }

    #[test]
    fn every_variant_inverts() {
        let (shape, axes, gains) = ([19, 6, 33, 4], [0, 1, 2, 3], Gains::new(Family::Cdf97));
        let original: Vec<f64> = (0..19 * 6 * 33 * 4).map(|i| (i * i % 251) as f64 - 100.0).collect();
        assert_eq!(choices(&axes, 0), [3, 2, 2, 2]);
        for variant in 0..24 {
            let pyramid = Pyramid::variant(&shape, &axes, (Family::Cdf97, 0), &gains, variant);
            let mut data = original.clone();
            pyramid.forward(&mut data);
            pyramid.inverse(&mut data);
            assert!(data.iter().zip(&original).all(|(x, y)| (x - y).abs() < 1e-7), "{variant}");
        }
    }
}
