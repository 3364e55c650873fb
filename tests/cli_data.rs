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

/// A folder with one raw file of 12 bytes, and its manifest with something replaced.
fn folder_with(from: &str, to: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("a.f32"), [0; 12]).expect("a writable folder");
    let sha256 = codecbench::dataset::catalogue::hash(&[0; 12]);
    let text = format!(
        "name = \"a\"\nkind = \"field\"\nfile = \"a.f32\"\nshape = [3]\ndtype = \"float32\"\nsha256 = \"{sha256}\"\n"
    );
    assert!(text.contains(from));
    fs::write(folder.path().join("a.toml"), text.replace(from, to)).expect("a writable folder");
    folder
}

/// Sweeps over one data set into a folder of its own, and expects a refusal and no report.
fn sweep_refusal(dataset: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recipe = folder.path().join("sweep.toml");
    fs::write(&recipe, "title = \"t\"\nmethods = [\"identity\"]\ntargets = [\"lossless\"]\n")
        .expect("a writable folder");
    let out = folder.path().join("out");
    let [recipe, out_text] = [&recipe, &out].map(|path| path.to_str().expect("a path in UTF-8"));
    let text = refusal(&[&["sweep", recipe, "--quiet", "--out", out_text, "--dataset", dataset], more].concat());
    assert!(!out.join("results.csv").exists());
    text
}

#[test]
fn broken_data_is_one_line_that_names_the_file_and_leaves_no_report() {
    let zeros = "0".repeat(64);
    let right = codecbench::dataset::catalogue::hash(&[0; 12]);
    for (from, to, words) in [
        ("[3]", "[4]", ["16 bytes", "12"]),
        ("kind", "colour = 1\nkind", ["a.toml:2", "`fill_value`"]),
        (right.as_str(), zeros.as_str(), ["sha256", "manifest says"]),
        ("float32", "float16", ["`dtype`", "float64"]),
        ("\"field\"", "\"container\"", ["a.toml", "VLSV"]),
    ] {
        let folder = folder_with(from, to);
        let path = folder.path().join("a.toml");
        let text = sweep_refusal(path.to_str().expect("a path in UTF-8"), &[]);
        assert!(words.iter().all(|word| text.contains(word)), "{text} lacks one of {words:?}");
    }
}

#[test]
fn a_truncated_npy_and_a_raw_file_of_another_shape_are_one_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path in UTF-8").to_string();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }\n";
    let mut npy = b"\x93NUMPY\x01\x00".to_vec();
    npy.extend((header.len() as u16).to_le_bytes());
    npy.extend(header.bytes().chain([0; 47]));
    fs::write(path("cut.npy"), npy).expect("a writable folder");
    let text = sweep_refusal(&path("cut.npy"), &[]);
    assert!(text.contains("cut.npy") && text.contains("48") && text.contains("47"), "{text}");
    fs::write(path("a.bin"), [0; 12]).expect("a writable folder");
    let text = sweep_refusal(&path("a.bin"), &["--shape", "2x2", "--dtype", "float32"]);
    assert!(text.contains("a.bin") && text.contains("16"), "{text}");
    assert!(sweep_refusal(&path("a.bin"), &[]).contains("--shape"));
    assert!(sweep_refusal(&path("none.npy"), &[]).contains("none.npy"));
    assert!(sweep_refusal("camara", &[]).contains("camera"));
}

#[test]
fn a_server_that_does_not_answer_is_asked_once_and_the_host_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = codecbench()
        .args(["fetch", "kodim*"])
        .env("CODECBENCH_CACHE", folder.path())
        .env_remove("CODECBENCH_DATA")
        // Nothing listens there: the client is offline wherever the tests run.
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), text.trim_end().lines().count()), (Some(2), 1), "{text}");
    let told = ["raw.githubusercontent.com", "CODECBENCH_DATA", "2 more", "kodim13, kodim23"];
    assert!(told.iter().all(|word| text.contains(word)), "{text}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn a_command_line_that_does_not_read_is_one_line() {
    assert!(refusal(&["list", "metrics", "--jsno"]).contains("--json"));
    assert!(refusal(&["lst"]).contains("list"));
    assert!(refusal(&["man", "lst"]).contains("sweep"));
}

#[cfg(unix)]
#[test]
fn output_into_a_closed_pipe_is_success() {
    for arguments in [&["list", "datasets", "--json"][..], &["--help"], &["man", "sweep"]] {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("codecbench"))
            .args(arguments)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the binary runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the binary ends");
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}
