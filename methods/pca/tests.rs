//! What the suites over all methods do not ask.

use super::{Form, Params, Pca};
use crate::api::Target;
use crate::shared::testing::round_trip_floats;
use crate::shared::tucker::Field;

/// A sum of three products of smooth functions, and a little noise.
fn smooth(shape: &[usize], noise: f64) -> Vec<f32> {
    let wave = |axis: usize, term: usize, at: usize| {
        let x = at as f64 / shape[axis] as f64 - 0.3 - 0.1 * term as f64;
        libm::exp(-x * x * (3.0 + term as f64 * 4.0 + axis as f64))
    };
    let mut state = 1u64;
    let count = shape.iter().product();
    let value = |mut at: usize| {
        let mut index = vec![0; shape.len()];
        for axis in (0..shape.len()).rev() {
            (index[axis], at) = (at % shape[axis], at / shape[axis]);
        }
        let term = |term: usize| (0..shape.len()).map(|axis| wave(axis, term, index[axis])).product::<f64>();
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((0..3).map(term).sum::<f64>() + noise * ((state >> 40) as f64 / 16777216.0 - 0.5)) as f32
    };
    (0..count).map(value).collect()
}

fn rmse(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    (squares.sum::<f64>() / a.len() as f64).sqrt()
}

#[test]
fn a_sum_of_products_takes_few_bytes_at_the_error_asked_for() {
    for shape in [&[40, 30][..], &[20, 24, 28], &[9, 12, 10, 8]] {
        let values = smooth(shape, 0.0);
        for error in [1e-2, 1e-4] {
            let (bytes, back) = round_trip_floats::<Pca>(&Params::default(), Target::Rmse(error), shape, &values);
            let found = rmse(&values, &back);
            println!("{shape:?} rmse {error:e}: {bytes} bytes, {found:e}");
            assert!(found <= error && bytes < 450, "{bytes} bytes, {found:e}");
        }
    }
}

#[test]
fn long_axes_are_cut_and_meet_the_same_error() {
    let shape = [500, 170];
    let field = Field { shape: shape.to_vec(), target: Target::Rmse(0.01) };
    assert_eq!(field.cut().len(), 8);
    let values = smooth(&shape, 0.02);
    let (bytes, back) = round_trip_floats::<Pca>(&Params::default(), Target::Rmse(0.01), &shape, &values);
    let found = rmse(&values, &back);
    assert!(found <= 0.01 && found > 0.0095 && bytes < 2000, "{bytes} bytes, {found:e}");
}

#[test]
fn a_bound_is_kept_with_fewer_bytes_than_without_the_decomposition() {
    let shape = [20, 24, 28];
    let values = smooth(&shape, 0.001);
    for form in [Form::Tucker, Form::Matrix] {
        let params = Params { form, ..Params::default() };
        let (bytes, back) = round_trip_floats::<Pca>(&params, Target::MaxAbs(0.003), &shape, &values);
        println!("{form:?}: {bytes} bytes");
        assert!(values.iter().zip(&back).all(|(a, b)| (f64::from(*a) - f64::from(*b)).abs() <= 0.003));
        assert!(bytes < 600, "{bytes}");
    }
}

#[test]
fn native_gives_back_everything_from_all_components_along_any_axis() {
    let shape = [6, 5, 7];
    let values = smooth(&shape, 0.1);
    for axis in 0..3 {
        let params = Params { form: Form::Matrix, axis, components: 40, ..Params::default() };
        let (_, back) = round_trip_floats::<Pca>(&params, Target::Native, &shape, &values);
        assert!(rmse(&values, &back) < 1e-6, "axis {axis}");
    }
    let (_, back) = round_trip_floats::<Pca>(&Params::default(), Target::Native, &shape, &values);
    assert!(rmse(&values, &back) < 1e-6);
    let params = Params { log: true, floor: 1e-3, form: Form::Matrix, ..Params::default() };
    let (_, back) = round_trip_floats::<Pca>(&params, Target::Native, &shape, &values);
    assert!(rmse(&values, &back) < 1e-3);
}
