use super::*;
use crate::api::{Checked, Element, Tensor, View, ViewMut};
use crate::shared::axes::Axes;
use crate::shared::shuffle::Shuffle;

fn method(params: Params) -> Checked<SpatialDelta> {
    Checked::<SpatialDelta>::new(params, Target::Lossless).expect("valid parameters")
}

fn named(axes: &str) -> Params {
    Params { axes: Choice::Named(axes.parse().expect("valid axes")), ..Params::default() }
}

fn bytes_of(tensor: &Tensor) -> Vec<u8> {
    let mut bytes = Vec::new();
    tensor.view().write_le(&mut bytes);
    bytes
}

fn payload_of(params: &Params, tensor: &Tensor) -> Vec<u8> {
    let mut payload = Vec::new();
    method(params.clone()).compress(tensor.view(), &mut payload).expect("compresses");
    let mut back = Tensor::zeros(tensor.dtype(), tensor.shape());
    method(params.clone()).decompress(&payload, back.view_mut()).expect("decompresses");
    assert_eq!(bytes_of(&back), bytes_of(tensor), "{params:?}");
    let sections = method(params.clone()).sections(tensor.dtype(), &payload).expect("walks");
    assert_eq!(sections.iter().map(|section| section.1).sum::<usize>(), payload.len());
    payload
}

fn tensor<T: Element>(shape: &[usize], values: &[T]) -> Tensor
where
    for<'a> TensorRef<'a>: From<View<'a, T>>,
{
    TensorRef::from(View::from_slice(shape, values).expect("as many as the shape says")).to_tensor()
}

fn noise(index: usize) -> u64 {
    let mixed = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32
}

#[test]
fn every_dtype_shape_and_codec_comes_back_bit_for_bit() {
    for dtype in DType::ALL {
        for shape in [&[][..], &[0], &[3, 0, 2], &[1], &[33], &[5, 9], &[3, 4, 5], &[2, 3, 1, 4]] {
            let length = shape.iter().product::<usize>() * dtype.size();
            let bytes: Vec<u8> = (0..length).map(|i| if i % 5 < 3 { 0xff } else { noise(i) as u8 }).collect();
            let values = Tensor::from_le_bytes(dtype, shape, &bytes).expect("the length fits");
            for codec in [Codec::Auto, Codec::Zlib, Codec::Entropy] {
                for shuffle in [Shuffle::None, Shuffle::Byte, Shuffle::Bit] {
                    for axes in [Choice::Auto, Choice::Named(Axes::All)] {
                        let params = Params { codec, shuffle, axes, ..Params::default() };
                        assert_eq!(payload_of(&params, &values).is_empty(), length == 0);
                    }
                }
            }
        }
    }
}

#[test]
fn a_narrow_type_holds_the_differences_and_the_sum_runs_in_the_elements_own() {
    let cube: Vec<i16> = (0..27).collect();
    let int8 = Params { astype: Narrow::Int8, ..named("1") };
    payload_of(&int8, &tensor(&[3, 3, 3], &cube));
    payload_of(&int8, &tensor(&[1, 4], &[100i16, 200, 300, 400]));
    payload_of(&int8, &tensor(&[1, 4], &[3u8, 250, 1, 7]));
    payload_of(&Params { astype: Narrow::Uint8, ..named("0") }, &tensor(&[3], &[10u32, 11, 266]));
    // The lowest words of all are those of negative NaNs.
    let lowest = [u32::MAX, u32::MAX - 3, u32::MAX - 300].map(f32::from_bits);
    payload_of(&Params { astype: Narrow::Int16, ..named("0") }, &tensor(&[3], &lowest));
}

#[test]
fn a_narrow_type_that_would_lose_data_is_refused_with_the_place() {
    let refused = |params: &Params, values: &Tensor| {
        let error = method(params.clone()).compress(values.view(), &mut Vec::new()).expect_err("must be refused");
        assert!(matches!(error, Error::InvalidParam { .. }), "{error}");
        error.to_string()
    };
    let int8 = Params { astype: Narrow::Int8, ..named("1") };
    let message = refused(&int8, &tensor(&[1, 4], &[0i16, 200, 0, 300]));
    assert!(message.contains("`astype`") && message.contains("flat index 1"), "{message}");
    let wide = Params { astype: Narrow::Int32, ..named("0") };
    assert!(refused(&wide, &tensor(&[2], &[1u8, 2])).contains("int32 is wider than"));
    assert!(refused(&named("2"), &tensor(&[2, 2], &[1u8, 2, 3, 4])).contains("`axes`"));
}

#[test]
fn only_the_axis_along_which_traces_are_smooth_helps() {
    // As in numcodecs issue 198: 4 x 8 x 64 x 16, traces that walk along axis 2 and have nothing to do with each other.
    let shape = [4, 8, 64, 16];
    let mut values = vec![0i16; shape.iter().product()];
    for index in 0..values.len() {
        let step = (noise(index) % 17) as i16 - 8;
        values[index] = match index / 16 % 64 {
            0 => (noise(index) % 16384) as i16 - 8192,
            _ => values[index - 16] + step,
        };
    }
    let walk = tensor(&shape, &values);
    let zlib = |axes: Choice| Params { axes, codec: Codec::Zlib, shuffle: Shuffle::None, ..Params::default() };
    let size = |params: &Params, values: &Tensor| payload_of(params, values).len();
    let mut plain = Vec::new();
    deflate::compress(&bytes_of(&walk), 6, &mut plain).expect("compresses");
    let flat = size(&zlib(Choice::Named(Axes::All)), &tensor(&[values.len()], &values));
    let axis = size(&zlib(named("2").axes), &walk);
    assert!(axis * 2 < plain.len() && axis * 2 < flat, "axis 2 {axis}, flat {flat}, none {}", plain.len());
    assert_eq!(size(&zlib(Choice::Auto), &walk), axis + 1, "axis 2 is found, one byte says so");
    assert!(size(&Params { codec: Codec::Auto, ..named("2") }, &walk) <= axis + 1);
}

#[test]
fn prefixes_flips_and_foreign_heads_are_errors_or_garbage() {
    let values: Vec<i32> = (0..600).map(|i| i * i + (noise(i as usize) % 7) as i32).collect();
    let field = tensor(&[20, 30], &values);
    for codec in [Codec::Auto, Codec::Zlib, Codec::Entropy] {
        let params = Params { codec, ..Params::default() };
        let payload = payload_of(&params, &field);
        let mut output = Tensor::zeros(DType::I32, &[20, 30]);
        for end in 0..payload.len() {
            let _ = method(params.clone()).decompress(&payload[..end], output.view_mut());
        }
        for bit in 0..payload.len() * 8 {
            let mut bad = payload.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let _ = method(params.clone()).decompress(&bad, output.view_mut());
        }
        assert!(method(params.clone()).decompress(&[0x78], output.view_mut()).is_err(), "an axis too many");
        assert!(method(params).decompress(&[], output.view_mut()).is_err());
    }
}

#[test]
fn the_method_refuses_targets_and_levels_it_does_not_serve() {
    assert!(matches!(Checked::<SpatialDelta>::new(Params::default(), Target::Native), Err(Error::Unsupported(_))));
    let params = Params { level: 11, ..Params::default() };
    assert!(Checked::<SpatialDelta>::new(params, Target::Lossless).expect_err("level").to_string().contains("`level`"));
}

#[test]
fn arrays_of_several_blocks_round_trip_and_a_wrong_block_length_is_corrupt() {
    let data: Vec<u8> = (0..coded::BLOCK + 1000).map(|i| (i / 999) as u8).collect();
    let view = View::from_slice(&[data.len()], &data).expect("one axis");
    for codec in [Codec::Zlib, Codec::Entropy] {
        let method = method(Params { codec, ..Params::default() });
        let mut payload = Vec::new();
        method.compress(view.clone().into(), &mut payload).expect("compresses");
        let mut back = vec![0u8; data.len()];
        let mut decode = |payload: &[u8]| {
            let output = ViewMut::from_slice(&[data.len()], &mut back).expect("one axis");
            method.decompress(payload, output.into())
        };
        assert!(decode(&payload[..payload.len() / 2]).is_err());
        decode(&payload).expect("decompresses");
        assert!(back == data);
    }
}
