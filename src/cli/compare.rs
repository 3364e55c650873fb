//! `codecbench compare`: pictures of an array beside what comes back from it.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use codecbench_methods::api::{Element, Tensor};
use codecbench_methods::for_dtype;

use super::compress::load;
use super::print;
use super::raw::RawArgs;
use crate::dataset::{Dataset, Kind};
use crate::frame;
use crate::metrics::Metric;
use crate::plan::{Subject, plan};
use crate::record::{Record, write_atomically};
use crate::render::significant;
use crate::render::volume::{Comparison, picture};
use crate::run::compress;
use crate::spec::{MethodSpec, TargetSpec};

/// Draw an array of three axes beside what comes back from it
///
/// Slices and discrete Laplacians in three planes through the largest value, and iso-surfaces, one PNG per method and
/// target. Made for velocity distributions: colours follow logarithms.
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench compare gen-vdf-3d --method wavelet --target l2=.02 --out vdf.png")]
pub struct CompareArgs {
    /// Method and parameters, as in `block-dct:block=8`; repeatable
    #[arg(long, value_name = "ID[:K=V...]", required = true)]
    method: Vec<String>,
    /// Target, as in `l2=.02`, `rel=1e-4`, `native`; repeatable
    #[arg(long, value_name = "SPEC", required = true)]
    target: Vec<String>,
    /// The PNG to write; a folder where there are several methods or targets
    #[arg(long, short, value_name = "PATH")]
    out: PathBuf,
    /// Which distribution of a stack, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    at: usize,
    #[command(flatten)]
    raw: RawArgs,
    /// Threads that the method may use
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,
    /// Print errors only
    #[arg(long, short)]
    quiet: bool,
    /// What to draw: the name of a data set, a manifest, or a file
    #[arg(value_name = "IN")]
    input: String,
}

/// Compresses, decompresses and draws.
///
/// # Errors
/// An input, method or target that does not read, an array that has not three axes, a method that does not take it, or an
/// output that cannot be written.
pub fn run(args: &CompareArgs) -> Result<ExitCode> {
    let methods = each(&args.method, MethodSpec::parse)?;
    let targets = each(&args.target, TargetSpec::parse)?;
    let dataset = entry(load(&args.input, &args.raw)?, args.at)?;
    let subject = Subject { name: dataset.name.clone(), ..Subject::default() }.with(&dataset);
    let plan = plan(vec![subject], &methods, &targets, &[])?;
    let original = Scene::new(&dataset, &dataset.tensor)?;
    for cell in &plan.cells {
        let label = cell.label();
        let name = format!("{label}, {}", cell.target);
        if let Some(reason) = &cell.skip {
            bail!("{name}: {reason}");
        }
        let framed = compress(cell, &plan.subjects[0], &dataset, usize::from(args.threads))?;
        let frame = framed.frame.with_context(|| format!("{name}: {}", framed.record.reason))?;
        let decoded = Scene::new(&dataset, &frame::decode(&frame).context("the frame just written")?)?;
        let comparison = Comparison {
            title: format!("{}: {name}", dataset.name),
            facts: facts(&framed.record),
            axes: original.axes.clone(),
            shape: original.shape,
            spacing: original.spacing,
            original: &original.values,
            decoded: &decoded.values,
            threshold: dataset.sparsity_threshold,
        };
        let path = if plan.cells.len() == 1 { args.out.clone() } else { args.out.join(file_name(&name)) };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        write_atomically(&path, &picture(&comparison))?;
        if !args.quiet {
            print(&format!("{}\n", path.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn each<T>(texts: &[String], parse: impl Fn(&str) -> Result<Vec<T>>) -> Result<Vec<T>> {
    let lists = texts.iter().map(|text| parse(text)).collect::<Result<Vec<_>>>()?;
    Ok(lists.into_iter().flatten().collect())
}

fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.=".contains(c) { c } else { '_' };
    format!("{}.png", name.replace(", ", "_").chars().map(plain).collect::<String>())
}

/// Three axes of an array, ready to be drawn.
struct Scene {
    shape: [usize; 3],
    spacing: [f64; 3],
    axes: [String; 3],
    values: Vec<f64>,
}

/// One distribution of a stack as a data set of its own; anything else as it is.
fn entry(dataset: Dataset, at: usize) -> Result<Dataset> {
    if !dataset.stack {
        ensure!(at == 0, "--at {at}: {} is no stack", dataset.name);
        return Ok(dataset);
    }
    let stack = dataset.tensor.shape().first().copied().unwrap_or(0);
    ensure!(at < stack, "--at {at}: {} has {stack}, counted from 0", dataset.name);
    let tensor = for_dtype!(Tensor, &dataset.tensor, array => {
        Tensor::from(array.index_axis(ndarray::Axis(0), at).as_standard_layout().into_owned())
    });
    let spacing = dataset.velocity_spacing.map(|spacing| spacing.into_iter().skip(1).collect());
    Ok(Dataset { name: format!("{}, {at}", dataset.name), tensor, velocity_spacing: spacing, stack: false, ..dataset })
}

impl Scene {
    fn new(dataset: &Dataset, tensor: &Tensor) -> Result<Self> {
        let &[z, y, x] = tensor.shape() else {
            bail!("{}: {:?}: only arrays of three axes can be drawn", dataset.name, tensor.shape());
        };
        let shape = [z, y, x];
        ensure!(shape.iter().all(|&length| length > 0), "{}: there is nothing to draw", dataset.name);
        let values = for_dtype!(Tensor, tensor, array => array.iter().map(|value| Element::to_f64(*value)).collect());
        let spacing = dataset.velocity_spacing.as_ref().and_then(|spacing| spacing[..].try_into().ok());
        let names = if dataset.kind == Kind::Vdf { ["vz", "vy", "vx"] } else { ["z", "y", "x"] };
        Ok(Scene { shape, spacing: spacing.unwrap_or([1.0; 3]), axes: names.map(String::from), values })
    }
}

/// What it cost and how good it is.
fn facts(record: &Record) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or("-".to_string(), |value| significant(value, 3));
    let metric = |metric| number(record.metrics.get(metric));
    vec![
        format!("status: {}", record.status),
        format!("payload: {} B", record.payload_bytes.unwrap_or(0)),
        format!("ratio: {}", number(record.ratio)),
        format!("ratio to sparse: {}", number(record.sparse_ratio)),
        format!("relative L2: {}", metric(Metric::L2Rel)),
        format!("largest error: {}", metric(Metric::MaxAbsErr)),
        format!("density error: {}", metric(Metric::DensityErr)),
        format!("velocity error: {}", metric(Metric::VelocityErr)),
        format!("temperature error: {}", metric(Metric::TemperatureErr)),
        format!("negative mass: {}", metric(Metric::NegativeMass)),
    ]
}
