//! wavelet and block-dct under a mean error and under a bound.

use codecbench_methods::api::Target;
use serde_json::{Value, json};

use crate::sample::{round_trip, sample};

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum::<f64>().sqrt()
}

/// Bytes for a relative L2 error, which must be kept.
fn bytes_at(id: &str, params: &Value, relative: f64, values: &[f32]) -> usize {
    let size = norm(values.iter().map(|&x| f64::from(x)));
    let error = relative * size / (values.len() as f64).sqrt();
    let (bytes, back) = round_trip(id, params, Target::Rmse(error), values);
    let off = norm(values.iter().zip(&back).map(|(&x, &y)| f64::from(x) - f64::from(y))) / size;
    println!("{id}:{params} rmse {error:e}: {bytes} bytes, ratio {:.1}, L2 {off:.6}", 500_000.0 / bytes as f64);
    assert!(off <= relative, "{id} {relative}: L2 {off}");
    bytes
}

#[test]
fn wavelet_sizes_at_a_relative_error() {
    let Some(values) = sample() else { return };
    for (relative, most) in [(0.0065, 4761), (0.020, 1470), (0.044, 560), (0.058, 416)] {
        let bytes = bytes_at("wavelet", &json!({}), relative, &values);
        assert!(bytes <= most, "{relative}: {bytes} bytes, not {most}");
    }
}

#[test]
fn block_dct_sizes_at_a_relative_error() {
    let Some(values) = sample() else { return };
    for (relative, most) in [(0.0065, 7000), (0.020, 2127), (0.044, 833), (0.058, 600)] {
        let bytes = bytes_at("block-dct", &json!({}), relative, &values);
        assert!(bytes <= most, "{relative}: {bytes} bytes, not {most}");
    }
}

#[test]
fn bounds_are_kept_on_the_sample() {
    let Some(values) = sample() else { return };
    let largest = values.iter().fold(0.0f32, |largest, &x| largest.max(x));
    for (id, fraction) in [("wavelet", 1e-2), ("wavelet", 1e-3), ("block-dct", 1e-2), ("block-dct", 1e-3)] {
        let bound = f64::from(largest) * fraction;
        let (bytes, back) = round_trip(id, &json!({}), Target::MaxAbs(bound), &values);
        println!("{id}: within {fraction} of the largest value: {bytes} bytes");
        assert!(values.iter().zip(&back).all(|(&x, &y)| (f64::from(x) - f64::from(y)).abs() <= bound));
    }
}
