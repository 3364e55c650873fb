//! A visit to a timed cell as text and back: what the journal of a timed sweep holds.

use anyhow::Result;

use super::Record;
use super::row::{Cells, Row, real};

/// What was measured in one visit to a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VisitRecord {
    /// The cell's hash, as in [`Record`].
    pub cell: String,
    /// Data set name.
    pub dataset: String,
    /// Method id.
    pub method: String,
    /// Canonical parameters.
    pub params: String,
    /// Target name.
    pub target: String,
    /// Target number.
    pub target_value: Option<f64>,
    /// Every call and copy, as JSON.
    pub measured: String,
}

impl VisitRecord {
    /// A visit to the cell of a row.
    pub fn of(record: &Record, measured: String) -> Self {
        VisitRecord {
            cell: record.cell.clone(),
            dataset: record.dataset.clone(),
            method: record.method.clone(),
            params: record.params.clone(),
            target: record.target.clone(),
            target_value: record.target_value,
            measured,
        }
    }
}

impl Row for VisitRecord {
    fn columns() -> Vec<&'static str> {
        vec!["cell", "dataset", "method", "params", "target", "target_value", "measured"]
    }

    fn to_row(&self) -> Vec<String> {
        let VisitRecord { cell, dataset, method, params, target, target_value, measured } = self;
        let texts = [cell, dataset, method, params, target].map(String::clone);
        texts.into_iter().chain([real(*target_value), measured.clone()]).collect()
    }

    fn from_row(columns: &[&str], row: &[&str]) -> Result<Self> {
        let mut cells = Cells::new(columns, row)?;
        let visit = VisitRecord {
            cell: cells.take("cell")?,
            dataset: cells.take("dataset")?,
            method: cells.take("method")?,
            params: cells.take("params")?,
            target: cells.take("target")?,
            target_value: cells.number("target_value")?,
            measured: cells.take("measured")?,
        };
        cells.finish()?;
        Ok(visit)
    }
}
