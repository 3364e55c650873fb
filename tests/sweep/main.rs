//! The sweep from the outside: the same rows whatever the threads and jobs, after a kill, and nothing half-written.

mod bench;
mod crash;
#[cfg(target_os = "linux")]
mod isolate;

use std::fs;

use bench::{Bench, CELLS, rows};

#[test]
fn every_cell_is_a_row_and_what_did_not_run_says_why() {
    let bench = Bench::new();
    let text = bench.results("out", &[]);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let column = |name: &str| headers.iter().position(|header| header == name).expect("a column of the contract");
    let (status, reason, target) = (column("status"), column("reason"), column("target"));
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), CELLS);
    for row in &rows {
        assert!(matches!(&row[status], "ok" | "unsupported"), "{row:?}");
        assert_eq!(row[status] == *"ok" && row[target] != *"psnr", row[reason].is_empty(), "{row:?}");
    }
    let excluded = rows.iter().filter(|row| row[reason] == *"excluded by the recipe: tried once").count();
    assert_eq!(excluded, 12);
}

#[test]
fn results_are_the_same_bytes_for_any_threads_and_jobs_and_run_twice() {
    let bench = Bench::new();
    let one = bench.results("one", &["--threads", "1", "--jobs", "1"]);
    assert_eq!(one, bench.results("one", &[]), "resumed");
    assert_eq!(one, bench.results("one", &["--fresh"]), "measured again");
    assert_eq!(one, bench.results("two", &["--threads", "2", "--jobs", "1"]));
    assert_eq!(one, bench.results("jobs", &["--threads", "1", "--jobs", "2"]));
}

#[test]
fn timings_are_written_only_when_asked_for_and_left_alone_otherwise() {
    let bench = Bench::new();
    let flags = ["--method", "identity", "--target", "lossless"];
    let untimed = bench.results("out", &flags);
    assert!(!bench.path("out/timings.csv").exists() && !bench.path("out/environment.json").exists());
    let timed = bench.results("out", &[&flags[..], &["--time"]].concat());
    assert_eq!(untimed, timed, "the clock changes no result");
    assert_eq!(rows(&bench.path("out/timings.csv"), 1), 2);
    let environment = bench.read("out/environment.json");
    for key in ["cores", "command", "program", "rustc", "opt_level", "features", "zstd-safe", "seed", "memory_bytes"] {
        assert!(environment.contains(&format!("\"{key}\"")), "{key} is missing in {environment}");
    }
    let timings = bench.read("out/timings.csv");
    bench.results("out", &flags);
    assert_eq!(bench.read("out/timings.csv"), timings);
}

#[test]
fn a_timed_row_has_all_its_columns_and_what_is_not_known_is_empty() {
    let bench = Bench::new();
    let flags =
        ["sweep.toml", "--out", "out", "--method", "zlib:level=1", "--target", "lossless", "--time", "--seed", "7"];
    let output = bench.run(&flags);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.contains("2 cells timed"), "{told}");
    assert!(told.contains("codecs ") && told.contains("harness "), "{told}");
    assert!(bench.read("out/environment.json").contains("\"seed\": 7"));
    let mut reader = csv::Reader::from_path(bench.path("out/timings.csv")).expect("the sweep wrote it");
    let columns = reader.headers().expect("a header").clone();
    assert_eq!((&columns[21], &columns[22], columns.len()), ("decode_peak_bytes", "encode_ns_first", 38));
    for row in reader.records().map(|row| row.expect("a row")) {
        for (column, cell) in columns.iter().zip(&row) {
            let optional = ["params", "target_value", "flags", "sentinel_ratio"].contains(&column);
            let told_by_kernel =
                ["cpu_ns", "instructions", "cycles", "resident"].iter().any(|part| column.contains(part));
            assert!(optional || told_by_kernel || !cell.is_empty(), "{column} is empty in {row:?}");
            let never_zero =
                ["instructions", "cycles", "ns_median", "ns_first"].iter().any(|part| column.ends_with(part));
            assert!(!never_zero || cell != "0", "{column} is 0 in {row:?}");
        }
    }
}

#[test]
fn list_prints_the_plan_and_touches_nothing() {
    let bench = Bench::new();
    let output = bench.run(&["sweep.toml", "--list", "--out", "out"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text.lines().count(), CELLS + 1, "a line per cell and the sum");
    assert!(text.contains("wave  zlib:level=9  lossless\n") && text.contains("# unsupported: "), "{text}");
    assert!(!bench.path("out").exists());
}

#[test]
fn verify_runs_every_cell_and_writes_nothing() {
    let bench = Bench::new();
    let output = bench.run(&["sweep.toml", "--verify", "--out", "out", "--dataset", "grain"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("60 rows"));
    assert!(!bench.path("out").exists() && !bench.path("reports").exists());
}

#[test]
fn flags_that_change_the_recipe_do_not_overwrite_its_report() {
    let bench = Bench::new();
    assert!(bench.run(&["sweep.toml", "--method", "identity", "--quiet"]).status.success());
    assert!(!bench.path("results.csv").exists());
    assert_eq!(rows(&bench.path("reports/scratch/results.csv"), 1), 2 * 5);
}

#[test]
fn quiet_says_nothing_unless_something_is_wrong() {
    let bench = Bench::new();
    let output = bench.run(&["sweep.toml", "--out", "out", "--method", "identity", "--quiet"]);
    assert!(output.status.success() && output.stderr.is_empty() && output.stdout.is_empty());
    let output = bench.run(&["sweep.toml", "--out", "out", "--method", "identical", "--quiet"]);
    assert!(!output.stderr.is_empty());
}

/// Runs the sweep and expects one line of error with these words, exit code 2, and no report.
#[track_caller]
fn assert_refused(bench: &Bench, arguments: &[&str], words: &[&str]) {
    let output = bench.run(arguments);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    let errors: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(errors.len(), 1, "one line: {text}");
    assert!(words.iter().all(|word| text.contains(word)), "{text} lacks one of {words:?}");
    assert!(!bench.path("out/results.csv").exists(), "a report was written");
}

#[test]
fn bad_input_is_one_line_that_names_the_thing_and_exit_code_2() {
    let bench = Bench::new();
    let refused = |flags: &[&str], words: &[&str]| {
        assert_refused(&bench, &[&["sweep.toml", "--out", "out", "--quiet"], flags].concat(), words);
    };
    refused(&["--method", "zlip"], &["zlip", "zlib"]);
    refused(&["--method", "zlib:levle=3"], &["levle", "level"]);
    refused(&["--method", "zlib:level=77"], &["level", "77"]);
    refused(&["--target", "rel=nan"], &["rel=nan", "finite"]);
    refused(&["--target", "abs=-1"], &["abs=-1", "negative"]);
    refused(&["--target", "best"], &["best", "psnr="]);
    refused(&["--dataset", "no-such-data"], &["no-such-data"]);
    refused(&["--dataset", "absent.toml"], &["absent.toml"]);
    assert_refused(&bench, &["nowhere.toml", "--out", "out"], &["nowhere.toml"]);
    bench.file("slip.toml", "title = \"x\"\nmetods = [\"zlib\"]\n");
    assert_refused(&bench, &["slip.toml", "--out", "out"], &["slip.toml:2", "metods", "methods"]);
}

#[test]
fn data_with_a_wrong_hash_or_length_stops_the_sweep_without_a_report() {
    let bench = Bench::new();
    let arguments = ["sweep.toml", "--out", "out", "--quiet"];
    fs::write(bench.path("grain.raw"), vec![1; 40_000]).expect("the folder is writable");
    assert_refused(&bench, &arguments, &["grain"]);
    fs::write(bench.path("grain.raw"), vec![1; 39_999]).expect("the folder is writable");
    assert_refused(&bench, &arguments, &["grain"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_place_that_is_no_folder_are_refused_before_anything_runs() {
    let bench = Bench::new();
    fs::create_dir(bench.path("out")).expect("the folder is writable");
    std::os::unix::fs::symlink("/dev/full", bench.path("out/journal.lock")).expect("the folder is writable");
    assert_refused(&bench, &["sweep.toml", "--out", "out", "--quiet"], &["out/journal.lock", "No space left"]);
    bench.file("taken", "a file");
    assert_refused(&bench, &["sweep.toml", "--out", "taken", "--quiet"], &["taken"]);
}
