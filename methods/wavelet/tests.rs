//! The method as its users see it.

use super::*;
use crate::api::{Checked, Tensor};
use crate::shared::testing::*;

fn of(family: Family) -> Params {
    Params { family, ..Params::default() }
}

#[test]
fn every_type_and_shape_comes_back_within_its_bound() {
    check_bounds::<Wavelet>(&[
        of(Family::Cdf97),
        of(Family::Haar),
        of(Family::Db4),
        Params { levels: 2, ..of(Family::Bior13) },
    ]);
}

#[test]
fn awkward_values_keep_their_bound() {
    for family in [Family::Cdf97, Family::Db8] {
        check_awkward_values::<Wavelet>(&of(family));
    }
}

#[test]
fn bounds_near_the_last_place_of_the_data_hold() {
    check_tight_bounds::<Wavelet>(&Params::default());
}

#[test]
fn a_mean_square_error_is_met_from_below() {
    for family in [Family::Cdf97, Family::Db4] {
        check_mean_error::<Wavelet>(&of(family));
    }
}

#[test]
fn hostile_bytes_are_survived() {
    for target in [Target::MaxAbs(0.1), Target::Rmse(0.1), Target::Native] {
        check_hostile_bytes::<Wavelet>(&[of(Family::Cdf97), of(Family::Db4)], target);
    }
    let cut = Params { quantiser: Quantiser::Int8, levels: 2, ..of(Family::Bior13) };
    let stationary = Params { transform: Expansion::Stationary, threshold: 0.1, ..of(Family::Db4) };
    let every = [of(Family::Haar), of(Family::Cdf97)].map(|params| Params { quantiser: Quantiser::Int8, ..params });
    check_hostile_bytes::<Wavelet>(&[cut.clone(), stationary], Target::Native);
    check_hostile_bytes::<Wavelet>(&every, Target::Native);
    check_hostile_bytes::<Wavelet>(&[Params { transform: Expansion::Stationary, ..cut }], Target::Native);
}

#[test]
fn what_is_not_finite_does_no_harm_without_a_mask() {
    check_not_finite::<Wavelet>(&Params::default());
}

#[test]
fn integers_come_back_exactly_even_where_sums_wrap_around() {
    for shape in SHAPES {
        let extremes = [
            tensor::<i32>(shape, |i| if i % 3 == 0 { i32::MIN } else { i32::MAX - i as i32 }),
            tensor::<u32>(shape, |i| if i % 2 == 0 { 0 } else { u32::MAX }),
            tensor::<i8>(shape, |i| if i % 2 == 0 { i8::MIN } else { i8::MAX }),
        ];
        for tensor in every_type(shape).into_iter().chain(extremes).filter(|tensor| !tensor.dtype().is_float()) {
            let (_, decoded) = round_trip::<Wavelet>(&Params::default(), Target::Lossless, &tensor);
            assert_eq!(decoded, tensor);
        }
    }
}

#[test]
fn smooth_integers_shrink_without_loss() {
    let tensor = tensor::<u8>(&[64, 64], |i| (128.0 + wave(i / 64) + wave(i % 64)) as u8);
    assert!(round_trip::<Wavelet>(&Params::default(), Target::Lossless, &tensor).0.len() < 64 * 64 / 3);
}

#[test]
fn constant_and_empty_arrays_take_a_few_bytes() {
    check_few_bytes::<Wavelet>(&Params::default(), 40, 5);
}

#[test]
fn a_smooth_field_takes_a_sixth_of_a_bit_per_value() {
    check_smooth::<Wavelet>(&Params::default(), 48);
}

#[test]
fn nothing_is_lost_without_a_threshold_and_little_with_a_small_one() {
    for family in Family::ALL {
        for shape in SHAPES {
            let tensor = tensor::<f64>(shape, |i| wave(i) + noise(i));
            let (_, decoded) = round_trip::<Wavelet>(&of(family), Target::Native, &tensor);
            assert_within(&tensor, &decoded, 1e-6, &format!("{family:?} {shape:?}"));
            let (_, decoded) = round_trip::<Wavelet>(&Params { threshold: 0.5, ..of(family) }, Target::Native, &tensor);
            assert!(rmse(&tensor, &decoded) < 1.0, "{family:?} {shape:?}");
        }
    }
}

#[test]
fn every_shape_comes_back_through_every_transform_and_quantiser() {
    for family in [Family::Haar, Family::Cdf97, Family::Db3, Family::Bior68] {
        for transform in [Expansion::Stationary, Expansion::Denoised] {
            // Four axes of two levels have 31 coefficients per value; five have more than are worked with.
            for shape in SHAPES.into_iter().filter(|shape| shape.len() < 5) {
                let tensor = tensor::<f64>(shape, |i| wave(i) + noise(i));
                let params = Params { transform, levels: 2, ..of(family) };
                let (_, decoded) = round_trip::<Wavelet>(&params, Target::Native, &tensor);
                assert_within(&tensor, &decoded, 1e-6, &format!("{family:?} {transform:?} {shape:?}"));
                let cut = Params { quantiser: Quantiser::Int8, levels: 1, ..params };
                let (_, decoded) = round_trip::<Wavelet>(&cut, Target::Native, &tensor);
                assert!(rmse(&tensor, &decoded) < 6.0, "{family:?} {transform:?} {shape:?}");
            }
        }
    }
    let wide = Checked::<Wavelet>::new(
        Params { transform: Expansion::Stationary, levels: 3, ..Params::default() },
        Target::Native,
    );
    let error = wide.expect("valid").compress(Tensor::zeros(DType::F32, &[9; 5]).view(), &mut Vec::new());
    assert!(matches!(error, Err(Error::Unsupported(reason)) if reason.contains("fewer levels or axes")));
}

#[test]
fn noise_is_taken_out_better_by_the_stationary_transform() {
    let clean = tensor::<f64>(&[64, 64], |i| wave(i / 64) + wave(3 * (i % 64)));
    let noisy = tensor::<f64>(&[64, 64], |i| wave(i / 64) + wave(3 * (i % 64)) + 12.0 * noise(i));
    let error = |transform| {
        let params = Params { transform, threshold: 10.0, levels: 3, ..of(Family::Db4) };
        rmse(&clean, &round_trip::<Wavelet>(&params, Target::Native, &noisy).1)
    };
    let [plain, stationary] = [Expansion::Decimated, Expansion::Stationary].map(error);
    assert!(stationary < 0.9 * plain && plain < rmse(&clean, &noisy), "{stationary} {plain}");
}

#[test]
fn what_is_outside_the_capabilities_is_refused_by_name() {
    let refused = |params: Params, target| Checked::<Wavelet>::new(params, target).expect_err("outside").to_string();
    assert!(refused(Params::default(), Target::BitsPerValue(1.0)).contains("bpv"));
    assert!(refused(Params { threshold: f64::NAN, ..Params::default() }, Target::Native).contains("`threshold`"));
    assert!(refused(Params { threshold: 1.0, ..Params::default() }, Target::MaxAbs(1.0)).contains("native"));
    assert!(refused(Params { levels: 31, ..Params::default() }, Target::Native).contains("`levels`"));
    let method = Checked::<Wavelet>::new(Params::default(), Target::Lossless).expect("valid");
    for tensor in [Tensor::zeros(DType::I64, &[3]), Tensor::zeros(DType::F32, &[3])] {
        assert!(matches!(method.compress(tensor.view(), &mut Vec::new()), Err(Error::Unsupported(_))));
    }
}

#[test]
fn large_arrays_are_tiles_of_a_size_and_the_same_on_any_number_of_threads() {
    for (shape, count) in [
        (&[1 << 20][..], 2),
        (&[1023, 1024], 1),
        (&[129, 128, 128], 2),
        (&[3, 5, 1 << 17], 2),
        (&[256, 256, 256], 8),
        (&[9_000_001], 6),
    ] {
        let tiles = subband::tiles(shape);
        let lengths: Vec<usize> = tiles.iter().map(|tile| tile.shape.iter().product()).collect();
        assert_eq!((tiles.len(), lengths.iter().sum()), (count, shape.iter().product::<usize>()), "{shape:?}");
        assert!(lengths.iter().max() <= lengths.iter().min().map(|least| least * 2).as_ref(), "{shape:?}");
    }
    let shape = [3, 600, 700];
    let value = |i: usize| (i as f64 * 0.01).sin() * 900.0 + (i * i % 97) as f64;
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool");
    for (target, tensor) in [
        (Target::MaxAbs(3.0), tensor(&shape, |i| value(i) as f32)),
        (Target::Rmse(3.0), tensor(&shape, value)),
        (Target::Lossless, tensor(&shape, |i| value(i) as i16)),
    ] {
        let written =
            [1, 2].map(|threads| pool(threads).install(|| round_trip::<Wavelet>(&Params::default(), target, &tensor)));
        assert!(written[0] == written[1], "{target:?}");
        let [(mut payload, mut back), _] = written;
        assert!(target != Target::Lossless || back == tensor);
        payload.truncate(payload.len() / 3);
        let method = Checked::<Wavelet>::new(Params::default(), target).expect("a target");
        assert!(method.decompress(&payload, back.view_mut()).is_err(), "{target:?}: a tile is missing");
    }
}
