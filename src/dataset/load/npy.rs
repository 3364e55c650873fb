//! NumPy's `.npy` and `.npz`.

use std::io::{Cursor, Read};

use codecbench_methods::api::{DType, Tensor};
use codecbench_methods::for_dtype;
use zip::ZipArchive;

use super::{FormatError, byte_len, malformed, raw, unsupported};
use crate::dataset::manifest::Layout;

/// Deflate packs at most this many bytes into one (RFC 1951: 258 bytes in about two bits).
const DEFLATE_LIMIT: u64 = 1032;

/// Reads an `.npy` file: any byte order, C or Fortran order.
///
/// Parsed here, and not by the library that writes these files, because the header is a Python literal that may nest: a
/// recursive parser overflows its stack on a hostile one
/// (format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
pub fn parse(bytes: &[u8]) -> Result<Tensor, FormatError> {
    let (header, data) = header(bytes).ok_or_else(|| malformed("npy: no header; the file is truncated or no npy"))?;
    let descriptor = field(header, "descr").unwrap_or("?");
    let (dtype, big_endian) = (dtype(descriptor)?, descriptor.contains('>'));
    let mut shape = shape(header).ok_or_else(|| malformed("npy: the header gives no shape"))?;
    let needed = byte_len(&shape, dtype.size());
    if needed != Some(data.len()) {
        let (needed, found) = (needed.map_or("too many".to_string(), |needed| needed.to_string()), data.len());
        return Err(malformed(format!("npy: {shape:?} of {dtype} takes {needed} bytes, the file has {found}")));
    }
    match field(header, "fortran_order").map(str::trim) {
        Some("False") => raw::parse(data, &Layout { shape, dtype }, big_endian),
        Some("True") => {
            // Fortran order is C order with the axes read backwards.
            shape.reverse();
            let tensor = raw::parse(data, &Layout { shape, dtype }, big_endian)?;
            Ok(for_dtype!(Tensor, tensor, array => Tensor::from(array.reversed_axes())))
        }
        _ => Err(malformed("npy: the header does not say whether `fortran_order` is True or False")),
    }
}

/// The header's text, and the data behind it.
fn header(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(b"\x93NUMPY")?;
    let (start, length): (usize, usize) = match rest.first()? {
        1 => (4, usize::from(u16::from_le_bytes(rest.get(2..4)?.try_into().ok()?))),
        _ => (6, u32::from_le_bytes(rest.get(2..6)?.try_into().ok()?) as usize),
    };
    let end = start.checked_add(length)?;
    let text = std::str::from_utf8(rest.get(start..end)?).ok()?;
    Some((text, &rest[end..]))
}

/// What stands behind `'key':`.
fn field<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = header.split_once(&format!("'{key}':"))?;
    let rest = rest.trim_start();
    let end = if rest.starts_with('(') { rest.find(')')? + 1 } else { rest.find([',', '}'])? };
    rest.get(..end)
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let inside = field(header, "shape")?.strip_prefix('(')?.strip_suffix(')')?;
    inside.split(',').map(str::trim).filter(|length| !length.is_empty()).map(|length| length.parse().ok()).collect()
}

/// Reads the array `member` of an `.npz` file, or the only one.
pub fn parse_member(bytes: &[u8], member: Option<&str>) -> Result<Tensor, FormatError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| malformed(format!("npz: {error}")))?;
    let names: Vec<String> = archive.file_names().map(str::to_string).collect();
    let short = |name: &str| name.trim_end_matches(".npy").to_string();
    let chosen = match member {
        Some(member) => names.iter().find(|name| *name == member || short(name) == member),
        None if names.len() == 1 => names.first(),
        None => None,
    };
    let Some(chosen) = chosen else {
        let mut known: Vec<_> = names.iter().map(|name| short(name)).collect();
        known.sort();
        return Err(malformed(format!("npz: name one member with `member = ...`; there are {}", known.join(", "))));
    };
    let limit = (bytes.len() as u64).saturating_mul(DEFLATE_LIMIT);
    let mut unpacked = Vec::new();
    let file = archive.by_name(chosen).map_err(|error| malformed(format!("npz: {chosen}: {error}")))?;
    file.take(limit).read_to_end(&mut unpacked).map_err(|error| malformed(format!("npz: {chosen}: {error}")))?;
    parse(&unpacked)
}

fn dtype(descriptor: &str) -> Result<DType, FormatError> {
    let name = descriptor.trim().trim_matches(['\'', '"']).trim_start_matches(['<', '>', '|', '=']);
    Ok(match name {
        "f4" => DType::F32,
        "f8" => DType::F64,
        "i1" | "b" => DType::I8,
        "u1" | "B" => DType::U8,
        "i2" => DType::I16,
        "u2" => DType::U16,
        "i4" => DType::I32,
        "u4" => DType::U32,
        "i8" => DType::I64,
        "u8" => DType::U64,
        _ => {
            let known: Vec<_> = DType::ALL.iter().map(|dtype| dtype.name()).collect();
            return Err(unsupported(format!("npy element type {descriptor}; supported: {}", known.join(", "))));
        }
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use ndarray::{Array2, ShapeBuilder};
    use ndarray_npy::WriteNpyExt;
    use proptest::prelude::*;
    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    fn sample() -> Vec<u8> {
        let array = Array2::from_shape_fn((3, 4).f(), |(i, j)| (10 * i + j) as f32);
        let mut bytes = Vec::new();
        array.write_npy(&mut bytes).expect("writing to memory");
        bytes
    }

    #[test]
    fn a_fortran_ordered_file_comes_out_in_c_order() {
        let Ok(Tensor::F32(array)) = parse(&sample()) else { panic!("a float32 file") };
        assert_eq!((array.shape(), array[[2, 1]]), (&[3, 4][..], 21.0));
        assert!(array.is_standard_layout());
    }

    /// A version 1 file with this header and these data.
    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn big_endian_elements_and_scalars_are_read() {
        let header = "{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }\n";
        let Ok(Tensor::I16(array)) = parse(&file(header, &[1, 2, 255, 254])) else { panic!("an int16 file") };
        assert_eq!(array.as_slice(), Some(&[0x0102, -2][..]));
        let scalar = parse(&file("{'descr': '|u1', 'fortran_order': False, 'shape': (), }\n", &[7]));
        assert_eq!(scalar.map(|tensor| tensor.shape().to_vec()).ok(), Some(vec![]));
    }

    #[test]
    fn element_types_that_are_not_ours_are_named() {
        for descriptor in ["'<c16'", "'|b1'", "'<f2'", "[('a', '<f4')]", "'|O'"] {
            let header = format!("{{'descr': {descriptor}, 'fortran_order': False, 'shape': (1,), }}\n");
            let error = parse(&file(&header, &[0; 16])).expect_err(descriptor);
            let known = error.to_string().contains("float32");
            assert!(matches!(error, FormatError::Unsupported(_)) && known, "{descriptor}: {error}");
        }
    }

    #[test]
    fn a_shape_that_overflows_and_a_header_that_nests_deeply_are_errors() {
        let shape = "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n";
        assert!(parse(&file(shape, &[])).is_err());
        let nested = format!("{{'descr': '<f8', 'shape': (1,), 'fortran_order': {}", "(".repeat(60_000));
        assert!(parse(&file(&nested, &[0; 8])).is_err());
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = sample();
        assert!((0..bytes.len()).all(|length| parse(&bytes[..length]).is_err()));
    }

    #[test]
    fn an_npz_member_is_found_by_name_and_a_missing_one_lists_the_known() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["a.npy", "b.npy"] {
            archive.start_file(name, SimpleFileOptions::default()).expect("in memory");
            archive.write_all(&sample()).expect("in memory");
        }
        let bytes = archive.finish().expect("in memory").into_inner();
        assert_eq!(parse_member(&bytes, Some("b")).map(|tensor| tensor.len()).ok(), Some(12));
        assert!(parse_member(&bytes, None).is_err_and(|error| error.to_string().contains("a, b")));
    }

    proptest! {
        #[test]
        fn hostile_headers_never_panic(position in 0usize..140, byte: u8) {
            let mut bytes = sample();
            let position = position.min(bytes.len() - 1);
            bytes[position] = byte;
            let _ = parse(&bytes);
        }
    }
}
