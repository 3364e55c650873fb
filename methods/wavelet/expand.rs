//! The transform of PyWavelets' mode `symmetric`: more coefficients than values, nothing wraps around.
//!
//! A line of `n` values, mirrored at both ends with its last value repeated, gives `floor((n + F - 1) / 2)` low and as
//! many high coefficients for filters of length F.

use super::bands::{Coefficients, put_together, take_apart};
use crate::shared::wavelet::{Family, Level, bank};

/// Shapes of the bands, the coarsest first, and of the boxes that each level splits, the finest first.
pub(super) struct Shapes {
    pub boxes: Vec<Vec<usize>>,
    pub bands: Vec<Vec<usize>>,
}

/// What the transform of an array of `shape` over these levels has.
pub(super) fn shapes(family: Family, shape: &[usize], levels: &[Level]) -> Shapes {
    let taps = bank(family)[0].len();
    let mut here = shape.to_vec();
    let (mut boxes, mut by_level) = (Vec::new(), Vec::new());
    for level in levels {
        boxes.push(here.clone());
        level.axes.iter().for_each(|&axis| here[axis] = (here[axis] + taps - 1) / 2);
        by_level.push(vec![here.clone(); (1 << level.axes.len()) - 1]);
    }
    let bands = std::iter::once(here).chain(by_level.into_iter().rev().flatten()).collect();
    Shapes { boxes, bands }
}

/// All bands of an array, the coarsest first.
pub(super) fn forward(family: Family, shape: &[usize], levels: &[Level], values: Vec<f64>) -> Vec<Coefficients> {
    let bank = bank(family);
    let split = |_, axis, part: &Coefficients| [0, 1].map(|high| analyse(part, axis, &bank[high], high == 1));
    take_apart(shape, levels, values, split)
}

/// The array again.
pub(super) fn inverse(family: Family, boxes: &[Vec<usize>], levels: &[Level], bands: Vec<Coefficients>) -> Vec<f64> {
    let bank = bank(family);
    put_together(levels, bands, |number, axis, pair| synthesise(pair, axis, boxes[number][axis], &bank[2..]))
}

fn around(shape: &[usize], axis: usize) -> (usize, usize) {
    (shape[..axis].iter().product(), shape[axis + 1..].iter().product())
}

fn analyse(part: &Coefficients, axis: usize, filter: &[f64], high: bool) -> Coefficients {
    let (outer, inner) = around(&part.shape, axis);
    let (length, taps) = (part.shape[axis], filter.len());
    let out = (length + taps - 1) / 2;
    let mut values = vec![0.0; outer * out * inner];
    for (o, i) in (0..outer).flat_map(|o| (0..out).map(move |i| (o, i))) {
        for (k, factor) in filter.iter().enumerate() {
            let from = &part.values[(o * length + mirror(2 * i as isize + 1 - k as isize, length)) * inner..][..inner];
            let to = &mut values[(o * out + i) * inner..][..inner];
            to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
        }
    }
    part.half(axis, high, out, values)
}

fn synthesise(pair: [&Coefficients; 2], axis: usize, length: usize, bank: &[Vec<f64>]) -> Coefficients {
    let low = pair[0];
    let (outer, inner) = around(&low.shape, axis);
    let (count, taps) = (low.shape[axis], bank[0].len());
    let mut values = vec![0.0; outer * length * inner];
    for (part, filter) in pair.into_iter().zip(bank) {
        for (o, i) in (0..outer).flat_map(|o| (0..count).map(move |i| (o, i))) {
            let from = &part.values[(o * count + i) * inner..][..inner];
            for (k, factor) in filter.iter().enumerate() {
                let Some(at) = (2 * i + k + 2).checked_sub(taps).filter(|&at| at < length) else { continue };
                let to = &mut values[(o * length + at) * inner..][..inner];
                to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
            }
        }
    }
    let mut shape = low.shape.clone();
    shape[axis] = length;
    Coefficients { name: low.name.clone(), shape, values }
}

/// Index into a line that is mirrored at both ends, its last value repeated, again and again.
fn mirror(at: isize, length: usize) -> usize {
    let folded = at.rem_euclid(2 * length as isize) as usize;
    folded.min(2 * length - 1 - folded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::wavelet::levels;

    #[test]
    fn every_filter_bank_inverts_for_every_shape() {
        for family in Family::ALL.into_iter().filter(|family| family.filters().is_some()) {
            for shape in [&[1][..], &[2], &[37], &[50, 7], &[3, 20, 9]] {
                let axes: Vec<usize> = (0..shape.len()).collect();
                let levels = levels(shape, &axes, 2);
                let values: Vec<f64> = (0..shape.iter().product::<usize>()).map(|i| ((i * i) % 31) as f64).collect();
                let bands = forward(family, shape, &levels, values.clone());
                let Shapes { boxes, bands: expected } = shapes(family, shape, &levels);
                assert!(
                    bands.iter().zip(&expected).all(|(band, shape)| band.shape == *shape)
                        && bands.len() == expected.len()
                );
                let back = inverse(family, &boxes, &levels, bands);
                assert!(back.iter().zip(&values).all(|(x, y)| (x - y).abs() < 1e-6), "{family:?} {shape:?}");
            }
        }
    }
}
