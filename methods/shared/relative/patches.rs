//! Values that are kept as they are.

use crate::api::{Element, Error};
use crate::shared::varint;

/// Places of values, ascending, and their bits.
#[derive(Debug, Default)]
pub(super) struct Patches {
    places: Vec<usize>,
    bits: Vec<u64>,
    size: usize,
}

impl Patches {
    /// The values of `data` that `restored` does not bring back within a relative `bound`, zeros as zeros.
    pub fn find<T: Element>(data: &[T], restored: impl Fn(usize) -> T, bound: f64) -> Self {
        let mut patches = Patches { size: size_of::<T>(), ..Patches::default() };
        for (index, &value) in data.iter().enumerate() {
            let back = restored(index);
            let kept = value.within(back, (bound * value.to_f64().abs()).min(f64::MAX));
            if !kept {
                patches.places.push(index);
                patches.bits.push(value.to_bits());
            }
        }
        patches
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Appends their number, and for each the places skipped and its bits.
    pub fn write(&self, payload: &mut Vec<u8>) {
        varint::write(self.places.len() as u64, payload);
        let mut next = 0;
        for (&place, bits) in self.places.iter().zip(&self.bits) {
            varint::write((place - next) as u64, payload);
            payload.extend_from_slice(&bits.to_le_bytes()[..self.size]);
            next = place + 1;
        }
    }
}

/// Puts values where they belong.
pub(super) fn apply<T: Element>(bytes: &[u8], data: &mut [T]) -> Result<(), Error> {
    let mut at = 0;
    let count = varint::read_length(bytes, &mut at, data.len())?;
    let mut next = 0;
    for _ in 0..count {
        let place = next + varint::read_length(bytes, &mut at, data.len())?;
        let end = at + size_of::<T>();
        let (Some(value), Some(bits)) = (data.get_mut(place), bytes.get(at..end)) else {
            return Err(Error::corrupt(at, "a value kept as it is lies outside the array or the payload"));
        };
        *value = T::from_bits(bits.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte)));
        (at, next) = (end, place + 1);
    }
    if at == bytes.len() { Ok(()) } else { Err(Error::corrupt(at, "bytes behind the last value kept as it is")) }
}
