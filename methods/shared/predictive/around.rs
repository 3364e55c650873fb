//! What surrounds a residual: how large the residuals next to it were, how steep the prediction is there, where it stands.

use crate::shared::multilevel::Quantiser;

/// Sizes are averaged in sixteenths.
const FINE: u32 = 16;
/// What the two residuals before in the row, those in rows before, and those around on coarser grids or in planes
/// before weigh.
const WEIGHTS: [u32; 4] = [6, 2, 8, 12];
/// Steepness is told apart up to this.
pub(super) const SLOPES: usize = 16;
/// Activity is told apart up to this.
pub(super) const ACTIVITIES: usize = 48;

/// The surroundings of one point, in small numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spot {
    /// Mean size of the residuals around, in sixteenths of the scale of [`size_of`].
    pub mean: u32,
    /// Sizes of the residuals before in the row, in rows before, and around.
    pub near: [u8; 3],
    /// Octave of the difference between neighbouring or competing predictions, in steps; below [`SLOPES`].
    pub slope: u8,
    /// Kind of point, 0 to 3: how many of its neighbours are known.
    pub kind: u8,
    /// Level of the grid.
    pub level: u8,
    /// Place along the rows and across them, 0 to 31.
    pub place: [u8; 2],
    /// Where the prediction lies between two integers, 0 to 4; 2 where it need not be rounded.
    pub tilt: u8,
    /// Sign of the residual before in the row: 0 none, 1 positive, 2 negative.
    pub sign: u8,
}

/// Size of a residual on a scale that is linear near zero and has four marks an octave above.
#[inline(always)]
pub(super) fn size_of(symbol: i32) -> u8 {
    let magnitude = symbol.unsigned_abs() & i32::MAX as u32;
    (((magnitude + 3) as f32).to_bits() >> 21) as u16 as u8 - 2
}

/// The magnitude of a mean size.
#[inline(always)]
pub(super) fn magnitude_of(mean: u32) -> u32 {
    (f32::from_bits((mean + 514 * FINE) << 17) - 2.5) as u32
}

/// Fine steps near zero, then about an eighth of an octave; below [`ACTIVITIES`].
#[inline(always)]
pub(super) fn activity(mean: u32) -> usize {
    let half = mean as usize / 2;
    match half {
        0..16 => half / 2,
        16..64 => 8 + (half - 16) / 6,
        _ => (16 + (half - 64) / 16).min(ACTIVITIES - 1),
    }
}

/// The octave of a difference in steps: a sixteenth and less as 0; below [`SLOPES`].
#[inline(always)]
pub(super) fn slope_of(difference: f64, quantiser: &Quantiser) -> u8 {
    let steps = (difference * quantiser.inverse()).abs();
    ((steps.to_bits() >> 52 & 0x7ff) as usize).saturating_sub(1019).min(SLOPES - 1) as u8
}

/// A row's neighbours: how far away they are in elements, and what they weigh.
pub(super) type Offsets = [(isize, u32)];

/// Sizes of the residuals so far, in the shape of the array, and the surroundings of the row in hand.
#[derive(Debug)]
pub(super) struct Around {
    sizes: Vec<u8>,
    across: Vec<u16>,
    around: Vec<u16>,
    weights: [u32; 4],
    /// 2^32 over the sum of the weights, and over that of those outside the row, rounded up: exact for all that occurs.
    inverses: [u64; 2],
    last: [u8; 2],
    sign: u8,
    first: bool,
    spot: Spot,
    /// Points of the row for each place.
    scale: usize,
}

impl Around {
    /// For an array of `len` elements.
    pub fn new(len: usize) -> Self {
        Around {
            sizes: vec![0; len],
            across: Vec::new(),
            around: Vec::new(),
            weights: [0; 4],
            inverses: [0; 2],
            last: [0; 2],
            sign: 0,
            first: true,
            spot: Spot::default(),
            scale: 1,
        }
    }

    /// Starts a row of `len` points, `step` elements apart from `base` on. `spot` holds what is the same all along it.
    pub fn enter(&mut self, [base, step, len]: [usize; 3], across: &Offsets, around: &Offsets, spot: Spot) {
        average(&self.sizes, [base, step, len], across, &mut self.across);
        average(&self.sizes, [base, step, len], around, &mut self.around);
        self.weights = WEIGHTS;
        self.weights[2] *= u32::from(!across.is_empty());
        self.weights[3] *= u32::from(!around.is_empty());
        let [one, two, three, four] = self.weights;
        self.inverses =
            [one + two + three + four, (three + four).max(1)].map(|sum| (1u64 << 32).div_ceil(u64::from(sum)));
        self.spot = spot;
        self.scale = len.div_ceil(32).max(1);
        (self.first, self.last, self.sign) = (true, [0; 2], 0);
    }

    /// The surroundings of point `i` of the row, the steepness and the tilt apart.
    #[inline(always)]
    pub fn spot(&self, i: usize) -> Spot {
        let (across, around) = (u32::from(self.across[i]), u32::from(self.around[i]));
        let [one, two, three, four] = self.weights;
        let others = three * across + four * around;
        let (sum, inverse) = if self.first {
            (others, self.inverses[1])
        } else {
            let own = FINE * (one * u32::from(self.last[0]) + two * u32::from(self.last[1]));
            (own + others, self.inverses[0])
        };
        let mean = ((u64::from(sum) * inverse) >> 32) as u32;
        let near = [self.last[0], (across / FINE) as u8, (around / FINE) as u8];
        let place = [(i / self.scale) as u8, self.spot.place[1]];
        Spot { mean, near, place, sign: self.sign, ..self.spot }
    }

    /// Takes note of the residual of the element `index`, the next of the row.
    #[inline(always)]
    pub fn note(&mut self, index: usize, symbol: i32) {
        let size = size_of(symbol);
        self.sizes[index] = size;
        self.last = [size, if self.first { size } else { self.last[0] }];
        self.sign = if symbol == 0 { 0 } else { 1 + u8::from(symbol < 0) };
        self.first = false;
    }
}

/// The weighted mean of sizes at `offsets` from every point of a row. Some lie outside the array, or across its edges:
/// there the decoder sees what the encoder saw, which is all that matters.
fn average(sizes: &[u8], [base, step, len]: [usize; 3], offsets: &Offsets, means: &mut Vec<u16>) {
    means.clear();
    means.resize(len, 0);
    let total: u32 = offsets.iter().map(|offset| offset.1).sum();
    for &(offset, weight) in offsets {
        let weight = (FINE * 8 * weight / total) as u16;
        let known = sizes.get(base.wrapping_add_signed(offset)..).unwrap_or(&[]);
        let add = |(mean, size): (&mut u16, &u8)| *mean += weight * u16::from(*size);
        if step == 1 {
            // In vectors, which steps stand in the way of.
            means.iter_mut().zip(known).for_each(add);
        } else {
            means.iter_mut().zip(known.iter().step_by(step)).for_each(add);
        }
    }
    means.iter_mut().for_each(|mean| *mean /= 8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_rise_with_the_residual_and_come_back_as_magnitudes() {
        assert_eq!([0, 1, -1, 2, 4, -4, 1000].map(size_of), [0, 2, 2, 3, 5, 5, 33]);
        assert!((0..31).all(|bit| size_of(1 << bit >> 1) <= size_of((1 << bit) - i32::from(bit == 30))));
        for magnitude in [0u32, 1, 2, 10, 1000, 1 << 25] {
            let back = magnitude_of(FINE * u32::from(size_of(magnitude as i32)));
            assert!(back <= magnitude + 1 && f64::from(back) >= 0.8 * f64::from(magnitude) - 1.0, "{magnitude} {back}");
        }
    }

    #[test]
    fn activities_rise_with_the_mean() {
        let all: Vec<usize> = (0..2048).map(activity).collect();
        assert!(all.windows(2).all(|pair| pair[0] <= pair[1]) && all[0] == 0 && all[2047] == ACTIVITIES - 1);
    }
}
