//! Committed texts that a test compares with: they change only on purpose.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Files of a method that tests compare with: facts, schema, golden payloads.
pub fn folder(id: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("golden").join(id)
}

/// Whether `variable` asks for committed files to be written.
///
/// # Panics
/// If it does so in continuous integration, where a file that writes itself would prove nothing.
pub fn may_write(variable: &str) -> bool {
    let asked = env::var_os(variable).is_some_and(|value| value == "1");
    assert!(
        !(asked && env::var_os("CI").is_some()),
        "{variable}=1 is refused where CI is set: write the files locally and commit them"
    );
    asked
}

/// Compares a text with the committed one, or writes it if `UPDATE_SNAPSHOTS=1`.
pub fn compare(id: &str, name: &str, found: &str) -> Result<(), String> {
    let path = folder(id).join(name);
    if may_write("UPDATE_SNAPSHOTS") {
        fs::create_dir_all(folder(id)).map_err(|error| error.to_string())?;
        return fs::write(&path, found).map_err(|error| error.to_string());
    }
    let remedy = "if that is meant, run the tests with UPDATE_SNAPSHOTS=1 and commit the change";
    let shown = format!("tests/golden/{id}/{name}");
    let Ok(expected) = fs::read_to_string(&path) else {
        return Err(format!("{shown} is missing; {remedy}"));
    };
    let differs = expected.lines().zip(found.lines()).find(|(expected, found)| expected != found);
    match differs {
        Some((expected, found)) => Err(format!("{shown} says `{expected}`, now `{found}`; {remedy}")),
        None if expected.lines().count() != found.lines().count() => {
            Err(format!("{shown} has {} lines, now {}; {remedy}", expected.lines().count(), found.lines().count()))
        }
        None => Ok(()),
    }
}
