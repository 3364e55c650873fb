//! Walking the bytes of a frame; nothing here believes a length before it is checked.

use std::ops::Range;

use codecbench_methods::api::{DType, Error, ParamsJson, Target, TargetKind};
use codecbench_methods::shared::varint;

use super::{CHECKSUM, FrameError, HAS_FILL, Header, MAGIC, VERSION};

/// The header, and where the payload stands; the checksum is the rest and not yet compared.
pub(super) fn read_header(bytes: &[u8]) -> Result<(Header, Range<usize>), FrameError> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.take(MAGIC.len()).ok() != Some(&MAGIC) {
        return Err(FrameError::NotAFrame);
    }
    let found = reader.byte()?;
    if found != VERSION {
        return Err(FrameError::Version { found });
    }
    let length = usize::from(reader.byte()?);
    let method = reader.text(length)?.to_string();
    let format = reader.byte()?;
    let params = reader.params()?;
    let (dtype, target, fill_value) = reader.kinds()?;
    let rank = usize::from(reader.byte()?);
    let shape = (0..rank).map(|_| reader.length(usize::MAX)).collect::<Result<Vec<_>, _>>()?;
    let header = Header { method, format, params, target, dtype, shape, fill_value };
    let payload_len = reader.length(bytes.len())?;
    let left = bytes.len() - reader.at;
    if payload_len.checked_add(CHECKSUM) != Some(left) {
        return Err(reader.corrupt(format!("{payload_len} bytes of payload and 8 of checksum expected, {left} found")));
    }
    Ok((header, reader.at..reader.at + payload_len))
}

/// The bytes of a frame and how far they were read.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn corrupt(&self, reason: impl Into<String>) -> FrameError {
        FrameError::Corrupt { at: self.at, reason: reason.into() }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], FrameError> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or_else(|| self.corrupt(format!("{count} more bytes expected; the frame was cut")))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, FrameError> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Result<f64, FrameError> {
        let mut word = [0; 8];
        word.copy_from_slice(self.take(8)?);
        Ok(f64::from_le_bytes(word))
    }

    fn length(&mut self, limit: usize) -> Result<usize, FrameError> {
        varint::read_length(self.bytes, &mut self.at, limit).map_err(|error| match error {
            Error::Corrupt { at, reason } => FrameError::Corrupt { at, reason: reason.into_owned() },
            other => self.corrupt(other.to_string()),
        })
    }

    fn text(&mut self, count: usize) -> Result<&'a str, FrameError> {
        let bytes = self.take(count)?;
        std::str::from_utf8(bytes).map_err(|_| self.corrupt("the text before is not UTF-8"))
    }

    fn params(&mut self) -> Result<ParamsJson, FrameError> {
        let length = self.length(self.bytes.len())?;
        match self.text(length)? {
            "" => Ok(ParamsJson::new()),
            json => serde_json::from_str(json).map_err(|error| self.corrupt(format!("parameters: {error}"))),
        }
    }

    fn kinds(&mut self) -> Result<(DType, Target, Option<f64>), FrameError> {
        let kinds = self.byte()?;
        let dtype = DType::ALL.get(usize::from(kinds & 0xf)).copied();
        let dtype = dtype.ok_or_else(|| self.corrupt(format!("element type {} is unknown", kinds & 0xf)))?;
        let kind = TargetKind::ALL.get(usize::from(kinds >> 4 & 7)).copied();
        let kind = kind.ok_or_else(|| self.corrupt(format!("target {} is unknown", kinds >> 4 & 7)))?;
        let bare = matches!(kind, TargetKind::Lossless | TargetKind::Native);
        let value = if bare { None } else { Some(self.number()?) };
        let target = Target::from_parts(kind, value).map_err(|error| self.corrupt(error.to_string()))?;
        let fill_value = if kinds & HAS_FILL != 0 { Some(self.number()?) } else { None };
        Ok((dtype, target, fill_value))
    }
}
