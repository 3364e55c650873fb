//! The figures of the seed on spatial coherence, reproduced by `haar-pair` on the seed's picture.

use codecbench_methods::api::{DType, Target, Tensor};
use codecbench_methods::haar_pair::{Axis, HaarPair, Keep, Params};

use crate::files::{self, as_floats, cat, values};

/// Bytes, and the decoded values.
fn round_trip(params: &Params, target: Target, tensor: &Tensor) -> (usize, Tensor) {
    let (payload, decoded) = files::round_trip::<HaarPair>(params, target, tensor);
    (payload.len(), decoded)
}

/// Mean square and largest error.
fn errors(tensor: &Tensor, decoded: &Tensor) -> (f64, f64) {
    let (x, y) = (values(tensor), values(decoded));
    let errors: Vec<f64> = x.iter().zip(&y).map(|(x, y)| (x - y).abs()).collect();
    let square = errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64;
    (square, errors.into_iter().fold(0.0, f64::max))
}

#[test]
fn dropping_half_costs_what_it_cost_the_seed_in_either_basis() {
    let Some(picture) = cat() else { return };
    let tensor = as_floats(&picture, 255.0);
    for (keep, square, psnr, largest) in
        [(Keep::Average, 1.999405e-4, 36.991, 90.0 / 255.0), (Keep::First, 0.2306198, 6.371, 252.0 / 255.0)]
    {
        let (bytes, decoded) = round_trip(&Params { axis: Axis::Along(1), keep }, Target::Native, &tensor);
        let found = errors(&tensor, &decoded);
        let db = -10.0 * found.0.log10();
        eprintln!("{keep:?}: MSE {:.7e}, PSNR {db:.3} dB, max {:.6}, {bytes} bytes", found.0, found.1);
        assert!((found.0 / square - 1.0).abs() < 1e-6, "{}", found.0);
        assert!((db - psnr).abs() < 5e-4 && (found.1 - largest).abs() < 1e-6, "{db} {}", found.1);
        // As many numbers as they are in single precision, which is more than the picture's own bytes.
        assert!(bytes < tensor.len() / 2 * 4, "{bytes}");
    }
}

#[test]
fn the_picture_takes_less_than_the_entropy_of_averages_and_differences() {
    let Some(byte) = cat() else { return };
    for (axis, tensor) in [(Axis::Along(1), &byte), (Axis::Auto, &byte), (Axis::Auto, &as_floats(&byte, 255.0))] {
        let (bytes, decoded) = round_trip(&Params { axis, ..Params::default() }, Target::Lossless, tensor);
        let bits = 8.0 * bytes as f64 / byte.len() as f64;
        eprintln!("lossless, {}, {axis:?}: {bytes} bytes, {bits:.4} bits per pixel", tensor.dtype());
        assert_eq!(&decoded, tensor);
        // The seed's sum of entropies, of the S-transform without any context.
        assert!(bits < 5.95223 || tensor.dtype() != DType::U8, "{bits}");
    }
}

#[test]
fn a_bound_is_held_on_the_picture() {
    let Some(byte) = cat() else { return };
    for bound in [1.0, 2.0, 8.0] {
        let (bytes, decoded) = round_trip(&Params::default(), Target::MaxAbs(bound), &byte);
        let (square, largest) = errors(&byte, &decoded);
        eprintln!("abs={bound}: {bytes} bytes, MSE {square:.4}, max {largest}");
        assert!(largest <= bound && bytes < byte.len() / 2);
    }
}
