//! SPERR: a wavelet, bit planes and corrected outliers, behind a seal and with every value checked.

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
use crate::shared::exact;
use crate::shared::sealed::{self, Content};

/// Most axes that the library takes.
const MOST_AXES: usize = 3;
/// The library is not asked for a bound this many times below the greatest magnitude: its integers end there.
const FINEST: f64 = (1u64 << 48) as f64;
/// Nor given values above this: it follows a null pointer where an error to correct is beyond 64-bit integers.
const GREATEST: f64 = 1e18;
/// Parts of the bound that are asked for, in order: some values may miss the first by rounding.
const PARTS: [f64; 4] = [1.0, 0.99, 0.9, 0.5];

/// `sperr` has no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

/// Wavelet coefficients in bit planes, and the values that miss the bound corrected.
#[derive(Debug)]
pub struct Sperr {
    bound: f64,
}

impl Method for Sperr {
    const ID: &'static str = "sperr";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "SPERR 0.8: CDF 9/7 wavelet, bit planes in sets, and corrections of the values that miss the bound",
        &[TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, exact::TYPES)],
    )
    .ranks(1, usize::MAX)
    .with_logarithms();
    type Params = Params;

    fn new(_: Params, target: Target) -> Result<Self, Error> {
        let bound = target.value().ok_or_else(|| Error::unsupported("a target without a bound"))?;
        Ok(Sperr { bound })
    }
}

/// An element that goes through one of the library's types.
trait Native: Element {
    /// The library's type.
    type Scalar: ffi::Scalar;

    /// The same value, exactly.
    fn promoted(self) -> Self::Scalar;

    /// The nearest value.
    fn demoted(value: Self::Scalar) -> Self;
}

macro_rules! native {
    ($($type:ty => $scalar:ty),*) => {$(
        impl Native for $type {
            type Scalar = $scalar;

            fn promoted(self) -> $scalar {
                <$scalar>::from(self)
            }

            fn demoted(value: $scalar) -> Self {
                Element::from_f64(f64::from(value))
            }
        }
    )*};
}

native!(f32 => f32, f64 => f64, i8 => f64, u8 => f64, i16 => f64, u16 => f64, i32 => f64, u32 => f64);

/// Two or three axes for the library; a single one is a row.
fn axes_of(shape: &[usize]) -> Vec<usize> {
    let axes = sealed::merged(shape, MOST_AXES);
    if axes.len() == 1 { vec![1, axes[0]] } else { axes }
}

impl Sperr {
    /// The bound that leaves room for rounding to the type: half a step of floats, half of one for integers.
    fn inner_bound<T: Element>(&self, values: &[T]) -> f64 {
        match T::DTYPE.is_float() {
            true => self.bound - sealed::half_step(values),
            false => self.bound.floor() + 0.49,
        }
    }

    fn encode<T: Native>(&self, values: &[T], axes: &[usize], payload: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::unsupported(format!(
                "{} at flat index {index}; SPERR takes finite values",
                values[index]
            )));
        }
        let greatest = values.iter().fold(0.0, |most: f64, value| most.max(value.to_f64().abs()));
        let bound = self.inner_bound(values).min(2.0 * greatest);
        if greatest > GREATEST || bound <= greatest / FINEST {
            return sealed::write_exact(values, payload);
        }
        let promoted: Vec<T::Scalar> = values.iter().map(|value| value.promoted()).collect();
        let mut back = vec![T::Scalar::default(); values.len()];
        for part in PARTS {
            let Ok(stream) = ffi::compress(&promoted, axes, part * bound) else { break };
            if ffi::decompress(&stream, axes, &mut back).is_err() {
                break;
            }
            let mut pairs = values.iter().zip(&back);
            if pairs.all(|(value, &back)| value.within(T::demoted(back), self.bound)) {
                sealed::write(T::DTYPE, axes, &stream, payload);
                return Ok(());
            }
        }
        sealed::write_exact(values, payload)
    }

    fn decode<T: Native>(payload: &[u8], axes: &[usize], values: &mut [T]) -> Result<(), Error> {
        match sealed::open(payload, T::DTYPE, axes)? {
            Content::Exact(frame) => sealed::read_exact(frame, values),
            Content::Stream(stream) => {
                let mut back = vec![T::Scalar::default(); values.len()];
                ffi::decompress(stream, axes, &mut back)?;
                values.iter_mut().zip(back).for_each(|(value, back)| *value = T::demoted(back));
                Ok(())
            }
        }
    }
}

impl Compressor for Sperr {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let axes = axes_of(input.shape());
        for_exact!(TensorRef, input, view => self.encode(view.data(), &axes, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let axes = axes_of(output.shape());
        for_exact!(TensorMut, output, view => Self::decode(payload, &axes, view.into_data()))
    }

    fn sections(&self, _: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(sealed::sections(payload))
    }
}
