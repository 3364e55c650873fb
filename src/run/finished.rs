//! Rows that an earlier sweep by the same build finished.

use std::collections::BTreeMap;

use super::cell;
use super::timer::Visit;
use crate::plan::{Cell, Subject, is_exclusion};
use crate::record::{CellName, Record, VisitRecord};
use crate::spec::TargetSpec;

/// Data set, method, parameters, target: what names a cell before its data is here.
type Key = [String; 4];

/// Finished cells, as the journals of a sweep hold them.
#[derive(Debug, Default)]
pub struct Finished {
    records: BTreeMap<Key, Record>,
    visits: BTreeMap<Key, Vec<VisitRecord>>,
}

impl Finished {
    /// Takes rows and visits over; of two rows of one cell the later one wins.
    pub fn new(records: Vec<Record>, visits: Vec<VisitRecord>) -> Self {
        let records = records.into_iter().map(|row| (told_key(&row.name()), row));
        let mut known: BTreeMap<Key, Vec<VisitRecord>> = BTreeMap::new();
        for visit in visits {
            known.entry(told_key(&visit.name)).or_default().push(visit);
        }
        Finished { records: records.collect(), visits: known }
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

    /// The visits that were made to the cell of a row.
    pub(super) fn visits(&self, cell: &Cell, subject: &Subject, record: &Record) -> Vec<Visit> {
        let known = self.visits.get(&key(cell, subject)).into_iter().flatten();
        let own = known.filter(|visit| visit.name.cell == record.cell);
        own.filter_map(|visit| serde_json::from_str(&visit.measured).ok()).collect()
    }
}

fn key(cell: &Cell, subject: &Subject) -> Key {
    [subject.name.clone(), cell.entry.id().to_string(), cell.params_text(), cell.target.to_string()]
}

/// The key of a cell from what a row tells.
fn told_key(name: &CellName) -> Key {
    let target = TargetSpec::from_parts(&name.target, name.target_value).map(|spec| spec.to_string());
    [name.dataset.clone(), name.method.clone(), name.params.clone(), target.unwrap_or_default()]
}
