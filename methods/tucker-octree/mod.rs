//! A tree of boxes, each with a Tucker decomposition of what those above it leave.
//!
//! After T-Octree (cschpc/tucker-octree): decompose a box with few columns per mode, take that off, halve the box along
//! every axis, go on with what is left. Here numbers are quantised before they are taken off, so that boxes make up for
//! it, a box is decomposed or split only where that pays, and under a bound the last errors are coded as well.

mod search;
mod tree;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Section, Target, TargetKind, TargetRow, TensorMut,
    TensorRef,
};
use crate::for_exact;
use crate::shared::tucker::Field;
use crate::shared::{exact, tiles};
use search::Forest;

/// Parameters of `tucker-octree`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Most columns of a mode in any box; 0: whichever of several numbers is cheapest.
    #[schemars(range(max = 160))]
    pub rank: usize,
}

/// See the module.
#[derive(Debug)]
pub struct TuckerOctree {
    params: Params,
    target: Target,
}

impl Method for TuckerOctree {
    const ID: &'static str = "tucker-octree";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "octree of Tucker decompositions, each of what the boxes above leave",
        &[
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, exact::TYPES),
            TargetRow::new(TargetKind::Rmse, Promise::Approximate, exact::TYPES),
        ],
    )
    .ranks(2, 4);
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        if params.rank > 160 {
            return Err(Error::invalid("rank", format!("must be at most 160 (0: automatic), got {}", params.rank)));
        }
        Ok(TuckerOctree { params, target })
    }

    fn grid() -> Vec<Params> {
        vec![Params::default(), Params { rank: 2 }]
    }
}

impl Compressor for TuckerOctree {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let forest = self.forest(input.shape());
        for_exact!(TensorRef, input, view => {
            payload.extend(forest.compress(view.data()));
            Ok(())
        })
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let forest = self.forest(output.shape());
        for_exact!(TensorMut, output, view => forest.decompress(payload, view.into_data()))
    }

    fn sections(&self, _dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(vec![("boxes and residual", payload.len())])
    }
}

impl TuckerOctree {
    fn forest(&self, shape: &[usize]) -> Forest {
        let field = Field { shape: tiles::squeeze(shape), target: self.target };
        Forest { field, rank: self.params.rank }
    }
}

#[cfg(test)]
mod tests;
