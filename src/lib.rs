//! The harness: data sets, metrics, plan, run, record, render. The methods live in `codecbench-methods`.

pub mod analyze;
pub mod cli;
pub mod dataset;
pub mod frame;
pub mod gate;
pub mod metrics;
pub mod plan;
pub mod record;
pub mod render;
pub mod run;
pub mod spec;
