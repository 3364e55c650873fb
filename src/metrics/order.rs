//! Distances between the distributions of two arrays, from their sorted values.

use std::ops::Range;

use codecbench_methods::api::{Element, TensorRef, View};
use codecbench_methods::for_dtype;
use rayon::prelude::*;

use super::Original;
use super::ranks::{self, Apart, Ranked};
use super::sort::{self, Key, Read};
use super::wide::wide;

/// Values that one task counts.
const TASK: usize = 1 << 20;

/// The distribution of an array's values, as unsigned keys of the same order.
#[derive(Debug)]
pub(super) enum Sorted {
    /// Number of values per key, for types of at most two bytes.
    Counted(Vec<u64>),
    /// Keys in ascending order, for types of four bytes.
    Narrow(Ranked<u32>),
    /// Keys in ascending order, for types of eight bytes.
    Wide(Ranked<u64>),
}

impl Sorted {
    /// Sorts the values at the places that `valid` names. A negative zero counts as zero, a NaN as infinity.
    pub fn new(tensor: &TensorRef<'_>, valid: Option<&[bool]>) -> Self {
        let length = tensor.len();
        for_dtype!(TensorRef, tensor, view => match tensor.dtype().size() {
            1 | 2 => Sorted::Counted(counted(view, valid)),
            4 => Sorted::Narrow(Ranked::new(sort::sorted(length, &keys(view, valid)))),
            _ => Sorted::Wide(Ranked::new(sort::sorted(length, &keys(view, valid)))),
        })
    }
}

/// Reads the keys of an array's values.
fn keys<'a, T: Element, K: Key + 'a>(view: &'a View<'_, T>, valid: Option<&'a [bool]>) -> impl Read<K> + 'a {
    let data = view.data();
    move |range: Range<usize>, keys: &mut [K]| {
        let data = &data[range.clone()];
        wide(
            #[inline(always)]
            || {
                for (to, &value) in keys.iter_mut().zip(data) {
                    *to = K::narrow(key(value));
                }
            },
        );
        let Some(valid) = valid else { return range.len() };
        let mut kept = 0;
        for at in (0..range.len()).filter(|&at| valid[range.start + at]) {
            keys[kept] = keys[at];
            kept += 1;
        }
        kept
    }
}

fn counted<T: Element>(view: &View<'_, T>, valid: Option<&[bool]>) -> Vec<u64> {
    let kinds = 1usize << (8 * T::DTYPE.size());
    let count = |(piece, data): (usize, &[T])| {
        let mut counts = vec![0u64; kinds];
        let valid = valid.map(|valid| &valid[piece * TASK..]);
        for (at, &value) in data.iter().enumerate() {
            counts[key(value) as usize] += u64::from(valid.is_none_or(|valid| valid[at]));
        }
        counts
    };
    let add = |a: Vec<u64>, b: Vec<u64>| a.iter().zip(&b).map(|(a, b)| a + b).collect();
    view.data().par_chunks(TASK).enumerate().map(count).reduce(|| vec![0; kinds], add)
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

/// Compares the distribution of what came back with that of the original; distances in scaled units.
pub(super) fn apart(original: &Original<'_>, decoded: &TensorRef<'_>) -> Apart {
    let (valid, inverse) = (original.valid.as_deref(), original.inverse());
    for_dtype!(TensorRef, decoded, y => compare(original.sorted(), y, valid, inverse))
}

fn compare<T: Element>(x: &Sorted, y: &View<'_, T>, valid: Option<&[bool]>, inverse: f64) -> Apart {
    let length = y.data().len();
    match x {
        Sorted::Counted(x) => by_count(x, &counted(y, valid), inverse),
        Sorted::Narrow(x) => ranks::apart(x, length, &keys(y, valid), |x, y| distance::<T, _>(x, y) * inverse),
        Sorted::Wide(x) => ranks::apart(x, length, &keys(y, valid), |x, y| distance::<T, _>(x, y) * inverse),
    }
}

#[inline(always)]
fn distance<T: Element, K: Key>(x: K, y: K) -> f64 {
    Element::abs_diff(unkey::<T>(x.wide()), unkey::<T>(y.wide()))
}

/// From the number of values per key. Neighbouring keys of these types are one apart.
fn by_count(x: &[u64], y: &[u64], inverse: f64) -> Apart {
    let (mut ahead, mut furthest, mut distance) = (0i64, 0, 0);
    for (&x, &y) in x.iter().zip(y) {
        ahead += x as i64 - y as i64;
        furthest = furthest.max(ahead.unsigned_abs());
        distance += ahead.unsigned_abs();
    }
    Apart { furthest: furthest as usize, distance: distance as f64 * inverse }
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
            Sorted::Narrow(ranked) => ranked.keys.iter().map(|&key| unkey::<T>(key.wide())).collect(),
            Sorted::Wide(ranked) => ranked.keys.iter().map(|&key| unkey::<T>(key)).collect(),
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
        assert_eq!(zeros.keys[0], zeros.keys[1]);
        assert_eq!(values::<f64>(&sorted(&[f64::NAN, 1.0])), [1.0, f64::INFINITY]);
    }

    fn kolmogorov_smirnov<T: Element>(x: &[T], y: &[T]) -> f64
    where
        Tensor: From<ndarray::ArrayD<T>>,
    {
        let view = View::from_slice(&[y.len()], y).expect("one axis");
        compare(&sorted(x), &view, None, 1.0).furthest as f64 / x.len() as f64
    }

    #[test]
    fn the_ks_distance_counts_values_on_either_side() {
        // F steps at 1, 2, 3, 4 and G at 3, 4, 5, 6: they differ most between 2 and 3, by 2 of 4.
        assert_eq!(kolmogorov_smirnov(&[1u8, 2, 3, 4], &[6u8, 5, 4, 3]), 0.5);
        assert_eq!(kolmogorov_smirnov(&[1.0f64, 1.0], &[1.0f64, 1.0]), 0.0);
    }

    #[test]
    fn the_ks_distance_of_many_values_is_that_of_their_definition() {
        let values = |factor: i64| (0..3000i64).map(|at| at * at % 1009 * factor / 7).collect::<Vec<_>>();
        for (x, y) in [(values(7), values(8)), (values(1), values(2)), (values(5), vec![3; 3000])] {
            let below = |values: &[i64], limit: i64| values.iter().filter(|&&value| value <= limit).count();
            let steps = x.iter().chain(&y);
            let expected = steps.map(|&at| below(&x, at).abs_diff(below(&y, at))).max().expect("values");
            let found = kolmogorov_smirnov(&x, &y);
            assert_eq!(found, expected as f64 / 3000.0);
            let (x, y) = (narrowed(&x), narrowed(&y));
            assert_eq!(kolmogorov_smirnov(&x, &y), found, "counted");
        }
    }

    fn narrowed(values: &[i64]) -> Vec<i16> {
        values.iter().map(|&value| value as i16).collect()
    }
}
