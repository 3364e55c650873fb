//! The sample, and a round trip of it.

use std::path::PathBuf;

use codecbench_methods::METHODS;
use codecbench_methods::api::{DType, Entry, Target, Tensor};
use serde_json::Value;

/// Voxels per axis.
pub const SHAPE: [usize; 3] = [50, 50, 50];

/// The sample as float32, or nothing, with a line that says so, where `CODECBENCH_DATA` does not lead to it.
pub fn sample() -> Option<Vec<f32>> {
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
pub fn round_trip(id: &str, params: &Value, target: Target, values: &[f32]) -> (usize, Vec<f32>) {
    let entry: &Entry = METHODS.iter().find(|entry| entry.id() == id).expect("a known method");
    let params = params.as_object().expect("an object");
    let method = entry.build(params, target).expect("valid parameters");
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let tensor = Tensor::from_le_bytes(DType::F32, &SHAPE, &raw).expect("125000 values");
    let mut payload = Vec::new();
    method.compress(tensor.view(), &mut payload).expect("compresses");
    let mut back = Tensor::zeros(tensor.dtype(), &SHAPE);
    method.decompress(&payload, back.view_mut()).expect("decompresses");
    match back {
        Tensor::F32(array) => (payload.len(), array.into_raw_vec_and_offset().0),
        other => panic!("float32 expected, got {}", other.dtype()),
    }
}
