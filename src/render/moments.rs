//! What compression does to the physics of a distribution: errors of its moments, method by method.

use super::grid::{Grid, target_text};
use super::text::{cell, significant, table};
use crate::metrics::Metric;
use crate::record::Record;

/// Columns: what is counted, then the moments.
const COLUMNS: [(&str, Metric); 8] = [
    ("L2", Metric::L2Rel),
    ("density", Metric::DensityErr),
    ("velocity", Metric::VelocityErr),
    ("temperature", Metric::TemperatureErr),
    ("pressure", Metric::PressureErr),
    ("heat flux", Metric::HeatFluxErr),
    ("entropy", Metric::EntropyErr),
    ("below zero", Metric::NegativeMass),
];

/// A folded table per distribution and target, the smallest payload first; empty without distributions.
pub fn section(grid: &Grid<'_>) -> String {
    let sets = 0..grid.datasets.len();
    let cells = sets.flat_map(|set| grid.compared_targets(set).into_iter().map(move |target| (set, target)));
    let tables: String = cells.filter_map(|(dataset, target)| of_target(grid, dataset, target)).collect();
    if tables.is_empty() {
        return tables;
    }
    format!(
        "Relative errors of what a distribution is integrated for; the velocity's error is in thermal speeds, `below \
         zero` is negative mass over all mass. Methods in the order of their size, the smallest first.\n\n{tables}"
    )
}

fn of_target(grid: &Grid<'_>, dataset: usize, target: usize) -> Option<String> {
    let all = (0..grid.series.len()).filter_map(|series| Some((series, grid.record(dataset, series, target)?)));
    let mut rows: Vec<(usize, &Record)> =
        all.filter(|(_, record)| record.ratio.is_some() && record.metrics.get(Metric::DensityErr).is_some()).collect();
    rows.sort_by_key(|(series, record)| (record.payload_bytes, *series));
    let name = target_text(rows.first()?.1);
    let header: Vec<String> =
        ["method", "bytes", "ratio"].into_iter().chain(COLUMNS.map(|(name, _)| name)).map(String::from).collect();
    let lines: Vec<Vec<String>> =
        rows.iter().map(|(series, record)| line(&grid.series[*series].label(), record)).collect();
    let summary = format!("{} at {name}", cell(grid.datasets[dataset]));
    Some(format!("<details><summary>{summary}</summary>\n\n{}\n</details>\n", table(&header, &lines, 1)))
}

fn line(label: &str, record: &Record) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or("–".into(), |value| significant(value, 2));
    let bytes = record.payload_bytes.map_or("–".into(), |bytes| bytes.to_string());
    let ratio = record.ratio.map_or("–".into(), |ratio| significant(ratio, 3));
    let errors = COLUMNS.iter().map(|(_, metric)| number(record.metrics.get(*metric)));
    [cell(label), bytes, ratio].into_iter().chain(errors).collect()
}
