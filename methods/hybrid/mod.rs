//! Hybrid: tries predictors and quantisers on samples of the data at hand, and codes with the best.
//!
//! Values are kept as they are and their residuals quantised in a closed loop, or first put on a lattice, or replaced by
//! indices into a palette; they are predicted by multilevel interpolation over some of the axes, by Lorenzo's rule over
//! some of the axes, by least squares that follow the data, or by several of these blended; residuals are coded by
//! context mixing. Every bound is strict. `SPEC.md` has the details.

mod fast;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Section, Target, TargetKind, TargetRow, TensorMut,
    TensorRef,
};
use crate::for_wide;
use crate::shared::predictive::{self, Detail, Predictors, Setting};
use crate::shared::{exact, tiles};

/// How much time coding may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// Static tables.
    Fast,
    /// Four contexts, mixed.
    #[default]
    Balanced,
    /// Nine contexts, mixed; least squares and blends where they pay.
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
    const FORMAT: u8 = 8;
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

impl Hybrid {
    /// What the efforts above `fast` go by; `None` for that.
    fn setting<'a>(&self, shape: &'a [usize]) -> Option<Setting<'a>> {
        let detail = match self.effort {
            Effort::Fast => return None,
            Effort::Balanced => Detail::Four,
            Effort::Max => Detail::Nine,
        };
        Some(Setting { shape, bound: self.bound, detail })
    }
}

impl Compressor for Hybrid {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = tiles::squeeze(input.shape());
        if let Some(setting) = self.setting(&shape) {
            return predictive::compress(input, &setting, Predictors::All, payload);
        }
        for_wide!(TensorRef, input, data => fast::write(data, &shape, self.bound, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = tiles::squeeze(output.shape());
        if let Some(setting) = self.setting(&shape) {
            return predictive::decompress(payload, &setting, output);
        }
        for_wide!(TensorMut, output, data => fast::read(payload, &shape, self.bound, data))
    }

    fn sections(&self, _dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(vec![("residuals", payload.len())])
    }
}
