//! SZ3 (Liang et al. 2023, doi:10.1109/TBDATA.2022.3201176), behind a seal and with every value checked.

mod stream;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tensogram_sz3::SZ3Compressible;

use crate::api::{
    Capabilities, Compressor, DType, Element, Error, Method, Promise, Section, Target, TargetKind, TargetRow,
    TensorMut, TensorRef,
};
use crate::shared::sealed::{self, Content};

/// The library is not given floats above these: it sums estimates of errors in their type.
const GREATEST_F32: f64 = 1e30;
/// The same for `float64`.
const GREATEST_F64: f64 = 1e290;
/// Nor bounds between zero and this, of which the part for a coarse grid may be zero.
const LEAST_BOUND: f64 = 1e-290;

/// What predicts a value from those before it. The library's third choice, planes fitted to blocks, is left out: on alternating
/// values it writes streams that its decoder runs out of and ends the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Interpolation or Lorenzo prediction, whichever does better on a sample: the library's default.
    #[default]
    InterpolationLorenzo,
    /// Interpolation between ever finer grids.
    Interpolation,
}

/// Parameters of `sz3`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// What predicts: `interpolation-lorenzo`, where a sample decides, or `interpolation`.
    pub algorithm: Algorithm,
}

/// Values predicted from decoded ones, the differences quantised and coded.
#[derive(Debug)]
pub struct Sz3 {
    params: Params,
    bound: f64,
}

impl Method for Sz3 {
    const ID: &'static str = "sz3";
    const FORMAT: u8 = 1;
    // Integers are left out: their streams, too, were seen to end the decoder's process.
    const CAPABILITIES: Capabilities = Capabilities::new(
        "SZ3 3.3: interpolation or Lorenzo prediction, quantised differences, Huffman and Zstandard",
        &[TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, &[DType::F32, DType::F64])],
    )
    .with_logarithms();
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        let bound = target.value().ok_or_else(|| Error::unsupported("a target without a bound"))?;
        Ok(Sz3 { params, bound })
    }

    fn grid() -> Vec<Params> {
        [Algorithm::InterpolationLorenzo, Algorithm::Interpolation].map(|algorithm| Params { algorithm }).into()
    }
}

impl Sz3 {
    /// Bounds to give the library, in order: the next where one value or more is not kept with the one before. None where
    /// its estimates of errors would overflow, which makes it write a stream that it cannot read.
    fn attempts<T: Element>(&self, values: &[T]) -> Vec<f64> {
        let greatest = values.iter().fold(0.0, |most: f64, value| most.max(value.to_f64().abs()));
        if greatest > if size_of::<T>() == 4 { GREATEST_F32 } else { GREATEST_F64 } {
            return Vec::new();
        }
        let bound = self.bound.min(if greatest > 0.0 { 2.0 * greatest } else { 1.0 });
        let less = bound - sealed::half_step(values);
        [bound, less, less * 0.75].into_iter().filter(|&bound| bound == 0.0 || bound >= LEAST_BOUND).collect()
    }

    fn encode<T: Element + SZ3Compressible>(
        &self,
        values: &[T],
        axes: &[usize],
        payload: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let mut back = vec![T::default(); values.len()];
        for bound in self.attempts(values) {
            let stream = stream::compress(values, axes, bound, self.params.algorithm)?;
            stream::decompress(&stream, axes, &mut back)?;
            if values.iter().zip(&back).all(|(value, back)| value.within(*back, self.bound)) {
                sealed::write(T::DTYPE, axes, &stream, payload);
                return Ok(());
            }
        }
        sealed::write_exact(values, payload)
    }

    fn decode<T: Element + SZ3Compressible>(payload: &[u8], axes: &[usize], values: &mut [T]) -> Result<(), Error> {
        match sealed::open(payload, T::DTYPE, axes)? {
            Content::Stream(stream) => stream::decompress(stream, axes, values),
            Content::Exact(frame) => sealed::read_exact(frame, values),
        }
    }
}

impl Compressor for Sz3 {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let axes = sealed::merged(input.shape(), stream::MOST_AXES);
        match input {
            TensorRef::F32(view) => self.encode(view.data(), &axes, payload),
            TensorRef::F64(view) => self.encode(view.data(), &axes, payload),
            other => Err(Error::unsupported(format!("dtype {}", other.dtype()))),
        }
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let axes = sealed::merged(output.shape(), stream::MOST_AXES);
        match output {
            TensorMut::F32(view) => Self::decode(payload, &axes, view.into_data()),
            TensorMut::F64(view) => Self::decode(payload, &axes, view.into_data()),
            other => Err(Error::unsupported(format!("dtype {}", other.dtype()))),
        }
    }

    fn sections(&self, _: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(sealed::sections(payload))
    }
}
