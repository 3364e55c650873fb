//! SZ3 on what is hard for it, and the layout of its stream.

use super::{Algorithm, Params, Sz3, stream};
use crate::api::{Element, Target};
use crate::shared::testing::{assert_within, round_trip, tensor};

fn field(shape: &[usize]) -> Vec<f32> {
    (0..shape.iter().product::<usize>()).map(|i| 20.0 * libm::sinf(i as f32 * 0.02) + (i % 13) as f32 * 0.01).collect()
}

/// The payload's size, the bound being kept for every value.
fn size<T: Element>(values: &[T], shape: &[usize], bound: f64, algorithm: Algorithm) -> usize {
    let tensor = tensor(shape, |i| values[i]);
    let (payload, back) = round_trip::<Sz3>(&Params { algorithm }, Target::MaxAbs(bound), &tensor);
    assert_within(&tensor, &back, bound, &format!("{shape:?}"));
    payload.len()
}

#[test]
fn every_rank_and_algorithm_keeps_the_bound_and_is_small() {
    for shape in [&[][..], &[1], &[2], &[4000], &[60, 70], &[1, 16, 1, 17, 18], &[5, 6, 7, 8], &[2, 3, 5, 6, 7, 8]] {
        for algorithm in [Algorithm::InterpolationLorenzo, Algorithm::Interpolation] {
            let values = field(shape);
            let bytes = size(&values, shape, 0.1, algorithm);
            assert!(values.len() < 1000 || bytes < values.len() * 2, "{shape:?} {algorithm:?}: {bytes}");
        }
    }
}

#[test]
fn extremes_and_bounds_without_measure_are_survived() {
    let floats = [f32::MAX, f32::MIN, 1e-45, -1e-45, 0.0, -0.0, 1e-38, -3.3e20, 7.0, 7.0, 7.0, 7.5];
    let doubles = floats.map(|value| f64::from(value) * 1e200);
    for bound in [0.0, 5e-324, 1e-45, 1e-9, 1.0, 1e30, f64::MAX] {
        for shape in [&[12][..], &[3, 4], &[2, 3, 2]] {
            size(&floats, shape, bound, Algorithm::InterpolationLorenzo);
            size(&doubles, shape, bound, Algorithm::Interpolation);
        }
    }
}

#[test]
fn the_stream_ends_with_its_bound() {
    let values = field(&[20, 30]);
    let stream = stream::compress(&values, &[20, 30], 0.125, Algorithm::Interpolation).expect("compresses");
    let tail = &stream[stream.len() - stream::TAIL..];
    // The absolute bound behind the algorithm and the kind of bound.
    assert_eq!(tail[2..10], 0.125f64.to_le_bytes());
}
