//! `codecbench report`, and the pages that `sweep` writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const RECIPE: &str = r#"
title = "Two data sets"
description = "A test."
datasets = ["gen-checkerboard", "gen-sensor-i16"]
methods = ["identity", "zlib", "adaptive-grid"]
targets = ["lossless", "rel=1e-2,1e-3"]
"#;

fn codecbench(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("codecbench").expect("the binary is built");
    command.args(arguments);
    command
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary path is text")
}

/// A report over two small data sets.
fn swept() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recipe = folder.path().join("sweep.toml");
    fs::write(&recipe, RECIPE).expect("the folder is writable");
    codecbench(&["sweep", "--quiet", text(&recipe)]).assert().success();
    folder
}

/// Every file of a report that is committed, by its path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for place in [folder.to_path_buf(), folder.join("figures")] {
        for entry in fs::read_dir(&place).expect("the folder exists") {
            let path = entry.expect("readable").path();
            let name = path.strip_prefix(folder).expect("inside").to_string_lossy().into_owned();
            if path.is_file() && !name.starts_with("journal") {
                files.insert(name, fs::read(&path).expect("readable"));
            }
        }
    }
    files
}

#[test]
fn a_page_and_figures_that_were_deleted_come_back_byte_for_byte() {
    let report = swept();
    let before = files(report.path());
    assert!(before.contains_key("README.md") && before.contains_key("figures/overview.svg"));
    fs::remove_file(report.path().join("README.md")).expect("it is there");
    fs::remove_dir_all(report.path().join("figures")).expect("it is there");
    codecbench(&["report", text(report.path())]).assert().success();
    assert!(files(report.path()) == before, "the report differs after it was rendered again");
}

#[test]
fn figures_of_a_data_set_that_is_gone_are_removed_and_nothing_else_is() {
    let report = swept();
    let figures = report.path().join("figures");
    for name in ["rate-gone.png", "speed-gone.svg", "mine.png"] {
        fs::write(figures.join(name), b"x").expect("writable");
    }
    codecbench(&["report", text(report.path())]).assert().success();
    assert!(!figures.join("rate-gone.png").exists() && !figures.join("speed-gone.svg").exists());
    assert!(figures.join("mine.png").exists() && figures.join("overview.png").exists());
}

#[test]
fn the_page_names_every_data_set_and_its_recipe_s_title() {
    let report = swept();
    let page = fs::read_to_string(report.path().join("README.md")).expect("it was written");
    assert!(page.starts_with("# Two data sets\n\nA test.\n"), "{page}");
    for name in ["gen-checkerboard", "gen-sensor-i16", "figures/rate-gen-sensor-i16.png"] {
        assert!(page.contains(name), "{name} is not on the page");
    }
}

#[test]
fn a_folder_without_rows_or_with_torn_rows_is_one_line_and_exit_2_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let stopped = |reason: &str| {
        let output = codecbench(&["report", text(folder.path())]).assert().code(2).get_output().clone();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains("results.csv") && error.lines().count() == 1, "{reason}: {error}");
    };
    stopped("no rows");
    fs::write(folder.path().join("results.csv"), "cell,dataset\na").expect("writable");
    stopped("torn");
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
}

#[test]
fn figures_that_cannot_be_written_leave_the_page_as_it_was() {
    let report = swept();
    let page = report.path().join("README.md");
    fs::write(&page, b"old").expect("writable");
    fs::remove_dir_all(report.path().join("figures")).expect("it is there");
    fs::write(report.path().join("figures"), b"in the way").expect("writable");
    codecbench(&["report", text(report.path())]).assert().code(2);
    assert_eq!(fs::read(&page).expect("still there"), b"old");
}
