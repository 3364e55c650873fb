//! Values that must come back bit for bit under any target: NaN, infinities and the data set's fill value.
//!
//! A method that does not promise them itself is wrapped: the places of missing values and what stood there are coded
//! apart, the holes are filled so that the method is hurt least, and its payload follows. `SPEC.md` has the bytes.

pub(super) mod holes;
mod mask;

use super::{relative, varint};
use crate::api::{
    Capabilities, Compressor, DType, Element, Entry, Error, ParamsJson, Promise, Section, Target, TensorMut, TensorRef,
    View, ViewMut,
};
use crate::for_dtype;
use holes::Filling;

/// First byte: nothing is missing, and the method's payload follows.
const NOTHING: u8 = 0;
/// First byte: a mask with its length comes before the method's payload.
const SOME: u8 = 1;
/// First byte: every value is missing; what they were follows, and no payload.
const ALL: u8 = 2;
/// Inputs below this many bytes are compressed with every way to fill holes, and the smallest payload is kept.
const TRY_ALL_BELOW: usize = 4 << 20;

impl Entry {
    /// A compressor that also keeps missing values: NaN and infinities bit for bit, and values equal to `fill`.
    ///
    /// Where the element type can hold missing values and the method does not keep every bit of its own accord, the
    /// method is wrapped in a mask. The decoder must be built with the same `fill`.
    ///
    /// # Errors
    /// As [`Entry::build`].
    pub fn compressor(
        &self,
        params: &ParamsJson,
        target: Target,
        fill: Option<f64>,
    ) -> Result<Box<dyn Compressor>, Error> {
        let inner = relative::build(self, params, target)?;
        Ok(Box::new(Masked { inner, capabilities: *self.capabilities()?, target, fill }))
    }
}

/// A method and the mask around it.
struct Masked {
    inner: Box<dyn Compressor>,
    capabilities: Capabilities,
    target: Target,
    fill: Option<f64>,
}

impl Masked {
    /// Whether payloads for this element type start with a mask: the method does not keep every bit by itself, and
    /// something can be missing.
    fn has_mask(&self, dtype: DType) -> bool {
        let rank = self.capabilities.min_rank;
        let exact = self.capabilities.promise(dtype, rank, self.target.kind()).ok() == Some(Promise::Exact);
        let keeps_all = exact && (self.capabilities.non_finite || !dtype.is_float());
        !keeps_all && (dtype.is_float() || crate::with_element!(dtype, T => fill_pattern::<T>(self.fill)).is_some())
    }
}

/// The bit pattern of the fill value; `None` if there is none or the type cannot hold it. A float stands for the
/// nearest value of its type, as files often give more digits than the data have.
fn fill_pattern<T: Element>(fill: Option<f64>) -> Option<u64> {
    let value = T::from_f64(fill?);
    let occurs = if T::DTYPE.is_float() { value.is_finite() } else { Some(value.to_f64()) == fill };
    occurs.then(|| value.to_bits())
}

impl Compressor for Masked {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        if !self.has_mask(input.dtype()) {
            return self.inner.compress(input, payload);
        }
        for_dtype!(TensorRef, &input, view => self.compress_view(view, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        if !self.has_mask(output.dtype()) {
            return self.inner.decompress(payload, output);
        }
        for_dtype!(TensorMut, output, view => self.decompress_view(payload, view))
    }

    fn sections(&self, dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        if !self.has_mask(dtype) {
            return self.inner.sections(dtype, payload);
        }
        let (head, mask) = split(payload)?;
        let masked = head + mask.len();
        let mut sections = vec![("mask", masked)];
        if payload[0] != ALL {
            let inner = self.inner.sections(dtype, &payload[masked..]).map_err(|error| shift(error, masked))?;
            sections.extend(inner);
        }
        Ok(sections)
    }
}

impl Masked {
    fn compress_view<T: Element>(&self, view: &View<'_, T>, payload: &mut Vec<u8>) -> Result<(), Error>
    where
        for<'a> TensorRef<'a>: From<View<'a, T>>,
    {
        let fill = fill_pattern::<T>(self.fill);
        let is_missing = |value: &T| !value.is_finite() || fill == Some(value.to_bits());
        let (shape, data) = (view.shape(), view.data());
        let missing = data.iter().filter(|value| is_missing(value)).count();
        if missing == 0 {
            payload.push(NOTHING);
            return self.inner.compress(TensorRef::from(view.clone()), payload);
        }
        if missing == data.len() {
            payload.push(ALL);
            payload.extend(mask::encode(shape, None, data, fill));
            return Ok(());
        }
        let mask: Vec<bool> = data.iter().map(is_missing).collect();
        let coded = mask::encode(shape, Some(&mask), data, fill);
        payload.push(SOME);
        varint::write(coded.len() as u64, payload);
        payload.extend(coded);
        let every_way = size_of_val(data) < TRY_ALL_BELOW;
        self.compress_filled(view, &mask, if every_way { &Filling::ALL } else { &Filling::ALL[..1] }, payload)
    }

    /// Appends the smallest of the inner payloads over the ways to fill the holes.
    fn compress_filled<T: Element>(
        &self,
        view: &View<'_, T>,
        mask: &[bool],
        ways: &[Filling],
        payload: &mut Vec<u8>,
    ) -> Result<(), Error>
    where
        for<'a> TensorRef<'a>: From<View<'a, T>>,
    {
        let start = payload.len();
        let mut filled = view.data().to_vec();
        for (index, way) in ways.iter().enumerate() {
            way.fill(view.shape(), mask, &mut filled);
            let filled = TensorRef::from(View::from_slice(view.shape(), &filled)?);
            let before = payload.len();
            self.inner.compress(filled, payload)?;
            if index > 0 {
                let (earlier, latest) = (before - start, payload.len() - before);
                if latest < earlier {
                    payload.drain(start..before);
                } else {
                    payload.truncate(before);
                }
            }
        }
        Ok(())
    }

    fn decompress_view<T: Element>(&self, payload: &[u8], mut view: ViewMut<'_, T>) -> Result<(), Error>
    where
        for<'a> TensorMut<'a>: From<ViewMut<'a, T>>,
    {
        let fill = fill_pattern::<T>(self.fill);
        let (head, coded) = split(payload)?;
        let (first, rest) = (payload[0], head + coded.len());
        let shape = view.shape().to_vec();
        let mut decoder = mask::Decoder::new(coded);
        let mask = (first == SOME).then(|| decoder.places(&shape));
        if first != ALL {
            let output = TensorMut::from(view.reborrow());
            self.inner.decompress(&payload[rest..], output).map_err(|error| shift(error, rest))?;
        }
        if first != NOTHING && !decoder.values(mask.as_deref(), view.data(), fill) {
            return Err(Error::corrupt(head, "the mask of missing values does not end where it should"));
        }
        Ok(())
    }
}

/// Bytes before the mask, and the mask.
fn split(payload: &[u8]) -> Result<(usize, &[u8]), Error> {
    let mut at = 1;
    let length = match payload.first() {
        Some(&NOTHING) => 0,
        Some(&SOME) => varint::read_length(payload, &mut at, payload.len())?,
        Some(&ALL) => payload.len() - 1,
        Some(other) => return Err(Error::corrupt(0, format!("a mask of unknown kind {other}"))),
        None => return Err(Error::corrupt(0, "the payload is empty where the mask should be")),
    };
    match payload.get(at..at + length) {
        Some(mask) => Ok((at, mask)),
        None => Err(Error::corrupt(payload.len(), "the payload ends inside the mask")),
    }
}

/// Says where in the whole payload an error of the inner one is.
pub(super) fn shift(error: Error, by: usize) -> Error {
    match error {
        Error::Corrupt { at, reason } => Error::Corrupt { at: at + by, reason },
        other => other,
    }
}

#[cfg(test)]
mod tests;
