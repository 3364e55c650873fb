//! LERC on what is hard for it.

use super::*;
use crate::shared::sealed::is_sealed;
use crate::shared::testing::{
    check_awkward_values, check_bounds, check_hostile_bytes, check_tight_bounds, round_trip, tensor, wave,
};

#[test]
fn bounds_hold_on_every_shape_type_and_awkward_value() {
    check_bounds::<Lerc>(&[Params {}]);
    check_awkward_values::<Lerc>(&Params {});
    check_tight_bounds::<Lerc>(&Params {});
}

#[test]
fn any_bytes_are_survived() {
    check_hostile_bytes::<Lerc>(&[Params {}], Target::MaxAbs(0.1));
}

#[test]
fn a_smooth_image_is_small_and_negative_zeros_stay() {
    let image = tensor(&[100, 100], |i| wave(i % 100) as f32);
    let (payload, _) = round_trip::<Lerc>(&Params {}, Target::MaxAbs(0.5), &image);
    assert!(is_sealed(&payload) && payload.len() < 10_000, "{}", payload.len());
    let zeros = tensor(&[9], |i| if i % 2 == 0 { -0.0f32 } else { 0.0 });
    let (_, back) = round_trip::<Lerc>(&Params {}, Target::MaxAbs(0.0), &zeros);
    let crate::api::Tensor::F32(back) = back else { panic!("another type") };
    assert!(back.iter().enumerate().all(|(i, zero)| zero.is_sign_negative() == (i % 2 == 0)));
}
