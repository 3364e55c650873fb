//! Error metrics between an original tensor and its reconstruction.
//!
//! Pure functions: no clock, no I/O. Non-finite values are compared by class, then left out of sums.

mod summary;
mod table;

pub use summary::Summary;
pub use table::{METRIC_VERSION, Metric, Metrics};
