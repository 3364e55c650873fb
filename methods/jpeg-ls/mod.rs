//! JPEG-LS (ISO/IEC 14495-1, by the library CharLS 2.4): pixels predicted from their neighbours, exactly or within a bound;
//! behind a seal and with every value checked.

#[cfg(test)]
mod tests;

use charls::{CharLS, FrameInfo, InterleaveMode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Element, Error, Method, Promise, Section, Target, TargetKind, TargetRow,
    TensorMut, TensorRef,
};
use crate::shared::picture::{self, Picture, Samples};
use crate::shared::sealed;

/// Least bits of a sample in the standard.
const LEAST_BITS: u32 = 2;
/// Greatest error in the standard.
const GREATEST_ERROR: i32 = 255;

/// `jpeg-ls` has no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

/// Pixels predicted from their neighbours.
#[derive(Debug)]
pub struct JpegLs {
    bound: f64,
}

impl Method for JpegLs {
    const ID: &'static str = "jpeg-ls";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "JPEG-LS: pixels predicted under contexts, exactly or within a bound; the array as one tall image",
        &[
            TargetRow::new(TargetKind::Lossless, Promise::Exact, picture::TYPES),
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, picture::TYPES),
        ],
    );
    type Params = Params;

    fn new(_: Params, target: Target) -> Result<Self, Error> {
        Ok(JpegLs { bound: target.value().unwrap_or(0.0) })
    }
}

/// The least value, the number of bits, and the standard's stream.
fn compress<T: Element>(values: &[T], picture: Picture, bound: f64) -> Result<Vec<u8>, Error> {
    let samples = Samples::new(values);
    let bits = samples.bits.max(LEAST_BITS);
    let error = (bound.min(f64::from(GREATEST_ERROR)) as i32).min(((1i32 << bits) - 1) / 2);
    let length = |length: usize| u32::try_from(length).map_err(|_| Error::backend("an axis too long for JPEG-LS"));
    let frame = FrameInfo {
        width: length(picture.columns)?,
        height: length(picture.rows)?,
        bits_per_sample: bits as i32,
        component_count: picture.colours as i32,
    };
    let mut codec = CharLS::default();
    // Set on a codec of its own: the library keeps it from image to image.
    let mode = if picture.colours > 1 { InterleaveMode::Sample } else { InterleaveMode::None };
    codec.set_interleave_mode(mode).map_err(Error::backend)?;
    let stream = codec.encode(frame, error, &samples.bytes()).map_err(Error::backend)?;
    let mut bytes = Vec::with_capacity(stream.len() + 4);
    picture::write_least(samples.least, &mut bytes);
    bytes.extend_from_slice(&stream);
    Ok(bytes)
}

/// Fills `values` from what [`compress`] wrote.
fn decompress<T: Element>(bytes: &[u8], values: &mut [T]) -> Result<(), Error> {
    let mut at = 0;
    let least = picture::read_least(bytes, &mut at)?;
    let refuse = |error: charls::Error| Error::corrupt(at, error.to_string());
    let samples = CharLS::default().decode(&bytes[at..]).map_err(refuse)?;
    match samples.len() {
        length if length == values.len() => {
            values.iter_mut().zip(samples).for_each(|(value, byte)| *value = picture::restored(least, byte.into()));
        }
        length if length == 2 * values.len() => {
            let samples = samples.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            values.iter_mut().zip(samples).for_each(|(value, sample)| *value = picture::restored(least, sample));
        }
        length => return Err(Error::corrupt(at, format!("{length} bytes of samples for {} values", values.len()))),
    }
    Ok(())
}

impl JpegLs {
    fn encode<T: Element>(&self, values: &[T], picture: Picture, payload: &mut Vec<u8>) -> Result<(), Error> {
        let streams = std::iter::once_with(|| compress(values, picture, self.bound));
        let kept = |value: T, back: T| value.within(back, self.bound);
        sealed::write_kept(values, &picture.axes(), streams, decompress, kept, payload)
    }
}

impl Compressor for JpegLs {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let picture = Picture::new(input.shape());
        crate::for_samples!(TensorRef, input, view => self.encode(view.data(), picture, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let axes = Picture::new(output.shape()).axes();
        crate::for_samples!(TensorMut, output, view => sealed::read_kept(payload, &axes, decompress, view.into_data()))
    }

    fn sections(&self, _: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(sealed::sections(payload))
    }
}
