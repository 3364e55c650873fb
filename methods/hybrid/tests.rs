//! The method as its users see it.

use super::*;
use crate::api::{Checked, Tensor};
use crate::shared::testing::{self, assert_within, check_awkward_values, check_tight_bounds, noise, tensor, wave};

const EFFORTS: [Effort; 3] = [Effort::Fast, Effort::Balanced, Effort::Max];

fn build(effort: Effort, bound: f64) -> Checked<Hybrid> {
    Checked::new(Params { effort }, Target::MaxAbs(bound)).expect("a bound")
}

/// The payload, from which a fresh instance decodes what keeps the bound.
fn round_trip(effort: Effort, bound: f64, tensor: &Tensor, what: &str) -> Vec<u8> {
    let (payload, decoded) = testing::round_trip::<Hybrid>(&Params { effort }, Target::MaxAbs(bound), tensor);
    assert_within(tensor, &decoded, bound, &format!("{what}, {effort:?}"));
    payload
}

const SHAPES: [&[usize]; 10] = [
    &[],
    &[1],
    &[2],
    &[523],
    &[13, 29],
    &[1, 64, 1],
    &[7, 11, 13],
    &[5, 3, 2, 7, 2],
    &[300, 3],
    &[2, 2, 2, 2, 2, 2, 2],
];

#[test]
fn every_type_shape_and_effort_keeps_its_bound() {
    for shape in SHAPES {
        for tensor in [
            tensor::<f32>(shape, |i| (wave(i) + noise(i)) as f32),
            tensor::<f64>(shape, |i| wave(i) * 1e9 + noise(i)),
            tensor::<u8>(shape, |i| (wave(i) + 100.0 + 9.0 * noise(i)) as u8),
            tensor::<i8>(shape, |i| (noise(i) * 256.0) as i8),
            tensor::<i32>(shape, |i| if i % 2 == 0 { i32::MIN } else { i32::MAX }),
            tensor::<u32>(shape, |i| u32::MAX - (i as u32 % 7) * 3),
            tensor::<i16>(shape, |i| (wave(i) * 500.0) as i16),
        ] {
            for effort in EFFORTS {
                for bound in [0.0, 0.7, 5.0, 1e4] {
                    round_trip(effort, bound, &tensor, "types and shapes");
                }
            }
        }
    }
}

#[test]
fn awkward_values_keep_their_bound() {
    for effort in EFFORTS {
        check_awkward_values::<Hybrid>(&Params { effort });
    }
}

#[test]
fn bounds_near_the_last_place_of_the_data_hold() {
    check_tight_bounds::<Hybrid>(&Params::default());
}

#[test]
fn constant_arrays_take_a_few_bytes_and_smooth_ones_a_tenth_of_a_bit() {
    let constant = tensor::<f32>(&[50, 60, 7], |_| 273.15);
    let smooth = tensor::<f32>(&[32, 48, 64], |i| {
        let at = |period: usize, length: usize| (i / period % length) as f64 / 64.0;
        ((at(3072, 32) * 5.0).sin() * (at(64, 48) * 3.0).cos() + at(1, 64) * at(1, 64)) as f32
    });
    for effort in EFFORTS {
        let few = round_trip(effort, 1e-2, &constant, "constant").len();
        assert!(few <= 24, "{effort:?}: {few} bytes");
        let few = round_trip(effort, 1e-3, &smooth, "smooth").len();
        assert!(few < 32 * 48 * 64 / 40, "{effort:?}: {few} bytes");
    }
}

#[test]
fn what_no_single_predictor_sees_is_blended() {
    let half = |i: usize| noise(i % 50 + 50 * (i / 50).min(59 - i / 50));
    let mirrored = tensor::<f32>(&[60, 50], |i| half(i) as f32);
    let steep = tensor::<f64>(&[60, 50], |i| half(i).exp() * 1e9);
    for effort in [Effort::Balanced, Effort::Max] {
        let few = round_trip(effort, 1e-4, &mirrored, "a mirror image").len();
        assert!(few < 3000 * 7 / 8, "{effort:?}: {few} bytes");
        let few = round_trip(effort, 1e-9, &steep, "finer than any lattice").len();
        assert!(few < 3000 * 5, "{effort:?}: {few} bytes");
    }
}

#[test]
fn hostile_bytes_are_survived() {
    for tensor in [
        tensor::<f32>(&[19, 23], |i| if i % 50 == 3 { 1e20 } else { wave(i) as f32 }),
        tensor::<f64>(&[19, 5, 4], |i| ((i * i % 17) as f64).exp()),
        tensor::<i16>(&[400], |i| (wave(i) * 100.0) as i16),
        tensor::<f32>(&[20, 20], |i| noise(i.min(399 - i)) as f32 * 1e4),
    ] {
        for effort in EFFORTS {
            let payload = round_trip(effort, 0.5, &tensor, "before the damage");
            let (method, mut decoded) = (build(effort, 0.5), Tensor::zeros(tensor.dtype(), tensor.shape()));
            for at in (0..payload.len()).step_by(payload.len() / 60 + 1) {
                let _ = method.decompress(&payload[..at], decoded.view_mut());
                for bit in 0..8 {
                    let mut flipped = payload.clone();
                    flipped[at] ^= 1 << bit;
                    let _ = method.decompress(&flipped, decoded.view_mut());
                }
            }
            for fill in 0..=255 {
                let _ = method.decompress(&[fill; 64], decoded.view_mut());
            }
        }
    }
}

#[test]
fn other_targets_and_types_are_refused_by_name() {
    assert!(Checked::<Hybrid>::new(Params::default(), Target::Rmse(1.0)).is_err());
    let wide = Tensor::zeros(DType::I64, &[3]);
    let result = build(Effort::Fast, 1.0).compress(wide.view(), &mut Vec::new());
    assert!(matches!(result, Err(Error::Unsupported(_))));
}
