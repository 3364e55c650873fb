//! The regression gate: rows of now against rows of a baseline. Pure: what to compare comes in, what changed goes out.

mod agreement;
mod compare;
mod format;
mod timings;

pub use agreement::{Agreement, Difference, agreement};
pub use compare::{Change, Severity, Verdict, compare};
pub use format::{github, markdown, text};
pub use timings::{Pair, TimingComparison, compare_timings};
