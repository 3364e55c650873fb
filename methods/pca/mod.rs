//! Principal components along every axis: a core and orthonormal factors, all of it counted.
//!
//! The Tucker decomposition (Tucker 1966) by the higher-order SVD (De Lathauwer, De Moor and Vandewalle 2000). Factors
//! are quantised first, as cosines in a frame that leaves out what orthogonality tells anyway; the core is what the
//! decoded factors project, so that it makes up for them. Form `matrix` adapts one axis alone, which is principal
//! component analysis of its slices. Target `native` stores plain numbers, as the seed counted them or should have.

mod native;
mod plan;
mod search;
mod stream;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Capabilities, Compressor, DType, Error, Method, Section, Target, TensorMut, TensorRef};
use crate::for_exact;
use crate::shared::tucker::Field;
use crate::shared::{exact, tiles};
use native::Native;
use stream::Stream;

/// Which axes get principal axes of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// All of them.
    #[default]
    Tucker,
    /// One, `axis`; the array is seen as a matrix of its slices.
    Matrix,
}

/// Parameters of `pca`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Which axes get principal axes of their own.
    pub form: Form,
    /// Form `matrix`: the axis whose slices are the samples.
    #[schemars(range(max = 3))]
    pub axis: usize,
    /// Most components of an axis; 0: as many as pay under the target, 30 under target `native`.
    #[schemars(range(max = 1024))]
    pub components: usize,
    /// Target `native`: decompose decimal logarithms.
    pub log: bool,
    /// Target `native` with `log`: smaller values count as this one, and come back as zero.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub floor: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { form: Form::Tucker, axis: 0, components: 0, log: false, floor: 1e-16 }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Pca {
    params: Params,
    target: Target,
}

impl Method for Pca {
    const ID: &'static str = "pca";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "principal components along every axis (Tucker) or one; factors and core under mixed contexts",
        exact::APPROXIMATED,
    )
    .ranks(2, 4);
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        if params.axis > 3 {
            return Err(Error::invalid("axis", format!("must be 0 to 3, got {}", params.axis)));
        }
        if params.components > 1024 {
            return Err(Error::invalid("components", format!("must be at most 1024, got {}", params.components)));
        }
        if !(params.floor > 0.0 && params.floor.is_finite()) {
            return Err(Error::invalid("floor", format!("must be a number above 0, got {}", params.floor)));
        }
        if target != Target::Native && params.log {
            return Err(Error::invalid("log", "for target `native` only: a mean error of logarithms is another one"));
        }
        Ok(Pca { params, target })
    }

    fn grid() -> Vec<Params> {
        vec![Params::default(), Params { form: Form::Matrix, ..Params::default() }]
    }
}

impl Compressor for Pca {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = input.shape().to_vec();
        self.check(&shape)?;
        for_exact!(TensorRef, input, view => match self.target {
            Target::Native => self.native(&shape).compress(view.data(), payload),
            _ => {
                self.stream(&shape).compress(view.data(), payload);
                Ok(())
            }
        })
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = output.shape().to_vec();
        self.check(&shape)?;
        for_exact!(TensorMut, output, view => match self.target {
            Target::Native => self.native(&shape).decompress(payload, view.into_data()),
            _ => self.stream(&shape).decompress(payload, view.into_data()),
        })
    }

    fn sections(&self, _dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        let name = if self.target == Target::Native { "scores, components and mean" } else { "factors and core" };
        Ok(vec![(name, payload.len())])
    }
}

impl Pca {
    fn check(&self, shape: &[usize]) -> Result<(), Error> {
        if self.params.form == Form::Matrix && self.params.axis >= shape.len() {
            let reason = format!("{}, but the array has {} axes", self.params.axis, shape.len());
            return Err(Error::invalid("axis", reason));
        }
        Ok(())
    }

    fn stream(&self, shape: &[usize]) -> Stream {
        let squeezed = tiles::squeeze(shape);
        let mut adapted = vec![self.params.form == Form::Tucker; squeezed.len()];
        if self.params.form == Form::Matrix {
            tiles::squeeze_axes(shape, &[self.params.axis]).into_iter().for_each(|axis| adapted[axis] = true);
        }
        let most = if self.params.components == 0 { usize::MAX } else { self.params.components };
        Stream { field: Field { shape: squeezed, target: self.target }, adapted, most }
    }

    fn native(&self, shape: &[usize]) -> Native {
        let Params { form, axis, components, log, floor } = self.params;
        Native {
            shape: shape.to_vec(),
            rows: (form == Form::Matrix).then_some(axis),
            components: if components == 0 { 30 } else { components },
            floor: log.then_some(floor),
        }
    }
}

#[cfg(test)]
mod tests;
