//! What names a cell in every row that is about it.

use anyhow::Result;

use super::row::{Cells, real};
use crate::spec::TargetSpec;

/// A cell as rows name it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellName {
    /// The cell's hash, as in [`super::Record`].
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
}

impl CellName {
    /// Columns, in order.
    pub(super) const COLUMNS: [&str; 6] = ["cell", "dataset", "method", "params", "target", "target_value"];

    pub(super) fn to_row(&self) -> [String; 6] {
        let CellName { cell, dataset, method, params, target, target_value } = self.clone();
        [cell, dataset, method, params, target, real(target_value)]
    }

    pub(super) fn take(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(CellName {
            cell: cells.take("cell")?,
            dataset: cells.take("dataset")?,
            method: cells.take("method")?,
            params: cells.take("params")?,
            target: cells.take("target")?,
            target_value: cells.number("target_value")?,
        })
    }

    /// Data set, method and target, as users write them.
    pub fn label(&self) -> String {
        let target = TargetSpec::from_parts(&self.target, self.target_value).map(|target| target.to_string());
        let method = method_spec(&self.method, &self.params);
        format!("{} {method} {}", self.dataset, target.unwrap_or_else(|_| self.target.clone()))
    }
}

/// A method with its parameters, as users write it.
pub(super) fn method_spec(method: &str, params: &str) -> String {
    [method, params].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(":")
}
