//! How files and functions look.

use crate::report;
use crate::source::{Source, files};

/// Lines of a file, tests included.
const FILE_LINES: usize = 400;
/// Lines of a function at the very most.
const FUNCTION_LINES: usize = 80;
/// Functions are at most this long, but for one in fifty.
const USUAL_LINES: usize = 40;

fn rust() -> Vec<Source> {
    files(&["src", "methods", "tests"], &[".rs"])
}

#[test]
fn a_file_holds_at_most_400_lines() {
    let long = rust().into_iter().filter(|file| file.text.lines().count() > FILE_LINES);
    report(long.map(|file| format!("{} has {} lines: split it", file.path, file.text.lines().count())).collect());
}

#[test]
fn functions_are_short() {
    let files = rust();
    let all: Vec<_> =
        files.iter().flat_map(|file| file.functions().into_iter().map(|found| (&file.path, found))).collect();
    assert!(all.len() > 300, "only {} functions found: the search is broken", all.len());
    let mut broken: Vec<_> = all
        .iter()
        .filter(|(_, function)| function.length > FUNCTION_LINES)
        .map(|(path, function)| {
            format!("{path}:{} is a function of {} lines: split it", function.line, function.length)
        })
        .collect();
    let long: Vec<_> = all.iter().filter(|(_, function)| function.length > USUAL_LINES).collect();
    if long.len() * 50 > all.len() {
        let places =
            long.iter().map(|(path, function)| format!("{path}:{} ({} lines)", function.line, function.length));
        let places = places.collect::<Vec<_>>().join(", ");
        broken.push(format!(
            "{} of {} functions have over {USUAL_LINES} lines; split some of {places}",
            long.len(),
            all.len()
        ));
    }
    let short = all.iter().filter(|(_, function)| function.length <= 25).count();
    if short * 10 < all.len() * 9 {
        broken.push(format!("only {short} of {} functions have 25 lines or fewer; nine in ten should", all.len()));
    }
    report(broken);
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = rust().into_iter().filter(|file| !file.text.starts_with("//!") && !file.path.ends_with("/tests.rs"));
    report(silent.map(|file| format!("{} must start with a `//!` line that says what it is for", file.path)).collect());
}

#[test]
fn nothing_is_left_to_do_later_in_a_comment() {
    // Put together here, so that this file does not hold them.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"], ["HA", "CK:"]].map(|parts| parts.concat());
    let mut broken = Vec::new();
    for file in files(&["."], &[".rs", ".toml", ".md", ".yml", ".css", ".js"]) {
        for (number, line) in file.text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(word.as_str())) {
                broken.push(format!("{}:{} says {word}: do it, or open an issue", file.path, number + 1));
            }
        }
    }
    report(broken);
}

#[test]
fn no_file_names_a_folder_of_someones_machine() {
    let tops =
        [["/ho", "me/"], ["/ro", "ot/"], ["/wo", "rk/"], ["/t", "mp/"], ["/Us", "ers/"]].map(|parts| parts.concat());
    let endings = [".rs", ".toml", ".md", ".yml", ".csv", ".json", ".txt", ".svg", ".html", ".lock", "run"];
    let mut broken = Vec::new();
    for file in files(&["."], &endings) {
        for (number, line) in file.text.lines().enumerate() {
            for top in &tops {
                let starts = line.match_indices(top.as_str()).map(|(at, _)| line[..at].chars().next_back());
                // After a letter or a dot it is the middle of a URL or of a relative path.
                let absolute = starts
                    .into_iter()
                    .any(|before| before.is_none_or(|c| !(c.is_alphanumeric() || "./_-~".contains(c))));
                if absolute {
                    broken.push(format!(
                        "{}:{} names {top}: use a path relative to the repository",
                        file.path,
                        number + 1
                    ));
                }
            }
        }
    }
    report(broken);
}
