//! `codecbench report`: the pages and pictures of a report again, from its rows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use super::print;
use crate::plan::Recipe;
use crate::record::{FolderLock, Record, TimingRecord, read_results, read_timings, write_together};
use crate::render::{FIGURES, File, Heading, is_ours, report};

/// Render again from the rows, measuring nothing
///
/// Reads results.csv, timings.csv if there is one, and the title in sweep.toml; writes README.md and figures/.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: codecbench report reports/reference")]
pub struct ReportArgs {
    /// Folder of the report
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Runs the verb.
///
/// # Errors
/// A folder without rows, rows that do not read, a file that cannot be written: then nothing has changed.
pub fn run(args: &ReportArgs) -> Result<ExitCode> {
    let records = read_results(&args.folder.join("results.csv"))?;
    let _lock = FolderLock::take(&args.folder)?;
    let timings = timings(&args.folder)?;
    let files = rendered(&args.folder, &records, &timings)?;
    write_together(&args.folder, &files)?;
    remove_stale(&args.folder, &files)?;
    print(&format!("{}: {} rows, {} files\n", args.folder.display(), records.len(), files.len()))?;
    Ok(ExitCode::SUCCESS)
}

/// The rows of `timings.csv` in a report's folder; none if it was not timed.
///
/// # Errors
/// A row that does not read.
pub fn timings(folder: &Path) -> Result<Vec<TimingRecord>> {
    let path = folder.join("timings.csv");
    if path.exists() { read_timings(&path) } else { Ok(Vec::new()) }
}

/// The page and the figures of the report in `folder`, not written yet. Its title is that of the recipe there.
///
/// # Errors
/// A recipe that does not read.
pub fn rendered(folder: &Path, records: &[Record], timings: &[TimingRecord]) -> Result<Vec<File>> {
    let path = folder.join("sweep.toml");
    let heading = if path.exists() {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let Recipe { title, description, published, illustrations, .. } =
            Recipe::parse(&text, &path.display().to_string())?;
        Heading { title, description, published, illustrations }
    } else {
        Heading::default()
    };
    Ok(report(&heading, records, timings))
}

/// Removes figures of an earlier report that this one does not have any more.
///
/// # Errors
/// Names the file that cannot be removed.
pub fn remove_stale(folder: &Path, files: &[File]) -> Result<()> {
    let current: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let Ok(entries) = fs::read_dir(folder.join(FIGURES)) else { return Ok(()) };
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.join(FIGURES).display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_ours(&name) && path.is_file() && !current.contains(format!("{FIGURES}/{name}").as_str()) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}
