//! Robust statistics of repeated timings.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Resamples of the bootstrap.
const RESAMPLES: usize = 1000;
/// A sample is an outlier if its modified z-score exceeds this (Iglewicz and Hoaglin 1993) ...
const OUTLYING: f64 = 3.5;
/// ... and if it is further from the median than this share of it: the clock's own grain makes no outliers.
const GRAIN: f64 = 0.05;
/// A normal distribution's 0.75 quantile: what a median absolute deviation is in standard deviations.
const NORMAL_MAD: f64 = 0.6745;

/// Median, its spread and its interval, in the unit of the samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Spread {
    pub median: f64,
    /// Median absolute deviation from the median.
    pub mad: f64,
    /// 99 % percentile bootstrap interval of the median (Efron 1979), drawn from a fixed seed: of the thousands of cells
    /// that two sweeps have in common, one in two hundred would be apart by chance where it were 95 %.
    pub low: f64,
    pub high: f64,
}

impl Spread {
    /// Width of the interval as a share of the median.
    pub fn width(&self) -> f64 {
        if self.median > 0.0 { (self.high - self.low) / self.median } else { 0.0 }
    }

    /// Whether a sample lies far outside the bulk of the others.
    pub fn is_outlier(&self, sample: f64) -> bool {
        let away = (sample - self.median).abs();
        NORMAL_MAD * away > OUTLYING * self.mad && away > GRAIN * self.median
    }
}

/// The statistics of samples that were taken in several visits.
///
/// What differs from visit to visit (another place in memory, another mood of the machine) is as much a part of the
/// uncertainty as what differs from call to call, so the bootstrap draws visits first and calls of those then (Kalibera
/// and Jones 2013, "Rigorous benchmarking in reasonable time").
///
/// # Panics
/// Without a sample.
pub(super) fn spread(visits: &[Vec<f64>]) -> Spread {
    let mut scratch = visits.concat();
    let median = median(&mut scratch);
    scratch.iter_mut().for_each(|value| *value = (*value - median).abs());
    let mad = self::median(&mut scratch);
    let (low, high) = interval(visits);
    Spread { median, mad, low, high }
}

/// Middle value, or the mean of the two in the middle. Reorders the samples.
pub(super) fn median(samples: &mut [f64]) -> f64 {
    let (middle, is_odd) = (samples.len() / 2, samples.len() % 2 == 1);
    let (below, &mut upper, _) = samples.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = below.iter().copied().reduce(f64::max).unwrap_or(upper);
    if is_odd { upper } else { (lower + upper) / 2.0 }
}

/// The median of what is there; `None` if some of it is not.
pub(super) fn median_of(samples: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let mut samples = samples.collect::<Option<Vec<_>>>()?;
    (!samples.is_empty()).then(|| median(&mut samples))
}

fn interval(visits: &[Vec<f64>]) -> (f64, f64) {
    let visits: Vec<&Vec<f64>> = visits.iter().filter(|visit| !visit.is_empty()).collect();
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut drawn = Vec::new();
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            drawn.clear();
            for _ in 0..visits.len() {
                let visit = visits[random.random_range(0..visits.len())];
                drawn.extend((0..visit.len()).map(|_| visit[random.random_range(0..visit.len())]));
            }
            median(&mut drawn)
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    (medians[RESAMPLES / 200], medians[RESAMPLES - 1 - RESAMPLES / 200])
}

/// Whether the middle of the samples is known to within `share` of it, by order statistics: free of assumptions, and
/// a thousand times as fast as a bootstrap. 95 % of the distribution of the median's rank, as a normal one (Conover 1999,
/// 3.2).
pub(super) fn is_narrow(samples: &[f64], share: f64) -> bool {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let half = 0.98 * count.sqrt();
    let last = sorted.len().saturating_sub(1);
    let low = (count / 2.0 - half).floor().max(0.0) as usize;
    let high = ((count / 2.0 + half).ceil() as usize).min(last);
    sorted.len() > 1 && sorted[high] - sorted[low] <= share * sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_deviation_by_hand() {
        // Deviations from 3 are 2, 1, 0, 1, 97: their median is 1.
        let found = spread(&[vec![1.0, 2.0], vec![3.0, 4.0, 100.0]]);
        assert_eq!((found.median, found.mad), (3.0, 1.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!((median(&mut [7.0]), median(&mut [9.0, 7.0])), (7.0, 8.0));
        assert_eq!(median_of([Some(3.0), Some(1.0), Some(2.0)].into_iter()), Some(2.0));
        assert_eq!(median_of([Some(3.0), None].into_iter()), None, "part of the samples is not their median");
        assert_eq!(median_of(std::iter::empty()), None);
    }

    #[test]
    fn the_interval_holds_the_median_and_is_the_same_every_time() {
        let samples = vec![(0..31).map(|at| f64::from(at * 7 % 31)).collect::<Vec<_>>()];
        let found = spread(&samples);
        assert!(found.low < found.median && found.median < found.high, "{found:?}");
        assert_eq!(found, spread(&samples));
        let steady = spread(&[vec![5.0; 4], vec![5.0; 5]]);
        assert_eq!(steady, Spread { median: 5.0, mad: 0.0, low: 5.0, high: 5.0 });
    }

    #[test]
    fn visits_that_differ_widen_the_interval_however_steady_each_of_them_was() {
        let (one, two, three) = (vec![100.0; 20], vec![103.0; 20], vec![106.0; 20]);
        let apart = spread(&[one.clone(), two.clone(), three.clone()]);
        let together = spread(&[[one, two, three].concat()]);
        assert!(apart.low <= 100.0 && apart.high >= 106.0, "{apart:?}");
        assert!(together.width() < apart.width(), "{together:?}");
    }

    #[test]
    fn an_outlier_is_far_off_by_the_spread_and_by_the_median() {
        let samples = vec![vec![100.0, 101.0, 99.0, 100.5, 99.5, 130.0]];
        let found = spread(&samples);
        let outliers: Vec<f64> = samples[0].iter().copied().filter(|&sample| found.is_outlier(sample)).collect();
        assert_eq!(outliers, [130.0]);
        // Ticks of a clock: nearly all equal, and the one that differs by little is none.
        let ticks = spread(&[vec![100.0, 100.0, 100.0, 100.0, 101.0]]);
        assert!(!ticks.is_outlier(101.0) && ticks.is_outlier(110.0));
    }

    #[test]
    fn few_samples_are_narrow_only_if_all_agree_and_many_if_their_middle_does() {
        assert!(!is_narrow(&[], 0.01) && !is_narrow(&[5.0], 0.01), "one sample knows nothing of its spread");
        assert!(is_narrow(&[5.0; 3], 0.01) && !is_narrow(&[5.0, 5.0, 5.1, 5.0, 5.0], 0.01));
        // Of 41 samples, the 15th to the 28th hold the median; the slow tenth does not matter.
        let mut samples = vec![100.0; 41];
        samples[37..].fill(300.0);
        assert!(is_narrow(&samples, 0.01));
        samples[20..].fill(300.0);
        assert!(!is_narrow(&samples, 0.01));
    }
}
