//! `results.csv` and `timings.csv`: RFC 4180, one row per cell, full precision.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};

use super::{Record, Row, TimingRecord, write_atomically};

/// The text of `results.csv`.
pub fn results_text(records: &[Record]) -> String {
    text(records)
}

/// The text of `timings.csv`.
pub fn timings_text(timings: &[TimingRecord]) -> String {
    text(timings)
}

/// Writes `results.csv` whole or not at all.
///
/// # Errors
/// Names the file.
pub fn write_results(path: &Path, records: &[Record]) -> Result<()> {
    write_atomically(path, results_text(records).as_bytes())
}

/// Writes `timings.csv` whole or not at all.
///
/// # Errors
/// Names the file.
pub fn write_timings(path: &Path, timings: &[TimingRecord]) -> Result<()> {
    write_atomically(path, timings_text(timings).as_bytes())
}

/// Reads `results.csv`.
///
/// # Errors
/// Names the file; as [`parse_results`].
pub fn read_results(path: &Path) -> Result<Vec<Record>> {
    read(path, parse_results)
}

/// Reads the bytes of a `results.csv`.
///
/// # Errors
/// Names the line: a cell that does not read, rows of two program versions, other metric definitions, or a data set's
/// cell that occurs twice.
pub fn parse_results(bytes: &[u8]) -> Result<Vec<Record>> {
    let records = rows(bytes)?;
    check(&records)?;
    Ok(records)
}

/// Reads `timings.csv`.
///
/// # Errors
/// Names the file; as [`parse_timings`].
pub fn read_timings(path: &Path) -> Result<Vec<TimingRecord>> {
    read(path, parse_timings)
}

/// Reads the bytes of a `timings.csv`.
///
/// # Errors
/// Names the line of a cell that does not read.
pub fn parse_timings(bytes: &[u8]) -> Result<Vec<TimingRecord>> {
    rows(bytes)
}

fn read<R>(path: &Path, parse: fn(&[u8]) -> Result<Vec<R>>) -> Result<Vec<R>> {
    let rows = fs::read(path).map_err(anyhow::Error::from).and_then(|bytes| parse(&bytes));
    rows.with_context(|| format!("cannot read {}", path.display()))
}

fn check(records: &[Record]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for record in records {
        let (first, version) = (&records[0].harness_version, &record.harness_version);
        ensure!(first == version, "rows of versions {first} and {version} in one file; sweep again with one of them");
        let key = (&record.dataset, &record.cell);
        ensure!(seen.insert(key), "cell {} of data set {} occurs twice", record.cell, record.dataset);
    }
    Ok(())
}

/// One line of CSV, line end included.
pub(super) fn line(row: &[impl AsRef<[u8]>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(row).expect("writing to memory does not fail");
    let bytes = writer.into_inner().expect("flushing to memory does not fail");
    String::from_utf8(bytes).expect("the cells were text")
}

fn text<R: Row>(rows: &[R]) -> String {
    let mut text = line(&R::columns());
    text.extend(rows.iter().map(|row| line(&row.to_row())));
    text
}

/// The rows under a header.
pub(super) fn rows<R: Row>(bytes: &[u8]) -> Result<Vec<R>> {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().context("line 1")?.clone();
    let columns: Vec<&str> = header.iter().collect();
    ensure!(!columns.iter().all(|column| column.is_empty()), "the file is empty");
    reader
        .records()
        .map(|row| {
            let row = row?;
            let number = row.position().map_or(0, csv::Position::line);
            let cells: Vec<&str> = row.iter().collect();
            R::from_row(&columns, &cells).map_err(|error| anyhow!("line {number}: {error:#}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{METRIC_VERSION, Metric};
    use crate::record::{Status, result_columns};

    fn record() -> Record {
        let mut record = Record {
            cell: "0123456789abcdef".into(),
            dataset: "gen,\"odd\" name".into(),
            elements: Some(125),
            target: "rel".into(),
            target_value: Some(1e-3),
            status: Status::Unsupported,
            reason: "two\nlines".into(),
            ratio: Some(0.1 + 0.2),
            metric_version: METRIC_VERSION,
            harness_version: "0.1.0".into(),
            ..Record::default()
        };
        record.metrics.set(Metric::PsnrRange, f64::INFINITY);
        record.metrics.set(Metric::Bias, -5e-324);
        record.metrics.set(Metric::Ssim, f64::NAN);
        record
    }

    fn read_back(text: &str) -> Result<Vec<Record>> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("results.csv");
        fs::write(&path, text).expect("the folder is writable");
        read_results(&path)
    }

    #[test]
    fn records_read_back_equal_to_the_last_bit() {
        let records = vec![record(), Record { cell: "f".into(), metrics: Default::default(), ..record() }];
        assert_eq!(read_back(&results_text(&records)).expect("it was just written"), records);
    }

    #[test]
    fn rows_from_before_a_metric_was_added_read_as_rows_without_it() {
        let text = results_text(&[record()]);
        let mut lines: Vec<Vec<String>> = Vec::new();
        for row in csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes()).records() {
            lines.push(row.expect("it was just written").iter().map(str::to_string).collect());
        }
        let at = result_columns().iter().position(|&column| column == "notebook_l2").expect("a column");
        let older: String = lines
            .iter_mut()
            .map(|cells| {
                cells.remove(at);
                line(&cells.iter().map(String::as_str).collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(read_back(&older).expect("older rows"), [record()]);
    }

    #[test]
    fn an_absent_value_is_an_empty_cell() {
        let row = record().to_row();
        let column = |name| result_columns().iter().position(|&column| column == name).expect("a column");
        assert_eq!([&row[column("ssim")], &row[column("payload_bytes")], &row[column("psnr_range")]], ["", "", "inf"]);
    }

    #[test]
    fn mixed_versions_and_repeated_cells_are_refused() {
        let other = Record { harness_version: "9.9.9".into(), cell: "f".into(), ..record() };
        let error = read_back(&results_text(&[record(), other])).expect_err("two versions");
        assert!(format!("{error:#}").contains("9.9.9"), "{error:#}");
        let error = read_back(&results_text(&[record(), record()])).expect_err("twice");
        assert!(format!("{error:#}").contains("twice"), "{error:#}");
        let newer = Record { metric_version: METRIC_VERSION + 1, ..record() };
        let error = read_back(&results_text(&[newer])).expect_err("other definitions");
        assert!(format!("{error:#}").contains("metric version"), "{error:#}");
    }

    #[test]
    fn a_bad_cell_is_an_error_with_file_line_and_column() {
        let text = results_text(&[record()]).replace("unsupported", "perfect");
        let error = format!("{:#}", read_back(&text).expect_err("no such status"));
        assert!(error.contains("results.csv") && error.contains("line 2") && error.contains("status"), "{error}");
        assert!(read_back("").is_err());
        assert!(read_back("cell,dataset\na,b\n").is_err());
    }

    #[test]
    fn timings_read_back_equal() {
        let timing = TimingRecord { name: record().name(), threads: 2, repeats: 9, ..TimingRecord::default() };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("timings.csv");
        write_timings(&path, std::slice::from_ref(&timing)).expect("the folder is writable");
        assert_eq!(read_timings(&path).expect("it was just written"), [timing]);
    }
}
