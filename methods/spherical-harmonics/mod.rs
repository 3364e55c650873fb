//! Spherical harmonics around centres of mass times smooth radial functions, for velocity distributions.
//!
//! All coefficients are fitted to the voxels themselves by least squares (Misner, "Spherical harmonic decomposition on a
//! cubic grid", 2004), quantised for rate and distortion, and coded under contexts; what the fit leaves is coded too
//! where a target is out of its reach. Target `native` does what the seed did: shells of sampled angles.

mod basis;
mod codec;
mod coefficients;
mod encode;
mod fit;
mod frame;
mod harmonics;
mod model;
mod radial;
mod search;
mod seed;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Capabilities, Compressor, DType, Element, Error, Method, Section, Target, TensorMut, TensorRef};
use crate::for_exact;
use crate::shared::Goal;
use crate::shared::exact;
use seed::Shells;

/// Parameters of `spherical-harmonics`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Target `native`: largest degree of the harmonics. Other targets choose their own.
    #[schemars(range(max = 40))]
    pub degree: u32,
    /// Target `native`: number of shells, from the middle to the face of the box.
    #[schemars(range(min = 1, max = 1000))]
    pub shells: u32,
}

impl Default for Params {
    fn default() -> Self {
        Params { degree: 10, shells: 50 }
    }
}

/// See the module.
#[derive(Debug)]
pub struct SphericalHarmonics {
    params: Params,
    target: Target,
}

/// Every voxel takes part in every step of a fit: more would take minutes.
const MOST_VOXELS: usize = 1 << 21;

impl Method for SphericalHarmonics {
    const ID: &'static str = "spherical-harmonics";
    const FORMAT: u8 = 2;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "harmonics around centres times smooth radial functions, fitted to all voxels; for velocity distributions",
        exact::APPROXIMATED,
    )
    .ranks(3, 3);
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        if params.degree > 40 {
            return Err(Error::invalid("degree", format!("must be at most 40, got {}", params.degree)));
        }
        if !(1..=1000).contains(&params.shells) {
            return Err(Error::invalid("shells", format!("must be from 1 to 1000, got {}", params.shells)));
        }
        Ok(SphericalHarmonics { params, target })
    }
}

impl Compressor for SphericalHarmonics {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = boxed(input.shape())?;
        for_exact!(TensorRef, input, view => self.write(view.data(), shape, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = boxed(output.shape())?;
        for_exact!(TensorMut, output, view => self.read(payload, shape, view.into_data()))
    }

    fn sections(&self, _dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(vec![("coefficients", payload.len())])
    }
}

/// The three axes of an array.
fn boxed(shape: &[usize]) -> Result<[usize; 3], Error> {
    let axes = <[usize; 3]>::try_from(shape)
        .map_err(|_| Error::unsupported(format!("{} axes; directions from a centre take three", shape.len())))?;
    if axes.iter().try_fold(1usize, |product, &length| product.checked_mul(length)).is_none_or(|n| n > MOST_VOXELS) {
        return Err(Error::unsupported(format!("{axes:?}; at most {MOST_VOXELS} voxels are fitted")));
    }
    Ok(axes)
}

impl SphericalHarmonics {
    fn shells(&self, shape: [usize; 3]) -> Shells {
        Shells::new(self.params.degree as usize, self.params.shells as usize, shape)
    }

    fn write<T: Element>(&self, data: &[T], shape: [usize; 3], payload: &mut Vec<u8>) -> Result<(), Error> {
        match Goal::of(self.target) {
            Some(goal) => payload.extend(codec::write(data, shape, goal)?),
            None => self.shells(shape).write(data, payload),
        }
        Ok(())
    }

    fn read<T: Element>(&self, payload: &[u8], shape: [usize; 3], data: &mut [T]) -> Result<(), Error> {
        match Goal::of(self.target) {
            Some(goal) => codec::read(payload, shape, goal, data),
            None => {
                let expected = seed::bytes::<T>(self.params.degree as usize, self.params.shells as usize);
                if payload.len() != expected {
                    return Err(Error::corrupt(payload.len(), format!("{expected} bytes expected")));
                }
                self.shells(shape).read(payload, data);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
