//! The coefficients of a band under their contexts: rows side by side, and one symbol for most bands, rows and stretches
//! of zeros.

use std::ops::Range;

use super::context::{Detail, STRETCH, Stretch, size_of};
use super::correct::Symbols;
use super::layout::Place;
use super::neighbours::{Contexts, LANES};
use crate::shared::{entropy, simd};

/// Bands of fewer rows have one lane: they take little time, and each lane starts without neighbours.
const FEW_ROWS: usize = 64;

/// Writes, or reads, what bands are made of.
pub(super) trait BandCoder {
    /// Whether any coefficient of a part of the band is not zero.
    fn stirs(&mut self, context: u8, part: Range<usize>) -> bool;

    /// The symbol of coefficient `at` of the band.
    fn symbol(&mut self, context: u8, at: usize) -> i32;

    /// The symbols of a coefficient of each lane.
    fn symbols(&mut self, contexts: [u8; LANES], at: [usize; LANES]) -> [i32; LANES];
}

/// Takes the symbols of a band, each with its context.
pub(super) struct Writer<'a> {
    pub band: &'a [i32],
    pub symbols: &'a mut Symbols,
}

/// Fills a band of zeros with what it reads.
pub(super) struct Reader<'a, 'b> {
    pub band: &'a mut [i32],
    pub decoder: &'a mut entropy::Decoder<'b>,
}

impl BandCoder for Writer<'_> {
    #[inline(always)]
    fn stirs(&mut self, context: u8, part: Range<usize>) -> bool {
        let stirs = self.band[part].iter().fold(0, |all, symbol| all | symbol) != 0;
        self.symbols.push(context, i32::from(stirs));
        stirs
    }

    #[inline(always)]
    fn symbol(&mut self, context: u8, at: usize) -> i32 {
        self.symbols.push(context, self.band[at]);
        self.band[at]
    }

    #[inline(always)]
    fn symbols(&mut self, contexts: [u8; LANES], at: [usize; LANES]) -> [i32; LANES] {
        let symbols = at.map(|at| self.band[at]);
        self.symbols.values.extend_from_slice(&symbols);
        self.symbols.contexts.extend_from_slice(&contexts);
        symbols
    }
}

impl BandCoder for Reader<'_, '_> {
    #[inline(always)]
    fn stirs(&mut self, context: u8, _: Range<usize>) -> bool {
        self.decoder.next(context) != 0
    }

    #[inline(always)]
    fn symbol(&mut self, context: u8, at: usize) -> i32 {
        self.band[at] = self.decoder.next(context);
        self.band[at]
    }

    #[inline(always)]
    fn symbols(&mut self, contexts: [u8; LANES], at: [usize; LANES]) -> [i32; LANES] {
        let symbols = self.decoder.next_four(contexts);
        (0..LANES).for_each(|lane| self.band[at[lane]] = symbols[lane]);
        symbols
    }
}

/// Codes the next band.
pub(super) fn code<C: BandCoder>(contexts: &mut Contexts<'_>, coder: &mut C) {
    simd::run(Rows { contexts, coder });
}

/// See [`code`].
struct Rows<'a, 'b, C> {
    contexts: &'a mut Contexts<'b>,
    coder: &'a mut C,
}

/// A row in hand.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    lane: usize,
    /// Where it starts in the band.
    at: usize,
    /// It is known that something in its first stretch, the only one, is not zero.
    stirs: bool,
}

impl<C: BandCoder> simd::Kernel for Rows<'_, '_, C> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Rows { contexts, coder } = self;
        let [silent_first, silent_row, silent_band] = contexts.detail.silent();
        let Some((place, lanes, silent)) = contexts.enter_band(FEW_ROWS) else { return };
        let length = place.length;
        if silent && !coder.stirs(silent_band, 0..place.rows * length) {
            return;
        }
        let mut stretches = [Stretch::default(); LANES];
        for _ in 0..place.rows.div_ceil(lanes) {
            let (mut rows, mut count) = ([Row::default(); LANES], 0);
            for lane in 0..lanes {
                let Some((row, silent)) = contexts.enter_row(place, lane) else { continue };
                let at = row * length;
                let context = if contexts.stirs() { silent_row } else { silent_first };
                if silent && !coder.stirs(context, at..at + length) {
                    continue;
                }
                rows[count % LANES] = Row { lane, at, stirs: silent && length <= STRETCH };
                count += 1;
            }
            for from in (0..if count > 0 { length } else { 0 }).step_by(STRETCH) {
                let part = (from, STRETCH.min(length - from));
                code_stretches(contexts, place, (&rows[..count], part), &mut stretches, coder);
            }
        }
    }
}

/// Codes some places of the rows in hand.
#[inline(always)]
fn code_stretches(
    contexts: &mut Contexts<'_>,
    place: &Place,
    (rows, (from, count)): (&[Row], (usize, usize)),
    stretches: &mut [Stretch; LANES],
    coder: &mut impl BandCoder,
) {
    let (mut astir, mut active, detail) = ([Row::default(); LANES], 0, contexts.detail);
    for &row in rows {
        let stretch = &mut stretches[active % LANES];
        contexts.enter_stretch(place, row.lane, (from, count), stretch);
        let quiet = if row.stirs { None } else { stretch.quiet() };
        match quiet {
            Some(context) if !coder.stirs(detail.stretches() + context, row.at + from..row.at + from + count) => {
                contexts.pass(row.lane);
            }
            _ => {
                astir[active % LANES] = row;
                active += 1;
            }
        }
    }
    if active == LANES {
        let at = astir.map(|row| row.at + from);
        match detail {
            Detail::Many => code_four::<true>(stretches, (at, count), coder),
            Detail::Few => code_four::<false>(stretches, (at, count), coder),
        }
    } else {
        for i in 0..count {
            for (row, stretch) in astir.iter().zip(&mut *stretches).take(active) {
                let context =
                    if detail == Detail::Many { stretch.context::<true>(i) } else { stretch.context::<false>(i) };
                let symbol = coder.symbol(context, row.at + from + i);
                stretch.note(i, size_of(symbol));
            }
        }
    }
    for (row, stretch) in astir.iter().zip(stretches).take(active) {
        contexts.note(place, row.lane, (from, count), stretch);
    }
}

/// Codes a stretch of each lane, from `at` in the band on.
#[inline(always)]
fn code_four<const MANY: bool>(
    stretches: &mut [Stretch; LANES],
    (at, count): ([usize; LANES], usize),
    coder: &mut impl BandCoder,
) {
    for i in 0..count {
        let contexts = std::array::from_fn(|lane| stretches[lane].context::<MANY>(i));
        let sizes = coder.symbols(contexts, at.map(|at| at + i)).map(size_of);
        (0..LANES).for_each(|lane| stretches[lane].note(i, sizes[lane]));
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::Layout;
    use super::super::{Alike, Band};
    use super::*;

    /// Two bands of rows of `row`, in `outer` along the other axes; the second is like the first.
    fn bands(outer: &[usize], row: usize) -> Vec<Band> {
        let strides = |axis: usize| outer[axis + 1..].iter().product::<usize>() * row;
        let offsets = (0..outer.len()).map(|axis| (0..outer[axis]).map(|i| i * strides(axis)).collect()).collect();
        let first = Band { offsets, start: 0, row, gain: 1.0, alike: Vec::new() };
        let second = Band { start: first.len(), alike: vec![Alike { band: 0, halved: 0 }], ..first.clone() };
        vec![first, second]
    }

    fn write(bands: &[Band], values: &[i32], detail: Detail) -> Symbols {
        let layout = Layout::new(bands);
        let (mut contexts, mut symbols) = (Contexts::new(&layout, detail), Symbols::default());
        for values in values.chunks(bands[0].len()) {
            code(&mut contexts, &mut Writer { band: values, symbols: &mut symbols });
        }
        symbols
    }

    fn read(bands: &[Band], bytes: &[u8], detail: Detail) -> Option<Vec<i32>> {
        let layout = Layout::new(bands);
        let mut contexts = Contexts::new(&layout, detail);
        let (mut decoder, mut values) = (entropy::Decoder::new(bytes).ok()?, vec![0; 2 * bands[0].len()]);
        for values in values.chunks_mut(bands[0].len()) {
            code(&mut contexts, &mut Reader { band: values, decoder: &mut decoder });
        }
        decoder.finish().ok().map(|_| values)
    }

    /// Mostly zeros, with lumps of small and of huge ones.
    fn values(len: usize) -> Vec<i32> {
        let value = |i: usize| {
            let noise = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            match i / 37 % 5 {
                0 => noise as i32 % 3,
                1 if i.is_multiple_of(11) => (noise as i32).wrapping_mul(1 - 2 * (i as i32 & 1)),
                _ => 0,
            }
        };
        (0..len).map(value).collect()
    }

    #[test]
    fn what_is_written_is_read_for_any_number_of_rows() {
        for (outer, row) in
            [(&[][..], 100), (&[7], 16), (&[8], 17), (&[131], 5), (&[5, 9], 40), (&[2, 3, 4], 1), (&[3, 20, 2], 33)]
        {
            let bands = bands(outer, row);
            let values = values(2 * bands[0].len());
            for detail in [Detail::Few, Detail::Many] {
                let (symbols, mut bytes) = (write(&bands, &values, detail), Vec::new());
                assert!(symbols.contexts.iter().all(|&context| context < detail.contexts()));
                entropy::encode(&symbols.values, &symbols.contexts, &mut bytes);
                assert_eq!(read(&bands, &bytes, detail), Some(values.clone()), "{outer:?} {row}");
            }
        }
    }

    #[test]
    fn zeros_are_one_symbol_per_band_row_or_stretch() {
        let bands = bands(&[40, 30], 64);
        let mut values = vec![0; 2 * bands[0].len()];
        assert_eq!(write(&bands, &values, Detail::Many).values.len(), 2);
        // In the last row of the first band: that of the second must look at its stretches.
        values[bands[0].len() - 1] = 1;
        let rows = 40 * 30;
        assert_eq!(write(&bands, &values, Detail::Many).values.len(), 1 + rows + 4 + 16 + (rows - 1) + 4);
    }

    #[test]
    fn any_bytes_end_in_a_band_or_an_error() {
        let bands = bands(&[9], 21);
        for seed in 0..500u64 {
            let byte = |i: u64| ((seed + 1).wrapping_mul(i + 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8;
            read(&bands, &(0..60).map(byte).collect::<Vec<u8>>(), Detail::Few);
        }
    }
}
