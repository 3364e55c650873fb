//! Distributions at the edges: nothing at all, one spike, values below zero, values that are no numbers, one axis, four.
//! Every method for distributions gives a good result for them, or says why it does not take them.

use codecbench_methods::METHODS;
use codecbench_methods::api::{DType, Error, Promise, Target, Tensor};
use serde_json::Map;

const IDS: [&str; 9] =
    ["octree", "tucker-octree", "hermite", "gmm", "spherical-harmonics", "pca", "wavelet", "haar-pair", "block-dct"];
const BOX: [usize; 3] = [18, 20, 16];
/// About the largest value.
const PEAK: f64 = 3e-13;

struct Case {
    name: &'static str,
    shape: Vec<usize>,
    values: Vec<f32>,
    /// Most bytes of a good result under a mean error.
    most: usize,
}

/// Two beams, one of them tilted.
fn beams(shape: &[usize]) -> Vec<f32> {
    let at = |flat: usize, axis: usize| {
        let stride: usize = shape[axis + 1..].iter().product();
        (flat / stride % shape[axis]) as f64 / shape[axis] as f64
    };
    let value = |flat: usize| {
        let place: Vec<f64> = (0..shape.len()).map(|axis| at(flat, axis)).collect();
        let square = |centre: f64, width: f64| {
            place.iter().map(|x| (x - centre) * (x - centre) / (width * width)).sum::<f64>() / -2.0
        };
        let tilt = (place[0] - 0.6) * (place[shape.len() - 1] - 0.6) * 20.0;
        (PEAK * (square(0.4, 0.12).exp() + 0.3 * (square(0.6, 0.1) + tilt.min(0.5)).exp())) as f32
    };
    (0..shape.iter().product()).map(value).collect()
}

fn cases() -> Vec<Case> {
    let full = beams(&BOX);
    let case = |name, values, most| Case { name, shape: BOX.to_vec(), values, most };
    let holed = |(at, &value): (usize, &f32)| match at % 97 {
        3 => f32::NAN,
        40 => f32::INFINITY,
        _ => value,
    };
    let mut spike = vec![0.0; full.len()];
    spike[2345] = PEAK as f32;
    vec![
        case("nothing", vec![0.0; full.len()], 8),
        case("one spike", spike, 110),
        case("one value", vec![PEAK as f32; full.len()], 64),
        case("below zero", full.iter().map(|value| -value).collect(), 620),
        case("either sign", full.iter().zip((0..18).cycle()).map(|(x, i)| if i < 9 { *x } else { -x }).collect(), 2000),
        case("holes", full.iter().enumerate().map(holed).collect(), 900),
        case("no numbers", vec![f32::NAN; full.len()], 8),
        Case { name: "one axis", shape: vec![400], values: beams(&[400]), most: 40 },
        Case { name: "four axes", shape: vec![5, 9, 8, 7], values: beams(&[5, 9, 8, 7]), most: 900 },
    ]
}

/// Of values that are numbers: the largest magnitude, and the root of the mean square.
fn sizes(values: &[f32]) -> [f64; 2] {
    let finite: Vec<f64> = values.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value)).collect();
    let square: f64 = finite.iter().map(|value| value * value).sum();
    [finite.iter().fold(0.0, |largest, value| value.abs().max(largest)), (square / finite.len().max(1) as f64).sqrt()]
}

/// Bytes, and what is wrong with what came back.
fn result(id: &str, case: &Case, target: Target) -> Result<usize, Error> {
    let entry = METHODS.iter().find(|entry| entry.id() == id).expect("a known method");
    let method = entry.compressor(&Map::new(), target, None)?;
    let raw: Vec<u8> = case.values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let tensor = Tensor::from_le_bytes(DType::F32, &case.shape, &raw).expect("as many values");
    let mut payload = Vec::new();
    method.compress(tensor.view(), &mut payload)?;
    let mut back = Tensor::zeros(DType::F32, &case.shape);
    method.decompress(&payload, back.view_mut())?;
    let Tensor::F32(back) = back else { panic!("float32") };
    let (mut worst, mut sum, mut count) = (0.0f64, 0.0, 0usize);
    for (x, y) in case.values.iter().zip(&back) {
        if !x.is_finite() {
            assert_eq!(x.to_bits(), y.to_bits(), "{id} {target:?}, {}: what is no number comes back", case.name);
            continue;
        }
        let off = f64::from(*x) - f64::from(*y);
        assert!(off.is_finite(), "{id} {target:?}, {}: {x} came back as {y}", case.name);
        (worst, sum, count) = (worst.max(off.abs()), sum + off * off, count + 1);
    }
    let mean = (sum / count.max(1) as f64).sqrt();
    match target {
        Target::MaxAbs(bound) => assert!(worst <= bound, "{id}, {}: off by {worst:e}, bound {bound:e}", case.name),
        Target::Rmse(error) => assert!(mean <= error, "{id}, {}: error {mean:e}, not {error:e}", case.name),
        _ => {}
    }
    Ok(payload.len())
}

#[test]
fn every_method_takes_distributions_at_the_edges_or_says_why_not() {
    let cases = cases();
    for (id, case) in IDS.iter().flat_map(|id| cases.iter().map(move |case| (*id, case))) {
        let entry = METHODS.iter().find(|entry| entry.id() == id).expect("a known method");
        let can = entry.capabilities().expect("it is built");
        let [largest, rms] = sizes(&case.values).map(|size| if size > 0.0 { size } else { PEAK });
        let mut bytes = Vec::new();
        for target in [Target::Rmse(0.02 * rms), Target::MaxAbs(1e-3 * largest), Target::Native, Target::Lossless] {
            match (can.promise(DType::F32, case.shape.len(), target.kind()), result(id, case, target)) {
                (Ok(promise), Ok(size)) => {
                    assert!(promise != Promise::Exact || target == Target::Lossless);
                    let good = !matches!(target, Target::Rmse(_)) || size <= case.most;
                    assert!(good, "{id}, {}: {size} bytes, at most {} are good", case.name, case.most);
                    bytes.push(size.to_string());
                }
                (Err(_), Err(Error::Unsupported(reason))) => {
                    assert!(reason.len() > 5, "{id} {target:?}, {}: {reason:?} says nothing", case.name);
                    bytes.push("-".to_string());
                }
                // Missing values alone never reach the method, whatever it takes.
                (Err(_), Ok(size)) if case.values.iter().all(|value| !value.is_finite()) => {
                    bytes.push(size.to_string())
                }
                (can, found) => panic!("{id} {target:?}, {}: declared {can:?}, found {found:?}", case.name),
            }
        }
        println!("{id:<20} {:<12} rmse, abs, native, lossless: {} bytes", case.name, bytes.join(", "));
    }
}
