//! Metrics along the axes: autocorrelation of the error and error of the gradient.

use super::original::Scaled;

/// Pairs of elements `distance` apart along one axis, as contiguous runs: element `start + i` with
/// `start + i + offset`, for `i` below `run`, in each of `blocks` blocks of `block` elements.
struct Pairs {
    blocks: usize,
    block: usize,
    run: usize,
    offset: usize,
}

impl Pairs {
    /// One entry per axis of `shape` (C order) that is longer than `distance`.
    fn along_axes(shape: &[usize], distance: usize) -> impl Iterator<Item = Pairs> {
        let elements: usize = shape.iter().product();
        (0..shape.len()).filter(move |&axis| shape[axis] > distance && elements > 0).map(move |axis| {
            let stride: usize = shape[axis + 1..].iter().product();
            let block = shape[axis] * stride;
            Pairs { blocks: elements / block, block, run: (shape[axis] - distance) * stride, offset: distance * stride }
        })
    }

    fn count(&self) -> usize {
        self.blocks * self.run
    }

    fn starts(&self) -> impl Iterator<Item = usize> {
        let block = self.block;
        (0..self.blocks).map(move |at| at * block)
    }

    /// Sum of a term over the pairs of two slices' elements.
    fn sum(&self, values: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
        let mut total = Compensated::default();
        for start in self.starts() {
            let first = &values[start..start + self.run];
            let second = &values[start + self.offset..start + self.offset + self.run];
            total.add(lanes(first, second, &term));
        }
        total.value()
    }

    /// Calls `visit` with the flat indices of each pair.
    fn each(&self, mut visit: impl FnMut(usize, usize)) {
        for start in self.starts() {
            (start..start + self.run).for_each(|at| visit(at, at + self.offset));
        }
    }
}

/// Eight interleaved lanes: a fixed order that the compiler can still vectorise.
fn lanes(first: &[f64], second: &[f64], term: &impl Fn(f64, f64) -> f64) -> f64 {
    let mut lanes = [0.0; 8];
    let (a, b) = (first.chunks_exact(8), second.chunks_exact(8));
    let rest = a.remainder().iter().zip(b.remainder()).map(|(&a, &b)| term(a, b)).sum::<f64>();
    for (a, b) in a.zip(b) {
        for lane in 0..8 {
            lanes[lane] += term(a[lane], b[lane]);
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// A running sum that keeps what rounding loses (Neumaier 1974).
#[derive(Default)]
struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        self.lost += if self.sum.abs() >= term.abs() { (self.sum - sum) + term } else { (term - sum) + self.sum };
        self.sum = sum;
    }

    fn value(&self) -> f64 {
        // The compensation of an infinite sum is NaN.
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

/// Lag-1 autocorrelation of the error, the largest over the axes; `None` without an axis of two elements or more, or
/// without variance.
///
/// `centred` is the error less its mean, 0 where a value is missing, so that a pair with a missing value adds nothing;
/// `square` is the sum of its squares. The usual estimator: the sum over neighbours over the sum of squares (Box and
/// Jenkins).
pub(super) fn autocorrelation(shape: &[usize], centred: &[f64], square: f64) -> Option<f64> {
    if square == 0.0 || !square.is_finite() {
        return None;
    }
    let along = |pairs: Pairs| pairs.sum(centred, |a, b| a * b) / square;
    Pairs::along_axes(shape, 1).map(along).reduce(f64::max)
}

/// Range of the central differences `(x[i + 1] - x[i - 1]) / 2` over all axes, in scaled units; differences across a
/// missing value are left out. `None` where there is none at all.
pub(super) fn gradient_range(shape: &[usize], original: &Scaled) -> Option<f64> {
    let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
    for pairs in Pairs::along_axes(shape, 2) {
        pairs.each(|a, b| {
            if original.is_valid(a) && original.is_valid(b) {
                let slope = (original.values[b] - original.values[a]) / 2.0;
                (min, max) = (min.min(slope), max.max(slope));
            }
        });
    }
    (min <= max).then_some(max - min)
}

/// Root mean square error of the central differences over all axes, scaled units; `error` is 0 where a value is missing.
/// Differences across a missing value are left out, and `None` stands for none at all.
pub(super) fn gradient_rmse(shape: &[usize], error: &[f64], original: &Scaled) -> Option<f64> {
    let (mut square, mut count) = (0.0, 0);
    for pairs in Pairs::along_axes(shape, 2) {
        match &original.valid {
            None => {
                square += pairs.sum(error, |a, b| ((b - a) / 2.0).powi(2));
                count += pairs.count();
            }
            Some(valid) => {
                let mut total = Compensated::default();
                pairs.each(|a, b| {
                    if valid[a] && valid[b] {
                        total.add(((error[b] - error[a]) / 2.0).powi(2));
                        count += 1;
                    }
                });
                square += total.value();
            }
        }
    }
    (count > 0).then(|| (square / count as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_a_matrix_stay_within_rows_and_columns() {
        let found = |axis: usize| {
            let mut found = Vec::new();
            let pairs = Pairs::along_axes(&[2, 3], 1).nth(axis).expect("both axes have neighbours");
            pairs.each(|a, b| found.push((a, b)));
            found
        };
        assert_eq!(found(0), [(0, 3), (1, 4), (2, 5)]);
        assert_eq!(found(1), [(0, 1), (1, 2), (3, 4), (4, 5)]);
        assert_eq!(Pairs::along_axes(&[4, 0, 2], 1).count(), 0);
        assert_eq!(Pairs::along_axes(&[1, 1], 1).count(), 0);
    }

    #[test]
    fn autocorrelation_is_the_largest_over_the_axes() {
        // Columns alternate, rows repeat: along axis 0 the pairs give +2 of 4, along axis 1 they give -2 of 4.
        let error = [1.0, -1.0, 1.0, -1.0];
        assert_eq!(autocorrelation(&[2, 2], &error, 4.0), Some(0.5));
        assert_eq!(autocorrelation(&[1, 4], &error, 4.0), Some(-0.75));
        assert_eq!(autocorrelation(&[4], &[0.0; 4], 0.0), None);
        assert_eq!(autocorrelation(&[1], &[1.0], 1.0), None);
    }

    #[test]
    fn a_long_run_of_lanes_sums_every_pair_once() {
        let ones = vec![1.0; 37];
        assert_eq!(autocorrelation(&[37], &ones, 37.0), Some(36.0 / 37.0));
    }
}
