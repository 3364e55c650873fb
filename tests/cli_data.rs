//! The verbs around data, as a user meets them.

use std::fs;

use assert_cmd::Command;

fn codecbench() -> Command {
    let mut command = Command::cargo_bin("codecbench").expect("the binary is built with the tests");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Runs, expects exit code 2 and one line on stderr, and returns it.
fn refusal(arguments: &[&str]) -> String {
    let output = codecbench().args(arguments).output().expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    text
}

#[test]
fn lists_are_tables_for_people_and_arrays_for_scripts() {
    for what in ["methods", "datasets", "metrics"] {
        let table = codecbench().args(["list", what]).output().expect("the binary runs");
        assert!(table.status.success() && table.stdout.starts_with(b"id"));
        let json = codecbench().args(["list", what, "--json"]).output().expect("the binary runs");
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).expect("an array");
        assert!(rows.iter().all(|row| row["id"].is_string()) && rows.len() > 1, "{what}");
    }
}

#[test]
fn every_built_method_has_a_page_with_its_parameters() {
    let json = codecbench().args(["list", "methods", "--json"]).output().expect("the binary runs");
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).expect("an array");
    for row in rows.iter().filter(|row| row["built"] == true) {
        let id = row["id"].as_str().expect("an id");
        let page = codecbench().args(["list", "methods", id]).output().expect("the binary runs");
        let page = String::from_utf8_lossy(&page.stdout).into_owned();
        assert!(page.contains("targets") && page.contains("parameters"), "{page}");
        for name in row["schema"]["properties"].as_object().into_iter().flat_map(|map| map.keys()) {
            assert!(page.contains(&format!("  {name}=")), "{page}");
        }
    }
}

#[test]
fn an_unknown_id_lists_the_known() {
    assert!(refusal(&["list", "methods", "soup"]).contains("identity"));
    assert!(refusal(&["fetch", "soup"]).contains("soup"));
}

#[test]
fn data_without_an_address_says_how_to_get_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = codecbench()
        .args(["fetch", "cesm_ts"])
        .env("CODECBENCH_CACHE", folder.path())
        .env_remove("CODECBENCH_DATA")
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && text.contains("CODECBENCH_DATA"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn completions_and_the_manual_are_generated() {
    for arguments in [&["completions", "bash"][..], &["man"]] {
        let output = codecbench().args(arguments).output().expect("the binary runs");
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("codecbench"));
    }
}
