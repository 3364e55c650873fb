//! Who may know what.

use crate::report;
use crate::source::{Source, files};

/// Modules of `src/`, lowest first: each may use those before it.
const LAYERS: [&str; 11] =
    ["dataset", "frame", "metrics", "analyze", "spec", "record", "plan", "render", "gate", "run", "cli"];

const CLOCK: [&str; 3] = ["Instant", "SystemTime", "UNIX_EPOCH"];
const PRINT: [&str; 7] = ["println!", "print!(", "eprintln!", "eprint!(", "dbg!(", "stdout()", "stderr()"];
const DISK: [&str; 3] = ["std::fs", "File::", "OpenOptions"];
const OUTSIDE: [&str; 4] = ["std::env", "std::net", "std::process", "std::thread::sleep"];

/// Every place in the code of `files` that holds one of `words`, as `path:line holds word: remedy`.
fn places<'a>(files: impl IntoIterator<Item = &'a Source>, words: &[&str], remedy: &str) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in file.code() {
            if let Some(word) = words.iter().find(|word| holds(&line, word)) {
                found.push(format!("{}:{number} holds `{word}`: {remedy}", file.path));
            }
        }
    }
    found
}

/// Whether `line` holds `word`, not as the end of a longer name.
fn holds(line: &str, word: &str) -> bool {
    let mut starts = line.match_indices(word).map(|(at, _)| line[..at].chars().next_back());
    starts.any(|before| before.is_none_or(|c| !c.is_alphanumeric() && c != '_'))
}

/// The top-level module of a file in `src/`.
fn module(file: &Source) -> &str {
    let path = file.path.strip_prefix("src/").unwrap_or(&file.path);
    path.split(['/', '.']).next().unwrap_or(path)
}

fn outside<'a>(files: &'a [Source], modules: &'a [&str]) -> impl Iterator<Item = &'a Source> {
    files.iter().filter(|file| !modules.contains(&module(file)))
}

#[test]
fn methods_know_no_clock_file_network_or_terminal() {
    let mut methods = files(&["methods"], &[".rs"]);
    // It runs before the crate is compiled, and is no part of it.
    methods.retain(|file| file.path != "methods/build.rs");
    assert!(methods.len() > 20, "the search is broken: only {} files", methods.len());
    let words = [&CLOCK[..], &PRINT, &DISK, &OUTSIDE, &["std::time"]].concat();
    report(places(&methods, &words, "a method is a pure function of its input and parameters"));
}

#[test]
fn only_run_holds_a_clock_only_cli_prints_and_few_touch_the_disk() {
    let src = files(&["src"], &[".rs"]);
    assert!(src.len() > 20, "the search is broken: only {} files", src.len());
    let mut broken = places(outside(&src, &["run"]), &CLOCK, "only src/run/ measures time");
    broken.extend(places(outside(&src, &["cli", "main"]), &PRINT, "return it, and let src/cli/ print it"));
    let disk = ["cli", "dataset", "record"];
    // What the kernel tells of a process stands in files too.
    let elsewhere = outside(&src, &disk).filter(|file| file.path != "src/run/system.rs");
    broken.extend(places(elsewhere, &DISK, "only record, dataset and cli touch the disk"));
    report(broken);
}

/// Names of the methods' modules as `crate::` paths see them: the folders that have a specification.
fn modules_of_methods() -> Vec<String> {
    let specs = files(&["methods"], &["/SPEC.md"]);
    let folders = specs.iter().filter(|file| file.path.split('/').count() == 3);
    folders.filter_map(|file| file.path.split('/').nth(1)).map(|id| id.replace('-', "_")).collect()
}

#[test]
fn a_method_imports_api_and_shared_and_no_other_method() {
    let modules = modules_of_methods();
    assert!(modules.len() > 5, "the search is broken: {modules:?}");
    let mut broken = Vec::new();
    for file in files(&["methods"], &[".rs"]) {
        let folder = file.path.split('/').nth(1).unwrap_or_default().replace('-', "_");
        for name in modules.iter().filter(|&name| *name != folder && folder != "lib.rs") {
            let paths = ["crate::", "codecbench_methods::", "super::super::", "{", ", "]
                .map(|before| format!("{before}{name}::"));
            let words = paths.each_ref().map(String::as_str);
            broken.extend(places([&file], &words, "what two methods need moves to methods/shared/"));
        }
        if folder == "api" {
            broken.extend(places([&file], &["crate::shared"], "api is the vocabulary and rests on nothing"));
        }
    }
    report(broken);
}

#[test]
fn modules_of_the_harness_use_only_those_below_them() {
    let mut broken = Vec::new();
    for file in files(&["src"], &[".rs"]) {
        let name = module(&file);
        if matches!(name, "lib" | "main") {
            continue;
        }
        let Some(layer) = LAYERS.iter().position(|known| *known == name) else {
            broken.push(format!(
                "{} is a module of no layer: add `{name}` to LAYERS (tests/tidy/architecture.rs)",
                file.path
            ));
            continue;
        };
        for above in &LAYERS[layer + 1..] {
            let words = [format!("crate::{above}::"), format!("crate::{above};"), format!("super::{above}::")];
            let words = words.each_ref().map(String::as_str);
            // Inside cli/ and the like, `super::` is the module itself.
            let words = if file.path.matches('/').count() > 1 { &words[..2] } else { &words[..] };
            broken.extend(places([&file], words, &format!("`{name}` stands below `{above}` and must not know it")));
        }
    }
    report(broken);
}

#[test]
fn rules_see_what_they_forbid() {
    let file = |text: &str| Source { path: "src/plan.rs".to_string(), text: text.to_string() };
    let sources = [file("fn a() { let t = Instant::now(); }"), file("// Instant\nfn b() { MyInstant::new() }")];
    assert_eq!(places(&sources, &CLOCK, "no").len(), 1);
    assert_eq!(module(&sources[0]), "plan");
    assert!(holds("    println!(\"x\")", "println!") && !holds("eprintln!()", "println!"));
}
