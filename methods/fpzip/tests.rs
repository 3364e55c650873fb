//! fpzip on what is hard for it.

use super::*;
use crate::api::Tensor;
use crate::shared::testing::{assert_within, check_hostile_bytes, round_trip, tensor, wave};

fn bits(tensor: &Tensor) -> Vec<u8> {
    let mut bytes = Vec::new();
    tensor.view().write_le(&mut bytes);
    bytes
}

fn awkward(i: usize) -> f64 {
    [0.0, -0.0, 1e-310, -1e-300, 1e300, -1.0, 1.0 + f64::EPSILON, f64::MAX, f64::MIN][i % 9]
}

#[test]
fn every_bit_of_finite_floats_comes_back_in_any_shape() {
    for shape in [&[][..], &[1], &[7], &[523], &[13, 29], &[1, 9, 1, 7], &[3, 4, 5, 6], &[2, 3, 2, 3, 5]] {
        for tensor in [
            tensor::<f32>(shape, |i| awkward(i) as f32),
            tensor::<f64>(shape, awkward),
            tensor::<f32>(shape, |i| wave(i) as f32),
        ] {
            let finite = match &tensor {
                Tensor::F32(values) => values.iter().all(|value| value.is_finite()),
                _ => true,
            };
            if finite {
                let (_, back) = round_trip::<Fpzip>(&Params {}, Target::Lossless, &tensor);
                assert_eq!(bits(&back), bits(&tensor), "{shape:?}");
            }
        }
    }
}

#[test]
fn bounds_are_kept_from_loose_to_none_and_pay() {
    let field = tensor::<f32>(&[20, 30, 40], |i| wave(i) as f32);
    let double = tensor::<f64>(&[20, 30, 40], wave);
    let mut sizes = Vec::new();
    for bound in [100.0, 1.0, 0.1, 1e-3, 1e-9, 0.0] {
        for tensor in [&field, &double] {
            let (payload, back) = round_trip::<Fpzip>(&Params {}, Target::MaxAbs(bound), tensor);
            assert_within(tensor, &back, bound, "fpzip");
            sizes.push(payload.len());
        }
    }
    let pay = sizes.chunks(2).zip(sizes[2..].chunks(2)).take(4).all(|(few, more)| few[0] < more[0] && few[1] < more[1]);
    assert!(pay && sizes[4] < 40_000, "{sizes:?}");
    let extremes = tensor::<f64>(&[9, 11], awkward);
    for bound in [0.0, 5e-324, 1e-3, 1e200, f64::MAX] {
        let (_, back) = round_trip::<Fpzip>(&Params {}, Target::MaxAbs(bound), &extremes);
        assert_within(&extremes, &back, bound, "extremes");
    }
}

#[test]
fn relative_bounds_hold_for_every_value_and_zeros_stay() {
    for bound in [0.9, 1e-2, 1e-5, 0.0] {
        let values = tensor::<f64>(&[300], |i| if i < 9 { awkward(i) } else { wave(i) });
        let (_, back) = round_trip::<Fpzip>(&Params {}, Target::PointwiseRel(bound), &values);
        let (Tensor::F64(values), Tensor::F64(back)) = (&values, &back) else { panic!("another type") };
        for (value, back) in values.iter().zip(back) {
            assert!((back - value).abs() <= bound * value.abs(), "{value} {back} {bound}");
        }
    }
}

#[test]
fn any_bytes_are_survived() {
    check_hostile_bytes::<Fpzip>(&[Params {}], Target::MaxAbs(0.1));
}
