//! Distances between the distributions of two arrays, from their sorted values.

use codecbench_methods::api::{Element, TensorRef, View};
use codecbench_methods::{for_dtype, with_element};

use super::original::Scaled;
use super::sum::sums;

/// Values in ascending order, as unsigned keys of the same order: half the memory of `f64` for most types, and a radix
/// sort sorts them.
#[derive(Debug)]
pub(super) enum Sorted {
    Narrow(Vec<u32>),
    Wide(Vec<u64>),
}

impl Sorted {
    /// Sorts the values at the places that `valid` names. A negative zero counts as zero, a NaN as infinity.
    pub fn new(tensor: &TensorRef<'_>, valid: Option<&[bool]>) -> Self {
        for_dtype!(TensorRef, tensor, view => {
            let keys = keys(view, valid);
            if view_size(view) <= 4 {
                Sorted::Narrow(radix_sort(keys.map(|key| key as u32).collect(), 4))
            } else {
                Sorted::Wide(radix_sort(keys.collect(), 8))
            }
        })
    }

    fn len(&self) -> usize {
        match self {
            Sorted::Narrow(keys) => keys.len(),
            Sorted::Wide(keys) => keys.len(),
        }
    }

    #[inline(always)]
    fn key(&self, at: usize) -> u64 {
        match self {
            Sorted::Narrow(keys) => u64::from(keys[at]),
            Sorted::Wide(keys) => keys[at],
        }
    }
}

fn view_size<T: Element>(_: &View<'_, T>) -> usize {
    T::DTYPE.size()
}

fn keys<'a, T: Element>(view: &'a View<'_, T>, valid: Option<&'a [bool]>) -> impl Iterator<Item = u64> + 'a {
    let present = move |&(at, _): &(usize, &T)| valid.is_none_or(|valid| valid[at]);
    view.data().iter().enumerate().filter(present).map(|(_, &value)| key(value))
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

trait Key: Copy + Default + Ord {
    fn digit(self, pass: usize) -> usize;
}

impl Key for u32 {
    #[inline(always)]
    fn digit(self, pass: usize) -> usize {
        (self >> (8 * pass)) as usize & 0xff
    }
}

impl Key for u64 {
    #[inline(always)]
    fn digit(self, pass: usize) -> usize {
        (self >> (8 * pass)) as usize & 0xff
    }
}

/// Least significant digit first; a digit that is the same in all keys costs nothing.
fn radix_sort<K: Key>(mut keys: Vec<K>, digits: usize) -> Vec<K> {
    if keys.len() < 1024 {
        keys.sort_unstable();
        return keys;
    }
    let mut counts = vec![[0usize; 256]; digits];
    for key in &keys {
        for (pass, counts) in counts.iter_mut().enumerate() {
            counts[key.digit(pass)] += 1;
        }
    }
    let mut other = vec![K::default(); keys.len()];
    for (pass, counts) in counts.iter_mut().enumerate() {
        if counts.contains(&keys.len()) {
            continue;
        }
        let mut start = 0;
        for count in counts.iter_mut() {
            start += std::mem::replace(count, start);
        }
        for &key in &keys {
            let place = &mut counts[key.digit(pass)];
            other[*place] = key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut other);
    }
    keys
}

/// Two-sample Kolmogorov-Smirnov statistic: sup |F - G|. The arrays have as many values each.
pub(super) fn kolmogorov_smirnov(x: &Sorted, y: &Sorted) -> f64 {
    let n = x.len();
    let (mut i, mut j, mut largest) = (0, 0, 0);
    while i < n && j < n {
        let value = x.key(i).min(y.key(j));
        while i < n && x.key(i) == value {
            i += 1;
        }
        while j < n && y.key(j) == value {
            j += 1;
        }
        largest = largest.max(i.abs_diff(j));
    }
    largest as f64 / n as f64
}

/// First Wasserstein distance, the integral of |F - G|, divided by the range of x: for as many values in both arrays it
/// is the mean distance of the values of equal rank (Vallender 1974).
pub(super) fn wasserstein(x: &Sorted, y: &Sorted, original: &Scaled, tensor: &TensorRef<'_>) -> f64 {
    let inverse = original.inverse();
    let distance = with_element!(tensor.dtype(), T => {
        sums(x.len(), &|at| [Element::abs_diff(unkey::<T>(x.key(at)), unkey::<T>(y.key(at))) * inverse])[0]
    });
    distance / x.len() as f64 / original.range
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
        (0..sorted.len()).map(|at| unkey::<T>(sorted.key(at))).collect()
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
        let zeros = sorted(&[0.0f32, -0.0]);
        assert_eq!(zeros.key(0), zeros.key(1));
        assert_eq!(values::<f64>(&sorted(&[f64::NAN, 1.0])), [1.0, f64::INFINITY]);
    }

    #[test]
    fn the_ks_distance_counts_values_on_either_side() {
        // F steps at 1, 2, 3, 4 and G at 3, 4, 5, 6: they differ most between 2 and 3, by 2 of 4.
        assert_eq!(kolmogorov_smirnov(&sorted(&[1u8, 2, 3, 4]), &sorted(&[6u8, 5, 4, 3])), 0.5);
        assert_eq!(kolmogorov_smirnov(&sorted(&[1.0f64, 1.0]), &sorted(&[1.0f64, 1.0])), 0.0);
    }
}
