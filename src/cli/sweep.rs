//! `codecbench sweep`: plan, run, record, render.

mod again;
mod build;
mod data;
mod environment;
mod executor;
mod output;
mod progress;
mod suspect;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use super::print;
use super::raw::RawArgs;
use crate::plan::{Isolation, Limits, Plan, Recipe, TimingPlan, narrow_methods, plan, select_methods};
use crate::record::{Record, Status};
use crate::run::executor::silence_method_panics;
use crate::run::{Finished, Settings, Stopwatch, sweep};
use crate::spec::TargetSpec;
pub(super) use again::{Source, again};
use data::Data;
use output::{Conditions, Output, Silent};
use progress::Progress;
use suspect::{account, flagged};

/// What runs when no recipe is named.
const REFERENCE: &str = "reports/reference/sweep.toml";

/// Where the rows go when flags change what the recipe names: they are no longer the recipe's report.
const SCRATCH: &str = "reports/scratch";

/// Plan, run, record, render
///
/// Without a recipe, regenerates the reference report from embedded data. A sweep that was stopped goes on where it was.
#[derive(Args, Clone, Debug, Default)]
#[command(
    after_help = "Example: codecbench sweep --dataset 'gen-*' --method zlib:level=1..9 --target lossless --out reports/zlib"
)]
pub struct SweepArgs {
    /// Recipe [default: reports/reference/sweep.toml]
    recipe: Option<PathBuf>,
    /// Data sets: a glob over names, or a path; narrows or replaces what the recipe names
    #[arg(long = "dataset", value_name = "GLOB|PATH")]
    datasets: Vec<String>,
    /// Methods: a glob over names, or a spec like `zlib:level=1,9`; narrows or replaces what the recipe names
    #[arg(long = "method", value_name = "GLOB|SPEC")]
    methods: Vec<String>,
    /// Targets like `lossless`, `rel=1e-2..1e-4`, `psnr=60`; replaces what the recipe names
    #[arg(long = "target", value_name = "SPEC")]
    targets: Vec<String>,
    /// Folder of the report [default: the recipe's; `reports/scratch` where flags change what it names]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Cells side by side [default: one per core]; one while timing
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Threads that a method may use
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,
    /// Methods that run in a process of their own: `auto` (those that rest on native code), `all` or `none`
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_value = "auto", default_missing_value = "all")]
    isolate: Isolation,
    /// Print the plan and stop
    #[arg(long)]
    list: bool,
    /// Run each cell once, untimed, compress twice and compare; write nothing
    #[arg(long, conflicts_with_all = ["list", "time"])]
    verify: bool,
    /// Ignore the cells that an earlier sweep finished
    #[arg(long)]
    fresh: bool,
    /// Download data that is not here
    #[arg(long)]
    fetch: bool,
    /// Time every cell, and write timings.csv and environment.json
    #[arg(long)]
    time: bool,
    /// Order in which cells are timed [default: the recipe's]
    #[arg(long, value_name = "N", requires = "time")]
    seed: Option<u64>,
    /// Print errors only
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    raw: RawArgs,
}

/// The arguments with everything that they name looked up.
struct Job {
    plan: Plan,
    out: PathBuf,
    settings: Settings,
    limits: Limits,
}

/// Runs the verb.
///
/// # Errors
/// Anything that stopped the work: a bad recipe or flag, broken data, a file that cannot be written.
pub fn run(args: &SweepArgs) -> Result<ExitCode> {
    let recipe = read_recipe(args)?;
    let mut data = Data::open(args)?;
    let job = prepare(args, recipe, &mut data)?;
    if args.list {
        print(&list(&job.plan))?;
        return Ok(ExitCode::SUCCESS);
    }
    silence_method_panics();
    if args.verify { verify(args, &job, data) } else { report(args, &job, data) }
}

fn read_recipe(args: &SweepArgs) -> Result<Recipe> {
    let replaced = !args.datasets.is_empty() && !args.methods.is_empty() && !args.targets.is_empty();
    let path = match &args.recipe {
        Some(path) => path.as_path(),
        // Flags that name everything need no recipe.
        None if replaced && !Path::new(REFERENCE).exists() => return Ok(Recipe::default()),
        None => Path::new(REFERENCE),
    };
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("cannot read the recipe {}; name one: `codecbench sweep RECIPE.toml`", path.display())
    })?;
    Recipe::parse(&text, &path.display().to_string())
}

fn prepare(args: &SweepArgs, recipe: Recipe, data: &mut Data) -> Result<Job> {
    let subjects = data.subjects(&recipe.datasets, recipe_folder(args), &args.datasets)?;
    let methods = narrow_methods(&select_methods(&recipe.methods)?, &args.methods)?;
    let targets = match args.targets.is_empty() {
        true => recipe.target_specs()?,
        false => args.targets.iter().map(|text| TargetSpec::parse(text)).collect::<Result<Vec<_>>>()?.concat(),
    };
    let plan = plan(subjects, &methods, &targets, &recipe.exclude)?;
    let enabled = args.time || recipe.timing.enabled;
    let timing = TimingPlan { enabled, seed: args.seed.unwrap_or(recipe.timing.seed), ..recipe.timing };
    let timing = Some(timing).filter(|timing| timing.enabled && !args.verify);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let settings = Settings { jobs: args.jobs.map_or(cores, usize::from), threads: args.threads.into(), timing };
    Ok(Job { plan, out: folder(args), settings, limits: recipe.limits })
}

fn folder(args: &SweepArgs) -> PathBuf {
    let changed = !(args.datasets.is_empty() && args.methods.is_empty() && args.targets.is_empty());
    match (&args.out, changed) {
        (Some(out), _) => out.clone(),
        (None, true) => PathBuf::from(SCRATCH),
        (None, false) => recipe_folder(args).to_path_buf(),
    }
}

fn recipe_folder(args: &SweepArgs) -> &Path {
    let recipe = args.recipe.as_deref().unwrap_or(Path::new(REFERENCE));
    recipe.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A line per cell, and the sum.
fn list(plan: &Plan) -> String {
    let mut text = String::new();
    for cell in &plan.cells {
        let skip = cell.skip.as_ref().map(|reason| format!("  # unsupported: {reason}")).unwrap_or_default();
        text += &format!("{}  {}  {}{skip}\n", plan.subjects[cell.subject].name, cell.label(), cell.target);
    }
    let run = plan.cells.iter().filter(|cell| cell.skip.is_none()).count();
    text + &format!("# {} cells, {run} to run\n", plan.cells.len())
}

fn verify(args: &SweepArgs, job: &Job, data: Data) -> Result<ExitCode> {
    let records = silent(args, job, data)?;
    summarise(args, &records, None);
    let broken = records.iter().filter(|record| is_broken(record)).count();
    Ok(if broken > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn report(args: &SweepArgs, job: &Job, data: Data) -> Result<ExitCode> {
    let stopwatch = Stopwatch::start();
    let progress = Progress::new(job.plan.cells.len(), args.quiet);
    let conditions = Conditions { fresh: args.fresh, isolation: args.isolate, limits: job.limits };
    let (mut host, finished) = Output::open(&job.out, data, progress, &job.settings, conditions)?;
    let executor = executor::executor(args.isolate, job.limits)?;
    let (records, timings) = sweep(&job.plan, &*executor, &job.settings, &finished, &mut host)?;
    host.finish(&job.settings, &records, &timings)?;
    summarise(args, &records, Some(&job.out));
    if job.settings.timing.is_some() && !args.quiet {
        tell(&flagged(&timings));
        tell(&account(&stopwatch.spent()));
    }
    Ok(ExitCode::SUCCESS)
}

/// The rows that a recipe gives now, untimed. Nothing is written.
///
/// # Errors
/// Anything that stopped the work.
pub(super) fn measure(recipe: &Path, quiet: bool) -> Result<Vec<Record>> {
    let args = SweepArgs { recipe: Some(recipe.to_path_buf()), threads: 1, quiet, ..SweepArgs::default() };
    let mut data = Data::open(&args)?;
    let mut job = prepare(&args, read_recipe(&args)?, &mut data)?;
    job.settings.timing = None;
    silence_method_panics();
    silent(&args, &job, data)
}

/// Sweeps without a report.
fn silent(args: &SweepArgs, job: &Job, data: Data) -> Result<Vec<Record>> {
    let executor = executor::executor(args.isolate, job.limits)?;
    let progress = Progress::new(job.plan.cells.len(), args.quiet);
    let mut host = Silent { data, progress };
    let (records, _) = sweep(&job.plan, &*executor, &job.settings, &Finished::default(), &mut host)?;
    host.progress.end();
    Ok(records)
}

fn is_broken(record: &Record) -> bool {
    !matches!(record.status, Status::Ok | Status::Unsupported)
}

/// How many rows of each status there are, and what is broken.
fn summarise(args: &SweepArgs, records: &[Record], out: Option<&Path>) {
    if args.quiet {
        return;
    }
    for record in records.iter().filter(|record| is_broken(record)) {
        tell(&format!("{}: {}: {}", record.status, record.label(), record.reason));
    }
    let count = |status: Status| records.iter().filter(|record| record.status == status).count();
    let counts: Vec<_> = Status::ALL.iter().map(|&status| (status, count(status))).collect();
    let counts: Vec<_> = counts.iter().filter(|(_, n)| *n > 0).map(|(status, n)| format!("{n} {status}")).collect();
    let place = out.map(|out| format!(" in {}", out.display())).unwrap_or_default();
    tell(&format!("{} rows{place}: {}", records.len(), counts.join(", ")));
}

/// A line on stderr. Nobody listening is no reason to stop.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
