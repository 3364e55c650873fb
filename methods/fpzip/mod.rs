//! fpzip (Lindstrom and Isenburg 2006, doi:10.1109/TVCG.2006.143): floats predicted from their neighbours, as many leading bits
//! of each as are asked for; behind a seal and with every value checked.

mod ffi;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Section, Target, TargetKind, TargetRow, TensorMut,
    TensorRef,
};
use crate::shared::sealed;
use ffi::Scalar;

/// Most axes that the library takes.
const MOST_AXES: usize = 4;
/// How many precisions are tried: with the first some values may miss the bound.
const ATTEMPTS: u32 = 3;
const TYPES: &[DType] = &[DType::F32, DType::F64];

/// `fpzip` has no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {}

/// Floats as leading bits, predicted from neighbours.
#[derive(Debug)]
pub struct Fpzip {
    target: Target,
}

impl Method for Fpzip {
    const ID: &'static str = "fpzip";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "fpzip: floats predicted from their neighbours, all bits or as many leading ones as the bound takes",
        &[
            TargetRow::new(TargetKind::Lossless, Promise::Exact, TYPES),
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, TYPES),
            TargetRow::new(TargetKind::PointwiseRel, Promise::Bounded, TYPES),
        ],
    );
    type Params = Params;

    fn new(_: Params, target: Target) -> Result<Self, Error> {
        Ok(Fpzip { target })
    }
}

impl Fpzip {
    /// Precisions to try, in order: bits of which the rest is cut off.
    fn precisions<T: Scalar>(&self, values: &[T]) -> impl Iterator<Item = u32> {
        let greatest = values.iter().fold(0.0, |most: f64, value| most.max(value.to_f64().abs()));
        // Cutting off all but m bits behind the leading one costs less than 2^-m of the value's power of two.
        let digits = match self.target {
            Target::MaxAbs(bound) if greatest > 0.0 => f64::from(libm::ilogb(greatest)) - libm::log2(bound),
            Target::PointwiseRel(bound) => -libm::log2(bound),
            Target::MaxAbs(_) => 0.0,
            _ => f64::INFINITY,
        };
        let most = f64::from(T::BITS - T::FRONT);
        let first = T::FRONT + libm::ceil(digits).clamp(0.0, most) as u32;
        let steps = (0..ATTEMPTS).map(move |step| first.next_multiple_of(T::STEP) + step * T::STEP);
        steps.take_while(|precision| *precision <= T::BITS)
    }

    fn keeps<T: Scalar>(&self, value: T, back: T) -> bool {
        match self.target {
            Target::MaxAbs(bound) => value.within(back, bound),
            Target::PointwiseRel(bound) => value.within(back, bound * value.to_f64().abs()),
            _ => sealed::same(value, back),
        }
    }

    fn encode<T: Scalar>(&self, values: &[T], axes: &[usize], payload: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let reason = format!("{} at flat index {index}; predictions from it have no fixed bits", values[index]);
            return Err(Error::unsupported(reason));
        }
        let streams = self.precisions(values).map(|precision| {
            let stream = ffi::compress(values, axes, precision)?;
            Ok([&[precision as u8][..], &stream].concat())
        });
        let decode = |stream: &[u8], back: &mut [T]| decode(stream, axes, back);
        sealed::write_kept(values, axes, streams, decode, |value, back| self.keeps(value, back), payload)
    }
}

/// The byte with the precision and the library's stream.
fn decode<T: Scalar>(stream: &[u8], axes: &[usize], values: &mut [T]) -> Result<(), Error> {
    let Some((&precision, stream)) = stream.split_first() else {
        return Err(Error::corrupt(0, "a stream without its precision"));
    };
    ffi::decompress(stream, axes, u32::from(precision), values)
}

impl Compressor for Fpzip {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let axes = sealed::merged(input.shape(), MOST_AXES);
        match input {
            TensorRef::F32(view) => self.encode(view.data(), &axes, payload),
            TensorRef::F64(view) => self.encode(view.data(), &axes, payload),
            other => Err(Error::unsupported(format!("dtype {}", other.dtype()))),
        }
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let axes = sealed::merged(output.shape(), MOST_AXES);
        match output {
            TensorMut::F32(view) => {
                sealed::read_kept(payload, &axes, |stream, values| decode(stream, &axes, values), view.into_data())
            }
            TensorMut::F64(view) => {
                sealed::read_kept(payload, &axes, |stream, values| decode(stream, &axes, values), view.into_data())
            }
            other => Err(Error::unsupported(format!("dtype {}", other.dtype()))),
        }
    }

    fn sections(&self, _: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(sealed::sections(payload))
    }
}
