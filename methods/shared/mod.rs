//! Pure building blocks for methods. What two methods need stands here, never in one of them.

pub mod axes;
pub mod bits;
pub mod blocks;
pub mod deflate;
pub mod entropy;
pub mod exact;
mod goal;
pub mod lattice;
pub mod least_squares;
pub mod linalg;
mod missing;
pub mod mixing;
pub mod multilevel;
pub mod parallel;
pub mod parts;
pub mod pco;
pub mod picture;
pub mod predictive;
pub mod range;
pub mod raster;
pub mod real;
mod relative;
pub mod residual;
pub mod sealed;
pub mod shuffle;
pub mod simd;
pub mod squares;
pub mod subband;
#[cfg(test)]
pub(crate) mod testing;
pub mod tiles;
pub mod tucker;
pub mod varint;
pub mod wavelet;
pub mod zstd;

pub use goal::Goal;
