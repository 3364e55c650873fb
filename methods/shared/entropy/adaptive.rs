//! Small or nearly empty inputs: every decision about an integer is an adaptive bit, and there are no tables at all.

use crate::shared::range::{Bit, RangeDecoder, RangeEncoder};

/// Magnitudes of up to this many bits have decisions of their own; `i32::MIN` shares the last ones.
const OCTAVES: usize = 31;

/// What has been learnt about one context.
#[derive(Clone, Debug)]
struct Model {
    zero: Bit,
    negative: Bit,
    /// Whether the magnitude has more bits than this, for 1, 2, ... bits.
    longer: [Bit; OCTAVES],
    /// The bit below the leading one, by length.
    second: [Bit; OCTAVES],
}

impl Default for Model {
    fn default() -> Self {
        let bit = Bit::default();
        Model { zero: bit, negative: bit, longer: [bit; OCTAVES], second: [bit; OCTAVES] }
    }
}

/// The models of the contexts seen so far: memory follows the highest context in use.
#[derive(Debug, Default)]
struct Models(Vec<Model>);

impl Models {
    #[inline(always)]
    fn of(&mut self, context: u8) -> &mut Model {
        let index = usize::from(context);
        if index >= self.0.len() {
            self.0.resize(index + 1, Model::default());
        }
        &mut self.0[index]
    }
}

/// Adaptive decisions that [`encode`] makes for a magnitude of this many bits, the sign included: a measure of time.
pub(super) fn decisions(magnitude_bits: u32) -> u64 {
    if magnitude_bits == 0 { 1 } else { 3 + u64::from(magnitude_bits) }
}

/// The bytes of all symbols.
pub(super) fn encode(symbols: &[i32], context: impl Fn(usize) -> u8) -> Vec<u8> {
    let (mut encoder, mut models) = (RangeEncoder::new(), Models::default());
    for (index, &symbol) in symbols.iter().enumerate() {
        let model = models.of(context(index));
        encoder.bit(symbol != 0, &mut model.zero);
        if symbol != 0 {
            encode_nonzero(symbol, model, &mut encoder);
        }
    }
    encoder.finish()
}

fn encode_nonzero(symbol: i32, model: &mut Model, encoder: &mut RangeEncoder) {
    encoder.bit(symbol < 0, &mut model.negative);
    let magnitude = symbol.unsigned_abs();
    let length = 32 - magnitude.leading_zeros();
    for bits in 1..32.min(length + 1) {
        encoder.bit(bits < length, &mut model.longer[(bits as usize - 1).min(OCTAVES - 1)]);
    }
    if length >= 2 {
        let slot = (length as usize - 1).min(OCTAVES - 1);
        encoder.bit(magnitude >> (length - 2) & 1 == 1, &mut model.second[slot]);
        let rest = length - 2;
        encoder.raw(u64::from(magnitude) & ((1 << rest) - 1), rest);
    }
}

/// Reads what [`encode`] wrote.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    range: RangeDecoder<'a>,
    models: Models,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Decoder { range: RangeDecoder::new(bytes), models: Models::default() }
    }

    #[inline(always)]
    pub(super) fn next(&mut self, context: u8) -> i32 {
        let model = self.models.of(context);
        if self.range.bit(&mut model.zero) { decode_nonzero(model, &mut self.range) } else { 0 }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.range.is_spent()
    }
}

fn decode_nonzero(model: &mut Model, range: &mut RangeDecoder<'_>) -> i32 {
    let negative = range.bit(&mut model.negative);
    let mut length = 1;
    while length < 32 && range.bit(&mut model.longer[(length as usize - 1).min(OCTAVES - 1)]) {
        length += 1;
    }
    let mut magnitude = 1u32;
    if length >= 2 {
        let slot = (length as usize - 1).min(OCTAVES - 1);
        magnitude = 2 | u32::from(range.bit(&mut model.second[slot]));
        let rest = length - 2;
        magnitude = magnitude << rest | range.raw(rest) as u32;
    }
    if negative { (magnitude as i32).wrapping_neg() } else { magnitude as i32 }
}
