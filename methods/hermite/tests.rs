//! The basis, the bytes, and arrays that are no distributions.

use super::basis::{Basis, discrete_hermite, dot};
use super::frame::{Frame, Lattice};
use super::*;
use crate::api::{Checked, Tensor, TensorRef, View};

fn error_of(data: &[f64], shape: &[usize], rmse: f64) -> (usize, f64) {
    let method = Checked::<Hermite>::new(Params::default(), Target::Rmse(rmse)).expect("default parameters");
    let view = View::from_slice(shape, data).expect("the shape fits");
    let mut payload = Vec::new();
    method.compress(TensorRef::from(view), &mut payload).expect("compresses");
    let mut back = Tensor::zeros(DType::F64, shape);
    method.decompress(&payload, back.view_mut()).expect("decompresses");
    let Tensor::F64(back) = back else { panic!("float64 expected") };
    let left: f64 = data.iter().zip(back.iter()).map(|(x, y)| (x - y) * (x - y)).sum();
    (payload.len(), (left / data.len() as f64).sqrt())
}

fn drifting(shape: [usize; 3], beams: &[([f64; 3], f64)]) -> Vec<f64> {
    let at = |index: usize| [index / shape[2] / shape[1], index / shape[2] % shape[1], index % shape[2]];
    let value = |index: usize| {
        let square = |(centre, width): &([f64; 3], f64)| {
            let parts = at(index).into_iter().zip(centre).map(|(i, c)| ((i as f64 - c) / width).powi(2));
            parts.sum::<f64>()
        };
        beams.iter().map(|beam| libm::exp(-square(beam) / 2.0)).sum()
    };
    (0..shape.iter().product()).map(value).collect()
}

#[test]
fn functions_are_orthonormal_however_the_box_cuts_them() {
    for (centre, scale) in [(10.0, 2.0), (0.0, 4.0), (-9.0, 3.0), (30.0, 1.0), (12.0, 300.0)] {
        let mut table = vec![0.0; 12 * 25];
        discrete_hermite(25, centre, scale, &mut table);
        for (i, a) in table.chunks_exact(25).enumerate() {
            for (j, b) in table.chunks_exact(25).enumerate() {
                let (found, zero) = (dot(a, b), dot(a, a) == 0.0 || dot(b, b) == 0.0);
                let expected = if i == j && !zero { 1.0 } else { 0.0 };
                assert!((found - expected).abs() < 1e-12, "{centre} {scale} {i} {j}: {found}");
            }
        }
    }
}

#[test]
fn a_sheared_basis_is_orthonormal_too() {
    let (shape, frame) =
        ([9, 11, 13], Frame { centre: [4.0, 5.5, 6.0], scale: [2.0, 2.5, 1.5], shear: [0.3, -0.4, 0.2] });
    let basis = Basis::new(shape, [4, 5, 6], &frame).expect("small tables");
    for at in [0, 17, 44, 119] {
        let mut one = vec![0.0; 120];
        one[at] = 1.0;
        let mut data = vec![0.0; 9 * 11 * 13];
        basis.inverse(&one, 1.0, &mut data);
        for (i, value) in basis.forward(&data).into_iter().enumerate() {
            assert!((value - one[i]).abs() < 1e-12, "{at} {i}: {value}");
        }
    }
}

#[test]
fn a_lattice_is_that_of_its_frame() {
    let frame = Frame { centre: [20.3, 7.7, 31.0], scale: [5.1, 2.2, 9.0], shear: [0.2, -0.3, 0.1] };
    let lattice = Lattice::nearest(&frame, [50, 40, 60]);
    assert_eq!(Lattice::nearest(&lattice.frame(), [50, 40, 60]), lattice);
}

#[test]
fn maxwellians_take_a_few_bytes_each() {
    let shape = [24, 26, 28];
    let one = drifting(shape, &[([11.3, 12.9, 14.2], 3.3)]);
    let (bytes, error) = error_of(&one, &shape, 2e-4);
    assert!(bytes <= 40 && error <= 2e-4, "{bytes} bytes, error {error}");
    let two = drifting(shape, &[([6.3, 7.9, 9.2], 1.9), ([17.0, 18.0, 19.0], 1.7)]);
    let (bytes, error) = error_of(&two, &shape, 1e-3);
    assert!(bytes <= 70 && error <= 1e-3, "{bytes} bytes, error {error}");
}

#[test]
fn what_is_no_distribution_comes_back_within_the_error() {
    let noise = |i: usize| ((i * 7919 + 13) % 1009) as f64 / 1009.0 - 0.5;
    let shapes: [&[usize]; 5] = [&[1], &[2], &[40], &[12, 9], &[5, 6, 7]];
    for shape in shapes {
        let count = shape.iter().product::<usize>();
        let spike = |i: usize| if i == count / 2 { 1e300 } else { 0.0 };
        let makers: [&dyn Fn(usize) -> f64; 5] = [&noise, &|_| 3.25, &|_| 0.0, &spike, &|i| -1e-310 * (i % 3) as f64];
        for (kind, maker) in makers.iter().enumerate() {
            let data: Vec<f64> = (0..count).map(maker).collect();
            let (bytes, error) = error_of(&data, shape, 0.02);
            assert!(error <= 0.02 && bytes <= 8 * count + 4, "{shape:?} {kind}: {bytes} bytes, error {error}");
        }
    }
}
