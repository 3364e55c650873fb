//! A cell of a report again, as a reader meets it: it agrees, it differs, or it cannot be told.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

const RECIPE: &str = "datasets = [\"gen-ramp\", \"own.npy\"]\nmethods = [\"zlib:level=1\", \"identity\"]\n\
                      targets = [\"lossless\", \"rel=1e-3\"]\n\
                      [[exclude]]\ndataset = \"gen-ramp\"\nmethod = \"identity\"\nreason = \"dull\"\n";

fn codecbench(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("codecbench").expect("the binary is built with the tests");
    command.current_dir(folder).env_remove("CODECBENCH_DATA").args(arguments).output().expect("the binary runs")
}

/// A folder with a report over a generated data set and over a file of its own.
fn report() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("report")).expect("a writable folder");
    fs::write(folder.path().join("report/sweep.toml"), RECIPE).expect("a writable folder");
    own_data(folder.path(), 3);
    let output = codecbench(folder.path(), &["sweep", "report/sweep.toml", "--quiet"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// An array of 600 floats as an npy file of version 1.0.
fn own_data(folder: &Path, factor: usize) {
    let mut header = "{'descr': '<f4', 'fortran_order': False, 'shape': (20, 30), }".to_string();
    let padding = " ".repeat(117 - header.len());
    header.push_str(&padding);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend((0..600).flat_map(|at| ((at * factor % 17) as f32).to_le_bytes()));
    fs::write(folder.join("report/own.npy"), bytes).expect("a writable folder");
}

/// Rows of the report, as columns and cells.
fn rows(folder: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(folder.join("report/results.csv")).expect("the sweep wrote it");
    let columns = reader.headers().expect("a header").iter().map(str::to_string).collect();
    let cells = reader.records().map(|row| row.expect("a row").iter().map(str::to_string).collect()).collect();
    (columns, cells)
}

/// Rewrites one column of every row of the report.
fn change(folder: &Path, column: &str, value: &str) {
    let (columns, mut cells) = rows(folder);
    let at = columns.iter().position(|name| name == column).expect("a known column");
    cells.iter_mut().for_each(|row| row[at] = value.to_string());
    let mut writer = csv::Writer::from_path(folder.join("report/results.csv")).expect("a writable folder");
    writer.write_record(&columns).expect("a writable file");
    cells.iter().for_each(|row| writer.write_record(row).expect("a writable file"));
    writer.flush().expect("a writable file");
}

fn cell(folder: &Path, dataset: &str, method: &str, target: &str) -> String {
    let (columns, cells) = rows(folder);
    let at = |name: &str| columns.iter().position(|column| column == name).expect("a known column");
    let is = |row: &&Vec<String>| {
        row[at("dataset")] == dataset && row[at("method")] == method && row[at("target")] == target
    };
    cells.iter().find(is).expect("a planned cell")[0].clone()
}

fn repro(folder: &Path, cell: &str, more: &[&str]) -> (Option<i32>, String) {
    let output = codecbench(folder, &[&["repro", cell, "--results", "report"], more].concat());
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn every_row_of_a_report_comes_back_whatever_it_says() {
    let folder = report();
    let (_, cells) = rows(folder.path());
    assert_eq!(cells.len(), 8);
    for row in &cells {
        let (code, text) = repro(folder.path(), &row[0], &[]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.starts_with("agrees: "), "{text}");
    }
}

#[test]
fn a_size_an_error_or_a_hash_that_is_not_what_it_was_is_named() {
    let folder = report();
    let zlib = cell(folder.path(), "gen-ramp", "zlib", "lossless");
    for (column, value) in [("payload_bytes", "7"), ("max_abs_err", "1e-30"), ("payload_hash", "0123456789abcdef")] {
        change(folder.path(), column, value);
        let (code, text) = repro(folder.path(), &zlib[..9], &[]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(&format!("  {column}: {value} -> ")), "{text}");
    }
    let (code, text) = repro(folder.path(), &zlib, &["--json"]);
    let object: Value = serde_json::from_str(&text).expect("an object");
    assert_eq!((code, &object["agrees"], &object["method"]), (Some(1), &Value::from(false), &Value::from("zlib")));
    let columns: Vec<_> = object["differences"].as_array().expect("a list").iter().map(|one| &one["column"]).collect();
    assert_eq!(columns, ["payload_bytes", "payload_hash", "max_abs_err"]);
}

#[test]
fn what_cannot_be_run_again_says_why_and_is_no_verdict() {
    let folder = report();
    let own = cell(folder.path(), "own", "zlib", "lossless");
    for (cell, word) in [("0000000000", "no cell"), ("00", "4 digits")] {
        let (code, text) = repro(folder.path(), cell, &[]);
        assert!(code == Some(2) && text.contains(word), "{text}");
    }
    own_data(folder.path(), 5);
    let (code, text) = repro(folder.path(), &own, &[]);
    assert!(code == Some(2) && text.contains("not what the row was measured on"), "{text}");
    fs::remove_file(folder.path().join("report/own.npy")).expect("it is there");
    let (code, text) = repro(folder.path(), &own, &[]);
    assert!(code == Some(2) && text.contains("--dataset"), "{text}");
    // The same bytes under another name serve.
    own_data(folder.path(), 3);
    fs::rename(folder.path().join("report/own.npy"), folder.path().join("moved.npy")).expect("a writable folder");
    let (code, text) = repro(folder.path(), &own, &["--dataset", "moved.npy"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_report_from_before_the_hash_of_the_data_was_a_column_still_serves() {
    let folder = report();
    let (columns, cells) = rows(folder.path());
    let at = columns.iter().position(|name| name == "data_sha256").expect("a column");
    assert!(cells.iter().all(|row| row[at].len() == 64), "every row says what it was measured on");
    let path = folder.path().join("report/results.csv");
    let mut writer = csv::Writer::from_path(&path).expect("a writable folder");
    for row in std::iter::once(&columns).chain(&cells) {
        let kept = row.iter().enumerate().filter(|(column, _)| *column != at).map(|(_, cell)| cell);
        writer.write_record(kept).expect("a writable file");
    }
    writer.flush().expect("a writable file");
    let own = cell(folder.path(), "own", "zlib", "lossless");
    assert_eq!(repro(folder.path(), &own, &[]).0, Some(0));
    own_data(folder.path(), 5);
    let (code, text) = repro(folder.path(), &own, &[]);
    assert!(code == Some(2) && text.contains("not what the row was measured on"), "{text}");
}
