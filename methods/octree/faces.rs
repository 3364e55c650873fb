//! What a leaf's lower neighbours say about its coefficients: the polynomials go on where theirs end.
//!
//! On a face, the sum of the coefficients along an axis, each times its polynomial's value there, is what the neighbour
//! says it is. Each coefficient is estimated from what the ones before it leave of this, as the mean of a Gaussian
//! whose variances are those of the coefficients of each degree so far.

use super::basis::{Bases, Order};
use super::cells;
use crate::shared::tiles::Tile;

/// A face of a leaf whose other side is known.
#[derive(Debug)]
struct Face {
    stride: usize,
    count: usize,
    /// The polynomials' values on it, by degree.
    edge: Vec<f64>,
    /// For every product of degrees along the other axes: what is not yet explained, and its variance.
    rest: Vec<[f64; 2]>,
}

impl Face {
    /// Degree along the axis, and the place of the other degrees.
    fn index(&self, place: usize) -> (usize, usize) {
        let (inner, outer) = (place % self.stride, place / (self.stride * self.count));
        (place / self.stride % self.count, outer * self.stride + inner)
    }
}

/// An estimate: mean and variance.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The variance, above zero.
    pub variance: f64,
}

/// The faces of a leaf.
#[derive(Debug)]
pub struct Faces(Vec<Face>);

/// Variance of what neighbours say, in squares of the step.
const DOUBT: f64 = 2.0;

impl Faces {
    /// Of a leaf, next to what `field`, an array of `shape`, holds below it.
    pub fn new(cell: &Tile, field: &[f64], shape: &[usize], bases: &mut Bases) -> Self {
        let inside = cells::clip(cell, shape);
        let order = bases.order(&cell.shape);
        let axes = (0..shape.len()).filter(|&axis| cell.start[axis] > 0);
        Faces(axes.map(|axis| Face::new(axis, cell, &inside, field, shape, (bases, &order))).collect())
    }

    /// Sets the variances: those of coefficients by total degree; there are no coefficients of higher ones.
    pub fn expect(&mut self, order: &Order, variances: &[f64]) {
        for face in &mut self.0 {
            let mut start = 0;
            for (&end, variance) in order.ends.iter().zip(variances) {
                for &place in &order.places[start..end] {
                    let (degree, other) = face.index(place as usize);
                    face.rest[other][1] += face.edge[degree] * face.edge[degree] * variance;
                }
                start = end;
            }
        }
    }

    /// The estimate of a coefficient of this variance.
    pub fn estimate(&self, place: usize, variance: f64) -> Estimate {
        let (mut precision, mut sum) = (1.0 / variance, 0.0);
        for face in &self.0 {
            let (degree, other) = face.index(place);
            let (edge, [rest, all]) = (face.edge[degree], face.rest[other]);
            let doubt = (all - edge * edge * variance).max(0.0) + DOUBT * face.edge[0] * face.edge[0];
            precision += edge * edge / doubt;
            sum += edge * rest / doubt;
        }
        Estimate { mean: sum / precision, variance: 1.0 / precision }
    }

    /// Takes a coefficient into account.
    pub fn learn(&mut self, place: usize, value: f64, variance: f64) {
        for face in &mut self.0 {
            let (degree, other) = face.index(place);
            let edge = face.edge[degree];
            face.rest[other][0] -= edge * value;
            face.rest[other][1] -= edge * edge * variance;
        }
    }
}

impl Face {
    fn new(
        axis: usize,
        cell: &Tile,
        inside: &Tile,
        field: &[f64],
        shape: &[usize],
        (bases, order): (&mut Bases, &Order),
    ) -> Self {
        let (mut plane, mut lengths) = (inside.clone(), cell.shape.clone());
        (plane.shape[axis], lengths[axis]) = (1, 1);
        let mut values = Vec::with_capacity(plane.len());
        let row = plane.shape[shape.len() - 1];
        for (back, weight) in [(1, 1.5), (2, -0.5)] {
            plane.start[axis] = cell.start[axis].saturating_sub(back);
            let mut at = 0;
            plane.rows(shape, |from| {
                if back == 1 {
                    values.extend(field[from..from + row].iter().map(|value| value * weight));
                } else {
                    values[at..at + row].iter_mut().zip(&field[from..]).for_each(|(sum, value)| *sum += value * weight);
                }
                at += row;
            });
        }
        let whole = Tile { start: vec![0; shape.len()], shape: lengths };
        let rest = bases.forward(&values, &plane.shape, &whole).iter().map(|&value| [value, 0.0]).collect();
        let stride = order.counts[axis + 1..].iter().product();
        Face { stride, count: order.counts[axis], edge: bases.edge(cell.shape[axis]), rest }
    }
}
