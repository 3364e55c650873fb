//! What the parts do together.

use super::codec;
use super::fit::{Functions, dot};
use super::frame::Frame;
use super::seed::Shells;
use crate::shared::Goal;

const SHAPE: [usize; 3] = [18, 16, 20];

/// Two round humps of different width and height.
fn humps() -> Vec<f32> {
    let hump = |at: [f64; 3], centre: [f64; 3], width: f64| {
        let square: f64 = at.iter().zip(centre).map(|(at, centre)| (at - centre) * (at - centre)).sum();
        libm::exp(square / (-2.0 * width * width))
    };
    let place = |index: usize| [index / (SHAPE[1] * SHAPE[2]), index / SHAPE[2] % SHAPE[1], index % SHAPE[2]];
    let value = |at: [f64; 3]| 3.0 * hump(at, [5.2, 5.0, 6.1], 1.6) + hump(at, [12.0, 11.3, 13.0], 1.9);
    (0..SHAPE.iter().product()).map(|index| value(place(index).map(|at| at as f64)) as f32).collect()
}

#[test]
fn functions_are_nearly_orthonormal_over_the_voxels() {
    let frame = Frame { centre: [34, 30, 39], stretch: [0, 0], pole: 2, width: 18, degree: 3, modes: 3 };
    let functions = Functions::new(&[frame], SHAPE);
    for at in [0, 1, 5, 20] {
        let mut one = vec![0.0; 48];
        one[at] = 1.0;
        let mut field = vec![0.0; SHAPE.iter().product()];
        functions.add(&one, &mut field);
        let products = functions.project(&field);
        assert!((products[at] - 1.0).abs() < 0.1, "square norm {} of function {at}", products[at]);
        assert!((dot(&field, &field) - products[at]).abs() < 1e-12, "the map and its transpose belong together");
        let others = products.iter().enumerate().filter(|&(other, _)| other != at);
        assert!(others.into_iter().all(|(_, product)| product.abs() < 0.2), "{at}: {products:?}");
    }
}

#[test]
fn two_humps_take_two_centres_and_few_bytes() {
    let values = humps();
    let goal = Goal::Rmse(0.005);
    let bytes = codec::write(&values, SHAPE, goal).expect("any array can be written");
    assert!(bytes.len() < 60, "{} bytes", bytes.len());
    let mut back = vec![0.0f32; values.len()];
    codec::read(&bytes, SHAPE, goal, &mut back).expect("its own bytes");
    let errors = values.iter().zip(&back).map(|(x, y)| f64::from(x - y) * f64::from(x - y));
    let rms = (errors.sum::<f64>() / values.len() as f64).sqrt();
    assert!(rms <= 0.005, "{rms}");
}

#[test]
fn bounds_hold_whatever_the_model_leaves() {
    let mut values = humps();
    values[77] = -4.0;
    for bound in [0.0, 1e-4, 0.02, 10.0] {
        let goal = Goal::MaxAbs(bound);
        let bytes = codec::write(&values, SHAPE, goal).expect("any array can be written");
        let mut back = vec![0.0f32; values.len()];
        codec::read(&bytes, SHAPE, goal, &mut back).expect("its own bytes");
        assert!(values.iter().zip(&back).all(|(x, y)| f64::from(x - y).abs() <= bound), "{bound}");
    }
}

#[test]
fn a_constant_on_shells_comes_back_where_shells_are() {
    let shells = Shells::new(4, 20, [9, 9, 9]);
    let mut payload = Vec::new();
    shells.write(&vec![2.5f64; 729], &mut payload);
    assert_eq!(payload.len(), 20 * (8 + 4 * 25));
    let mut back = vec![0.0f64; 729];
    shells.read(&payload, &mut back);
    assert!((back[364] - 2.5).abs() < 0.05 && back[0] == 0.0, "{} in the middle, {} in a corner", back[364], back[0]);
}
