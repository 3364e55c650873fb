//! `codecbench report`: the pages and pictures of a report again, from its rows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::print;
use crate::plan::Recipe;
use crate::record::{FolderLock, Record, TimingRecord, read_results, read_timings, write_together};
use crate::render::{FIGURES, File, Heading, PAGE, is_ours, report};

/// Render again from the rows, measuring nothing
///
/// Reads results.csv, timings.csv if there is one, and the title in sweep.toml; writes README.md and figures/.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example: codecbench report reports/reference\nExample: codecbench report reports/peers --print 'Beside what others would pick'"
)]
pub struct ReportArgs {
    /// Folder of the report
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Print the page, or the section under this heading, and write nothing
    #[arg(long, value_name = "HEADING", num_args = 0..=1, default_missing_value = "")]
    print: Option<String>,
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
    if let Some(heading) = &args.print {
        let page = files.iter().find(|(name, _)| name == PAGE).map(|(_, bytes)| String::from_utf8_lossy(bytes));
        print(section(&page.unwrap_or_default(), heading)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    write_together(&args.folder, &files)?;
    remove_stale(&args.folder, &files)?;
    print(&format!("{}: {} rows, {} files\n", args.folder.display(), records.len(), files.len()))?;
    Ok(ExitCode::SUCCESS)
}

/// The section of a page under a heading of the second level; the page itself where the heading is empty.
///
/// # Errors
/// No such heading; those that the page has are listed.
fn section<'a>(page: &'a str, heading: &str) -> Result<&'a str> {
    if heading.is_empty() {
        return Ok(page);
    }
    let starts: Vec<usize> = page.match_indices("\n## ").map(|(at, _)| at + 1).collect();
    let title = |at: usize| page[at..].lines().next().unwrap_or_default().trim_start_matches("## ");
    let Some(place) = starts.iter().position(|&at| title(at).eq_ignore_ascii_case(heading)) else {
        let known: Vec<_> = starts.iter().map(|&at| title(at)).collect();
        bail!("the page has no section {heading:?}; it has: {}", known.join(", "));
    };
    let end = starts.get(place + 1).copied().unwrap_or(page.len());
    Ok(&page[starts[place]..end])
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
        let Recipe { title, description, published, illustrations, relative, .. } =
            Recipe::parse(&text, &path.display().to_string())?;
        Heading { title, description, published, illustrations, relative }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_where_the_next_one_starts_and_an_unknown_one_lists_them() {
        let page = "# T\n\nx\n\n## One\n\n### Part\n\na\n\n## Two\n\nb\n";
        assert_eq!(section(page, "one").ok(), Some("## One\n\n### Part\n\na\n\n"));
        assert_eq!(section(page, "Two").ok(), Some("## Two\n\nb\n"));
        assert_eq!(section(page, "").ok(), Some(page));
        assert!(section(page, "Three").expect_err("no such section").to_string().contains("One, Two"));
    }
}
