//! Hybrid: tries predictors and quantisers on samples of the data at hand, and codes with the best.
//!
//! Values are kept as they are and their residuals quantised in a closed loop, or first put on a lattice, or replaced by
//! indices into a palette; they are predicted by multilevel interpolation over some of the axes, by Lorenzo's rule over
//! some of the axes, by least squares that follow the data, or by several of these blended; residuals are coded by
//! context mixing. Every bound is strict. `SPEC.md` has the details.

mod around;
mod choose;
mod encode;
mod fast;
mod fit;
mod interpolation;
mod lorenzo;
mod mixed;
mod palette;
mod payload;
mod plan;
mod raster;
mod repeats;
mod squares;
mod symbols;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Element, Error, Method, Promise, Section, Target, TargetKind, TargetRow,
    TensorMut, TensorRef,
};
use crate::for_exact;
use crate::shared::{exact, tiles};

/// Most axes that Lorenzo's rule takes together: it looks at two to the power of them.
const MOST_AXES: usize = 4;

/// How much time coding may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// Static tables.
    Fast,
    /// Four contexts, mixed.
    #[default]
    Balanced,
    /// Eight contexts, mixed; least squares and blends where they pay.
    Max,
}

/// Parameters of `hybrid`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// How much time coding may take: `fast`, `balanced`, `max`.
    pub effort: Effort,
}

/// See the module.
#[derive(Debug)]
pub struct Hybrid {
    effort: Effort,
    bound: f64,
}

impl Method for Hybrid {
    const ID: &'static str = "hybrid";
    const FORMAT: u8 = 3;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "the best of interpolation, Lorenzo, least squares, lattices and palettes, by trial; context mixing",
        &[TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, exact::TYPES)],
    )
    .with_logarithms();
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        match target {
            Target::MaxAbs(bound) => Ok(Hybrid { effort: params.effort, bound }),
            other => Err(Error::unsupported(format!("target `{}`; supported: abs", other.kind()))),
        }
    }

    fn grid() -> Vec<Params> {
        [Effort::Fast, Effort::Balanced, Effort::Max].map(|effort| Params { effort }).to_vec()
    }
}

/// Integers of any type as `i32`, where all of them fit: the unsigned 32-bit ones moved down by half their range.
fn widen<T: Element>(data: &[T]) -> Vec<i32> {
    let down = if T::DTYPE == DType::U32 { 2147483648.0 } else { 0.0 };
    data.iter().map(|value| (value.to_f64() - down) as i32).collect()
}

/// The way back; what leaves the type saturates.
fn narrow<T: Element>(integers: &[i32], data: &mut [T]) {
    let up = if T::DTYPE == DType::U32 { 2147483648.0 } else { 0.0 };
    for (value, &integer) in data.iter_mut().zip(integers) {
        *value = T::from_f64(f64::from(integer) + up);
    }
}

impl Hybrid {
    fn write<T: fast::Value>(&self, data: &[T], shape: &[usize], payload: &mut Vec<u8>) -> Result<(), Error> {
        match self.effort {
            Effort::Fast => fast::write(data, shape, self.bound, payload),
            effort => {
                encode::write(data, shape, self.bound, effort, payload);
                Ok(())
            }
        }
    }

    fn read<T: fast::Value>(&self, payload: &[u8], shape: &[usize], data: &mut [T]) -> Result<(), Error> {
        match self.effort {
            Effort::Fast => fast::read(payload, shape, self.bound, data),
            effort => payload::read(payload, shape, self.bound, effort, data),
        }
    }
}

impl Compressor for Hybrid {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = tiles::squeeze(input.shape());
        match input {
            TensorRef::F32(view) => self.write(view.data(), &shape, payload),
            TensorRef::F64(view) => self.write(view.data(), &shape, payload),
            integers => for_exact!(TensorRef, integers, view => self.write(&widen(view.data()), &shape, payload)),
        }
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = tiles::squeeze(output.shape());
        match output {
            TensorMut::F32(view) => self.read(payload, &shape, view.into_data()),
            TensorMut::F64(view) => self.read(payload, &shape, view.into_data()),
            integers => for_exact!(TensorMut, integers, view => {
                let data = view.into_data();
                let mut wide = vec![0i32; data.len()];
                self.read(payload, &shape, &mut wide)?;
                narrow(&wide, data);
                Ok(())
            }),
        }
    }

    fn sections(&self, _dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(vec![("residuals", payload.len())])
    }
}
