//! JPEG 2000 on what is hard for it.

use super::*;
use crate::shared::sealed::is_sealed;
use crate::shared::testing::{noise, rmse, round_trip, tensor, wave};

const SHAPES: [&[usize]; 9] = [&[], &[1], &[2], &[523], &[13, 29], &[1, 64, 1], &[9, 10, 3], &[3, 4, 5, 3], &[130, 70]];

#[test]
fn every_shape_and_type_comes_back() {
    for shape in SHAPES {
        let tensors = [
            tensor::<u8>(shape, |i| (128.0 + 250.0 * noise(i)) as u8),
            tensor::<i8>(shape, |i| (250.0 * noise(i)) as i8),
            tensor::<u16>(shape, |i| (32768.0 + 65000.0 * noise(i)) as u16),
            tensor::<i16>(shape, |i| if i % 2 == 0 { i16::MIN } else { i16::MAX }),
            tensor::<i16>(shape, |_| -7),
        ];
        for tensor in tensors {
            let (payload, back) = round_trip::<Jpeg2000>(&Params {}, Target::Lossless, &tensor);
            assert_eq!(back, tensor, "{shape:?}");
            assert!(is_sealed(&payload), "{shape:?} of {} is no image", tensor.dtype());
        }
    }
}

#[test]
fn a_size_is_met_and_more_bits_are_nearer() {
    let image = tensor::<u8>(&[120, 130], |i| (128.0 + wave(i % 130) + 20.0 * noise(i)) as u8);
    let at = |rate: f64| {
        let (payload, back) = round_trip::<Jpeg2000>(&Params {}, Target::BitsPerValue(rate), &image);
        let got = payload.len() as f64 * 8.0 / 15600.0;
        assert!(got <= rate * 1.02 && got > rate * 0.8, "{got} bits where {rate} were asked for");
        rmse(&image, &back)
    };
    assert!(at(1.0) > at(2.0) && at(2.0) > at(3.0));
}

#[test]
fn damage_is_refused() {
    let image = tensor::<u8>(&[20, 20], |i| (i % 17) as u8);
    let (payload, mut back) = round_trip::<Jpeg2000>(&Params {}, Target::Lossless, &image);
    let method = Jpeg2000 { rate: None };
    for bit in 8..payload.len() * 8 {
        let mut bad = payload.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(method.decompress(&bad, back.view_mut()).is_err());
    }
}
