//! Lossless JPEG XL on what is hard for it.

use super::*;
use crate::shared::sealed::is_sealed;
use crate::shared::testing::{noise, round_trip, tensor};

const SHAPES: [&[usize]; 9] =
    [&[], &[1], &[2], &[523], &[13, 29], &[1, 64, 1], &[9, 10, 3], &[3, 4, 5, 3], &[300, 270]];

#[test]
fn every_shape_and_type_comes_back() {
    for shape in SHAPES {
        let picture = Picture::new(shape);
        let tensors = [
            tensor::<u8>(shape, |i| (128.0 + 250.0 * noise(i)) as u8),
            tensor::<i8>(shape, |i| (250.0 * noise(i)) as i8),
            tensor::<u16>(shape, |i| (32768.0 + 65000.0 * noise(i)) as u16),
            tensor::<i16>(shape, |i| if i % 2 == 0 { i16::MIN } else { i16::MAX }),
            tensor::<i16>(shape, |_| -7),
        ];
        for tensor in tensors {
            for effort in [0, 4, 127] {
                let (payload, back) = round_trip::<JpegXl>(&Params { effort }, Target::Lossless, &tensor);
                assert_eq!(back, tensor, "{shape:?} {effort}");
                let image = picture.rows > 1 && picture.columns > 1;
                assert_eq!(is_sealed(&payload), image, "{shape:?} of {}", tensor.dtype());
            }
        }
    }
}

#[test]
fn a_smooth_image_is_small() {
    let image = tensor::<u16>(&[100, 100], |i| (30 * (i % 100) + i / 100) as u16);
    let bytes = round_trip::<JpegXl>(&Params::default(), Target::Lossless, &image).0.len();
    assert!(bytes < 6000, "{bytes}");
}

#[test]
fn damage_is_refused_and_so_is_too_much_effort() {
    let image = tensor::<u8>(&[20, 20], |i| (i % 17) as u8);
    let (payload, mut back) = round_trip::<JpegXl>(&Params::default(), Target::Lossless, &image);
    let method = JpegXl(Params::default());
    for bit in 8..payload.len() * 8 {
        let mut bad = payload.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(method.decompress(&bad, back.view_mut()).is_err());
    }
    let refused = JpegXl::new(Params { effort: 128 }, Target::Lossless).expect_err("effort");
    assert!(refused.to_string().contains("`effort`"));
}
