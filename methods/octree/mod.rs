//! Octree: boxes halved along their axes where that pays, on each leaf products of Legendre polynomials.
//!
//! Under a bound or a mean error, the tree and the coefficients are those of least rate and distortion together, coded
//! under contexts; a bound is kept by coding what they leave. Target `native` is the seed's algorithm (Asterix, 2024):
//! the leaf whose residual has the largest gradient is halved next.

mod basis;
mod cells;
mod code;
mod faces;
mod fit;
mod gradient;
mod known;
mod native;
mod rate;
mod search;
mod tune;
mod values;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Element, Error, Method, Promise, Section, Target, TargetKind, TargetRow,
    TensorMut, TensorRef,
};
use crate::for_dtype;
use crate::shared::Goal;
use fit::Limits;
use gradient::Criterion;
pub use native::Census;

/// Parameters of `octree`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Highest degree of the polynomials along an axis. Target `native` has 2.
    #[schemars(range(max = 15))]
    pub degree: u32,
    /// Fewest values along an edge of a leaf. Target `native` has 3.
    #[schemars(range(min = 1, max = 64))]
    pub min_leaf: u32,
    /// Target `native`: weight of the residual's powers in the error of a leaf.
    #[schemars(range(min = 0.0))]
    pub alpha: f64,
    /// Target `native`: weight of the powers of the residual's differences from value to value.
    #[schemars(range(min = 0.0))]
    pub beta: f64,
    /// Target `native`: the exponent of these powers.
    #[schemars(range(min = 0.25, max = 64.0))]
    pub nu: f64,
    /// Target `native`: leaves are halved until the error has fallen to this part of the first.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub tolerance: f64,
    /// Target `native`: most iterations.
    #[schemars(range(min = 1, max = 100_000))]
    pub iterations: u32,
    /// Target `native`: step of the coefficients, in parts of the largest magnitude.
    #[schemars(range(min = 1e-6, max = 1.0))]
    pub step: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            degree: 7,
            min_leaf: 3,
            alpha: 0.0,
            beta: 1.0,
            nu: 2.0,
            tolerance: 0.3,
            iterations: 500,
            step: 1.0 / 1024.0,
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Octree {
    params: Params,
    target: Target,
}

impl Method for Octree {
    const ID: &'static str = "octree";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "polynomials on the leaves of an octree of least rate and distortion, coded under contexts",
        &[
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, &DType::ALL),
            TargetRow::new(TargetKind::Rmse, Promise::Approximate, &DType::ALL),
            TargetRow::new(TargetKind::Native, Promise::None, &DType::ALL),
        ],
    );
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        let ranges = [
            ("degree", f64::from(params.degree), 0.0, 15.0),
            ("min_leaf", f64::from(params.min_leaf), 1.0, 64.0),
            ("alpha", params.alpha, 0.0, f64::MAX),
            ("beta", params.beta, 0.0, f64::MAX),
            ("nu", params.nu, 0.25, 64.0),
            ("tolerance", params.tolerance, 0.0, 1.0),
            ("iterations", f64::from(params.iterations), 1.0, 1e5),
            ("step", params.step, 1e-6, 1.0),
        ];
        for (name, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                return Err(Error::invalid(name, format!("must be from {low} to {high}, got {value}")));
            }
        }
        Ok(Octree { params, target })
    }

    fn grid() -> Vec<Params> {
        [7, 3].into_iter().map(|degree| Params { degree, ..Params::default() }).collect()
    }
}

impl Compressor for Octree {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = input.shape().to_vec();
        for_dtype!(TensorRef, input, view => self.write(view.data(), &shape, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = output.shape().to_vec();
        for_dtype!(TensorMut, output, view => self.read(payload, &shape, view.into_data()))
    }

    fn sections(&self, _dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(vec![("leaves", payload.len())])
    }
}

impl Octree {
    /// The leaves that target `native` ends with, those of the last halving included.
    ///
    /// # Errors
    /// `Unsupported` if the array cannot be padded to a cube.
    pub fn census(&self, input: TensorRef<'_>) -> Result<Census, Error> {
        let shape = input.shape().to_vec();
        for_dtype!(TensorRef, input, view => {
            let (cube, iterations, _) = native::refine(view.data(), &shape, self.criterion())?;
            Ok(Census { iterations, leaves: cube.census() })
        })
    }

    fn criterion(&self) -> Criterion {
        let Params { alpha, beta, nu, tolerance, iterations, .. } = self.params;
        Criterion { alpha, beta, nu, tolerance, iterations }
    }

    fn limits(&self) -> Limits {
        Limits { degree: self.params.degree as usize, least: self.params.min_leaf as usize }
    }

    fn write<T: Element>(&self, data: &[T], shape: &[usize], payload: &mut Vec<u8>) -> Result<(), Error> {
        match Goal::of(self.target) {
            None => native::compress(data, shape, self.criterion(), self.params.step, payload)?,
            Some(goal) => rate::compress(data, shape, goal, self.limits(), payload),
        }
        Ok(())
    }

    fn read<T: Element>(&self, payload: &[u8], shape: &[usize], data: &mut [T]) -> Result<(), Error> {
        match Goal::of(self.target) {
            None => native::decompress(payload, shape, self.params.step, data),
            Some(goal) => rate::decompress(payload, shape, goal, self.limits(), data),
        }
    }
}

#[cfg(test)]
mod tests;
