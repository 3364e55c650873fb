//! Which values are zero, and the signs of all.

use crate::api::{Element, Error};
use crate::shared::range::{Bit, BitCoder, RangeDecoder, RangeEncoder};

/// What is kept of a value besides its magnitude.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Class {
    /// Above zero.
    #[default]
    Positive,
    /// Below zero.
    Negative,
    /// Zero.
    Zero,
    /// Zero with a sign.
    NegativeZero,
}

impl Class {
    pub fn of<T: Element>(value: T) -> Self {
        let negative = value.to_bits() >> (8 * T::DTYPE.size() - 1) & 1 == 1;
        Class::from_bits(value.to_f64() == 0.0, negative)
    }

    fn from_bits(zero: bool, negative: bool) -> Self {
        match (zero, negative) {
            (false, false) => Class::Positive,
            (false, true) => Class::Negative,
            (true, false) => Class::Zero,
            (true, true) => Class::NegativeZero,
        }
    }

    pub fn is_zero(self) -> bool {
        matches!(self, Class::Zero | Class::NegativeZero)
    }

    fn is_negative(self) -> bool {
        matches!(self, Class::Negative | Class::NegativeZero)
    }
}

/// Codes the classes of an array of `shape`, one after the other, under those of four neighbours; a decoder fills them in.
fn code(classes: &mut [Class], shape: &[usize], knows: bool, coder: &mut impl BitCoder) {
    let row = shape.last().copied().unwrap_or(1).max(1);
    let plane = row * if shape.len() > 1 { shape[shape.len() - 2].max(1) } else { 1 };
    let (mut zeros, mut signs) = (vec![Bit::default(); 256], vec![[Bit::default(); 2]; 256]);
    for index in 0..classes.len() {
        let at = |back: usize| index.checked_sub(back).map_or(0, |at| classes[at] as usize);
        let context = at(1) | at(row) << 2 | at(plane) << 4 | at(row.saturating_sub(1).max(1)) << 6;
        let known = if knows { classes[index] } else { Class::default() };
        let zero = coder.learnt(known.is_zero(), &mut zeros[context]);
        let negative = coder.learnt(known.is_negative(), &mut signs[context][usize::from(zero)]);
        classes[index] = Class::from_bits(zero, negative);
    }
}

/// The classes of an array of `shape` as bytes.
pub(super) fn encode(classes: &[Class], shape: &[usize]) -> Vec<u8> {
    let mut encoder = RangeEncoder::new();
    code(&mut classes.to_vec(), shape, true, &mut encoder);
    encoder.finish()
}

/// Undoes [`encode`].
pub(super) fn decode(bytes: &[u8], shape: &[usize]) -> Result<Vec<Class>, Error> {
    let mut classes = vec![Class::default(); shape.iter().product()];
    let mut decoder = RangeDecoder::new(bytes);
    code(&mut classes, shape, false, &mut decoder);
    match decoder.is_spent() {
        true => Ok(classes),
        false => Err(Error::corrupt(0, "bytes behind the last sign")),
    }
}
