//! Polynomials, boxes, estimates, and the walk there and back.

use super::basis::{Bases, Line};
use super::cells;
use super::code::{Chosen, Walk};
use super::fit::{Fit, Limits};
use super::search::{Node, Price};
use super::tune;
use crate::shared::range::{RangeDecoder, RangeEncoder};
use crate::shared::tiles::Tile;

fn whole(shape: &[usize]) -> Tile {
    Tile { start: vec![0; shape.len()], shape: shape.to_vec() }
}

/// A bell on a slope, and a box that is zero.
fn scene(shape: &[usize; 3]) -> Vec<f64> {
    let count = shape.iter().product();
    let index = |at: usize| [at / (shape[1] * shape[2]), at / shape[2] % shape[1], at % shape[2]];
    let value = |[x, y, z]: [usize; 3]| {
        let [x, y, z] = [x as f64 - 6.0, y as f64 - 9.0, z as f64 - 8.0];
        if x > 4.0 { 0.0 } else { 90.0 * libm::exp(-(x * x + y * y + z * z) / 30.0) + y }
    };
    (0..count).map(|at| value(index(at))).collect()
}

#[test]
fn polynomials_are_orthonormal_and_those_of_few_points_are_all_there_are() {
    for length in [1, 2, 3, 7, 16, 50, 1000] {
        let rows = Line::new(length, 15).rows;
        assert_eq!(rows.len(), length.min(16));
        for (i, a) in rows.iter().enumerate() {
            for (j, b) in rows.iter().enumerate() {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-12, "{length}: {i} {j} {product}");
            }
        }
    }
}

#[test]
fn a_box_with_as_many_coefficients_as_values_comes_back() {
    let (shape, mut bases) = ([4, 3, 5], Bases::new(7));
    let values: Vec<f64> = (0..60).map(|i| f64::from(i * i % 17)).collect();
    let coefficients = bases.forward(&values, &shape, &whole(&shape)).to_vec();
    let back = bases.inverse(&coefficients, &shape, &shape);
    assert!(values.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-12));
}

#[test]
fn children_cover_their_box_and_short_axes_stay_whole() {
    let cell = Tile { start: vec![3, 0, 1], shape: vec![13, 5, 12] };
    let children = cells::children(&cell, 3);
    assert_eq!(children.len(), 4);
    assert_eq!(children.iter().map(Tile::len).sum::<usize>(), cell.len());
    assert!(children.iter().all(|child| child.shape[1] == 5 && child.shape[0] >= 6));
    assert!(cells::children(&Tile { start: vec![0; 2], shape: vec![5, 5] }, 3).is_empty());
}

#[test]
fn a_decoder_finds_the_leaves_that_were_coded() {
    let shape = [13, 18, 17];
    let (values, limits) = (scene(&shape), Limits { degree: 5, least: 3 });
    let mut fit = Fit::new(&values, &shape, limits);
    let (number, bit) = tune::mean(&mut fit).expect("a step");
    let price = Price { step: tune::step(number), bit };
    fit.choose(price);
    let mut encoder = RangeEncoder::new();
    let model = fit.code(price, &mut encoder);
    let bytes = encoder.finish();
    let (mut bases, mut decoder) = (Bases::new(5), RangeDecoder::new(&bytes));
    let mut walk = Walk::new(&shape, 3, &mut bases);
    walk.tree(whole(&shape), None::<&Node>, &mut decoder);
    assert!(decoder.is_spent());
    assert!(walk.restore(price.step) == model);
    let error: f64 = values.iter().zip(&model).map(|(a, b)| (a - b) * (a - b)).sum();
    let error = (error / values.len() as f64).sqrt();
    assert!(error < 1.05 && error > 0.8, "{error}");
    assert!(bytes.len() < 500, "{} bytes", bytes.len());
}

#[test]
fn zeros_take_next_to_nothing() {
    let (shape, limits) = ([60, 60, 60], Limits { degree: 7, least: 3 });
    let values = vec![0.0; 216_000];
    let mut fit = Fit::new(&values, &shape, limits);
    let mut encoder = RangeEncoder::new();
    fit.choose(Price { step: 1.0, bit: tune::BIT });
    fit.code(Price { step: 1.0, bit: tune::BIT }, &mut encoder);
    assert!(encoder.finish().len() <= 1);
}

#[test]
fn the_example_of_the_specification() {
    struct Leaf(Vec<i32>);
    impl Chosen for Leaf {
        fn split(&self) -> bool {
            false
        }
        fn child(&self, _: usize) -> &Self {
            self
        }
        fn leaf(&self) -> &[i32] {
            &self.0
        }
    }
    let (mut bases, mut encoder) = (Bases::new(7), RangeEncoder::new());
    let mut walk = Walk::new(&[4], 3, &mut bases);
    walk.tree(whole(&[4]), Some(&Leaf(vec![20, -3])), &mut encoder);
    let model = walk.restore(tune::step(32));
    assert_eq!(encoder.finish(), [47, 255, 143, 28]);
    let expected =
        [10.0 + 4.5 / 5f64.sqrt(), 10.0 + 1.5 / 5f64.sqrt(), 10.0 - 1.5 / 5f64.sqrt(), 10.0 - 4.5 / 5f64.sqrt()];
    assert!(model.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{model:?}");
}
