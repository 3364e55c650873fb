//! Raster prediction by least squares: the weights of a point's neighbours follow the data.

use crate::shared::multilevel::{Quantiser, Sample};
use crate::shared::squares::Squares;

/// Neighbours, apart from the one that the others are taken relative to.
const INPUTS: usize = 24;
/// Power, in squared steps, below which neighbours say little: it is mostly what rounding left.
const FLOOR: f64 = 4.0;
/// What a value counts for after one more.
const MEMORY: f64 = 0.9995;

/// A neighbour: steps back along the last axis but one, the one before, and the one before that; steps along the row;
/// and its weight at the start.
type Neighbour = (usize, usize, usize, isize, f64);

const LINE: [Neighbour; INPUTS] = [
    (0, 0, 0, -2, 0.0),
    (0, 0, 0, -3, 0.0),
    (0, 0, 0, -4, 0.0),
    (0, 0, 0, -5, 0.0),
    (0, 0, 0, -6, 0.0),
    (0, 0, 0, -7, 0.0),
    (0, 0, 0, -8, 0.0),
    (0, 0, 0, -9, 0.0),
    (0, 0, 0, -10, 0.0),
    (0, 0, 0, -11, 0.0),
    (0, 0, 0, -12, 0.0),
    (0, 0, 0, -13, 0.0),
    (0, 0, 0, -14, 0.0),
    (0, 0, 0, -15, 0.0),
    (0, 0, 0, -16, 0.0),
    (0, 0, 0, -17, 0.0),
    (0, 0, 0, -18, 0.0),
    (0, 0, 0, -19, 0.0),
    (0, 0, 0, -20, 0.0),
    (0, 0, 0, -21, 0.0),
    (0, 0, 0, -22, 0.0),
    (0, 0, 0, -23, 0.0),
    (0, 0, 0, -24, 0.0),
    (0, 0, 0, -25, 0.0),
];

const PLANE: [Neighbour; INPUTS] = [
    (0, 0, 0, -2, 0.0),
    (0, 0, 0, -3, 0.0),
    (1, 0, 0, 0, 0.8),
    (1, 0, 0, -1, -0.8),
    (1, 0, 0, 1, 0.0),
    (1, 0, 0, -2, 0.0),
    (1, 0, 0, 2, 0.0),
    (2, 0, 0, 0, 0.0),
    (2, 0, 0, -1, 0.0),
    (2, 0, 0, 1, 0.0),
    (3, 0, 0, 0, 0.0),
    (1, 0, 0, 3, 0.0),
    (2, 0, 0, -2, 0.0),
    (2, 0, 0, 2, 0.0),
    (0, 0, 0, -4, 0.0),
    (1, 0, 0, -3, 0.0),
    (1, 0, 0, 4, 0.0),
    (2, 0, 0, 3, 0.0),
    (2, 0, 0, -3, 0.0),
    (3, 0, 0, -1, 0.0),
    (3, 0, 0, 1, 0.0),
    (4, 0, 0, 0, 0.0),
    (0, 0, 0, -5, 0.0),
    (3, 0, 0, 2, 0.0),
];

const SPACE: [Neighbour; INPUTS] = [
    (0, 0, 0, -2, 0.0),
    (1, 0, 0, 0, 0.6),
    (1, 0, 0, -1, -0.6),
    (1, 0, 0, 1, 0.0),
    (2, 0, 0, 0, 0.0),
    (0, 1, 0, 0, 0.6),
    (0, 1, 0, -1, -0.6),
    (0, 1, 0, 1, 0.0),
    (1, 1, 0, 0, -0.36),
    (1, 1, 0, -1, 0.36),
    (0, 2, 0, 0, 0.0),
    (0, 0, 1, 0, 0.0),
    (0, 0, 1, -1, 0.0),
    (0, 1, 1, 0, 0.0),
    (0, 0, 0, -3, 0.0),
    (1, 0, 0, 2, 0.0),
    (1, 0, 0, -2, 0.0),
    (2, 0, 0, 1, 0.0),
    (2, 0, 0, -1, 0.0),
    (0, 1, 0, 2, 0.0),
    (1, 1, 0, 1, 0.0),
    (3, 0, 0, 0, 0.0),
    (0, 3, 0, 0, 0.0),
    (0, 2, 0, 1, 0.0),
];

/// The adaptive predictor of an array, and where the neighbours of the row in hand lie.
#[derive(Debug)]
pub(super) struct Fit {
    model: Squares<INPUTS>,
    neighbours: &'static [Neighbour; INPUTS],
    strides: [usize; 3],
    /// For every neighbour of the row: how many elements back it is, if its row exists.
    back: [Option<usize>; INPUTS],
    /// Elements back to what stands in for the left neighbour of a row's first point.
    above: Option<usize>,
    base: usize,
    len: usize,
    inputs: [f64; INPUTS],
    pub reference: f64,
}

impl Fit {
    /// For an array with these strides.
    pub fn new(strides: &[usize]) -> Self {
        let neighbours = match strides.len() {
            0 | 1 => &LINE,
            2 => &PLANE,
            _ => &SPACE,
        };
        let outer: Vec<usize> = strides.iter().rev().skip(1).copied().collect();
        let stride = |back: usize| outer.get(back).copied().unwrap_or(0);
        Fit {
            model: Squares::new(neighbours.map(|neighbour| neighbour.4), MEMORY),
            neighbours,
            strides: [stride(0), stride(1), stride(2)],
            back: [None; INPUTS],
            above: None,
            base: 0,
            len: 0,
            inputs: [0.0; INPUTS],
            reference: 0.0,
        }
    }

    /// Finds the neighbours of the row of `len` points that starts at `base`, whose place along every axis is `at`.
    pub fn enter(&mut self, [base, len]: [usize; 2], at: &[usize]) {
        (self.base, self.len) = (base, len);
        let place = |back: usize| at.len().checked_sub(2 + back).map_or(0, |axis| at[axis]);
        let places = [place(0), place(1), place(2)];
        for (slot, &(y, z, w, ..)) in self.back.iter_mut().zip(self.neighbours) {
            let steps = [y, z, w];
            let there = steps.iter().zip(places).all(|(&steps, place)| steps <= place);
            *slot = there.then(|| steps.iter().zip(self.strides).map(|(steps, stride)| steps * stride).sum());
        }
        self.above = (0..3).find(|&axis| places[axis] > 0).map(|axis| self.strides[axis]);
    }

    /// The prediction of point `i` of the row.
    #[inline(always)]
    pub fn predict<T: Sample>(&mut self, data: &[T], i: usize, quantiser: &Quantiser) -> f64 {
        let index = self.base + i;
        self.reference =
            if i > 0 { data[index - 1].to_f64() } else { self.above.map_or(0.0, |above| data[index - above].to_f64()) };
        let scale = quantiser.inverse();
        for ((input, neighbour), back) in self.inputs.iter_mut().zip(self.neighbours).zip(&self.back) {
            let along = i.wrapping_add_signed(neighbour.3);
            *input = match back {
                // A step to the left of a row's first point wraps around to a number that is too large.
                Some(back) if along < self.len => {
                    let distance = (data[self.base + along - back].to_f64() - self.reference) * scale;
                    distance.clamp(-1e100, 1e100)
                }
                _ => 0.0,
            };
        }
        self.reference + self.model.predict(&self.inputs) * quantiser.step()
    }

    /// Learns what the point predicted last turned out to be.
    #[inline(always)]
    pub fn learn(&mut self, miss: f64, quantiser: &Quantiser) {
        let miss = (miss * quantiser.inverse()).clamp(-1e100, 1e100);
        self.model.learn(&self.inputs, if miss.is_nan() { 0.0 } else { miss }, FLOOR);
    }
}
