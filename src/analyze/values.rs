//! The values of an array, wherever they stand.

use codecbench_methods::api::Element;
use serde::Serialize;

use super::code::{Code, entropy};
use super::{Lattice, Source, lattice, stride};

/// What values are like. Shares are of all values looked at, missing ones included.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ValueStudy {
    /// Values looked at: all, or a regular sample.
    pub looked_at: usize,
    /// Share of NaN.
    pub nan: f64,
    /// Share of infinities.
    pub infinite: f64,
    /// Share of the fill value.
    pub fill: f64,
    /// Share of zeros.
    pub zeros: f64,
    /// Share of values below zero.
    pub negative: f64,
    /// Share at or below the sparsity threshold, where the data set has one.
    pub below_threshold: Option<f64>,
    /// Smallest value that is not missing; this and the next four are absent if all are.
    pub minimum: Option<f64>,
    /// Largest value.
    pub maximum: Option<f64>,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation of the values themselves (divided by their number).
    pub std: Option<f64>,
    /// Distinct values among those looked at.
    pub distinct: usize,
    /// Entropy of the values, bits per value: what no coder that takes each by itself goes below.
    pub entropy: f64,
    /// What the entropy would be were all values looked at different: near it, the sample is too small to tell.
    pub entropy_ceiling: f64,
    /// The step that all values are multiples of, if there is one.
    pub lattice: Option<Lattice>,
    /// Share of rows (along the last axis) that equal the row before, bit for bit; absent with one row.
    pub repeated_rows: Option<f64>,
}

/// Looks at values; also says how they are best seen as whole numbers.
pub fn look<T: Element>(source: &Source<'_, T>, threshold: Option<f64>) -> (ValueStudy, Code) {
    let mut found = ValueStudy { repeated_rows: repeated_rows(source), ..ValueStudy::default() };
    count(source, threshold, &mut found);
    moments(source, &mut found);
    let code = if T::DTYPE.is_float() { floats(source, &mut found) } else { integers(source, &mut found) };
    (found, code)
}

fn count<T: Element>(source: &Source<'_, T>, threshold: Option<f64>, found: &mut ValueStudy) {
    let (mut counts, mut below) = ([0usize; 5], 0usize);
    for at in source.places() {
        let value = source.data[at].to_f64();
        found.looked_at += 1;
        let is = [value.is_nan(), value.is_infinite(), Some(value) == source.fill, value == 0.0, value < 0.0];
        counts.iter_mut().zip(is).for_each(|(count, is)| *count += usize::from(is));
        below += usize::from(threshold.is_some_and(|threshold| value <= threshold));
    }
    let share = |count: usize| if found.looked_at == 0 { 0.0 } else { count as f64 / found.looked_at as f64 };
    [found.nan, found.infinite, found.fill, found.zeros, found.negative] = counts.map(share);
    found.below_threshold = threshold.map(|_| share(below));
}

fn moments<T: Element>(source: &Source<'_, T>, found: &mut ValueStudy) {
    let values = || source.places().filter_map(|at| source.get(at));
    let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return;
    }
    // In units of the largest magnitude, so that no sum leaves the range of the type.
    let unit = low.abs().max(high.abs()).max(f64::MIN_POSITIVE);
    let (sum, count) = values().fold((0.0, 0.0), |(sum, count), x| (sum + x / unit, count + 1.0));
    let mean = sum / count;
    let square = values().fold(0.0, |sum, x| sum + (x / unit - mean) * (x / unit - mean));
    (found.minimum, found.maximum) = (Some(low), Some(high));
    (found.mean, found.std) = (Some(mean * unit), Some((square / count).sqrt() * unit));
}

/// The numbers that `code` gives the values that are not missing.
fn numbers<T: Element>(source: &Source<'_, T>, code: Code) -> Vec<i64> {
    source.places().filter(|&at| source.get(at).is_some()).map(|at| code.of(source.data[at])).collect()
}

fn integers<T: Element>(source: &Source<'_, T>, found: &mut ValueStudy) -> Code {
    let mut numbers = numbers(source, Code::Integer);
    (found.distinct, found.entropy) = entropy(&mut numbers);
    found.entropy_ceiling = libm::log2(numbers.len().max(1) as f64);
    numbers.dedup();
    found.lattice = if T::DTYPE.size() == 8 { None } else { lattice::find_whole(&numbers) };
    Code::Integer
}

fn floats<T: Element>(source: &Source<'_, T>, found: &mut ValueStudy) -> Code {
    let mut numbers = numbers(source, Code::Bits);
    (found.distinct, found.entropy) = entropy(&mut numbers);
    found.entropy_ceiling = libm::log2(numbers.len().max(1) as f64);
    let mut values: Vec<f64> = source.places().filter_map(|at| source.get(at)).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    // Half a unit in the last place, relative.
    let epsilon = if T::DTYPE.size() == 4 { f64::from(f32::EPSILON) / 2.0 } else { f64::EPSILON / 2.0 };
    found.lattice = lattice::find(&values, epsilon);
    found.lattice.map_or(Code::Bits, Code::Lattice)
}

fn repeated_rows<T: Element>(source: &Source<'_, T>) -> Option<f64> {
    let row = *source.shape.last()?;
    let rows = source.data.len().checked_div(row)?;
    if rows < 2 {
        return None;
    }
    let same = |number: &usize| {
        let [before, here] = [number - 1, *number].map(|number| &source.data[number * row..(number + 1) * row]);
        before.iter().zip(here).all(|(a, b)| a.to_bits() == b.to_bits())
    };
    let looked_at = (1..rows).step_by(stride(source.data.len()));
    let count = looked_at.clone().count() as f64;
    Some(looked_at.filter(same).count() as f64 / count)
}
