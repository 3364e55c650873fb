//! OpenZL: a graph of transforms and entropy coders, chosen for numbers; behind a seal.

mod ffi;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Element, Error, Method, Promise, Section, Target, TargetKind, TargetRow,
    TensorMut, TensorRef,
};
use crate::for_dtype;
use crate::shared::sealed;

/// What the numbers are sent through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Graph {
    /// The library's standard choice for numbers.
    #[default]
    Numeric,
    /// A chain of transforms that a trained model of the library's picks.
    Transformer,
    /// Zstandard over the numbers' bytes.
    Zstd,
}

impl Graph {
    /// The library's number for it.
    fn id(self) -> u32 {
        match self {
            Graph::Numeric => openzl_sys::ZL_StandardGraphID_select_numeric,
            Graph::Transformer => openzl_sys::ZL_StandardGraphID_transformer_numeric,
            Graph::Zstd => openzl_sys::ZL_StandardGraphID_zstd,
        }
    }
}

/// Parameters of `openzl`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// What the numbers are sent through: `numeric`, the library's standard choice, `transformer`, where a trained model picks
    /// transforms, or `zstd`.
    pub graph: Graph,
}

/// The elements in C order as numbers through OpenZL.
#[derive(Debug)]
pub struct Openzl(Params);

impl Method for Openzl {
    const ID: &'static str = "openzl";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "OpenZL: numbers in C order through a graph of transforms and entropy coders; lossless",
        &[TargetRow::new(TargetKind::Lossless, Promise::Exact, &DType::ALL)],
    )
    .with_non_finite();
    type Params = Params;

    fn new(params: Params, _: Target) -> Result<Self, Error> {
        Ok(Openzl(params))
    }

    fn grid() -> Vec<Params> {
        [Graph::Numeric, Graph::Transformer].map(|graph| Params { graph }).into()
    }
}

impl Openzl {
    fn encode<T: Element>(&self, values: &[T], payload: &mut Vec<u8>) -> Result<(), Error> {
        match ffi::compress(values, self.0.graph) {
            Ok(frame) => sealed::write(T::DTYPE, &[values.len()], &frame, payload),
            Err(_) => sealed::write_exact(values, payload)?,
        }
        Ok(())
    }
}

impl Compressor for Openzl {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        for_dtype!(TensorRef, input, view => self.encode(view.data(), payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        for_dtype!(TensorMut, output, view => {
            let values = view.into_data();
            sealed::read_kept(payload, &[values.len()], ffi::decompress, values)
        })
    }

    fn sections(&self, _: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(sealed::sections(payload))
    }
}
