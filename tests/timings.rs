//! Two timed sweeps compared, from the outside.

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

fn codecbench(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("codecbench").expect("the binary is built with the tests");
    command.current_dir(folder).args(arguments).output().expect("the binary runs")
}

/// A folder with a sweep `a` that was timed, and `b`, a copy of it with the times of every row multiplied. Intervals are
/// narrow in both: the machine of this test may be under load, and what came of that is not the matter here.
fn swept(factor: f64, flags: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flags_of_sweep = ["--method", "identity", "--target", "lossless", "--dataset", "gen-ramp", "--quiet"];
    let output = codecbench(folder.path(), &[&["sweep", "--time", "--out", "a"], &flags_of_sweep[..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut reader = csv::Reader::from_path(folder.path().join("a/timings.csv")).expect("the sweep wrote it");
    let columns = reader.headers().expect("a header").clone();
    fs::create_dir(folder.path().join("b")).expect("a writable folder");
    let mut writers = ["a", "b"].map(|name| {
        let mut writer = csv::Writer::from_path(folder.path().join(name).join("timings.csv")).expect("writable");
        writer.write_record(&columns).expect("a writable file");
        writer
    });
    for row in reader.records().map(|row| row.expect("a row")).collect::<Vec<_>>() {
        let median = |interval: &str| -> f64 {
            let name = interval.replace("ci_low", "median").replace("ci_high", "median");
            let at = columns.iter().position(|column| column == name).expect("a column of every table");
            row[at].parse().expect("a time")
        };
        for (writer, factor) in writers.iter_mut().zip([1.0, factor]) {
            let cells = columns.iter().zip(&row).map(|(column, cell)| match (column, cell.parse::<f64>()) {
                ("flags", _) if factor != 1.0 => flags.to_string(),
                ("flags", _) => String::new(),
                (column, _) if column.ends_with("_ci_low") => (0.99 * median(column) * factor).to_string(),
                (column, _) if column.ends_with("_ci_high") => (1.01 * median(column) * factor).to_string(),
                (column, Ok(time)) if column.contains("_ns_") => (time * factor).to_string(),
                (column, Ok(ratio)) if column.starts_with("memcpy_ratio") => (ratio / factor).to_string(),
                _ => cell.to_string(),
            });
            writer.write_record(cells).expect("a writable file");
        }
    }
    writers.iter_mut().for_each(|writer| writer.flush().expect("a writable file"));
    folder
}

fn judged(folder: &TempDir, more: &[&str]) -> (Option<i32>, String) {
    let output = codecbench(folder.path(), &[&["check", "--timings", "a", "b/timings.csv"], more].concat());
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn sweeps_that_took_twice_as_long_disagree_unless_they_say_why() {
    let (code, text) = judged(&swept(2.0, ""), &[]);
    assert!(code == Some(1) && text.contains("gen-ramp identity lossless encode: median +100.0 %"), "{text}");
    assert_eq!(judged(&swept(2.0, ""), &["--loaded"]).0, Some(1), "so did the ratio");
    let (code, text) = judged(&swept(2.0, "other_load: a neighbour"), &[]);
    assert!(code == Some(0) && text.contains("flagged: 0 of 2 times agree"), "{text}");
}

#[test]
fn sweeps_that_took_nearly_as_long_agree_and_the_verdict_has_its_counts() {
    let (code, text) = judged(&swept(1.04, ""), &[]);
    assert!(code == Some(0) && text.contains("not flagged: 2 of 2 times agree, 2 of 2 ratios"), "{text}");
}

#[test]
fn timings_that_are_not_there_are_no_verdict() {
    let folder = swept(1.04, "");
    fs::remove_file(folder.path().join("b/timings.csv")).expect("it is there");
    let (code, text) = judged(&folder, &[]);
    assert!(code == Some(2) && text.contains("sweep --time"), "{text}");
    let output = codecbench(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2), "neither a baseline nor timings");
}
