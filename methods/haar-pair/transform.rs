//! The orthonormal change of basis of pairs, (a + b, a - b) / sqrt(2), and its two bands.

use std::f64::consts::FRAC_1_SQRT_2;

use super::kernel::Lines;
use crate::shared::real::Real;
use crate::shared::subband::{Alike, Band, Transform};

/// Pairs along one axis of an array, or along none.
#[derive(Debug)]
pub(super) struct Pairs {
    lines: Option<Lines>,
    bands: Vec<Band>,
}

impl Pairs {
    /// Along `axis` of arrays of `shape`.
    pub fn new(shape: &[usize], axis: Option<usize>) -> Self {
        Pairs { lines: axis.map(|axis| Lines::new(shape, axis)), bands: bands(shape, axis) }
    }
}

impl Transform for Pairs {
    fn bands(&self) -> &[Band] {
        &self.bands
    }

    fn forward<F: Real>(&self, data: &mut [F]) {
        let half = F::from_f64(FRAC_1_SQRT_2);
        if let Some(lines) = self.lines {
            lines.split(data, |a, b| (a * half + b * half, a * half - b * half));
        }
    }

    fn inverse<F: Real>(&self, data: &mut [F]) {
        let half = F::from_f64(FRAC_1_SQRT_2);
        if let Some(lines) = self.lines {
            // An element without a partner was paired with itself.
            lines.join(data, |c0, c1| (c0 * half + c1 * half, c0 * half - c1 * half), |c0| c0 * half);
        }
    }
}

/// `shape` with `axis` as long as there are averages along it.
pub(super) fn halved(shape: &[usize], axis: Option<usize>) -> Vec<usize> {
    let half = |(number, &length): (usize, &usize)| if axis == Some(number) { length.div_ceil(2) } else { length };
    shape.iter().enumerate().map(half).collect()
}

/// The bands of averages and of differences, which lie one behind the other, each in C order; without an axis the first.
pub(super) fn bands(shape: &[usize], axis: Option<usize>) -> Vec<Band> {
    let low = halved(shape, axis);
    let mut bands = vec![band(&low, 0, Vec::new())];
    if let Some(axis) = axis {
        let mut high = low.clone();
        high[axis] = shape[axis] / 2;
        bands.push(band(&high, low.iter().product(), Vec::new()));
    }
    bands
}

fn band(shape: &[usize], start: usize, alike: Vec<Alike>) -> Band {
    let (outer, row) = shape.split_at(shape.len() - 1);
    let along = |axis: usize| {
        let stride: usize = shape[axis + 1..].iter().product();
        (0..shape[axis]).map(|i| i * stride).collect()
    };
    Band { offsets: (0..outer.len()).map(along).collect(), start, row: row[0], gain: 1.0, alike }
}

/// A band without coefficients. The first band of a stream is coded as differences along its rows; put before the
/// others, this one takes that place, so that averages may be differenced along other axes.
pub(super) fn nothing() -> Band {
    Band { offsets: Vec::new(), start: 0, row: 0, gain: 1.0, alike: Vec::new() }
}
