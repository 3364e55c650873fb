//! A visit to a timed cell as text and back: what the journal of a timed sweep holds.

use anyhow::Result;

use super::CellName;
use super::row::{Cells, Row};

/// What was measured in one visit to a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VisitRecord {
    /// The cell that was visited.
    pub name: CellName,
    /// Every call and copy, as JSON.
    pub measured: String,
}

impl Row for VisitRecord {
    fn columns() -> Vec<&'static str> {
        [&CellName::COLUMNS[..], &["measured"]].concat()
    }

    fn to_row(&self) -> Vec<String> {
        self.name.to_row().into_iter().chain([self.measured.clone()]).collect()
    }

    fn from_row(columns: &[&str], row: &[&str]) -> Result<Self> {
        let mut cells = Cells::new(columns, row)?;
        let visit = VisitRecord { name: CellName::take(&mut cells)?, measured: cells.take("measured")? };
        cells.finish()?;
        Ok(visit)
    }
}
