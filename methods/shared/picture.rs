//! How codecs for images see an array, and whole numbers as the samples that they take.

use super::varint;
use crate::api::{DType, Element, Error};

/// Whole numbers that fit the 16 bits of a sample.
pub const TYPES: &[DType] = &[DType::U8, DType::I8, DType::U16, DType::I16];

/// Runs one generic expression of type `Result<_, Error>` for whichever of these types a tensor holds; `Unsupported` for the
/// others.
///
/// `for_samples!(TensorRef, input, view => expression)`.
#[macro_export]
macro_rules! for_samples {
    ($kind:ident, $tensor:expr, $view:pat => $body:expr) => {
        match $tensor {
            $crate::api::$kind::U8($view) => $body,
            $crate::api::$kind::I8($view) => $body,
            $crate::api::$kind::U16($view) => $body,
            $crate::api::$kind::I16($view) => $body,
            other => {
                Err($crate::api::Error::unsupported(format!("dtype {}; samples have 8 or 16 bits", other.dtype())))
            }
        }
    };
}

/// One image: rows of pixels of one or three samples, which stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Rows: every axis but the last two, the images of a stack one below the other, and the last but one.
    pub rows: usize,
    /// Pixels in a row: the last axis, or the last but one where the last holds the colours.
    pub columns: usize,
    /// Samples of a pixel: 3 where there are at least three axes and the last has that length, else 1.
    pub colours: usize,
}

impl Picture {
    /// Of an array of this shape, axes of length one left out.
    pub fn new(shape: &[usize]) -> Self {
        let mut axes: Vec<usize> = shape.iter().copied().filter(|&length| length != 1).collect();
        let colours = if axes.len() > 2 && axes.last() == Some(&3) { axes.pop().unwrap_or(1) } else { 1 };
        let columns = axes.pop().unwrap_or(1);
        Picture { rows: axes.iter().product(), columns, colours }
    }

    /// The three lengths, for a seal.
    pub fn axes(self) -> [usize; 3] {
        [self.rows, self.columns, self.colours]
    }
}

/// Whole numbers as their distance from the least of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    /// The least value.
    pub least: i32,
    /// Bits that the greatest sample takes.
    pub bits: u32,
    /// The samples.
    pub samples: Vec<u16>,
}

impl Samples {
    /// Of values of one of [`TYPES`].
    pub fn new<T: Element>(values: &[T]) -> Self {
        let whole = |value: &T| value.to_f64() as i32;
        let least = values.iter().map(whole).min().unwrap_or(0);
        let samples: Vec<u16> = values.iter().map(|value| (whole(value) - least) as u16).collect();
        let greatest = samples.iter().copied().max().unwrap_or(0);
        Samples { least, bits: u16::BITS - greatest.leading_zeros(), samples }
    }

    /// Bytes of the samples: one each of up to eight bits, else two, low one first.
    pub fn bytes(&self) -> Vec<u8> {
        match self.bits {
            0..=8 => self.samples.iter().map(|sample| *sample as u8).collect(),
            _ => self.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
        }
    }
}

/// Appends the least value: 2 n for n, 2 |n| - 1 for one below zero, as a varint.
pub fn write_least(least: i32, bytes: &mut Vec<u8>) {
    varint::write(u64::from(((least << 1) ^ (least >> 31)) as u32), bytes);
}

/// Reads what [`write_least`] wrote at `*at`.
///
/// # Errors
/// `Corrupt` if it is no number of 32 bits.
pub fn read_least(bytes: &[u8], at: &mut usize) -> Result<i32, Error> {
    let number = varint::read_length(bytes, at, u32::MAX as usize)? as u32;
    Ok((number >> 1) as i32 ^ -((number & 1) as i32))
}

/// The value that stands a sample above the least; the nearest of the type where it has none so far.
pub fn restored<T: Element>(least: i32, sample: u16) -> T {
    T::from_f64(f64::from(least) + f64::from(sample))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_are_one_tall_image_and_three_last_values_are_colours() {
        assert_eq!(Picture::new(&[]).axes(), [1, 1, 1]);
        assert_eq!(Picture::new(&[7]).axes(), [1, 7, 1]);
        assert_eq!(Picture::new(&[5, 7]).axes(), [5, 7, 1]);
        assert_eq!(Picture::new(&[5, 3]).axes(), [5, 3, 1]);
        assert_eq!(Picture::new(&[5, 7, 3]).axes(), [5, 7, 3]);
        assert_eq!(Picture::new(&[2, 1, 5, 7]).axes(), [10, 7, 1]);
        assert_eq!(Picture::new(&[2, 5, 7, 3]).axes(), [10, 7, 3]);
    }

    #[test]
    fn samples_start_at_the_least_value_and_come_back() {
        let values = [i16::MIN, -5, 0, i16::MAX];
        let samples = Samples::new(&values);
        assert_eq!((samples.least, samples.bits, samples.samples[3]), (-32768, 16, u16::MAX));
        let back: Vec<i16> = samples.samples.iter().map(|&sample| restored(samples.least, sample)).collect();
        assert_eq!(back, values);
        assert_eq!((Samples::new(&[9u8, 9]).bits, Samples::new(&[9u8, 10]).bytes()), (0, vec![0, 1]));
        assert_eq!(Samples::new(&[0u16, 258]).bytes(), [0, 0, 2, 1]);
    }

    #[test]
    fn least_values_come_back_and_small_ones_take_a_byte() {
        for least in [0, -1, 63, -64, i16::MIN.into(), u16::MAX.into(), i32::MAX, i32::MIN] {
            let mut bytes = Vec::new();
            write_least(least, &mut bytes);
            assert_eq!(read_least(&bytes, &mut 0).ok(), Some(least));
            assert_eq!(bytes.len() == 1, (-64..64).contains(&least));
        }
    }
}
