//! Where kept residuals go: a dictionary of keys, a mask of bits, or the entropy stage.

use super::context::{Contexts, Trail};
use super::plan::detail;
use super::threshold::{Sink, Source};
use crate::api::{Element, Error};
use crate::shared::bits::{BitReader, BitWriter};
use crate::shared::multilevel::{ESCAPE, Grid, Row, Sample};
use crate::shared::{entropy, varint};

/// Bytes of a key of the dictionary: the flat index of the element.
const KEY: usize = 8;

/// How kept residuals are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Dok,
    Bitmask,
    Entropy,
}

/// Collects what is kept.
pub(super) struct Writer {
    layout: Layout,
    mask: BitWriter,
    values: Vec<u8>,
    symbols: Vec<i32>,
    contexts: Vec<u8>,
    context: Contexts,
    trail: Trail,
    /// Residuals kept so far.
    pub kept: usize,
}

/// Small residuals of integers are symbols themselves; everything else that is kept is spelt out.
fn symbol_of<E: Element>(kept: E) -> i32 {
    let value = kept.to_f64();
    let is_small = !E::DTYPE.is_float() && value.abs() < f64::from(i32::MAX);
    if is_small { value as i32 } else { ESCAPE }
}

impl Writer {
    pub fn new(layout: Layout, len: usize) -> Self {
        Writer {
            layout,
            mask: BitWriter::new(),
            values: Vec::new(),
            symbols: Vec::new(),
            contexts: Vec::new(),
            context: Contexts::new(if layout == Layout::Entropy { len } else { 0 }, detail(len)),
            trail: Trail::default(),
            kept: 0,
        }
    }

    fn put<E: Element>(&mut self, i: usize, index: usize, kept: Option<E>) {
        self.kept += usize::from(kept.is_some());
        match (self.layout, kept) {
            (Layout::Dok, Some(_)) => self.values.extend_from_slice(&(index as u64).to_le_bytes()),
            (Layout::Dok, None) => {}
            (Layout::Bitmask, _) => self.mask.write(u64::from(kept.is_some()), 1),
            (Layout::Entropy, _) => {
                let symbol = kept.map_or(0, symbol_of);
                self.symbols.push(symbol);
                self.contexts.push(self.context.of(i, self.trail));
                self.context.note(index, symbol, &mut self.trail);
                if symbol != ESCAPE {
                    return;
                }
            }
        }
        if let Some(kept) = kept {
            self.values.extend_from_slice(&kept.to_bits().to_le_bytes()[..E::DTYPE.size()]);
        }
    }

    /// Appends the store.
    pub fn finish(self, payload: &mut Vec<u8>) {
        match self.layout {
            Layout::Dok => payload.extend_from_slice(&self.values),
            Layout::Bitmask => {
                payload.extend_from_slice(&self.mask.finish());
                payload.extend_from_slice(&self.values);
            }
            Layout::Entropy => {
                varint::write(self.values.len() as u64, payload);
                payload.extend_from_slice(&self.values);
                entropy::encode(&self.symbols, &self.contexts, payload);
            }
        }
    }
}

impl<T: Sample> Sink<T> for Writer {
    fn enter(&mut self, grid: &Grid, row: &Row<'_>) {
        if self.layout == Layout::Entropy {
            self.trail = self.context.enter(grid, row);
        }
    }

    fn residual(&mut self, i: usize, index: usize, kept: Option<T::Residual>) {
        self.put(i, index, kept);
    }

    fn value(&mut self, i: usize, index: usize, kept: Option<T>) {
        self.put(i, index, kept);
    }
}

/// Hands out what a [`Writer`] stored.
pub(super) struct Reader<'a> {
    layout: Layout,
    mask: BitReader<'a>,
    symbols: Option<(entropy::Decoder<'a>, usize)>,
    values: &'a [u8],
    at: usize,
    context: Contexts,
    trail: Trail,
    total: usize,
    missed: bool,
}

impl<'a> Reader<'a> {
    /// Starts on a store for `len` elements, of which `points` are no anchors.
    pub fn new(layout: Layout, bytes: &'a [u8], points: usize, len: usize) -> Result<Self, Error> {
        let (mut mask, mut values, mut symbols) = (&bytes[..0], bytes, None);
        match layout {
            Layout::Dok => {}
            Layout::Bitmask => {
                let split = bytes.split_at_checked(points.div_ceil(8));
                (mask, values) =
                    split.ok_or_else(|| Error::corrupt(bytes.len(), "the payload ends inside the mask"))?;
            }
            Layout::Entropy => {
                let mut at = 0;
                let length = varint::read_length(bytes, &mut at, bytes.len())?;
                let split = bytes[at..].split_at_checked(length);
                let (kept, rest) =
                    split.ok_or_else(|| Error::corrupt(bytes.len(), "the payload ends inside the values"))?;
                values = kept;
                symbols = Some((entropy::Decoder::new(rest)?, rest.len()));
            }
        }
        let context = Contexts::new(if layout == Layout::Entropy { len } else { 0 }, detail(len));
        let (mask, total) = (BitReader::new(mask), bytes.len());
        Ok(Reader { layout, mask, symbols, values, at: 0, context, trail: Trail::default(), total, missed: false })
    }

    fn take<E: Element>(&mut self, i: usize, index: usize) -> Option<E> {
        let is_kept = match self.layout {
            Layout::Dok => {
                let here = (index as u64).to_le_bytes();
                let found = self.values.get(self.at..self.at + KEY) == Some(&here[..]);
                self.at += if found { KEY } else { 0 };
                found
            }
            Layout::Bitmask => self.mask.read(1) == 1,
            Layout::Entropy => {
                let context = self.context.of(i, self.trail);
                let symbol = self.symbols.as_mut().map_or(0, |symbols| symbols.0.next(context));
                self.context.note(index, symbol, &mut self.trail);
                if symbol != ESCAPE {
                    return (symbol != 0).then(|| E::from_f64(f64::from(symbol)));
                }
                true
            }
        };
        is_kept.then(|| self.spelt_out())
    }

    fn spelt_out<E: Element>(&mut self) -> E {
        let size = E::DTYPE.size();
        let mut word = [0; 8];
        match self.values.get(self.at..self.at + size) {
            Some(bytes) => word[..size].copy_from_slice(bytes),
            None => self.missed = true,
        }
        self.at += size;
        E::from_bits(u64::from_le_bytes(word))
    }

    /// Checks that everything stored was used.
    pub fn finish(self) -> Result<(), Error> {
        let consumed = self.symbols.map(|(symbols, length)| symbols.finish().map(|end| end == length)).transpose()?;
        if self.missed || self.at != self.values.len() || consumed == Some(false) {
            return Err(Error::corrupt(self.total, "the stored residuals do not fit the array"));
        }
        Ok(())
    }
}

impl<T: Sample> Source<T> for Reader<'_> {
    fn enter(&mut self, grid: &Grid, row: &Row<'_>) {
        if self.layout == Layout::Entropy {
            self.trail = self.context.enter(grid, row);
        }
    }

    fn residual(&mut self, i: usize, index: usize) -> Option<T::Residual> {
        self.take(i, index)
    }

    fn value(&mut self, i: usize, index: usize) -> Option<T> {
        self.take(i, index)
    }
}
