//! Differences to the element before, along one axis or several, and a byte codec behind them.
//!
//! After numcodecs issue 198 and pull request 583, made exact for floats and for every width.

mod bounded;
mod choice;
mod classic;
mod coded;
mod exact;
pub mod kernel;
mod packed;
mod params;
mod table;
#[cfg(test)]
mod tests;
mod word;

pub use params::{Choice, Codec, Effort, Narrow, Params};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Section, Target, TargetKind, TargetRow, TensorMut,
    TensorRef,
};
use crate::shared::{deflate, exact as types, varint};
use crate::{for_dtype, for_exact};
use classic::Classic;

/// Differences along axes and what codes them.
#[derive(Debug)]
pub struct SpatialDelta {
    params: Params,
    bound: Option<f64>,
}

impl Method for SpatialDelta {
    const ID: &'static str = "spatial-delta";
    const FORMAT: u8 = 8;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "differences and least squares on ordered values, then context mixing; lossless, or quantised first",
        &[
            TargetRow::new(TargetKind::Lossless, Promise::Exact, &DType::ALL),
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, types::TYPES),
        ],
    )
    .with_non_finite()
    .with_logarithms();
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        deflate::check_level(params.level)?;
        let bound = if let Target::MaxAbs(bound) = target { Some(bound) } else { None };
        if bound.is_some() && params.names_a_codec() {
            return Err(Error::unsupported("target `abs` with axes, astype or codec named; leave them to `effort`"));
        }
        Ok(SpatialDelta { params, bound })
    }

    fn grid() -> Vec<Params> {
        let effort = |effort| Params { effort, ..Params::default() };
        let zlib = Params { codec: Codec::Zlib, ..Params::default() };
        let all = Params { axes: Choice::Named(Default::default()), ..Params::default() };
        vec![Params::default(), effort(Effort::Fast), effort(Effort::Max), zlib, all]
    }
}

impl Compressor for SpatialDelta {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let effort = self.params.effort;
        if let Some(bound) = self.bound {
            return for_exact!(TensorRef, input, view => {
                bounded::write(view.data(), view.shape(), bound, effort, payload)
            });
        }
        coded::stored_type(&self.params, input.dtype())?;
        for_dtype!(TensorRef, input, view => match self.params.names_a_codec() {
            true => Classic(&self.params).encode(view.data(), view.shape(), payload),
            false => exact::write(view.data(), view.shape(), effort, payload),
        })
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let (shape, effort) = (output.shape().to_vec(), self.params.effort);
        if let Some(bound) = self.bound {
            return for_exact!(TensorMut, output, view => {
                bounded::read(payload, &shape, bound, effort, view.into_data())
            });
        }
        for_dtype!(TensorMut, output, view => match self.params.names_a_codec() {
            true => Classic(&self.params).decode(payload, view.into_data(), &shape),
            false => exact::read(payload, &shape, effort, view.into_data()),
        })
    }

    fn sections(&self, _: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        let mut at = 0;
        if !self.params.names_a_codec() {
            at = 1;
        } else if Classic(&self.params).has_head() {
            varint::read(payload, &mut at)?;
        }
        Ok(vec![("head", at), ("differences", payload.len() - at)])
    }
}
