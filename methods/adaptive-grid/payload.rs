//! Bytes of the closed, quantised, entropy-coded loop. `SPEC.md` has the layout.

use super::bounded::{self, Level, Source};
use super::plan::{self, Plan};
use crate::api::{Element, Error};
use crate::shared::bits::{BitReader, BitWriter};
use crate::shared::multilevel::{Feedback, Grid, Rule, SHARE_BITS, Sample, TRIM_UNITS};
use crate::shared::{entropy, varint};

/// First byte: values that escaped are stored.
const ESCAPED: u8 = 1;
/// First byte: the values are integers that stand for floats, by their order or on a lattice (see `floats.rs`).
pub(super) const ORDERED: u8 = 2;
/// As above.
pub(super) const LATTICE: u8 = 32;
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

    /// Levels and anchors, behind the axes.
    fn write_levels(&self, grid: &Grid, anchors: Feedback, levels: &[Level], head: &mut BitWriter) {
        if has_many(grid) {
            write_feedback(anchors, head);
        }
        for level in levels {
            if self.rule == Rule::Cubic {
                head.write(u64::from(level.rule == Rule::Cubic), 1);
            }
            let any = level.feedback.iter().any(|feedback| !feedback.is_none());
            head.write(u64::from(any), 1);
            if any {
                level.feedback.iter().for_each(|&feedback| write_feedback(feedback, head));
            }
        }
    }

    fn read_levels(&self, grid: &Grid, head: &mut BitReader<'_>) -> (Feedback, Vec<Level>) {
        let anchors = if has_many(grid) { read_feedback(head) } else { Feedback::default() };
        let level = |number| {
            let rule = match self.rule {
                Rule::Cubic if head.read(1) == 0 => Rule::Linear,
                rule => rule,
            };
            let (any, classes) = (head.read(1) == 1, grid.classes(number).len());
            let feedback = (0..classes).map(|_| if any { read_feedback(head) } else { Feedback::default() }).collect();
            Level { rule, feedback }
        };
        (anchors, (0..grid.levels).map(level).collect())
    }
}

/// Whether there is more than one anchor, so that one can be predicted from another.
fn has_many(grid: &Grid) -> bool {
    grid.anchors().count.iter().any(|&count| count > 1)
}

fn write_feedback(feedback: Feedback, head: &mut BitWriter) {
    head.write(u64::from(feedback.x), SHARE_BITS);
    head.write(u64::from(feedback.y), SHARE_BITS);
}

fn read_feedback(head: &mut BitReader<'_>) -> Feedback {
    let x = head.read(SHARE_BITS) as u8;
    Feedback { x, y: head.read(SHARE_BITS) as u8 }
}

/// The value whose little-endian bytes these are.
pub(super) fn value_of<T: Element>(bytes: &[u8]) -> T {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    T::from_bits(u64::from_le_bytes(word))
}

/// Appends the payload of `data`: the first byte with `flags` in it, `prefix`, and the rest.
pub(super) fn write<T: Sample>(
    mut data: Vec<T>,
    setting: &Setting<'_>,
    (flags, prefix): (u8, &[u8]),
    payload: &mut Vec<u8>,
) {
    let (shape, bound) = (setting.shape, setting.bound);
    let mut plan = plan::choose(&data, shape, setting.axes, setting.depth, setting.rule, bound);
    plan.trim = plan.trim.min(TRIM_UNITS as u32 - 1);
    let grid = Grid::new(shape, &plan.axes, setting.depth);
    let (quantisers, detail) = (plan.quantisers::<T>(bound, grid.levels), plan::detail(data.len()));
    let stream = bounded::encode(&mut data, &grid, setting.rule, &quantisers, detail);
    // The entropy stage needs memory of its own.
    drop(data);
    let escaped = if stream.escaped.is_empty() { 0 } else { ESCAPED };
    let trimmed = if plan.trim == 0 { 0 } else { TRIMMED };
    payload.push(flags | escaped | trimmed | (plan.tightening as u8) << TIGHTENING);
    payload.extend_from_slice(prefix);
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
    setting.write_levels(&grid, stream.anchors, &stream.levels, &mut head);
    payload.extend_from_slice(&head.finish());
    entropy::encode(&stream.symbols, &stream.contexts, payload);
}

/// Where the values that escaped start and end, each of `size` bytes, in a payload whose prefix ends at `at`.
pub(super) fn escaped(payload: &[u8], mut at: usize, size: usize) -> Result<std::ops::Range<usize>, Error> {
    if payload[0] & ESCAPED == 0 {
        return Ok(at..at);
    }
    let count = varint::read_length(payload, &mut at, payload.len() / size)?;
    let end = at + count * size;
    if end > payload.len() {
        return Err(Error::corrupt(payload.len(), "the payload ends inside the values that escaped"));
    }
    Ok(at..end)
}

/// Fills `data` from a payload whose prefix ends at `at`, behind the first byte.
pub(super) fn read<T: Sample>(payload: &[u8], at: usize, setting: &Setting<'_>, data: &mut [T]) -> Result<(), Error> {
    let (flags, escaped) = (payload[0], escaped(payload, at, T::DTYPE.size())?);
    let mut at = escaped.end;
    let escaped: Vec<T> = payload[escaped].chunks_exact(T::DTYPE.size()).map(value_of).collect();
    let mut head = BitReader::new(&payload[at..]);
    let trim = if flags & TRIMMED != 0 { head.read(12) as u32 } else { 0 };
    let axes: Vec<usize> = setting.open_axes().into_iter().filter(|_| head.read(1) == 1).collect();
    let grid = Grid::new(setting.shape, &axes, setting.depth);
    let (anchors, levels) = setting.read_levels(&grid, &mut head);
    at += head.bytes_read();
    let rest = payload.get(at..).ok_or_else(|| Error::corrupt(payload.len(), "the payload ends inside its head"))?;
    let plan = Plan { axes, tightening: usize::from(flags >> TIGHTENING & 3), trim };
    let quantisers = plan.quantisers::<T>(setting.bound, grid.levels);
    let mut symbols = entropy::Decoder::new(rest)?;
    let mut source = Source { next: |context| symbols.next(context), escaped: escaped.iter(), missed: false };
    bounded::decode(data, &grid, anchors, &levels, &quantisers, plan::detail(data.len()), &mut source);
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
