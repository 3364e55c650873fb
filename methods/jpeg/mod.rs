//! JPEG (ISO/IEC 10918-1), by `jpeg-encoder` and `zune-jpeg`: what 8-bit photographs are mostly kept in. It knows a quality, no
//! bound.

#[cfg(test)]
mod tests;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Section, Target, TargetKind, TargetRow, TensorMut,
    TensorRef,
};
use crate::shared::picture::Picture;
use crate::shared::sealed::{self, Content};

/// Parameters of `jpeg`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Quality: 1 is smallest, 100 nearest to the image.
    #[schemars(range(min = 1, max = 100))]
    pub quality: u8,
    /// Keep every second value of the differences of colours along both axes.
    pub subsampling: bool,
}

impl Default for Params {
    fn default() -> Self {
        Params { quality: 90, subsampling: false }
    }
}

/// Cosine transform in blocks of eight, quantised, Huffman-coded.
#[derive(Debug)]
pub struct Jpeg(Params);

impl Method for Jpeg {
    const ID: &'static str = "jpeg";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "JPEG: cosine transform in blocks at a quality; the array as one tall image of 8 bits",
        &[TargetRow::new(TargetKind::Native, Promise::None, &[DType::U8])],
    );
    type Params = Params;

    fn new(params: Params, _: Target) -> Result<Self, Error> {
        if !(1..=100).contains(&params.quality) {
            return Err(Error::invalid("quality", format!("{}; it must be 1 to 100", params.quality)));
        }
        Ok(Jpeg(params))
    }

    fn grid() -> Vec<Params> {
        [50, 75, 90, 97].map(|quality| Params { quality, subsampling: false }).into()
    }
}

/// Rows and columns, if JPEG has numbers for them.
fn lengths(picture: Picture) -> Result<[u16; 2], Error> {
    let length = |length: usize, name| {
        u16::try_from(length).map_err(|_| Error::unsupported(format!("{length} {name}; JPEG has at most 65535")))
    };
    Ok([length(picture.rows, "rows")?, length(picture.columns, "columns")?])
}

impl Jpeg {
    fn encode(&self, values: &[u8], picture: Picture) -> Result<Vec<u8>, Error> {
        let [rows, columns] = lengths(picture)?;
        let mut stream = Vec::new();
        let mut encoder = Encoder::new(&mut stream, self.0.quality);
        let sampling = if self.0.subsampling { SamplingFactor::F_2_2 } else { SamplingFactor::F_1_1 };
        encoder.set_sampling_factor(sampling);
        // With tables of its own the encoder writes a scan per colour, which the decoder restores wrongly.
        encoder.set_optimized_huffman_tables(picture.colours == 1);
        let colours = if picture.colours > 1 { ColorType::Rgb } else { ColorType::Luma };
        encoder.encode(values, columns, rows, colours).map_err(Error::backend)?;
        Ok(stream)
    }
}

fn decode(stream: &[u8], picture: Picture, values: &mut [u8]) -> Result<(), Error> {
    let [rows, columns] = lengths(picture)?;
    let colours = if picture.colours > 1 { ColorSpace::RGB } else { ColorSpace::Luma };
    let options = DecoderOptions::new_safe()
        .jpeg_set_out_colorspace(colours)
        .set_max_width(columns.into())
        .set_max_height(rows.into());
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(stream), options);
    let refuse = |error: zune_jpeg::errors::DecodeErrors| Error::corrupt(0, format!("{error:?}"));
    decoder.decode_headers().map_err(refuse)?;
    if decoder.output_buffer_size() != Some(values.len()) {
        return Err(Error::corrupt(0, "an image of another size"));
    }
    decoder.decode_into(values).map_err(refuse)
}

impl Compressor for Jpeg {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let picture = Picture::new(input.shape());
        match input {
            TensorRef::U8(view) => {
                let stream = self.encode(view.data(), picture)?;
                sealed::write(DType::U8, &picture.axes(), &stream, payload);
                Ok(())
            }
            other => Err(Error::unsupported(format!("dtype {}; JPEG has 8 bits", other.dtype()))),
        }
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let picture = Picture::new(output.shape());
        match output {
            TensorMut::U8(view) => match sealed::open(payload, DType::U8, &picture.axes())? {
                Content::Stream(stream) => decode(stream, picture, view.into_data()),
                Content::Exact(_) => Err(Error::corrupt(0, "exact elements where an image is expected")),
            },
            other => Err(Error::unsupported(format!("dtype {}; JPEG has 8 bits", other.dtype()))),
        }
    }

    fn sections(&self, _: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(sealed::sections(payload))
    }
}
