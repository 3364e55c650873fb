//! `codecbench decompress`: a standalone file back into an array.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use codecbench_methods::for_dtype;
use ndarray_npy::WriteNpyExt;

use super::compress::refuse_same_file;
use crate::frame;
use crate::record::write_atomically;

/// Decompress a standalone file into an array
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench decompress field.cbf field.npy")]
pub struct DecompressArgs {
    /// Write the elements alone, little endian, C order, instead of an npy file
    #[arg(long)]
    raw: bool,
    /// The file to read
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The file to write
    #[arg(value_name = "OUT")]
    output: PathBuf,
}

/// Decompresses.
///
/// # Errors
/// A file that cannot be read or is no intact frame, or an output that cannot be written. Nothing is written then.
pub fn run(args: &DecompressArgs) -> Result<ExitCode> {
    refuse_same_file(&args.input, &args.output)?;
    let bytes = fs::read(&args.input).with_context(|| format!("cannot read {}", args.input.display()))?;
    let tensor = frame::decode(&bytes).with_context(|| args.input.display().to_string())?;
    let mut output = Vec::new();
    if args.raw {
        tensor.view().write_le(&mut output);
    } else {
        for_dtype!(Tensor, &tensor, array => array.write_npy(&mut output))?;
    }
    write_atomically(&args.output, &output)?;
    Ok(ExitCode::SUCCESS)
}
