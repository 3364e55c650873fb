//! The method as its users see it.

use super::*;
use crate::api::{Checked, Tensor, View};
use crate::shared::axes::Axes;
use crate::shared::testing::*;

fn build(params: Params, target: Target) -> Checked<AdaptiveGrid> {
    Checked::<AdaptiveGrid>::new(params, target).expect("valid parameters")
}

fn every_parameter() -> Vec<Params> {
    let mut all = Vec::new();
    for predictor in [Predictor::NearestLeft, Predictor::NearestRight, Predictor::Linear, Predictor::Cubic] {
        for store in [Store::Dok, Store::Bitmask, Store::Entropy] {
            for depth in [0, 2] {
                all.push(Params { predictor, store, depth, ..Params::default() });
            }
        }
    }
    all
}

fn every_effort() -> impl Iterator<Item = Params> {
    Effort::ALL.into_iter().map(|effort| Params { effort, ..Params::default() })
}

#[test]
fn the_bound_holds_for_every_parameter_type_and_shape() {
    for params in every_parameter().into_iter().chain(every_effort()) {
        for shape in SHAPES {
            for bound in [0.0, 0.3, 5.0] {
                let tensors = [
                    tensor::<f32>(shape, |i| wave(i) as f32),
                    tensor::<f64>(shape, wave),
                    tensor::<u8>(shape, |i| (wave(i) + 100.0 + noise(i)) as u8),
                    tensor::<i16>(shape, |i| (wave(i) * 300.0) as i16),
                    tensor::<u32>(shape, |i| (noise(i) * 4e9 + 2e9) as u32),
                ];
                for tensor in tensors {
                    let (_, decoded) = round_trip::<AdaptiveGrid>(&params, Target::MaxAbs(bound), &tensor);
                    assert_within(&tensor, &decoded, bound, &format!("{params:?} {shape:?} {}", tensor.dtype()));
                }
            }
        }
    }
}

#[test]
fn lossless_returns_every_bit_of_integers_and_floats() {
    for params in every_parameter() {
        for shape in SHAPES {
            let special = [0.0f32, -0.0, f32::MIN_POSITIVE, -1e-45, f32::MAX, f32::MIN, 3.25];
            for tensor in [
                tensor::<f32>(shape, |i| if i % 3 == 0 { special[i % 7] } else { wave(i) as f32 }),
                tensor::<i8>(shape, |i| (noise(i) * 256.0) as i8),
                tensor::<i32>(shape, |i| if i % 2 == 0 { i32::MIN } else { i32::MAX }),
                tensor::<u16>(shape, |i| (wave(i) * 500.0 + 30000.0) as u16),
            ] {
                let (_, decoded) = round_trip::<AdaptiveGrid>(&params, Target::Lossless, &tensor);
                let (mut before, mut after) = (Vec::new(), Vec::new());
                tensor.view().write_le(&mut before);
                decoded.view().write_le(&mut after);
                assert!(before == after, "{params:?} {shape:?} {}", tensor.dtype());
            }
        }
    }
}

#[test]
fn awkward_values_keep_their_bound() {
    check_awkward_values::<AdaptiveGrid>(&Params::default());
}

#[test]
fn bounds_near_the_last_place_of_the_data_hold() {
    check_tight_bounds::<AdaptiveGrid>(&Params::default());
}

#[test]
fn constant_and_empty_arrays_take_a_few_bytes() {
    check_few_bytes::<AdaptiveGrid>(&Params::default(), 14, 8);
    let zeros = tensor::<f64>(&[100_000], |_| 0.0);
    assert!(round_trip::<AdaptiveGrid>(&Params::default(), Target::MaxAbs(0.0), &zeros).0.len() <= 8);
}

#[test]
fn a_smooth_field_takes_a_fifth_of_a_bit_per_value() {
    check_smooth::<AdaptiveGrid>(&Params::default(), 40);
}

#[test]
fn an_axis_without_coherence_is_left_out() {
    let layers: Vec<f64> = (0..12).map(|layer| noise(layer) * 1e3).collect();
    let smooth = |i: usize| ((i / 64 % 64) as f64 * 0.05).sin() + ((i % 64) as f64 * 0.04).cos();
    let stack = tensor::<f32>(&[12, 64, 64], |i| (smooth(i) * (1.0 + layers[i / 4096]) + layers[i / 4096]) as f32);
    let bytes = |axes: &str| {
        let params = Params { axes: axes.parse().expect("axes"), ..Params::default() };
        round_trip::<AdaptiveGrid>(&params, Target::MaxAbs(0.1), &stack).0.len()
    };
    let (all, chosen) = (bytes("all"), bytes("1+2"));
    assert!(all as f64 <= chosen as f64 * 1.02, "{all} bytes with a choice, {chosen} without the layers' axis");
}

#[test]
fn the_threshold_is_kept_in_the_closed_loop_and_not_in_the_open_one() {
    let tensor = tensor::<f32>(&[61, 67], |i| (wave(i) + 9.0 * noise(i)).round() as f32);
    for store in [Store::Dok, Store::Bitmask, Store::Entropy] {
        for predictor in [Predictor::NearestLeft, Predictor::Linear, Predictor::Cubic] {
            let open = Params { store, predictor, feedback: Loop::Open, eps: 4.0, depth: 5, ..Params::default() };
            let closed = Params { feedback: Loop::Closed, ..open.clone() };
            let worst = |params: &Params| {
                let (_, decoded) = round_trip::<AdaptiveGrid>(params, Target::Native, &tensor);
                let (Tensor::F32(x), Tensor::F32(y)) = (&tensor, &decoded) else { panic!("floats") };
                x.iter().zip(y).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
            };
            assert!(worst(&closed) <= 4.0 && worst(&open) > 4.0, "{open:?}");
            let exact = Params { eps: 0.0, predictor: Predictor::NearestLeft, ..open };
            assert_eq!(worst(&exact), 0.0);
        }
    }
}

#[test]
fn checkerboard_and_ramp_of_the_seeds_own_tests_are_exact_at_threshold_zero() {
    let board = tensor::<f32>(&[4, 6], |i| ((i / 6 + i % 6) % 2) as f32);
    let ramp = tensor::<f32>(&[8, 8], |i| (i / 8 + i % 8) as f32);
    for (depth, tensor) in [(1, board), (2, ramp)] {
        let params = Params { depth, predictor: Predictor::NearestRight, feedback: Loop::Open, ..Params::default() };
        for store in [Store::Dok, Store::Bitmask, Store::Entropy] {
            let params = Params { store, ..params.clone() };
            assert_eq!(round_trip::<AdaptiveGrid>(&params, Target::Native, &tensor).1, tensor);
        }
    }
}

#[test]
fn stores_take_the_bytes_they_say() {
    let tensor = tensor::<u8>(&[40, 60], |i| (wave(i) + 100.0 + 9.0 * noise(i)) as u8);
    let params = Params { feedback: Loop::Open, eps: 3.0, depth: 4, ..Params::default() };
    let kept = |store| {
        let params = Params { store, ..params.clone() };
        let method = AdaptiveGrid::new(params.clone(), Target::Native).expect("valid parameters");
        let kept = method.kept(tensor.view()).expect("a threshold").residuals;
        (kept, round_trip::<AdaptiveGrid>(&params, Target::Native, &tensor).0.len())
    };
    let anchors = 3 * 4;
    let (residuals, dok) = kept(Store::Dok);
    assert_eq!(dok, anchors + residuals * 10);
    assert_eq!(kept(Store::Bitmask), (residuals, anchors + (2400usize - anchors).div_ceil(8) + residuals * 2));
    assert!(kept(Store::Entropy).1 < dok / 3);
}

#[test]
fn hostile_bytes_are_survived() {
    let tensor = tensor::<f32>(&[19, 23], |i| if i % 50 == 3 { 1e20 } else { wave(i) as f32 });
    for params in every_parameter() {
        for feedback in [Loop::Closed, Loop::Open] {
            let params = Params { feedback, eps: 0.5, ..params.clone() };
            let (payload, mut decoded) = round_trip::<AdaptiveGrid>(&params, Target::Native, &tensor);
            let method = build(params, Target::Native);
            for at in (0..payload.len()).step_by(payload.len() / 60 + 1) {
                let _ = method.decompress(&payload[..at], decoded.view_mut());
                let mut flipped = payload.clone();
                flipped[at] ^= 1 << (at % 8);
                let _ = method.decompress(&flipped, decoded.view_mut());
                let _ = method.sections(DType::F32, &flipped);
            }
            for hostile in [&[][..], &[0xff; 64], &[0x01, 0xff, 0xff, 0xff, 0xff, 0x7f]] {
                assert!(method.decompress(hostile, decoded.view_mut()).is_err());
            }
            let mut longer = payload.clone();
            longer.push(0);
            assert!(method.decompress(&longer, decoded.view_mut()).is_err());
        }
    }
}

#[test]
fn what_is_not_finite_does_no_harm_without_a_mask() {
    let data: Vec<f32> = (0..500).map(|i| if i % 11 == 0 { f32::NAN } else { wave(i) as f32 }).collect();
    let view = View::from_slice(&[20, 25], &data).expect("the length fits");
    for params in every_parameter() {
        let mut payload = Vec::new();
        let method = build(params, Target::MaxAbs(0.1));
        method.compress(TensorRef::from(view.clone()), &mut payload).expect("no panic, no refusal");
        let mut decoded = Tensor::zeros(DType::F32, &[20, 25]);
        method.decompress(&payload, decoded.view_mut()).expect("just written");
    }
}

#[test]
fn what_is_outside_the_capabilities_is_refused_by_name() {
    let refused =
        |params: Params, target| Checked::<AdaptiveGrid>::new(params, target).expect_err("outside").to_string();
    assert!(refused(Params::default(), Target::Rmse(1.0)).contains("rmse"));
    let open = Params { feedback: Loop::Open, ..Params::default() };
    assert!(refused(open, Target::MaxAbs(1.0)).contains("loop=open"));
    assert!(refused(Params { eps: f64::NAN, ..Params::default() }, Target::Native).contains("`eps`"));
    assert!(refused(Params { depth: 61, ..Params::default() }, Target::Native).contains("`depth`"));
    let wide = Tensor::zeros(DType::I64, &[3]);
    let result = build(Params::default(), Target::MaxAbs(1.0)).compress(wide.view(), &mut Vec::new());
    assert!(matches!(result, Err(Error::Unsupported(_))));
}

#[test]
fn more_effort_takes_fewer_bytes_and_is_for_bounds_and_defaults_only() {
    let field = tensor::<f32>(&[30, 40, 50], |i| {
        ((i / 2000) as f64 * 0.2).sin() as f32 + ((i % 50) as f64 * 0.11).cos() as f32 + noise(i) as f32 * 1e-2
    });
    let size = |effort| {
        let params = Params { effort, ..Params::default() };
        round_trip::<AdaptiveGrid>(&params, Target::MaxAbs(1e-3), &field).0.len()
    };
    let [fast, balanced, max] = Effort::ALL.map(size);
    assert!(max <= balanced && balanced < fast, "{fast}, {balanced}, {max}");
    let max = Params { effort: Effort::Max, ..Params::default() };
    let along_last = Params { axes: Axes::List(vec![-1]), ..max.clone() };
    let (_, decoded) = round_trip::<AdaptiveGrid>(&along_last, Target::MaxAbs(1e-3), &field);
    assert_within(&field, &decoded, 1e-3, "along the last axis");
    for target in [Target::Lossless, Target::Native] {
        assert!(matches!(AdaptiveGrid::new(max.clone(), target), Err(Error::Unsupported(_))));
    }
    let linear = Params { predictor: Predictor::Linear, ..max };
    assert!(matches!(AdaptiveGrid::new(linear, Target::MaxAbs(1.0)), Err(Error::Unsupported(_))));
}
