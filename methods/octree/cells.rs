//! Boxes of the tree: how they are halved.

use crate::shared::tiles::{self, Tile};

/// Most values of a root box.
const ROOT: usize = 1 << 18;

/// The root boxes of an array.
pub fn roots(shape: &[usize]) -> Vec<Tile> {
    tiles::split(shape, ROOT)
}

/// The children of a box, in C order: its long axes are halved, those that give halves of `least` at least and are
/// longer than half of the longest of these. None if there is no such axis.
pub fn children(cell: &Tile, least: usize) -> Vec<Tile> {
    let can = |axis: &usize| cell.shape[*axis] >= 2 * least;
    let longest = (0..cell.shape.len()).filter(can).map(|axis| cell.shape[axis]).max().unwrap_or(0);
    let mut cells = vec![cell.clone()];
    for axis in (0..cell.shape.len()).filter(can).filter(|&axis| 2 * cell.shape[axis] > longest) {
        cells = cells.into_iter().flat_map(|cell| halve(&cell, axis)).collect();
    }
    if longest == 0 { Vec::new() } else { cells }
}

/// Both halves of a box along an axis; the second is the longer one where they differ.
fn halve(cell: &Tile, axis: usize) -> [Tile; 2] {
    let (mut low, mut high) = (cell.clone(), cell.clone());
    low.shape[axis] /= 2;
    high.shape[axis] -= low.shape[axis];
    high.start[axis] += low.shape[axis];
    [low, high]
}

/// The part of a box that is inside an array of `shape`: nothing, with lengths of 0, where they do not meet.
pub fn clip(cell: &Tile, shape: &[usize]) -> Tile {
    let inside = |axis: usize| cell.shape[axis].min(shape[axis].saturating_sub(cell.start[axis]));
    let lengths: Vec<usize> = (0..shape.len()).map(inside).collect();
    let empty = lengths.contains(&0);
    Tile { start: cell.start.clone(), shape: if empty { vec![0; shape.len()] } else { lengths } }
}

/// How large a box is: octaves of its longest axis above the smallest leaf.
pub fn scale(cell: &Tile, least: usize) -> usize {
    let longest = cell.shape.iter().copied().max().unwrap_or(1);
    (longest / least.max(1)).checked_ilog2().unwrap_or(0) as usize
}
