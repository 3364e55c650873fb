//! The folder of a report: journals while the sweep runs, the report itself when it is done.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::data::Data;
use super::environment::Environment;
use super::progress::Progress;
use crate::cli::report;
use crate::plan::Subject;
use crate::record::{HARNESS_VERSION, Journal, Record, Row, TimingRecord, results_text, timings_text, write_together};
use crate::run::{Finished, Host, Load, Settings};

const JOURNAL: &str = "journal.csv";
const TIMING_JOURNAL: &str = "journal-timings.csv";

/// A sweep that writes nothing.
pub struct Silent {
    pub data: Data,
    pub progress: Progress,
}

impl Host for Silent {
    fn load(&mut self, subject: &Subject) -> Result<Load> {
        self.data.load(subject)
    }

    fn finished(&mut self, record: &Record, _: bool) -> Result<()> {
        self.progress.finished(record);
        Ok(())
    }

    fn timed(&mut self, _: &TimingRecord) -> Result<()> {
        Ok(())
    }
}

/// A sweep that keeps journals, and writes a report at its end.
pub struct Output {
    folder: PathBuf,
    data: Data,
    progress: Progress,
    journal: Journal<Record>,
    timings: Option<Journal<TimingRecord>>,
}

impl Output {
    /// Creates the folder and opens its journals; returns what an earlier sweep by this build left in them.
    ///
    /// # Errors
    /// Names the folder or file that cannot be written: nothing has run yet.
    pub fn open(
        folder: &Path,
        data: Data,
        progress: Progress,
        settings: &Settings,
        fresh: bool,
    ) -> Result<(Self, Finished)> {
        fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
        let build = fingerprint()?;
        let (journal, records) = open::<Record>(&folder.join(JOURNAL), &build, fresh, &progress)?;
        let (timings, times) = match settings.timing {
            None => (None, Vec::new()),
            Some(_) => {
                let build = format!("{build} threads={}", settings.threads);
                let (journal, times) = open(&folder.join(TIMING_JOURNAL), &build, fresh, &progress)?;
                (Some(journal), times)
            }
        };
        let output = Output { folder: folder.to_path_buf(), data, progress, journal, timings };
        Ok((output, Finished::new(records, times)))
    }

    /// Writes the report, all of it or nothing. A sweep that was not timed leaves the timings that are there.
    ///
    /// # Errors
    /// Names the file that cannot be written.
    pub fn finish(mut self, settings: &Settings, records: &[Record], timings: &[TimingRecord]) -> Result<()> {
        self.progress.end();
        let mut files = vec![("results.csv".to_string(), results_text(records).into_bytes())];
        let kept = if self.timings.is_some() {
            let environment = serde_json::to_string_pretty(&Environment::here(settings, &program()?))?;
            files.push(("timings.csv".into(), timings_text(timings).into_bytes()));
            files.push(("environment.json".into(), format!("{environment}\n").into_bytes()));
            timings.to_vec()
        } else {
            report::timings(&self.folder)?
        };
        files.extend(report::rendered(&self.folder, records, &kept)?);
        write_together(&self.folder, &files)?;
        report::remove_stale(&self.folder, &files)?;
        if self.timings.is_some() {
            // The next timed sweep measures anew; only one that was stopped goes on.
            let journal = self.folder.join(TIMING_JOURNAL);
            fs::remove_file(&journal).with_context(|| format!("cannot remove {}", journal.display()))?;
        }
        Ok(())
    }
}

impl Host for Output {
    fn load(&mut self, subject: &Subject) -> Result<Load> {
        self.data.load(subject)
    }

    fn finished(&mut self, record: &Record, new: bool) -> Result<()> {
        if new {
            self.journal.append(record)?;
        }
        self.progress.finished(record);
        Ok(())
    }

    fn timed(&mut self, timing: &TimingRecord) -> Result<()> {
        self.timings.iter_mut().try_for_each(|journal| journal.append(timing))
    }

    fn visited(&mut self, visits: usize, planned: usize) {
        self.progress.visited(visits, planned);
    }
}

fn open<R: Row>(path: &Path, build: &str, fresh: bool, progress: &Progress) -> Result<(Journal<R>, Vec<R>)> {
    let (journal, recovered) = Journal::open(path, build, fresh)?;
    if recovered.discarded {
        progress.note(&format!("{} is of another build; every cell runs again", path.display()));
    } else if !recovered.rows.is_empty() {
        progress.note(&format!("{} holds {} finished cells", path.display(), recovered.rows.len()));
    }
    Ok((journal, recovered.rows))
}

/// Names this build: its version, and the hash of the running program.
fn fingerprint() -> Result<String> {
    Ok(format!("{HARNESS_VERSION} {}", program()?))
}

/// BLAKE3 of the running program, 32 hex digits.
fn program() -> Result<String> {
    let path = std::env::current_exe().context("cannot find the running program")?;
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(blake3::hash(&bytes).to_hex()[..32].to_string())
}
