//! Differences along axes, then zlib or the entropy stage over all of them: `codec=zlib` and `codec=entropy`.

use super::kernel::Word;
use super::params::{Choice, Codec, Narrow, Params};
use super::{choice, coded, kernel};
use crate::api::Error;
use crate::shared::varint;

/// What the first number of a payload says: axes and codec, each only if the parameters leave it open.
struct Head {
    axes: Vec<usize>,
    codec: Codec,
}

/// Differences with these parameters.
#[derive(Debug)]
pub struct Classic<'a>(pub &'a Params);

impl Classic<'_> {
    /// Whether a payload starts with a number.
    pub fn has_head(&self) -> bool {
        self.0.axes == Choice::Auto || self.0.codec == Codec::Auto
    }

    /// Appends the payload of `data`.
    ///
    /// # Errors
    /// `InvalidParam` if the parameters do not fit the data.
    pub fn encode<T: Word>(&self, data: &[T], shape: &[usize], payload: &mut Vec<u8>) -> Result<(), Error> {
        let axes = match &self.0.axes {
            Choice::Auto => choice::choose(data, shape),
            Choice::Named(axes) => axes.resolve(shape.len())?,
        };
        let mut words = data.to_vec();
        kernel::forward(&mut words, shape, &axes);
        let stored = coded::stored_type(self.0, T::DTYPE)?;
        if self.0.astype != Narrow::None {
            coded::check_narrow(&words, stored)?;
        }
        let through = |block: &[T], codec| {
            let mut bytes = Vec::new();
            coded::encode(block, stored, !axes.is_empty(), self.0, codec, &mut bytes).map(|()| bytes)
        };
        let first = &words[..words.len().min(coded::BLOCK)];
        let (head, codec) = match self.0.codec {
            Codec::Auto => {
                let (zlib, entropy) = (through(first, Codec::Zlib)?, through(first, Codec::Entropy)?);
                if entropy.len() < zlib.len() { (entropy, Codec::Entropy) } else { (zlib, Codec::Zlib) }
            }
            chosen => (through(first, chosen)?, chosen),
        };
        self.write_head(&Head { axes: axes.clone(), codec }, shape.len(), payload);
        let mut block = head;
        for next in words[first.len()..].chunks(coded::BLOCK) {
            varint::write(block.len() as u64, payload);
            payload.extend_from_slice(&block);
            block = through(next, codec)?;
        }
        payload.extend_from_slice(&block);
        Ok(())
    }

    /// Fills `data` with what [`Classic::encode`] wrote.
    ///
    /// # Errors
    /// `Corrupt` if `payload` is nothing that it writes.
    pub fn decode<T: Word>(&self, payload: &[u8], data: &mut [T], shape: &[usize]) -> Result<(), Error> {
        let stored = coded::stored_type(self.0, T::DTYPE)?;
        let mut at = 0;
        let head = self.read_head(payload, &mut at, shape.len())?;
        let blocks = data.len().div_ceil(coded::BLOCK);
        for (index, block) in data.chunks_mut(coded::BLOCK).enumerate() {
            let length = match index + 1 == blocks {
                true => payload.len() - at,
                false => varint::read_length(payload, &mut at, payload.len())?,
            };
            let end = at.saturating_add(length);
            let bytes = payload.get(at..end).ok_or_else(|| Error::corrupt(at, "a block ends behind the payload"))?;
            coded::decode(bytes, stored, !head.axes.is_empty(), self.0, head.codec, block)?;
            at = end;
        }
        kernel::inverse(data, shape, &head.axes);
        Ok(())
    }

    fn write_head(&self, head: &Head, rank: usize, payload: &mut Vec<u8>) {
        let mut number = 0u64;
        if self.0.axes == Choice::Auto {
            number = head.axes.iter().map(|axis| 1 << (rank - 1 - axis)).sum();
        }
        if self.0.codec == Codec::Auto {
            number = number << 1 | u64::from(head.codec == Codec::Entropy);
        }
        if self.has_head() {
            varint::write(number, payload);
        }
    }

    fn read_head(&self, payload: &[u8], at: &mut usize, rank: usize) -> Result<Head, Error> {
        let mut number = if self.has_head() { varint::read(payload, at)? } else { 0 };
        let codec = match self.0.codec {
            Codec::Auto => {
                let entropy = number & 1 == 1;
                number >>= 1;
                if entropy { Codec::Entropy } else { Codec::Zlib }
            }
            chosen => chosen,
        };
        let axes = match &self.0.axes {
            Choice::Named(axes) => axes.resolve(rank)?,
            Choice::Auto => {
                let from_last = (0..rank.min(choice::REACH)).rev().filter(|&bit| number >> bit & 1 == 1);
                let axes: Vec<usize> = from_last.map(|bit| rank - 1 - bit).collect();
                number >>= rank.min(choice::REACH);
                axes
            }
        };
        match number {
            0 => Ok(Head { axes, codec }),
            _ => Err(Error::corrupt(0, format!("axes beyond the {rank} of the tensor"))),
        }
    }
}
