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
mod work;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Capabilities, Compressor, Element, Error, Method, Target, TensorMut, TensorRef};
use crate::for_exact;
use crate::shared::{Goal, exact};
use native::Native;
use search::Search;

/// Most values of an array: 256^3.
const LARGEST: usize = 1 << 24;

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
    /// `None` for expectation maximisation.
    goal: Option<Goal>,
}

impl Method for Gmm {
    const ID: &'static str = "gmm";
    const FORMAT: u8 = 2;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "sums of Gaussians fitted by least squares, their numbers rounded by what they weigh",
        exact::APPROXIMATED,
    )
    .ranks(3, 3);
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        if params.components as usize > code::MOST {
            return Err(Error::invalid("components", format!("must be at most 127, got {}", params.components)));
        }
        Ok(Gmm { params, goal: Goal::of(target) })
    }

    fn grid() -> Vec<Params> {
        vec![Params::default(), Params { components: 8, polish: true, ..Params::default() }]
    }
}

impl Compressor for Gmm {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = box_of(input.shape())?;
        for_exact!(TensorRef, input, view => {
            self.write(view.data(), &shape, payload);
            Ok(())
        })
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = box_of(output.shape())?;
        for_exact!(TensorMut, output, view => self.read(payload, &shape, view.into_data()))
    }
}

/// The three axis lengths.
///
/// # Errors
/// `Unsupported` for arrays too large to be fitted in seconds.
fn box_of(shape: &[usize]) -> Result<[usize; 3], Error> {
    let count: usize = shape.iter().product();
    if count > LARGEST {
        return Err(Error::unsupported(format!("{count} values; at most {LARGEST} are fitted")));
    }
    shape.try_into().map_err(|_| Error::unsupported(format!("rank {}; rank 3 is supported", shape.len())))
}

impl Gmm {
    fn write<T: Element>(&self, data: &[T], shape: &[usize], payload: &mut Vec<u8>) {
        let Params { components, seed, polish, residual } = self.params;
        match self.goal {
            Some(goal) => Search { data, shape, goal, most: components as usize, residual }.write(payload),
            None => {
                let components = if components == 0 { 15 } else { components as usize };
                Native { components, seed, polish }.write(data, shape, payload);
            }
        }
    }

    fn read<T: Element>(&self, payload: &[u8], shape: &[usize], output: &mut [T]) -> Result<(), Error> {
        match self.goal {
            None => native::read(payload, shape, output),
            Some(goal) if search::read(payload, shape, goal, output) => Ok(()),
            Some(_) => Err(Error::corrupt(payload.len(), "bytes behind the last value")),
        }
    }
}

#[cfg(test)]
mod tests;
