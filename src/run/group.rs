//! The cells of one data set: which of them run, and side by side.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use anyhow::Result;
use rayon::ThreadPool;

use super::cell::{self, Loaded};
use super::executor::Executor;
use super::spent::{self, On};
use super::{Finished, Host};
use crate::dataset::Dataset;
use crate::plan::{Cell, Subject};
use crate::record::Record;

/// The cells of one data set.
#[derive(Clone)]
pub(super) struct Group<'a> {
    pub subject: &'a Subject,
    pub cells: &'a [&'a Cell],
    pub finished: &'a Finished,
    pub executor: &'a dyn Executor,
    /// One per worker.
    pub pools: &'a [ThreadPool],
}

impl Group<'_> {
    /// All rows in the order of the cells; the data is loaded only if some row needs it.
    pub fn run(&self, host: &mut dyn Host) -> Result<Vec<Record>> {
        let told = match &self.subject.absent {
            Some(reason) => Some(self.absent_rows(reason)),
            None => self.cells.iter().map(|cell| self.finished.record(cell, self.subject)).collect(),
        };
        let told = match told {
            Some(rows) => rows,
            None => match spent::on(On::Data, || host.load(self.subject))? {
                Ok(dataset) => return self.run_loaded(&dataset, host),
                Err(reason) => self.absent_rows(&reason),
            },
        };
        told.iter().try_for_each(|record| host.finished(record, false))?;
        Ok(told)
    }

    fn absent_rows(&self, reason: &str) -> Vec<Record> {
        let row = |cell: &&Cell| cell::skipped(cell, self.subject, cell.skip.as_deref().unwrap_or(reason));
        self.cells.iter().map(row).collect()
    }

    fn run_loaded(&self, dataset: &Dataset, host: &mut dyn Host) -> Result<Vec<Record>> {
        let subject = self.subject.with(dataset);
        let mut rows: Vec<Option<Record>> =
            self.cells.iter().map(|cell| self.finished.record(cell, &subject)).collect();
        for (cell, row) in self.cells.iter().zip(&rows) {
            if let Some(record) = row {
                // A skipped row is new to the journal too; it keeps the hash of data that only loading tells.
                host.finished(record, !self.finished.holds(cell, record))?;
            }
        }
        let pending: Vec<usize> = (0..rows.len()).filter(|&at| rows[at].is_none()).collect();
        let loaded = spent::on(On::Metrics, || self.pools[0].install(|| Loaded::new(dataset)));
        let for_array = self.executor.for_array(&dataset.tensor.view());
        let group = Group { executor: for_array.as_deref().unwrap_or(self.executor), ..self.clone() };
        group.run_pending(&pending, &subject, &loaded, |at, record| {
            host.finished(&record, true)?;
            rows[at] = Some(record);
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
        mut done: impl FnMut(usize, Record) -> Result<()>,
    ) -> Result<()> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for pool in self.pools {
                let (sender, next, stop) = (sender.clone(), &next, &stop);
                scope.spawn(move || {
                    while let Some(&at) = pending.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let record = pool.install(|| cell::run(self.executor, self.cells[at], subject, loaded));
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
}
