//! Values coded one after the other in raster order: predicted from those before by differences along axes and by least
//! squares, and what is left by context mixing.

mod around;
mod blend;
mod contexts;
mod floats;
mod form;
mod head;
mod mirror;
mod neighbours;
mod repeats;
mod residual;
mod rest;
mod scale;
mod trial;
mod walk;

use crate::api::{Element, Error};
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use head::{Head, turn_back};
pub use trial::{Chosen, choose};
pub use walk::Detail;

/// The stream of `data`, an array of `shape` without axes of length 1, and whether values come again and again in it.
pub fn encode<T: Element>(data: &[T], shape: &[usize], detail: Detail) -> (Vec<u8>, bool) {
    let chosen = choose(data, shape, detail);
    let mut encoder = RangeEncoder::new();
    let repeats = chosen.repeats;
    chosen.write::<T>(shape, detail, &mut encoder);
    (encoder.finish(), repeats)
}

/// Whether integers, an array of `shape` without axes of length 1, are mirror images of themselves.
pub fn is_mirrored(integers: &[i32], shape: &[usize]) -> bool {
    !mirror::find(shape, |i| f64::from(integers[i])).is_empty()
}

/// Fills `data`, an array of `shape` without axes of length 1, with what [`encode`] wrote.
///
/// # Errors
/// `Corrupt` if `stream` is nothing that it writes.
pub fn decode<T: Element>(stream: &[u8], shape: &[usize], detail: Detail, data: &mut [T]) -> Result<(), Error> {
    let mut decoder = RangeDecoder::new(stream);
    read(shape, detail, &mut decoder, data)?;
    if decoder.is_spent() { Ok(()) } else { Err(Error::corrupt(stream.len(), "bytes behind the last value")) }
}

impl Chosen {
    /// States what was chosen for an array of `shape`, and codes its values.
    pub fn write<T: Element>(mut self, shape: &[usize], detail: Detail, coder: &mut impl BitCoder) {
        Head::state::<T>(Some(&self.head), shape, coder);
        let (head, turned) = (&self.head, self.head.turned(shape));
        head.form.code::<T>((&mut self.ranks, &turned), &head.plan, detail, true, coder);
    }
}

/// Fills `data`, an array of `shape` without axes of length 1, with what [`Chosen::write`] wrote.
///
/// # Errors
/// `Corrupt` if that is nothing that it writes.
pub fn read<T: Element>(
    shape: &[usize],
    detail: Detail,
    decoder: &mut RangeDecoder<'_>,
    data: &mut [T],
) -> Result<(), Error> {
    let head = Head::state::<T>(None, shape, decoder);
    let head = head.ok_or_else(|| Error::corrupt(0, "a form that no encoder chooses"))?;
    let mut ranks = vec![0; data.len()];
    let turned = head.turned(shape);
    head.form.code::<T>((&mut ranks, &turned), &head.plan, detail, false, decoder);
    if head.turned {
        ranks = turn_back(&ranks, turned[0]);
    }
    head.form.values(&ranks, data);
    Ok(())
}
