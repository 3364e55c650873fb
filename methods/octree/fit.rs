//! Trees fitted to an array for a step and a price of bits.

use super::basis::Bases;
use super::cells;
use super::code::Walk;
use super::search::{Costs, Node, Price};
use crate::shared::range::BitCoder;
use crate::shared::tiles::Tile;

/// Arrays up to this have all their boxes kept; of others, as many root boxes as this holds.
const KEPT: usize = 1 << 20;

/// What a tree may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Highest degree along an axis.
    pub degree: usize,
    /// Values along an edge of the smallest leaf.
    pub least: usize,
}

/// An array and its trees, or some of them.
#[derive(Debug)]
pub struct Fit<'a> {
    values: &'a [f64],
    shape: &'a [usize],
    limits: Limits,
    bases: Bases,
    roots: Vec<Tile>,
    nodes: Vec<Node>,
    costs: Costs,
}

impl<'a> Fit<'a> {
    /// Of an array of `shape`.
    pub fn new(values: &'a [f64], shape: &'a [usize], limits: Limits) -> Self {
        let (mut bases, roots) = (Bases::new(limits.degree), cells::roots(shape));
        let stride = values.len().div_ceil(KEPT).max(1);
        let kept = roots.iter().skip(stride / 2).step_by(stride);
        let nodes = kept.map(|cell| Node::new(cell.clone(), values, shape, limits.least, &mut bases)).collect();
        Fit { values, shape, limits, bases, roots, nodes, costs: Costs::new() }
    }

    /// Forgets what bits cost in the choice made last.
    pub fn forget(&mut self) {
        self.costs = Costs::new();
    }

    /// Chooses the trees that are kept; returns the root mean square of what they leave.
    pub fn choose(&mut self, price: Price) -> f64 {
        let (mut error, mut count) = (0.0, 0);
        for node in &mut self.nodes {
            error += node.choose((self.values, self.shape), price, &mut self.costs);
            count += node.cell().len();
        }
        self.costs.learn();
        price.step * (error / count as f64).sqrt()
    }

    /// Codes the trees that are kept, as chosen last.
    pub fn code_kept(&mut self, coder: &mut impl BitCoder) {
        let mut walk = Walk::new(self.shape, self.limits.least, &mut self.bases);
        self.nodes.iter().for_each(|node| walk.tree(node.cell().clone(), Some(node), coder));
    }

    /// Codes all trees, those that are kept as chosen last; returns the array that they stand for.
    pub fn code(&mut self, price: Price, coder: &mut impl BitCoder) -> Vec<f64> {
        let mut walk = Walk::new(self.shape, self.limits.least, &mut self.bases);
        let mut kept = self.nodes.iter();
        for cell in &self.roots {
            if self.nodes.len() == self.roots.len() {
                walk.tree(cell.clone(), kept.next(), coder);
                continue;
            }
            let mut node = Node::new(cell.clone(), self.values, self.shape, self.limits.least, walk.bases);
            node.choose((self.values, self.shape), price, &mut self.costs);
            walk.tree(cell.clone(), Some(&node), coder);
        }
        walk.restore(price.step)
    }
}
