//! JPEG-LS on what is hard for it.

use super::*;
use crate::shared::sealed::is_sealed;
use crate::shared::testing::{assert_within, noise, round_trip, tensor};

const SHAPES: [&[usize]; 9] =
    [&[], &[1], &[2], &[523], &[13, 29], &[1, 64, 1], &[9, 10, 3], &[3, 4, 5, 3], &[2, 3, 4, 5]];

#[test]
fn bounds_hold_on_every_shape_and_type() {
    for shape in SHAPES {
        for bound in [0.0, 0.9, 1.0, 2.5, 40.0, 1e9] {
            let tensors = [
                tensor::<u8>(shape, |i| (128.0 + 250.0 * noise(i)) as u8),
                tensor::<i8>(shape, |i| (250.0 * noise(i)) as i8),
                tensor::<u16>(shape, |i| (32768.0 + 65000.0 * noise(i)) as u16),
                tensor::<i16>(shape, |i| if i % 2 == 0 { i16::MIN } else { i16::MAX }),
                tensor::<i16>(shape, |_| -7),
            ];
            for tensor in tensors {
                let (_, back) = round_trip::<JpegLs>(&Params {}, Target::MaxAbs(bound), &tensor);
                assert_within(&tensor, &back, bound, &format!("{shape:?}"));
                let (payload, back) = round_trip::<JpegLs>(&Params {}, Target::Lossless, &tensor);
                assert_eq!(back, tensor);
                assert!(is_sealed(&payload), "{shape:?} of {} is no image", tensor.dtype());
            }
        }
    }
}

#[test]
fn a_smooth_image_is_small_and_smaller_within_a_bound() {
    let image = tensor::<u8>(&[100, 100], |i| ((i % 100) + i / 100) as u8);
    let exact = round_trip::<JpegLs>(&Params {}, Target::Lossless, &image).0.len();
    let bounded = round_trip::<JpegLs>(&Params {}, Target::MaxAbs(3.0), &image).0.len();
    assert!(exact < 2500 && bounded < exact, "{exact} {bounded}");
}

#[test]
fn damage_is_refused() {
    let image = tensor::<u8>(&[20, 20], |i| (i % 17) as u8);
    let (payload, mut back) = round_trip::<JpegLs>(&Params {}, Target::Lossless, &image);
    let method = JpegLs { bound: 0.0 };
    for bit in 8..payload.len() * 8 {
        let mut bad = payload.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(method.decompress(&bad, back.view_mut()).is_err());
    }
}
