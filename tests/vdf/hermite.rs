//! Hermite expansions: the seed's printed figures by parameters, and sizes at given errors.

use codecbench_methods::api::Method;
use codecbench_methods::api::{Target, View};
use codecbench_methods::hermite::{Hermite, Params};
use serde_json::json;

use crate::sample::{SHAPE, round_trip, sample};

/// Density error in per cent, L1, and L2 over the norm of the reconstruction, as the notebook prints them.
fn statistics(a: &[f32], b: &[f32]) -> [f64; 3] {
    let sum = |values: &[f32]| values.iter().map(|&value| f64::from(value)).sum::<f64>();
    let norm = |values: &[f32]| values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    let size: f64 = a.iter().map(|&value| f64::from(value).abs()).sum();
    let left: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let density = (sum(a) - sum(b)).abs() / (0.5 * (sum(a) + sum(b))) * 100.0;
    let l1 = left.iter().map(|&value| f64::from(value).abs()).sum::<f64>() / size;
    [density, l1, norm(&left) / norm(b)]
}

#[test]
fn the_maxwellian_fit_is_that_of_the_notebook() {
    let Some(values) = sample() else { return };
    let hermite = Hermite::new(Params::default(), Target::Native).expect("default parameters");
    let view = View::from_slice(&SHAPE, &values).expect("125000 values");
    let fit = hermite.maxwellian(view.into()).expect("a fit");
    println!("{fit:?}");
    assert!((fit.amplitude / 1.61813e-13 - 1.0).abs() < 3e-5);
    for (found, printed) in fit.drift.iter().zip([29.9224, 27.6632, 26.7197]) {
        // The notebook's fit stopped at a relative gain of 1e-8.
        assert!((found - printed).abs() < 2e-4, "{found} is not {printed}");
    }
    for (found, printed) in fit.width.iter().zip([9.7371, 9.8584, 3.6006]) {
        assert!((found - printed).abs() < 4e-4, "{found} is not {printed}");
    }
}

#[test]
fn the_classic_expansion_has_the_figures_of_the_notebook() {
    let Some(values) = sample() else { return };
    let cases: [(u32, bool, [Option<f64>; 3]); 6] = [
        (15, false, [Some(10.802), Some(0.1755), Some(0.1434)]),
        (15, true, [Some(4.75), Some(0.162), Some(0.120)]),
        (8, true, [None, None, Some(0.230)]),
        (10, true, [None, None, Some(0.185)]),
        (20, true, [None, None, Some(0.078)]),
        (25, true, [None, None, Some(0.058)]),
    ];
    for (orders, volume, printed) in cases {
        let params = json!({ "orders": orders, "volume_element": volume });
        let (bytes, back) = round_trip("hermite", &params, Target::Native, &values);
        let found = statistics(&values, &back);
        println!(
            "hermite:orders={orders}:volume_element={volume}: {bytes} bytes, n L1 L2 {found:?}, printed {printed:?}"
        );
        assert_eq!(bytes, 4 * (7 + orders as usize * orders as usize * orders as usize));
        for (found, printed) in found.iter().zip(printed) {
            let printed = printed.unwrap_or(*found);
            assert!((found - printed).abs() <= 0.005 * printed, "{found} is not {printed}");
        }
    }
}

#[test]
fn errors_are_met_in_few_bytes() {
    let Some(values) = sample() else { return };
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let norm = square(&mut values.iter().map(|&value| f64::from(value)));
    for (l2, most) in [(0.01, 3300), (0.032, 740), (0.06, 310), (0.12, 140)] {
        let target = Target::Rmse(l2 * (norm / values.len() as f64).sqrt());
        let (bytes, back) = round_trip("hermite", &json!({}), target, &values);
        let left = square(&mut values.iter().zip(&back).map(|(&x, &y)| f64::from(x) - f64::from(y)));
        let found = (left / norm).sqrt();
        println!("hermite at L2 {l2}: {bytes} bytes, ratio {:.0}, L2 {found:.5}", 500_000.0 / bytes as f64);
        assert!(found <= l2 * 1.0001 && bytes <= most, "{bytes} bytes at {found}");
    }
}
