//! Promises on data that is hard for a quantiser.

use ndarray::{ArrayD, IxDyn};

use super::steps::kept;
use super::{Codec, Params, Quantize};
use crate::api::{Checked, Compressor, Element, Target, Tensor};
use crate::for_pair;

fn method(target: Target) -> Checked<Quantize> {
    Checked::new(Params::default(), target).expect("valid")
}

fn tensor<T: Element>(values: Vec<T>) -> Tensor
where
    Tensor: From<ArrayD<T>>,
{
    Tensor::from(ArrayD::from_shape_vec(IxDyn(&[values.len()]), values).expect("one axis"))
}

/// The payload's size, the target being kept for every value.
fn size(tensor: &Tensor, target: Target) -> usize {
    let mut payload = Vec::new();
    method(target).compress(tensor.view(), &mut payload).expect("compresses");
    let mut back = Tensor::zeros(tensor.dtype(), tensor.shape());
    method(target).decompress(&payload, back.view_mut()).expect("decompresses");
    for_pair!((Tensor, tensor), (Tensor, &back), (x, y) => {
        assert!(x.iter().zip(y).all(|(&x, &y)| kept(x, y, target)), "{target:?}");
    }, else => panic!("the element type changed"));
    payload.len()
}

fn wave(count: u32) -> Vec<f32> {
    (0..count).map(|i| 100.0 + 40.0 * libm::sinf(i as f32 * 0.013) + (i * i % 17) as f32 * 0.01).collect()
}

#[test]
fn bounds_near_the_distance_of_neighbours_hold() {
    let floats = tensor(wave(3000));
    // Neighbours from 64 to 128 are 2^-17 apart.
    for bound in [0.0, 1e-45, 2f64.powi(-19), 2f64.powi(-18), 5e-6, 7.7e-6, 1e-5, 1e-4, 0.1, 1e3, f64::MAX] {
        let bytes = size(&floats, Target::MaxAbs(bound));
        assert!(bytes <= 12_200, "{bytes} bytes for {bound}");
    }
    assert!(size(&floats, Target::MaxAbs(0.1)) < 3000);
    assert_eq!(size(&floats, Target::MaxAbs(f64::MAX)), 1);
}

#[test]
fn outliers_are_stored_as_they_are_and_spoil_nothing() {
    let mut values = wave(3000);
    let alone = size(&tensor(values.clone()), Target::MaxAbs(0.01));
    values[17] = f32::MAX;
    values[18] = -1e30;
    let with = size(&tensor(values), Target::MaxAbs(0.01));
    assert!(with <= alone + 30, "{with} bytes, {alone} without them");
}

#[test]
fn extremes_denormals_and_signs_keep_every_kind_of_bound() {
    let floats = tensor(vec![f32::MAX, f32::MIN, 1e-45, -1e-45, 0.0, -0.0, 1e-38, -3.3e20, 7.0]);
    let doubles = tensor(vec![f64::MAX, f64::MIN, 5e-324, -5e-324, 0.0, -0.0, 1e-308, -3.3e200, 7.0]);
    for bound in [0.0, 1e-9, 1e-6, 1e-3, 0.5, 0.999, 1.0, 3.0] {
        size(&floats, Target::PointwiseRel(bound));
        size(&doubles, Target::PointwiseRel(bound));
        size(&floats, Target::MaxAbs(bound * 1e30));
        size(&doubles, Target::MaxAbs(bound * 1e300));
    }
}

#[test]
fn integers_with_a_bound_below_one_come_back_exactly() {
    let values: Vec<u16> = (0..2000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as u16).collect();
    let tensor = tensor(values);
    let exact = size(&tensor, Target::MaxAbs(0.0));
    assert_eq!(size(&tensor, Target::MaxAbs(0.99)), exact);
    assert!(size(&tensor, Target::MaxAbs(100.0)) < exact);
}

#[test]
fn a_root_mean_square_is_met_from_below_and_not_by_far() {
    let values = wave(20_000);
    let tensor = tensor(values.clone());
    for error in [1e-3, 0.05, 3.0] {
        let mut payload = Vec::new();
        method(Target::Rmse(error)).compress(tensor.view(), &mut payload).expect("compresses");
        let mut back = Tensor::zeros(tensor.dtype(), tensor.shape());
        method(Target::Rmse(error)).decompress(&payload, back.view_mut()).expect("decompresses");
        let Tensor::F32(back) = back else { panic!("the element type changed") };
        let sum: f64 = values.iter().zip(&back).map(|(&x, &y)| f64::from(x - y).powi(2)).sum();
        let found = (sum / values.len() as f64).sqrt();
        assert!(found <= error && found > 0.8 * error, "{found} for {error}");
    }
}

#[test]
fn each_codec_alone_is_no_smaller_than_both() {
    let tensor = tensor(wave(3000));
    let sizes = [Codec::Auto, Codec::Pco, Codec::Zstd].map(|codec| {
        let params = Params { codec, ..Params::default() };
        let method = Checked::<Quantize>::new(params, Target::MaxAbs(0.01)).expect("valid");
        let mut payload = Vec::new();
        method.compress(tensor.view(), &mut payload).expect("compresses");
        payload.len()
    });
    assert_eq!(sizes[0], sizes[1].min(sizes[2]));
}

#[test]
fn levels_out_of_range_are_refused_by_name() {
    let refused = |params| Checked::<Quantize>::new(params, Target::MaxAbs(1.0)).expect_err("refused").to_string();
    assert!(refused(Params { pco_level: 13, ..Params::default() }).contains("`pco_level`"));
    assert!(refused(Params { zstd_level: 0, ..Params::default() }).contains("`zstd_level`"));
}
