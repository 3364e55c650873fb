//! Records as rows of text and back.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow, ensure};

use super::Record;
use crate::metrics::{METRIC_VERSION, Metric, Metrics};
use crate::spec::number_text;

/// Columns of `results.csv` before the metrics.
const FRONT: [&str; 27] = [
    "cell",
    "dataset",
    "kind",
    "dtype",
    "shape",
    "elements",
    "method",
    "format",
    "params",
    "target",
    "target_value",
    "promise",
    "status",
    "reason",
    "input_bytes",
    "payload_bytes",
    "shared_bytes",
    "frame_bytes",
    "ratio",
    "sparse_ratio",
    "bits_per_value",
    "payload_hash",
    "cold_decode",
    "repeat_encode",
    "metric_version",
    "harness_version",
    "data_sha256",
];

/// Columns of `results.csv` behind the metrics: the last three of [`FRONT`].
const BACK: usize = 3;

/// Columns of `results.csv`, in order.
pub fn result_columns() -> Vec<&'static str> {
    let (front, back) = FRONT.split_at(FRONT.len() - BACK);
    let metrics = Metric::ALL.iter().map(|metric| metric.name());
    front.iter().copied().chain(metrics).chain(back.iter().copied()).collect()
}

/// Something that is a line of a CSV file.
pub trait Row: Sized {
    /// The columns, in order.
    fn columns() -> Vec<&'static str>;

    /// The cells, in the order of the columns. Numbers read back to the same bits; an absent one is empty.
    fn to_row(&self) -> Vec<String>;

    /// Reads a row back; `columns` names its cells.
    ///
    /// # Errors
    /// A missing or unknown column, or a cell that does not read, named; rows measured by other metric definitions.
    fn from_row(columns: &[&str], row: &[&str]) -> Result<Self>;
}

impl Row for Record {
    fn columns() -> Vec<&'static str> {
        result_columns()
    }

    fn to_row(&self) -> Vec<String> {
        let mut row = vec![
            self.cell.clone(),
            self.dataset.clone(),
            self.kind.clone(),
            self.dtype.clone(),
            self.shape.clone(),
            text(self.elements),
            self.method.clone(),
            text(self.format),
            self.params.clone(),
            self.target.clone(),
            real(self.target_value),
            self.promise.clone(),
            self.status.to_string(),
            self.reason.clone(),
            text(self.input_bytes),
            text(self.payload_bytes),
            text(self.shared_bytes),
            text(self.frame_bytes),
            real(self.ratio),
            real(self.sparse_ratio),
            real(self.bits_per_value),
            self.payload_hash.clone(),
            text(self.cold_decode),
            text(self.repeat_encode),
        ];
        row.extend(Metric::ALL.iter().map(|&metric| real(self.metrics.get(metric))));
        row.extend([self.metric_version.to_string(), self.harness_version.clone(), self.data_sha256.clone()]);
        row
    }

    fn from_row(columns: &[&str], row: &[&str]) -> Result<Self> {
        let mut cells = Cells::new(columns, row)?;
        let metrics = metrics(&mut cells)?;
        let record = Record {
            cell: cells.take("cell")?,
            dataset: cells.take("dataset")?,
            kind: cells.take("kind")?,
            dtype: cells.take("dtype")?,
            shape: cells.take("shape")?,
            elements: cells.number("elements")?,
            method: cells.take("method")?,
            format: cells.number("format")?,
            params: cells.take("params")?,
            target: cells.take("target")?,
            target_value: cells.number("target_value")?,
            promise: cells.take("promise")?,
            status: cells.required("status")?,
            reason: cells.take("reason")?,
            input_bytes: cells.number("input_bytes")?,
            payload_bytes: cells.number("payload_bytes")?,
            shared_bytes: cells.number("shared_bytes")?,
            frame_bytes: cells.number("frame_bytes")?,
            ratio: cells.number("ratio")?,
            sparse_ratio: cells.number("sparse_ratio")?,
            bits_per_value: cells.number("bits_per_value")?,
            payload_hash: cells.take("payload_hash")?,
            cold_decode: cells.number_if_there("cold_decode")?,
            repeat_encode: cells.number_if_there("repeat_encode")?,
            metrics,
            metric_version: cells.required("metric_version")?,
            harness_version: cells.take("harness_version")?,
            data_sha256: cells.take_if_there("data_sha256"),
        };
        cells.finish()?;
        ensure!(
            record.metric_version == METRIC_VERSION,
            "metric version {}, this program measures version {METRIC_VERSION}; sweep again",
            record.metric_version
        );
        Ok(record)
    }
}

/// The metrics of a row. One that was added since the row was written has no column there, and no value.
fn metrics(cells: &mut Cells<'_>) -> Result<Metrics> {
    let mut metrics = Metrics::default();
    for &metric in Metric::ALL {
        if let Some(value) = cells.number_if_there(metric.name())? {
            metrics.set(metric, value);
        }
    }
    Ok(metrics)
}

pub(super) fn text(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

pub(super) fn real(value: Option<f64>) -> String {
    value.map(number_text).unwrap_or_default()
}

/// The cells of a row by column name; each is taken once.
pub(super) struct Cells<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Cells<'a> {
    pub fn new(columns: &[&'a str], row: &[&'a str]) -> Result<Self> {
        ensure!(columns.len() == row.len(), "{} cells under {} columns", row.len(), columns.len());
        Ok(Cells(columns.iter().copied().zip(row.iter().copied()).collect()))
    }

    fn raw(&mut self, column: &str) -> Result<&'a str> {
        self.0.remove(column).with_context(|| format!("column `{column}` is missing"))
    }

    pub fn take(&mut self, column: &str) -> Result<String> {
        Ok(self.raw(column)?.to_string())
    }

    /// The text under a column that a row may have been written before.
    pub fn take_if_there(&mut self, column: &str) -> String {
        self.0.remove(column).unwrap_or_default().to_string()
    }

    pub fn number<T: FromStr<Err: Display>>(&mut self, column: &str) -> Result<Option<T>> {
        let cell = self.raw(column)?;
        if cell.is_empty() { Ok(None) } else { parse(column, cell).map(Some) }
    }

    /// As [`Cells::number`], under a column that a row may have been written before.
    pub fn number_if_there<T: FromStr<Err: Display>>(&mut self, column: &str) -> Result<Option<T>> {
        if self.0.contains_key(column) { self.number(column) } else { Ok(None) }
    }

    pub fn required<T: FromStr<Err: Display>>(&mut self, column: &str) -> Result<T> {
        self.raw(column).and_then(|cell| parse(column, cell))
    }

    pub fn finish(self) -> Result<()> {
        let unknown: Vec<_> = self.0.into_keys().collect();
        ensure!(
            unknown.is_empty(),
            "unknown columns {}; a newer version of this program wrote them?",
            unknown.join(", ")
        );
        Ok(())
    }
}

fn parse<T: FromStr<Err: Display>>(column: &str, cell: &str) -> Result<T> {
    cell.parse().map_err(|error| anyhow!("column `{column}`: {cell:?}: {error}"))
}
