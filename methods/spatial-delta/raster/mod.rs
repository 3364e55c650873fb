//! Values coded one after the other in raster order: predicted from those before by differences along axes and by least
//! squares, and what is left by context mixing.

mod around;
mod blend;
mod contexts;
mod fit;
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
use crate::shared::range::{RangeDecoder, RangeEncoder};
use head::{Head, turn_back};
pub use walk::Detail;

/// The stream of `data`, an array of `shape` without axes of length 1, and whether values come again and again in it.
pub fn encode<T: Element>(data: &[T], shape: &[usize], detail: Detail) -> (Vec<u8>, bool) {
    let mut chosen = trial::choose(data, shape, detail);
    let mut encoder = RangeEncoder::new();
    Head::state::<T>(Some(&chosen.head), shape, &mut encoder);
    let (form, plan) = (&chosen.head.form, &chosen.head.plan);
    form.code::<T>((&mut chosen.ranks, &chosen.head.turned(shape)), plan, detail, true, &mut encoder);
    (encoder.finish(), chosen.repeats)
}

/// Fills `data`, an array of `shape` without axes of length 1, with what [`encode`] wrote.
///
/// # Errors
/// `Corrupt` if `stream` is nothing that it writes.
pub fn decode<T: Element>(stream: &[u8], shape: &[usize], detail: Detail, data: &mut [T]) -> Result<(), Error> {
    let mut decoder = RangeDecoder::new(stream);
    let head = Head::state::<T>(None, shape, &mut decoder);
    let head = head.ok_or_else(|| Error::corrupt(0, "a form that no encoder chooses"))?;
    let mut ranks = vec![0; data.len()];
    let turned = head.turned(shape);
    head.form.code::<T>((&mut ranks, &turned), &head.plan, detail, false, &mut decoder);
    if !decoder.is_spent() {
        return Err(Error::corrupt(stream.len(), "bytes behind the last value"));
    }
    if head.turned {
        ranks = turn_back(&ranks, turned[0]);
    }
    head.form.values(&ranks, data);
    Ok(())
}
