//! Wavelet transforms of arrays: filters, one level along a line, and the pyramid of levels along all axes.

mod filters;
mod gains;
mod lift;
mod line;
mod passes;
mod pyramid;
mod reversible;

pub use filters::Family;
pub use gains::Gains;
pub use line::bank;
pub use pyramid::{Level, Pyramid, choices, levels};
