//! What the tests of methods share: round trips on awkward arrays.

use crate::api::{Checked, Compressor, DType, Element, Method, Target, Tensor, TensorRef, View};
use crate::shared::subband::Band;

/// Compresses, decodes with a fresh instance; returns payload and decoded tensor.
pub(crate) fn round_trip<M: Method>(params: &M::Params, target: Target, tensor: &Tensor) -> (Vec<u8>, Tensor)
where
    M::Params: Clone,
{
    let build = || Checked::<M>::new(params.clone(), target).expect("valid parameters");
    let mut payload = Vec::new();
    build().compress(tensor.view(), &mut payload).expect("inside the capabilities");
    let mut decoded = Tensor::zeros(tensor.dtype(), tensor.shape());
    build().decompress(&payload, decoded.view_mut()).expect("just written");
    let sections = build().sections(tensor.dtype(), &payload).expect("just written");
    assert_eq!(sections.iter().map(|section| section.1).sum::<usize>(), payload.len());
    (payload, decoded)
}

/// Bytes that an array of floats takes, and the values that come back.
pub(crate) fn round_trip_floats<M: Method>(
    params: &M::Params,
    target: Target,
    shape: &[usize],
    values: &[f32],
) -> (usize, Vec<f32>)
where
    M::Params: Clone,
{
    match round_trip::<M>(params, target, &tensor(shape, |i| values[i])) {
        (payload, Tensor::F32(decoded)) => (payload.len(), decoded.into_raw_vec_and_offset().0),
        _ => unreachable!("the type is that of the input"),
    }
}

/// A tensor whose elements, in C order, are `value(0)`, `value(1)`, ...
pub(crate) fn tensor<T: Element>(shape: &[usize], value: impl Fn(usize) -> T) -> Tensor {
    let size = T::DTYPE.size();
    let bytes: Vec<u8> =
        (0..shape.iter().product()).flat_map(|i| value(i).to_bits().to_le_bytes()[..size].to_vec()).collect();
    Tensor::from_le_bytes(T::DTYPE, shape, &bytes).expect("the length fits")
}

/// A fixed sequence without structure in [-0.5, 0.5).
pub(crate) fn noise(i: usize) -> f64 {
    let mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / f64::from(1 << 24) - 0.5
}

/// A smooth sequence of amplitude 47.
pub(crate) fn wave(i: usize) -> f64 {
    (i as f64 * 0.05).sin() * 40.0 + (i as f64 * 0.011).cos() * 7.0
}

pub(crate) fn assert_within(original: &Tensor, decoded: &Tensor, bound: f64, what: &str) {
    crate::for_pair!((Tensor, original), (Tensor, decoded), (x, y) => {
        for (index, (x, y)) in x.iter().zip(y).enumerate() {
            assert!(y.within(*x, bound), "{what}: element {index} is {y}, was {x}, bound {bound}");
        }
    }, else => panic!("two types"));
}

/// Root mean square difference.
pub(crate) fn rmse(original: &Tensor, decoded: &Tensor) -> f64 {
    fn square<T: Element>((x, y): (&T, &T)) -> f64 {
        x.abs_diff(*y) * x.abs_diff(*y)
    }
    crate::for_pair!((Tensor, original), (Tensor, decoded), (x, y) => {
        (x.iter().zip(y).map(square).sum::<f64>() / x.len().max(1) as f64).sqrt()
    }, else => panic!("two types"))
}

/// Scalars, unit axes, primes, flat, long and many axes, and an empty one.
pub(crate) const SHAPES: [&[usize]; 12] = [
    &[],
    &[1],
    &[2],
    &[523],
    &[13, 29],
    &[1, 64, 1],
    &[7, 11, 13],
    &[5, 3, 2, 7],
    &[300, 3],
    &[2, 2, 2, 2, 2],
    &[3, 0, 2],
    &[16, 16, 16],
];

/// A tensor of each type that is exact in double precision.
pub(crate) fn every_type(shape: &[usize]) -> Vec<Tensor> {
    let value = |i: usize| wave(i) + 5.0 * noise(i);
    vec![
        tensor::<f32>(shape, |i| value(i) as f32),
        tensor::<f64>(shape, value),
        tensor::<i8>(shape, |i| (2.4 * value(i)) as i8),
        tensor::<u8>(shape, |i| (2.4 * value(i) + 120.0) as u8),
        tensor::<i16>(shape, |i| (600.0 * value(i)) as i16),
        tensor::<u16>(shape, |i| (600.0 * value(i) + 3e4) as u16),
        tensor::<i32>(shape, |i| (4e7 * value(i)) as i32),
        tensor::<u32>(shape, |i| (4e7 * value(i) + 2e9) as u32),
    ]
}

/// Every type and shape comes back within bounds from loose to none at all.
pub(crate) fn check_bounds<M: Method>(every: &[M::Params])
where
    M::Params: Clone,
{
    for params in every {
        for shape in SHAPES {
            for tensor in every_type(shape) {
                for bound in [0.0, 0.4, 1.0, 7.3] {
                    let (payload, decoded) = round_trip::<M>(params, Target::MaxAbs(bound), &tensor);
                    assert_within(&tensor, &decoded, bound, &format!("{shape:?} {}", tensor.dtype()));
                    assert!(!tensor.view().is_empty() || payload.is_empty());
                }
            }
        }
    }
}

/// A value, given its place.
type Value = fn(usize) -> f32;

/// Values that break careless arithmetic.
const AWKWARD: [(&str, Value); 7] = [
    ("alternating extremes", |i| if i % 2 == 0 { f32::MAX } else { f32::MIN }),
    ("denormals", |i| f32::from_bits(i as u32 % 99)),
    ("constant", |_| 0.1),
    ("an offset far above the variation", |i| 1e7 + (i % 5) as f32),
    ("one spike", |i| if i == 77 { 1e30 } else { 1e-3 * noise(i) as f32 }),
    ("noise", |i| noise(i) as f32),
    ("few values", |i| ((i * i % 17) as f32).exp()),
];

/// Values that break careless arithmetic come back within bounds.
pub(crate) fn check_awkward_values<M: Method>(params: &M::Params)
where
    M::Params: Clone,
{
    for (name, value) in AWKWARD {
        for shape in [&[1001][..], &[31, 33], &[9, 10, 11]] {
            for bound in [0.0, 1e-45, 1e-9, 1e-3, 0.5, 1.0, 1e30, 1e300] {
                let single = tensor::<f32>(shape, value);
                let double = tensor::<f64>(shape, |i| f64::from(value(i)) * 1.1);
                let spike = tensor::<f64>(shape, |i| f64::from(value(i)) * if i == 500 { 1e250 } else { 1.0 });
                for tensor in [single, double, spike] {
                    let (_, decoded) = round_trip::<M>(params, Target::MaxAbs(bound), &tensor);
                    assert_within(&tensor, &decoded, bound, name);
                }
            }
        }
    }
}

/// Bounds around half a unit in the last place of the data.
pub(crate) fn check_tight_bounds<M: Method>(params: &M::Params)
where
    M::Params: Clone,
{
    for units in [0.4, 0.5, 0.6, 0.75, 1.0, 1.5, 2.0, 3.3] {
        let ulp = f64::from(f32::EPSILON) * 256.0;
        let tensor = tensor::<f32>(&[40, 50], |i| (300.0 + wave(i)) as f32);
        let (payload, decoded) = round_trip::<M>(params, Target::MaxAbs(units * ulp), &tensor);
        assert_within(&tensor, &decoded, units * ulp, "a bound of a few units in the last place");
        assert!(payload.len() < 40 * 50 * 4, "{} bytes at {units} units", payload.len());
    }
}

/// Constant arrays take up to so many bytes, scalars up to so many, and empty ones none.
pub(crate) fn check_few_bytes<M: Method>(params: &M::Params, constant: usize, scalar: usize)
where
    M::Params: Clone,
{
    let size = |tensor: Tensor, bound| round_trip::<M>(params, Target::MaxAbs(bound), &tensor).0.len();
    assert!(size(tensor::<f32>(&[50, 60, 7], |_| 273.15), 1e-2) <= constant);
    assert!(size(tensor::<f32>(&[], |_| 273.15), 1e-2) <= scalar);
    assert!(size(tensor::<i16>(&[], |_| 5), 0.0) <= 5);
    assert_eq!(size(tensor::<u8>(&[0, 9], |_| 0), 1.0), 0);
}

/// A smooth field takes less than a byte for so many values.
pub(crate) fn check_smooth<M: Method>(params: &M::Params, values_per_byte: usize)
where
    M::Params: Clone,
{
    let smooth = tensor::<f32>(&[64, 64, 64], |i| {
        let at = |axis: usize| (i >> (6 * axis) & 63) as f64 / 64.0;
        ((at(0) * 5.0).sin() * (at(1) * 3.0).cos() + at(2) * at(2)) as f32
    });
    let (payload, decoded) = round_trip::<M>(params, Target::MaxAbs(1e-3), &smooth);
    assert_within(&smooth, &decoded, 1e-3, "a smooth field");
    assert!(payload.len() < 64 * 64 * 64 / values_per_byte, "{} bytes", payload.len());
}

/// Sub-bands hold every coefficient of an array once, and are like bands before them only.
pub(crate) fn check_bands(bands: &[Band], shape: &[usize]) {
    let mut seen = vec![0u8; shape.iter().product()];
    for (number, band) in bands.iter().enumerate() {
        assert!(band.alike.iter().all(|alike| alike.band < number));
        let mut rows = vec![band.start];
        for axis in &band.offsets {
            rows = rows.iter().flat_map(|row| axis.iter().map(move |offset| row + offset)).collect();
        }
        rows.iter().for_each(|&row| seen[row..row + band.row].iter_mut().for_each(|seen| *seen += 1));
    }
    assert!(seen.iter().all(|&seen| seen == 1), "{shape:?}");
}

/// A mean square error is met from below, closely where there are many values.
pub(crate) fn check_mean_error<M: Method>(params: &M::Params)
where
    M::Params: Clone,
{
    for shape in [&[523][..], &[61, 67], &[24, 25, 26]] {
        let tensor = tensor::<f32>(shape, |i| (wave(i) + 9.0 * noise(i)) as f32);
        for goal in [0.01, 0.5, 2.0] {
            let (_, decoded) = round_trip::<M>(params, Target::Rmse(goal), &tensor);
            let error = rmse(&tensor, &decoded);
            assert!(error <= goal && error > 0.9 * goal, "{shape:?}: {error} where {goal} was asked for");
        }
        let (_, decoded) = round_trip::<M>(params, Target::Rmse(0.0), &tensor);
        assert_eq!(decoded, tensor);
    }
}

/// Cut, flipped, foreign and longer payloads: an error or garbage, no panic.
pub(crate) fn check_hostile_bytes<M: Method>(every: &[M::Params], target: Target)
where
    M::Params: Clone,
{
    let tensor = tensor::<f32>(&[19, 23], |i| if i % 50 == 3 { 1e20 } else { wave(i) as f32 });
    for params in every {
        let (payload, mut decoded) = round_trip::<M>(params, target, &tensor);
        let method = Checked::<M>::new(params.clone(), target).expect("valid parameters");
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

/// Values that are not finite, given directly: no panic, no refusal.
pub(crate) fn check_not_finite<M: Method>(params: &M::Params)
where
    M::Params: Clone,
{
    let data: Vec<f32> = (0..500).map(|i| if i % 11 == 0 { f32::NAN } else { wave(i) as f32 }).collect();
    let view = View::from_slice(&[20, 25], &data).expect("the length fits");
    let method = Checked::<M>::new(params.clone(), Target::MaxAbs(0.1)).expect("valid parameters");
    let mut payload = Vec::new();
    method.compress(TensorRef::from(view), &mut payload).expect("no panic, no refusal");
    let mut decoded = Tensor::zeros(DType::F32, &[20, 25]);
    method.decompress(&payload, decoded.view_mut()).expect("just written");
}
