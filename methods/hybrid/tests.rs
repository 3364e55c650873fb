//! The method as its users see it.

use super::*;
use crate::api::{Checked, Element, Tensor};

const EFFORTS: [Effort; 3] = [Effort::Fast, Effort::Balanced, Effort::Max];

fn build(effort: Effort, bound: f64) -> Checked<Hybrid> {
    Checked::new(Params { effort }, Target::MaxAbs(bound)).expect("a bound")
}

/// Compresses, decodes with a fresh instance, checks the bound; returns the payload.
fn round_trip(effort: Effort, bound: f64, tensor: &Tensor, what: &str) -> Vec<u8> {
    let mut payload = Vec::new();
    build(effort, bound).compress(tensor.view(), &mut payload).expect("inside the capabilities");
    let mut decoded = Tensor::zeros(tensor.dtype(), tensor.shape());
    let result = build(effort, bound).decompress(&payload, decoded.view_mut());
    assert!(result.is_ok(), "{what}, {effort:?}, bound {bound}: {result:?}");
    crate::for_pair!((Tensor, tensor), (Tensor, &decoded), (x, y) => {
        for (index, (x, y)) in x.iter().zip(y).enumerate() {
            assert!(y.within(*x, bound), "{what}, {effort:?}: element {index} is {y}, was {x}, bound {bound}");
        }
    }, else => panic!("two types"));
    payload
}

fn tensor<T: Element>(shape: &[usize], value: impl Fn(usize) -> T) -> Tensor {
    let size = T::DTYPE.size();
    let bytes: Vec<u8> =
        (0..shape.iter().product()).flat_map(|i| value(i).to_bits().to_le_bytes()[..size].to_vec()).collect();
    Tensor::from_le_bytes(T::DTYPE, shape, &bytes).expect("the length fits")
}

fn noise(i: usize) -> f64 {
    let mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / f64::from(1 << 24) - 0.5
}

fn wave(i: usize) -> f64 {
    (i as f64 * 0.05).sin() * 40.0 + (i as f64 * 0.011).cos() * 7.0
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
    type Value = fn(usize) -> f32;
    let awkward: [(&str, Value); 7] = [
        ("alternating extremes", |i| if i % 2 == 0 { f32::MAX } else { f32::MIN }),
        ("denormals", |i| f32::from_bits(i as u32 % 99)),
        ("constant", |_| 0.1),
        ("an offset far above the variation", |i| 1e7 + (i % 5) as f32),
        ("one spike", |i| if i == 77 { 1e30 } else { 1e-3 * noise(i) as f32 }),
        ("noise", |i| noise(i) as f32),
        ("few values", |i| ((i * i % 17) as f32).exp()),
    ];
    for (name, value) in awkward {
        for shape in [&[1001][..], &[31, 33], &[9, 10, 11]] {
            for bound in [0.0, 1e-45, 1e-9, 1e-3, 0.5, 1.0, 1e30, 1e300] {
                for effort in EFFORTS {
                    round_trip(effort, bound, &tensor::<f32>(shape, value), name);
                    round_trip(effort, bound, &tensor::<f64>(shape, |i| f64::from(value(i)) * 1.1), name);
                }
            }
        }
    }
}

#[test]
fn bounds_near_the_last_place_of_the_data_hold() {
    for units in [0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.3] {
        let ulp = f64::from(f32::EPSILON) * 256.0;
        let tensor = tensor::<f32>(&[40, 50], |i| (300.0 + wave(i)) as f32);
        let payload = round_trip(Effort::Balanced, units * ulp, &tensor, "a few units in the last place");
        assert!(payload.len() < 40 * 50 * 4, "{} bytes at {units} units", payload.len());
    }
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
