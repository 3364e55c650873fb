//! Pure building blocks for methods. What two methods need stands here, never in one of them.

pub mod axes;
mod missing;
pub mod varint;
