//! What the suites over all methods do not ask.

use super::{Params, TuckerOctree};
use crate::api::{Checked, Compressor, DType, Error, Target, Tensor, TensorMut};

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

fn round_trip(rank: usize, target: Target, shape: &[usize], values: &[f32]) -> Result<(usize, Vec<f32>), Error> {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let tensor = Tensor::from_le_bytes(DType::F32, shape, &raw)?;
    let (method, mut payload) = (Checked::<TuckerOctree>::new(Params { rank }, target)?, Vec::new());
    method.compress(tensor.view(), &mut payload)?;
    let mut back = Tensor::zeros(DType::F32, shape);
    method.decompress(&payload, back.view_mut())?;
    match back.view_mut() {
        TensorMut::F32(view) => Ok((payload.len(), view.into_data().to_vec())),
        _ => Err(Error::unsupported("another type")),
    }
}

#[test]
fn a_bound_is_kept_at_any_rank_and_the_search_finds_the_cheapest_of_those_it_tries() {
    let shape = [28, 30, 32];
    let values = humps(&shape);
    let mut sizes = Vec::new();
    for rank in [2, 5, 0] {
        let (bytes, back) = round_trip(rank, Target::MaxAbs(0.01), &shape, &values).expect("supported");
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
        let (bytes, back) = round_trip(2, Target::Rmse(error), &shape, &values).expect("supported");
        let squares = values.iter().zip(&back).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
        let found = (squares.sum::<f64>() / values.len() as f64).sqrt();
        println!("rmse {error:e}: {bytes} bytes, {found:e}");
        assert!(found <= error && found > 0.9 * error && bytes < 2000, "{bytes} bytes, {found:e}");
    }
}
