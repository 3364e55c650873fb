//! One sweep per folder.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::atomic::remove_leftovers;

/// The file that a sweep holds locked. It stays behind: the lock counts, not the file, and the kernel lifts it with the
/// process, however that ends.
const LOCK: &str = "journal.lock";

/// The right to write a report into a folder, until it is dropped.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "held for its lock")] File);

impl FolderLock {
    /// Takes the folder, and removes what a killed writer left half-written there.
    ///
    /// # Errors
    /// Another sweep has it, or the lock file cannot be written.
    pub fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(LOCK);
        let open = || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open().with_context(|| format!("cannot write {}", path.display()))?;
        if file.try_lock().is_err() {
            let mut owner = String::new();
            // A name helps, but is not needed to know that it is taken.
            let _ = file.read_to_string(&mut owner);
            let owner = if owner.is_empty() { String::new() } else { format!(" (process {})", owner.trim()) };
            bail!("another sweep{owner} is writing to {}; wait for it, or choose another `--out`", folder.display());
        }
        let mut sign = || -> std::io::Result<()> {
            let owner = format!("{}\n", std::process::id());
            file.rewind()?;
            file.write_all(owner.as_bytes())?;
            file.set_len(owner.len() as u64)
        };
        sign().with_context(|| format!("cannot write {}", path.display()))?;
        remove_leftovers(folder);
        Ok(FolderLock(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once_at_a_time() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let lock = FolderLock::take(folder.path()).expect("nobody has it");
        let error = FolderLock::take(folder.path()).expect_err("it is taken").to_string();
        assert!(error.contains("another sweep (process ") && error.contains("--out"), "{error}");
        drop(lock);
        FolderLock::take(folder.path()).expect("it was given back");
    }
}
