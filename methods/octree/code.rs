//! The bits: which boxes are halved, and the coefficients of the others.

use super::basis::{Bases, Order};
use super::cells;
use super::faces::Faces;
use super::known::{Known, Leaf};
use super::values::{Models, SCALES};
use crate::shared::mixing::{Integers, Mixer, Place};
use crate::shared::range::{Bit, BitCoder};
use crate::shared::tiles::Tile;

/// What the walk codes: an encoder's choice. A decoder has none.
pub trait Chosen {
    /// Whether the box is halved.
    fn split(&self) -> bool;

    /// One of its children.
    fn child(&self, number: usize) -> &Self;

    /// The coefficients of a leaf, in coding order; those behind the end are zero.
    fn leaf(&self) -> &[i32];
}

/// Contexts of each kind of a split.
const SPLITS: [usize; 3] = [20, 16 * SCALES, 14 * SCALES];
/// Mean extents that are told apart, the last if there is none.
const EXTENTS: usize = 24;

/// Codes the trees of an array one after another.
#[derive(Debug)]
pub struct Walk<'a> {
    shape: &'a [usize],
    least: usize,
    /// Polynomials.
    pub bases: &'a mut Bases,
    splits: (Mixer<3>, Vec<Bit>),
    extents: Integers<3>,
    models: Models,
    known: Known,
    /// What the leaves stand for, in units of the step.
    field: Vec<f64>,
}

impl<'a> Walk<'a> {
    /// At the start of an array of `shape`, whose leaves have `least` values along an axis at least.
    pub fn new(shape: &'a [usize], least: usize, bases: &'a mut Bases) -> Self {
        Walk {
            shape,
            least,
            bases,
            splits: (Mixer::new(1), vec![Bit::default(); SPLITS.iter().sum()]),
            extents: Integers::new([SCALES, EXTENTS, SCALES * 4], 1, 1),
            models: Models::new(),
            known: Known::new(shape),
            field: vec![0.0; shape.iter().product()],
        }
    }

    /// Codes the tree of one root box. Boxes outside the array take no bits.
    pub fn tree<T: Chosen>(&mut self, cell: Tile, chosen: Option<&T>, coder: &mut impl BitCoder) {
        if cells::clip(&cell, self.shape).is_empty() {
            return;
        }
        let children = cells::children(&cell, self.least);
        let split = !children.is_empty() && self.split(&cell, chosen.is_some_and(Chosen::split), coder);
        if split {
            for (number, child) in children.into_iter().enumerate() {
                self.tree(child, chosen.map(|chosen| chosen.child(number)), coder);
            }
        } else {
            self.leaf(cell, chosen.map_or(&[], Chosen::leaf), coder);
        }
    }

    /// The array that the leaves stand for, with coefficients in units of `step`.
    pub fn restore(mut self, step: f64) -> Vec<f64> {
        self.field.iter_mut().for_each(|value| *value *= step);
        self.field
    }

    fn split(&mut self, cell: &Tile, split: bool, coder: &mut impl BitCoder) -> bool {
        let scale = cells::scale(cell, self.least);
        let below = self.known.below(cell);
        let smaller = below.iter().filter(|leaf| leaf.scale < scale).count();
        let extents: usize = below.iter().map(|leaf| leaf.extent.min(12)).sum();
        let near = below.len().min(3) * 4 + smaller.min(3);
        let mean = extents.checked_div(below.len()).unwrap_or(13);
        let (few, start) = (scale.min(SCALES - 1), SPLITS[0] + SPLITS[1]);
        let slots = [scale.min(SPLITS[0] - 1), SPLITS[0] + near * SCALES + few, start + few * 14 + mean];
        self.splits.0.code(split, (&mut self.splits.1[..], slots), 0, coder)
    }

    fn leaf(&mut self, cell: Tile, coded: &[i32], coder: &mut impl BitCoder) {
        let order = self.bases.order(&cell.shape);
        let scale = cells::scale(&cell, self.least);
        let last = coded.iter().rposition(|&value| value != 0);
        let extent = last.map_or(0, |last| 1 + order.ends.partition_point(|&end| end <= last));
        let extent = self.extent(&cell, scale, extent, &order, coder);
        let mut leaf = Leaf { values: vec![0; order.places.len()], order, extent, scale, cell };
        if extent > 0 {
            let mut faces = Faces::new(&leaf.cell, &self.field, self.shape, self.bases);
            let below = self.known.below(&leaf.cell);
            self.models.code(&mut leaf, coded, (&mut faces, &below), coder);
            self.draw(&leaf);
        }
        self.known.push(leaf);
    }

    /// How many total degrees are coded, from the lowest.
    fn extent(&mut self, cell: &Tile, scale: usize, extent: usize, order: &Order, coder: &mut impl BitCoder) -> usize {
        let below = self.known.below(cell);
        let (count, sum) = (below.len(), below.iter().map(|leaf| leaf.extent).sum::<usize>());
        let zero = below.iter().filter(|leaf| leaf.extent == 0).count();
        let mean = (2 * sum + count / 2).checked_div(count).map_or(EXTENTS - 1, |mean| mean.min(EXTENTS - 2));
        let scale = scale.min(SCALES - 1);
        let place = Place { contexts: [scale, mean, scale * 4 + zero.min(3)], sign: 0, set: 0 };
        let coded = self.extents.code(extent as i32, &place, coder);
        (coded.unsigned_abs() as usize).min(order.ends.len())
    }

    /// Puts the values of a leaf into the field.
    fn draw(&mut self, leaf: &Leaf) {
        let coefficients: Vec<f64> = leaf.values.iter().map(|&value| f64::from(value)).collect();
        let inside = cells::clip(&leaf.cell, self.shape);
        let values = self.bases.inverse(&coefficients, &leaf.cell.shape, &inside.shape);
        inside.scatter(self.shape, values, &mut self.field, |to, &value| *to = value);
    }
}
