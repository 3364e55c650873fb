//! Few symbols: every decision about one is an adaptive bit, and there are no tables at all.

use crate::shared::range::{Bit, BitCoder, RangeDecoder, RangeEncoder};

/// Symbols of up to this many bits, and bits of a length.
const LENGTHS: usize = 7;

/// What has been learnt about one context. A symbol above 0 is `2 pair + side - 1`.
#[derive(Clone, Copy, Debug)]
struct Model {
    zero: Bit,
    /// Whether the pair's number has more bits than this, for 1, 2, ... bits.
    longer: [Bit; LENGTHS],
    /// The bits of the pair's number under the leading one, by the bits above them.
    rest: [Bit; 1 << LENGTHS],
    /// Which of the pair it is, by the length.
    side: [Bit; LENGTHS + 1],
}

impl Model {
    fn new() -> Self {
        let bit = Bit::default();
        Model { zero: bit, longer: [bit; LENGTHS], rest: [bit; 1 << LENGTHS], side: [bit; LENGTHS + 1] }
    }

    /// Codes a symbol; a decoder returns the one it read.
    #[inline(always)]
    fn code(&mut self, symbol: u8, coder: &mut impl BitCoder) -> u8 {
        if !coder.learnt(symbol != 0, &mut self.zero) {
            return 0;
        }
        let pair = u32::from(symbol).div_ceil(2);
        let known = (32 - pair.leading_zeros()) as usize;
        let mut length = 1;
        while length < LENGTHS && coder.learnt(known > length, &mut self.longer[length - 1]) {
            length += 1;
        }
        let mut found = 1u32;
        for bit in (0..length - 1).rev() {
            let one = coder.learnt(pair >> bit & 1 == 1, &mut self.rest[found as usize & ((1 << LENGTHS) - 1)]);
            found = found << 1 | u32::from(one);
        }
        let side = coder.learnt(symbol & 1 == 0, &mut self.side[length]);
        (2 * found + u32::from(side) - 1).min(127) as u8
    }
}

/// The models of the contexts seen so far: memory follows their number.
#[derive(Debug)]
struct Models {
    /// One more than the index of a context's model; 0 if it has none.
    index: Box<[u16; 256]>,
    models: Vec<Model>,
}

impl Models {
    fn new() -> Self {
        Models { index: Box::new([0; 256]), models: Vec::new() }
    }

    #[inline(always)]
    fn of(&mut self, context: u8) -> &mut Model {
        let index = &mut self.index[usize::from(context)];
        if *index == 0 {
            self.models.push(Model::new());
            *index = self.models.len() as u16;
        }
        &mut self.models[usize::from(*index) - 1]
    }
}

/// Adaptive decisions that a symbol takes: a measure of time.
pub(super) fn decisions(symbol: usize) -> u64 {
    if symbol == 0 { 1 } else { 1 + 2 * u64::from((symbol as u64).div_ceil(2).ilog2() + 1) }
}

/// The bytes of all symbols.
pub(super) fn encode(symbols: &[u8], contexts: &[u8]) -> Vec<u8> {
    let (mut encoder, mut models) = (RangeEncoder::new(), Models::new());
    for (&symbol, &context) in symbols.iter().zip(contexts) {
        models.of(context).code(symbol, &mut encoder);
    }
    encoder.finish()
}

/// Reads what [`encode`] wrote.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    range: RangeDecoder<'a>,
    models: Models,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Decoder { range: RangeDecoder::new(bytes), models: Models::new() }
    }

    #[inline(always)]
    pub(super) fn next(&mut self, context: u8) -> u8 {
        self.models.of(context).code(0, &mut self.range)
    }

    pub(super) fn is_spent(&self) -> bool {
        self.range.is_spent()
    }
}
