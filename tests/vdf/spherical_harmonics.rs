//! Spherical harmonics: the notebook's figures from its parameters, and sizes at relative errors.

use codecbench_methods::api::Target;
use serde_json::json;

use crate::sample::{SHAPE, round_trip, sample};

fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.sum()
}

/// The mean index on the last axis, weighted by the values: what the notebook takes for each component of the bulk
/// velocity.
fn last_mean(values: &[f32]) -> f64 {
    let moments = values.iter().enumerate().map(|(at, &value)| (at % SHAPE[2]) as f64 * f64::from(value));
    sum(moments) / sum(values.iter().map(|&value| f64::from(value)))
}

#[test]
fn the_notebooks_shells_give_the_notebooks_figures() {
    let Some(values) = sample() else { return };
    let (bytes, back) =
        round_trip("spherical-harmonics", &json!({ "degree": 10, "shells": 50 }), Target::Native, &values);
    let (known, found) = (sum(values.iter().map(|&x| f64::from(x))), sum(back.iter().map(|&y| f64::from(y))));
    let density = (known - found).abs() / (known + found) * 200.0;
    let (before, after) = (last_mean(&values), last_mean(&back));
    let velocity = (before - after).abs() / (before + after) * 200.0;
    let errors = || values.iter().zip(&back).map(|(&x, &y)| f64::from(x) - f64::from(y));
    let l1 = sum(errors().map(f64::abs)) / sum(values.iter().map(|&x| f64::from(x.abs())));
    let l2 = (sum(errors().map(|error| error * error)) / sum(back.iter().map(|&y| f64::from(y) * f64::from(y)))).sqrt();
    println!("degree 10, 50 shells: {bytes} bytes, n {density:.3} %, V {velocity:.3} %, L1 {l1:.4}, L2 {l2:.4}");
    assert_eq!(bytes, 50 * (121 + 1) * 4, "coefficients and the maxima of the shells");
    let near = |found: f64, known: f64, digits: f64| (found - known).abs() <= digits;
    assert!(near(density, 25.901, 6e-4) && near(velocity, 6.179, 6e-4), "n {density} %, V {velocity} %");
    assert!(near(l1, 0.3680, 6e-5) && near(l2 * 1e4, 3180.0, 0.6), "L1 {l1}, L2 {l2}");
}

#[test]
fn sizes_at_relative_errors_stay_small_and_errors_are_kept() {
    let Some(values) = sample() else { return };
    let energy = sum(values.iter().map(|&x| f64::from(x) * f64::from(x)));
    for (relative, most) in [(0.01, 3200), (0.032, 600), (0.06, 240), (0.1, 125), (0.2, 50)] {
        let target = Target::Rmse(relative * (energy / values.len() as f64).sqrt());
        let (bytes, back) = round_trip("spherical-harmonics", &json!({}), target, &values);
        let errors = values.iter().zip(&back).map(|(&x, &y)| f64::from(x) - f64::from(y));
        let found = (sum(errors.map(|error| error * error)) / energy).sqrt();
        println!("relative error {relative}: {bytes} bytes, {found:.5}");
        assert!(bytes <= most && found <= relative, "{bytes} bytes, at most {most}; error {found}");
    }
}
