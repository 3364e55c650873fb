//! The standalone container: a payload and everything a fresh decoder must know.
//!
//! Layout, in order; `varint` is LEB128 (seven bits a byte, low bits first), numbers are little endian:
//!
//! | bytes | field |
//! | --- | --- |
//! | 3 | magic `CB F0 AE` |
//! | 1 | frame version, 1 |
//! | 1 + n | method id: length, then ASCII |
//! | 1 | the method's payload format |
//! | varint + n | parameters: length, then compact JSON of the non-default ones, names sorted; length 0 if there are none |
//! | 1 | low 4 bits: element type (its place in `DType::ALL`); bits 4 to 6: target (its place in `TargetKind::ALL`); bit 7: a fill value follows |
//! | 0 or 8 | the target's number, f64, for a target that has one |
//! | 0 or 8 | the fill value, f64 |
//! | 1 + varints | rank, then the axis lengths, slowest first |
//! | varint | payload length |
//! | n | payload |
//! | 8 | first eight bytes of the BLAKE3 hash of all the bytes before |
//!
//! A small 3-D array with default parameters costs about 40 bytes beside its payload.

mod reader;

use codecbench_methods::METHODS;
use codecbench_methods::api::{
    Compressor, DType, Entry, Error, ParamsJson, Target, TargetKind, Tensor, TensorMut, TensorRef,
};
use codecbench_methods::shared::varint;
use reader::read_header;

const MAGIC: [u8; 3] = [0xCB, 0xF0, 0xAE];
const VERSION: u8 = 1;
const CHECKSUM: usize = 8;
const HAS_FILL: u8 = 0x80;

/// Most bytes of elements that [`decode`] allocates: 16 GiB, far above any array of the reports.
pub const DEFAULT_LIMIT: u64 = 16 << 30;

/// What a frame says about its payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The method's id.
    pub method: String,
    /// Version of the payload's meaning.
    pub format: u8,
    /// Non-default parameters, names sorted.
    pub params: ParamsJson,
    /// What the compressor was asked for.
    pub target: Target,
    /// Element type.
    pub dtype: DType,
    /// Axis lengths, slowest first.
    pub shape: Vec<usize>,
    /// The value that stands for "no data", if there is one.
    pub fill_value: Option<f64>,
}

/// Why bytes are not a frame that this build can decode, or a tensor could not be framed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The first bytes are not ours.
    #[error("not a codecbench frame (the first bytes are not CB F0 AE)")]
    NotAFrame,
    /// Written by another version of the container.
    #[error("frame version {found}; this build reads version {VERSION}")]
    Version {
        /// The version in the bytes.
        found: u8,
    },
    /// The bytes contradict themselves.
    #[error("corrupt frame at byte {at}: {reason}")]
    Corrupt {
        /// Byte offset in the frame, as near as the reader knows it.
        at: usize,
        /// What was expected there.
        reason: String,
    },
    /// Well-formed, but not the bytes that were written.
    #[error("corrupt frame: the checksum does not match")]
    Checksum,
    /// The method is not in the registry.
    #[error("unknown method {id:?}; `codecbench list methods` shows the known ones")]
    UnknownMethod {
        /// The name in the frame.
        id: String,
    },
    /// The payload's format is not the one this build writes and reads.
    #[error("{id} format {found}; this build reads format {known}")]
    Format {
        /// The method's id.
        id: String,
        /// The format in the frame.
        found: u8,
        /// The format of this build.
        known: u8,
    },
    /// The decoded tensor would be larger than the caller allows.
    #[error("the tensor needs {needed} bytes, {allowed} allowed")]
    TooLarge {
        /// Bytes of the elements; saturates.
        needed: u64,
        /// Bytes allowed.
        allowed: u64,
    },
    /// The method itself refused.
    #[error("{id}: {source}")]
    Method {
        /// The method's id.
        id: String,
        /// What it said.
        source: Error,
    },
}

impl Header {
    /// The header of `input` compressed by `entry`; parameters are brought into their canonical form.
    ///
    /// # Errors
    /// [`FrameError::Method`] for parameters that the method does not take or a method that is not built.
    pub fn new(
        entry: &Entry,
        params: &ParamsJson,
        target: Target,
        fill_value: Option<f64>,
        input: &TensorRef<'_>,
    ) -> Result<Self, FrameError> {
        let refused = |source| FrameError::Method { id: entry.id().to_string(), source };
        Ok(Header {
            method: entry.id().to_string(),
            format: entry.format().map_err(refused)?,
            params: entry.canonical(params).map_err(refused)?,
            target,
            dtype: input.dtype(),
            shape: input.shape().to_vec(),
            fill_value,
        })
    }

    /// Bytes of the whole frame around a payload of `payload_len` bytes, payload included.
    pub fn byte_len(&self, payload_len: usize) -> usize {
        self.head(payload_len).len() + payload_len + CHECKSUM
    }

    /// Bytes of the decoded elements, each axis of length 0 counted as 1; `u64::MAX` if that overflows.
    ///
    /// An empty tensor counts like this because `ndarray` multiplies the other axes before it looks for a zero.
    pub fn tensor_bytes(&self) -> u64 {
        let mut lengths = self.shape.iter().map(|&length| (length as u64).max(1));
        lengths.try_fold(self.dtype.size() as u64, u64::checked_mul).unwrap_or(u64::MAX)
    }

    /// A compressor as the header describes it.
    ///
    /// # Errors
    /// An unknown method, another format than this build's, or parameters that the method refuses.
    pub fn compressor(&self) -> Result<Box<dyn Compressor>, FrameError> {
        let unknown = || FrameError::UnknownMethod { id: self.method.clone() };
        let entry = METHODS.iter().find(|entry| entry.id() == self.method).ok_or_else(unknown)?;
        let refused = |source| FrameError::Method { id: self.method.clone(), source };
        let known = entry.format().map_err(refused)?;
        if known != self.format {
            return Err(FrameError::Format { id: self.method.clone(), found: self.format, known });
        }
        entry.compressor(&self.params, self.target, self.fill_value).map_err(refused)
    }

    /// Everything before the payload.
    fn head(&self, payload_len: usize) -> Vec<u8> {
        let mut head = Vec::with_capacity(64);
        head.extend(MAGIC);
        head.push(VERSION);
        head.push(self.method.len() as u8);
        head.extend(self.method.as_bytes());
        head.push(self.format);
        write_params(&self.params, &mut head);
        let dtype = place(&DType::ALL, &self.dtype);
        let target = place(&TargetKind::ALL, &self.target.kind());
        head.push(dtype | target << 4 | if self.fill_value.is_some() { HAS_FILL } else { 0 });
        for number in [self.target.value(), self.fill_value].into_iter().flatten() {
            head.extend(number.to_le_bytes());
        }
        head.push(self.shape.len() as u8);
        for &length in &self.shape {
            varint::write(length as u64, &mut head);
        }
        varint::write(payload_len as u64, &mut head);
        head
    }
}

fn place<T: PartialEq>(all: &[T], value: &T) -> u8 {
    all.iter().position(|known| known == value).expect("ALL holds every variant") as u8
}

fn write_params(params: &ParamsJson, head: &mut Vec<u8>) {
    let mut params = params.clone();
    params.sort_keys();
    let json = if params.is_empty() { Vec::new() } else { serde_json::to_vec(&params).expect("JSON keys are strings") };
    varint::write(json.len() as u64, head);
    head.extend(json);
}

/// Appends a frame around `payload` to `out`.
///
/// # Panics
/// If the method id or the rank is above 255: neither comes from a registered method and an `ndarray` shape in practice.
pub fn write(header: &Header, payload: &[u8], out: &mut Vec<u8>) {
    assert!(header.method.len() <= 255 && header.shape.len() <= 255, "a method id and a rank take a byte each");
    let start = out.len();
    out.extend(header.head(payload.len()));
    out.extend(payload);
    let hash = blake3::hash(&out[start..]);
    out.extend(&hash.as_bytes()[..CHECKSUM]);
}

/// Takes a frame apart: its header, and the payload in place. Allocates nothing in proportion to what the header claims.
///
/// # Errors
/// Any bytes that [`write()`] cannot have written.
pub fn read(bytes: &[u8]) -> Result<(Header, &[u8]), FrameError> {
    let (header, payload) = read_header(bytes)?;
    let hash = blake3::hash(&bytes[..payload.end]);
    if hash.as_bytes()[..CHECKSUM] != bytes[payload.end..] {
        return Err(FrameError::Checksum);
    }
    Ok((header, &bytes[payload]))
}

/// Compresses `input` as `header` says, and frames the payload.
///
/// # Errors
/// As [`Header::compressor`], and whatever the method refuses.
pub fn encode(header: &Header, input: TensorRef<'_>) -> Result<Vec<u8>, FrameError> {
    let mut payload = Vec::new();
    let refused = |source| FrameError::Method { id: header.method.clone(), source };
    header.compressor()?.compress(input, &mut payload).map_err(refused)?;
    let mut frame = Vec::with_capacity(header.byte_len(payload.len()));
    write(header, &payload, &mut frame);
    Ok(frame)
}

/// Decodes a whole frame of at most [`DEFAULT_LIMIT`] bytes of elements.
///
/// # Errors
/// As [`decode_limited`].
pub fn decode(bytes: &[u8]) -> Result<Tensor, FrameError> {
    decode_limited(bytes, DEFAULT_LIMIT)
}

/// Decodes a whole frame with a fresh decoder, built from the frame alone.
///
/// # Errors
/// As [`read`] and [`Header::compressor`]; `TooLarge` if the elements take more than `limit` bytes; a corrupt payload.
pub fn decode_limited(bytes: &[u8], limit: u64) -> Result<Tensor, FrameError> {
    let (header, payload) = read(bytes)?;
    let needed = header.tensor_bytes();
    if needed > limit {
        return Err(FrameError::TooLarge { needed, allowed: limit });
    }
    let compressor = header.compressor()?;
    let mut tensor = Tensor::zeros(header.dtype, &header.shape);
    let output: TensorMut<'_> = tensor.view_mut();
    compressor.decompress(payload, output).map_err(|source| FrameError::Method { id: header.method, source })?;
    Ok(tensor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor() -> Tensor {
        Tensor::from_le_bytes(DType::I16, &[2, 3], &(0..12).collect::<Vec<u8>>()).expect("the length fits")
    }

    fn header(method: &str) -> Header {
        let params = [("b".to_string(), "x".into()), ("a".to_string(), 1.into())].into_iter().collect();
        let (target, fill_value) = (Target::MaxAbs(1e-3), Some(-999.0));
        Header { method: method.into(), format: 1, params, target, dtype: DType::I16, shape: vec![2, 3], fill_value }
    }

    fn identity_frame() -> Vec<u8> {
        let input = tensor();
        let header = Header::new(&METHODS[0], &ParamsJson::new(), Target::Lossless, None, &input.view());
        encode(&header.expect("identity takes no parameters"), input.view()).expect("identity takes every tensor")
    }

    #[test]
    fn every_field_comes_back_and_byte_len_is_the_length() {
        let mut bytes = vec![7];
        write(&header("some-method"), b"payload", &mut bytes);
        let (back, payload) = read(&bytes[1..]).expect("it was just written");
        assert_eq!((&back, payload), (&header("some-method"), &b"payload"[..]));
        assert_eq!(back.byte_len(7), bytes.len() - 1);
    }

    #[test]
    fn a_frame_of_a_small_array_adds_few_bytes_and_decodes() {
        let frame = identity_frame();
        assert!(frame.len() <= 12 + 32, "{} bytes for 12 of payload", frame.len());
        assert_eq!(decode(&frame).ok(), Some(tensor()));
    }

    #[test]
    fn every_prefix_every_bit_flip_and_a_trailing_byte_is_an_error() {
        for frame in [identity_frame(), {
            let mut bytes = Vec::new();
            write(&header("identity"), &[0; 12], &mut bytes);
            bytes
        }] {
            for length in 0..frame.len() {
                assert!(decode(&frame[..length]).is_err(), "prefix {length}");
            }
            for bit in 0..frame.len() * 8 {
                let mut flipped = frame.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(read(&flipped).is_err(), "bit {bit}");
            }
            assert!(read(&[&frame[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn a_claim_of_many_elements_is_refused_before_they_are_allocated() {
        let mut header = header("identity");
        header.shape = vec![1 << 40, 1 << 40];
        let mut bytes = Vec::new();
        write(&header, &[], &mut bytes);
        assert!(matches!(decode(&bytes), Err(FrameError::TooLarge { needed: u64::MAX, .. })));
        header.shape = vec![0, 1 << 40, 1 << 40];
        let mut bytes = Vec::new();
        write(&header, &[], &mut bytes);
        assert!(matches!(decode(&bytes), Err(FrameError::TooLarge { .. })));
        assert!(matches!(decode_limited(&identity_frame(), 11), Err(FrameError::TooLarge { needed: 12, .. })));
    }

    #[test]
    fn another_format_and_an_unknown_method_are_named() {
        let mut other = header("identity");
        other.format = 200;
        let message = |header: &Header| header.compressor().err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(message(&other), "identity format 200; this build reads format 1");
        assert!(message(&header("nope")).contains("unknown method \"nope\""));
    }
}
