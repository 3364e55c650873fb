//! How far along an axis values stay alike.

use codecbench_methods::api::Element;
use serde::Serialize;

use super::{Source, ValueStudy};

/// Pairs looked at for one distance, about.
const SAMPLES: usize = 1 << 17;
/// Below this share, values count as no longer alike: 1/e.
const ALIKE: f64 = 0.367_879_441_171_442_33;

/// The correlation of values a distance apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Lag {
    /// The distance, in places along the axis.
    pub lag: usize,
    /// The autocorrelation, about the mean of the whole array.
    pub correlation: f64,
}

/// Autocorrelations along `axis`, at growing distances up to half its length, until they fall below 1/e; and the
/// distance at which they do (between two, on the line between them). `None` if they do not, or nothing varies.
pub fn look<T: Element>(source: &Source<'_, T>, axis: usize, values: &ValueStudy) -> (Vec<Lag>, Option<f64>) {
    let length = source.shape[axis];
    let (mut lags, mut lag) = (Vec::new(), 1);
    let mut before = (0.0, 1.0);
    while lag <= (length / 2).max(1) {
        let Some(correlation) = correlation(source, axis, lag, values) else { break };
        lags.push(Lag { lag, correlation });
        let here = (lag as f64, correlation);
        if correlation < ALIKE {
            let along = (before.1 - ALIKE) / (before.1 - here.1);
            return (lags, Some(before.0 + along * (here.0 - before.0)));
        }
        before = here;
        // 1, 2, 3, 4, 6, 8, 12, 16, 24, ...
        lag += if lag < 4 { 1 } else { 1 << (lag.ilog2() - 1) };
    }
    (lags, None)
}

fn correlation<T: Element>(source: &Source<'_, T>, axis: usize, lag: usize, values: &ValueStudy) -> Option<f64> {
    let (mean, deviation) = (values.mean?, values.std?);
    let inner: usize = source.shape[axis + 1..].iter().product();
    let block = source.shape[axis] * inner;
    let per_block = (source.shape[axis] - lag) * inner;
    let pairs = source.data.len() / block * per_block;
    let (mut sum, mut count) = (0.0, 0usize);
    for pair in (0..pairs).step_by(if pairs <= SAMPLES { 1 } else { pairs.div_ceil(SAMPLES) | 1 }) {
        let at = pair / per_block * block + pair % per_block;
        if let (Some(a), Some(b)) = (source.get(at), source.get(at + lag * inner)) {
            sum += (a - mean) / deviation * ((b - mean) / deviation);
            count += 1;
        }
    }
    (count > 0 && deviation > 0.0).then(|| sum / count as f64)
}
