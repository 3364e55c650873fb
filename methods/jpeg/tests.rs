//! JPEG on images and on what is hardly one.

use super::*;
use crate::api::Tensor;
use crate::shared::testing::{rmse, round_trip, tensor};

fn picture(shape: &[usize]) -> Tensor {
    tensor::<u8>(shape, |i| (128.0 + 100.0 * libm::sin(i as f64 * 0.03)) as u8)
}

#[test]
fn every_shape_comes_back_nearly() {
    for shape in [&[][..], &[1], &[2], &[523], &[13, 29], &[1, 64, 1], &[9, 10, 3], &[3, 4, 5, 3], &[60, 70]] {
        for subsampling in [false, true] {
            let (_, back) = round_trip::<Jpeg>(&Params { quality: 97, subsampling }, Target::Native, &picture(shape));
            assert_eq!(back.shape(), shape);
            let error = rmse(&picture(shape), &back);
            assert!(subsampling || error < 4.0, "{shape:?}: {error}");
        }
    }
}

#[test]
fn more_quality_is_nearer_and_larger() {
    let image = picture(&[60, 70]);
    let at = |quality| {
        let (payload, back) = round_trip::<Jpeg>(&Params { quality, subsampling: false }, Target::Native, &image);
        (payload.len(), rmse(&image, &back))
    };
    let (few, many) = (at(30), at(95));
    assert!(few.0 < many.0 && few.1 > many.1, "{few:?} {many:?}");
}

#[test]
fn damage_long_images_and_odd_qualities_are_refused() {
    let (payload, mut back) = round_trip::<Jpeg>(&Params::default(), Target::Native, &picture(&[20, 20]));
    let method = Jpeg(Params::default());
    for bit in 0..payload.len() * 8 {
        let mut bad = payload.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(method.decompress(&bad, back.view_mut()).is_err());
    }
    let long = picture(&[70_000, 2]);
    let refused = method.compress(long.view(), &mut Vec::new()).expect_err("too long");
    assert!(refused.to_string().contains("65535"));
    assert!(Jpeg::new(Params { quality: 0, ..Params::default() }, Target::Native).is_err());
}
