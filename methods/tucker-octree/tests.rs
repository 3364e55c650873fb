//! What the suites over all methods do not ask.

use super::{Params, TuckerOctree};
use crate::api::Target;
use crate::shared::testing::round_trip_floats;

/// A broad hump and a narrow one in a corner, which takes boxes of its own.
fn humps(shape: &[usize; 3]) -> Vec<f32> {
    let hump = |x: [f64; 3], centre: [f64; 3], width: f64| {
        libm::exp(-x.iter().zip(centre).map(|(x, c)| (x - c) * (x - c)).sum::<f64>() / (width * width))
    };
    let value = |at: usize| {
        let x = [at / (shape[1] * shape[2]), at / shape[2] % shape[1], at % shape[2]].map(|i| i as f64);
        let tilted = [x[0] + 0.4 * x[1], x[1] - 0.4 * x[2], x[2]];
        (hump(tilted, [18.0, 9.0, 15.0], 9.0) + 0.5 * hump(x, [4.0, 25.0, 3.0], 1.7)) as f32
    };
    (0..shape.iter().product()).map(value).collect()
}

#[test]
fn a_bound_is_kept_at_any_rank_and_the_search_finds_the_cheapest_of_those_it_tries() {
    let shape = [28, 30, 32];
    let values = humps(&shape);
    let mut sizes = Vec::new();
    for rank in [2, 5, 0] {
        let (bytes, back) = round_trip_floats::<TuckerOctree>(&Params { rank }, Target::MaxAbs(0.01), &shape, &values);
        println!("rank {rank}: {bytes} bytes");
        assert!(values.iter().zip(&back).all(|(a, b)| (f64::from(*a) - f64::from(*b)).abs() <= 0.01));
        sizes.push(bytes);
    }
    assert!(sizes[2] <= sizes[0] && sizes[2] <= sizes[1] && sizes[2] < 400, "{sizes:?}");
}

#[test]
fn a_mean_error_is_met_from_below() {
    let shape = [28, 30, 32];
    let values = humps(&shape);
    for error in [1e-2, 1e-3] {
        let (bytes, back) =
            round_trip_floats::<TuckerOctree>(&Params { rank: 2 }, Target::Rmse(error), &shape, &values);
        let squares = values.iter().zip(&back).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
        let found = (squares.sum::<f64>() / values.len() as f64).sqrt();
        println!("rmse {error:e}: {bytes} bytes, {found:e}");
        assert!(found <= error && found > 0.9 * error && bytes < 2000, "{bytes} bytes, {found:e}");
    }
}
