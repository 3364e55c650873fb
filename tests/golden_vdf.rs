//! Sizes and errors on the 50 x 50 x 50 sample VDF that others have measured (Asterix notebook, as float32), where the data is present.

use std::path::PathBuf;

use codecbench_methods::METHODS;
use codecbench_methods::api::{Entry, Target, Tensor};
use serde_json::{Value, json};

const SHAPE: [usize; 3] = [50, 50, 50];

/// The sample as float32, or nothing, with a line that says so, where `CODECBENCH_DATA` does not lead to it.
fn sample() -> Option<Vec<f32>> {
    let folders = std::env::var_os("CODECBENCH_DATA").unwrap_or_default();
    let path = std::env::split_paths(&folders)
        .map(|folder: PathBuf| folder.join("asterix_vdf50/asterix_vdf50.f64"))
        .find(|path| path.is_file());
    let Some(path) = path else {
        println!("skipped: asterix_vdf50 is not in a folder of CODECBENCH_DATA");
        return None;
    };
    let bytes = std::fs::read(&path).expect("the sample is readable");
    let values = bytes.as_chunks::<8>().0.iter().map(|&chunk| f64::from_le_bytes(chunk));
    let singles: Vec<f32> = values.clone().map(|value| value as f32).collect();
    assert!(singles.len() == 125_000 && singles.iter().zip(values).all(|(&single, value)| f64::from(single) == value));
    Some(singles)
}

/// Bytes of the payload, and the values that come back from it.
fn round_trip(id: &str, params: &Value, target: Target, values: &[f32]) -> (usize, Vec<f32>) {
    let entry: &Entry = METHODS.iter().find(|entry| entry.id() == id).expect("a known method");
    let params = params.as_object().expect("an object");
    let method = entry.build(params, target).expect("valid parameters");
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let tensor = Tensor::from_le_bytes(codecbench_methods::api::DType::F32, &SHAPE, &raw).expect("125000 values");
    let mut payload = Vec::new();
    method.compress(tensor.view(), &mut payload).expect("compresses");
    let mut back = Tensor::zeros(tensor.dtype(), &SHAPE);
    method.decompress(&payload, back.view_mut()).expect("decompresses");
    match back {
        Tensor::F32(array) => (payload.len(), array.into_raw_vec_and_offset().0),
        other => panic!("float32 expected, got {}", other.dtype()),
    }
}

/// Level 1 is apart: zlib-rs, as zlib-ng, has a quicker and weaker strategy there than the reference library.
#[test]
fn zlib_sizes_are_those_of_the_reference_library_within_one_percent_above_level_one() {
    let Some(values) = sample() else { return };
    let cases = [("none", 6, 325_240, 1), ("none", 9, 325_019, 1), ("byte", 9, 286_196, 1), ("none", 1, 327_309, 10)];
    for (shuffle, level, reference, percent) in cases {
        let params = json!({ "shuffle": shuffle, "level": level });
        let (bytes, back) = round_trip("zlib", &params, Target::Lossless, &values);
        println!("zlib:shuffle={shuffle}:level={level}: {bytes} bytes, reference {reference}");
        assert_eq!(back, values);
        assert!(
            bytes.abs_diff(reference) * 100 <= reference * percent,
            "{shuffle} {level}: {bytes} bytes, not {reference}"
        );
    }
}

/// Bytes of the stream (whole words) and the greatest error, measured with zfpy 1.0.1 without its header.
#[cfg(feature = "zfp")]
const ZFP_SWEEP: [(f64, usize, f64); 6] = [
    (1e-12, 1872, 8.44e-14),
    (1e-13, 5728, 8.56e-15),
    (1e-14, 15208, 1.385e-15),
    (1e-15, 35160, 2.29e-16),
    (1e-16, 75352, 1.41e-17),
    (1e-17, 110536, 1.63e-18),
];

#[cfg(feature = "zfp")]
#[test]
fn zfp_streams_and_errors_are_those_of_the_reference_sweep() {
    let Some(values) = sample() else { return };
    for (tolerance, reference, reference_error) in ZFP_SWEEP {
        let params = json!({ "tolerance": tolerance });
        let (bytes, back) = round_trip("zfp", &params, Target::Native, &values);
        let errors = values.iter().zip(&back).map(|(&x, &y)| (f64::from(x) - f64::from(y)).abs());
        let error = errors.fold(0.0, f64::max);
        println!(
            "zfp:tolerance={tolerance:e}: {bytes} bytes, error {error:e}; reference {reference}, {reference_error:e}"
        );
        // The payload leaves out the zeros at the end, which fill the last words.
        assert!(bytes <= reference && bytes + 16 > reference, "{tolerance:e}: {bytes} bytes, not {reference}");
        assert!((error / reference_error - 1.0).abs() < 5e-3, "{tolerance:e}: error {error:e}");
        let (bounded, _) = round_trip("zfp", &json!({}), Target::MaxAbs(tolerance), &values);
        assert_eq!(bounded, bytes + 1, "the bound holds at once and one byte says so");
        let (searched, back) = round_trip("zfp", &json!({ "search": true }), Target::MaxAbs(tolerance), &values);
        assert!(searched < bounded);
        assert!(values.iter().zip(&back).all(|(&x, &y)| (f64::from(x) - f64::from(y)).abs() <= tolerance));
        println!("  searched: {searched} bytes");
    }
}
