//! The regression gate: rows of now against rows of a baseline. Pure: what to compare comes in, what changed goes out.

mod compare;
mod format;

pub use compare::{Change, Severity, Verdict, compare};
pub use format::{github, markdown, text};
