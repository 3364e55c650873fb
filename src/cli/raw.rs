//! `--shape` and `--dtype`: the layout of files that don't describe themselves.

use anyhow::{Context, Result};
use clap::Args;
use codecbench_methods::api::DType;

use crate::dataset::catalogue::RawHint;

/// Layout of a raw file.
#[derive(Args, Clone, Debug, Default)]
pub struct RawArgs {
    /// Axis lengths of a raw file, slowest first, as in `50x100x100`
    #[arg(long, value_name = "NxM", requires = "dtype")]
    shape: Option<String>,
    /// Element type of a raw file, as in `float32`
    #[arg(long, value_name = "TYPE", requires = "shape")]
    dtype: Option<String>,
}

impl RawArgs {
    /// The layout as the catalogue takes it.
    ///
    /// # Errors
    /// A shape or element type that does not read.
    pub fn hint(&self) -> Result<RawHint> {
        let shape = self.shape.as_deref().map(axis_lengths).transpose()?;
        let dtype = self.dtype.as_deref().map(|name| name.parse::<DType>().map_err(anyhow::Error::msg)).transpose()?;
        Ok(RawHint { shape, dtype })
    }
}

fn axis_lengths(text: &str) -> Result<Vec<usize>> {
    let lengths = text.split('x').map(str::parse).collect::<Result<_, _>>();
    lengths.with_context(|| format!("--shape {text:?} is no list of axis lengths; write `50x100x100`"))
}
