//! The figures that the seed documents printed, reproduced where their data is present.
//!
//! Pictures and the sample VDF are not ours to ship: they are looked for in the folders of `CODECBENCH_DATA`.

mod adaptive_grid;
mod coherence;
mod files;
mod haar_pair;
mod transforms;
