//! Closed-loop prediction from nested grids: levels and parity classes, interpolation, feedback of errors, and the
//! quantiser of what is left (Zhao et al., "Optimizing error-bounded lossy compression for scientific data by dynamic
//! spline interpolation", ICDE 2021). `adaptive-grid`'s SPEC has the details.

mod feedback;
mod grid;
mod interpolate;
mod levels;
mod quantiser;

pub use feedback::{Errors, Feedback, SHARE_BITS};
pub use grid::{Class, Grid, Row};
pub use interpolate::{Rule, better_rule, predict, predict_from_coarse};
pub use levels::{TIGHTENING, TRIM_UNITS, largest, quantisers, trim};
pub use quantiser::{ESCAPE, Quantiser, ROUNDER, Sample};
