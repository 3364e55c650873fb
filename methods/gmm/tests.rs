//! Derivatives against differences, and what components, residuals and empty arrays come back as.

use super::component::Component;
use super::normal;
use super::polish::Problem;
use super::*;

#[test]
fn derivatives_are_those_of_the_error() {
    let components = [
        Component { negative: false, numbers: [0.5, -1.0, -0.5, -0.7, 0.3, -0.2, 0.4, 4.0, 5.0, 6.0] },
        Component { negative: true, numbers: [0.2, -1.1, -0.8, -0.7, -0.3, 0.2, 0.1, 5.0, 7.0, 6.0] },
    ];
    let data: Vec<f64> = (0..12 * 13 * 14).map(|i| f64::from(i % 7) * 0.1).collect();
    let problem = Problem::new(&[12, 13, 14], &data);
    let gradient = normal::gradient(&components, &problem.fine, &problem.errors(&components));
    let matrix = normal::matrix(&components, &problem.all);
    let at = |number: usize, change: f64| {
        let mut moved = components;
        moved[number / 10].numbers[number % 10] += change;
        (problem.mean_square(&moved) * data.len() as f64 / 2.0, problem.errors(&moved))
    };
    let mut slopes = Vec::new();
    for (number, &expected) in gradient.iter().enumerate() {
        let (up, down) = (at(number, 1e-5), at(number, -1e-5));
        let found = (up.0 - down.0) / 2e-5;
        assert!((found - expected).abs() < 1e-4 * (1.0 + found.abs()), "{number}: {found}, not {expected}");
        slopes.push(up.1.iter().zip(&down.1).map(|(a, b)| (a - b) / 2e-5).collect::<Vec<f64>>());
    }
    for (i, a) in slopes.iter().enumerate() {
        for (j, b) in slopes.iter().enumerate() {
            let found: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            let expected = matrix[i * 20 + j];
            assert!((found - expected).abs() < 1e-4 * (1.0 + found.abs()), "{i} {j}: {found}, not {expected}");
        }
    }
}

/// Three Gaussians, one of them negative, with a little noise.
fn scene(shape: [usize; 3]) -> Vec<f32> {
    let components = [
        Component { negative: false, numbers: [3.0, -1.5, -1.2, -1.0, 0.3, -0.2, 0.4, 8.0, 9.0, 6.0] },
        Component { negative: false, numbers: [2.5, -1.1, -0.8, -1.3, -0.3, 0.2, 0.1, 5.0, 14.0, 11.0] },
        Component { negative: true, numbers: [2.0, -1.0, -1.4, -1.2, 0.0, 0.5, 0.1, 14.0, 7.0, 14.0] },
    ];
    let field = field::render(&components, &field::Lattice::all(&shape));
    field.iter().enumerate().map(|(i, value)| (value + (i * 7919 % 13) as f64 * 1e-3) as f32).collect()
}

fn round_trip(params: Params, target: Target, data: &[f32], shape: &[usize]) -> (usize, Vec<f32>) {
    let method = Gmm::new(params, target).expect("a known target");
    let mut payload = Vec::new();
    let array = ndarray::ArrayD::from_shape_vec(ndarray::IxDyn(shape), data.to_vec()).expect("the shape");
    let tensor = crate::api::Tensor::from(array);
    method.compress(tensor.view(), &mut payload).expect("compresses");
    let mut back = crate::api::Tensor::zeros(crate::api::DType::F32, shape);
    method.decompress(&payload, back.view_mut()).expect("decompresses");
    let crate::api::Tensor::F32(back) = back else { panic!("another type") };
    (payload.len(), back.into_raw_vec_and_offset().0)
}

fn rmse(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b) * f64::from(a - b));
    (squares.sum::<f64>() / a.len() as f64).sqrt()
}

#[test]
fn a_few_gaussians_are_found_again() {
    let shape = [18, 20, 22];
    let data = scene(shape);
    let (bytes, back) = round_trip(Params::default(), Target::Rmse(0.05), &data, &shape);
    let error = rmse(&data, &back);
    println!("{bytes} bytes, error {error}");
    assert!(error <= 0.05 && bytes < 60, "{bytes} bytes, error {error}");
    let (bytes, back) = round_trip(Params::default(), Target::MaxAbs(0.02), &data, &shape);
    assert!(data.iter().zip(&back).all(|(a, b)| (a - b).abs() <= 0.02));
    println!("bound 0.02: {bytes} bytes");
    assert!(bytes < 80, "{bytes} bytes");
}

#[test]
fn tight_errors_are_reached_by_a_residual_and_extremes_are_survived() {
    let shape = [9, 10, 11];
    let data: Vec<f32> = (0..990).map(|i| ((i * 7919) % 1009) as f32 * 1e-3).collect();
    let (_, back) = round_trip(Params::default(), Target::Rmse(1e-3), &data, &shape);
    assert!(rmse(&data, &back) <= 1e-3);
    for value in [0.0, 1e38, -1e-45] {
        for target in [Target::Rmse(1e-3), Target::MaxAbs(1e-3), Target::Native] {
            round_trip(Params::default(), target, &[value; 990], &shape);
        }
    }
}

#[test]
fn every_number_of_steps_comes_back_and_near_ones_are_cheap() {
    use crate::shared::range::{RangeDecoder, RangeEncoder};
    let all = [0, 1, -1, 2, -3, 4, 7, -8, 100, -1023, 1024, 300_000, -16_777_216];
    for spread in [0.01, 1.0, 300.0] {
        let bins = code::Bins { centre: 0.0, spread, step: 1.0 };
        let mut encoder = RangeEncoder::new();
        all.iter().for_each(|&steps| assert_eq!(bins.code(steps, &mut encoder), steps));
        let bytes = encoder.finish();
        let mut decoder = RangeDecoder::new(&bytes);
        assert!(all.iter().all(|&steps| bins.code(0, &mut decoder) == steps), "spread {spread}");
    }
    let bins = code::Bins { centre: 0.0, spread: 20.0, step: 1.0 };
    // The density of a logistic distribution at its centre is 1 / 4 of the inverse of its spread.
    assert!((bins.bits(0) - 6.32).abs() < 0.05 && (bins.bits(40) - bins.bits(0) - 1.25).abs() < 0.1);
}
