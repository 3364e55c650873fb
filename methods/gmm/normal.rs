//! Derivatives of the squared error: the gradient and the Gauss-Newton matrix.
//!
//! All derivatives of a component are the component times a polynomial of degree 2 of the whitened offsets, so sums over
//! places are taken for the monomials and turned into derivatives afterwards.

use super::component::{Component, MEAN, NUMBERS, PAIRS, Ready, SCALES, SHEARS};
use super::field::{Lattice, PIECE, Span, sweep};

/// Powers of the offset along the row in each monomial: 1, y0, y1, y2, y0^2, y0 y1, y0 y2, y1^2, y1 y2, y2^2.
pub(super) const POWERS: [usize; NUMBERS] = [0, 0, 0, 1, 0, 0, 1, 0, 1, 2];
/// The monomial of the product of two offsets.
pub(super) const PRODUCTS: [[usize; 3]; 3] = [[4, 5, 6], [5, 7, 8], [6, 8, 9]];

type Matrix = [[f64; NUMBERS]; NUMBERS];

/// The parts of the monomials that are the same all along a row.
pub(super) fn factors([y0, y1]: [f64; 2]) -> [f64; NUMBERS] {
    [1.0, y0, y1, 1.0, y0 * y0, y0 * y1, y0, y1 * y1, y1, 1.0]
}

/// Row `n` holds number `n`'s derivative as a sum of monomials.
fn derivatives(ready: &Ready) -> Matrix {
    let mut upper = [[1.0, ready.shears[0], ready.shears[1]], [0.0, 1.0, ready.shears[2]], [0.0, 0.0, 1.0]];
    upper[1][0] = 0.0;
    let product = |j: usize, l: usize| (0..3).map(|i| upper[i][j] * upper[i][l]).sum::<f64>();
    let mut matrix = [[0.0; NUMBERS]; NUMBERS];
    matrix[0][0] = 1.0;
    for axis in 0..3 {
        for other in 0..3 {
            matrix[SCALES + axis][PRODUCTS[axis][other]] -= product(axis, other);
            matrix[MEAN + axis][1 + other] += ready.scales[axis] * product(axis, other);
        }
    }
    for (shear, (i, j)) in PAIRS.into_iter().enumerate() {
        for other in 0..3 {
            matrix[SHEARS + shear][PRODUCTS[other][j]] -= upper[i][other];
        }
    }
    matrix
}

/// The gradient of half the squared error, for the numbers of all components; `errors` is model less data on the lattice.
pub(super) fn gradient(components: &[Component], lattice: &Lattice, errors: &[f64]) -> Vec<f64> {
    let mut gradient = Vec::with_capacity(components.len() * NUMBERS);
    for component in components {
        let ready = component.ready(lattice.active());
        let mut sums = [0.0; NUMBERS];
        sweep(&ready, lattice, |at, y, values, offsets| {
            let row = along(values, offsets, &errors[at..at + values.len()]);
            for ((sum, factor), power) in sums.iter_mut().zip(factors(y)).zip(POWERS) {
                *sum += factor * row[power];
            }
        });
        let slopes = derivatives(&ready).map(|row| row.iter().zip(sums).map(|(a, b)| a * b).sum::<f64>());
        gradient.extend(slopes.map(|slope| slope * lattice.ratio()));
    }
    gradient
}

/// Sums of value times error times powers of the offset, four at a time.
#[inline(always)]
pub(super) fn along(values: &[f64], offsets: &[f64], errors: &[f64]) -> [f64; 3] {
    const LANES: usize = 4;
    let mut sums = [[0.0; LANES]; 3];
    let whole = values.len() / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        for lane in 0..LANES {
            let (product, y) = (values[at + lane] * errors[at + lane], offsets[at + lane]);
            sums[0][lane] += product;
            sums[1][lane] += product * y;
            sums[2][lane] += product * y * y;
        }
    }
    let mut totals = sums.map(|lanes| lanes.iter().sum::<f64>());
    for at in whole..values.len() {
        let (product, y) = (values[at] * errors[at], offsets[at]);
        totals[0] += product;
        totals[1] += product * y;
        totals[2] += product * y * y;
    }
    totals
}

/// A component in a piece of a row: the part that it reaches, and its value times powers of the offset there.
struct Piece {
    component: usize,
    start: usize,
    end: usize,
    factors: [f64; NUMBERS],
    /// The fourth of each is 0: four numbers are two vectors.
    powers: [[f64; 4]; PIECE],
}

/// The Gauss-Newton matrix of the squared error, rows and columns in the order of the components' numbers; its upper
/// triangle of blocks is mirrored.
pub(super) fn matrix(components: &[Component], lattice: &Lattice) -> Vec<f64> {
    let ready: Vec<Ready> = components.iter().map(|component| component.ready(lattice.active())).collect();
    let count = components.len();
    let mut blocks = vec![[[0.0; NUMBERS]; NUMBERS]; count * count];
    let [planes, rows, length] = lattice.counts();
    let mut spans: Vec<(usize, Span)> = Vec::new();
    let mut pieces: Vec<Piece> = Vec::new();
    for line in 0..planes * rows {
        spans.clear();
        let found = |(k, ready): (usize, &Ready)| Some((k, ready.span(lattice, line / rows, line % rows, length)?));
        spans.extend(ready.iter().enumerate().filter_map(found));
        for start in (0..length).step_by(PIECE) {
            pieces.clear();
            let end = (start + PIECE).min(length);
            pieces.extend(spans.iter().filter_map(|(k, span)| piece(&ready[*k], *k, span, start, end, lattice)));
            for (first, one) in pieces.iter().enumerate() {
                for other in &pieces[first..] {
                    overlap(one, other, &mut blocks[one.component * count + other.component]);
                }
            }
        }
    }
    assemble(&blocks, &ready, lattice.ratio())
}

fn piece(ready: &Ready, component: usize, span: &Span, start: usize, end: usize, lattice: &Lattice) -> Option<Piece> {
    let (from, to) = (span.start.max(start), span.end.min(end));
    if from >= to {
        return None;
    }
    let (mut values, mut offsets) = ([0.0; PIECE], [0.0; PIECE]);
    ready.fill(lattice, span, from, &mut values[..to - from], &mut offsets[..to - from]);
    let mut powers = [[0.0; 4]; PIECE];
    for i in 0..to - from {
        let (g, y) = (values[i], offsets[i]);
        powers[from - start + i] = [g, g * y, g * y * y, 0.0];
    }
    Some(Piece { component, start: from - start, end: to - start, factors: factors(span.y), powers })
}

fn overlap(one: &Piece, other: &Piece, block: &mut Matrix) {
    let (start, end) = (one.start.max(other.start), one.end.min(other.end));
    if start >= end {
        return;
    }
    let mut sums = [[0.0; 4]; 3];
    for (a, b) in one.powers[start..end].iter().zip(&other.powers[start..end]) {
        for (sums, a) in sums.iter_mut().zip(a) {
            sums.iter_mut().zip(b).for_each(|(sum, b)| *sum += a * b);
        }
    }
    let columns: [[f64; NUMBERS]; 3] =
        std::array::from_fn(|i| std::array::from_fn(|q| sums[i][POWERS[q]] * other.factors[q]));
    for (p, row) in block.iter_mut().enumerate() {
        let factor = one.factors[p];
        row.iter_mut().zip(columns[POWERS[p]]).for_each(|(element, column)| *element += factor * column);
    }
}

fn assemble(blocks: &[Matrix], ready: &[Ready], ratio: f64) -> Vec<f64> {
    let (count, n) = (ready.len(), ready.len() * NUMBERS);
    let slopes: Vec<Matrix> = ready.iter().map(derivatives).collect();
    let mut matrix = vec![0.0; n * n];
    for k in 0..count {
        for l in k..count {
            let block = &blocks[k * count + l];
            for (i, left) in slopes[k].iter().enumerate() {
                let mut row = [0.0; NUMBERS];
                for (factor, line) in left.iter().zip(block).filter(|(factor, _)| **factor != 0.0) {
                    row.iter_mut().zip(line).for_each(|(sum, element)| *sum += factor * element);
                }
                for (j, right) in slopes[l].iter().enumerate() {
                    let element = ratio * row.iter().zip(right).map(|(a, b)| a * b).sum::<f64>();
                    matrix[(k * NUMBERS + i) * n + l * NUMBERS + j] = element;
                    matrix[(l * NUMBERS + j) * n + k * NUMBERS + i] = element;
                }
            }
        }
    }
    matrix
}
