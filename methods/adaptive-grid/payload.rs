//! Bytes of the closed, quantised, entropy-coded loop. `SPEC.md` has the layout.

use super::bounded::{self, Source};
use super::grid::Grid;
use super::interpolate::Rule;
use super::plan::{self, Plan, TRIM_UNITS};
use super::sample::Sample;
use crate::api::{Element, Error};
use crate::shared::bits::{BitReader, BitWriter};
use crate::shared::{entropy, varint};

/// First byte: values that escaped are stored.
const ESCAPED: u8 = 1;
/// First byte: floats of 32 bits are coded as integers in the same order, without loss.
const ORDERED: u8 = 2;
/// First byte: the step is trimmed.
const TRIMMED: u8 = 4;
/// First byte: where the index of the tightening starts.
const TIGHTENING: u32 = 3;

/// What both sides know without the payload.
#[derive(Clone, Debug)]
pub(super) struct Setting<'a> {
    pub shape: &'a [usize],
    /// Axes that may be halved, ascending.
    pub axes: &'a [usize],
    pub depth: u32,
    pub rule: Rule,
    pub bound: f64,
    /// Every bit must come back: floats are coded as integers.
    pub lossless: bool,
}

impl Setting<'_> {
    /// Axes about which the payload says whether they are halved.
    fn open_axes(&self) -> Vec<usize> {
        self.axes.iter().copied().filter(|&axis| self.shape[axis] > 1).collect()
    }

    fn rule_bits(&self, levels: u32) -> u32 {
        if self.rule == Rule::Cubic { levels } else { 0 }
    }
}

/// Appends the payload of `data`, which is overwritten.
pub(super) fn write<T: Sample>(data: &mut [T], setting: &Setting<'_>, flags: u8, payload: &mut Vec<u8>) {
    let (shape, bound) = (setting.shape, setting.bound);
    let mut plan = plan::choose(data, shape, setting.axes, setting.depth, setting.rule, bound);
    plan.trim = plan.trim.min(TRIM_UNITS as u32 - 1);
    let grid = Grid::new(shape, &plan.axes, setting.depth);
    let quantisers = plan.quantisers::<T>(bound, grid.levels);
    let stream = bounded::encode(data, &grid, setting.rule, &quantisers, plan::detail(data.len()));
    let escaped = if stream.escaped.is_empty() { 0 } else { ESCAPED };
    let trimmed = if plan.trim == 0 { 0 } else { TRIMMED };
    payload.push(flags | escaped | trimmed | (plan.tightening as u8) << TIGHTENING);
    if escaped != 0 {
        varint::write(stream.escaped.len() as u64, payload);
        for value in &stream.escaped {
            payload.extend_from_slice(&value.to_bits().to_le_bytes()[..T::DTYPE.size()]);
        }
    }
    let mut head = BitWriter::new();
    if trimmed != 0 {
        head.write(u64::from(plan.trim), 12);
    }
    setting.open_axes().iter().for_each(|axis| head.write(u64::from(plan.axes.contains(axis)), 1));
    stream.rules.iter().take(setting.rule_bits(grid.levels) as usize).for_each(|&rule| {
        head.write(u64::from(rule == Rule::Cubic), 1);
    });
    payload.extend_from_slice(&head.finish());
    entropy::encode(&stream.symbols, &stream.contexts, payload);
}

/// The first byte and the values that escaped.
struct Start<T> {
    flags: u8,
    escaped: Vec<T>,
    at: usize,
}

/// Bytes of one payload's head and escaped values.
pub(super) fn escaped_bytes(payload: &[u8], size: usize) -> Result<usize, Error> {
    let flags = *payload.first().ok_or_else(empty)?;
    let mut at = 1;
    if flags & ESCAPED != 0 {
        let count = varint::read_length(payload, &mut at, payload.len() / size)?;
        at += count * size;
        if at > payload.len() {
            return Err(Error::corrupt(payload.len(), "the payload ends inside the values that escaped"));
        }
    }
    Ok(at)
}

fn empty() -> Error {
    Error::corrupt(0, "the payload is empty")
}

fn start<T: Element>(payload: &[u8]) -> Result<Start<T>, Error> {
    let size = T::DTYPE.size();
    let flags = *payload.first().ok_or_else(empty)?;
    let at = escaped_bytes(payload, size)?;
    let mut first = 1;
    let mut escaped = Vec::new();
    if flags & ESCAPED != 0 {
        let count = varint::read_length(payload, &mut first, payload.len() / size)?;
        escaped.reserve_exact(count);
    }
    escaped.extend(payload[first..at].chunks_exact(size).map(|chunk| {
        let mut word = [0; 8];
        word[..size].copy_from_slice(chunk);
        T::from_bits(u64::from_le_bytes(word))
    }));
    Ok(Start { flags, escaped, at })
}

/// Whether the payload codes floats as integers in the same order.
pub(super) fn is_ordered(payload: &[u8]) -> bool {
    payload.first().is_some_and(|flags| flags & ORDERED != 0)
}

/// Fills `data` from a payload.
pub(super) fn read<T: Sample>(payload: &[u8], setting: &Setting<'_>, data: &mut [T]) -> Result<(), Error> {
    let Start { flags, escaped, mut at } = start::<T>(payload)?;
    let mut head = BitReader::new(&payload[at..]);
    let trim = if flags & TRIMMED != 0 { head.read(12) as u32 } else { 0 };
    let axes: Vec<usize> = setting.open_axes().into_iter().filter(|_| head.read(1) == 1).collect();
    let grid = Grid::new(setting.shape, &axes, setting.depth);
    let rules: Vec<Rule> = match setting.rule {
        Rule::Cubic => (0..grid.levels).map(|_| if head.read(1) == 1 { Rule::Cubic } else { Rule::Linear }).collect(),
        rule => vec![rule; grid.levels as usize],
    };
    at += head.bytes_read();
    let rest = payload.get(at..).ok_or_else(|| Error::corrupt(payload.len(), "the payload ends inside its head"))?;
    let plan = Plan { axes, tightening: usize::from(flags >> TIGHTENING & 3), trim };
    let quantisers = plan.quantisers::<T>(setting.bound, grid.levels);
    let mut symbols = entropy::Decoder::new(rest)?;
    let mut source = Source { next: |context| symbols.next(context), escaped: escaped.iter(), missed: false };
    bounded::decode(data, &grid, &rules, &quantisers, plan::detail(data.len()), &mut source);
    let complete = !source.missed && source.escaped.len() == 0;
    let end = at + symbols.finish()?;
    if !complete {
        return Err(Error::corrupt(at, "the symbols do not use the values that escaped"));
    }
    if end != payload.len() {
        return Err(Error::corrupt(end, format!("{} bytes behind the last symbol", payload.len().abs_diff(end))));
    }
    Ok(())
}

/// Appends the payload of floats. Where the bound is below what the type resolves, they are coded as integers.
pub(super) fn write_f32(data: &mut [f32], setting: &Setting<'_>, payload: &mut Vec<u8>) {
    // Above this trim, the bound is within about 0.8 units in the last place of the largest value.
    if !setting.lossless && plan::trim(data, setting.bound) < (TRIM_UNITS * 0.6) as u32 {
        return write(data, setting, 0, payload);
    }
    let mut integers: Vec<i32> = data.iter().map(|value| ordered(value.to_bits())).collect();
    write(&mut integers, &Setting { bound: 0.0, ..setting.clone() }, ORDERED, payload);
}

/// Fills `data` from a payload of [`write_f32`].
pub(super) fn read_f32(payload: &[u8], setting: &Setting<'_>, data: &mut [f32]) -> Result<(), Error> {
    if !is_ordered(payload) {
        return read(payload, setting, data);
    }
    let mut integers = vec![0i32; data.len()];
    read(payload, &Setting { bound: 0.0, ..setting.clone() }, &mut integers)?;
    data.iter_mut().zip(integers).for_each(|(value, integer)| *value = f32::from_bits(ordered(integer as u32) as u32));
    Ok(())
}

/// Bit patterns of floats as integers in the same order; its own inverse.
fn ordered(bits: u32) -> i32 {
    let bits = bits as i32;
    bits ^ ((bits >> 31) as u32 >> 1) as i32
}
