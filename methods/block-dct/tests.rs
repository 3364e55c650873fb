//! The method as its users see it.

use super::*;
use crate::api::{Checked, Tensor};
use crate::shared::testing::*;

fn every_parameter() -> Vec<Params> {
    let mut every = BlockDct::grid();
    every.push(Params { axes: "-1".parse().expect("axes"), ..Params::default() });
    every
}

/// As [`every_parameter`], for ranks that have no last axis too.
fn every_block() -> Vec<Params> {
    BlockDct::grid()
}

#[test]
fn every_type_and_shape_comes_back_within_its_bound() {
    check_bounds::<BlockDct>(&every_block());
}

#[test]
fn awkward_values_keep_their_bound() {
    check_awkward_values::<BlockDct>(&Params::default());
}

#[test]
fn bounds_near_the_last_place_of_the_data_hold() {
    check_tight_bounds::<BlockDct>(&Params::default());
}

#[test]
fn a_mean_square_error_is_met_from_below() {
    check_mean_error::<BlockDct>(&Params::default());
}

#[test]
fn hostile_bytes_are_survived() {
    for target in [Target::MaxAbs(0.1), Target::Rmse(0.1), Target::Native] {
        check_hostile_bytes::<BlockDct>(&every_parameter(), target);
    }
}

#[test]
fn what_is_not_finite_does_no_harm_without_a_mask() {
    check_not_finite::<BlockDct>(&Params::default());
}

#[test]
fn constant_and_empty_arrays_take_a_few_bytes() {
    check_few_bytes::<BlockDct>(&Params::default(), 14, 8);
}

#[test]
fn a_smooth_field_takes_a_sixth_of_a_bit_per_value() {
    check_smooth::<BlockDct>(&Params::default(), 50);
}

#[test]
fn keeping_every_coefficient_gives_the_array_back() {
    for shape in SHAPES {
        for tensor in every_type(shape) {
            for block in [4, 8, 16] {
                let params = Params { block, keep: block, ..Params::default() };
                let (_, decoded) = round_trip::<BlockDct>(&params, Target::Native, &tensor);
                let bound = if tensor.dtype().is_float() { 1e-4 } else { 0.0 };
                assert_within(&tensor, &decoded, bound, &format!("{shape:?} {}", tensor.dtype()));
            }
        }
    }
}

#[test]
fn kept_coefficients_take_their_own_size_and_a_constant_survives() {
    let params = Params { block: 8, keep: 4, ..Params::default() };
    let whole = tensor::<f32>(&[16, 24], |_| 7.0);
    let (payload, decoded) = round_trip::<BlockDct>(&params, Target::Native, &whole);
    assert_eq!(payload.len(), 2 * 3 * 16 * 4);
    assert_within(&whole, &decoded, 1e-5, "a constant is its mean");
}

#[test]
fn what_is_outside_the_capabilities_is_refused_by_name() {
    let refused = |params: Params, target| Checked::<BlockDct>::new(params, target).expect_err("outside").to_string();
    assert!(refused(Params::default(), Target::Lossless).contains("lossless"));
    assert!(refused(Params { block: 7, ..Params::default() }, Target::Native).contains("`block`"));
    assert!(refused(Params { keep: 9, ..Params::default() }, Target::Native).contains("`keep`"));
    assert!(refused(Params { keep: 2, ..Params::default() }, Target::MaxAbs(1.0)).contains("`keep`"));
    let wide = Tensor::zeros(DType::I64, &[3]);
    let method = Checked::<BlockDct>::new(Params::default(), Target::MaxAbs(1.0)).expect("valid");
    assert!(matches!(method.compress(wide.view(), &mut Vec::new()), Err(Error::Unsupported(_))));
}
