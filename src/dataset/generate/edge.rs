//! Edge cases: what a method must not stumble over, and what tells a good one from a lucky one.

use codecbench_methods::api::DType;

use super::random::Random;
use super::{Generated, Generator, Request, tensor};
use crate::dataset::Kind;

/// Most axes the edge cases are made with.
const MAX_RANK: usize = 32;

/// One value everywhere.
pub const CONSTANT: Generator = Generator {
    id: "constant",
    kind: Kind::Field,
    summary: "one value everywhere",
    variants: &[],
    dtypes: &DType::ALL,
    ranks: 0..=MAX_RANK,
    make: constant,
};

/// A plane through the axes.
pub const RAMP: Generator = Generator {
    id: "ramp",
    kind: Kind::Field,
    summary: "a plane: the sum of the indices, each axis with its own slope",
    variants: &[],
    dtypes: &DType::ALL,
    ranks: 0..=MAX_RANK,
    make: ramp,
};

/// White noise.
pub const NOISE: Generator = Generator {
    id: "noise",
    kind: Kind::Field,
    summary: "white noise: normal for floats, uniform over the whole type for integers",
    variants: &[],
    dtypes: &DType::ALL,
    ranks: 0..=MAX_RANK,
    make: noise,
};

/// The highest frequency there is.
pub const CHECKERBOARD: Generator = Generator {
    id: "checkerboard",
    kind: Kind::Image,
    summary: "two values in turn along every axis: the highest frequency there is",
    variants: &[],
    dtypes: &DType::ALL,
    ranks: 0..=MAX_RANK,
    make: checkerboard,
};

fn constant(request: &Request<'_>) -> Generated {
    let value = 1.0 + (request.seed % 100) as f64;
    tensor(request, (0..request.len()).map(|_| value)).into()
}

fn ramp(request: &Request<'_>) -> Generated {
    let slope = |axis: usize| (axis + 1) as f64 * if request.dtype.is_float() { 0.1 } else { 1.0 };
    let value = |index: &[usize]| index.iter().enumerate().map(|(axis, &i)| slope(axis) * i as f64).sum();
    tensor(request, indices(request.shape).map(|index| value(&index))).into()
}

fn noise(request: &Request<'_>) -> Generated {
    let mut random = Random::new(request.seed, 0);
    let dtype = request.dtype;
    let bits = 8 * dtype.size() as i32;
    let signed = matches!(dtype, DType::I8 | DType::I16 | DType::I32 | DType::I64);
    let span = libm::ldexp(1.0, bits);
    let low = if signed { -span / 2.0 } else { 0.0 };
    tensor(
        request,
        (0..request.len()).map(
            |_| {
                if dtype.is_float() { random.normal() } else { (low + span * random.unit()).floor() }
            },
        ),
    )
    .into()
}

fn checkerboard(request: &Request<'_>) -> Generated {
    let value = |index: Vec<usize>| if index.iter().sum::<usize>().is_multiple_of(2) { 10.0 } else { 100.0 };
    tensor(request, indices(request.shape).map(value)).into()
}

/// Every index of an array, in C order.
fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let shape = shape.to_vec();
    let count: usize = shape.iter().product();
    (0..count).map(move |flat| {
        let mut rest = flat;
        let mut index: Vec<usize> = shape.iter().rev().map(|&length| (rest % length, rest /= length).0).collect();
        index.reverse();
        index
    })
}
