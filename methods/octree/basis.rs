//! Polynomials that are orthonormal on the cells of an interval, and products of them on a box.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::cells;
use crate::shared::tiles::Tile;

/// Legendre polynomials of a discrete variable (Gram polynomials) on `length` equidistant points.
///
/// Szego, "Orthogonal Polynomials", section 2.8. With as many polynomials as points they can be anything.
#[derive(Debug)]
pub struct Line {
    /// Polynomials, one row of `length` values each, by ascending degree.
    pub rows: Vec<Vec<f64>>,
}

impl Line {
    /// The polynomials up to `degree`, as many as there are points at most.
    pub fn new(length: usize, degree: usize) -> Self {
        let middle = (length as f64 - 1.0) / 2.0;
        let place = |i: usize| (i as f64 - middle) * 2.0 / length as f64;
        let mut rows: Vec<Vec<f64>> = vec![vec![1.0 / (length as f64).sqrt(); length]];
        while rows.len() <= degree && rows.len() < length {
            let last = &rows[rows.len() - 1];
            let mut next: Vec<f64> = last.iter().enumerate().map(|(i, value)| value * place(i)).collect();
            // Twice is enough (Parlett, "The Symmetric Eigenvalue Problem", section 6.9).
            for _ in 0..2 {
                for row in &rows {
                    let along: f64 = row.iter().zip(&next).map(|(a, b)| a * b).sum();
                    next.iter_mut().zip(row).for_each(|(value, a)| *value -= along * a);
                }
            }
            let norm = next.iter().map(|value| value * value).sum::<f64>().sqrt();
            next.iter_mut().for_each(|value| *value /= norm);
            rows.push(next);
        }
        Line { rows }
    }
}

/// The order in which the coefficients of a box are coded: by total degree, then as they lie.
#[derive(Debug)]
pub struct Order {
    /// Coefficients along each axis.
    pub counts: Vec<usize>,
    /// For each coefficient in coding order, where it lies in C order.
    pub places: Vec<u32>,
    /// For each total degree, how many coefficients have this degree or a lower one.
    pub ends: Vec<usize>,
    /// For each coefficient in coding order, where those lie whose degree along one axis is lower by one and by two.
    pub lower: Vec<[Vec<u32>; 2]>,
}

impl Order {
    fn new(counts: &[usize]) -> Self {
        let total: usize = counts.iter().product();
        let index = |mut place: usize| -> Vec<usize> {
            let mut index = vec![0; counts.len()];
            for (at, count) in index.iter_mut().zip(counts).rev() {
                (*at, place) = (place % count, place / count);
            }
            index
        };
        let mut sorted: Vec<(usize, usize)> = (0..total).map(|place| (index(place).iter().sum(), place)).collect();
        sorted.sort_unstable();
        let most = counts.iter().map(|count| count - 1).sum::<usize>();
        let ends = (0..=most).map(|degree| sorted.partition_point(|&(of, _)| of <= degree)).collect();
        let strides: Vec<usize> = (0..counts.len()).map(|axis| counts[axis + 1..].iter().product()).collect();
        let below = |place: usize, by: usize| -> Vec<u32> {
            let index = index(place);
            let axes = (0..counts.len()).filter(|&axis| index[axis] >= by);
            axes.map(|axis| (place - by * strides[axis]) as u32).collect()
        };
        let lower = sorted.iter().map(|&(_, place)| [below(place, 1), below(place, 2)]).collect();
        let places = sorted.into_iter().map(|(_, place)| place as u32).collect();
        Order { counts: counts.to_vec(), places, ends, lower }
    }
}

/// Lines and orders, each made once.
#[derive(Debug)]
pub struct Bases {
    degree: usize,
    lines: BTreeMap<usize, Rc<Line>>,
    orders: BTreeMap<Vec<usize>, Rc<Order>>,
    scratch: [Vec<f64>; 2],
}

impl Bases {
    /// Of polynomials up to `degree` along each axis.
    pub fn new(degree: usize) -> Self {
        Bases { degree, lines: BTreeMap::new(), orders: BTreeMap::new(), scratch: [Vec::new(), Vec::new()] }
    }

    fn line(&mut self, length: usize) -> Rc<Line> {
        Rc::clone(self.lines.entry(length).or_insert_with(|| Rc::new(Line::new(length, self.degree))))
    }

    /// The values of the polynomials on `length` points half a point below the first.
    pub fn edge(&mut self, length: usize) -> Vec<f64> {
        let line = self.line(length);
        line.rows.iter().map(|row| 1.5 * row[0] - 0.5 * row[1.min(length - 1)]).collect()
    }

    /// The order of the coefficients of a box of `shape`.
    pub fn order(&mut self, shape: &[usize]) -> Rc<Order> {
        let counts: Vec<usize> = shape.iter().map(|&length| length.min(self.degree + 1)).collect();
        if let Some(order) = self.orders.get(&counts) {
            return Rc::clone(order);
        }
        let order = Rc::new(Order::new(&counts));
        self.orders.insert(counts, Rc::clone(&order));
        order
    }

    /// Coefficients, in C order, of the box `cell` of an array `values` of `shape`. What is outside the array is zero.
    pub fn forward(&mut self, values: &[f64], shape: &[usize], cell: &Tile) -> &[f64] {
        let [mut from, mut to] = std::mem::take(&mut self.scratch);
        from.clear();
        let inside = cells::clip(cell, shape);
        let row = inside.shape[shape.len() - 1];
        inside.rows(shape, |at| from.extend_from_slice(&values[at..at + row]));
        let mut inner = 1;
        for (&length, &used) in cell.shape.iter().zip(&inside.shape).rev() {
            let line = self.line(length);
            to.clear();
            for outer in from.chunks_exact((used * inner).max(1)) {
                for polynomial in &line.rows {
                    let start = to.len();
                    if inner == 1 {
                        to.push(polynomial.iter().zip(outer).map(|(a, b)| a * b).sum());
                        continue;
                    }
                    to.resize(start + inner, 0.0);
                    for (a, values) in polynomial.iter().zip(outer.chunks_exact(inner)) {
                        to[start..].iter_mut().zip(values).for_each(|(sum, value)| *sum += a * value);
                    }
                }
            }
            inner *= line.rows.len();
            std::mem::swap(&mut from, &mut to);
        }
        from.resize(inner, 0.0);
        self.scratch = [from, to];
        &self.scratch[0]
    }

    /// The first `used` values along each axis, in C order, of a box of `shape` with these coefficients.
    pub fn inverse(&mut self, coefficients: &[f64], shape: &[usize], used: &[usize]) -> &[f64] {
        let [mut from, mut to] = std::mem::take(&mut self.scratch);
        from.clear();
        from.extend_from_slice(coefficients);
        let mut inner = coefficients.len();
        for (&length, &used) in shape.iter().zip(used) {
            let line = self.line(length);
            inner /= line.rows.len();
            to.clear();
            for outer in from.chunks_exact(line.rows.len() * inner) {
                let start = to.len();
                to.resize(start + used * inner, 0.0);
                for (polynomial, values) in line.rows.iter().zip(outer.chunks_exact(inner)) {
                    if values.iter().all(|&value| value == 0.0) {
                        continue;
                    }
                    for (a, sums) in polynomial.iter().zip(to[start..].chunks_exact_mut(inner)) {
                        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += a * value);
                    }
                }
            }
            std::mem::swap(&mut from, &mut to);
        }
        self.scratch = [from, to];
        &self.scratch[0]
    }
}
