//! The mask around a method that knows nothing of missing values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;
use crate::api::{Method, TargetKind, TargetRow, Tensor};
use crate::identity::Identity;

/// No parameters.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct NoParams {}

/// Stores values as they are and panics at what a lossy method must never see.
struct Fragile;

impl Method for Fragile {
    const ID: &'static str = "fragile";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities {
        summary: "for tests",
        targets: &[TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, &DType::ALL)],
        min_rank: 0,
        max_rank: 9,
        non_finite: false,
        logarithms: false,
        deterministic: true,
    };
    type Params = NoParams;

    fn new(_: NoParams, _: Target) -> Result<Self, Error> {
        Ok(Fragile)
    }
}

impl Compressor for Fragile {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        for_dtype!(TensorRef, &input, view => {
            assert!(view.data().iter().all(|value| value.is_finite() && value.to_f64() != -999.0), "a hole came through");
        });
        input.write_le(payload);
        Ok(())
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        output.read_le(payload)
    }
}

fn fragile(fill: Option<f64>) -> Box<dyn Compressor> {
    Entry::of::<Fragile>()
        .compressor(&ParamsJson::new(), Target::MaxAbs(1.0), fill)
        .expect("no parameters to get wrong")
}

/// Compresses, decodes with a fresh instance, compares bits; returns the bytes beyond the elements themselves.
fn overhead(tensor: &Tensor, fill: Option<f64>) -> usize {
    let mut payload = Vec::new();
    fragile(fill).compress(tensor.view(), &mut payload).expect("inside the capabilities");
    let mut decoded = Tensor::zeros(tensor.dtype(), tensor.shape());
    fragile(fill).decompress(&payload, decoded.view_mut()).expect("just written");
    let (mut before, mut after) = (Vec::new(), Vec::new());
    tensor.view().write_le(&mut before);
    decoded.view().write_le(&mut after);
    assert_eq!(before, after);
    let sections = fragile(fill).sections(tensor.dtype(), &payload).expect("just written");
    assert_eq!(sections.iter().map(|section| section.1).sum::<usize>(), payload.len());
    payload.len().saturating_sub(tensor.byte_len())
}

fn f32_tensor(shape: &[usize], value: impl Fn(usize) -> f32) -> Tensor {
    let bytes: Vec<u8> = (0..shape.iter().product()).flat_map(|index| value(index).to_le_bytes()).collect();
    Tensor::from_le_bytes(DType::F32, shape, &bytes).expect("the length fits")
}

#[test]
fn nothing_missing_costs_one_byte_and_no_byte_where_nothing_can_be() {
    assert_eq!(overhead(&f32_tensor(&[4, 5], |i| i as f32), None), 1);
    assert_eq!(overhead(&Tensor::zeros(DType::F64, &[0, 3]), None), 1);
    assert_eq!(overhead(&Tensor::zeros(DType::I16, &[7]), None), 0);
    assert_eq!(overhead(&Tensor::zeros(DType::I16, &[7]), Some(0.5)), 0);
    assert_eq!(overhead(&Tensor::zeros(DType::I16, &[7]), Some(-999.0)), 1);
}

#[test]
fn every_bit_of_nan_infinities_and_fill_values_comes_back() {
    let special = |index: usize| match index % 7 {
        0 => f32::from_bits(0x7fc0_0000 | index as u32),
        1 => f32::from_bits(0xff80_0001 + index as u32),
        2 => f32::INFINITY,
        3 => f32::NEG_INFINITY,
        4 => -999.0,
        _ => index as f32,
    };
    for shape in [&[][..], &[1], &[523], &[7, 11, 13], &[1, 1, 64, 1], &[3, 2, 5, 4]] {
        overhead(&f32_tensor(shape, special), Some(-999.0));
    }
    let bits = (0..40u64).flat_map(|index| (0x7ff0_0000_0000_0001u64 * (index % 3) + index).to_le_bytes());
    let doubles = Tensor::from_le_bytes(DType::F64, &[5, 8], &bits.collect::<Vec<_>>()).expect("the length fits");
    overhead(&doubles, None);
}

#[test]
fn all_missing_arrays_take_a_few_bytes() {
    let mut payload = Vec::new();
    let tensor = f32_tensor(&[100, 100], |_| f32::NAN);
    overhead(&tensor, None);
    fragile(None).compress(tensor.view(), &mut payload).expect("inside the capabilities");
    assert!(payload.len() <= 5, "{}", payload.len());
    overhead(&f32_tensor(&[], |_| f32::NEG_INFINITY), None);
}

#[test]
fn a_coast_that_stands_still_over_time_is_coded_once() {
    let land = |index: usize| {
        let (y, x) = (index / 90 % 60, index % 90);
        if (x as i64 - 40).pow(2) + 2 * (y as i64 - 20).pow(2) < 400 { 1e20 } else { index as f32 * 0.1 }
    };
    let once = overhead(&f32_tensor(&[1, 60, 90], land), Some(1e20));
    let often = overhead(&f32_tensor(&[200, 60, 90], land), Some(1e20));
    assert!(once < 70 && often < once + 30, "{once} bytes once, {often} over time");
}

#[test]
fn integers_keep_their_fill_value() {
    let bytes: Vec<u8> =
        (0..600).flat_map(|i: i32| (if i % 5 < 2 { -999i16 } else { i as i16 }).to_le_bytes()).collect();
    let tensor = Tensor::from_le_bytes(DType::I16, &[20, 30], &bytes).expect("the length fits");
    assert!(overhead(&tensor, Some(-999.0)) < 60);
}

#[test]
fn an_exact_method_that_takes_everything_is_not_wrapped() {
    let compressor = Entry::of::<Identity>().compressor(&ParamsJson::new(), Target::Lossless, Some(3.0));
    let mut payload = Vec::new();
    let tensor = f32_tensor(&[3], |i| [f32::NAN, 3.0, 1.0][i]);
    compressor.expect("no parameters").compress(tensor.view(), &mut payload).expect("any input");
    assert_eq!(payload.len(), 12);
}

#[test]
fn prefixes_and_flipped_bits_are_survived() {
    let tensor = f32_tensor(&[9, 20], |i| if i % 6 < 2 { f32::from_bits(0x7fc0_0000 + i as u32) } else { i as f32 });
    let mut payload = Vec::new();
    fragile(None).compress(tensor.view(), &mut payload).expect("inside the capabilities");
    let mut decoded = Tensor::zeros(DType::F32, &[9, 20]);
    for at in 0..payload.len() {
        assert!(fragile(None).decompress(&payload[..at], decoded.view_mut()).is_err());
        let mut flipped = payload.clone();
        flipped[at] ^= 1 << (at % 8);
        let _ = fragile(None).decompress(&flipped, decoded.view_mut());
        let _ = fragile(None).sections(DType::F32, &flipped);
    }
    for hostile in [&[3u8][..], &[1, 0xff, 0xff], &[2], &[1, 0], &[]] {
        let _ = fragile(None).decompress(hostile, decoded.view_mut());
    }
}
