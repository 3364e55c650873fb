//! The folder of a report: journals while the sweep runs, the report itself when it is done.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::data::Data;
use super::environment::Environment;
use super::progress::Progress;
use crate::cli::report;
use crate::plan::{Isolation, Limits, Subject};
use crate::record::{
    FolderLock, Journal, Record, Row, Status, TimingRecord, VisitRecord, fingerprint, results_text, timings_text,
    write_together,
};
use crate::run::{Finished, Host, Load, Settings};

const JOURNAL: &str = "journal.jsonl";
const TIMING_JOURNAL: &str = "journal-timings.jsonl";

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

    fn visited(&mut self, _: &[VisitRecord], made: usize, planned: usize) -> Result<()> {
        self.progress.visited(made, planned);
        Ok(())
    }
}

/// What else decides which rows of an earlier sweep still hold.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// None of them.
    pub fresh: bool,
    /// Rows of a sweep without other processes say less.
    pub isolation: Isolation,
    /// Rows of cells that they ended hold for these limits only.
    pub limits: Limits,
}

/// A sweep that keeps journals, and writes a report at its end.
pub struct Output {
    folder: PathBuf,
    /// Held to the end.
    _lock: FolderLock,
    threads: usize,
    conditions: Conditions,
    data: Data,
    progress: Progress,
    journal: Journal<Record>,
    visits: Option<Journal<VisitRecord>>,
}

impl Output {
    /// Creates the folder and opens its journals; returns the rows in them that still hold.
    ///
    /// # Errors
    /// Names the folder or file that cannot be written, or says that another sweep is writing there: nothing has run yet.
    pub fn open(
        folder: &Path,
        data: Data,
        progress: Progress,
        settings: &Settings,
        conditions: Conditions,
    ) -> Result<(Self, Finished)> {
        fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
        let lock = FolderLock::take(folder)?;
        let Conditions { fresh, .. } = conditions;
        let code = |record: &Record| code(&data, &conditions, record);
        let (journal, records) = open::<Record>(&folder.join(JOURNAL), fresh, &code, &progress)?;
        let threads = settings.threads;
        let (visits, made) = match settings.timing {
            None => (None, Vec::new()),
            Some(_) => {
                let code = |visit: &VisitRecord| visit_code(&data, threads, visit);
                let (journal, made) = open(&folder.join(TIMING_JOURNAL), fresh, &code, &progress)?;
                (Some(journal), made)
            }
        };
        let folder = folder.to_path_buf();
        let output = Output { folder, _lock: lock, threads, conditions, data, progress, journal, visits };
        Ok((output, Finished::new(records, made)))
    }

    /// Writes the report, all of it or nothing. A sweep that was not timed leaves the timings that are there.
    ///
    /// # Errors
    /// Names the file that cannot be written.
    pub fn finish(mut self, settings: &Settings, records: &[Record], timings: &[TimingRecord]) -> Result<()> {
        self.progress.end();
        let mut files = vec![("results.csv".to_string(), results_text(records).into_bytes())];
        let kept = if self.visits.is_some() {
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
        if self.visits.is_some() {
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
            self.journal.append(&code(&self.data, &self.conditions, record).unwrap_or_default(), record)?;
            // What did not run is no loss.
            if record.status != Status::Unsupported {
                self.journal.sync()?;
            }
        }
        self.progress.finished(record);
        Ok(())
    }

    fn visited(&mut self, visits: &[VisitRecord], made: usize, planned: usize) -> Result<()> {
        self.progress.visited(made, planned);
        let Some(journal) = &mut self.visits else { return Ok(()) };
        for visit in visits {
            journal.append(&visit_code(&self.data, self.threads, visit).unwrap_or_default(), visit)?;
        }
        journal.sync()
    }
}

/// What a row depends on besides the fields of its cell; `None` for data that is not part of this sweep.
fn code(data: &Data, conditions: &Conditions, record: &Record) -> Option<String> {
    let Conditions { isolation, limits, .. } = conditions;
    let place = if *isolation == Isolation::None { "one process" } else { "" };
    let ran_out = matches!(record.status, Status::Crashed | Status::Timeout | Status::OutOfMemory);
    let limits = if ran_out { format!("{limits:?}") } else { String::new() };
    data.facts(&record.dataset).map(|facts| fingerprint(&record.method, &[&facts, place, &limits]))
}

fn visit_code(data: &Data, threads: usize, visit: &VisitRecord) -> Option<String> {
    let threads = format!("threads {threads}");
    data.facts(&visit.name.dataset).map(|facts| fingerprint(&visit.name.method, &[&facts, &threads]))
}

fn open<R: Row>(
    path: &Path,
    fresh: bool,
    code: &dyn Fn(&R) -> Option<String>,
    progress: &Progress,
) -> Result<(Journal<R>, Vec<R>)> {
    let (journal, recovered) = Journal::open(path, fresh, code)?;
    let told = [
        (recovered.rows.len(), "finished cells"),
        (recovered.stale, "of other code or facts, which run again"),
        (recovered.damaged, "damaged, which run again"),
    ];
    let told: Vec<_> = told.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if !told.is_empty() {
        progress.note(&format!("{} holds {}", path.display(), told.join(", ")));
    }
    Ok((journal, recovered.rows))
}

/// BLAKE3 of the running program, 32 hex digits.
fn program() -> Result<String> {
    let path = std::env::current_exe().context("cannot find the running program")?;
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(blake3::hash(&bytes).to_hex()[..32].to_string())
}
