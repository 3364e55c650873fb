//! Hermite functions around centres of a distribution, their coefficients quantised and entropy-coded.
//!
//! Velocity distributions are near to Maxwellians, and polynomials times a Gaussian take few terms for what is left
//! (Grad, "On the kinetic theory of rarefied gases", 1949). Here centre, scale and shear of the Gaussian are those that
//! take the fewest bits, not those of the Maxwellian fit; the functions are orthonormal on the grid itself. Target
//! `native` is the classic expansion: fitted Maxwellian, a fixed number of orders, float32 coefficients.

mod basis;
mod clusters;
mod coefficients;
mod encode;
mod frame;
mod maxwell;
mod native;
mod search;
mod store;
mod stream;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Capabilities, Compressor, DType, Element, Error, Method, Section, Target, TensorMut, TensorRef};
use crate::for_exact;
use crate::shared::{Goal, exact, tiles};
pub use maxwell::Maxwellian;
use native::Native;

/// Orders along each axis of the classic expansion where nothing is said.
const ORDERS: u32 = 15;
/// Most orders along an axis of the classic expansion.
const HIGHEST: u32 = 512;

/// Parameters of `hermite`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Target `native`: orders along each axis, at most the length of the axis.
    #[schemars(range(min = 1, max = 512))]
    pub orders: u32,
    /// Target `native`: sums over the grid carry the volume of a cell, as the integral does.
    pub volume_element: bool,
}

impl Default for Params {
    fn default() -> Self {
        Params { orders: ORDERS, volume_element: true }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Hermite {
    params: Params,
    /// `None` for the classic expansion.
    goal: Option<Goal>,
}

impl Method for Hermite {
    const ID: &'static str = "hermite";
    const FORMAT: u8 = 2;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "Hermite functions around centres of a distribution; coefficients quantised and entropy-coded",
        exact::APPROXIMATED,
    )
    .ranks(0, 3);
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        if !(1..=HIGHEST).contains(&params.orders) {
            return Err(Error::invalid("orders", format!("must be 1 to {HIGHEST}, got {}", params.orders)));
        }
        let goal = Goal::of(target);
        if goal.is_some() && params != Params::default() {
            let reason = "parameters are for target `native`: elsewhere, bytes decide on orders";
            return Err(Error::unsupported(reason));
        }
        Ok(Hermite { params, goal })
    }

    fn grid() -> Vec<Params> {
        [ORDERS, 10].into_iter().map(|orders| Params { orders, ..Params::default() }).collect()
    }
}

impl Compressor for Hermite {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = box_of(input.shape())?;
        for_exact!(TensorRef, input, view => {
            let data = view.data();
            match self.goal {
                Some(Goal::MaxAbs(bound)) => payload.extend(store::bounded(data, shape, bound)),
                Some(Goal::Rmse(error)) => payload.extend(store::mean(data, shape, error)),
                None => self.native(shape).compress(data, payload),
            }
            Ok(())
        })
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = box_of(output.shape())?;
        for_exact!(TensorMut, output, view => match self.goal {
            Some(Goal::MaxAbs(bound)) => store::read_bounded(payload, shape, bound, view.into_data()),
            Some(Goal::Rmse(error)) => store::read_mean(payload, shape, error, view.into_data()),
            None => self.native(shape).decompress(payload, view.into_data()),
        })
    }

    fn sections(&self, _dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(vec![("coefficients", payload.len())])
    }
}

/// Three axis lengths: those above 1, behind as many ones as it takes.
///
/// # Errors
/// `Unsupported` for more than three axes.
fn box_of(shape: &[usize]) -> Result<[usize; 3], Error> {
    if shape.len() > 3 {
        return Err(Error::unsupported(format!("rank {}; ranks 0 to 3 are supported", shape.len())));
    }
    let mut lengths = [1; 3];
    let long = tiles::squeeze(shape);
    lengths.iter_mut().skip(3 - long.len()).zip(long).for_each(|(length, long)| *length = long);
    Ok(lengths)
}

impl Hermite {
    fn native(&self, shape: [usize; 3]) -> Native {
        let orders = shape.map(|length| length.min(self.params.orders as usize));
        Native { shape, orders, volume: self.params.volume_element }
    }

    /// The Maxwellian that target `native` expands around, in coordinates from 0 to the length of each axis, both ends
    /// among the values.
    ///
    /// # Errors
    /// `Unsupported` for 64-bit integers, more than three axes, and arrays without values.
    pub fn maxwellian(&self, input: TensorRef<'_>) -> Result<Maxwellian, Error> {
        if input.is_empty() {
            return Err(Error::unsupported("a fit needs values"));
        }
        let native = self.native(box_of(input.shape())?);
        for_exact!(TensorRef, input, view => {
            let data: Vec<f64> = view.data().iter().map(|value| value.to_f64()).collect();
            Ok(native.fit(&data))
        })
    }
}

#[cfg(test)]
mod tests;
