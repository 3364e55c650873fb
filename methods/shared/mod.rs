//! Pure building blocks for methods. What two methods need stands here, never in one of them.

mod missing;
pub mod varint;
