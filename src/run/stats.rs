//! Robust statistics of repeated timings.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Resamples of the bootstrap.
const RESAMPLES: usize = 1000;

/// Median, its spread and its interval, in the unit of the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Spread {
    pub median: f64,
    /// Median absolute deviation from the median.
    pub mad: f64,
    /// 95 % percentile bootstrap interval of the median (Efron 1979), drawn from a fixed seed.
    pub low: f64,
    pub high: f64,
}

/// The statistics of at least one sample.
///
/// # Panics
/// Without a sample.
pub(super) fn spread(samples: &[f64]) -> Spread {
    let mut scratch = samples.to_vec();
    let median = median(&mut scratch);
    scratch.iter_mut().for_each(|value| *value = (*value - median).abs());
    let mad = self::median(&mut scratch);
    let (low, high) = interval(samples);
    Spread { median, mad, low, high }
}

/// Middle value, or the mean of the two in the middle. Reorders the samples.
pub(super) fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    let middle = samples.len() / 2;
    if samples.len() % 2 == 1 { samples[middle] } else { (samples[middle - 1] + samples[middle]) / 2.0 }
}

fn interval(samples: &[f64]) -> (f64, f64) {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut scratch = vec![0.0; samples.len()];
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            scratch.iter_mut().for_each(|value| *value = samples[random.random_range(0..samples.len())]);
            median(&mut scratch)
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    (medians[RESAMPLES / 40], medians[RESAMPLES - 1 - RESAMPLES / 40])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_deviation_by_hand() {
        // Deviations from 3 are 2, 1, 0, 1, 97: their median is 1.
        let found = spread(&[1.0, 2.0, 3.0, 4.0, 100.0]);
        assert_eq!((found.median, found.mad), (3.0, 1.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn the_interval_holds_the_median_and_is_the_same_every_time() {
        let samples: Vec<f64> = (0..31).map(|at| f64::from(at * 7 % 31)).collect();
        let found = spread(&samples);
        assert!(found.low < found.median && found.median < found.high, "{found:?}");
        assert_eq!(found, spread(&samples));
        assert_eq!(spread(&[5.0; 9]), Spread { median: 5.0, mad: 0.0, low: 5.0, high: 5.0 });
    }
}
