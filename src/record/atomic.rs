//! Files that are there whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// How the name of a file ends that is not in its place yet; it starts with a dot.
const ENDING: &str = ".tmp";

/// Writes `bytes` to a temporary file beside `path`, syncs it and renames it into place: a reader, a full disk or a kill
/// never meets half a file. A file that already holds these very bytes is left alone.
///
/// # Errors
/// Names the file. What stood at `path` before is then untouched, and the temporary file is gone.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    stage(path, bytes)?.map_or(Ok(()), Staged::place)
}

/// Writes several files of one folder: all of them are complete beside their places before the first takes its place.
///
/// Names may hold folders, which are created.
///
/// # Errors
/// Names the file that cannot be written; then no file has changed.
pub fn write_together(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    let stage = |(name, bytes): &(String, Vec<u8>)| {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).with_context(|| format!("cannot create the folder {}", parent.display()))?;
        stage(&path, bytes)
    };
    let staged = files.iter().map(stage).collect::<Result<Vec<_>>>()?;
    staged.into_iter().flatten().try_for_each(Staged::place)
}

/// A complete file that is not in its place yet. It is removed if it never gets there.
struct Staged {
    temporary: PathBuf,
    path: PathBuf,
}

impl Staged {
    fn place(self) -> Result<()> {
        fs::rename(&self.temporary, &self.path).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // In its place it is no longer here; otherwise the first error is the one to report.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// `None` where the file holds these bytes already.
fn stage(path: &Path, bytes: &[u8]) -> Result<Option<Staged>> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(None);
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().with_context(|| format!("{} names no file", path.display()))?);
    name.push(format!(".{}{ENDING}", std::process::id()));
    let staged = Staged { temporary: path.with_file_name(name), path: path.to_path_buf() };
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&staged.temporary)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Some(staged))
}

/// Removes files that a killed process never put into place, in `folder` and one level below. Nobody else may be writing.
pub(super) fn remove_leftovers(folder: &Path) {
    let paths = |folder: &Path| {
        let listing = fs::read_dir(folder).into_iter().flatten();
        listing.filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>()
    };
    let below = paths(folder).into_iter().filter(|path| path.is_dir()).flat_map(|folder| paths(&folder));
    for path in below.chain(paths(folder)) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') && name.ends_with(ENDING) && path.is_file() {
            // One that stays is in nobody's way.
            let _ = fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("results.csv");
        write_atomically(&path, b"old").expect("the folder is writable");
        let blocked = folder.path().join("missing").join("results.csv");
        let error = write_atomically(&blocked, b"new").expect_err("the folder does not exist");
        assert!(error.to_string().contains("results.csv"), "{error}");
        assert_eq!(fs::read(&path).expect("still there"), b"old");
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1);
    }

    #[test]
    fn what_a_kill_left_is_cleared_away_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("figures")).expect("a writable folder");
        for name in ["results.csv", ".results.csv.17.tmp", "figures/a.png", "figures/.a.png.17.tmp", "notes.tmp"] {
            fs::write(folder.path().join(name), b"x").expect("a writable folder");
        }
        remove_leftovers(folder.path());
        let left = |folder: &Path| fs::read_dir(folder).expect("readable").count();
        assert_eq!((left(folder.path()), left(&folder.path().join("figures"))), (3, 1));
    }

    #[test]
    fn of_several_files_none_changes_if_one_cannot_be_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str, bytes: &[u8]| (name.to_string(), bytes.to_vec());
        write_together(folder.path(), &[file("a", b"1"), file("figures/b", b"1")]).expect("the folder is writable");
        assert_eq!(fs::read(folder.path().join("figures/b")).expect("written"), b"1");
        let error = write_together(folder.path(), &[file("a", b"2"), file("a/c", b"2")]);
        assert!(error.expect_err("a is no folder").to_string().contains('a'));
        assert_eq!(fs::read(folder.path().join("a")).expect("still there"), b"1");
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 2, "no temporary file is left");
    }
}
