//! Zstandard over the elements' bytes, with or without a byte or bit shuffle before it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Target, TargetKind, TargetRow, TensorMut, TensorRef,
};
use crate::shared::shuffle::Shuffle;
use crate::shared::zstd;

/// Parameters of `zstd`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Effort: 1 is fastest, 22 is smallest.
    #[schemars(range(min = 1, max = 22))]
    pub level: u8,
    /// Order of the bytes: `none`, `byte` for bytes of equal place together, or `bit` for bits of equal place together.
    pub shuffle: Shuffle,
}

impl Default for Params {
    fn default() -> Self {
        Params { level: 3, shuffle: Shuffle::Byte }
    }
}

/// The elements' little-endian bytes through Zstandard.
#[derive(Debug)]
pub struct Zstd(Params);

impl Method for Zstd {
    const ID: &'static str = "zstd";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "Zstandard over the elements' bytes, bytes of equal place together unless told otherwise",
        &[TargetRow::new(TargetKind::Lossless, Promise::Exact, &DType::ALL)],
    )
    .with_non_finite();
    type Params = Params;

    fn new(params: Params, _: Target) -> Result<Self, Error> {
        if !(1..=zstd::MAX_LEVEL).contains(&params.level) {
            return Err(Error::invalid("level", format!("{}; it must be 1 to {}", params.level, zstd::MAX_LEVEL)));
        }
        Ok(Zstd(params))
    }

    fn grid() -> Vec<Params> {
        let orders = [Shuffle::Byte, Shuffle::Bit, Shuffle::None];
        orders.into_iter().flat_map(|shuffle| [3, 19].map(|level| Params { level, shuffle })).collect()
    }
}

impl Compressor for Zstd {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let mut bytes = Vec::new();
        input.write_le(&mut bytes);
        let bytes = self.0.shuffle.apply(bytes, input.dtype().size());
        zstd::compress(&bytes, self.0.level, payload)
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let size = output.dtype().size();
        let bytes = zstd::decompress(payload, output.len() * size)?;
        output.read_le(&self.0.shuffle.undo(bytes, size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_levels_are_refused() {
        for level in [0, 23] {
            let params = Params { level, ..Params::default() };
            assert!(Zstd::new(params, Target::Lossless).expect_err("level").to_string().contains("`level`"));
        }
    }
}
