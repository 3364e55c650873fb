//! PNG: 8 and 16 bit, grey or colour. Palettes and shallow depths are expanded, nothing else is touched.

use std::io::Cursor;

use codecbench_methods::api::{DType, Tensor};
use ndarray::ArrayD;
use png::{BitDepth, Decoder, Info, Limits, Transformations};

use super::{FormatError, from_le, malformed};
use crate::dataset::manifest::Layout;

/// Largest decoded picture, bytes.
const LIMIT: usize = 1 << 32;
/// Bytes of samples that a byte of the file can stand for, before any is expanded (deflate, RFC 1951).
const DEFLATE_LIMIT: usize = 1032;
/// Bytes of a colour of a palette.
const COLOUR: usize = 3;

/// Reads a PNG: rows, columns, then channels if there are several.
pub fn parse(bytes: &[u8]) -> Result<Tensor, FormatError> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: LIMIT });
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(png_error)?;
    check(reader.info(), bytes.len())?;
    let size = reader.output_buffer_size().filter(|&size| size <= LIMIT);
    let mut samples = vec![0; size.ok_or_else(|| malformed(format!("png: samples of more than {LIMIT} bytes")))?];
    let info = reader.next_frame(&mut samples).map_err(png_error)?;
    samples.truncate(info.buffer_size());
    let mut shape = vec![info.height as usize, info.width as usize];
    if info.color_type.samples() > 1 {
        shape.push(info.color_type.samples());
    }
    if info.bit_depth == BitDepth::Sixteen {
        samples.chunks_exact_mut(2).for_each(<[u8]>::reverse);
        return from_le(&Layout { shape, dtype: DType::U16 }, &samples);
    }
    let picture = ArrayD::from_shape_vec(shape, samples).map_err(|error| malformed(format!("png: {error}")))?;
    Ok(Tensor::from(picture))
}

/// Refuses what a file of so many bytes cannot hold, and a palette that the library takes for one without looking.
fn check(info: &Info<'_>, found: usize) -> Result<(), FormatError> {
    let (rows, columns) = (info.height, info.width);
    // Each row has a byte for its filter.
    let samples = (info.raw_row_length() - 1).saturating_mul(rows as usize);
    if samples > found.saturating_mul(DEFLATE_LIMIT) {
        return Err(malformed(format!("png: {rows} x {columns} samples cannot come from a file of {found} bytes")));
    }
    match info.palette.as_deref().map(<[u8]>::len) {
        Some(length) if length % COLOUR != 0 => {
            Err(malformed(format!("png: a palette of {length} bytes; each colour takes {COLOUR}")))
        }
        _ => Ok(()),
    }
}

fn png_error(error: png::DecodingError) -> FormatError {
    malformed(format!("png: {error}"))
}

#[cfg(test)]
mod tests {
    use png::{ColorType, Encoder};

    use super::*;

    fn picture(color: ColorType, depth: BitDepth, samples: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 2, 1);
        encoder.set_color(color);
        encoder.set_depth(depth);
        let mut writer = encoder.write_header().expect("in memory");
        writer.write_image_data(samples).expect("in memory");
        writer.finish().expect("in memory");
        bytes
    }

    #[test]
    fn grey_colour_and_sixteen_bit_pictures_keep_their_samples() {
        let grey = parse(&picture(ColorType::Grayscale, BitDepth::Eight, &[7, 9])).expect("a valid picture");
        assert_eq!((grey.shape(), grey.dtype()), (&[1, 2][..], DType::U8));
        let colour = parse(&picture(ColorType::Rgb, BitDepth::Eight, &[1, 2, 3, 4, 5, 6])).expect("a valid picture");
        assert_eq!(colour.shape(), [1, 2, 3]);
        let Ok(Tensor::U16(deep)) = parse(&picture(ColorType::Grayscale, BitDepth::Sixteen, &[1, 2, 3, 4])) else {
            panic!("a 16-bit picture")
        };
        assert_eq!(deep.as_slice(), Some(&[0x0102, 0x0304][..]));
    }

    /// Two pixels, the first and the second colour of a palette.
    fn indexed(palette: &[u8], opacity: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 2, 1);
        encoder.set_color(ColorType::Indexed);
        encoder.set_depth(BitDepth::One);
        encoder.set_palette(palette.to_vec());
        encoder.set_trns(opacity.to_vec());
        let mut writer = encoder.write_header().expect("in memory");
        writer.write_image_data(&[0b0100_0000]).expect("in memory");
        writer.finish().expect("in memory");
        bytes
    }

    #[test]
    fn palettes_and_opacity_are_expanded_to_channels() {
        let Ok(Tensor::U8(picture)) = parse(&indexed(&[1, 2, 3, 4, 5, 6], &[9, 255])) else {
            panic!("an 8-bit picture")
        };
        assert_eq!(picture.shape(), [1, 2, 4]);
        assert_eq!(picture.as_slice(), Some(&[1, 2, 3, 9, 4, 5, 6, 255][..]));
        let opaque = parse(&picture_of(ColorType::GrayscaleAlpha)).expect("a valid picture");
        assert_eq!(opaque.shape(), [1, 2, 2]);
    }

    #[test]
    fn a_palette_that_is_none_is_an_error() {
        for length in [4, 8, 767] {
            let message = parse(&indexed(&vec![7; length], &[0, 128])).expect_err("no such palette").to_string();
            assert!(message.contains(&format!("a palette of {length} bytes")), "{message}");
        }
        assert!(parse(&indexed(&[7; 768], &[0, 128])).is_ok());
        assert!([2, 771].iter().all(|&length| parse(&indexed(&vec![7; length], &[0, 128])).is_err()));
    }

    fn picture_of(color: ColorType) -> Vec<u8> {
        picture(color, BitDepth::Eight, &vec![5; 2 * color.samples()])
    }

    #[test]
    fn a_header_that_promises_more_than_the_file_can_hold_is_refused_before_anything_is_allocated() {
        let mut bytes = picture_of(ColorType::Rgb);
        // Width and height stand at bytes 16 to 24, the checksum of the header behind byte 29.
        bytes[16..24].copy_from_slice(&[0, 0, 255, 255, 0, 0, 255, 255]);
        let sum = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&sum.to_be_bytes());
        let message = parse(&bytes).expect_err("no such picture fits").to_string();
        assert!(message.contains("65535 x 65535"), "{message}");
    }

    /// CRC-32 of ISO 3309, as the chunks of a PNG have it.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |sum, &byte| {
            (0..8).fold(sum ^ u32::from(byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
        })
    }

    #[test]
    fn every_truncation_is_an_error_or_a_whole_picture() {
        let bytes = picture(ColorType::Grayscale, BitDepth::Eight, &[7, 9]);
        let whole = parse(&bytes).expect("a valid picture");
        for length in 0..bytes.len() {
            assert!(parse(&bytes[..length]).map_or(true, |tensor| tensor == whole), "cut at {length}");
        }
    }
}
