//! Principal components and Tucker decompositions.

use codecbench_methods::api::Target;
use serde_json::json;

use crate::sample::{round_trip, sample};

/// Difference of the sums in percent of their mean, and mean differences relative to the sample (first power) and to
/// what came back (second power), as the seed's `print_comparison_stats`.
fn statistics(values: &[f32], back: &[f32]) -> [f64; 3] {
    let pairs = || values.iter().zip(back).map(|(&x, &y)| (f64::from(x), f64::from(y)));
    let (a, b): (f64, f64) = (pairs().map(|(x, _)| x).sum(), pairs().map(|(_, y)| y).sum());
    let absolute: f64 = pairs().map(|(x, y)| (x - y).abs()).sum();
    let square: f64 = pairs().map(|(x, y)| (x - y) * (x - y)).sum();
    let norm: f64 = pairs().map(|(_, y)| y * y).sum();
    [
        (a - b).abs() / (0.5 * (a + b)) * 100.0,
        absolute / pairs().map(|(x, _)| x.abs()).sum::<f64>(),
        (square / norm).sqrt(),
    ]
}

/// The notebook prints a ratio of 83.33 from the scores alone: 1500 of the 79000 numbers that its decoder needs.
#[test]
fn pca_of_logarithms_has_the_errors_of_the_notebook_and_all_of_its_numbers_are_counted() {
    let Some(values) = sample() else { return };
    let params = json!({ "form": "matrix", "axis": 0, "components": 30, "log": true, "floor": 1e-16 });
    let (bytes, back) = round_trip("pca", &params, Target::Native, &values);
    let [n, l1, l2] = statistics(&values, &back);
    println!("pca 30 of 50 x 2500: {bytes} bytes, n {n:.4} %, L1 {l1:.5}, L2 {l2:.5}; notebook .031 .006 .007");
    assert_eq!(bytes, 79_000 * 4 + 2);
    assert!((n - 0.030).abs() < 0.003 && (l1 - 0.0059).abs() < 0.0003 && (l2 - 0.0072).abs() < 0.0003);
}

/// Bytes at relative errors: in the first column those that were asked of this method.
#[test]
fn tucker_sizes_at_relative_mean_errors() {
    let Some(values) = sample() else { return };
    let square: f64 = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    let rms = (square / values.len() as f64).sqrt();
    for (l2, most) in [(0.0072, 6150), (0.02, 1420), (0.032, 740), (0.044, 475), (0.1, 195)] {
        let (bytes, back) = round_trip("pca", &json!({}), Target::Rmse(l2 * rms), &values);
        let error: f64 = values.iter().zip(&back).map(|(&x, &y)| (f64::from(x) - f64::from(y)).powi(2)).sum();
        let found = (error / square).sqrt();
        println!("tucker L2 {l2}: {bytes} bytes, found {found:.6}, ratio {:.1}", 500_000.0 / bytes as f64);
        assert!(found <= l2 && found > 0.97 * l2 && bytes <= most, "{l2}: {bytes} bytes, {found}");
    }
    let (bytes, back) = round_trip("pca", &json!({ "form": "matrix" }), Target::Rmse(0.02 * rms), &values);
    println!("matrix L2 .02: {bytes} bytes, statistics {:?}", statistics(&values, &back));
}

#[test]
fn bounds_are_kept_by_every_value() {
    let Some(values) = sample() else { return };
    let largest = values.iter().fold(0.0f64, |largest, &x| largest.max(f64::from(x)));
    for share in [0.1, 0.03, 0.01, 0.003, 0.001] {
        let bound = share * largest;
        let (bytes, back) = round_trip("pca", &json!({}), Target::MaxAbs(bound), &values);
        println!("bound {share} of the greatest value: {bytes} bytes");
        assert!(values.iter().zip(&back).all(|(&x, &y)| (f64::from(x) - f64::from(y)).abs() <= bound));
    }
}
