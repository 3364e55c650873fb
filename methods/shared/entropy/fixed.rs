//! Large inputs: one frequency table per group of contexts and four interleaved rANS states.
//!
//! Asymmetric numeral systems after Duda (arXiv:1311.2540) with words of 16 bits and interleaved states after Giesen
//! (arXiv:1402.3392); division by multiplication as in Giesen's public-domain `rans_byte.h`.

use super::class::{self, CLASSES};
use super::histogram::{Histogram, cluster};
use super::start::Interleaved;
use super::tables::{self, Frequencies, MOST_TABLES, SCALE, SCALE_BITS};
use crate::api::Error;
use crate::shared::bits::{BitReader, BitWriter};
use crate::shared::varint;

/// Interleaved states; symbol `i` belongs to state `i mod 4`.
const STATES: usize = 4;
/// States lie in `[LOWEST, 2^16 LOWEST)` between symbols.
pub(super) const LOWEST: u32 = 1 << 15;

/// What the encoder needs to know about one class under one table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    limit: u32,
    reciprocal: u32,
    bias: u32,
    complement: u16,
    shift: u16,
}

impl Step {
    pub(super) fn new(start: u32, frequency: u32) -> Self {
        let limit = (LOWEST >> SCALE_BITS << 16) * frequency;
        let complement = (SCALE - frequency) as u16;
        if frequency < 2 {
            return Step { limit, reciprocal: u32::MAX, bias: start + SCALE - 1, complement, shift: 0 };
        }
        let shift = 32 - (frequency - 1).leading_zeros();
        let reciprocal = ((1u64 << (shift + 31)).div_ceil(u64::from(frequency))) as u32;
        Step { limit, reciprocal, bias: start, complement, shift: shift as u16 - 1 }
    }

    /// Adds the symbol to `state`. Says whether the low word of `state` had to leave first.
    #[inline(always)]
    pub(super) fn push(&self, state: &mut u32) -> bool {
        let full = *state >= self.limit;
        let rest = if full { *state >> 16 } else { *state };
        let quotient = ((u64::from(rest) * u64::from(self.reciprocal)) >> 32) as u32 >> self.shift;
        *state = rest + self.bias + quotient * u32::from(self.complement);
        full
    }
}

/// Counts of the classes under each context up to the highest in use.
pub(super) fn count(symbols: &[i32], context: impl Fn(usize) -> u8) -> Vec<Histogram> {
    let mut wide: Vec<Histogram> = Vec::new();
    // Counters of 32 bits stay in the cache; they are emptied before they can overflow.
    for (block, part) in symbols.chunks(1 << 30).enumerate() {
        let narrow = count_narrow(part, |index| context(block << 30 | index));
        wide.resize(wide.len().max(narrow.len()), [0; CLASSES]);
        for (total, part) in wide.iter_mut().flatten().zip(narrow.iter().flatten()) {
            *total += u64::from(*part);
        }
    }
    wide
}

/// The same for fewer than 2^32 symbols.
pub(super) fn count_narrow(symbols: &[i32], context: impl Fn(usize) -> u8) -> Vec<[u32; CLASSES]> {
    let mut counts: Vec<[u32; CLASSES]> = Vec::new();
    for (index, &symbol) in symbols.iter().enumerate() {
        let context = usize::from(context(index));
        if context >= counts.len() {
            counts.resize(context + 1, [0; CLASSES]);
        }
        counts[context][class::split(symbol).class & (CLASSES - 1)] += 1;
    }
    counts
}

/// Appends the bytes of all symbols, of which `histograms` are the counts.
pub(super) fn encode(symbols: &[i32], context: impl Fn(usize) -> u8, histograms: &[Histogram], payload: &mut Vec<u8>) {
    let (map, groups) = cluster(histograms, most_tables(symbols.len()));
    let frequencies: Vec<Frequencies> = groups.iter().map(tables::normalise).collect();
    let model = tables::write(&map, &frequencies);
    varint::write((model.len() as u64) << 1 | 1, payload);
    payload.extend_from_slice(&model);
    let mut steps_of = [0u16; 256];
    steps_of.iter_mut().zip(&map).for_each(|(steps, &table)| *steps = u16::from(table));
    let words = encode_classes(symbols, &context, &steps_of, &steps(&frequencies));
    varint::write(words.len() as u64 / 2, payload);
    payload.extend(words.iter().rev());
    drop(words);
    // The raw bits are most of the bytes of noisy data: no second copy of them, and no doubling of the payload.
    payload.reserve_exact(raw_bytes(histograms));
    let mut raw = BitWriter::behind(std::mem::take(payload));
    for &symbol in symbols {
        let parts = class::split(symbol);
        raw.write(parts.raw, parts.raw_bits);
    }
    *payload = raw.finish();
}

/// Bytes that the raw bits of all symbols take, and a register's worth to spare.
fn raw_bytes(histograms: &[Histogram]) -> usize {
    let bits = |(class, &count): (usize, &u64)| count * u64::from(class::raw_bits(class));
    let sum: u64 = histograms.iter().map(|histogram| histogram.iter().enumerate().map(bits).sum::<u64>()).sum();
    (sum / 8) as usize + 8
}

/// More contexts than this are joined before the pairs are compared, which takes quadratic time.
fn most_tables(symbols: usize) -> usize {
    (symbols >> 10).clamp(8, MOST_TABLES)
}

fn steps(tables: &[Frequencies]) -> Vec<[Step; CLASSES]> {
    let of = |frequencies: &Frequencies| {
        let (mut steps, mut start) = ([Step::default(); CLASSES], 0);
        for (step, &frequency) in steps.iter_mut().zip(frequencies) {
            if frequency > 0 {
                *step = Step::new(start, u32::from(frequency));
                start += u32::from(frequency);
            }
        }
        steps
    };
    tables.iter().map(of).collect()
}

/// The words of the classes, last byte first: rANS decodes in the opposite order of encoding.
fn encode_classes(
    symbols: &[i32],
    context: &impl Fn(usize) -> u8,
    steps_of: &[u16; 256],
    steps: &[[Step; CLASSES]],
) -> Vec<u8> {
    let mut states = [LOWEST; STATES];
    let mut bytes = Vec::with_capacity(symbols.len() / 4);
    for (index, &symbol) in symbols.iter().enumerate().rev() {
        let table = usize::from(steps_of[usize::from(context(index))]);
        let step = steps[table][class::split(symbol).class & (CLASSES - 1)];
        let state = &mut states[index % STATES];
        let word = *state as u16;
        if step.push(state) {
            bytes.extend_from_slice(&word.to_be_bytes());
        }
    }
    states.iter().rev().for_each(|state| bytes.extend_from_slice(&state.to_be_bytes()));
    bytes
}

/// Reads what [`encode`] wrote.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    /// The class of each slot of each table: apart from the rest, for what the next context waits for should lie in a
    /// near cache.
    classes: Vec<u8>,
    /// For each class of each table: frequency - 1 (12 bits), then start.
    spans: Vec<u32>,
    table_of: Box<[u8; 256]>,
    states: [u32; STATES],
    turn: usize,
    words: &'a [u8],
    at: usize,
    raw: BitReader<'a>,
    end: usize,
}

impl<'a> Decoder<'a> {
    /// `at` stands behind the first number, of which `model` is the length it gives.
    pub(super) fn new(bytes: &'a [u8], at: usize, model: usize) -> Result<Self, Error> {
        let Interleaved { table_of: map, frequencies, states, words, end } = Interleaved::read(bytes, at, model)?;
        let mut table_of = Box::new([0; 256]);
        table_of[..map.len()].copy_from_slice(&map);
        let raw = BitReader::new(&bytes[end..]);
        let (classes, spans) = (classes(&frequencies), spans(&frequencies));
        Ok(Decoder { classes, spans, table_of, states, turn: 0, words, at: 4 * STATES, raw, end })
    }

    #[inline(always)]
    pub(super) fn next(&mut self, context: u8) -> i32 {
        let mut state = self.states[self.turn % STATES];
        let class = self.pop(context, &mut state);
        self.states[self.turn % STATES] = state;
        self.turn = self.turn.wrapping_add(1);
        // The next context waits for this symbol: guessed right, this takes less time than looking for raw bits.
        if class < 8 {
            return class::join(class, 0);
        }
        self.join(class)
    }

    /// As many symbols as there are states, which does not take much longer than one.
    #[inline(always)]
    pub(super) fn next_four(&mut self, contexts: [u8; STATES]) -> [i32; STATES] {
        let turn = self.turn;
        let mut states: [u32; STATES] = std::array::from_fn(|i| self.states[(turn + i) % STATES]);
        let classes: [usize; STATES] = std::array::from_fn(|i| self.pop(contexts[i], &mut states[i]));
        (0..STATES).for_each(|i| self.states[(turn + i) % STATES] = states[i]);
        // Where all are small, as they mostly are at coarse steps, there are no raw bits to look for.
        if classes.iter().all(|&class| class < 8) {
            return classes.map(|class| class::join(class, 0));
        }
        classes.map(|class| self.join(class))
    }

    /// Takes a class from a state.
    #[inline(always)]
    fn pop(&mut self, context: u8, state: &mut u32) -> usize {
        let (table, slot) = (usize::from(self.table_of[usize::from(context)]), *state & (SCALE - 1));
        let class = self.classes.get(table << SCALE_BITS | slot as usize).copied().unwrap_or(0);
        let class = usize::from(class) & (CLASSES - 1);
        let span = self.spans.get(table * CLASSES + class).copied().unwrap_or(0);
        let frequency = (span & (SCALE - 1)) + 1;
        let rest = frequency.wrapping_mul(*state >> SCALE_BITS).wrapping_add(slot).wrapping_sub(span >> SCALE_BITS);
        let word = self.words.get(self.at..self.at + 2).map_or(0, |pair| u16::from_le_bytes([pair[0], pair[1]]));
        // Whether a word is taken cannot be foreseen: both ways are worked out.
        let low = rest < LOWEST;
        *state = if low { rest << 16 | u32::from(word) } else { rest };
        self.at += 2 * usize::from(low);
        class
    }

    #[inline(always)]
    fn join(&mut self, class: usize) -> i32 {
        class::join(class, self.raw.read(class::raw_bits(class)))
    }

    /// Bytes consumed.
    pub(super) fn finish(self) -> Result<usize, Error> {
        let end = self.end + self.raw.bytes_read();
        if self.states != [LOWEST; STATES] || self.at != self.words.len() {
            return Err(Error::corrupt(self.end, "the coded classes do not end where they should"));
        }
        Ok(end)
    }
}

/// See [`Decoder`].
fn classes(tables: &[Frequencies]) -> Vec<u8> {
    let mut classes = Vec::with_capacity(tables.len() << SCALE_BITS);
    for (class, &frequency) in tables.iter().flat_map(|frequencies| frequencies.iter().enumerate()) {
        classes.extend(std::iter::repeat_n(class as u8, usize::from(frequency)));
    }
    classes
}

/// See [`Decoder`].
fn spans(tables: &[Frequencies]) -> Vec<u32> {
    let mut spans = Vec::with_capacity(tables.len() * CLASSES);
    for frequencies in tables {
        let mut start = 0;
        for &frequency in frequencies {
            spans.push(u32::from(frequency.wrapping_sub(1)) & (SCALE - 1) | start << SCALE_BITS);
            start += u32::from(frequency);
        }
    }
    spans
}
