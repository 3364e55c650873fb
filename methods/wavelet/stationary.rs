//! The stationary transform: every level keeps its full resolution, so that a shift of the data shifts the coefficients.
//!
//! Holschneider et al., "A real-time algorithm for signal analysis with the help of the wavelet transform" (1989), as
//! PyWavelets' `swt`: lines wrap around, and at level j the taps of the filters lie 2^j apart. Of any length, because the
//! filters invert each other as polynomials. Overcomplete: `1 + levels (2^axes - 1)` coefficients per value.

use super::bands::{Coefficients, put_together, take_apart};
use crate::shared::wavelet::{self, Family, Level};

/// Most coefficients per value that are worked with.
pub(super) const MOST: usize = 64;

/// Coefficients per value.
pub(super) fn redundancy(levels: &[Level]) -> usize {
    levels.iter().fold(1, |sum, level| sum + (1usize << level.axes.len()) - 1)
}

/// Low and high filters of analysis, low and high ones of synthesis. Families of lifting steps have them too: 5/3 and 9/7 are
/// bior2.2 and bior4.4.
fn bank(family: Family) -> [Vec<f64>; 4] {
    const R: f64 = std::f64::consts::FRAC_1_SQRT_2;
    match family {
        Family::Haar => [vec![R, R], vec![-R, R], vec![R, R], vec![R, -R]],
        Family::Cdf53 => wavelet::bank(Family::Bior22),
        Family::Cdf97 => wavelet::bank(Family::Bior44),
        family => wavelet::bank(family),
    }
}

/// All bands, the coarsest first, each of the shape of the array; of a level in C order of (low, high) along its axes.
pub(super) fn forward(family: Family, shape: &[usize], levels: &[Level], values: Vec<f64>) -> Vec<Coefficients> {
    let bank = bank(family);
    let split = |number: usize, axis, part: &Coefficients| {
        [0, 1].map(|high| {
            // Output i is centred on value i: taps from half a filter ahead to half behind.
            let first = bank[high].len() as isize / 2;
            let values = filter(part, axis, &bank[high], first, 1 << number);
            part.half(axis, high == 1, part.shape[axis], values)
        })
    };
    take_apart(shape, levels, values, split)
}

/// The array again: of changed coefficients, the mean over all shifts of what the decimated transform would give.
pub(super) fn inverse(family: Family, levels: &[Level], bands: Vec<Coefficients>) -> Vec<f64> {
    let bank = bank(family);
    // The taps that undo the delay of the analysis: as many behind as that has ahead.
    let first = bank[2].len() as isize / 2 - 1;
    put_together(levels, bands, |number, axis, pair| {
        let [mut sum, high] = [0, 1].map(|high| filter(pair[high], axis, &bank[2 + high], first, 1 << number));
        sum.iter_mut().zip(high).for_each(|(sum, high)| *sum = 0.5 * (*sum + high));
        Coefficients { name: pair[0].name.clone(), shape: pair[0].shape.clone(), values: sum }
    })
}

/// `y[i] = sum of taps[k] x[i + (first - k) apart]` along an axis, which wraps around.
fn filter(part: &Coefficients, axis: usize, taps: &[f64], first: isize, apart: isize) -> Vec<f64> {
    let inner: usize = part.shape[axis + 1..].iter().product();
    let length = part.shape[axis];
    let mut values = vec![0.0; part.values.len()];
    for (to, from) in values.chunks_exact_mut(length * inner).zip(part.values.chunks_exact(length * inner)) {
        for (k, &tap) in taps.iter().enumerate().filter(|(_, tap)| **tap != 0.0) {
            // Wrapped around once, so that rows add up in runs.
            let shift = (apart * (first - k as isize)).rem_euclid(length as isize) as usize * inner;
            let (end, start) = to.split_at_mut(length * inner - shift);
            end.iter_mut().zip(&from[shift..]).for_each(|(to, from)| *to += tap * from);
            start.iter_mut().zip(from).for_each(|(to, from)| *to += tap * from);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::wavelet::levels;

    #[test]
    fn every_family_inverts_for_every_shape() {
        for family in Family::ALL {
            for shape in [&[1][..], &[2], &[37], &[20, 7], &[3, 20, 9]] {
                let axes: Vec<usize> = (0..shape.len()).collect();
                let levels = levels(shape, &axes, 2);
                let values: Vec<f64> = (0..shape.iter().product::<usize>()).map(|i| ((i * i) % 31) as f64).collect();
                let bands = forward(family, shape, &levels, values.clone());
                assert_eq!(bands.len(), redundancy(&levels));
                let back = inverse(family, &levels, bands);
                assert!(back.iter().zip(&values).all(|(x, y)| (x - y).abs() < 1e-6), "{family:?} {shape:?}");
            }
        }
    }

    #[test]
    fn a_shift_of_the_data_shifts_the_coefficients() {
        let values: Vec<f64> = (0..24).map(|i| f64::from(i * i * 37 % 101)).collect();
        let mut shifted = values.clone();
        shifted.rotate_right(5);
        let levels = levels(&[24], &[0], 2);
        let bands = |values| forward(Family::Db4, &[24], &levels, values);
        for (band, mut moved) in bands(values).into_iter().zip(bands(shifted)) {
            moved.values.rotate_left(5);
            assert_eq!(band, moved);
        }
    }
}
