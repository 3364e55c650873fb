//! Coefficients of leaves under contexts: degree and place, neighbours in the leaf and beyond, and what the lower faces
//! let expect.

use super::basis::Order;
use super::faces::{Estimate, Faces};
use super::known::Leaf;
use crate::shared::mixing::{Integers, Place};
use crate::shared::range::BitCoder;

/// Kinds of contexts.
const KINDS: usize = 6;
/// Scales, degrees, places in the coding order, and sizes that are told apart.
pub const SCALES: usize = 4;
const DEGREES: usize = 16;
const PLACES: usize = 512;
pub const SIZES: usize = 10;
/// Sizes of estimates that are told apart.
const LIKELY: usize = 20;
/// From here on, in standard deviations, estimates are told apart by how sure they are of the sign.
const SURE: [f64; 5] = [0.15, 0.4, 0.8, 1.4, 2.5];
/// Below this degree what is coded is the difference from the estimate.
const PREDICTED: usize = 4;

/// A sum of magnitudes on a scale of about two marks an octave: below [`SIZES`].
pub fn size(sum: u32) -> usize {
    const MARKS: [usize; 16] = [0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7];
    match sum {
        0..16 => MARKS[sum as usize],
        16..28 => 8,
        _ => 9,
    }
}

/// Sum of magnitudes around a coefficient: of degrees lower by one, twice, and by two.
pub fn around(values: &[i32], lower: &[Vec<u32>; 2]) -> u32 {
    let sum = |places: &[u32]| {
        let sizes = places.iter().map(|&place| values[place as usize].unsigned_abs());
        sizes.fold(0, u32::saturating_add)
    };
    sum(&lower[0]).saturating_mul(2).saturating_add(sum(&lower[1]))
}

/// A running mean of squares.
#[derive(Clone, Copy, Debug)]
struct Power {
    mean: f64,
    count: f64,
}

/// What is known about coefficients.
#[derive(Debug)]
pub struct Models {
    integers: Integers<KINDS>,
    /// For every scale and degree.
    powers: Vec<Power>,
}

/// What is known before a coefficient is coded.
struct Hint {
    scale: usize,
    degree: usize,
    /// Degrees that are still to come, this one included.
    left: usize,
    at: usize,
    near: u32,
    /// Mean magnitude of the degree before, in quarters.
    before: u32,
    /// Sum of the magnitudes of the same coefficient in neighbouring leaves, and how many leaves there are.
    beside: (u32, usize),
    estimate: Estimate,
}

impl Models {
    /// Before any leaf.
    pub fn new() -> Self {
        let contexts = [SCALES * DEGREES, 9 * SIZES, 4 * SIZES, PLACES, 8 * SIZES, LIKELY * 3];
        let power = |i: usize| Power { mean: 4.0 / f64::from(1u32 << (i % DEGREES)), count: 1.0 };
        Models {
            integers: Integers::new(contexts, SURE.len() + 2, 3),
            powers: (0..SCALES * DEGREES).map(power).collect(),
        }
    }

    /// Codes the coefficients of a leaf: `coded` in coding order, zeros behind its end.
    pub fn code(
        &mut self,
        leaf: &mut Leaf,
        coded: &[i32],
        (faces, below): (&mut Faces, &[&Leaf]),
        coder: &mut impl BitCoder,
    ) {
        let (order, scale) = (std::rc::Rc::clone(&leaf.order), leaf.scale.min(SCALES - 1));
        let powers: Vec<f64> = (0..leaf.extent).map(|degree| self.powers[power(scale, degree)].mean).collect();
        faces.expect(&order, &powers);
        let (mut start, mut before) = (0, 0);
        for (degree, &variance) in powers.iter().enumerate() {
            let (end, mut sum, mut square) = (order.ends[degree], 0u32, 0.0);
            for at in start..end {
                let place = order.places[at] as usize;
                let hint = Hint {
                    scale,
                    degree,
                    left: leaf.extent - degree,
                    at: at.min(PLACES - 1),
                    near: around(&leaf.values, &order.lower[at]),
                    before,
                    beside: beside(below, &order, place),
                    estimate: faces.estimate(place, variance),
                };
                let value = self.value(coded.get(at).copied().unwrap_or(0), &hint, coder);
                faces.learn(place, f64::from(value), variance);
                leaf.values[place] = value;
                sum = sum.saturating_add(value.unsigned_abs());
                square += f64::from(value) * f64::from(value);
            }
            self.powers[power(scale, degree)].learn(square / (end - start) as f64);
            before = sum.saturating_mul(4) / (end - start) as u32;
            start = end;
        }
    }

    /// Codes one coefficient: its difference from the estimate, the sign that of the estimate being the positive one.
    fn value(&mut self, value: i32, hint: &Hint, coder: &mut impl BitCoder) -> i32 {
        let Estimate { mean, variance } = hint.estimate;
        let deviations = mean.abs() / variance.sqrt();
        let sure = SURE.iter().filter(|&&mark| deviations > mark).count();
        let likely = (libm::log2(mean * mean + variance) + 8.0).clamp(0.0, LIKELY as f64 - 1.0) as usize;
        let contexts = [
            hint.scale * DEGREES + hint.degree.min(DEGREES - 1),
            (hint.degree.min(2) * SIZES + size(hint.near)) * 3 + hint.left.min(3) - 1,
            hint.beside.1.min(3) * SIZES + size(hint.beside.0),
            hint.at,
            (hint.left.min(8) - 1) * SIZES + size(hint.before),
            likely * 3 + sure / 2,
        ];
        let flip = if mean < 0.0 { -1 } else { 1 };
        let shift = if hint.degree < PREDICTED { mean.abs().min(1e6).round() as i32 } else { 0 };
        let sign = if shift > 0 { SURE.len() + 1 } else { sure };
        let place = Place { contexts, sign, set: hint.degree.min(2) };
        let coded = self.integers.code((value * flip).saturating_sub(shift), &place, coder);
        coded.saturating_add(shift).max(-i32::MAX) * flip
    }
}

impl Power {
    fn learn(&mut self, square: f64) {
        self.mean = (self.mean + (square - self.mean) / (self.count + 1.0)).max(0.01);
        self.count = (self.count + 1.0).min(16.0);
    }
}

/// Where the power of a scale and a degree stands.
fn power(scale: usize, degree: usize) -> usize {
    scale * DEGREES + degree.min(DEGREES - 1)
}

/// The same coefficient in neighbouring leaves of the same kind.
fn beside(below: &[&Leaf], order: &Order, place: usize) -> (u32, usize) {
    let alike = below.iter().filter(|leaf| leaf.order.counts == order.counts);
    let sum = alike.map(|leaf| leaf.values[place].unsigned_abs()).fold(0, u32::saturating_add);
    (sum, below.len())
}
