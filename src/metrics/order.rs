//! Distances between the distributions of two arrays, from their sorted values.

use codecbench_methods::api::{Element, TensorRef, View};
use codecbench_methods::{for_dtype, with_element};
use rayon::prelude::*;

use super::Original;
use super::sort::{self, Key};
use super::sum::sums;

/// Values that one task turns into keys.
const TASK: usize = 1 << 16;
/// Pieces of the distribution functions that are compared side by side.
const PIECES: usize = 16;

/// The distribution of an array's values, as unsigned keys of the same order.
#[derive(Debug)]
pub(super) enum Sorted {
    /// Number of values per key, for types of at most two bytes.
    Counted(Vec<u64>),
    /// Keys in ascending order, for types of four bytes.
    Narrow(Vec<u32>),
    /// Keys in ascending order, for types of eight bytes.
    Wide(Vec<u64>),
}

impl Sorted {
    /// Sorts the values at the places that `valid` names. A negative zero counts as zero, a NaN as infinity.
    pub fn new(tensor: &TensorRef<'_>, valid: Option<&[bool]>) -> Self {
        for_dtype!(TensorRef, tensor, view => match tensor.dtype().size() {
            1 | 2 => Sorted::Counted(counted(view, valid)),
            4 => Sorted::Narrow(sort::sorted(keys(view, valid, |key| key as u32))),
            _ => Sorted::Wide(sort::sorted(keys(view, valid, |key| key))),
        })
    }
}

fn keys<T: Element, K: Key>(view: &View<'_, T>, valid: Option<&[bool]>, narrow: impl Fn(u64) -> K + Sync) -> Vec<K> {
    let data = view.data().par_iter().with_min_len(TASK);
    match valid {
        None => data.map(|&value| narrow(key(value))).collect(),
        Some(valid) => {
            let present = data.zip(valid).filter(|(_, valid)| **valid);
            present.map(|(&value, _)| narrow(key(value))).collect()
        }
    }
}

fn counted<T: Element>(view: &View<'_, T>, valid: Option<&[bool]>) -> Vec<u64> {
    let kinds = 1usize << (8 * T::DTYPE.size());
    let count = |(piece, data): (usize, &[T])| {
        let mut counts = vec![0u64; kinds];
        let valid = valid.map(|valid| &valid[piece * TASK * 16..]);
        for (at, &value) in data.iter().enumerate() {
            counts[key(value) as usize] += u64::from(valid.is_none_or(|valid| valid[at]));
        }
        counts
    };
    let add = |a: Vec<u64>, b: Vec<u64>| a.iter().zip(&b).map(|(a, b)| a + b).collect();
    view.data().par_chunks(TASK * 16).enumerate().map(count).reduce(|| vec![0; kinds], add)
}

const fn sign_bit<T: Element>() -> u64 {
    1 << (8 * T::DTYPE.size() - 1)
}

/// An unsigned number that orders as the value does.
#[inline(always)]
fn key<T: Element>(value: T) -> u64 {
    let sign = sign_bit::<T>();
    let mask = sign | (sign - 1);
    if !T::DTYPE.is_float() {
        let signed = T::from_bits(mask).to_f64() < 0.0;
        return if signed { value.to_bits() ^ sign } else { value.to_bits() };
    }
    // NaN is not equal to itself; adding nothing but the zero's sign changes no other value.
    let infinity = T::from_f64(f64::INFINITY);
    let value = if value.partial_cmp(&value).is_none() { infinity } else { value };
    let bits = if value == T::default() { 0 } else { value.to_bits() };
    if bits & sign == 0 { bits | sign } else { !bits & mask }
}

/// The value that a key stands for.
#[inline(always)]
fn unkey<T: Element>(key: u64) -> T {
    let sign = sign_bit::<T>();
    let mask = sign | (sign - 1);
    if !T::DTYPE.is_float() {
        let signed = T::from_bits(mask).to_f64() < 0.0;
        return T::from_bits(if signed { key ^ sign } else { key });
    }
    T::from_bits(if key & sign != 0 { key ^ sign } else { !key & mask })
}

/// Two-sample Kolmogorov-Smirnov statistic: sup |F - G|. The arrays have as many values each.
pub(super) fn kolmogorov_smirnov(x: &Sorted, y: &Sorted) -> f64 {
    let (largest, count) = match (x, y) {
        (Sorted::Counted(x), Sorted::Counted(y)) => {
            (apart(x, y).map(i64::unsigned_abs).max().unwrap_or(0), x.iter().sum::<u64>())
        }
        (Sorted::Narrow(x), Sorted::Narrow(y)) => (furthest(x, y) as u64, x.len() as u64),
        (Sorted::Wide(x), Sorted::Wide(y)) => (furthest(x, y) as u64, x.len() as u64),
        _ => unreachable!("both arrays have the same dtype"),
    };
    largest as f64 / count as f64
}

/// By key, how many more values of x than of y are at or below it.
fn apart(x: &[u64], y: &[u64]) -> impl Iterator<Item = i64> {
    x.iter().zip(y).scan(0i64, |ahead, (&x, &y)| {
        *ahead += x as i64 - y as i64;
        Some(*ahead)
    })
}

/// The largest difference of the numbers of keys at or below a value.
fn furthest<K: Key>(x: &[K], y: &[K]) -> usize {
    let cut = |piece: usize| {
        let Some(value) = x.get(piece * x.len() / PIECES) else { return (x.len(), y.len()) };
        (x.partition_point(|key| key < value), y.partition_point(|key| key < value))
    };
    let one = |piece: usize| {
        let ((mut i, mut j), (x_end, y_end)) = (cut(piece), cut(piece + 1));
        let mut largest = x_end.abs_diff(y_end);
        while i < x_end && j < y_end {
            // Among equal keys the difference only moves from what it was before them to what it is behind them.
            let (a, b) = (x[i], y[j]);
            i += usize::from(a <= b);
            j += usize::from(b <= a);
            largest = largest.max(i.abs_diff(j));
        }
        largest
    };
    (0..PIECES).into_par_iter().map(one).max().unwrap_or(0)
}

/// First Wasserstein distance, the integral of |F - G|, divided by the range of x: for as many values in both arrays it
/// is the mean distance of the values of equal rank (Vallender 1974).
pub(super) fn wasserstein(x: &Sorted, y: &Sorted, original: &Original<'_>) -> f64 {
    let (dtype, inverse) = (original.tensor.dtype(), original.inverse());
    let distance = match (x, y) {
        // Neighbouring keys of these types are one apart.
        (Sorted::Counted(x), Sorted::Counted(y)) => apart(x, y).map(i64::unsigned_abs).sum::<u64>() as f64 * inverse,
        (Sorted::Narrow(x), Sorted::Narrow(y)) => with_element!(dtype, T => distance::<T, u32>(x, y, inverse)),
        (Sorted::Wide(x), Sorted::Wide(y)) => with_element!(dtype, T => distance::<T, u64>(x, y, inverse)),
        _ => unreachable!("both arrays have the same dtype"),
    };
    distance / original.count as f64 / original.range
}

fn distance<T: Element, K: Key>(x: &[K], y: &[K], inverse: f64) -> f64 {
    let term = |at: usize| [Element::abs_diff(unkey::<T>(x[at].wide()), unkey::<T>(y[at].wide())) * inverse];
    sums(x.len(), &term)[0]
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::Tensor;
    use ndarray::Array1;

    use super::*;

    fn sorted<T: Element>(data: &[T]) -> Sorted
    where
        Tensor: From<ndarray::ArrayD<T>>,
    {
        let tensor = Tensor::from(Array1::from(data.to_vec()).into_dyn());
        Sorted::new(&tensor.view(), None)
    }

    fn values<T: Element>(sorted: &Sorted) -> Vec<T> {
        match sorted {
            Sorted::Counted(counts) => {
                let repeated =
                    counts.iter().enumerate().map(|(key, &count)| vec![unkey::<T>(key as u64); count as usize]);
                repeated.flatten().collect()
            }
            Sorted::Narrow(keys) => keys.iter().map(|&key| unkey::<T>(key.wide())).collect(),
            Sorted::Wide(keys) => keys.iter().map(|&key| unkey::<T>(key)).collect(),
        }
    }

    #[test]
    fn values_come_out_in_ascending_order() {
        assert_eq!(values::<f32>(&sorted(&[2.5f32, -1.0, 0.0, -3e9])), [-3e9, -1.0, 0.0, 2.5]);
        assert_eq!(values::<i16>(&sorted(&[5i16, -7, i16::MIN, i16::MAX])), [i16::MIN, -7, 5, i16::MAX]);
        assert_eq!(values::<u64>(&sorted(&[u64::MAX, 0, 9])), [0, 9, u64::MAX]);
        let many: Vec<i64> = (0..5000).map(|at| (at * 7919 % 5000) - 2500).collect();
        assert_eq!(values::<i64>(&sorted(&many)), (-2500..2500).collect::<Vec<i64>>());
        let real: Vec<f64> = many.iter().map(|&value| value as f64 * 0.37).collect();
        assert!(values::<f64>(&sorted(&real)).is_sorted());
    }

    #[test]
    fn both_zeros_are_one_value_and_nan_sorts_last() {
        let Sorted::Narrow(zeros) = sorted(&[0.0f32, -0.0]) else { panic!("four bytes") };
        assert_eq!(zeros[0], zeros[1]);
        assert_eq!(values::<f64>(&sorted(&[f64::NAN, 1.0])), [1.0, f64::INFINITY]);
    }

    #[test]
    fn the_ks_distance_counts_values_on_either_side() {
        // F steps at 1, 2, 3, 4 and G at 3, 4, 5, 6: they differ most between 2 and 3, by 2 of 4.
        assert_eq!(kolmogorov_smirnov(&sorted(&[1u8, 2, 3, 4]), &sorted(&[6u8, 5, 4, 3])), 0.5);
        assert_eq!(kolmogorov_smirnov(&sorted(&[1.0f64, 1.0]), &sorted(&[1.0f64, 1.0])), 0.0);
    }

    #[test]
    fn the_ks_distance_of_many_values_is_that_of_their_definition() {
        let values = |factor: i64| (0..3000i64).map(|at| at * at % 1009 * factor / 7).collect::<Vec<_>>();
        for (x, y) in [(values(7), values(8)), (values(1), values(2)), (values(5), vec![3; 3000])] {
            let below = |values: &[i64], limit: i64| values.iter().filter(|&&value| value <= limit).count();
            let steps = x.iter().chain(&y);
            let expected = steps.map(|&at| below(&x, at).abs_diff(below(&y, at))).max().expect("values");
            let found = kolmogorov_smirnov(&sorted(&x), &sorted(&y));
            assert_eq!(found, expected as f64 / 3000.0);
            let (x, y) = (narrowed(&x), narrowed(&y));
            assert_eq!(kolmogorov_smirnov(&sorted(&x), &sorted(&y)), found, "counted");
        }
    }

    fn narrowed(values: &[i64]) -> Vec<i16> {
        values.iter().map(|&value| value as i16).collect()
    }
}
