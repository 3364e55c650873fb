//! Tucker decomposition of a box of values: orthonormal factors and a core, quantised and coded under mixed contexts.
//!
//! Tucker 1966; by the higher-order SVD (De Lathauwer, De Moor and Vandewalle 2000). `SPEC.md` has the bytes.

mod coding;
mod decompose;
mod field;
mod frame;
pub mod modes;

pub use coding::{BIT, Mode, Models};
pub use decompose::{Analysis, Choice, Coded, Effort, ROUNDINGS, SCALES};
pub use field::{Field, finite};
