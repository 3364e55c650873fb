//! Block DCT: the cosine transform in blocks along every axis, its coefficients quantised and entropy-coded.
//!
//! Blocks of any length between two thirds and three halves of the one asked for, so that nothing is padded; the means
//! of the blocks are transformed again. Under target `native` it does what the seed did: pad with zeros, keep the
//! lowest coefficients of every block unquantised, and promise nothing.

mod blocks;
mod keep;
mod kernel;
mod passes;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{Capabilities, Compressor, DType, Error, Method, Section, Target, TensorMut, TensorRef};
use crate::for_exact;
use crate::shared::Goal;
use crate::shared::axes::Axes;
use crate::shared::subband::{self, Variants};
use crate::shared::{exact, tiles};
use blocks::BlockTransform;
use keep::Keep;

/// Parameters of `block-dct`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Values along each axis of a block, about: 4, 8 or 16; 0: whichever takes the fewest bytes (target `native`: 8).
    pub block: u8,
    /// Target `native`: coefficients kept along each axis of a block, the lowest ones; 0: half of them.
    #[schemars(range(max = 16))]
    pub keep: u8,
    /// Axes that are transformed: `all`, or numbers joined by `+`.
    pub axes: Axes,
}

/// See the module.
#[derive(Debug)]
pub struct BlockDct {
    params: Params,
    /// `None` where coefficients are kept rather than quantised.
    goal: Option<Goal>,
}

/// Lengths that the encoder tries where none is asked for: the first ones on arrays of any size, the others on small ones.
const BLOCKS: [usize; 7] = [8, 4, 16, 5, 6, 10, 12];
const FIRST: u8 = 3;

impl Method for BlockDct {
    const ID: &'static str = "block-dct";
    const FORMAT: u8 = 6;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "cosine transform in blocks; coefficients quantised and entropy-coded under contexts",
        exact::APPROXIMATED,
    )
    .with_logarithms();
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        if ![0, 4, 8, 16].contains(&params.block) {
            return Err(Error::invalid("block", format!("must be 0 (automatic), 4, 8 or 16, got {}", params.block)));
        }
        let goal = Goal::of(target);
        if goal.is_some() && params.keep != 0 {
            return Err(Error::invalid(
                "keep",
                "is for target `native` only: under a bound, bytes decide what is kept",
            ));
        }
        let block = if params.block == 0 { 8 } else { params.block };
        if params.keep > block {
            return Err(Error::invalid("keep", format!("must be at most block={block}, got {}", params.keep)));
        }
        Ok(BlockDct { params, goal })
    }

    fn grid() -> Vec<Params> {
        [0, 4, 8, 16].into_iter().map(|block| Params { block, ..Params::default() }).collect()
    }
}

impl Compressor for BlockDct {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = input.shape().to_vec();
        let axes = self.axes(&shape)?;
        for_exact!(TensorRef, input, view => match self.goal {
            Some(goal) => subband::compress(view.data(), &shape, goal, (&self.variants(), self.plan(&axes)), payload),
            None => {
                self.keep(&shape, &axes).compress(view.data(), payload);
                Ok(())
            }
        })
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = output.shape().to_vec();
        let axes = self.axes(&shape)?;
        for_exact!(TensorMut, output, view => match self.goal {
            Some(goal) => subband::decompress(payload, &shape, goal, (&self.variants(), self.plan(&axes)), view.into_data()),
            None => self.keep(&shape, &axes).decompress(payload, view.into_data()),
        })
    }

    fn sections(&self, _dtype: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        Ok(vec![("coefficients", payload.len())])
    }
}

impl BlockDct {
    /// The chosen axes of the shape without its unit axes.
    fn axes(&self, shape: &[usize]) -> Result<Vec<usize>, Error> {
        Ok(tiles::squeeze_axes(shape, &self.params.axes.resolve(shape.len())?))
    }

    fn variants(&self) -> Variants {
        match self.params.block {
            0 => Variants { first: FIRST, radices: vec![BLOCKS.len() as u8] },
            _ => Variants { first: 1, radices: vec![1] },
        }
    }

    fn plan<'a>(&self, axes: &'a [usize]) -> impl Fn(u8, &[usize]) -> BlockTransform + use<'a> {
        let block = usize::from(self.params.block);
        move |variant: u8, shape: &[usize]| {
            let block = if block == 0 { BLOCKS[usize::from(variant)] } else { block };
            BlockTransform::new(shape, axes, block)
        }
    }

    fn keep(&self, shape: &[usize], axes: &[usize]) -> Keep {
        let block = if self.params.block == 0 { 8 } else { usize::from(self.params.block) };
        let keep = if self.params.keep == 0 { block / 2 } else { usize::from(self.params.keep) };
        Keep::new(tiles::squeeze(shape), axes, block, keep)
    }
}

#[cfg(test)]
mod tests;
