//! Gaussian mixtures: an array as the sum of a few Gaussians, fitted by least squares.
//!
//! Under a mean error, components are added where they take most of what is left, fitted all together, and their
//! numbers rounded so that those still to come make up for it; what remains to a bound is coded as a residual. Target
//! `native` is expectation maximisation as in the Asterix notebook, without its faults: voxels are weighted, not
//! repeated, and densities are normalised.

mod code;
mod component;
mod em;
mod field;
mod grow;
mod native;
mod normal;
mod polish;
mod quantise;
mod search;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, Element, Error, Method, Promise, Target, TargetKind, TargetRow, TensorMut, TensorRef,
};
use crate::for_exact;
use crate::shared::exact;
use native::Native;
use search::Search;

/// Parameters of `gmm`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Components: how many (target `native`; 0: 15), or how many at most (0: as many as pay).
    #[schemars(range(max = 127))]
    pub components: u32,
    /// Target `native`: where k-means starts.
    pub seed: u64,
    /// Target `native`: least squares after expectation maximisation.
    pub polish: bool,
    /// Target `rmse`: a residual follows where components alone do not reach the error.
    pub residual: bool,
}

impl Default for Params {
    fn default() -> Self {
        Params { components: 0, seed: 0, polish: false, residual: true }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Gmm {
    params: Params,
    target: Target,
}

impl Method for Gmm {
    const ID: &'static str = "gmm";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities {
        summary: "sums of Gaussians fitted by least squares, their numbers rounded by what they weigh",
        targets: &[
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, exact::TYPES),
            TargetRow::new(TargetKind::Rmse, Promise::Approximate, exact::TYPES),
            TargetRow::new(TargetKind::Native, Promise::None, exact::TYPES),
        ],
        min_rank: 1,
        max_rank: 3,
        non_finite: false,
        deterministic: true,
    };
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        if !matches!(target, Target::MaxAbs(_) | Target::Rmse(_) | Target::Native) {
            let kind = target.kind();
            return Err(Error::unsupported(format!("target `{kind}`; supported: abs, rmse, native")));
        }
        if params.components as usize > code::MOST {
            return Err(Error::invalid("components", format!("must be at most 127, got {}", params.components)));
        }
        Ok(Gmm { params, target })
    }

    fn grid() -> Vec<Params> {
        vec![Params::default(), Params { components: 30, polish: true, ..Params::default() }]
    }
}

impl Compressor for Gmm {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = input.shape().to_vec();
        Self::CAPABILITIES.promise(input.dtype(), shape.len(), self.target.kind())?;
        for_exact!(TensorRef, input, view => {
            self.write(view.data(), &shape, payload);
            Ok(())
        })
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = output.shape().to_vec();
        Self::CAPABILITIES.promise(output.dtype(), shape.len(), self.target.kind())?;
        for_exact!(TensorMut, output, view => self.read(payload, &shape, view.into_data()))
    }
}

impl Gmm {
    fn write<T: Element>(&self, data: &[T], shape: &[usize], payload: &mut Vec<u8>) {
        if data.is_empty() {
            return;
        }
        let Params { components, seed, polish, residual } = self.params;
        if self.target == Target::Native {
            let components = if components == 0 { 15 } else { components as usize };
            return Native { components, seed, polish }.write(data, shape, payload);
        }
        Search { data, shape, target: self.target, most: components as usize, residual }.write(payload);
    }

    fn read<T: Element>(&self, payload: &[u8], shape: &[usize], output: &mut [T]) -> Result<(), Error> {
        if output.is_empty() {
            return if payload.is_empty() { Ok(()) } else { Err(Error::corrupt(0, "bytes where there is no value")) };
        }
        if self.target == Target::Native {
            return native::read(payload, shape, output);
        }
        match search::read(payload, shape, self.target, output) {
            true => Ok(()),
            false => Err(Error::corrupt(payload.len(), "bytes behind the last value")),
        }
    }
}

#[cfg(test)]
mod tests;
