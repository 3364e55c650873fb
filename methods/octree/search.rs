//! Which boxes to halve and what to keep: what takes the fewest bits for its error (Lagrangian pruning from the leaves up).
//!
//! Chou, Lookabaugh, Gray, "Optimal pruning with applications to tree-structured source coding", IEEE Trans. Inf.
//! Theory 35, 1989. What bits cost is learnt from the choice made before.

use std::rc::Rc;

use super::basis::{Bases, Order};
use super::cells;
use super::code::Chosen;
use super::values::{SCALES, SIZES, around, size};
use crate::shared::tiles::Tile;

const DEGREES: usize = 16;
const MAGNITUDES: usize = 16;
const EXTENTS: usize = 48;
/// Largest magnitude of a quantised coefficient.
const LARGEST: f64 = (1 << 30) as f64;

/// A box with its coefficients, and its choice.
#[derive(Debug)]
pub struct Node {
    cell: Tile,
    order: Rc<Order>,
    coefficients: Vec<f64>,
    children: Vec<Node>,
    scale: usize,
    split: bool,
    coded: Vec<i32>,
}

impl Chosen for Node {
    fn split(&self) -> bool {
        self.split
    }

    fn child(&self, number: usize) -> &Self {
        &self.children[number]
    }

    fn leaf(&self) -> &[i32] {
        &self.coded
    }
}

/// What bits cost: adaptive in the coder, a table here.
#[derive(Debug)]
pub struct Costs {
    sizes: Vec<[f32; MAGNITUDES]>,
    extents: Vec<[f32; EXTENTS]>,
    splits: [[f32; 2]; 24],
    counts: Counts,
}

#[derive(Debug)]
struct Counts {
    sizes: Vec<[u32; MAGNITUDES]>,
    extents: Vec<[u32; EXTENTS]>,
    splits: [[u32; 2]; 24],
}

impl Counts {
    fn new() -> Self {
        Counts {
            sizes: vec![[0; MAGNITUDES]; SCALES * DEGREES * SIZES],
            extents: vec![[0; EXTENTS]; SCALES],
            splits: [[0; 2]; 24],
        }
    }
}

fn slot(scale: usize, degree: usize, near: usize) -> usize {
    (scale.min(SCALES - 1) * DEGREES + degree.min(DEGREES - 1)) * SIZES + near
}

/// Costs of what was counted, on top of the costs expected where little was.
fn costs<const N: usize>(counts: &[u32; N], expected: &[f32; N], weight: f32) -> [f32; N] {
    let total: u32 = counts.iter().sum();
    if total == 0 {
        return *expected;
    }
    let share = |i: usize| (counts[i] as f32 + weight * libm::exp2f(-expected[i])) / (total as f32 + weight);
    std::array::from_fn(|i| -libm::log2f(share(i).max(1e-6)))
}

impl Costs {
    /// Before anything is counted.
    pub fn new() -> Self {
        let mut costs = Costs {
            sizes: vec![[0.0; MAGNITUDES]; SCALES * DEGREES * SIZES],
            extents: vec![[0.0; EXTENTS]; SCALES],
            splits: [[1.0; 2]; 24],
            counts: Counts::new(),
        };
        costs.learn();
        costs
    }

    /// Learns what was counted and counts anew.
    pub fn learn(&mut self) {
        let counts = std::mem::replace(&mut self.counts, Counts::new());
        for near in 0..SIZES {
            // Magnitudes fall off geometrically, more slowly where there are large ones around.
            let rate = (0.1 + 0.09 * near as f32).min(0.9);
            let geometric = std::array::from_fn(|i| -(i as f32) * libm::log2f(rate) - libm::log2f(1.0 - rate));
            let mut all = [0; MAGNITUDES];
            let slots = || (0..SCALES * DEGREES).map(|i| i * SIZES + near);
            slots().for_each(|i| all.iter_mut().zip(&counts.sizes[i]).for_each(|(sum, count)| *sum += count));
            let near_costs = costs(&all, &geometric, 4.0);
            for degree in 0..DEGREES {
                let mut sum = [0; MAGNITUDES];
                for scale in 0..SCALES {
                    let own = &counts.sizes[slot(scale, degree, near)];
                    sum.iter_mut().zip(own).for_each(|(sum, count)| *sum += count);
                }
                let degree_costs = costs(&sum, &near_costs, 6.0);
                for scale in 0..SCALES {
                    let i = slot(scale, degree, near);
                    self.sizes[i] = costs(&counts.sizes[i], &degree_costs, 8.0);
                }
            }
        }
        for (bits, counts) in self.extents.iter_mut().zip(&counts.extents) {
            *bits = costs(counts, &[4.6; EXTENTS], 6.0);
        }
        for (bits, counts) in self.splits.iter_mut().zip(&counts.splits) {
            *bits = costs(counts, &[1.0; 2], 2.0);
        }
    }

    fn magnitude(&self, slot: usize, magnitude: u32) -> f64 {
        let bits = self.sizes[slot][(magnitude as usize).min(MAGNITUDES - 1)];
        let more = match magnitude {
            0 => 0.0,
            1..15 => 1.0,
            _ => 2.0 + 2.0 * f64::from((magnitude - 14).ilog2()),
        };
        f64::from(bits) + more
    }
}

/// Step and price of a search, and what it found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Step of coefficients.
    pub step: f64,
    /// Square error, in squares of the step, that is worth one bit.
    pub bit: f64,
}

impl Node {
    /// The whole tree below a box of an array `values` of `shape`.
    pub fn new(cell: Tile, values: &[f64], shape: &[usize], least: usize, bases: &mut Bases) -> Self {
        let order = bases.order(&cell.shape);
        let placed = bases.forward(values, shape, &cell);
        let coefficients = order.places.iter().map(|&place| placed[place as usize]).collect();
        let children = cells::children(&cell, least);
        let children = children.into_iter().map(|cell| Node::new(cell, values, shape, least, bases)).collect();
        let scale = cells::scale(&cell, least);
        Node { cell, order, coefficients, children, scale, split: false, coded: Vec::new() }
    }

    /// The box.
    pub fn cell(&self) -> &Tile {
        &self.cell
    }

    /// Square sum of the values in the box.
    fn energy(values: &[f64], shape: &[usize], cell: &Tile) -> f64 {
        let (mut sum, row) = (0.0, cell.shape[cell.shape.len() - 1]);
        cell.rows(shape, |at| sum += values[at..at + row].iter().map(|value| value * value).sum::<f64>());
        sum
    }

    /// Chooses for the whole tree and counts it; returns its square error in squares of the step.
    pub fn choose(&mut self, source: (&[f64], &[usize]), price: Price, costs: &mut Costs) -> f64 {
        let error = self.prune(source, price, costs).1;
        self.count(&mut costs.counts);
        error
    }

    fn prune(&mut self, source: (&[f64], &[usize]), price: Price, costs: &Costs) -> (f64, f64) {
        let energy = Node::energy(source.0, source.1, &self.cell) / (price.step * price.step);
        let (mut cost, mut error) = self.quantise(energy, price, costs);
        self.split = false;
        if self.children.is_empty() {
            return (cost, error);
        }
        let bits = costs.splits[self.scale.min(23)];
        cost += price.bit * f64::from(bits[0]);
        // A box of zeros has nothing to gain.
        if energy > 0.0 {
            let (mut below, mut left) = (price.bit * f64::from(bits[1]), 0.0);
            for child in &mut self.children {
                let (cost, error) = child.prune(source, price, costs);
                below += cost;
                left += error;
            }
            if below < cost {
                self.split = true;
                (cost, error) = (below, left);
            }
        }
        (cost, error)
    }

    /// Quantises the box as a leaf; returns its cost and its square error.
    fn quantise(&mut self, energy: f64, price: Price, costs: &Costs) -> (f64, f64) {
        let (order, inverse) = (Rc::clone(&self.order), 1.0 / price.step);
        let mut placed = vec![0i32; order.places.len()];
        self.coded.clear();
        self.coded.resize(order.places.len(), 0);
        let last = self.coefficients.iter().rposition(|value| (value * inverse).abs() > 0.5);
        let extents = &costs.extents[self.scale.min(SCALES - 1)];
        let (mut bits, mut error) = (0.0, energy);
        let mut best = (energy + price.bit * f64::from(extents[0]), energy, 0);
        let levels = last.map_or(0, |last| 1 + order.ends.partition_point(|&end| end <= last));
        let mut at = 0;
        for level in 0..levels {
            while at < order.ends[level] {
                let near = size(around(&placed, &order.lower[at]));
                let slot = slot(self.scale, level, near);
                let value = self.coefficients[at] * inverse;
                let (magnitude, cost) = nearest(value.abs(), slot, price.bit, costs);
                let signed = if value < 0.0 { -(magnitude as i32) } else { magnitude as i32 };
                self.coded[at] = signed;
                placed[order.places[at] as usize] = signed;
                bits += cost;
                let off = value.abs() - f64::from(magnitude);
                error += off * off - value * value;
                at += 1;
            }
            let cost = error + price.bit * (bits + f64::from(extents[(level + 1).min(EXTENTS - 1)]));
            if cost < best.0 {
                best = (cost, error, at);
            }
        }
        self.coded.truncate(best.2);
        while self.coded.last() == Some(&0) {
            self.coded.pop();
        }
        (best.0, best.1.max(0.0))
    }

    /// Counts what was chosen.
    fn count(&self, counts: &mut Counts) {
        if !self.children.is_empty() {
            counts.splits[self.scale.min(23)][usize::from(self.split)] += 1;
        }
        if self.split {
            return self.children.iter().for_each(|child| child.count(counts));
        }
        let order = &self.order;
        let levels = match self.coded.len() {
            0 => 0,
            count => 1 + order.ends.partition_point(|&end| end < count),
        };
        counts.extents[self.scale.min(SCALES - 1)][levels.min(EXTENTS - 1)] += 1;
        let mut placed = vec![0i32; order.places.len()];
        let mut at = 0;
        for level in 0..levels {
            while at < order.ends[level] {
                let near = size(around(&placed, &order.lower[at]));
                let value = self.coded.get(at).copied().unwrap_or(0);
                let magnitude = (value.unsigned_abs() as usize).min(MAGNITUDES - 1);
                counts.sizes[slot(self.scale, level, near)][magnitude] += 1;
                placed[order.places[at] as usize] = value;
                at += 1;
            }
        }
    }
}

/// The magnitude to code for `value`, and its bits: the nearest, one less, or zero.
fn nearest(value: f64, slot: usize, price: f64, costs: &Costs) -> (u32, f64) {
    let nearest = (value + 0.5).min(LARGEST) as u32;
    let mut best = (0, costs.magnitude(slot, 0), f64::INFINITY);
    best.2 = value * value + price * best.1;
    for magnitude in [nearest, nearest.saturating_sub(1)] {
        let bits = costs.magnitude(slot, magnitude);
        let cost = (value - f64::from(magnitude)) * (value - f64::from(magnitude)) + price * bits;
        if cost < best.2 {
            best = (magnitude, bits, cost);
        }
    }
    (best.0, best.1)
}
