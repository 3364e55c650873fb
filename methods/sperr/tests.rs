//! SPERR on what is hard for it.

use super::Sperr;
use crate::api::{Element, Target};
use crate::shared::testing::{assert_within, round_trip, tensor};

fn field(shape: &[usize]) -> Vec<f32> {
    (0..shape.iter().product::<usize>()).map(|i| 20.0 * libm::sinf(i as f32 * 0.02) + (i % 13) as f32 * 0.01).collect()
}

/// The payload's size, the bound being kept for every value.
fn size<T: Element>(values: &[T], shape: &[usize], bound: f64) -> usize {
    let tensor = tensor(shape, |i| values[i]);
    let (payload, back) = round_trip::<Sperr>(&Default::default(), Target::MaxAbs(bound), &tensor);
    assert_within(&tensor, &back, bound, &format!("{shape:?}"));
    payload.len()
}

#[test]
fn every_rank_keeps_the_bound_and_is_small() {
    for shape in
        [&[1][..], &[2], &[7], &[4000], &[60, 70], &[1, 16, 1, 17, 18], &[5, 6, 7, 8], &[2, 3, 500], &[1, 3, 1]]
    {
        let values = field(shape);
        let bytes = size(&values, shape, 0.1);
        assert!(values.len() < 1000 || bytes < values.len() * 2, "{shape:?}: {bytes}");
    }
}

#[test]
fn a_bound_of_a_few_steps_of_the_type_holds_although_the_library_rounds() {
    let values: Vec<f32> = field(&[16, 17, 18]).iter().map(|value| value + 10_000.0).collect();
    // Neighbours from 8192 to 16384 are 2^-10 apart.
    for steps in [0.5, 0.51, 0.75, 1.0, 3.0, 20.0] {
        let bytes = size(&values, &[16, 17, 18], steps / 1024.0);
        assert!(bytes < values.len() * 4, "{steps}: {bytes}");
    }
}

#[test]
fn volumes_of_several_chunks_come_back() {
    let shape = [2, 3, 600];
    assert!(size(&field(&shape), &shape, 1e-3) < 3600 * 4);
}

#[test]
fn extremes_and_bounds_without_measure_are_survived() {
    let floats = [f32::MAX, f32::MIN, 1e-45, -1e-45, 0.0, -0.0, 1e-38, -3.3e20, 7.0, 7.0, 7.0, 7.5];
    let doubles = floats.map(|value| f64::from(value) * 1e200);
    for bound in [0.0, 5e-324, 1e-45, 1e-9, 1.0, 1e30, f64::MAX] {
        for shape in [&[12][..], &[3, 4], &[2, 3, 2]] {
            size(&floats, shape, bound);
            size(&doubles, shape, bound);
            size(&[0f32; 12], shape, bound);
            size(&[5f64; 12], shape, bound);
            size(&[i32::MIN, i32::MAX, 0, -1, 5, 6, 7, 8, 9, 10, 11, 12], shape, bound);
            size(&[0u8, 255, 0, 255, 5, 6, 7, 8, 9, 10, 11, 12], shape, bound);
        }
    }
}
