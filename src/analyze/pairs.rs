//! Neighbours in pairs along one axis, and what the change of basis does to them.
//!
//! A pair (a, b) becomes c0 = (a + b) / sqrt(2) and c1 = (a - b) / sqrt(2): an orthonormal change of basis (the Haar
//! transform of two values, and their discrete cosine transform), so that energy is kept. The more alike neighbours are,
//! the more of it is in c0, and the less is lost by dropping c1.

use codecbench_methods::api::Element;
use serde::Serialize;

use super::code::{Code, entropy};
use super::lags::{self, Lag};
use super::{Source, ValueStudy, stride};
use crate::dataset::Kind;

/// Bins of a histogram of shares, from 0 to 1.
pub const BINS: usize = 20;
/// Bins of the density of pairs, along each of its axes.
const CELLS: usize = 56;

/// What pairs along one axis are like. Pairs of elements 2i and 2i + 1; those with a missing value are left out.
#[derive(Clone, Debug, Serialize)]
pub struct AxisStudy {
    /// The axis.
    pub axis: usize,
    /// Its length.
    pub length: usize,
    /// Pairs looked at.
    pub pairs: usize,
    /// Pearson correlation of first and second values; absent where one of them does not vary.
    pub correlation: Option<f64>,
    /// Share of pairs of two equal values.
    pub equal: f64,
    /// Mean magnitude of a - b.
    pub mean_abs_difference: f64,
    /// Mean of c0.
    pub c0_mean: f64,
    /// Mean of c1.
    pub c1_mean: f64,
    /// Standard deviation of c0.
    pub c0_std: f64,
    /// Standard deviation of c1.
    pub c1_std: f64,
    /// Share of all energy in the first values, before the change of basis; absent where there is no energy.
    pub energy_before: Option<f64>,
    /// Share of all energy in c0, after it.
    pub energy_after: Option<f64>,
    /// Mean over pairs of |c0| / (|c0| + |c1|).
    pub magnitude_mean: Option<f64>,
    /// Median of the same.
    pub magnitude_median: Option<f64>,
    /// Share of pairs in which it is above 0.9.
    pub above_90: Option<f64>,
    /// Share of pairs in which it is above 0.95.
    pub above_95: Option<f64>,
    /// Histogram over pairs of a^2 / (a^2 + b^2), as shares of the pairs that have energy.
    pub histogram_before: [f64; BINS],
    /// Histogram over pairs of c0^2 / (c0^2 + c1^2).
    pub histogram_after: [f64; BINS],
    /// What remains if c1 of every pair is dropped.
    pub without_c1: Dropped,
    /// What remains if the second value of every pair is dropped.
    pub without_second: Dropped,
    /// Entropy of a + b, bits.
    pub sum_entropy: f64,
    /// Entropy of floor((a + b) / 2), bits.
    pub average_entropy: f64,
    /// Entropy of a - b, bits. Of floats that are no multiples of a step: of their bits made to grow with the value.
    pub difference_entropy: f64,
    /// Bits per value of averages and differences, each by itself: the S-transform, from which pairs come back exactly.
    pub s_transform_entropy: f64,
    /// Autocorrelations at growing distances.
    pub autocorrelation: Vec<Lag>,
    /// Distance at which the autocorrelation falls below 1/e, in places; absent if it does not within half the axis.
    pub correlation_length: Option<f64>,
    /// How often values stand beside each other.
    #[serde(skip)]
    pub density: Density,
}

/// What dropping half of the numbers costs, over all elements of the pairs looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Dropped {
    /// Mean square error.
    pub mse: f64,
    /// Root mean square error over the value range; absent where the range is 0.
    pub nrmse: Option<f64>,
    /// PSNR against the value range, dB; absent where nothing is lost.
    pub psnr_range: Option<f64>,
    /// PSNR against 255 or 2^bits - 1, dB: pictures of unsigned integers only.
    pub psnr_peak: Option<f64>,
    /// Largest error.
    pub max_abs_err: f64,
}

/// Counts of pairs by first value (column) and second (row).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Density {
    /// Smallest and largest value, in the unit of the data.
    pub range: (f64, f64),
    /// Bins along either axis.
    pub cells: usize,
    /// Row by row, the smallest second values first.
    pub counts: Vec<u32>,
}

/// Looks at `axis`.
pub fn look<T: Element>(source: &Source<'_, T>, axis: usize, values: &ValueStudy, code: Code) -> AxisStudy {
    let places = places(source, axis);
    let pairs: Vec<(f64, f64)> = places.iter().filter_map(|&(a, b)| Some((source.get(a)?, source.get(b)?))).collect();
    let mut found = blank(axis, source.shape[axis], pairs.len());
    let range = (values.minimum.unwrap_or(0.0), values.maximum.unwrap_or(0.0));
    // In units of the largest magnitude, so that no square leaves the range of the type.
    let unit = range.0.abs().max(range.1.abs()).max(f64::MIN_POSITIVE);
    let scaled: Vec<(f64, f64)> = pairs.iter().map(|&(a, b)| (a / unit, b / unit)).collect();
    if !scaled.is_empty() {
        correlate(&scaled, &mut found);
        basis(&scaled, unit, &mut found);
        shares(&scaled, &mut found);
        found.without_c1 = dropped(&scaled, |a, b| [(a - b) / 2.0, (a - b) / 2.0], unit, range);
        found.without_second = dropped(&scaled, |_, b| [0.0, b], unit, range);
    }
    entropies(source, &places, code, &mut found);
    found.density = density(&pairs, range);
    (found.autocorrelation, found.correlation_length) = lags::look(source, axis, values);
    found
}

fn blank(axis: usize, length: usize, pairs: usize) -> AxisStudy {
    AxisStudy {
        axis,
        length,
        pairs,
        correlation: None,
        equal: 0.0,
        mean_abs_difference: 0.0,
        c0_mean: 0.0,
        c1_mean: 0.0,
        c0_std: 0.0,
        c1_std: 0.0,
        energy_before: None,
        energy_after: None,
        magnitude_mean: None,
        magnitude_median: None,
        above_90: None,
        above_95: None,
        histogram_before: [0.0; BINS],
        histogram_after: [0.0; BINS],
        without_c1: Dropped::default(),
        without_second: Dropped::default(),
        sum_entropy: 0.0,
        average_entropy: 0.0,
        difference_entropy: 0.0,
        s_transform_entropy: 0.0,
        autocorrelation: Vec::new(),
        correlation_length: None,
        density: Density::default(),
    }
}

/// Flat indices of the pairs that are looked at.
fn places<T>(source: &Source<'_, T>, axis: usize) -> Vec<(usize, usize)> {
    let (length, inner) = (source.shape[axis], source.shape[axis + 1..].iter().product::<usize>());
    let per_block = length / 2 * inner;
    let pairs = source.data.len() / (length * inner) * per_block;
    let place = |pair: usize| {
        let (block, inside) = (pair / per_block, pair % per_block);
        let at = (block * length + inside / inner * 2) * inner + inside % inner;
        (at, at + inner)
    };
    (0..pairs).step_by(stride(pairs)).map(place).collect()
}

fn mean(values: impl Iterator<Item = f64>, count: usize) -> f64 {
    values.sum::<f64>() / count as f64
}

fn correlate(pairs: &[(f64, f64)], found: &mut AxisStudy) {
    let count = pairs.len();
    let means = (mean(pairs.iter().map(|pair| pair.0), count), mean(pairs.iter().map(|pair| pair.1), count));
    let mut sums = [0.0; 3];
    for (a, b) in pairs {
        let (a, b) = (a - means.0, b - means.1);
        sums = [sums[0] + a * a, sums[1] + b * b, sums[2] + a * b];
    }
    let spread = sums[0].sqrt() * sums[1].sqrt();
    found.correlation = (spread > 0.0).then(|| sums[2] / spread);
    found.equal = pairs.iter().filter(|(a, b)| a == b).count() as f64 / count as f64;
}

fn basis(pairs: &[(f64, f64)], unit: f64, found: &mut AxisStudy) {
    let count = pairs.len();
    let changed = |&(a, b): &(f64, f64)| [(a + b), (a - b)].map(|sum| sum * std::f64::consts::FRAC_1_SQRT_2);
    let of = |which: usize| {
        let mean = mean(pairs.iter().map(|pair| changed(pair)[which]), count);
        let square = pairs.iter().map(|pair| (changed(pair)[which] - mean).powi(2)).sum::<f64>() / count as f64;
        (mean * unit, square.sqrt() * unit)
    };
    ((found.c0_mean, found.c0_std), (found.c1_mean, found.c1_std)) = (of(0), of(1));
    found.mean_abs_difference = mean(pairs.iter().map(|(a, b)| (a - b).abs()), count) * unit;
    let energy = |value: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(|pair| value(pair).powi(2)).sum::<f64>();
    let (first, all) = (energy(&|pair| pair.0), energy(&|pair| pair.0) + energy(&|pair| pair.1));
    found.energy_before = (all > 0.0).then(|| first / all);
    // From the small part: near 1 the other way would lose digits.
    found.energy_after = (all > 0.0).then(|| 1.0 - energy(&|pair| changed(pair)[1]) / all);
}

/// The bin of a share.
fn bin(share: f64) -> usize {
    ((share * BINS as f64) as usize).min(BINS - 1)
}

fn shares(pairs: &[(f64, f64)], found: &mut AxisStudy) {
    let mut magnitudes = Vec::with_capacity(pairs.len());
    let (mut before, mut after) = ([0u32; BINS], [0u32; BINS]);
    for &(a, b) in pairs.iter().filter(|(a, b)| *a != 0.0 || *b != 0.0) {
        let (sum, difference) = ((a + b).abs(), (a - b).abs());
        // Ratios, because squares of small numbers vanish.
        let energy = |x: f64, y: f64| {
            if x.abs() >= y.abs() { 1.0 / (1.0 + (y / x).powi(2)) } else { 1.0 - 1.0 / (1.0 + (x / y).powi(2)) }
        };
        magnitudes.push(sum / (sum + difference));
        before[bin(energy(a, b))] += 1;
        after[bin(energy(sum, difference))] += 1;
    }
    let count = magnitudes.len();
    if count == 0 {
        return;
    }
    found.magnitude_mean = Some(mean(magnitudes.iter().copied(), count));
    let above = |limit: f64| magnitudes.iter().filter(|&&share| share > limit).count() as f64 / count as f64;
    (found.above_90, found.above_95) = (Some(above(0.9)), Some(above(0.95)));
    found.histogram_before = before.map(|number| f64::from(number) / count as f64);
    found.histogram_after = after.map(|number| f64::from(number) / count as f64);
    magnitudes.sort_unstable_by(f64::total_cmp);
    found.magnitude_median = Some((magnitudes[(count - 1) / 2] + magnitudes[count / 2]) / 2.0);
}

fn dropped(pairs: &[(f64, f64)], errors: impl Fn(f64, f64) -> [f64; 2], unit: f64, (low, high): (f64, f64)) -> Dropped {
    let (mut square, mut largest) = (0.0, 0.0f64);
    for &(a, b) in pairs {
        for error in errors(a, b) {
            square += error * error;
            largest = largest.max(error.abs());
        }
    }
    let rmse = (square / (2 * pairs.len()) as f64).sqrt() * unit;
    let range = high - low;
    Dropped {
        mse: square / (2 * pairs.len()) as f64 * unit * unit,
        nrmse: (range > 0.0).then(|| rmse / range),
        psnr_range: (range > 0.0 && rmse > 0.0).then(|| 20.0 * libm::log10(range / rmse)),
        psnr_peak: None,
        max_abs_err: largest * unit,
    }
}

impl AxisStudy {
    /// Adds what only pictures of unsigned integers have.
    pub(super) fn as_picture(&mut self, kind: Kind, peak: Option<f64>) {
        let Some(peak) = peak.filter(|_| matches!(kind, Kind::Image | Kind::Video)) else { return };
        for dropped in [&mut self.without_c1, &mut self.without_second] {
            dropped.psnr_peak = (dropped.mse > 0.0).then(|| 10.0 * libm::log10(peak * peak / dropped.mse));
        }
    }
}

fn entropies<T: Element>(source: &Source<'_, T>, places: &[(usize, usize)], code: Code, found: &mut AxisStudy) {
    let there = places.iter().filter(|(a, b)| source.get(*a).is_some() && source.get(*b).is_some());
    let pairs: Vec<(i64, i64)> = there.map(|&(a, b)| (code.of(source.data[a]), code.of(source.data[b]))).collect();
    let of =
        |number: &dyn Fn(i64, i64) -> i64| entropy(&mut pairs.iter().map(|&(a, b)| number(a, b)).collect::<Vec<_>>()).1;
    found.sum_entropy = of(&|a, b| a.wrapping_add(b));
    found.difference_entropy = of(&|a, b| a.wrapping_sub(b));
    found.average_entropy = of(&|a, b| b.wrapping_add(a.wrapping_sub(b) >> 1));
    found.s_transform_entropy = (found.average_entropy + found.difference_entropy) / 2.0;
}

fn density(pairs: &[(f64, f64)], (low, high): (f64, f64)) -> Density {
    let mut counts = vec![0u32; CELLS * CELLS];
    // Halves, because the range itself may be too large for the type.
    let width = (high / 2.0 - low / 2.0).max(f64::MIN_POSITIVE);
    let cell = |value: f64| (((value / 2.0 - low / 2.0) / width * CELLS as f64) as usize).min(CELLS - 1);
    for &(a, b) in pairs {
        counts[cell(b) * CELLS + cell(a)] += 1;
    }
    Density { range: (low, high), cells: CELLS, counts }
}
