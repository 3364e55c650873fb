//! Header and footer of a VLSV file: which arrays it holds, and where.
//!
//! The header is sixteen bytes: the byte order (0 little, 1 big, in the first byte of eight) and the offset of the footer.
//! The footer is XML, one element per array: its text is the array's offset, its attributes are `arraysize` rows of
//! `vectorsize` elements of `datasize` bytes of a `datatype` (`uint`, `int`, `float`), and names.
//! Source: the VLSV library, <https://github.com/fmihpc/vlsv>.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::dataset::load::{FormatError, malformed, unsupported};

/// Bytes before the first array.
const HEADER: usize = 16;

/// A VLSV file whose footer was read.
#[derive(Debug)]
pub(super) struct File<'a> {
    bytes: &'a [u8],
    pub big_endian: bool,
    /// Offset of the footer, where the arrays end.
    end: usize,
    arrays: Vec<Array>,
}

/// An array as the footer describes it.
#[derive(Debug)]
pub(super) struct Array {
    tag: String,
    attributes: BTreeMap<String, String>,
    offset: u64,
}

impl<'a> File<'a> {
    /// Reads header and footer.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let header = bytes.get(..HEADER).ok_or_else(|| malformed("vlsv: truncated: the header takes 16 bytes"))?;
        let big_endian = match header[0] {
            0 => false,
            1 => true,
            other => return Err(malformed(format!("vlsv: byte 0: the byte order is 0 or 1, not {other}"))),
        };
        let offset = integer(&header[8..], big_endian);
        let end = usize::try_from(offset).ok().filter(|end| (HEADER..bytes.len()).contains(end)).ok_or_else(|| {
            malformed(format!("vlsv: byte 8: the footer starts at {offset}, the file has {} bytes", bytes.len()))
        })?;
        Ok(File { bytes, big_endian, end, arrays: arrays(&bytes[end..], end)? })
    }

    /// Arrays of a tag.
    pub fn all(&self, tag: &str) -> impl Iterator<Item = &Array> {
        self.arrays.iter().filter(move |array| array.tag == tag)
    }

    /// The array of a tag with this value of an attribute.
    pub fn find(&self, tag: &str, key: &str, value: &str) -> Option<&Array> {
        self.all(tag).find(|array| array.attribute(key) == value)
    }

    /// The bytes of an array.
    pub fn data(&self, array: &Array) -> Result<&'a [u8], FormatError> {
        let (rows, row) = (array.number("arraysize")?, array.row_bytes()?);
        let range = rows.checked_mul(row as u64).and_then(|length| {
            let start = usize::try_from(array.offset).ok()?;
            Some(start..start.checked_add(usize::try_from(length).ok()?)?)
        });
        let data = range.filter(|range| range.end <= self.end).map(|range| &self.bytes[range]);
        data.ok_or_else(|| array.wrong(format!("{rows} rows of {row} bytes reach past byte {}", self.end)))
    }

    /// An array of whole numbers.
    pub fn integers(&self, array: &Array) -> Result<Vec<u64>, FormatError> {
        let (kind, size) = (array.attribute("datatype"), array.size()?);
        if !matches!((kind, size), ("uint", 4 | 8)) {
            return Err(array.wrong(format!("expected uint of 4 or 8 bytes, found {kind:?} of {size}")));
        }
        Ok(self.data(array)?.chunks_exact(size).map(|bytes| integer(bytes, self.big_endian)).collect())
    }

    /// An array of real numbers.
    pub fn reals(&self, array: &Array) -> Result<Vec<f64>, FormatError> {
        let size = array.real_size()?;
        let real = |bytes| match integer(bytes, self.big_endian) {
            bits if size == 4 => f64::from(f32::from_bits(bits as u32)),
            bits => f64::from_bits(bits),
        };
        Ok(self.data(array)?.chunks_exact(size).map(real).collect())
    }
}

impl Array {
    /// The value of an attribute; empty if there is none.
    pub fn attribute(&self, key: &str) -> &str {
        self.attributes.get(key).map_or("", String::as_str)
    }

    /// A number among the attributes.
    pub fn number(&self, key: &str) -> Result<u64, FormatError> {
        let text = self.attribute(key);
        text.parse().map_err(|_| self.wrong(format!("`{key}` is {text:?}, not a number")))
    }

    /// Bytes per element: 1, 2, 4 or 8.
    fn size(&self) -> Result<usize, FormatError> {
        match self.number("datasize")? {
            size @ (1 | 2 | 4 | 8) => Ok(size as usize),
            size => Err(self.wrong(format!("elements of {size} bytes"))),
        }
    }

    /// Bytes per element of an array of real numbers: 4 or 8.
    pub fn real_size(&self) -> Result<usize, FormatError> {
        match (self.attribute("datatype"), self.size()?) {
            ("float", size @ (4 | 8)) => Ok(size),
            (kind, size) => Err(self.wrong(format!("expected float of 4 or 8 bytes, found {kind:?} of {size}"))),
        }
    }

    /// Bytes per row, above zero.
    fn row_bytes(&self) -> Result<usize, FormatError> {
        let vector = self.number("vectorsize")?;
        let bytes = usize::try_from(vector).ok().and_then(|vector| vector.checked_mul(self.size().ok()?));
        bytes.filter(|&bytes| bytes > 0).ok_or_else(|| self.wrong(format!("`vectorsize` is {vector}")))
    }

    /// What is wrong with this array.
    pub fn wrong(&self, reason: impl std::fmt::Display) -> FormatError {
        let of = [self.attribute("name"), self.attribute("mesh")].into_iter().find(|name| !name.is_empty());
        let of = of.map(|name| format!(" of {name}")).unwrap_or_default();
        malformed(format!("vlsv: {}{of} at byte {}: {reason}", self.tag, self.offset))
    }
}

/// A whole number of four or eight bytes.
fn integer(bytes: &[u8], big_endian: bool) -> u64 {
    let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    if big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
}

/// The elements of the footer, which starts at byte `start` of the file.
fn arrays(footer: &[u8], start: usize) -> Result<Vec<Array>, FormatError> {
    let footer = std::str::from_utf8(footer)
        .map_err(|error| malformed(format!("vlsv: byte {}: the footer is no UTF-8", start + error.valid_up_to())))?;
    let mut reader = Reader::from_str(footer);
    let (mut arrays, mut open, mut depth) = (Vec::new(), None, 0usize);
    loop {
        let place = start as u64 + reader.buffer_position();
        let event =
            reader.read_event().map_err(|error| malformed(format!("vlsv: footer near byte {place}: {error}")))?;
        match event {
            Event::Start(element) => {
                depth += 1;
                if depth == 1 && element.name().as_ref() != "VLSV" {
                    return Err(malformed(format!("vlsv: byte {place}: the footer is no <VLSV> element")));
                }
                open = if depth == 2 { Some(array(&element, place)?) } else { None };
            }
            Event::Text(text) => {
                if let Some(array) = open.as_mut() {
                    let (text, tag) = (text.trim(), &array.tag);
                    let wrong = |_| malformed(format!("vlsv: byte {place}: {text:?} is no offset of {tag}"));
                    array.offset = text.parse().map_err(wrong)?;
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                arrays.extend(open.take());
            }
            Event::DocType(_) => return Err(unsupported(format!("vlsv: byte {place}: a footer with a DTD"))),
            Event::Eof if depth == 0 => return Ok(arrays),
            Event::Eof => return Err(malformed("vlsv: truncated: the footer ends inside an element")),
            _ => {}
        }
    }
}

fn array(element: &BytesStart<'_>, place: u64) -> Result<Array, FormatError> {
    let mut attributes = BTreeMap::new();
    // The library's own check for attributes that occur twice takes quadratic time.
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| malformed(format!("vlsv: footer near byte {place}: {error}")))?;
        attributes.insert(attribute.key.as_ref().to_string(), attribute.value.to_string());
    }
    Ok(Array { tag: element.name().as_ref().to_string(), attributes, offset: u64::MAX })
}
