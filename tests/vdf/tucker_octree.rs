//! Trees of Tucker decompositions, beside the original's payloads.

use codecbench_methods::api::Target;
use serde_json::json;

use crate::sample::{round_trip, sample};

/// Of T-Octree (cschpc/tucker-octree at 3bc4247, `skip_levels` 0): its tolerance, bytes, and the greatest error relative
/// to the greatest value, which misses the last two tolerances.
const ORIGINAL: [(f64, usize, f64); 5] = [
    (0.1, 3517, 0.0943),
    (0.03, 11_035, 0.0295),
    (0.01, 29_019, 0.0170),
    (0.003, 73_749, 0.0170),
    (0.001, 132_820, 0.0170),
];

#[test]
fn bounds_are_kept_with_fewer_bytes_than_the_original_at_the_error_it_had() {
    let Some(values) = sample() else { return };
    let largest = values.iter().fold(0.0f64, |largest, &x| largest.max(f64::from(x)));
    for (tolerance, original, error) in ORIGINAL {
        for (share, rank) in [(error.min(tolerance), 2), (tolerance, 0)] {
            let bound = share * largest;
            let (bytes, back) = round_trip("tucker-octree", &json!({ "rank": rank }), Target::MaxAbs(bound), &values);
            println!("tolerance {tolerance}, bound {share}, rank {rank}: {bytes} bytes, original {original}");
            assert!(values.iter().zip(&back).all(|(&x, &y)| (f64::from(x) - f64::from(y)).abs() <= bound));
            assert!(bytes < original / 3, "{tolerance}: {bytes} bytes");
        }
    }
}

#[test]
fn sizes_at_relative_mean_errors() {
    let Some(values) = sample() else { return };
    let square: f64 = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    let rms = (square / values.len() as f64).sqrt();
    for (l2, most) in [(0.0072, 6900), (0.02, 1720), (0.044, 485)] {
        let (bytes, back) = round_trip("tucker-octree", &json!({}), Target::Rmse(l2 * rms), &values);
        let error: f64 = values.iter().zip(&back).map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2)).sum();
        println!("L2 {l2}: {bytes} bytes, found {:.6}", (error / square).sqrt());
        assert!((error / square).sqrt() <= l2 && bytes <= most, "{l2}: {bytes} bytes");
    }
}
