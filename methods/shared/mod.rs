//! Pure building blocks for methods. What two methods need stands here, never in one of them.

pub mod axes;
pub mod bits;
pub mod deflate;
pub mod entropy;
mod missing;
pub mod range;
pub mod shuffle;
pub mod varint;
