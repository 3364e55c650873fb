//! The gate, as a CI job meets it: it fails when it should, and only then.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

const RECIPE: &str =
    "datasets = [\"gen-constant\", \"gen-ramp\"]\nmethods = [\"zlib:level=1\"]\ntargets = [\"lossless\"]\n";

fn codecbench(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("codecbench").expect("the binary is built with the tests");
    command.current_dir(folder).args(arguments).output().expect("the binary runs")
}

/// A folder with a blessed baseline of two cells.
fn baseline() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("base")).expect("a writable folder");
    fs::write(folder.path().join("base/sweep.toml"), RECIPE).expect("a writable folder");
    let output = codecbench(folder.path(), &["check", "--baseline", "base", "--bless", "--quiet"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// The exit code and output of the gate, against a copy of the baseline's rows changed by `change`.
fn judged(change: impl Fn(&mut Vec<Vec<String>>, &[String])) -> (Option<i32>, String) {
    let folder = baseline();
    let text = fs::read_to_string(folder.path().join("base/results.csv")).expect("the blessed rows");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns: Vec<String> = reader.headers().expect("a header").iter().map(str::to_string).collect();
    let mut rows: Vec<Vec<String>> =
        reader.records().map(|row| row.expect("a row").iter().map(str::to_string).collect()).collect();
    change(&mut rows, &columns);
    fs::create_dir(folder.path().join("now")).expect("a writable folder");
    let mut writer = csv::Writer::from_path(folder.path().join("now/results.csv")).expect("a writable folder");
    writer.write_record(&columns).expect("a writable file");
    rows.iter().for_each(|row| writer.write_record(row).expect("a writable file"));
    writer.flush().expect("a writable file");
    let output = codecbench(folder.path(), &["check", "--baseline", "base", "--results", "now"]);
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn at(columns: &[String], name: &str) -> usize {
    columns.iter().position(|column| column == name).expect("a known column")
}

#[test]
fn a_fresh_run_of_the_baselines_recipe_passes() {
    let folder = baseline();
    for format in ["text", "markdown", "github"] {
        let output = codecbench(folder.path(), &["check", "--baseline", "base", "--quiet", "--format", format]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains("gate passed: 2 cells compared"), "{text}");
    }
}

#[test]
fn equal_rows_pass_and_an_improvement_passes() {
    assert_eq!(judged(|_, _| {}).0, Some(0));
    let (code, text) = judged(|rows, columns| rows[0][at(columns, "payload_bytes")] = "9".into());
    assert!(code == Some(0) && text.contains("improvement"), "{text}");
}

#[test]
fn a_size_up_by_one_per_cent_fails() {
    let (code, text) = judged(|rows, columns| {
        let cell = &mut rows[1][at(columns, "payload_bytes")];
        *cell = (cell.parse::<u64>().expect("a size") * 101 / 100 + 1).to_string();
    });
    assert!(code == Some(1) && text.contains("payload_bytes"), "{text}");
}

#[test]
fn an_error_up_a_broken_promise_and_a_missing_row_fail() {
    let (code, text) = judged(|rows, columns| rows[0][at(columns, "max_abs_err")] = "0.25".into());
    assert!(code == Some(1) && text.contains("max_abs_err 0 -> 0.25"), "{text}");
    let (code, text) = judged(|rows, columns| rows[0][at(columns, "status")] = "mismatch".into());
    assert!(code == Some(1) && text.contains("mismatch"), "{text}");
    let (code, text) = judged(|rows, _| drop(rows.pop()));
    assert!(code == Some(1) && text.contains("missing"), "{text}");
}

#[test]
fn no_baseline_is_never_a_pass() {
    let folder = baseline();
    for arguments in [&["check", "--baseline", "nowhere"][..], &["check", "--baseline", "base", "--results", "nowhere"]]
    {
        let output = codecbench(folder.path(), arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && text.trim_end().lines().count() == 1, "{text}");
    }
    fs::write(folder.path().join("base/results.csv"), "").expect("a writable folder");
    assert_eq!(codecbench(folder.path(), &["check", "--baseline", "base"]).status.code(), Some(2));
}

#[test]
fn the_summary_is_appended_and_a_broken_row_is_not_blessed() {
    let folder = baseline();
    let summary = ["check", "--baseline", "base", "--quiet", "--summary", "summary.md"];
    assert!(codecbench(folder.path(), &summary).status.success());
    assert!(codecbench(folder.path(), &summary).status.success());
    let page = fs::read_to_string(folder.path().join("summary.md")).expect("the summary");
    assert_eq!(page.matches("gate: passed").count(), 2);
    let rows = fs::read_to_string(folder.path().join("base/results.csv")).expect("rows");
    fs::create_dir(folder.path().join("now")).expect("a writable folder");
    fs::write(folder.path().join("now/results.csv"), rows.replace(",ok,", ",crashed,")).expect("a writable folder");
    let bless = ["check", "--baseline", "base", "--results", "now", "--bless"];
    assert_eq!(codecbench(folder.path(), &bless).status.code(), Some(2));
    assert_eq!(fs::read_to_string(folder.path().join("base/results.csv")).expect("rows"), rows);
}
