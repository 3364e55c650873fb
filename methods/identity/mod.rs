//! Stores the elements as they are: the baseline of every table, and the template for a new method.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Target, TargetKind, TargetRow, TensorMut, TensorRef,
};

/// `identity` has no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

/// The elements in C order, little endian.
#[derive(Debug)]
pub struct Identity;

impl Method for Identity {
    const ID: &'static str = "identity";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "stores the elements as they are; the baseline",
        &[TargetRow::new(TargetKind::Lossless, Promise::Exact, &DType::ALL)],
    )
    .with_non_finite();
    type Params = Params;

    fn new(_: Params, _: Target) -> Result<Self, Error> {
        Ok(Identity)
    }
}

impl Compressor for Identity {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        input.write_le(payload);
        Ok(())
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        output.read_le(payload)
    }
}
