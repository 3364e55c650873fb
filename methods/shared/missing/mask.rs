//! Which values are missing, and what stood there, as adaptive bits.

use crate::api::Element;
use crate::shared::range::{Bit, BitTree, RangeDecoder, RangeEncoder};

/// Distinct bit patterns that get a number; the last number announces a pattern that is spelt out.
const SPELT_OUT: usize = 15;

/// The models of places and patterns.
struct Models {
    /// Whether a row equals the one a plane before (0) or a row before (1), given whether the last one asked about did.
    same: [[Bit; 2]; 2],
    /// Whether a value is missing, by its known neighbours.
    missing: [Bit; 32],
    /// Number of the pattern, by the one before.
    pattern: Vec<BitTree>,
}

impl Models {
    fn new() -> Self {
        let bit = Bit::default();
        Models { same: [[bit; 2]; 2], missing: [bit; 32], pattern: vec![BitTree::new(4); SPELT_OUT + 1] }
    }
}

/// What stands between the models and a coder: encoder and decoder walk the mask in the same steps.
trait Coder {
    /// Codes `bit`, or ignores it and decodes one.
    fn bit(&mut self, bit: bool, model: &mut Bit) -> bool;
}

impl Coder for RangeEncoder {
    fn bit(&mut self, bit: bool, model: &mut Bit) -> bool {
        RangeEncoder::bit(self, bit, model);
        bit
    }
}

impl Coder for RangeDecoder<'_> {
    fn bit(&mut self, _: bool, model: &mut Bit) -> bool {
        RangeDecoder::bit(self, model)
    }
}

/// Lengths of a row and of a plane; both at least 1.
fn strides(shape: &[usize]) -> (usize, usize) {
    let row = shape.last().copied().unwrap_or(1).max(1);
    let rows = if shape.len() >= 2 { shape[shape.len() - 2].max(1) } else { 1 };
    (row, row * rows)
}

/// Codes the places: `mask` is read and left as it is by an encoder, and written by a decoder.
fn code_places(shape: &[usize], mask: &mut [bool], coder: &mut impl Coder, models: &mut Models) {
    let (row, plane) = strides(shape);
    let mut was_same = [true; 2];
    for start in (0..mask.len()).step_by(row) {
        let (before, rest) = mask.split_at_mut(start);
        let here = &mut rest[..row];
        let sources = [start.checked_sub(plane), (start % plane != 0).then(|| start - row)];
        let mut copied = false;
        for (kind, source) in sources.into_iter().enumerate() {
            let Some(source) = source.filter(|_| !copied) else { continue };
            let known = &before[source..source + row];
            copied = coder.bit(known == &*here, &mut models.same[kind][usize::from(was_same[kind])]);
            was_same[kind] = copied;
            if copied {
                here.copy_from_slice(known);
            }
        }
        if !copied {
            let rows = sources.map(|source| source.map_or(&[][..], |source| &before[source..source + row]));
            code_row(here, rows, coder, models);
        }
    }
}

fn code_row(here: &mut [bool], [plane, up]: [&[bool]; 2], coder: &mut impl Coder, models: &mut Models) {
    let at = |row: &[bool], index: usize| usize::from(row.get(index).copied().unwrap_or(false));
    let mut left = [false; 2];
    for (index, missing) in here.iter_mut().enumerate() {
        let context = usize::from(left[0])
            | usize::from(left[1]) << 1
            | at(up, index) << 2
            | at(up, index + 1) << 3
            | at(plane, index) << 4;
        *missing = coder.bit(*missing, &mut models.missing[context]);
        left = [*missing, left[0]];
    }
}

/// Patterns seen so far; number 0 is the fill value if there is one, then the usual NaN.
fn first_patterns<T: Element>(fill: Option<u64>) -> Vec<u64> {
    let nan = T::DTYPE.is_float().then(|| T::from_f64(f64::NAN).to_bits());
    fill.into_iter().chain(nan).collect()
}

/// The bytes of a mask and of the values under it; `None` where every value of `data` is missing.
pub(super) fn encode<T: Element>(shape: &[usize], mask: Option<&[bool]>, data: &[T], fill: Option<u64>) -> Vec<u8> {
    let (mut encoder, mut models) = (RangeEncoder::new(), Models::new());
    if let Some(mask) = mask {
        code_places(shape, &mut mask.to_vec(), &mut encoder, &mut models);
    }
    let (mut patterns, mut previous) = (first_patterns::<T>(fill), 0);
    for (index, value) in data.iter().enumerate() {
        if mask.is_some_and(|mask| !mask[index]) {
            continue;
        }
        let bits = value.to_bits();
        let number = patterns.iter().position(|&pattern| pattern == bits).unwrap_or(SPELT_OUT);
        models.pattern[previous].encode(number as u32, &mut encoder);
        if number == SPELT_OUT {
            encoder.raw(bits, 8 * T::DTYPE.size() as u32);
            if patterns.len() < SPELT_OUT {
                patterns.push(bits);
            }
        }
        previous = number;
    }
    encoder.finish()
}

/// Reads what [`encode`] wrote: first the places, then the values.
pub(super) struct Decoder<'a> {
    range: RangeDecoder<'a>,
    models: Models,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Decoder { range: RangeDecoder::new(bytes), models: Models::new() }
    }

    /// Which values are missing, in C order.
    pub(super) fn places(&mut self, shape: &[usize]) -> Vec<bool> {
        let mut mask = vec![false; shape.iter().product()];
        code_places(shape, &mut mask, &mut self.range, &mut self.models);
        mask
    }

    /// Overwrites the missing values of `data`. Returns whether the bytes ended with them.
    pub(super) fn values<T: Element>(mut self, mask: Option<&[bool]>, data: &mut [T], fill: Option<u64>) -> bool {
        let (mut patterns, mut previous) = (first_patterns::<T>(fill), 0);
        for (index, value) in data.iter_mut().enumerate() {
            if mask.is_some_and(|mask| !mask[index]) {
                continue;
            }
            let number = self.models.pattern[previous].decode(&mut self.range) as usize;
            let bits = match patterns.get(number) {
                Some(&bits) => bits,
                None => self.range.raw(8 * T::DTYPE.size() as u32),
            };
            if number == SPELT_OUT && patterns.len() < SPELT_OUT {
                patterns.push(bits);
            }
            *value = T::from_bits(bits);
            previous = number;
        }
        self.range.is_spent()
    }
}
