//! PNG: 8 and 16 bit, grey or colour. Palettes and shallow depths are expanded, nothing else is touched.

use std::io::Cursor;

use codecbench_methods::api::{DType, Tensor};
use png::{BitDepth, Decoder, Limits, Transformations};

use super::{FormatError, byte_len, from_le, malformed};
use crate::dataset::manifest::Layout;

/// Largest decoded picture, bytes.
const LIMIT: usize = 1 << 32;
/// Bytes of samples that a byte of the file can stand for: deflate's 1032 (RFC 1951), a palette of 1 bit with opacity to 32.
const EXPANSION: usize = 1032 * 32;

/// Reads a PNG: rows, columns, then channels if there are several.
pub fn parse(bytes: &[u8]) -> Result<Tensor, FormatError> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: LIMIT });
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(png_error)?;
    let limit = bytes.len().saturating_mul(EXPANSION).min(LIMIT);
    let size = reader.output_buffer_size().filter(|&size| size <= limit).ok_or_else(|| {
        let (rows, columns, found) = (reader.info().height, reader.info().width, bytes.len());
        malformed(format!(
            "png: {rows} x {columns} samples cannot come from a file of {found} bytes, or pass {LIMIT} bytes"
        ))
    })?;
    let mut samples = vec![0; size];
    let info = reader.next_frame(&mut samples).map_err(png_error)?;
    samples.truncate(info.buffer_size());
    let mut shape = vec![info.height as usize, info.width as usize];
    if info.color_type.samples() > 1 {
        shape.push(info.color_type.samples());
    }
    let dtype = if info.bit_depth == BitDepth::Sixteen { DType::U16 } else { DType::U8 };
    if dtype == DType::U16 {
        samples.chunks_exact_mut(2).for_each(<[u8]>::reverse);
    }
    debug_assert_eq!(byte_len(&shape, dtype.size()), Some(samples.len()));
    from_le(&Layout { shape, dtype }, &samples)
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

    #[test]
    fn palettes_and_opacity_are_expanded_to_channels() {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 2, 1);
        encoder.set_color(ColorType::Indexed);
        encoder.set_depth(BitDepth::One);
        encoder.set_palette(vec![1, 2, 3, 4, 5, 6]);
        encoder.set_trns(vec![9, 255]);
        let mut writer = encoder.write_header().expect("in memory");
        writer.write_image_data(&[0b0100_0000]).expect("in memory");
        writer.finish().expect("in memory");
        let Ok(Tensor::U8(picture)) = parse(&bytes) else { panic!("an 8-bit picture") };
        assert_eq!(picture.shape(), [1, 2, 4]);
        assert_eq!(picture.as_slice(), Some(&[1, 2, 3, 9, 4, 5, 6, 255][..]));
        let opaque = parse(&picture_of(ColorType::GrayscaleAlpha)).expect("a valid picture");
        assert_eq!(opaque.shape(), [1, 2, 2]);
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
