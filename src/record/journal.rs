//! The rows of a sweep that is under way, flushed one by one, so that a kill loses one cell at most.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::Row;
use super::csv::{line, rows};

/// An append-only file of finished cells. Its first line names the build that wrote it; another build starts afresh.
#[derive(Debug)]
pub struct Journal<R> {
    path: PathBuf,
    file: File,
    rows: PhantomData<R>,
}

/// What an earlier sweep left behind.
#[derive(Debug)]
pub struct Recovered<R> {
    /// Rows, in the order they were appended.
    pub rows: Vec<R>,
    /// Whether a journal was there that another build wrote, and was dropped.
    pub discarded: bool,
}

impl<R> Default for Recovered<R> {
    fn default() -> Self {
        Recovered { rows: Vec::new(), discarded: false }
    }
}

impl<R: Row> Journal<R> {
    /// Opens the journal at `path` and returns what it holds if `fingerprint` wrote it; otherwise, or if `fresh`, starts
    /// a new one. A last line that a kill tore in half is cut off. Nobody else opens it while this one is there.
    ///
    /// # Errors
    /// Names the file if it cannot be read or written, or if another sweep has it open.
    pub fn open(path: &Path, fingerprint: &str, fresh: bool) -> Result<(Self, Recovered<R>)> {
        let open = || -> Result<(Self, Recovered<R>)> {
            let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
            ensure!(file.try_lock().is_ok(), "another sweep is writing it; wait for it, or choose another `--out`");
            let (kept, recovered) = if fresh { (0, Recovered::default()) } else { recover(&mut file, fingerprint)? };
            if file.metadata()?.is_file() {
                file.set_len(kept)?;
            }
            if kept == 0 {
                file.write_all(header::<R>(fingerprint).as_bytes())?;
            }
            Ok((Journal { path: path.to_path_buf(), file, rows: PhantomData }, recovered))
        };
        open().with_context(|| format!("cannot keep the journal {}", path.display()))
    }

    /// Appends a row and hands it to the operating system.
    ///
    /// # Errors
    /// Names the file, for instance when the disk is full.
    pub fn append(&mut self, row: &R) -> Result<()> {
        let line = line(&row.to_row());
        self.file.write_all(line.as_bytes()).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn header<R: Row>(fingerprint: &str) -> String {
    format!("# codecbench journal {fingerprint}\n{}", line(&R::columns()))
}

/// The number of bytes worth keeping (0: none) and the rows in them.
fn recover<R: Row>(file: &mut File, fingerprint: &str) -> Result<(u64, Recovered<R>)> {
    // A device is no journal, and some of them can be read for ever.
    if !file.metadata()?.is_file() {
        return Ok((0, Recovered::default()));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let discard = || Ok((0, Recovered { rows: Vec::new(), discarded: !bytes.is_empty() }));
    let header = header::<R>(fingerprint);
    if !bytes.starts_with(header.as_bytes()) {
        return discard();
    }
    let whole = whole_rows(&bytes);
    let table = header.find('\n').map_or(0, |at| at + 1);
    match rows(&bytes[table..whole]) {
        Ok(rows) => Ok((whole as u64, Recovered { rows, discarded: false })),
        Err(_) => discard(),
    }
}

/// Length up to and including the last line end that stands outside quotes: a reason may hold line ends of its own.
fn whole_rows(bytes: &[u8]) -> usize {
    let (mut quoted, mut whole) = (false, 0);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => whole = at + 1,
            _ => {}
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::metrics::METRIC_VERSION;
    use crate::record::Record;

    fn record(cell: &str) -> Record {
        let reason = "a \"quoted\"\nreason".into();
        Record { cell: cell.into(), reason, metric_version: METRIC_VERSION, ..Record::default() }
    }

    fn cells(path: &Path, fingerprint: &str, fresh: bool) -> (Vec<String>, bool) {
        let (_, recovered) = Journal::<Record>::open(path, fingerprint, fresh).expect("the folder is writable");
        (recovered.rows.into_iter().map(|record| record.cell).collect(), recovered.discarded)
    }

    #[test]
    fn rows_survive_a_tear_at_any_byte_and_the_journal_goes_on_behind_them() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("journal.csv");
        let (mut journal, _) = Journal::open(&path, "build", false).expect("the folder is writable");
        journal.append(&record("a")).expect("writable");
        let one = fs::read(&path).expect("readable").len();
        journal.append(&record("b")).expect("writable");
        drop(journal);
        let bytes = fs::read(&path).expect("readable");
        for end in one..bytes.len() {
            fs::write(&path, &bytes[..end]).expect("writable");
            let (mut journal, recovered) = Journal::open(&path, "build", false).expect("readable");
            assert_eq!(recovered.rows, [record("a")], "cut at {end}");
            journal.append(&record("c")).expect("writable");
            drop(journal);
            assert_eq!(cells(&path, "build", false), (vec!["a".into(), "c".into()], false));
        }
    }

    #[test]
    fn another_build_and_a_fresh_start_find_nothing_and_a_second_sweep_is_kept_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("journal.csv");
        let (mut journal, _) = Journal::open(&path, "one", false).expect("the folder is writable");
        journal.append(&record("a")).expect("writable");
        let error = Journal::<Record>::open(&path, "one", false).expect_err("it is open");
        assert!(format!("{error:#}").contains("another sweep"), "{error:#}");
        drop(journal);
        assert_eq!(cells(&path, "one", false), (vec!["a".into()], false));
        assert_eq!(cells(&path, "two", false), (vec![], true));
        assert_eq!(cells(&path, "two", true), (vec![], false));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_that_names_the_file() {
        let error = Journal::<Record>::open(Path::new("/dev/full"), "build", false).expect_err("the disk is full");
        assert!(error.to_string().contains("/dev/full"), "{error}");
    }
}
