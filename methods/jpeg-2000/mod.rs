//! JPEG 2000 (ISO/IEC 15444-1, by OpenJPEG in Rust): wavelets and bit planes of images, without loss or to a size; behind a seal.

mod codec;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Element, Error, Method, Promise, Section, Target, TargetKind, TargetRow,
    TensorMut, TensorRef,
};
use crate::shared::picture::{self, Picture, Samples};
use crate::shared::sealed;

/// Bytes around the codestream: first byte, seal, least value.
const AROUND: f64 = 1.0 + sealed::SEAL as f64 + 3.0;

/// `jpeg-2000` has no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

/// Wavelets and bit planes of an image.
#[derive(Debug)]
pub struct Jpeg2000 {
    /// Bits per value; `None`: every bit.
    rate: Option<f64>,
}

impl Method for Jpeg2000 {
    const ID: &'static str = "jpeg-2000";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "JPEG 2000: wavelets and bit planes, without loss or to a size; the array as one tall image",
        &[
            TargetRow::new(TargetKind::Lossless, Promise::Exact, picture::TYPES),
            TargetRow::new(TargetKind::BitsPerValue, Promise::Approximate, picture::TYPES),
        ],
    );
    type Params = Params;

    fn new(_: Params, target: Target) -> Result<Self, Error> {
        Ok(Jpeg2000 { rate: target.value() })
    }
}

/// Fills `values` from the least value and the codestream.
fn decode<T: Element>(bytes: &[u8], picture: Picture, values: &mut [T]) -> Result<(), Error> {
    let mut at = 0;
    let least = picture::read_least(bytes, &mut at)?;
    let samples = codec::decompress(&bytes[at..], picture)?;
    values.iter_mut().zip(samples).for_each(|(value, sample)| *value = picture::restored(least, sample));
    Ok(())
}

impl Jpeg2000 {
    fn stream<T: Element>(&self, values: &[T], picture: Picture) -> Result<Vec<u8>, Error> {
        let samples = Samples::new(values);
        let bits = samples.bits.max(1);
        let bytes = values.len() as f64 / 8.0;
        let ratio = self.rate.map(|rate| f64::from(bits) * bytes / (rate * bytes - AROUND).max(1.0));
        let stream = codec::compress(&samples.samples, picture, bits, ratio.filter(|ratio| *ratio > 1.0))?;
        let mut payload = Vec::with_capacity(stream.len() + 4);
        picture::write_least(samples.least, &mut payload);
        payload.extend_from_slice(&stream);
        Ok(payload)
    }

    fn encode<T: Element>(&self, values: &[T], picture: Picture, payload: &mut Vec<u8>) -> Result<(), Error> {
        let streams = std::iter::once_with(|| self.stream(values, picture));
        let decode = |stream: &[u8], back: &mut [T]| decode(stream, picture, back);
        let kept = |value: T, back: T| self.rate.is_some() || sealed::same(value, back);
        sealed::write_kept(values, &picture.axes(), streams, decode, kept, payload)
    }
}

impl Compressor for Jpeg2000 {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let picture = Picture::new(input.shape());
        crate::for_samples!(TensorRef, input, view => self.encode(view.data(), picture, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let picture = Picture::new(output.shape());
        crate::for_samples!(TensorMut, output, view => {
            let decode = |stream: &[u8], values: &mut [_]| decode(stream, picture, values);
            sealed::read_kept(payload, &picture.axes(), decode, view.into_data())
        })
    }

    fn sections(&self, _: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(sealed::sections(payload))
    }
}
