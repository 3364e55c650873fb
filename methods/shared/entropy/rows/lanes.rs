//! Many symbols: one frequency table per group of contexts and eight interleaved rANS states.
//!
//! As `../fixed.rs`; the states are more, and symbols are taken eight at a time.

use super::counts::Counts;
use crate::api::Error;
use crate::shared::entropy::class::CLASSES;
use crate::shared::entropy::fixed::{LOWEST, Step};
use crate::shared::entropy::start::Interleaved;
use crate::shared::entropy::tables::{self, Frequencies, SCALE, SCALE_BITS};
use crate::shared::simd::{self, Kernel};
use crate::shared::varint;

/// Interleaved states; symbol `i` belongs to state `i mod 8`.
const STATES: usize = 8;
/// Tables take up to 16 kB each when decoding: no more than the second cache holds.
const USUAL_TABLES: usize = 24;

/// Appends the bytes of all symbols.
pub(super) fn encode(symbols: &[u8], contexts: &[u8], counts: &Counts, payload: &mut Vec<u8>) {
    let (map, groups) = counts.cluster((symbols.len() >> 11).clamp(6, USUAL_TABLES));
    let frequencies: Vec<Frequencies> = groups.iter().map(tables::normalise).collect();
    let model = tables::write(&map, &frequencies);
    varint::write((model.len() as u64) << 1 | 1, payload);
    payload.extend_from_slice(&model);
    let mut first_step = [0u16; 256];
    first_step.iter_mut().zip(&map).for_each(|(first, &table)| *first = u16::from(table) * CLASSES as u16);
    let mut steps = vec![Step::default(); frequencies.len() * CLASSES];
    for (steps, frequencies) in steps.chunks_exact_mut(CLASSES).zip(&frequencies) {
        let mut start = 0;
        for (step, &frequency) in steps.iter_mut().zip(frequencies).filter(|pair| *pair.1 > 0) {
            *step = Step::new(start, u32::from(frequency));
            start += u32::from(frequency);
        }
    }
    let mut words = vec![0u16; symbols.len() + 2 * STATES];
    let at = simd::run(Encode { symbols, contexts, first_step: &first_step, steps: &steps, words: &mut words });
    let words = &words[at..];
    varint::write(words.len() as u64, payload);
    let start = payload.len();
    payload.resize(start + 2 * words.len(), 0);
    for (bytes, word) in payload[start..].as_chunks_mut::<2>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
}

/// Writes the words of all symbols, from the last one to the first, to the end of `words`; says where they start.
struct Encode<'a> {
    symbols: &'a [u8],
    contexts: &'a [u8],
    first_step: &'a [u16; 256],
    steps: &'a [Step],
    words: &'a mut [u16],
}

impl Kernel for Encode<'_> {
    type Output = usize;

    #[inline(always)]
    fn run(self) -> usize {
        let mut states = [LOWEST; STATES];
        let mut at = self.words.len();
        let step = |symbol: u8, context: u8| {
            let index = self.first_step[usize::from(context)] | u16::from(symbol & (CLASSES as u8 - 1));
            &self.steps[usize::from(index)]
        };
        let (symbols, last_symbols) = self.symbols.as_chunks::<STATES>();
        let (contexts, last_contexts) = self.contexts.as_chunks::<STATES>();
        for ((&symbol, &context), state) in last_symbols.iter().zip(last_contexts).zip(&mut states).rev() {
            self.words[at - 1] = *state as u16;
            at -= usize::from(step(symbol, context).push(state));
        }
        for (symbols, contexts) in symbols.iter().zip(contexts).rev() {
            let Some(window) = self.words[..at].last_chunk_mut::<STATES>() else { return 0 };
            let mut free = STATES;
            for lane in (0..STATES).rev() {
                window[(free - 1) % STATES] = states[lane] as u16;
                free -= usize::from(step(symbols[lane], contexts[lane]).push(&mut states[lane]));
            }
            at -= STATES - free;
        }
        for state in states.into_iter().rev() {
            at -= 2;
            self.words[at] = state as u16;
            self.words[at + 1] = (state >> 16) as u16;
        }
        at
    }
}

/// Reads what [`encode`] wrote.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    /// For each slot of each table: class, frequency - 1 (12 bits), slot - start (12 bits), lowest first.
    slots: Vec<u32>,
    first_slot: Box<[u32; 256]>,
    states: [u32; STATES],
    /// The state of the next symbol.
    turn: usize,
    words: &'a [u8],
    at: usize,
    pub(super) end: usize,
}

impl<'a> Decoder<'a> {
    /// `at` stands behind the first number, of which `model` is the length it gives.
    pub(super) fn new(bytes: &'a [u8], at: usize, model: usize) -> Result<Self, Error> {
        let Interleaved { table_of, frequencies, states, words, end } = Interleaved::read(bytes, at, model)?;
        let mut first_slot = Box::new([0; 256]);
        first_slot.iter_mut().zip(&table_of).for_each(|(first, &table)| *first = u32::from(table) << SCALE_BITS);
        Ok(Decoder { slots: slots(&frequencies), first_slot, states, turn: 0, words, at: 4 * STATES, end })
    }

    pub(super) fn is_spent(&self) -> bool {
        self.states == [LOWEST; STATES] && self.at == self.words.len()
    }

    /// Decodes a row.
    pub(super) fn row(&mut self, contexts: &[u8], symbols: &mut [u8]) {
        simd::run(Row { decoder: self, contexts, symbols });
    }

    /// Decodes the next symbols one after the other.
    #[inline(always)]
    fn singly(&mut self, contexts: &[u8], symbols: &mut [u8]) {
        for (symbol, &context) in symbols.iter_mut().zip(contexts) {
            let word = self.words.get(self.at..self.at + 2).map_or(0, |pair| u16::from_le_bytes([pair[0], pair[1]]));
            let state = &mut self.states[self.turn % STATES];
            let index = self.first_slot[usize::from(context)] | (*state & (SCALE - 1));
            let entry = self.slots.get(index as usize).copied().unwrap_or(0);
            self.at += 2 * usize::from(pop(entry, state, word));
            *symbol = entry as u8 & (CLASSES as u8 - 1);
            self.turn = (self.turn + 1) % STATES;
        }
    }
}

/// Takes the symbol of `entry` from `state`, and says whether that took `word`.
#[inline(always)]
fn pop(entry: u32, state: &mut u32, word: u16) -> bool {
    let rest = ((entry >> 7 & 0xfff) + 1).wrapping_mul(*state >> SCALE_BITS).wrapping_add(entry >> 19);
    let low = rest < LOWEST;
    *state = if low { rest << 16 | u32::from(word) } else { rest };
    low
}

struct Row<'a, 'b> {
    decoder: &'a mut Decoder<'b>,
    contexts: &'a [u8],
    symbols: &'a mut [u8],
}

impl Kernel for Row<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Row { decoder, contexts, symbols } = self;
        let first = ((STATES - decoder.turn) % STATES).min(symbols.len());
        let (first_contexts, contexts) = contexts.split_at(first);
        let (first_symbols, symbols) = symbols.split_at_mut(first);
        decoder.singly(first_contexts, first_symbols);
        let (contexts, last_contexts) = contexts.as_chunks::<STATES>();
        let (symbols, last_symbols) = symbols.as_chunks_mut::<STATES>();
        let (mut states, mut at) = (decoder.states, decoder.at);
        for (contexts, symbols) in contexts.iter().zip(symbols) {
            // The end of the words is behind the last symbol's; beyond it there are zeros.
            let words = decoder.words.get(at..).unwrap_or(&[]);
            let mut last = [0u8; 2 * STATES];
            let window = match words.first_chunk::<{ 2 * STATES }>() {
                Some(window) => window,
                None => {
                    last[..words.len()].copy_from_slice(words);
                    &last
                }
            };
            let mut taken = 0;
            for lane in 0..STATES {
                let index = decoder.first_slot[usize::from(contexts[lane])] | (states[lane] & (SCALE - 1));
                let entry = decoder.slots.get(index as usize).copied().unwrap_or(0);
                let word = u16::from_le_bytes([window[taken % STATES * 2], window[taken % STATES * 2 + 1]]);
                taken += usize::from(pop(entry, &mut states[lane], word));
                symbols[lane] = entry as u8 & (CLASSES as u8 - 1);
            }
            at += 2 * taken;
        }
        (decoder.states, decoder.at) = (states, at);
        decoder.singly(last_contexts, last_symbols);
    }
}

/// See [`Decoder`].
fn slots(tables: &[Frequencies]) -> Vec<u32> {
    let mut slots = Vec::with_capacity(tables.len() << SCALE_BITS);
    for frequencies in tables {
        for (class, &frequency) in frequencies.iter().enumerate() {
            let entry = class as u32 | u32::from(frequency.wrapping_sub(1)) << 7;
            slots.extend((0..u32::from(frequency)).map(|offset| entry | offset << 19));
        }
    }
    slots
}
