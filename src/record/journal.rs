//! The rows of a sweep that is under way: appended one by one, each with a checksum and the code that measured it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::Row;
use super::atomic::write_atomically;

/// An append-only file of finished cells, one JSON object per line.
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
    /// Rows that other code measured, or on other facts about the data: they do not hold any more.
    pub stale: usize,
    /// Lines that are not as they were written.
    pub damaged: usize,
}

impl<R> Default for Recovered<R> {
    fn default() -> Self {
        Recovered { rows: Vec::new(), stale: 0, damaged: 0 }
    }
}

/// A line: a row's cells by column, those that are not empty.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// BLAKE3 of the other two, 16 hex digits.
    sum: String,
    /// See [`super::fingerprint`].
    code: String,
    row: BTreeMap<String, String>,
}

impl<R: Row> Journal<R> {
    /// Opens the journal at `path` and returns the rows it holds whose code is still what `code` says of them; if `fresh`,
    /// starts a new one. What a kill or a power cut tore at the end is cut off, and a damaged line is left out. A row that
    /// `code` knows nothing of stays where it is. A journal most of whose rows do not hold any more is rewritten without
    /// them.
    ///
    /// The caller holds the [`FolderLock`](super::FolderLock).
    ///
    /// # Errors
    /// Names the file if it cannot be read or written.
    pub fn open(path: &Path, fresh: bool, code: &dyn Fn(&R) -> Option<String>) -> Result<(Self, Recovered<R>)> {
        let open = || -> Result<(File, Recovered<R>)> {
            let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
            // A device is no journal, and some of them can be read for ever.
            ensure!(file.metadata()?.is_file(), "it is no file");
            let (whole, live, recovered) = if fresh { Default::default() } else { recover(&mut file, code)? };
            file.set_len(whole as u64)?;
            if whole == 0 {
                sync_folder(path)?;
            }
            if live.len() * 2 >= whole {
                return Ok((file, recovered));
            }
            drop(file);
            write_atomically(path, &live)?;
            Ok((OpenOptions::new().append(true).open(path)?, recovered))
        };
        let (file, recovered) = open().with_context(|| format!("cannot keep the journal {}", path.display()))?;
        Ok((Journal { path: path.to_path_buf(), file, rows: PhantomData }, recovered))
    }

    /// Appends a row and hands it to the operating system: from then on a kill does not lose it.
    ///
    /// # Errors
    /// Names the file, for instance when the disk is full.
    pub fn append(&mut self, code: &str, row: &R) -> Result<()> {
        let written = self.file.write_all(line(code, row).as_bytes());
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Waits until every row is on the disk: from then on a power cut does not lose them either.
    ///
    /// # Errors
    /// Names the file.
    pub fn sync(&mut self) -> Result<()> {
        self.file.sync_data().with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// A new file survives a power cut only if its folder knows of it.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

fn line<R: Row>(code: &str, row: &R) -> String {
    let cells = R::columns().into_iter().map(str::to_string).zip(row.to_row());
    let row: BTreeMap<_, _> = cells.filter(|(_, cell)| !cell.is_empty()).collect();
    let line = Line { sum: sum(code, &row), code: code.to_string(), row };
    serde_json::to_string(&line).expect("text serialises") + "\n"
}

fn sum(code: &str, row: &BTreeMap<String, String>) -> String {
    let text = serde_json::to_string(&(code, row)).expect("text serialises");
    blake3::hash(text.as_bytes()).to_hex()[..16].to_string()
}

/// The length of all whole lines, the lines that may still hold, and the rows among them that do.
fn recover<R: Row>(file: &mut File, code: &dyn Fn(&R) -> Option<String>) -> Result<(usize, Vec<u8>, Recovered<R>)> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let (mut live, mut recovered) = (Vec::new(), Recovered::default());
    for text in bytes[..whole].split_inclusive(|&byte| byte == b'\n') {
        match read::<R>(text) {
            None => recovered.damaged += 1,
            Some((_, None)) => recovered.stale += 1,
            Some((by, Some(row))) => match code(&row) {
                Some(code) if code != by => recovered.stale += 1,
                known => {
                    live.extend_from_slice(text);
                    recovered.rows.extend(known.map(|_| row));
                }
            },
        }
    }
    Ok((whole, live, recovered))
}

/// A line as it was written: the code, and the row if this program can still read it.
fn read<R: Row>(text: &[u8]) -> Option<(String, Option<R>)> {
    let Line { sum: told, code, row } = serde_json::from_slice(text).ok()?;
    if told != sum(&code, &row) {
        return None;
    }
    let columns = R::columns();
    let unknown = row.keys().any(|name| !columns.contains(&name.as_str()));
    let cells: Vec<&str> = columns.iter().map(|&column| row.get(column).map_or("", String::as_str)).collect();
    Some((code, R::from_row(&columns, &cells).ok().filter(|_| !unknown)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::metrics::METRIC_VERSION;
    use crate::record::Record;

    fn record(cell: &str, method: &str) -> Record {
        let reason = "a \"quoted\"\nreason".into();
        let method = method.into();
        Record { cell: cell.into(), method, reason, metric_version: METRIC_VERSION, ..Record::default() }
    }

    /// The code of a method is its name here.
    fn by_name(record: &Record) -> Option<String> {
        (record.method != "unknown").then(|| record.method.clone())
    }

    fn open(path: &Path) -> (Journal<Record>, Recovered<Record>) {
        Journal::open(path, false, &by_name).expect("the folder is writable")
    }

    /// A journal of these cells of one method, and where each line ends.
    fn journal(cells: &[&str]) -> (tempfile::TempDir, PathBuf, Vec<usize>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("journal.jsonl");
        let mut journal = open(&path).0;
        let mut ends = Vec::new();
        for cell in cells {
            journal.append("zlib", &record(cell, "zlib")).expect("writable");
            ends.push(fs::metadata(&path).expect("written").len() as usize);
        }
        (folder, path, ends)
    }

    #[test]
    fn rows_survive_a_tear_at_any_byte_and_the_journal_goes_on_behind_them() {
        let (_folder, path, ends) = journal(&["a", "b"]);
        let bytes = fs::read(&path).expect("readable");
        for end in 0..bytes.len() {
            fs::write(&path, &bytes[..end]).expect("writable");
            let (mut journal, recovered) = open(&path);
            let whole = usize::from(end >= ends[0]);
            assert_eq!(recovered.rows, [record("a", "zlib")][..whole], "cut at {end}");
            journal.append("zlib", &record("c", "zlib")).expect("writable");
            drop(journal);
            let (_, recovered) = open(&path);
            assert_eq!((recovered.rows.len(), recovered.damaged, recovered.stale), (whole + 1, 0, 0), "cut at {end}");
        }
    }

    #[test]
    fn a_flipped_bit_costs_the_row_that_it_hit_and_no_other() {
        let (_folder, path, ends) = journal(&["a", "b", "c"]);
        let bytes = fs::read(&path).expect("readable");
        for at in ends[0]..ends[1] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            fs::write(&path, &flipped).expect("writable");
            let (_, recovered) = open(&path);
            let cells: Vec<_> = recovered.rows.iter().map(|record| record.cell.as_str()).collect();
            // Without its line end, the second line takes the third along.
            let expected: &[&str] = if at + 1 == ends[1] { &["a"] } else { &["a", "c"] };
            assert_eq!((&cells[..], recovered.stale), (expected, 0), "flipped at {at}");
            assert!(recovered.damaged >= 1, "flipped at {at}");
        }
    }

    #[test]
    fn a_changed_method_loses_its_own_rows_only() {
        let (_folder, path, _) = journal(&["a", "b"]);
        let mut both = open(&path).0;
        both.append("old code", &record("c", "wavelet")).expect("writable");
        drop(both);
        let (_, recovered) = open(&path);
        let cells: Vec<_> = recovered.rows.iter().map(|record| record.cell.as_str()).collect();
        assert_eq!((&cells[..], recovered.stale), (&["a", "b"][..], 1));
        let long = fs::metadata(&path).expect("there").len();
        let (_, none) = Journal::open(&path, false, &|_: &Record| Some("new harness".into())).expect("readable");
        assert_eq!((none.rows.len(), none.stale), (0, 3));
        assert!(fs::metadata(&path).expect("there").len() < long, "what does not hold is cleared away");
        let (_, fresh) = Journal::<Record>::open(&path, true, &by_name).expect("writable");
        assert_eq!((fresh.rows.len(), fresh.stale, fresh.damaged), (0, 0, 0));
    }

    #[test]
    fn rows_of_other_data_are_left_alone() {
        let (_folder, path, _) = journal(&["a"]);
        open(&path).0.append("by whom", &record("b", "unknown")).expect("writable");
        let (_, recovered) =
            Journal::open(&path, false, &|record: &Record| by_name(record).map(|_| "new".into())).expect("readable");
        assert_eq!((recovered.rows.len(), recovered.stale), (0, 1));
        let text = fs::read_to_string(&path).expect("readable");
        assert!(text.contains("by whom"), "{text}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_and_a_full_disk_are_errors_that_name_the_file() {
        let error = Journal::<Record>::open(Path::new("/dev/full"), false, &by_name).expect_err("a device");
        assert!(error.to_string().contains("/dev/full"), "{error}");
        let file = OpenOptions::new().append(true).open("/dev/full").expect("Linux has it");
        let mut full = Journal { path: PathBuf::from("journal.jsonl"), file, rows: PhantomData };
        let error = full.append("zlib", &record("a", "zlib")).expect_err("the disk is full");
        assert_eq!(format!("{error:#}"), "cannot write journal.jsonl: No space left on device (os error 28)");
    }
}
