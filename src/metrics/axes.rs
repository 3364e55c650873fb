//! Metrics along the axes: autocorrelation of the error, error of the gradient; and, in the same pass, correlation.

use std::ops::Range;

use super::source::Source;
use super::sum::{BLOCK, blocks, blocks_with, pairs, total};
use super::wide::wide;

/// Axes beyond this many have no place in a pass: `ndarray` shapes of data sets are far below.
const RANK: usize = 16;

/// Pairs of elements `distance` apart along one axis: element `i` with `i + offset`.
#[derive(Clone, Copy, Debug)]
struct Pairs {
    /// Flat indices after which the pattern repeats, and how many of them, from the first, begin a pair.
    period: usize,
    run: usize,
    offset: usize,
}

impl Pairs {
    /// One entry per axis of `shape` (C order) that is longer than `distance`.
    fn along_axes(shape: &[usize], distance: usize) -> Vec<Pairs> {
        let elements: usize = shape.iter().product();
        let longer = (0..shape.len()).filter(|&axis| shape[axis] > distance && elements > 0);
        let pairs = longer.map(|axis| {
            let stride: usize = shape[axis + 1..].iter().product();
            Pairs { period: shape[axis] * stride, run: (shape[axis] - distance) * stride, offset: distance * stride }
        });
        pairs.collect()
    }

    /// Pairs in an array of so many elements.
    fn count(&self, elements: usize) -> usize {
        elements / self.period * self.run
    }

    /// Runs of indices in `block` that each begin a pair.
    fn runs(self, block: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let mut start = block.start;
        std::iter::from_fn(move || {
            let within = start % self.period;
            if within >= self.run {
                start += self.period - within;
            }
            let end = (start - start % self.period + self.run).min(block.end);
            let run = start..end;
            start = end;
            (run.start < block.end).then_some(run)
        })
    }
}

/// What one pass over the errors finds. Errors are taken less their mean, and 0 where a value is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Structure {
    /// Sum of squares of the error, and of the error times the original less its mean.
    pub square: f64,
    pub product: f64,
    /// Lag-1 autocorrelation, the largest over the axes: the sum over neighbours over the sum of squares (Box and
    /// Jenkins). `None` without an axis of two elements or more, or without variance.
    pub autocorrelation: Option<f64>,
    /// Root mean square error of the central differences over all axes, scaled units. Differences across a missing value
    /// are left out; `None` stands for none at all.
    pub gradient: Option<f64>,
}

/// The means that [`structure`] takes off, scaled units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Means {
    pub original: f64,
    pub error: f64,
}

/// One pass over the errors of an array, which must all be finite.
///
/// # Panics
/// For arrays of more than sixteen axes.
pub(super) fn structure(source: &dyn Source, shape: &[usize], means: Means) -> Structure {
    let elements: usize = shape.iter().product();
    let (neighbours, slopes) = (Pairs::along_axes(shape, 1), Pairs::along_axes(shape, 2));
    assert!(shape.len() <= RANK, "{} axes", shape.len());
    let errors = || Window { source, elements, mean: means.error, start: 0, values: Vec::new(), other: Vec::new() };
    let parts = blocks_with(elements, errors, |errors, block| {
        let mut part = [0.0; RANK + 4];
        errors.move_to(&block, shape);
        (part[0], part[1]) = errors.moments(&block, means.original);
        for (pairs, sum) in neighbours.iter().zip(&mut part[4..]) {
            *sum = errors.products(*pairs, &block);
        }
        for &pairs in &slopes {
            let (square, count) = errors.slopes(pairs, &block);
            (part[2], part[3]) = (part[2] + square, part[3] + count);
        }
        part
    });
    let sums = total(parts);
    let [square, product, slope, counted, ref lagged @ ..] = sums;
    let count = if source.valid().is_some() { counted } else { slopes.iter().map(|p| p.count(elements) as f64).sum() };
    let largest = lagged[..neighbours.len()].iter().map(|sum| sum / square).reduce(f64::max);
    Structure {
        square,
        product,
        autocorrelation: largest.filter(|_| square > 0.0 && square.is_finite()),
        gradient: (count > 0.0).then(|| (slope / count).sqrt()),
    }
}

/// The errors of a block and of what follows it, as far as its pairs reach at a small distance.
struct Window<'a> {
    source: &'a dyn Source,
    elements: usize,
    mean: f64,
    start: usize,
    values: Vec<f64>,
    /// The original's values in the block, or errors farther on.
    other: Vec<f64>,
}

impl Window<'_> {
    fn move_to(&mut self, block: &Range<usize>, shape: &[usize]) {
        let strides = (0..shape.len()).map(|axis| 2 * shape[axis + 1..].iter().product::<usize>());
        let reach = strides.filter(|&reach| reach <= BLOCK / 2).max().unwrap_or(0);
        let mut values = std::mem::take(&mut self.values);
        self.load(block.start, block.len() + reach, &mut values);
        (self.start, self.values) = (block.start, values);
    }

    /// Errors less their mean from `start` on, `length` of them or as many as there are.
    fn load(&self, start: usize, length: usize, values: &mut Vec<f64>) {
        values.resize(length.min(self.elements - start), 0.0);
        self.source.error(start, values);
        match self.source.valid() {
            None => wide(
                #[inline(always)]
                || values.iter_mut().for_each(|value| *value -= self.mean),
            ),
            Some(valid) => {
                let present = values.iter_mut().zip(&valid[start..]).filter(|(_, valid)| **valid);
                present.for_each(|(value, _)| *value -= self.mean);
            }
        }
    }

    fn moments(&mut self, block: &Range<usize>, mean: f64) -> (f64, f64) {
        let errors = &self.values[..block.len()];
        self.other.resize(block.len(), 0.0);
        self.source.original(block.start, &mut self.other);
        (pairs(errors, errors, |e, _| e * e), pairs(errors, &self.other, |e, x| e * (x - mean)))
    }

    /// Calls `with` with the errors on either side of each pair that begins in a block, run by run.
    fn each_run(&mut self, pairs: Pairs, block: &Range<usize>, mut with: impl FnMut(Range<usize>, &[f64], &[f64])) {
        let near = pairs.offset + block.len() <= self.values.len() || pairs.offset <= self.values.len() - block.len();
        let mut far = std::mem::take(&mut self.other);
        if !near && block.start + pairs.offset < self.elements {
            self.load(block.start + pairs.offset, block.len(), &mut far);
        }
        for run in pairs.runs(block.clone()) {
            let at = run.start - self.start;
            let (first, from) = (&self.values[at..at + run.len()], if near { at + pairs.offset } else { at });
            let second = if near { &self.values[from..from + run.len()] } else { &far[from..from + run.len()] };
            with(run, first, second);
        }
        self.other = far;
    }

    fn products(&mut self, along: Pairs, block: &Range<usize>) -> f64 {
        let mut sum = 0.0;
        self.each_run(along, block, |_, a, b| sum += pairs(a, b, |a, b| a * b));
        sum
    }

    /// Sum of the squares of central differences, and, where values may be missing, how many there are.
    fn slopes(&mut self, along: Pairs, block: &Range<usize>) -> (f64, f64) {
        let (mut square, mut count) = (0.0, 0.0);
        let slope = |a: f64, b: f64| {
            let half = (b - a) / 2.0;
            half * half
        };
        let source = self.source;
        self.each_run(along, block, |run, a, b| match source.valid() {
            None => square += pairs(a, b, slope),
            Some(valid) => {
                let present = |at: usize| valid[run.start + at] && valid[run.start + at + along.offset];
                for at in (0..run.len()).filter(|&at| present(at)) {
                    (square, count) = (square + slope(a[at], b[at]), count + 1.0);
                }
            }
        });
        (square, count)
    }
}

/// Range of the original's central differences `(x[i + 1] - x[i - 1]) / 2` over all axes, in scaled units; differences
/// across a missing value are left out. `None` where there is none at all.
pub(super) fn gradient_range(source: &dyn Source, shape: &[usize]) -> Option<f64> {
    let elements: usize = shape.iter().product();
    let slopes = Pairs::along_axes(shape, 2);
    let parts = blocks(elements, |block| {
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut first, mut second) = (vec![0.0; block.len()], vec![0.0; block.len()]);
        source.original(block.start, &mut first);
        for &pairs in &slopes {
            let there = (block.start + pairs.offset).min(elements)..(block.end + pairs.offset).min(elements);
            source.original(there.start, &mut second[..there.len()]);
            for at in pairs.runs(block.clone()).flatten() {
                if source.valid().is_none_or(|valid| valid[at] && valid[at + pairs.offset]) {
                    let slope = (second[at - block.start] - first[at - block.start]) / 2.0;
                    (min, max) = (min.min(slope), max.max(slope));
                }
            }
        }
        (min, max)
    });
    let (min, max) = parts.into_iter().reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))?;
    (min <= max).then_some(max - min)
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::{Tensor, TensorRef};
    use ndarray::{ArrayD, IxDyn};

    use super::*;
    use crate::dataset::Kind;
    use crate::metrics::Original;
    use crate::metrics::source::pair;

    fn of(shape: &[usize], x: &[f64], e: &[f64]) -> Structure {
        let tensor = |values: Vec<f64>| Tensor::from(ArrayD::from_shape_vec(IxDyn(shape), values).expect("as many"));
        let (x, y) = (tensor(x.to_vec()), tensor(x.iter().zip(e).map(|(x, e)| x + e).collect()));
        let (original, y): (_, TensorRef<'_>) = (Original::new(x.view(), Kind::Field, None), y.view());
        structure(pair(&original, &y).as_ref(), shape, Means { original: 0.0, error: 0.0 })
    }

    #[test]
    fn pairs_of_a_matrix_stay_within_rows_and_columns() {
        let found = |axis: usize, block: Range<usize>| {
            let pairs = Pairs::along_axes(&[2, 3], 1)[axis];
            pairs.runs(block).flatten().map(|at| (at, at + pairs.offset)).collect::<Vec<_>>()
        };
        assert_eq!(found(0, 0..6), [(0, 3), (1, 4), (2, 5)]);
        assert_eq!(found(1, 0..6), [(0, 1), (1, 2), (3, 4), (4, 5)]);
        assert_eq!(found(1, 1..5), [(1, 2), (3, 4), (4, 5)]);
        assert_eq!(found(1, 5..6), []);
        assert!(Pairs::along_axes(&[4, 0, 2], 1).is_empty() && Pairs::along_axes(&[1, 1], 1).is_empty());
    }

    #[test]
    fn autocorrelation_is_the_largest_over_the_axes() {
        // Columns alternate, rows repeat: along axis 0 the pairs give +2 of 4, along axis 1 they give -2 of 4.
        let error = [1.0, -1.0, 1.0, -1.0];
        let found = |shape: &[usize], error: &[f64]| of(shape, &vec![0.0; error.len()], error).autocorrelation;
        assert_eq!(found(&[2, 2], &error), Some(0.5));
        assert_eq!(found(&[1, 4], &error), Some(-0.75));
        assert_eq!(found(&[4], &[0.0; 4]), None);
        assert_eq!(found(&[1], &[1.0]), None);
    }

    #[test]
    fn blocks_that_end_in_the_middle_of_a_row_lose_no_pair() {
        // Ones everywhere: as many pairs as there are, over as many elements.
        for shape in [&[37][..], &[5000], &[3, 2999], &[7, 2, 1031], &[2, 5000], &[1000, 3, 2, 2]] {
            let n: usize = shape.iter().product();
            let found = of(shape, &vec![0.0; n], &vec![1.0; n]);
            let count = |axis: usize| n / shape[axis] * (shape[axis] - 1);
            let most = (0..shape.len()).map(count).max().expect("axes") as f64;
            assert_eq!(found.autocorrelation, Some(most / n as f64), "{shape:?}");
            assert_eq!((found.square, found.gradient), (n as f64, Some(0.0)));
        }
    }

    #[test]
    fn slopes_reach_across_blocks() {
        // e = i along the first axis: every central difference along it is 1 and along the second 0.
        let shape = [3000, 3];
        let e: Vec<f64> = (0..9000).map(|at| f64::from(at / 3)).collect();
        let (ones, zeros) = (2998.0f64 * 3.0, 3000.0);
        let found = of(&shape, &vec![0.0; 9000], &e).gradient.expect("two axes");
        assert!((found - (ones / (ones + zeros)).sqrt()).abs() < 1e-14);
    }
}
