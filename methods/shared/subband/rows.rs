//! The coefficients of a band under their contexts: rows side by side, and one symbol for most stretches of zeros.

use std::ops::Range;

use super::band::Band;
use super::context::{Contexts, LANES, STRETCH, Stretch};
use super::correct::Symbols;
use crate::shared::entropy;

/// Bands of fewer rows have one lane: they take little time, and each lane starts without neighbours.
const FEW_ROWS: usize = 64;

/// Writes, or reads, what bands are made of.
pub(super) trait BandCoder {
    /// Whether any coefficient of a stretch is not zero.
    fn stirs(&mut self, context: u8, stretch: Range<usize>) -> bool;

    /// The symbol of coefficient `at` of the band.
    fn symbol(&mut self, context: u8, at: usize) -> i32;
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
    fn stirs(&mut self, context: u8, stretch: Range<usize>) -> bool {
        let stirs = self.band[stretch].iter().any(|&symbol| symbol != 0);
        self.symbols.push(context, i32::from(stirs));
        stirs
    }

    #[inline(always)]
    fn symbol(&mut self, context: u8, at: usize) -> i32 {
        self.symbols.push(context, self.band[at]);
        self.band[at]
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
}

/// Codes the next of `bands`.
pub(super) fn code(contexts: &mut Contexts, bands: &[Band], coder: &mut impl BandCoder) {
    let band = contexts.enter_band(bands);
    let rows = band.len().checked_div(band.row).unwrap_or(0);
    let lanes = if rows < FEW_ROWS { 1 } else { LANES };
    let first = |lane: usize| lane * rows / lanes;
    let mut stretches = [(0, Stretch::default()); LANES];
    for step in 0..rows.div_ceil(lanes) {
        let (mut present, mut count) = ([0; LANES], 0);
        for lane in (0..lanes).filter(|&lane| first(lane) + step < first(lane + 1)) {
            contexts.enter_row(band, lane, first(lane), first(lane) + step);
            present[count] = lane;
            count += 1;
        }
        for from in (0..band.row).step_by(STRETCH) {
            let places = (from, band.row.min(from + STRETCH));
            code_stretches(contexts, (&present[..count], places), &mut stretches, coder);
        }
    }
}

/// Codes some places of the rows in hand.
#[inline(always)]
fn code_stretches(
    contexts: &mut Contexts,
    (lanes, (from, to)): (&[usize], (usize, usize)),
    stretches: &mut [(usize, Stretch); LANES],
    coder: &mut impl BandCoder,
) {
    let (mut astir, detail) = (0, contexts.detail);
    for &lane in lanes {
        stretches[astir].0 = lane;
        let stretch = &mut stretches[astir].1;
        contexts.enter_stretch(lane, (from, to), stretch);
        match contexts.quiet(stretch) {
            Some(context) if !coder.stirs(context, stretch.at..stretch.at + stretch.count) => {
                stretch.pass();
                contexts.note(lane, stretch);
            }
            _ => astir += 1,
        }
    }
    for i in 0..to - from {
        for (_, stretch) in &mut stretches[..astir] {
            let symbol = coder.symbol(stretch.context(i, detail), stretch.at + i);
            stretch.note(i, symbol);
        }
    }
    stretches[..astir].iter().for_each(|(lane, stretch)| contexts.note(*lane, stretch));
}

#[cfg(test)]
mod tests {
    use super::super::Alike;
    use super::super::context::Detail;
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
        let (mut contexts, mut symbols) = (Contexts::new(values.len(), detail), Symbols::default());
        for values in values.chunks(bands[0].len()) {
            code(&mut contexts, bands, &mut Writer { band: values, symbols: &mut symbols });
        }
        symbols
    }

    fn read(bands: &[Band], bytes: &[u8], detail: Detail) -> Option<Vec<i32>> {
        let mut contexts = Contexts::new(2 * bands[0].len(), detail);
        let (mut decoder, mut values) = (entropy::Decoder::new(bytes).ok()?, vec![0; 2 * bands[0].len()]);
        for values in values.chunks_mut(bands[0].len()) {
            code(&mut contexts, bands, &mut Reader { band: values, decoder: &mut decoder });
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
    fn zeros_are_one_symbol_per_stretch() {
        let bands = bands(&[40, 30], 64);
        assert_eq!(write(&bands, &vec![0; 2 * bands[0].len()], Detail::Many).values.len(), 2 * 40 * 30 * 4);
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
