//! The method as its users see it.

use super::*;
use crate::api::{Checked, Tensor};
use crate::shared::testing::*;

fn along(axis: i64) -> Params {
    Params { axis: Axis::Along(axis), ..Params::default() }
}

#[test]
fn every_type_and_shape_comes_back_within_its_bound() {
    for shape in SHAPES.into_iter().filter(|shape| !shape.is_empty()) {
        for tensor in every_type(shape) {
            for bound in [0.0, 0.4, 1.0, 7.3] {
                let (payload, decoded) = round_trip::<HaarPair>(&Params::default(), Target::MaxAbs(bound), &tensor);
                assert_within(&tensor, &decoded, bound, &format!("{shape:?} {}", tensor.dtype()));
                assert!(!tensor.view().is_empty() || payload.is_empty());
            }
        }
    }
}

#[test]
fn awkward_values_and_bounds_near_the_last_place_are_kept() {
    check_awkward_values::<HaarPair>(&Params::default());
    check_tight_bounds::<HaarPair>(&along(0));
    check_not_finite::<HaarPair>(&Params::default());
}

#[test]
fn a_mean_square_error_is_met_from_below() {
    check_mean_error::<HaarPair>(&Params::default());
}

#[test]
fn hostile_bytes_are_survived() {
    for target in [Target::Lossless, Target::MaxAbs(0.1), Target::Rmse(0.1), Target::Native] {
        check_hostile_bytes::<HaarPair>(&[Params::default(), along(-2)], target);
    }
}

#[test]
fn everything_comes_back_exactly_along_any_axis() {
    for shape in SHAPES.into_iter().filter(|shape| !shape.is_empty()) {
        let extremes = [
            tensor::<i32>(shape, |i| if i % 3 == 0 { i32::MIN } else { i32::MAX - i as i32 }),
            tensor::<u64>(shape, |i| if i % 2 == 0 { 0 } else { u64::MAX - i as u64 }),
            tensor::<i64>(shape, |i| ((i as i64 - 50) * (i as i64)) << 33),
            tensor::<f64>(shape, |i| f64::from_bits((i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))),
            tensor::<f32>(shape, |i| [0.0, -0.0, f32::MIN, f32::MAX, f32::INFINITY, 1e-45][i % 6]),
        ];
        for tensor in every_type(shape).into_iter().chain(extremes) {
            let axes = (0..shape.len() as i64).map(along).chain([Params::default()]);
            for params in axes {
                let (payload, decoded) = round_trip::<HaarPair>(&params, Target::Lossless, &tensor);
                let bits = |tensor: &Tensor| for_dtype!(Tensor, tensor, array => array.iter().map(|x| Element::to_bits(*x)).collect::<Vec<_>>());
                assert_eq!(bits(&decoded), bits(&tensor), "{shape:?} {} {params:?}", tensor.dtype());
                let plain = tensor.dtype().size() * shape.iter().product::<usize>();
                assert!(payload.len() <= plain + 1, "{} bytes of {plain}", payload.len());
            }
        }
    }
}

#[test]
fn half_of_the_numbers_are_dropped_in_either_basis() {
    let values = [1.0f32, 3.0, 10.0, -2.0, 5.0];
    let tensor = tensor::<f32>(&[5], |i| values[i]);
    let decoded = |keep| match round_trip::<HaarPair>(&Params { keep, ..along(0) }, Target::Native, &tensor).1 {
        Tensor::F32(array) => array.into_iter().collect::<Vec<f32>>(),
        _ => Vec::new(),
    };
    assert_eq!(decoded(Keep::Average), [2.0, 2.0, 4.0, 4.0, 5.0]);
    assert_eq!(decoded(Keep::First), [1.0, 0.0, 10.0, 0.0, 5.0]);
    for shape in SHAPES.into_iter().filter(|shape| !shape.is_empty()) {
        for tensor in every_type(shape) {
            let (_, decoded) = round_trip::<HaarPair>(&Params::default(), Target::Native, &tensor);
            assert_eq!(decoded.shape(), tensor.shape());
        }
    }
}

#[test]
fn averages_do_not_overflow() {
    assert_eq!((average(i64::MAX, i64::MAX - 1), average(i64::MIN, i64::MIN + 1)), (i64::MAX - 1, i64::MIN));
    assert_eq!((average(u64::MAX, u64::MAX - 2), average(3u8, 4), average(-3i8, -4)), (u64::MAX - 1, 3, -4));
    assert_eq!((average(f64::MAX, f64::MAX), average(f32::MAX, 0.0)), (f64::MAX, f32::MAX / 2.0));
}

#[test]
fn a_smooth_picture_takes_less_than_its_differences() {
    let picture = tensor::<u8>(&[64, 64], |i| (128.0 + wave(i / 64) + wave(i % 64)) as u8);
    assert!(round_trip::<HaarPair>(&Params::default(), Target::Lossless, &picture).0.len() < 64 * 64 / 4);
    let constant = tensor::<f64>(&[60, 70], |_| 273.15);
    assert!(round_trip::<HaarPair>(&Params::default(), Target::Lossless, &constant).0.len() < 40);
}

#[test]
fn what_is_outside_the_capabilities_is_refused_by_name() {
    let refused = |params: Params, target| Checked::<HaarPair>::new(params, target).expect_err("outside").to_string();
    assert!(refused(Params::default(), Target::BitsPerValue(1.0)).contains("bpv"));
    assert!(refused(Params { keep: Keep::First, ..along(0) }, Target::MaxAbs(1.0)).contains("`keep`"));
    let method = Checked::<HaarPair>::new(along(2), Target::Lossless).expect("checked with the data");
    let error = method.compress(Tensor::zeros(DType::F32, &[3, 4]).view(), &mut Vec::new()).expect_err("no axis 2");
    assert!(error.to_string().contains("`axis`"), "{error}");
}
