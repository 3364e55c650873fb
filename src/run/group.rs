//! The cells of one data set: which of them run, and side by side.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use anyhow::Result;
use rayon::ThreadPool;

use super::cell::{self, Loaded};
use super::executor::{Executor, Work};
use super::{Finished, Host, timer};
use crate::dataset::Dataset;
use crate::plan::{Cell, Subject, TimingPlan};
use crate::record::{Record, TimingRecord};

/// The cells of one data set.
pub(super) struct Group<'a> {
    pub subject: &'a Subject,
    pub cells: Vec<&'a Cell>,
    pub finished: &'a Finished,
    pub executor: &'a dyn Executor,
    pub timing: Option<TimingPlan>,
    /// One per worker.
    pub pools: &'a [ThreadPool],
}

/// A cell's row, and its timing where it was timed.
pub(super) type Row = (Record, Option<TimingRecord>);

impl Group<'_> {
    /// All rows in the order of the cells; the data is loaded only if some row needs it.
    pub fn run(&self, host: &mut dyn Host) -> Result<Vec<Row>> {
        let told = match &self.subject.absent {
            Some(reason) => Some(self.absent_rows(reason)),
            None => self.cells.iter().map(|cell| self.known_row(cell, self.subject)).collect(),
        };
        let told = match told {
            Some(rows) => rows,
            None => match host.load(self.subject)? {
                Ok(dataset) => return self.run_loaded(&dataset, host),
                Err(reason) => self.absent_rows(&reason),
            },
        };
        told.iter().try_for_each(|(record, _)| host.finished(record, false))?;
        Ok(told)
    }

    fn absent_rows(&self, reason: &str) -> Vec<Row> {
        let row = |cell: &&Cell| (cell::skipped(cell, self.subject, cell.skip.as_deref().unwrap_or(reason)), None);
        self.cells.iter().map(row).collect()
    }

    /// The row of a cell that needs neither its data nor the clock.
    fn known_row(&self, cell: &Cell, subject: &Subject) -> Option<Row> {
        let record = self.finished.record(cell, subject)?;
        if self.timing.is_none() || record.payload_bytes.is_none() {
            return Some((record, None));
        }
        let timing = self.finished.timing(cell, subject, &record)?.clone();
        Some((record, Some(timing)))
    }

    fn run_loaded(&self, dataset: &Dataset, host: &mut dyn Host) -> Result<Vec<Row>> {
        let subject = self.subject.with(dataset);
        let mut rows: Vec<Option<Row>> = self.cells.iter().map(|cell| self.known_row(cell, &subject)).collect();
        for (cell, row) in self.cells.iter().zip(&rows) {
            if let Some((record, _)) = row {
                // A skipped row is new to the journal too; it keeps the hash of data that only loading tells.
                host.finished(record, !self.finished.holds(cell, record))?;
            }
        }
        let pending: Vec<usize> = (0..rows.len()).filter(|&at| rows[at].is_none()).collect();
        let loaded = self.pools[0].install(|| Loaded::new(dataset));
        self.run_pending(&pending, &subject, &loaded, |at, row| {
            host.finished(&row.0, !self.finished.holds(self.cells[at], &row.0))?;
            row.1.iter().try_for_each(|timing| host.timed(timing))?;
            rows[at] = Some(row);
            Ok(())
        })?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Workers take the next cell when they are done with one; rows come back as they finish.
    fn run_pending(
        &self,
        pending: &[usize],
        subject: &Subject,
        loaded: &Loaded<'_>,
        mut done: impl FnMut(usize, Row) -> Result<()>,
    ) -> Result<()> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for pool in self.pools {
                let (sender, next, stop) = (sender.clone(), &next, &stop);
                scope.spawn(move || {
                    while let Some(&at) = pending.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let row = pool.install(|| self.run_cell(self.cells[at], subject, loaded));
                        if stop.load(Ordering::Relaxed) || sender.send((at, row)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let outcome = receiver.iter().try_for_each(|(at, row)| done(at, row));
            stop.store(true, Ordering::Relaxed);
            outcome
        })
    }

    fn run_cell(&self, cell: &Cell, subject: &Subject, loaded: &Loaded<'_>) -> Row {
        let record = self.finished.record(cell, subject);
        let record = record.unwrap_or_else(|| cell::run(self.executor, cell, subject, loaded));
        let timing = self.timing.filter(|_| record.payload_bytes.is_some());
        let timing = timing.and_then(|plan| self.time_cell(&plan, cell, loaded, &record));
        (record, timing)
    }

    fn time_cell(&self, plan: &TimingPlan, cell: &Cell, loaded: &Loaded<'_>, record: &Record) -> Option<TimingRecord> {
        let target = cell::executed_target(cell, loaded, record)?;
        let dataset = loaded.dataset;
        let (input, fill) = (dataset.tensor.view(), dataset.fill_value);
        let work = Work { entry: cell.entry, params: &cell.params, target, input, fill };
        // The cell has just run. An error now has no time to show, and the row of results stands.
        let (repeats, encode, decode) = timer::time(plan, &work).ok()?;
        Some(TimingRecord {
            cell: record.cell.clone(),
            dataset: record.dataset.clone(),
            method: record.method.clone(),
            params: record.params.clone(),
            target: record.target.clone(),
            target_value: record.target_value,
            threads: rayon::current_num_threads(),
            repeats,
            encode,
            decode,
        })
    }
}
