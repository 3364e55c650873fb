//! YUV4MPEG2 (`.y4m`): uncompressed video with a text header, 8 to 16 bits a sample.
//!
//! The format: <https://wiki.multimedia.cx/index.php/YUV4MPEG2>.

use codecbench_methods::api::DType;

use super::{FormatError, Parsed, from_le, malformed, unsupported};
use crate::dataset::manifest::Layout;

const MAGIC: &[u8] = b"YUV4MPEG2";
const FRAME: &[u8] = b"FRAME";

/// Geometry of one frame.
struct Frame {
    rows: usize,
    columns: usize,
    /// Columns and rows of luma per chroma sample; absent without chroma.
    chroma: Option<(usize, usize)>,
    dtype: DType,
}

/// Reads a y4m file.
///
/// Axes: frames, rows, columns for luma alone; frames, 3, rows, columns for 4:4:4; frames, rows, columns for subsampled
/// chroma, where the rows of a frame are its luma, then each chroma plane laid out anew in rows of the luma's width.
pub fn parse(bytes: &[u8]) -> Result<Parsed, FormatError> {
    let (header, mut rest) = line(bytes).ok_or_else(|| malformed("y4m: no header line"))?;
    let frame = Frame::parse(header)?;
    let size = frame.byte_len().ok_or_else(|| malformed("y4m: the frame size overflows"))?;
    if size == 0 {
        return Err(malformed("y4m: the header must give a width (W) and a height (H) above zero"));
    }
    let (mut samples, mut frames) = (Vec::with_capacity(bytes.len()), 0);
    while !rest.is_empty() {
        let (mark, data) = line(rest).ok_or_else(|| malformed(format!("y4m: frame {frames} has no header line")))?;
        if !mark.starts_with(FRAME) {
            return Err(malformed(format!("y4m: frame {frames} does not begin with FRAME")));
        }
        let found = data.len();
        let data = data.get(..size).ok_or_else(|| {
            malformed(format!("y4m: frame {frames} is truncated: {size} bytes expected, {found} found"))
        })?;
        samples.extend_from_slice(data);
        rest = &rest[mark.len() + 1 + size..];
        frames += 1;
    }
    let tensor = from_le(&Layout { shape: frame.shape(frames)?, dtype: frame.dtype }, &samples)?;
    let below = tensor.shape().len() == 3 && frame.chroma.is_some();
    Ok(Parsed { luma_rows: below.then_some(frame.rows), ..tensor.into() })
}

impl Frame {
    fn parse(header: &[u8]) -> Result<Self, FormatError> {
        let header = std::str::from_utf8(header).map_err(|_| malformed("y4m: the header is not text"))?;
        let mut words = header.split(' ');
        if words.next().map(str::as_bytes) != Some(MAGIC) {
            return Err(malformed("y4m: the file does not begin with YUV4MPEG2"));
        }
        let (mut rows, mut columns, mut space) = (0, 0, "420");
        for word in words {
            match word.split_at_checked(1) {
                Some(("W", value)) => columns = number(value)?,
                Some(("H", value)) => rows = number(value)?,
                Some(("C", value)) => space = value,
                _ => {}
            }
        }
        let (chroma, dtype) = colour_space(space)?;
        Ok(Frame { rows, columns, chroma, dtype })
    }

    /// Samples of one chroma plane.
    fn chroma_len(&self) -> Option<usize> {
        let Some((across, down)) = self.chroma else { return Some(0) };
        self.columns.div_ceil(across).checked_mul(self.rows.div_ceil(down))
    }

    fn byte_len(&self) -> Option<usize> {
        let luma = self.rows.checked_mul(self.columns)?;
        self.chroma_len()?.checked_mul(2)?.checked_add(luma)?.checked_mul(self.dtype.size())
    }

    fn shape(&self, frames: usize) -> Result<Vec<usize>, FormatError> {
        let (rows, columns) = (self.rows, self.columns);
        let chroma = 2 * self.chroma_len().unwrap_or(0);
        match self.chroma {
            None => Ok(vec![frames, rows, columns]),
            Some((1, 1)) => Ok(vec![frames, 3, rows, columns]),
            Some(_) if chroma.is_multiple_of(columns) => Ok(vec![frames, rows + chroma / columns, columns]),
            Some(_) => Err(unsupported(format!(
                "y4m: the chroma planes of a {columns}x{rows} picture do not fill whole rows of its width"
            ))),
        }
    }
}

fn colour_space(name: &str) -> Result<(Option<(usize, usize)>, DType), FormatError> {
    let (base, depth) = match name.split_once('p').map(|(base, depth)| (base, depth.parse::<u8>())) {
        Some((base, Ok(depth))) => (base, depth),
        _ => (name, 8),
    };
    let dtype = match depth {
        8 => DType::U8,
        9..=16 => DType::U16,
        _ => return Err(unsupported(format!("y4m: {depth} bits a sample; 8 to 16 are supported"))),
    };
    let chroma = match base {
        "mono" => None,
        "420" | "420jpeg" | "420mpeg2" | "420paldv" => Some((2, 2)),
        "422" => Some((2, 1)),
        "444" => Some((1, 1)),
        // Grey deeper than 8 bits is written without the `p`.
        "mono9" | "mono10" | "mono12" | "mono16" => return Ok((None, DType::U16)),
        _ => {
            return Err(unsupported(format!("y4m colour space {name:?}; supported: mono, 420, 422, 444, 8 to 16 bit")));
        }
    };
    Ok((chroma, dtype))
}

fn number(text: &str) -> Result<usize, FormatError> {
    text.parse().map_err(|_| malformed(format!("y4m: {text:?} is no size")))
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    /// Longest header line we look for, bytes.
    const LONGEST: usize = 4096;
    let end = bytes.iter().take(LONGEST).position(|&byte| byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn video(space: &str, frame: usize) -> Vec<u8> {
        let mut bytes = format!("YUV4MPEG2 W4 H2 F25:1 C{space}\n").into_bytes();
        for number in 0..2u8 {
            bytes.extend_from_slice(b"FRAME\n");
            bytes.extend((0..frame).map(|sample| number * 100 + sample as u8));
        }
        bytes
    }

    #[test]
    fn shapes_follow_the_colour_space() {
        for (space, frame, shape, dtype, luma_rows) in [
            ("mono", 8, vec![2, 2, 4], DType::U8, None),
            ("420jpeg", 12, vec![2, 3, 4], DType::U8, Some(2)),
            ("422", 16, vec![2, 4, 4], DType::U8, Some(2)),
            ("444", 24, vec![2, 3, 2, 4], DType::U8, None),
            ("420p10", 24, vec![2, 3, 4], DType::U16, Some(2)),
            ("mono10", 16, vec![2, 2, 4], DType::U16, None),
        ] {
            let Parsed { tensor, luma_rows: found, .. } = parse(&video(space, frame)).expect(space);
            assert_eq!((tensor.shape(), tensor.dtype(), found), (&shape[..], dtype, luma_rows), "{space}");
        }
    }

    #[test]
    fn a_truncated_frame_and_an_unknown_colour_space_are_named() {
        let bytes = video("420", 12);
        assert!(
            parse(&bytes[..bytes.len() - 1]).is_err_and(|error| error.to_string().contains("frame 1 is truncated"))
        );
        assert!(parse(&video("411", 12)).is_err_and(|error| error.to_string().contains("411")));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(position in 0usize..70, byte: u8, header in "YUV4MPEG2( [WHC][0-9a-z]{0,22}){0,4}\n") {
            let mut bytes = video("444p16", 48);
            bytes[position] = byte;
            let _ = parse(&bytes);
            let _ = parse(header.as_bytes());
        }
    }
}
