//! LERC: blocks of whole steps of twice the bound in as few bits as each needs; behind a seal and with every value checked.

mod ffi;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Element, Error, Method, Promise, Section, Target, TargetKind, TargetRow,
    TensorMut, TensorRef,
};
use crate::for_exact;
use crate::shared::{exact, sealed};

/// Axes of the library: bands, rows, columns.
const AXES: usize = 3;

/// Whole numbers alone without loss: behind such a stream of floats the library leaves four bytes that it never sets.
const WHOLE: &[DType] = &[DType::I8, DType::U8, DType::I16, DType::U16, DType::I32, DType::U32];

/// `lerc` has no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

/// Blocks of steps in as few bits as each needs.
#[derive(Debug)]
pub struct Lerc {
    /// `None`: every bit.
    bound: Option<f64>,
}

impl Method for Lerc {
    const ID: &'static str = "lerc";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "LERC 4: blocks of an image's values in whole steps of twice the bound, in as few bits as each block needs",
        &[
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, exact::TYPES),
            TargetRow::new(TargetKind::Lossless, Promise::Exact, WHOLE),
        ],
    );
    type Params = Params;

    fn new(_: Params, target: Target) -> Result<Self, Error> {
        Ok(Lerc { bound: target.value() })
    }
}

/// Bands, rows and columns: the last two axes, and all before them as one.
fn axes_of(shape: &[usize]) -> Vec<usize> {
    let axes = sealed::merged(shape, AXES);
    [&vec![1; AXES - axes.len()][..], &axes].concat()
}

impl Lerc {
    fn encode<T: Element>(&self, values: &[T], axes: &[usize], payload: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let reason = format!("{} at flat index {index}; LERC takes finite values", values[index]);
            return Err(Error::unsupported(reason));
        }
        let decode = |blob: &[u8], back: &mut [T]| ffi::decompress(blob, axes, back);
        let Some(bound) = self.bound else {
            let blobs = std::iter::once_with(|| ffi::compress(values, axes, 0.0));
            return sealed::write_kept(values, axes, blobs, decode, sealed::same, payload);
        };
        // Rounding to the type may add half a step to the library's error.
        let less = bound - sealed::half_step(values);
        let least = if T::DTYPE.is_float() { f64::from_bits(1) } else { 0.0 };
        let bounds = [bound, less, 0.75 * less].into_iter().filter(|bound| *bound >= least && bound.is_finite());
        let blobs = bounds.map(|bound| ffi::compress(values, axes, bound));
        sealed::write_kept(values, axes, blobs, decode, |value, back| value.within(back, bound), payload)
    }
}

impl Compressor for Lerc {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let axes = axes_of(input.shape());
        for_exact!(TensorRef, input, view => self.encode(view.data(), &axes, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let axes = axes_of(output.shape());
        for_exact!(TensorMut, output, view => {
            sealed::read_kept(payload, &axes, |blob, values| ffi::decompress(blob, &axes, values), view.into_data())
        })
    }

    fn sections(&self, _: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(sealed::sections(payload))
    }
}
