//! The leaves that are coded already, and where they are.

use std::rc::Rc;

use super::basis::Order;
use super::cells;
use crate::shared::tiles::Tile;

/// No leaf yet.
const NONE: u32 = u32::MAX;

/// A leaf with its quantised coefficients.
#[derive(Debug)]
pub struct Leaf {
    /// The box.
    pub cell: Tile,
    /// Coefficients in C order.
    pub values: Vec<i32>,
    /// The order in which they are coded.
    pub order: Rc<Order>,
    /// Total degrees that are coded, from the lowest.
    pub extent: usize,
    /// How large the box is.
    pub scale: usize,
}

/// The leaves so far.
#[derive(Debug)]
pub struct Known {
    strides: Vec<usize>,
    shape: Vec<usize>,
    /// For every value of the array, the leaf that it is in.
    map: Vec<u32>,
    leaves: Vec<Leaf>,
}

impl Known {
    /// None, in an array of `shape`.
    pub fn new(shape: &[usize]) -> Self {
        let strides = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect();
        let map = vec![NONE; shape.iter().product()];
        Known { strides, shape: shape.to_vec(), map, leaves: Vec::new() }
    }

    /// Adds a leaf, which takes its place.
    pub fn push(&mut self, leaf: Leaf) {
        let inside = cells::clip(&leaf.cell, &self.shape);
        let (row, number) = (inside.shape[self.shape.len() - 1], self.leaves.len() as u32);
        inside.rows(&self.shape, |at| self.map[at..at + row].fill(number));
        self.leaves.push(leaf);
    }

    /// The leaves next to the middles of the box's lower faces, by axis.
    pub fn below(&self, cell: &Tile) -> Vec<&Leaf> {
        let middle = |axis: usize| (cell.start[axis] + cell.shape[axis] / 2).min(self.shape[axis] - 1);
        let center: usize = (0..cell.shape.len()).map(|axis| middle(axis) * self.strides[axis]).sum();
        let inside = (0..cell.shape.len()).filter(|&axis| cell.start[axis] > 0);
        let places = inside.map(|axis| center - (middle(axis) - cell.start[axis] + 1) * self.strides[axis]);
        places
            .map(|place| self.map[place])
            .filter(|&leaf| leaf != NONE)
            .map(|leaf| &self.leaves[leaf as usize])
            .collect()
    }
}
