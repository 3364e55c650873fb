//! `--isolate`: the same rows wherever cells run, and no worker that outlives its sweep.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::bench::Bench;

#[test]
fn rows_are_the_same_wherever_cells_run() {
    let bench = Bench::new();
    let auto = bench.results("auto", &["--jobs", "1"]);
    assert_eq!(bench.results("all", &["--isolate", "--jobs", "2"]), auto);
    assert_eq!(bench.results("threads", &["--isolate=all", "--threads", "2"]), auto);
    let mut reader = csv::Reader::from_reader(auto.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let column = |name: &str| headers.iter().position(|header| header == name).expect("a column of the contract");
    for row in reader.records() {
        let row = row.expect("a row");
        let expected = if row[column("payload_bytes")].is_empty() { "" } else { "equal" };
        for name in ["cold_decode", "repeat_encode"] {
            assert_eq!(&row[column(name)], expected, "{name}: {row:?}");
        }
    }
}

/// Processes whose parent is `parent`.
fn children(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("Linux has it").flatten() {
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u32>().ok());
        if field("PPid:") == Some(parent) {
            found.extend(field("Pid:"));
        }
    }
    found
}

#[test]
fn a_worker_ends_with_its_sweep_even_if_that_is_killed() {
    let bench = Bench::new();
    let mut sweep = bench.command(&["sweep.toml", "--out", "out", "--isolate", "--jobs", "1", "--quiet"]);
    let mut sweep = sweep.stderr(Stdio::null()).spawn().expect("the program starts");
    let started = Instant::now();
    let mut workers = Vec::new();
    while workers.is_empty() {
        assert!(started.elapsed() < Duration::from_secs(60), "no worker has started");
        workers = children(sweep.id());
    }
    sweep.kill().expect("it still runs");
    sweep.wait().expect("it has ended");
    let ended = |worker: &u32| {
        let status = fs::read_to_string(format!("/proc/{worker}/status")).unwrap_or_default();
        status.is_empty() || status.contains("State:\tZ")
    };
    while !workers.iter().all(ended) {
        assert!(started.elapsed() < Duration::from_secs(60), "workers {workers:?} live on");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_worker_started_by_hand_says_what_it_is_for() {
    let bench = Bench::new();
    let mut worker = std::process::Command::new(env!("CARGO_BIN_EXE_codecbench"));
    let output = worker.current_dir(bench.path("")).arg("worker").stdin(Stdio::null()).output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && told.contains("`codecbench sweep`, which starts it"), "{told}");
}
