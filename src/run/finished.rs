//! Rows that an earlier sweep by the same build finished.

use std::collections::BTreeMap;

use super::cell;
use crate::plan::{Cell, Subject, is_exclusion};
use crate::record::{Record, TimingRecord};
use crate::spec::TargetSpec;

/// Data set, method, parameters, target: what names a cell before its data is here.
type Key = [String; 4];

/// Finished cells, as the journals of a sweep hold them.
#[derive(Debug, Default)]
pub struct Finished {
    records: BTreeMap<Key, Record>,
    timings: BTreeMap<Key, TimingRecord>,
}

impl Finished {
    /// Takes rows over; of two rows of one cell the later one wins.
    pub fn new(records: Vec<Record>, timings: Vec<TimingRecord>) -> Self {
        let records = records.into_iter().map(|row| {
            let target = target_text(&row.target, row.target_value);
            ([row.dataset.clone(), row.method.clone(), row.params.clone(), target], row)
        });
        let timings = timings.into_iter().map(|row| {
            let target = target_text(&row.target, row.target_value);
            ([row.dataset.clone(), row.method.clone(), row.params.clone(), target], row)
        });
        Finished { records: records.collect(), timings: timings.collect() }
    }

    /// The row of a cell, if it can be told without running it: a skipped cell on data that is known well enough, or one
    /// that has run on the same bytes.
    pub(super) fn record(&self, cell: &Cell, subject: &Subject) -> Option<Record> {
        let earlier = self.records.get(&key(cell, subject)).filter(|record| match &subject.sha256 {
            Some(sha256) => record.cell == cell.hash(sha256),
            None => subject.generated,
        });
        match (&cell.skip, earlier) {
            (None, earlier) => earlier.filter(|record| !is_exclusion(&record.reason)).cloned(),
            (Some(reason), Some(record)) => Some(cell::reskipped(record, reason)),
            (Some(reason), None) => subject.is_known().then(|| cell::skipped(cell, subject, reason)),
        }
    }

    /// Whether a journal holds this row already.
    pub(super) fn holds(&self, cell: &Cell, record: &Record) -> bool {
        let key = [record.dataset.clone(), record.method.clone(), record.params.clone(), cell.target.to_string()];
        self.records.get(&key) == Some(record)
    }

    /// The timing that goes with a row.
    pub(super) fn timing(&self, cell: &Cell, subject: &Subject, record: &Record) -> Option<&TimingRecord> {
        self.timings.get(&key(cell, subject)).filter(|timing| timing.cell == record.cell)
    }
}

fn key(cell: &Cell, subject: &Subject) -> Key {
    [subject.name.clone(), cell.entry.id().to_string(), cell.params_text(), cell.target.to_string()]
}

fn target_text(name: &str, value: Option<f64>) -> String {
    TargetSpec::from_parts(name, value).map(|spec| spec.to_string()).unwrap_or_default()
}
