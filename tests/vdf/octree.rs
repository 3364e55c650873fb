//! Octree: the seed's printed figures, and sizes at its errors.

use codecbench_methods::api::{Method, Target, View};
use codecbench_methods::octree::{Octree, Params};
use serde_json::json;

use crate::sample::{SHAPE, round_trip, sample};

/// Root of the mean square, in double precision.
fn rms(values: impl Iterator<Item = f64>) -> f64 {
    (values.map(|value| value * value).sum::<f64>() / SHAPE.iter().product::<usize>() as f64).sqrt()
}

#[test]
fn the_gradient_criterion_refines_as_the_seed_did() {
    let Some(values) = sample() else { return };
    let method = Octree::new(Params::default(), Target::Native).expect("default parameters");
    let view = View::from_slice(&SHAPE, &values).expect("as many values");
    let census = method.census(view.into()).expect("a cube of 50");
    let edges = |edge: usize| census.leaves.iter().filter(|leaf| leaf.0 == edge).count();
    let found = [6, 12, 3, 24, 48].map(edges);
    let zero = census.leaves.iter().filter(|leaf| leaf.1).count();
    println!("{} iterations, leaves of 6, 12, 3, 24, 48: {found:?}, {zero} zero", census.iterations);
    assert_eq!((census.iterations, census.leaves.len(), found, zero), (42, 295, [155, 76, 40, 20, 4], 75));

    let (bytes, back) = round_trip("octree", &json!({}), Target::Native, &values);
    let sums = [&values, &back].map(|values| values.iter().map(|&value| f64::from(value)).sum::<f64>());
    let density = (sums[0] - sums[1]).abs() / ((sums[0] + sums[1]) / 2.0) * 100.0;
    let off = || values.iter().zip(&back).map(|(&x, &y)| f64::from(x) - f64::from(y));
    let absolute = off().map(f64::abs).sum::<f64>() / values.iter().map(|&x| f64::from(x).abs()).sum::<f64>();
    let square = rms(off()) / rms(back.iter().map(|&y| f64::from(y)));
    println!("octree native: {bytes} bytes, n {density:.4} %, L1 {absolute:.5}, L2 {square:.5}");
    assert!((density - 1.345).abs() < 0.005, "n {density}");
    assert!((absolute - 0.0682).abs() < 0.0002, "L1 {absolute}");
    assert!((square - 0.0597).abs() < 0.0001, "L2 {square}");
    assert!(bytes < 31_860 / 6, "{bytes} bytes");
}

#[test]
fn leaves_of_least_rate_and_distortion_reach_their_sizes() {
    let Some(values) = sample() else { return };
    let norm = rms(values.iter().map(|&value| f64::from(value)));
    for (error, most) in [(0.0065, 5400), (0.02, 1650), (0.06, 520), (0.1, 330)] {
        let (bytes, back) = round_trip("octree", &json!({}), Target::Rmse(error * norm), &values);
        let left = rms(values.iter().zip(&back).map(|(&x, &y)| f64::from(x) - f64::from(y))) / norm;
        println!("octree L2 {error}: {bytes} bytes, {:.0}, L2 {left:.6}", 500_000.0 / bytes as f64);
        assert!(left <= error && left > 0.97 * error, "{error}: {left}");
        assert!(bytes <= most, "{error}: {bytes} bytes");
    }
}

#[test]
fn bounds_are_kept() {
    let Some(values) = sample() else { return };
    let largest = values.iter().fold(0.0f32, |largest, &value| largest.max(value));
    for part in [1e-1, 1e-2, 1e-3, 1e-4] {
        let bound = part * f64::from(largest);
        let (bytes, back) = round_trip("octree", &json!({}), Target::MaxAbs(bound), &values);
        println!("octree abs {part}: {bytes} bytes");
        assert!(values.iter().zip(&back).all(|(&x, &y)| (f64::from(x) - f64::from(y)).abs() <= bound));
    }
}
