//! JPEG XL without loss (ISO/IEC 18181-1), by the fast encoder of `zune-jpegxl` and the decoder `jxl-oxide`; behind a seal and
//! with every value checked.

#[cfg(test)]
mod tests;

use jxl_oxide::{AllocTracker, FrameBufferSample, ImageStream, JxlImage, JxlThreadPool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zune_core::bit_depth::BitDepth;
use zune_core::colorspace::ColorSpace;
use zune_core::options::EncoderOptions;
use zune_jpegxl::JxlSimpleEncoder;

use crate::api::{
    Capabilities, Compressor, DType, Element, Error, Method, Promise, Section, Target, TargetKind, TargetRow,
    TensorMut, TensorRef,
};
use crate::shared::picture::{self, Picture, Samples};
use crate::shared::sealed;

/// Memory that the decoder may take, bytes for each byte of the image, and besides.
const MEMORY: (usize, usize) = (64, 1 << 26);

/// Parameters of `jpeg-xl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// How long the encoder looks at the image: 0 is fastest, 127 is smallest.
    #[schemars(range(min = 0, max = 127))]
    pub effort: u8,
}

impl Default for Params {
    fn default() -> Self {
        Params { effort: 4 }
    }
}

/// Pixels predicted from their neighbours, prefix codes and runs.
#[derive(Debug)]
pub struct JpegXl(Params);

impl Method for JpegXl {
    const ID: &'static str = "jpeg-xl";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "JPEG XL without loss, by a fast encoder that knows one predictor and prefix codes; the array as one tall image",
        &[TargetRow::new(TargetKind::Lossless, Promise::Exact, picture::TYPES)],
    );
    type Params = Params;

    fn new(params: Params, _: Target) -> Result<Self, Error> {
        if params.effort > 127 {
            return Err(Error::invalid("effort", format!("{}; it must be 0 to 127", params.effort)));
        }
        Ok(JpegXl(params))
    }
}

/// The least value and the codestream.
fn compress<T: Element>(values: &[T], picture: Picture, effort: u8) -> Result<Vec<u8>, Error> {
    let samples = Samples::new(values);
    let depth = if samples.bits > 8 { BitDepth::Sixteen } else { BitDepth::Eight };
    let colours = if picture.colours > 1 { ColorSpace::RGB } else { ColorSpace::Luma };
    let options =
        EncoderOptions::new(picture.columns, picture.rows, colours, depth).set_num_threads(1).set_effort(effort);
    let mut bytes = Vec::new();
    picture::write_least(samples.least, &mut bytes);
    let mut stream = Vec::new();
    let native = match depth {
        BitDepth::Sixteen => samples.samples.iter().flat_map(|sample| sample.to_ne_bytes()).collect(),
        _ => samples.bytes(),
    };
    let encoder = JxlSimpleEncoder::new(&native, options);
    encoder.encode(&mut stream).map_err(|error| Error::backend(format!("{error:?}")))?;
    bytes.extend_from_slice(&stream);
    Ok(bytes)
}

/// Fills `values` from what [`compress`] wrote.
fn decompress<T: Element>(bytes: &[u8], picture: Picture, values: &mut [T]) -> Result<(), Error> {
    let mut at = 0;
    let least = picture::read_least(bytes, &mut at)?;
    let allowed = MEMORY.0 * size_of_val(values) + MEMORY.1;
    let refuse = |error: Box<dyn std::error::Error + Send + Sync>| Error::corrupt(at, error.to_string());
    let image = JxlImage::builder()
        .pool(JxlThreadPool::none())
        .alloc_tracker(AllocTracker::with_limit(allowed))
        .read(&bytes[at..])
        .map_err(refuse)?;
    if [image.height() as usize, image.width() as usize] != [picture.rows, picture.columns] {
        return Err(Error::corrupt(at, format!("an image of {} x {}", image.height(), image.width())));
    }
    let render = image.render_frame(0).map_err(refuse)?;
    let mut stream = render.stream_no_alpha();
    if stream.channels() as usize != picture.colours {
        return Err(Error::corrupt(at, format!("{} colours", stream.channels())));
    }
    let count = match image.image_header().metadata.bit_depth.bits_per_sample() {
        0..=8 => fill::<u8, T>(&mut stream, least, values),
        _ => fill::<u16, T>(&mut stream, least, values),
    };
    if count == values.len() { Ok(()) } else { Err(Error::corrupt(at, format!("{count} samples"))) }
}

/// Fills `values` from samples; says how many there were.
fn fill<S: FrameBufferSample + Default + Clone + Into<u16>, T: Element>(
    stream: &mut ImageStream<'_>,
    least: i32,
    values: &mut [T],
) -> usize {
    let mut samples = vec![S::default(); values.len()];
    let count = stream.write_to_buffer(&mut samples);
    values.iter_mut().zip(samples).for_each(|(value, sample)| *value = picture::restored(least, sample.into()));
    count
}

impl JpegXl {
    fn encode<T: Element>(&self, values: &[T], picture: Picture, payload: &mut Vec<u8>) -> Result<(), Error> {
        let streams = std::iter::once_with(|| compress(values, picture, self.0.effort));
        let decode = |stream: &[u8], back: &mut [T]| decompress(stream, picture, back);
        sealed::write_kept(values, &picture.axes(), streams, decode, sealed::same, payload)
    }
}

impl Compressor for JpegXl {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let picture = Picture::new(input.shape());
        crate::for_samples!(TensorRef, input, view => self.encode(view.data(), picture, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let picture = Picture::new(output.shape());
        crate::for_samples!(TensorMut, output, view => {
            let decode = |stream: &[u8], values: &mut [_]| decompress(stream, picture, values);
            sealed::read_kept(payload, &picture.axes(), decode, view.into_data())
        })
    }

    fn sections(&self, _: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(sealed::sections(payload))
    }
}
