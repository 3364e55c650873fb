//! Closed-loop predictive coding by context mixing: tries forms of the values and predictors on samples of the data at
//! hand, and codes with the best. What `hybrid` and `adaptive-grid` have in common.
//!
//! Values are kept as they are and their residuals quantised in a closed loop, or first put on a lattice, or replaced by
//! indices into a palette. Every bound is strict. `SPEC.md` has the details.

mod around;
mod choose;
mod encode;
mod fit;
mod interpolation;
mod lorenzo;
mod mixed;
mod palette;
mod payload;
mod plan;
mod raster;
mod repeats;
mod symbols;
mod tensors;

pub use palette::Palette;
pub use tensors::{compress, decompress, narrow, widen};

/// Most axes that Lorenzo's rule takes together: it looks at two to the power of them.
const MOST_AXES: usize = 4;

/// How much is made of every residual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Four contexts.
    Four,
    /// Nine contexts, and a longer search.
    Nine,
}

/// An array, and what may be tried on it.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Without axes of length 1; one axis at least.
    pub shape: &'a [usize],
    /// Largest error, in the unit of the data.
    pub bound: f64,
    /// How much is made of every residual.
    pub detail: Detail,
}

/// What an encoder may predict by.
#[derive(Clone, Copy, Debug)]
pub enum Predictors<'a> {
    /// All there are.
    All,
    /// Interpolation between grids that halve some of these axes, ascending.
    Grids(&'a [usize]),
}
