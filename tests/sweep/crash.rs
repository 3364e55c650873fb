//! Whatever ends a sweep, the next one goes on to the same results.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::bench::{Bench, CELLS, rows};

const JOURNAL: &str = "journal.jsonl";

#[test]
fn a_killed_sweep_goes_on_to_the_same_results() {
    let bench = Bench::new();
    let whole = bench.results("whole", &["--jobs", "1"]);
    let journal = bench.path("killed").join(JOURNAL);
    let mut child = bench.command(&["sweep.toml", "--out", "killed", "--jobs", "1", "--quiet"]);
    let mut child = child.stderr(Stdio::null()).spawn().expect("the program starts");
    let started = Instant::now();
    // The rows of cells that do not run are there as soon as the data is; a few more have run.
    while rows(&journal, 0) < 46 {
        assert!(started.elapsed() < Duration::from_secs(60), "no cell has finished");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("it still runs");
    child.wait().expect("it has ended");
    let done = rows(&journal, 0);
    assert!(done < CELLS, "the kill came too late to test anything");
    assert!(!bench.path("killed/results.csv").exists(), "a report is there whole or not at all");
    let output = bench.run(&["sweep.toml", "--out", "killed"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains(&format!("holds {done} finished cells")), "{told}");
    assert_eq!(bench.read("killed/results.csv"), whole);
}

/// Every file of a report but the journal's, which are the sweep's own.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for place in [folder.to_path_buf(), folder.join("figures")] {
        for entry in fs::read_dir(&place).expect("the report is there") {
            let path = entry.expect("readable").path();
            files.insert(path.strip_prefix(folder).expect("inside").to_string_lossy().into_owned());
        }
    }
    files.retain(|name| !name.starts_with("journal"));
    files
}

/// `CODECBENCH_KILLS` sets how many sweeps are killed; a handful by default, for the sake of time.
#[test]
fn kills_at_random_moments_never_change_the_results() {
    let kills: usize = std::env::var("CODECBENCH_KILLS").map_or(6, |text| text.parse().expect("a number"));
    let bench = Bench::new();
    let whole = bench.results("whole", &["--jobs", "2"]);
    let (expected, journal) = (files(&bench.path("whole")), bench.path("killed").join(JOURNAL));
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let (mut left, mut came_in_time) = (kills, 0);
    while left > 0 {
        // Some sweeps are killed again after they went on.
        for _ in 0..random.random_range(1..=3usize.min(left)) {
            let mut command = bench.command(&["sweep.toml", "--out", "killed", "--jobs", "2", "--quiet"]);
            let mut child = command.stderr(Stdio::null()).spawn().expect("the program starts");
            let mut runs = || child.try_wait().expect("a child").is_none();
            // By progress, since no clock knows how fast the machine is; behind the last row figures are drawn.
            let moment = random.random_range(rows(&journal, 0).min(CELLS)..=CELLS);
            while rows(&journal, 0) < moment && runs() {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(random.random_range(0..40)));
            came_in_time += usize::from(runs());
            // One that has ended by itself is no failure of the test.
            let _ = child.kill();
            child.wait().expect("it has ended");
            left -= 1;
        }
        assert_eq!(bench.results("killed", &["--jobs", "2"]), whole, "{left} kills before the last");
        assert_eq!(files(&bench.path("killed")), expected, "nothing half-written is left");
        fs::remove_dir_all(bench.path("killed")).expect("the folder is ours");
    }
    println!("{came_in_time} of {kills} kills met a sweep that was running");
    assert!(came_in_time * 2 >= kills, "most kills should meet a sweep");
}

#[test]
fn a_damaged_journal_costs_the_damaged_cells_only() {
    let bench = Bench::new();
    let first = bench.results("out", &["--method", "identity"]);
    let journal = bench.read(&format!("out/{JOURNAL}"));
    bench.file(&format!("out/{JOURNAL}"), &journal.replacen("\"identity\"", "\"identitx\"", 1));
    let output = bench.run(&["sweep.toml", "--out", "out", "--method", "identity"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("9 finished cells, 1 damaged, which run again"), "{told}");
    assert_eq!(bench.read("out/results.csv"), first);
}

#[test]
fn facts_of_a_manifest_that_change_a_row_make_it_run_again() {
    let bench = Bench::new();
    let flags = ["--method", "identity", "--target", "lossless"];
    bench.results("out", &flags);
    let manifest = bench.read("grain.toml");
    bench.file("grain.toml", &(manifest + "fill_value = 7\n"));
    let output = bench.run(&[&["sweep.toml", "--out", "out"], &flags[..]].concat());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("1 finished cells, 1 of other code or facts"), "{told}");
}

#[test]
fn two_sweeps_into_one_folder_are_one_too_many() {
    let bench = Bench::new();
    let journal = bench.path("out").join(JOURNAL);
    let mut first =
        bench.command(&["sweep.toml", "--out", "out", "--jobs", "1", "--quiet"]).spawn().expect("it starts");
    let started = Instant::now();
    while rows(&journal, 0) == 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "the first sweep has written nothing");
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = bench.run(&["sweep.toml", "--out", "out", "--quiet"]);
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(2), "{told}");
    assert!(told.contains(&format!("another sweep (process {})", first.id())), "{told}");
    assert!(told.contains("out") && told.trim_end().lines().count() == 1, "{told}");
    assert!(first.wait().expect("it ends").success(), "the first sweep does not mind");
}

/// A limit on the size of files stands for the disk: a write that does not fit fails, and some of it may have happened.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_stops_the_sweep_and_loses_nothing() {
    let bench = Bench::new();
    let whole = bench.results("whole", &[]);
    for blocks in [1, 12, 60] {
        let mut shell = Command::new("bash");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        shell.current_dir(bench.path("")).arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_codecbench"));
        shell.args(["sweep", "sweep.toml", "--out", "full", "--isolate=none", "--quiet"]);
        let output = shell.output().expect("the shell starts");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(JOURNAL) && told.contains("File too large"), "{told}");
        assert!(!bench.path("full/results.csv").exists(), "a report is there whole or not at all");
    }
    assert_eq!(bench.results("full", &["--isolate=none"]), without_cold_decode(&whole));
}

/// The rows of a sweep that decodes nothing in another process.
fn without_cold_decode(text: &str) -> String {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().expect("a header").clone();
    let column = headers.iter().position(|name| name == "cold_decode").expect("a column of the contract");
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&headers).expect("memory");
    for row in reader.records() {
        let row = row.expect("a row");
        let cells = row.iter().enumerate().map(|(at, cell)| if at == column { "" } else { cell });
        writer.write_record(cells).expect("memory");
    }
    String::from_utf8(writer.into_inner().expect("memory")).expect("text")
}
