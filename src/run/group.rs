//! The cells of one data set: which of them run, and side by side.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use anyhow::Result;
use codecbench_methods::api::Target;
use rayon::ThreadPool;

use super::cell::{self, Loaded};
use super::executor::{Executor, Work};
use super::spent::{self, On};
use super::timekeeper::{Found, Timekeeper};
use super::{Finished, Host};
use crate::dataset::Dataset;
use crate::plan::{Cell, Subject};
use crate::record::{Record, TimingRecord};

/// The cells of one data set.
#[derive(Clone)]
pub(super) struct Group<'a> {
    pub subject: &'a Subject,
    pub cells: Vec<&'a Cell>,
    pub finished: &'a Finished,
    pub executor: &'a dyn Executor,
    /// Whether cells are timed.
    pub timed: bool,
    /// One per worker.
    pub pools: &'a [ThreadPool],
}

/// A cell's row, and its timing where it was timed.
pub(super) type Row = (Record, Option<TimingRecord>);

impl Group<'_> {
    /// All rows in the order of the cells; the data is loaded only if some row needs it.
    pub fn run(&self, host: &mut dyn Host, timekeeper: Option<&mut Timekeeper>) -> Result<Vec<Row>> {
        let told = match &self.subject.absent {
            Some(reason) => Some(self.absent_rows(reason)),
            None => self.cells.iter().map(|cell| self.known_row(cell, self.subject)).collect(),
        };
        let told = match told {
            Some(rows) => rows,
            None => match spent::on(On::Data, || host.load(self.subject))? {
                Ok(dataset) => return self.run_loaded(&dataset, host, timekeeper),
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
        if !self.timed || record.payload_bytes.is_none() {
            return Some((record, None));
        }
        let timing = self.finished.timing(cell, subject, &record)?.clone();
        Some((record, Some(timing)))
    }

    fn run_loaded(
        &self,
        dataset: &Dataset,
        host: &mut dyn Host,
        timekeeper: Option<&mut Timekeeper>,
    ) -> Result<Vec<Row>> {
        let subject = self.subject.with(dataset);
        let mut rows: Vec<Option<Row>> = self.cells.iter().map(|cell| self.known_row(cell, &subject)).collect();
        for (cell, row) in self.cells.iter().zip(&rows) {
            if let Some((record, _)) = row {
                // A skipped row is new to the journal too; it keeps the hash of data that only loading tells.
                host.finished(record, !self.finished.holds(cell, record))?;
            }
        }
        let pending: Vec<usize> = (0..rows.len()).filter(|&at| rows[at].is_none()).collect();
        let loaded = spent::on(On::Metrics, || self.pools[0].install(|| Loaded::new(dataset)));
        let for_array = self.executor.for_array(&dataset.tensor.view());
        let group = Group { executor: for_array.as_deref().unwrap_or(self.executor), ..self.clone() };
        group.run_pending(&pending, &subject, &loaded, |at, record| {
            host.finished(&record, !self.finished.holds(self.cells[at], &record))?;
            rows[at] = Some((record, None));
            Ok(())
        })?;
        let mut rows: Vec<Row> = rows.into_iter().flatten().collect();
        if let Some(timekeeper) = timekeeper {
            self.time(&loaded, timekeeper, &mut rows, host)?;
        }
        Ok(rows)
    }

    /// Workers take the next cell when they are done with one; rows come back as they finish.
    fn run_pending(
        &self,
        pending: &[usize],
        subject: &Subject,
        loaded: &Loaded<'_>,
        mut done: impl FnMut(usize, Record) -> Result<()>,
    ) -> Result<()> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for pool in self.pools {
                let (sender, next, stop) = (sender.clone(), &next, &stop);
                scope.spawn(move || {
                    while let Some(&at) = pending.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let record = pool.install(|| self.run_cell(self.cells[at], subject, loaded));
                        if stop.load(Ordering::Relaxed) || sender.send((at, record)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let outcome = receiver.iter().try_for_each(|(at, record)| done(at, record));
            stop.store(true, Ordering::Relaxed);
            outcome
        })
    }

    fn run_cell(&self, cell: &Cell, subject: &Subject, loaded: &Loaded<'_>) -> Record {
        let record = self.finished.record(cell, subject);
        record.unwrap_or_else(|| cell::run(self.executor, cell, subject, loaded))
    }

    /// Times what has run and has no time yet, after all of it has run: no cell is timed beside another one.
    fn time(
        &self,
        loaded: &Loaded<'_>,
        timekeeper: &mut Timekeeper,
        rows: &mut [Row],
        host: &mut dyn Host,
    ) -> Result<()> {
        let (mut places, mut works) = (Vec::new(), Vec::new());
        for (at, (cell, (record, timing))) in self.cells.iter().zip(rows.iter()).enumerate() {
            let target = if timing.is_none() { target(cell, loaded, record) } else { None };
            let work = target.map(|target| work(cell, loaded.dataset, target));
            places.extend(work.is_some().then_some(at));
            works.extend(work);
        }
        let mut tell = |visits, planned| host.visited(visits, planned);
        let found = timekeeper.time(&self.subject.name, &works, &self.pools[0], &mut tell);
        for (at, found) in places.into_iter().zip(found) {
            let (record, timing) = &mut rows[at];
            *timing = found.map(|found| timing_record(record, self.pools[0].current_num_threads(), found));
            timing.iter().try_for_each(|timing| host.timed(timing))?;
        }
        Ok(())
    }
}

/// The target that a cell which has run is timed under; `None` if there is nothing to time.
fn target(cell: &Cell, loaded: &Loaded<'_>, record: &Record) -> Option<Target> {
    record.payload_bytes?;
    cell::executed_target(cell, loaded, record)
}

fn work<'a>(cell: &'a Cell, dataset: &'a Dataset, target: Target) -> Work<'a> {
    let Dataset { tensor, fill_value, .. } = dataset;
    Work::new(cell.entry, &cell.params, target, tensor.view(), *fill_value)
}

fn timing_record(record: &Record, threads: usize, found: Found) -> TimingRecord {
    let Found { repeats, visits, encode, decode, sentinel_ratio, flags } = found;
    TimingRecord {
        cell: record.cell.clone(),
        dataset: record.dataset.clone(),
        method: record.method.clone(),
        params: record.params.clone(),
        target: record.target.clone(),
        target_value: record.target_value,
        threads,
        repeats,
        encode,
        decode,
        visits: Some(visits),
        sentinel_ratio,
        flags,
    }
}
