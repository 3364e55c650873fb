//! LZ4 over the elements' bytes, with or without a byte or bit shuffle before it.

use lz4_flex::block;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Target, TargetKind, TargetRow, TensorMut, TensorRef,
};
use crate::shared::shuffle::Shuffle;

/// Parameters of `lz4`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Order of the bytes: `none`, `byte` for bytes of equal place together, or `bit` for bits of equal place together.
    pub shuffle: Shuffle,
}

/// The elements' little-endian bytes through LZ4.
#[derive(Debug)]
pub struct Lz4(Params);

impl Method for Lz4 {
    const ID: &'static str = "lz4";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "LZ4 over the elements' bytes, bytes of equal place together unless told otherwise: speed first",
        &[TargetRow::new(TargetKind::Lossless, Promise::Exact, &DType::ALL)],
    )
    .with_non_finite();
    type Params = Params;

    fn new(params: Params, _: Target) -> Result<Self, Error> {
        Ok(Lz4(params))
    }

    fn grid() -> Vec<Params> {
        [Shuffle::Byte, Shuffle::Bit, Shuffle::None].map(|shuffle| Params { shuffle }).into()
    }
}

impl Compressor for Lz4 {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        if input.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        input.write_le(&mut bytes);
        let bytes = self.0.shuffle.apply(bytes, input.dtype().size());
        let block = block::compress(&bytes);
        payload.extend_from_slice(if block.len() < bytes.len() { &block } else { &bytes });
        Ok(())
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let size = output.dtype().size();
        let length = output.len() * size;
        let mut bytes = vec![0; length];
        if payload.len() >= length {
            // Stored; a length that does not fit is told by `read_le`.
            bytes = payload.to_vec();
        } else {
            let written = block::decompress_into(payload, &mut bytes)
                .map_err(|error| Error::corrupt(payload.len(), format!("no LZ4 block: {error}")))?;
            if written != length {
                let reason = format!("the LZ4 block holds {written} bytes, {length} are needed");
                return Err(Error::corrupt(payload.len(), reason));
            }
        }
        if bytes.len() == length {
            bytes = self.0.shuffle.undo(bytes, size);
        }
        output.read_le(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Tensor;

    fn payload_of(method: &Lz4, bytes: &[u8]) -> Vec<u8> {
        let tensor = Tensor::from_le_bytes(DType::U8, &[bytes.len()], bytes).expect("the length fits");
        let mut payload = Vec::new();
        method.compress(tensor.view(), &mut payload).expect("compresses");
        payload
    }

    #[test]
    fn what_does_not_shrink_is_stored_and_anything_longer_is_corrupt() {
        let method = Lz4::new(Params::default(), Target::Lossless).expect("valid");
        let noise: Vec<u8> = (0..200u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let payload = payload_of(&method, &noise);
        assert_eq!(payload, noise);
        let mut output = Tensor::zeros(DType::U8, &[199]);
        assert!(method.decompress(&payload, output.view_mut()).is_err(), "one byte too many");
        assert!(payload_of(&method, &[7; 200]).len() < 20);
    }
}
