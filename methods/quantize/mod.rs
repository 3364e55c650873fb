//! The plain baseline: whole steps of twice the bound, without any prediction, then Pco or shuffled Zstandard.

mod numbers;
mod params;
mod payload;
mod steps;
#[cfg(test)]
mod tests;

pub use params::{Codec, Params};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Section, Target, TargetKind, TargetRow, TensorMut,
    TensorRef,
};
use crate::for_dtype;

/// A uniform quantiser and a general codec.
#[derive(Debug)]
pub struct Quantize {
    params: Params,
    target: Target,
}

impl Method for Quantize {
    const ID: &'static str = "quantize";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "Baseline: values as whole steps of twice the bound, then Pco or byte-shuffled Zstandard",
        &[
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, &DType::ALL),
            TargetRow::new(TargetKind::PointwiseRel, Promise::Bounded, &[DType::F32, DType::F64]),
            TargetRow::new(TargetKind::Rmse, Promise::Approximate, &DType::ALL),
        ],
    );
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        params.check()?;
        Ok(Quantize { params, target })
    }
}

impl Compressor for Quantize {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        for_dtype!(TensorRef, input, view => payload::write(view.data(), self.target, &self.params, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        for_dtype!(TensorMut, output, view => payload::read(payload, self.target, view.into_data()))
    }

    fn sections(&self, dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        payload::sections(dtype, payload)
    }
}
