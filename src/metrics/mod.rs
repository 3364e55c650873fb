//! Error metrics between an original tensor and its reconstruction.
//!
//! Pure functions: no clock, no I/O. Non-finite values are compared by class, then left out of sums.

mod aligned;
mod axes;
mod between;
mod butterfly;
mod entropy;
mod error;
mod fft;
mod film;
mod filter;
mod flow;
mod lazy;
mod measure;
mod notebook;
mod order;
mod original;
mod picture;
mod ranks;
mod similarity;
mod smooth;
mod sort;
mod source;
mod spare;
mod spectrum;
mod spread;
mod sum;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod transform;
mod velocity;
mod wide;
mod window;

pub use measure::{measure, rmse};
pub use original::Original;
pub use summary::Summary;
pub use table::{METRIC_VERSION, Metric, Metrics};
pub use velocity::moments_err;
