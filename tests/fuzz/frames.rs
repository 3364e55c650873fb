//! Payloads of the methods, each in a frame that says what they are to be decoded as.
//!
//! A case of a decoder is a frame, so that it carries its own method, parameters, target, type and shape; what varies is
//! the payload and, less often, one thing of the header. The format's number is the build's own: a case stays a case when
//! a method's format is raised.

use std::fs;
use std::path::Path;

use codecbench::frame::{self, Header};
use codecbench_methods::METHODS;
use codecbench_methods::api::{DType, Entry, ParamsJson, Target, TargetKind, Tensor};
use serde_json::Value;

use crate::mutate::mutate;
use crate::values::{Pattern, Random};

/// Most bytes of elements that a case may ask for.
const LIMIT: u64 = 1 << 18;

/// The golden payloads of a method, framed.
pub fn goldens(entry: &Entry) -> Vec<Vec<u8>> {
    let format = entry.format().expect("built");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{}/v{format}", entry.id()));
    let Ok(mut index) = csv::Reader::from_path(folder.join("index.csv")) else { return Vec::new() };
    let rows = index.records().map(|row| row.expect("the index is well formed"));
    let frames = rows.filter_map(|row| {
        let payload = fs::read(folder.join(&row[0])).expect("the index names files that are there");
        Some(framed(&header(entry, &row)?, &payload))
    });
    frames.collect()
}

/// What a row of a golden index says: file, parameters, target, its number, element type, shape.
fn header(entry: &Entry, row: &csv::StringRecord) -> Option<Header> {
    let kind: TargetKind = serde_json::from_value(Value::String(row[2].to_string())).ok()?;
    let dtype: DType = row[4].parse().ok()?;
    Some(Header {
        method: entry.id().to_string(),
        format: entry.format().ok()?,
        params: serde_json::from_str(&row[1]).ok()?,
        target: Target::from_parts(kind, row[3].parse().ok()).ok()?,
        dtype,
        shape: row[5].split('x').map(|length| length.parse().ok()).collect::<Option<_>>()?,
        fill_value: if &row[6] == "Filled" { Pattern::Filled.fill(dtype) } else { None },
    })
}

fn framed(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::write(header, payload, &mut bytes);
    bytes
}

/// Another case of the same method.
pub fn vary(random: &mut Random, entry: &Entry, base: &[u8], other: &[u8]) -> Vec<u8> {
    let Ok((mut header, payload)) = frame::read(base) else { return base.to_vec() };
    let mut payload = payload.to_vec();
    if random.below(4) == 0 {
        change(random, entry, &mut header);
    }
    if random.below(8) > 0 {
        let other = frame::read(other).map_or(&[][..], |(_, payload)| payload);
        mutate(random, &mut payload, other, &[]);
    }
    framed(&header, &payload)
}

/// Changes one thing that the decoder is told beside the payload.
fn change(random: &mut Random, entry: &Entry, header: &mut Header) {
    let mut changed = header.clone();
    match random.below(6) {
        0..=2 => reshape(random, &mut changed.shape),
        3 => changed.dtype = DType::ALL[random.below(DType::ALL.len())],
        4 => {
            let grid = entry.grid().expect("built");
            changed.params = if grid.is_empty() { ParamsJson::new() } else { grid[random.below(grid.len())].clone() };
        }
        _ => {
            let rows = entry.capabilities().expect("built").targets;
            let kind = rows[random.below(rows.len())].target;
            let bare = matches!(kind, TargetKind::Lossless | TargetKind::Native);
            let number = [1e-3, 0.0, 1.0, 1e30, 7.5, 1e-30][random.below(6)];
            changed.target = Target::from_parts(kind, (!bare).then_some(number)).unwrap_or(header.target);
        }
    }
    if changed.shape.len() < 9 && changed.tensor_bytes() <= LIMIT {
        *header = changed;
    }
}

fn reshape(random: &mut Random, shape: &mut Vec<usize>) {
    let axis = random.below(shape.len().max(1));
    let length = shape.get(axis).copied().unwrap_or(1);
    match random.below(5) {
        0 => shape.insert(axis.min(shape.len()), [0, 1, 2, 5][random.below(4)]),
        1 if !shape.is_empty() => drop(shape.remove(axis)),
        2 => shape.reverse(),
        _ => {
            let new = [0, 1, 2, 61, 1000, length + 1, length.saturating_sub(1), length * 2];
            if let Some(length) = shape.get_mut(axis) {
                *length = new[random.below(new.len())];
            }
        }
    }
}

/// Decodes a case twice, over different bytes: what comes back must not depend on them. The answer says how it ended.
pub fn decode(bytes: &[u8]) -> Result<String, String> {
    let Ok((mut header, payload)) = frame::read(bytes) else { return Ok("no frame".into()) };
    if header.tensor_bytes() > LIMIT {
        return Ok("too large".into());
    }
    let Some(entry) = METHODS.iter().find(|entry| entry.id() == header.method && entry.is_built()) else {
        return Ok("not built".into());
    };
    header.format = entry.format().expect("built");
    let compressor = match header.compressor() {
        Ok(compressor) => compressor,
        Err(error) => return Ok(format!("{error}")),
    };
    let decoded = |filler: u8| {
        let length = if header.shape.contains(&0) { 0 } else { header.tensor_bytes() as usize };
        let mut output =
            Tensor::from_le_bytes(header.dtype, &header.shape, &vec![filler; length]).expect("the length fits");
        compressor.decompress(payload, output.view_mut()).map(|()| output)
    };
    drop(compressor.sections(header.dtype, payload));
    match (decoded(0xa5), decoded(0x5a)) {
        (Ok(first), Ok(second)) if same_bits(&first, &second) => Ok(format!("decoded {}", header.dtype)),
        (Ok(_), Ok(_)) => Err("elements were left unwritten, or decoding is not deterministic".into()),
        (Err(first), Err(_)) => Ok(first.to_string()),
        _ => Err("one of two decodings failed".into()),
    }
}

fn same_bits(first: &Tensor, second: &Tensor) -> bool {
    let bytes = |tensor: &Tensor| {
        let mut bytes = Vec::new();
        tensor.view().write_le(&mut bytes);
        bytes
    };
    bytes(first) == bytes(second)
}

/// Decodes a whole frame as a user's file: nothing is repaired.
pub fn whole(bytes: &[u8]) -> Result<String, String> {
    Ok(frame::decode_limited(bytes, LIMIT).map_or_else(|error| error.to_string(), |_| "decoded".into()))
}

/// Puts the right checksum behind a frame, so that what stands before it is read.
pub fn mend_checksum(bytes: &mut Vec<u8>) {
    let length = bytes.len().saturating_sub(8);
    let hash = blake3::hash(&bytes[..length]);
    bytes.truncate(length);
    bytes.extend_from_slice(&hash.as_bytes()[..8]);
}

/// Elements that a frame asks for, if it is one; at most what a case may ask for.
pub fn values(bytes: &[u8]) -> usize {
    frame::read(bytes).map_or(0, |(header, _)| header.tensor_bytes().min(LIMIT) as usize / header.dtype.size())
}
