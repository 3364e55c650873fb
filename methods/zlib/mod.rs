//! zlib over the elements' bytes, with or without a byte shuffle before it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Target, TargetKind, TargetRow, TensorMut, TensorRef,
};
use crate::shared::deflate;
use crate::shared::shuffle::Shuffle;

/// Parameters of `zlib`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Effort: 0 stores, 1 is fastest, 9 is smallest.
    #[schemars(range(min = 0, max = 9))]
    pub level: u8,
    /// Order of the bytes: `none`, `byte` for bytes of equal place together, or `bit` for bits of equal place together.
    pub shuffle: Shuffle,
}

impl Default for Params {
    fn default() -> Self {
        Params { level: 6, shuffle: Shuffle::Byte }
    }
}

/// The elements' little-endian bytes through zlib.
#[derive(Debug)]
pub struct Zlib(Params);

impl Method for Zlib {
    const ID: &'static str = "zlib";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "zlib over the elements' bytes, bytes of equal place together unless told otherwise",
        &[TargetRow::new(TargetKind::Lossless, Promise::Exact, &DType::ALL)],
    )
    .with_non_finite();
    type Params = Params;

    fn new(params: Params, _: Target) -> Result<Self, Error> {
        deflate::check_level(params.level)?;
        Ok(Zlib(params))
    }

    fn grid() -> Vec<Params> {
        [Shuffle::Byte, Shuffle::None].map(|shuffle| Params { shuffle, ..Params::default() }).into()
    }
}

impl Compressor for Zlib {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let mut bytes = Vec::new();
        input.write_le(&mut bytes);
        let bytes = self.0.shuffle.apply(bytes, input.dtype().size());
        deflate::compress(&bytes, self.0.level, payload)
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let size = output.dtype().size();
        let bytes = deflate::decompress(payload, output.len() * size)?;
        output.read_le(&self.0.shuffle.undo(bytes, size))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{ArrayD, IxDyn};

    use super::*;
    use crate::api::{Checked, Tensor};

    fn method(level: u8, shuffle: Shuffle) -> Checked<Zlib> {
        Checked::new(Params { level, shuffle }, Target::Lossless).expect("valid")
    }

    fn round_trip(method: &Checked<Zlib>, tensor: &Tensor) -> usize {
        let mut payload = Vec::new();
        method.compress(tensor.view(), &mut payload).expect("compresses");
        let mut back = Tensor::zeros(tensor.dtype(), tensor.shape());
        method.decompress(&payload, back.view_mut()).expect("decompresses");
        let bytes = |tensor: &Tensor| {
            let mut bytes = Vec::new();
            tensor.view().write_le(&mut bytes);
            bytes
        };
        assert_eq!(bytes(&back), bytes(tensor));
        payload.len()
    }

    #[test]
    fn every_dtype_and_rank_comes_back_bit_for_bit() {
        for dtype in DType::ALL {
            for shape in [&[][..], &[0], &[4, 0, 2], &[1], &[37], &[5, 7], &[2, 3, 1, 4]] {
                let length = shape.iter().product::<usize>() * dtype.size();
                // 0xff bytes among them make NaNs with payloads.
                let bytes: Vec<u8> = (0..length).map(|i| if i % 5 < 3 { 0xff } else { (i * 37) as u8 }).collect();
                let tensor = Tensor::from_le_bytes(dtype, shape, &bytes).expect("the length fits");
                for shuffle in [Shuffle::None, Shuffle::Byte, Shuffle::Bit] {
                    let size = round_trip(&method(6, shuffle), &tensor);
                    assert_eq!(size == 0, length == 0, "an empty tensor takes no bytes");
                }
            }
        }
    }

    #[test]
    fn shuffling_helps_where_high_bytes_are_alike() {
        let values = ArrayD::from_shape_fn(IxDyn(&[4000]), |i| (f64::from(i[0] as u32) * 0.01).sin() as f32);
        let tensor = Tensor::from(values);
        assert!(round_trip(&method(6, Shuffle::Byte), &tensor) < round_trip(&method(6, Shuffle::None), &tensor));
    }

    #[test]
    fn wrong_levels_targets_and_payloads_are_errors() {
        let params = Params { level: 10, ..Params::default() };
        assert!(Checked::<Zlib>::new(params, Target::Lossless).expect_err("level").to_string().contains("`level`"));
        assert!(matches!(Checked::<Zlib>::new(Params::default(), Target::MaxAbs(1.0)), Err(Error::Unsupported(_))));
        let mut empty = Tensor::zeros(DType::U8, &[0]);
        assert!(method(6, Shuffle::Byte).decompress(&[1], empty.view_mut()).is_err());
        let mut output = Tensor::zeros(DType::I16, &[9]);
        assert!(method(6, Shuffle::Byte).decompress(&[0x78, 0x9c, 3, 0, 0, 0, 0, 1], output.view_mut()).is_err());
    }
}
