use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;
use crate::api::{Capabilities, Checked, Method, Promise, TargetKind, TargetRow, Tensor};

/// No parameters.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct NoParams {}

/// Multiples of twice the bound, each as a 64-bit float, of which a decoder wants nothing else.
struct Steps(f64);

impl Method for Steps {
    const ID: &'static str = "steps";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "multiples of twice the bound",
        &[TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, &[DType::F64])],
    )
    .with_logarithms();
    type Params = NoParams;

    fn new(_: NoParams, target: Target) -> Result<Self, Error> {
        Ok(Steps(target.value().unwrap_or(0.0)))
    }
}

impl Compressor for Steps {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let TensorRef::F64(view) = input else { return Err(Error::unsupported("not 64-bit floats")) };
        for value in view.data() {
            payload.extend(((value / (2.0 * self.0)).round() * 2.0 * self.0).to_le_bytes());
        }
        Ok(())
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let TensorMut::F64(view) = output else { return Err(Error::unsupported("not 64-bit floats")) };
        let data = view.into_data();
        if payload.len() != data.len() * 8 {
            return Err(Error::corrupt(payload.len(), "another number of values"));
        }
        let bytes = payload.as_chunks::<8>().0;
        data.iter_mut().zip(bytes).for_each(|(value, bytes)| *value = f64::from_le_bytes(*bytes));
        Ok(())
    }
}

fn through<T: Element>(values: &[T], shape: &[usize], bound: f64) -> Vec<u8>
where
    for<'a> TensorRef<'a>: From<View<'a, T>>,
{
    let method = || build(&Entry::of::<Steps>(), &ParamsJson::new(), Target::PointwiseRel(bound)).expect("served");
    let tensor = TensorRef::from(View::from_slice(shape, values).expect("fits")).to_tensor();
    let mut payload = Vec::new();
    method().compress(tensor.view(), &mut payload).expect("compresses");
    let mut back = Tensor::zeros(tensor.dtype(), shape);
    method().decompress(&payload, back.view_mut()).expect("decompresses");
    let sections = method().sections(tensor.dtype(), &payload).expect("walks");
    assert_eq!(sections.iter().map(|section| section.1).sum::<usize>(), payload.len());
    let mut bytes = Vec::new();
    back.view().write_le(&mut bytes);
    for (value, bytes) in values.iter().zip(bytes.chunks_exact(size_of::<T>())) {
        let back = T::from_bits(bytes.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte)));
        let zero = value.to_f64() == 0.0;
        assert!(!zero || back.to_bits() == value.to_bits(), "{value} came back as {back}");
        let allowed = (bound * value.to_f64().abs()).min(f64::MAX);
        assert!(
            value.to_bits() == back.to_bits() || value.within(back, allowed),
            "{value} came back as {back} under {bound}"
        );
    }
    payload
}

#[test]
fn every_magnitude_sign_and_zero_keeps_its_relative_bound() {
    let scattered = |i: i32| libm::scalbn(1.0 + f64::from(i % 97) / 97.0, (i * 37) % 290 - 145);
    let mut singles: Vec<f32> = (0..3000).map(|i| scattered(i) as f32 * if i % 5 == 0 { -1.0 } else { 1.0 }).collect();
    singles.extend([0.0, -0.0, f32::MAX, f32::MIN, f32::from_bits(1), -f32::from_bits(7), f32::MIN_POSITIVE, 1.0]);
    let doubles: Vec<f64> =
        singles.iter().map(|&value| f64::from(value)).chain([5e-324, -f64::MAX, 1e300, 0.0]).collect();
    for bound in [0.0, 1e-12, 1e-7, 1e-3, 0.5, 1.0, 3.0, 1e300] {
        through(&singles, &[4, singles.len() / 4], bound);
        through(&doubles, &[doubles.len()], bound);
        through(&[0.0f32, -0.0, 0.0], &[3], bound);
        through(&[2.5f32], &[], bound);
        through::<f32>(&[], &[0, 3], bound);
    }
}

#[test]
fn positive_values_need_no_classes_and_tight_bounds_keep_every_bit() {
    let values: Vec<f32> = (0..2000).map(|i| 1.0 + (i as f32 * 0.1).sin() * 0.5).collect();
    assert_eq!(through(&values, &[2000], 0.0)[0], EXACT);
    let method = Relative { entry: Entry::of::<Steps>(), params: ParamsJson::new(), bound: 1e-3 };
    let view = View::from_slice(&[2000], &values).expect("fits");
    let payload = method.through_logarithms(&view).expect("compresses");
    assert_eq!((payload[0], payload.len()), (POSITIVE, 1 + 2 + 2000 * 8 + 1));
    let mixed: Vec<f32> = values.iter().enumerate().map(|(i, &value)| if i == 7 { -value } else { value }).collect();
    let payload = method.through_logarithms(&View::from_slice(&[2000], &mixed).expect("fits")).expect("compresses");
    assert_eq!(payload[0], CLASSES);
}

#[test]
fn integers_are_refused_and_so_is_damage() {
    let entry = Entry::of::<Steps>();
    let promise = |dtype| entry.capabilities().expect("built").promise(dtype, 2, TargetKind::PointwiseRel);
    assert_eq!(promise(DType::F32).ok(), Some(Promise::Bounded));
    assert!(promise(DType::I16).is_err() && Checked::<Steps>::new(NoParams {}, Target::PointwiseRel(0.1)).is_err());
    let payload = through(&[1.0f64, -2.0, 0.0, 4.0, 9.0, 1e-9], &[2, 3], 0.01);
    let method = build(&entry, &ParamsJson::new(), Target::PointwiseRel(0.01)).expect("served");
    let mut back = Tensor::zeros(DType::F64, &[2, 3]);
    for end in 0..payload.len() {
        assert!(method.decompress(&payload[..end], back.view_mut()).is_err(), "cut at {end}");
    }
    for bit in 0..payload.len() * 8 {
        let mut bad = payload.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let _ = method.decompress(&bad, back.view_mut());
    }
}
