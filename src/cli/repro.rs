//! `codecbench repro`: one cell of a report again.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::json;

use super::print;
use super::raw::RawArgs;
use super::sweep::{Source, again};
use crate::gate::{Agreement, agreement};
use crate::record::{Record, read_results};

/// Exit code of rows that differ.
const DIFFERS: u8 = 1;
/// Fewest digits of a cell's hash that name it.
const DIGITS: usize = 4;

/// Run one cell of a report again, and say whether sizes, errors and hashes agree
///
/// Exit code 0: they agree; 1: they differ; 2: there is no such cell, or it cannot be run here.
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench repro 2bb772234ede1957 --results reports/reference")]
pub struct ReproArgs {
    /// The cell's hash, the first column of results.csv, or the beginning of it
    #[arg(value_name = "CELL")]
    cell: String,
    /// Folder of the report
    #[arg(long, value_name = "DIR", default_value = "reports/reference")]
    results: PathBuf,
    /// The data, if the row's name for it leads nowhere: a name, a manifest or a file
    #[arg(long, value_name = "NAME|PATH")]
    dataset: Option<String>,
    #[command(flatten)]
    raw: RawArgs,
    /// Download data that is not here
    #[arg(long)]
    fetch: bool,
    /// Print an object
    #[arg(long)]
    json: bool,
}

/// Runs the cell and compares.
///
/// # Errors
/// No such report or cell, data that is not here, a method that there is no more.
pub fn run(args: &ReproArgs) -> Result<ExitCode> {
    let path = args.results.join("results.csv");
    let rows = read_results(&path)?;
    let row = find(&rows, &args.cell, &path)?;
    let source = Source { dataset: args.dataset.clone(), raw: args.raw.clone(), fetch: args.fetch };
    let mut now = again(row, &args.results, &source)?;
    // `--dataset` may name the same data by another name.
    now.dataset.clone_from(&row.dataset);
    let found = agreement(row, &now);
    print(&if args.json { object(row, &now, &found) } else { text(row, &now, &found) })?;
    Ok(if found.agrees() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERS) })
}

/// The row whose hash starts with these digits. Rows of one hash hold the same measurement, whatever their data is called.
fn find<'a>(rows: &'a [Record], cell: &str, path: &Path) -> Result<&'a Record> {
    ensure!(cell.len() >= DIGITS, "{cell:?} names no cell: give {DIGITS} digits of its hash at least");
    let found: Vec<&Record> = rows.iter().filter(|row| row.cell.starts_with(cell)).collect();
    ensure!(!found.is_empty(), "no cell {cell} in {}; its first column names them", path.display());
    let first = found[0];
    ensure!(
        found.iter().all(|row| row.cell == first.cell),
        "{cell} is the beginning of several cells of {}; give more digits",
        path.display()
    );
    Ok(first)
}

fn text(row: &Record, now: &Record, found: &Agreement) -> String {
    let verdict = if found.agrees() { "agrees" } else { "differs" };
    let size = now.payload_bytes.map(|bytes| format!(", payload of {bytes} bytes, hash {}", now.payload_hash));
    let status = format!("{}{}", now.status, size.unwrap_or_default());
    let mut text = format!("{verdict}: {}: {status}; {} columns compared\n", row.label(), found.compared);
    for difference in &found.differences {
        let or_none = |cell: &str| if cell.is_empty() { "-".to_string() } else { cell.to_string() };
        let (before, after) = (or_none(&difference.before), or_none(&difference.after));
        let _ = writeln!(text, "  {}: {before} -> {after}", difference.column);
    }
    if !found.added.is_empty() {
        let _ = writeln!(text, "  not in the report: {}", found.added.join(", "));
    }
    if row.harness_version != now.harness_version {
        let _ = writeln!(text, "  the report is of version {}, this is {}", row.harness_version, now.harness_version);
    }
    text
}

fn object(row: &Record, now: &Record, found: &Agreement) -> String {
    let difference = |difference: &crate::gate::Difference| json!({"column": difference.column, "before": difference.before, "after": difference.after});
    let object = json!({
        "cell": row.cell,
        "dataset": row.dataset,
        "method": row.method,
        "params": row.params,
        "target": row.target,
        "target_value": row.target_value,
        "agrees": found.agrees(),
        "status": now.status,
        "payload_bytes": now.payload_bytes,
        "payload_hash": now.payload_hash,
        "compared": found.compared,
        "differences": found.differences.iter().map(difference).collect::<Vec<_>>(),
        "added": found.added,
        "harness_version": {"before": row.harness_version, "after": now.harness_version},
    });
    format!("{object:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_found_by_the_beginning_of_its_hash_if_there_is_one_such() {
        let row =
            |cell: &str, dataset: &str| Record { cell: cell.into(), dataset: dataset.into(), ..Record::default() };
        let rows = [row("abcd11", "a"), row("abcd22", "b"), row("abcd22", "c"), row("ffff00", "d")];
        let found = |cell: &str| find(&rows, cell, Path::new("results.csv")).map(|row| row.dataset.clone());
        assert_eq!(found("ffff").ok().as_deref(), Some("d"));
        assert_eq!(found("abcd2").ok().as_deref(), Some("b"), "the same measurement under two names");
        for (cell, word) in [("abcd", "several"), ("ff", "4 digits"), ("0000", "no cell")] {
            assert!(format!("{:#}", found(cell).expect_err(cell)).contains(word));
        }
    }
}
