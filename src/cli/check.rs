//! `codecbench check`: the regression gate.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use super::sweep::measure;
use super::{print, report};
use crate::gate::{Severity, compare, compare_timings, github, markdown, text};
use crate::plan::Recipe;
use crate::record::{
    FolderLock, Record, Status, TimingRecord, read_results, read_timings, results_text, write_atomically,
    write_together,
};

/// Exit code of a gate that failed.
const FAILED: u8 = 1;

/// Compare results with a baseline; fail if a size, an error or a promise got worse
///
/// Without `--results` the baseline's recipe is swept anew, untimed, and nothing is written. Tolerances stand in the
/// baseline's recipe under `[tolerances]`, as relative changes per column.
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench check --baseline reports/reference --format github")]
pub struct CheckArgs {
    /// Folder of the report to compare with
    #[arg(long, value_name = "DIR", required_unless_present = "timings")]
    baseline: Option<PathBuf>,
    /// Compare the times of two timed sweeps instead: folders of reports, or their timings.csv
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["baseline", "results", "bless", "summary"])]
    timings: Vec<PathBuf>,
    /// The machine was under load while `--timings` were taken: judge ratios to memcpy instead of times
    #[arg(long, requires = "timings")]
    loaded: bool,
    /// Folder of the report to judge [default: sweep the baseline's recipe now]
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// How to print what changed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Also append the Markdown to this file
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Make the results the new baseline, unless a promise is broken
    #[arg(long)]
    bless: bool,
    /// Print the verdict only, no progress
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Github,
}

/// Compares.
///
/// # Errors
/// A baseline or results that are not there or do not read: never a pass.
pub fn run(args: &CheckArgs) -> Result<ExitCode> {
    if let [first, second] = args.timings.as_slice() {
        return timings(first, second, args.loaded);
    }
    let folder = args.baseline.as_deref().context("`--baseline` names the report to compare with")?;
    let path = folder.join("results.csv");
    // Before anything is measured: a baseline that is not there costs minutes otherwise.
    let baseline = if args.bless && !path.exists() { Vec::new() } else { rows(&path)? };
    let recipe = folder.join("sweep.toml");
    let now = match &args.results {
        Some(folder) => rows(&folder.join("results.csv"))?,
        None => measure(&recipe, args.quiet)?,
    };
    let verdict = compare(&baseline, &now, &tolerances(&recipe)?)?;
    print(&match args.format {
        Format::Text => text(&verdict),
        Format::Markdown => markdown(&verdict),
        Format::Github => github(&verdict),
    })?;
    if let Some(file) = &args.summary {
        append(file, &markdown(&verdict))?;
    }
    if args.bless {
        bless(folder, &now)?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(if verdict.count(Severity::Regression) > 0 { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

/// Compares two timed sweeps: intervals overlap or medians are within 5 %; under load, ratios to memcpy are within 15 %.
fn timings(first: &Path, second: &Path, loaded: bool) -> Result<ExitCode> {
    let rows = |path: &Path| -> Result<Vec<TimingRecord>> {
        let file = if path.is_dir() { path.join("timings.csv") } else { path.to_path_buf() };
        ensure!(file.is_file(), "no timings at {}; `codecbench sweep --time` writes them", file.display());
        read_timings(&file)
    };
    let found = compare_timings(&rows(first)?, &rows(second)?);
    ensure!(!found.pairs.is_empty(), "{} and {} have no timed cell in common", first.display(), second.display());
    print(&found.text(loaded))?;
    Ok(if found.agrees(loaded) { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn rows(path: &Path) -> Result<Vec<Record>> {
    ensure!(path.is_file(), "no baseline or results at {}; `codecbench sweep` writes them", path.display());
    let rows = read_results(path)?;
    ensure!(!rows.is_empty(), "{} has no rows", path.display());
    Ok(rows)
}

fn tolerances(recipe: &Path) -> Result<BTreeMap<String, f64>> {
    if !recipe.exists() {
        return Ok(BTreeMap::new());
    }
    let text = fs::read_to_string(recipe).with_context(|| format!("cannot read {}", recipe.display()))?;
    Ok(Recipe::parse(&text, &recipe.display().to_string())?.tolerances)
}

fn append(file: &Path, page: &str) -> Result<()> {
    let old = if file.exists() { fs::read(file)? } else { Vec::new() };
    write_atomically(file, &[old, page.as_bytes().to_vec()].concat())
}

/// Writes the rows, and the page and figures that belong to them.
fn bless(folder: &Path, now: &[Record]) -> Result<()> {
    let broken = now.iter().filter(|record| !matches!(record.status, Status::Ok | Status::Unsupported)).count();
    ensure!(broken == 0, "{broken} cells are broken; a baseline keeps its promises. Nothing was blessed");
    let _lock = FolderLock::take(folder)?;
    let mut files = report::rendered(folder, now, &report::timings(folder)?)?;
    files.push(("results.csv".into(), results_text(now).into_bytes()));
    write_together(folder, &files)?;
    report::remove_stale(folder, &files)
}
