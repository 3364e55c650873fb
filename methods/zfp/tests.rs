use super::*;
use crate::api::{Checked, Element, Tensor};
use crate::{for_dtype, for_pair, with_element};

fn method(params: &Params, target: Target) -> Checked<Zfp> {
    Checked::<Zfp>::new(params.clone(), target).expect("valid")
}

fn native(mode: Mode) -> Params {
    Params { mode, ..Params::default() }
}

/// A wave with some noise, nearly the same in each row of twenty, spread over the range of the type (floats: about -40 to 40).
fn field(dtype: DType, shape: &[usize]) -> Tensor {
    fn value<T: Element>(index: usize) -> T {
        let noise = ((index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / f64::from(1 << 24);
        let wave = 0.4 + 0.35 * libm::sin(index as f64 * 0.3145) + 0.02 * noise;
        match T::DTYPE {
            DType::F32 | DType::F64 => T::from_f64(100.0 * (wave - 0.4)),
            DType::I8 | DType::I16 => T::from_f64(wave * 0.9 * f64::from(1 << (8 * T::DTYPE.size() - 1))),
            _ => T::from_f64(wave * libm::exp2(8.0 * T::DTYPE.size() as f64 - 3.0)),
        }
    }
    with_element!(dtype, T => {
        let values: Vec<T> = (0..shape.iter().product()).map(value::<T>).collect();
        Tensor::from(ndarray::ArrayD::from_shape_vec(ndarray::IxDyn(shape), values).expect("as many as the shape says"))
    })
}

fn payload_of(method: &Checked<Zfp>, tensor: &Tensor) -> Vec<u8> {
    let mut payload = Vec::new();
    method.compress(tensor.view(), &mut payload).expect("compresses");
    let sections = method.sections(tensor.dtype(), &payload).expect("walks");
    assert_eq!(sections.iter().map(|section| section.1).sum::<usize>(), payload.len());
    payload
}

fn decoded(method: &Checked<Zfp>, payload: &[u8], like: &Tensor) -> Tensor {
    let mut back = Tensor::zeros(like.dtype(), like.shape());
    method.decompress(payload, back.view_mut()).expect("decompresses");
    back
}

fn within(a: &Tensor, b: &Tensor, bound: f64) -> bool {
    for_pair!((Tensor, a), (Tensor, b), (a, b) => a.iter().zip(b).all(|(&a, &b)| Element::within(a, b, bound)), else => false)
}

fn greatest_error(a: &Tensor, b: &Tensor) -> f64 {
    for_pair!((Tensor, a), (Tensor, b), (a, b) => {
        a.iter().zip(b).map(|(&a, &b)| Element::abs_diff(a, b)).fold(0.0, f64::max)
    }, else => f64::NAN)
}

const SHAPES: &[&[usize]] =
    &[&[], &[0], &[1], &[3, 0], &[1, 1, 1], &[29], &[6, 7], &[5, 4, 9], &[2, 3, 1, 5, 4], &[2, 3, 2, 5, 3]];

#[test]
fn every_dtype_and_shape_comes_back_bit_for_bit() {
    for &dtype in DTYPES {
        for shape in SHAPES {
            let tensor = field(dtype, shape);
            for (params, target) in [(Params::default(), Target::Lossless), (native(Mode::Reversible), Target::Native)]
            {
                let zfp = method(&params, target);
                let payload = payload_of(&zfp, &tensor);
                assert!(payload.len() <= tensor.byte_len() + 1, "never more than one byte above the elements");
                assert_eq!(payload.is_empty(), tensor.is_empty());
                assert_eq!(decoded(&zfp, &payload, &tensor), tensor, "{dtype} {shape:?}");
            }
        }
    }
}

#[test]
fn extremes_and_negative_zeros_come_back_bit_for_bit() {
    fn check<T: Element>(values: &[T])
    where
        Tensor: From<ndarray::ArrayD<T>>,
    {
        let array = ndarray::ArrayD::from_shape_vec(ndarray::IxDyn(&[values.len()]), values.to_vec());
        let tensor = Tensor::from(array.expect("one axis"));
        let bits = |tensor: &Tensor| for_dtype!(Tensor, tensor, array => array.iter().map(|&v| Element::to_bits(v)).collect::<Vec<_>>());
        for target in [Target::Lossless, Target::MaxAbs(0.0)] {
            let zfp = method(&Params::default(), target);
            assert_eq!(bits(&decoded(&zfp, &payload_of(&zfp, &tensor), &tensor)), bits(&tensor));
        }
    }
    check(&[-0.0f32; 64]);
    check(&[f32::MAX, f32::MIN, 1e-45, -0.0, 0.0, 1.0]);
    check(&[f64::MAX, f64::MIN, 5e-324, -0.0, 0.0, 1.0]);
    check(&[i32::MIN, i32::MAX, 0, -1, i32::MIN]);
    check(&[i64::MIN, i64::MAX, 0, -1, i64::MAX]);
    check(&[u32::MAX, 0, 1 << 31]);
    check(&[i8::MIN, i8::MAX]);
}

#[test]
fn the_bound_holds_for_every_value_and_the_search_makes_it_no_larger() {
    for &dtype in DTYPES {
        let scale = if dtype.is_float() { 1.0 } else { libm::exp2(8.0 * dtype.size() as f64 - 6.0) };
        for shape in SHAPES {
            let tensor = field(dtype, shape);
            for bound in [1e-12, 1e-3, 0.3, 1.0, 7.7] {
                let target = Target::MaxAbs(bound * scale);
                let sizes = [false, true].map(|search| {
                    let zfp = method(&Params { search, ..Params::default() }, target);
                    let payload = payload_of(&zfp, &tensor);
                    let back = decoded(&zfp, &payload, &tensor);
                    assert!(within(&tensor, &back, bound * scale), "{dtype} {shape:?} {bound} search={search}");
                    payload.len()
                });
                assert!(
                    sizes[1] <= sizes[0] && sizes[0] <= tensor.byte_len() + 1,
                    "{dtype} {shape:?} {bound}: {sizes:?}"
                );
            }
        }
    }
}

#[test]
fn the_search_gains_and_a_loose_bound_is_cheap_for_every_dtype() {
    for &dtype in DTYPES {
        let tensor = field(dtype, &[20, 20, 20]);
        let scale = if dtype.is_float() { 100.0 } else { libm::exp2(8.0 * dtype.size() as f64 - 2.0) };
        let size = |bound: f64, search| {
            payload_of(&method(&Params { search, ..Params::default() }, Target::MaxAbs(bound * scale)), &tensor).len()
        };
        assert!(size(0.05, false) < tensor.byte_len() / 2, "{dtype}: {} of {}", size(0.05, false), tensor.byte_len());
        // Integers start where the search of floats mostly ends.
        let gain = if dtype.is_float() { 1 } else { 0 };
        assert!(size(0.05, true) + gain <= size(0.05, false), "{dtype}: {} {}", size(0.05, true), size(0.05, false));
    }
}

#[test]
fn integers_beyond_the_range_of_the_transform_still_keep_their_bound() {
    let values: Vec<i32> =
        (0..400).map(|i| if i % 2 == 0 { i32::MAX - i * 1000 } else { i32::MIN + i * 999 }).collect();
    let array = ndarray::ArrayD::from_shape_vec(ndarray::IxDyn(&[20, 20]), values).expect("400 values");
    let tensor = Tensor::from(array);
    let zfp = method(&Params::default(), Target::MaxAbs(1e6));
    assert!(within(&tensor, &decoded(&zfp, &payload_of(&zfp, &tensor), &tensor), 1e6));
}

#[test]
fn a_number_of_bits_per_value_is_kept_for_whole_and_for_broken_blocks() {
    for &dtype in DTYPES {
        for shape in [&[16, 16, 16][..], &[17, 18, 19], &[1000], &[33, 35]] {
            let tensor = field(dtype, shape);
            for bits in [2.0, 3.7, 6.0] {
                let zfp = method(&Params::default(), Target::BitsPerValue(bits));
                let payload = payload_of(&zfp, &tensor);
                let got = payload.len() as f64 * 8.0 / tensor.len() as f64;
                let least = if dtype.is_float() && shape.len() == 1 { 3.0f64.max(bits) } else { bits };
                assert!(got <= least + 8.0 / tensor.len() as f64, "{dtype} {shape:?}: {got} bits for {bits}");
                decoded(&zfp, &payload, &tensor);
            }
        }
    }
}

#[test]
fn native_modes_give_more_quality_for_more_bits() {
    for &dtype in DTYPES {
        let tensor = field(dtype, &[12, 13, 14]);
        let outcome = |params: Params| {
            let zfp = method(&params, Target::Native);
            let payload = payload_of(&zfp, &tensor);
            (payload.len(), greatest_error(&tensor, &decoded(&zfp, &payload, &tensor)))
        };
        let scale = if dtype.is_float() { 1.0 } else { libm::exp2(8.0 * dtype.size() as f64 - 8.0) };
        let pairs = [
            [5, 12].map(|precision| outcome(Params { precision, ..native(Mode::Precision) })),
            [1.5, 6.0].map(|rate| outcome(Params { rate, ..native(Mode::Rate) })),
            [40.0, 2.0].map(|tolerance| outcome(Params { tolerance: tolerance * scale, ..native(Mode::Accuracy) })),
        ];
        for [few, many] in pairs {
            assert!(few.0 < many.0 && few.1 > many.1, "{dtype}: {few:?} {many:?}");
        }
        assert!(pairs[2][0].1 <= 40.0 * scale && pairs[2][1].1 <= 2.0 * scale, "{dtype}: {pairs:?}");
    }
}

#[test]
fn prefixes_flips_and_any_bytes_are_errors_or_garbage() {
    let bounds = [(Params::default(), Target::Lossless), (Params::default(), Target::MaxAbs(0.5))];
    let rates = [(Params::default(), Target::BitsPerValue(4.0)), (native(Mode::Precision), Target::Native)];
    for (params, target) in bounds.into_iter().chain(rates) {
        for dtype in [DType::F32, DType::F64, DType::I32, DType::I64, DType::U16] {
            let tensor = field(dtype, &[5, 6, 3]);
            let zfp = method(&params, target);
            let payload = payload_of(&zfp, &tensor);
            let mut output = tensor.clone();
            for end in 0..payload.len() {
                let _ = zfp.decompress(&payload[..end], output.view_mut());
            }
            for bit in 0..payload.len() * 8 {
                let mut bad = payload.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                let _ = zfp.decompress(&bad, output.view_mut());
            }
            for fill in 0..=255u8 {
                let _ = zfp.decompress(&[fill; 600], output.view_mut());
            }
            let long = [&payload[..], &[1; 4000]].concat();
            assert!(zfp.decompress(&long, output.view_mut()).is_err(), "garbage behind the end");
        }
    }
    let mut empty = Tensor::zeros(DType::F32, &[0]);
    assert!(method(&Params::default(), Target::Lossless).decompress(&[0], empty.view_mut()).is_err());
    let mut one = Tensor::zeros(DType::F32, &[1]);
    assert!(method(&Params::default(), Target::Lossless).decompress(&[], one.view_mut()).is_err());
    assert!(method(&Params::default(), Target::Lossless).decompress(&[3, 1], one.view_mut()).is_err());
}

#[test]
fn what_zfp_does_not_do_is_refused_by_name() {
    let refused =
        |params: Params, target| Checked::<Zfp>::new(params, target).expect_err("must be refused").to_string();
    assert!(refused(Params::default(), Target::Rmse(1.0)).contains("`rmse`"));
    assert!(refused(native(Mode::Rate), Target::MaxAbs(1.0)).contains("mode"));
    assert!(refused(Params { tolerance: 0.0, ..Params::default() }, Target::Native).contains("`tolerance`"));
    assert!(refused(Params { precision: 65, ..Params::default() }, Target::Native).contains("`precision`"));
    assert!(refused(Params { rate: f64::NAN, ..Params::default() }, Target::Native).contains("`rate`"));
    let zfp = method(&Params::default(), Target::Lossless);
    let error = |tensor: &Tensor| zfp.compress(tensor.view(), &mut Vec::new()).expect_err("must be refused");
    assert!(matches!(error(&field(DType::U64, &[3])), Error::Unsupported(_)));
    let mut holes = ndarray::ArrayD::<f32>::zeros(ndarray::IxDyn(&[2, 2]));
    holes[[1, 0]] = f32::NAN;
    assert!(error(&Tensor::from(holes)).to_string().contains("NaN at flat index 2"));
}

#[test]
fn axes_of_length_one_go_and_the_slowest_of_many_become_one() {
    assert_eq!(axes_for_zfp(&[]), [1]);
    assert_eq!(axes_for_zfp(&[1, 5, 1, 7]), [5, 7]);
    assert_eq!(axes_for_zfp(&[2, 3, 4, 5]), [2, 3, 4, 5]);
    assert_eq!(axes_for_zfp(&[2, 3, 4, 5, 6, 7]), [24, 5, 6, 7]);
}
