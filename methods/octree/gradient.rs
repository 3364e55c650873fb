//! The seed's criterion: halve the leaf whose residual has the largest gradient, until its sum has fallen far enough.
//!
//! `VDFOctreeApprox.compress` of Asterix (2024): products of Legendre polynomials up to degree 2, cubes of 3 * 2^k
//! cells, an array padded with zeros, the approximation from before the last halving.

use super::basis::Bases;
use super::cells;
use super::code::Chosen;
use crate::shared::tiles::Tile;

/// Values along an edge of the smallest leaf.
pub const LEAST: usize = 3;
/// Degree along each axis.
pub const DEGREE: usize = 2;

/// When to halve which leaf.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Criterion {
    /// Weight of the residual.
    pub alpha: f64,
    /// Weight of the residual's gradient.
    pub beta: f64,
    /// Exponent of both.
    pub nu: f64,
    /// The share of the first error that is good enough.
    pub tolerance: f64,
    /// Most iterations.
    pub iterations: u32,
}

/// A cube of the padded array.
#[derive(Debug)]
pub struct Cube {
    cell: Tile,
    error: f32,
    coefficients: Vec<f64>,
    coded: Vec<i32>,
    children: Vec<Cube>,
    /// Whether it was halved in the last iteration, which the approximation does not show.
    last: bool,
}

impl Chosen for Cube {
    fn split(&self) -> bool {
        !self.children.is_empty() && !self.last
    }

    fn child(&self, number: usize) -> &Self {
        &self.children[number]
    }

    fn leaf(&self) -> &[i32] {
        &self.coded
    }
}

/// The edge of the padded array.
pub fn edge(shape: &[usize]) -> usize {
    let longest = shape.iter().copied().max().unwrap_or(1);
    let mut edge = LEAST;
    while edge < longest {
        edge *= 2;
    }
    edge
}

/// Refines the cube around an array.
#[derive(Debug)]
pub struct Refiner<'a> {
    values: &'a [f64],
    shape: &'a [usize],
    criterion: Criterion,
    bases: Bases,
    /// Volume and edge of a cell, the cube being 1.
    volume: f64,
}

impl<'a> Refiner<'a> {
    /// Of an array of `shape` whose largest magnitude is 1.
    pub fn new(values: &'a [f64], shape: &'a [usize], criterion: Criterion) -> Self {
        let volume = libm::pow(edge(shape) as f64, -(shape.len() as f64));
        Refiner { values, shape, criterion, bases: Bases::new(DEGREE), volume }
    }

    /// The tree after its last halving, and the number of iterations.
    pub fn refine(&mut self) -> (Cube, u32) {
        let rank = self.shape.len();
        let mut root = self.cube(Tile { start: vec![0; rank], shape: vec![edge(self.shape); rank] });
        let first = f64::from(root.error);
        for iteration in 1..=self.criterion.iterations {
            let (mut total, mut largest) = (0.0, 0.0f32);
            root.leaves(&mut |leaf| {
                total += f64::from(leaf.error);
                largest = largest.max(leaf.error);
            });
            let halved = self.halve(&mut root, largest);
            let enough = libm::pow(total / first, 1.0 / self.criterion.nu) < self.criterion.tolerance;
            // Where nothing was halved nothing ever will be; the seed goes round until its last iteration.
            if enough || !halved || iteration == self.criterion.iterations {
                return (root, iteration);
            }
        }
        (root, 0)
    }

    /// Halves the leaves with this error; returns whether there is one that can be.
    fn halve(&mut self, cube: &mut Cube, error: f32) -> bool {
        cube.last = false;
        if !cube.children.is_empty() {
            return cube.children.iter_mut().fold(false, |halved, child| self.halve(child, error) | halved);
        }
        if cube.error != error || error <= 0.0 {
            return false;
        }
        let children = cells::children(&cube.cell, LEAST);
        cube.children = children.into_iter().map(|cell| self.cube(cell)).collect();
        cube.last = true;
        !cube.children.is_empty()
    }

    fn cube(&mut self, cell: Tile) -> Cube {
        let coefficients = self.bases.forward(self.values, self.shape, &cell).to_vec();
        let error = self.error(&cell, &coefficients) as f32;
        Cube { cell, error, coefficients, coded: Vec::new(), children: Vec::new(), last: false }
    }

    /// The weighted sum of powers of the residual and of its backward differences inside the cube.
    fn error(&mut self, cell: &Tile, coefficients: &[f64]) -> f64 {
        let inside = cells::clip(cell, self.shape);
        if inside.is_empty() {
            return 0.0;
        }
        let mut residual = self.bases.inverse(coefficients, &cell.shape, &cell.shape).to_vec();
        let mut at = 0;
        let (row, length) = (inside.shape[self.shape.len() - 1], cell.shape[0]);
        let whole = Tile { start: vec![0; self.shape.len()], shape: inside.shape.clone() };
        let mut places = Vec::new();
        whole.rows(&cell.shape, |place| places.push(place));
        inside.rows(self.shape, |from| {
            let values = &self.values[from..from + row];
            residual[places[at]..places[at] + row].iter_mut().zip(values).for_each(|(fit, value)| *fit -= value);
            at += 1;
        });
        let Criterion { alpha, beta, nu, .. } = self.criterion;
        let power = |value: f64| if nu == 2.0 { value * value } else { libm::pow(value.abs(), nu) };
        let mut sum = 0.0;
        if alpha != 0.0 {
            sum += alpha * self.volume * residual.iter().map(|&value| power(value)).sum::<f64>();
        }
        let (mut gradient, mut stride) = (0.0, 1);
        for _ in 0..self.shape.len() {
            for lines in residual.chunks_exact(stride * length) {
                gradient += lines.iter().zip(&lines[stride..]).map(|(a, b)| power(b - a)).sum::<f64>();
            }
            stride *= length;
        }
        sum + beta * self.volume.sqrt() * gradient
    }
}

impl Cube {
    fn leaves(&self, visit: &mut impl FnMut(&Cube)) {
        match self.children.is_empty() {
            true => visit(self),
            false => self.children.iter().for_each(|child| child.leaves(visit)),
        }
    }

    /// Edges of the leaves after the last halving, and whether each is zero everywhere.
    pub fn census(&self) -> Vec<(usize, bool)> {
        let mut found = Vec::new();
        self.leaves(&mut |leaf| found.push((leaf.cell.shape[0], leaf.coefficients.iter().all(|&value| value == 0.0))));
        found
    }

    /// The box.
    pub fn cell(&self) -> &Tile {
        &self.cell
    }

    /// Quantises the coefficients of all cubes.
    pub fn quantise(&mut self, step: f64, bases: &mut Bases) {
        let order = bases.order(&self.cell.shape);
        let steps = |place: &u32| (self.coefficients[*place as usize] / step).round() as i32;
        self.coded = order.places.iter().map(steps).collect();
        self.children.iter_mut().for_each(|child| child.quantise(step, bases));
    }
}
