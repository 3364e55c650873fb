//! `codecbench compress`: one array into one standalone file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use super::print;
use super::raw::RawArgs;
use crate::dataset::Dataset;
use crate::dataset::catalogue::Catalogue;
use crate::metrics::Metric;
use crate::plan::{Subject, plan};
use crate::record::{Record, Status, write_atomically};
use crate::run::compress;
use crate::spec::{MethodSpec, TargetSpec};

/// Compress one array into a standalone file
///
/// The file is decoded and compared with the original before it is written: a promise that was not kept writes nothing.
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench compress --method adaptive-grid --target rel=1e-3 field.npy field.cbf")]
pub struct CompressArgs {
    /// Method and parameters, as in `zlib:level=9`
    #[arg(long, value_name = "ID[:K=V...]")]
    method: String,
    /// Target, as in `lossless`, `abs=1e-3`, `rel=1e-4`, `psnr=60`, `ratio=20`
    #[arg(long, value_name = "SPEC")]
    target: String,
    #[command(flatten)]
    raw: RawArgs,
    /// Threads that the method may use
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,
    /// Print errors only
    #[arg(long, short)]
    quiet: bool,
    /// What to compress: the name of a data set, a manifest, or a file (npy, npz, PNG, y4m, VLSV, raw)
    #[arg(value_name = "IN")]
    input: String,
    /// The file to write
    #[arg(value_name = "OUT")]
    output: PathBuf,
}

/// Compresses.
///
/// # Errors
/// An input, method or target that does not read, a method that fails or breaks its promise, an output that cannot be
/// written. Nothing is written then.
pub fn run(args: &CompressArgs) -> Result<ExitCode> {
    let method = one(MethodSpec::parse(&args.method)?, "--method", &args.method)?;
    let target = TargetSpec::parse_one(&args.target)?;
    refuse_same_file(Path::new(&args.input), &args.output)?;
    let dataset = load(&args.input, &args.raw)?;
    let subject = Subject { name: dataset.name.clone(), ..Subject::default() }.with(&dataset);
    let plan = plan(vec![subject], &[method], &[target], &[])?;
    let (cell, subject) = (&plan.cells[0], &plan.subjects[0]);
    if let Some(reason) = &cell.skip {
        bail!("{}: {reason}", args.method);
    }
    let framed = compress(cell, subject, &dataset, usize::from(args.threads))?;
    let record = &framed.record;
    ensure!(record.status == Status::Ok, "{}: {}: {}", args.method, record.status, record.reason);
    let frame = framed.frame.with_context(|| format!("{}: no payload", args.method))?;
    write_atomically(&args.output, &frame)?;
    if !args.quiet {
        print(&summary(record, frame.len()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The one data set that an input names.
pub(super) fn load(input: &str, raw: &RawArgs) -> Result<Dataset> {
    let catalogue = Catalogue::open()?;
    let manifest = one(catalogue.select(&[input.to_string()], &raw.hint()?)?, "IN", input)?;
    Ok(catalogue.load(&manifest)?)
}

fn one<T>(mut found: Vec<T>, what: &str, text: &str) -> Result<T> {
    ensure!(found.len() == 1, "{what} {text:?} names {} things; name one", found.len());
    found.pop().context("one thing was found")
}

/// Refuses to overwrite the input: a failed write must not cost the data.
pub(super) fn refuse_same_file(input: &Path, output: &Path) -> Result<()> {
    let same = input.canonicalize().ok().zip(output.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    ensure!(!same, "{} is the input; choose another output", output.display());
    Ok(())
}

fn summary(record: &Record, frame_bytes: usize) -> String {
    let ratio = record.ratio.map_or("-".to_string(), |ratio| format!("{ratio:.3}"));
    let error = record.metrics.get(Metric::MaxAbsErr).map_or("-".to_string(), |error| format!("{error:.4e}"));
    let (input, payload) = (record.input_bytes.unwrap_or(0), record.payload_bytes.unwrap_or(0));
    format!("{input} bytes -> {frame_bytes} (payload {payload}, ratio {ratio}), largest error {error}\n")
}
