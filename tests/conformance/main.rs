//! What every method must do, checked over `METHODS`: a new method is tested before its author writes a test.

mod alloc;
mod capabilities;
mod cases;
mod determinism;
mod hostile;
mod params;
mod round_trip;
mod snapshot;
mod values;
