//! Records put in order: data sets, targets and series, and which cells compare.

use std::collections::BTreeMap;

use codecbench_methods::METHODS;

use super::style::Style;
use crate::record::{Record, Status};
use crate::spec::TargetSpec;

/// A method with one set of parameters: a row of the tables and a curve of the figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The method's id.
    pub method: String,
    /// Canonical parameters; empty for the defaults.
    pub params: String,
    /// How it looks.
    pub style: Style,
}

impl Series {
    /// `method`, or `method:params`.
    pub fn label(&self) -> String {
        if self.params.is_empty() { self.method.clone() } else { format!("{}:{}", self.method, self.params) }
    }
}

/// The records of a report by data set, series and target. Indices are those of the three lists.
#[derive(Debug)]
pub struct Grid<'a> {
    /// Data set names, in the order of the records.
    pub datasets: Vec<&'a str>,
    /// Series, methods in the order of the registry.
    pub series: Vec<Series>,
    /// Targets as users write them, in the order of the records.
    pub targets: Vec<String>,
    cells: BTreeMap<(usize, usize, usize), &'a Record>,
}

impl<'a> Grid<'a> {
    /// Sorts records. Of two records of one cell the later one counts.
    pub fn new(records: &'a [Record]) -> Self {
        let datasets = distinct(records.iter().map(|record| record.dataset.as_str()));
        let targets = distinct(records.iter().map(target_text));
        let mut pairs = distinct(records.iter().map(|record| (record.method.as_str(), record.params.as_str())));
        // A stable sort: variants of a method stay in the order of the records.
        pairs.sort_by_key(|(method, _)| place(method));
        let mut series: Vec<Series> = Vec::new();
        for (method, params) in &pairs {
            let variant = series.iter().filter(|series| series.method == *method).count();
            let style = Style::new(method, variant);
            series.push(Series { method: method.to_string(), params: params.to_string(), style });
        }
        let key = |record: &Record| {
            let dataset = datasets.iter().position(|name| *name == record.dataset)?;
            let pair = pairs.iter().position(|pair| *pair == (record.method.as_str(), record.params.as_str()))?;
            Some((dataset, pair, targets.iter().position(|name| *name == target_text(record))?))
        };
        let cells = records.iter().filter_map(|record| Some((key(record)?, record))).collect();
        Grid { datasets, series, targets, cells }
    }

    /// The record of a cell, whatever became of it.
    pub fn record(&self, dataset: usize, series: usize, target: usize) -> Option<&'a Record> {
        self.cells.get(&(dataset, series, target)).copied()
    }

    /// The record of a cell that is `ok`.
    pub fn ok(&self, dataset: usize, series: usize, target: usize) -> Option<&'a Record> {
        self.record(dataset, series, target).filter(|record| record.status == Status::Ok)
    }

    /// The ratio of a cell that is `ok`.
    pub fn ratio(&self, dataset: usize, series: usize, target: usize) -> Option<f64> {
        self.ok(dataset, series, target)?.ratio.filter(|ratio| ratio.is_finite() && *ratio > 0.0)
    }

    /// Series with a ratio on at least one data set under a target.
    pub fn taking_part(&self, target: usize) -> Vec<usize> {
        let datasets = 0..self.datasets.len();
        let some = |&series: &usize| datasets.clone().any(|dataset| self.ratio(dataset, series, target).is_some());
        (0..self.series.len()).filter(some).collect()
    }

    /// Data sets on which every series that takes part has a ratio.
    pub fn common(&self, target: usize) -> Vec<usize> {
        let taking_part = self.taking_part(target);
        let all = |&dataset: &usize| taking_part.iter().all(|&series| self.ratio(dataset, series, target).is_some());
        (0..self.datasets.len()).filter(all).collect()
    }

    /// Targets worth a mean: those on at least a quarter as many common data sets as the one that has most of them.
    pub fn shared_targets(&self) -> Vec<usize> {
        let counts: Vec<usize> = (0..self.targets.len()).map(|target| self.common(target).len()).collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        (0..counts.len()).filter(|&target| counts[target] > 0 && 4 * counts[target] >= most).collect()
    }

    /// Targets of a data set worth a table of their own: those with a mean, and those of a kind that no other has.
    pub fn compared_targets(&self, dataset: usize) -> Vec<usize> {
        let shared = self.shared_targets();
        let kind = |target: usize| self.targets[target].split('=').next().unwrap_or_default();
        let takes = |&target: &usize| {
            let rare = || shared.iter().all(|&other| kind(other) != kind(target));
            self.best(dataset, target).is_some() && (shared.contains(&target) || rare())
        };
        (0..self.targets.len()).filter(takes).collect()
    }

    /// Geometric mean of the ratios of a series over `datasets`; `None` unless it has one on each of at least one.
    pub fn mean_ratio(&self, datasets: &[usize], series: usize, target: usize) -> Option<f64> {
        geometric_mean(datasets.iter().map(|&dataset| self.ratio(dataset, series, target)))
    }

    /// Median of the ratios of a series over `datasets`; `None` unless it has one on each of at least one.
    pub fn median_ratio(&self, datasets: &[usize], series: usize, target: usize) -> Option<f64> {
        let ratios = datasets.iter().map(|&dataset| self.ratio(dataset, series, target));
        let mut ratios = ratios.collect::<Option<Vec<f64>>>()?;
        ratios.sort_by(f64::total_cmp);
        let (low, high) = (ratios.get(ratios.len().saturating_sub(1) / 2)?, ratios.get(ratios.len() / 2)?);
        Some((low + high) / 2.0)
    }

    /// The series with the largest ratio on a data set; the first in the order of the registry if several have it.
    pub fn best(&self, dataset: usize, target: usize) -> Option<(usize, f64)> {
        let ratios = (0..self.series.len()).filter_map(|series| Some((series, self.ratio(dataset, series, target)?)));
        ratios.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// The records to join by a line: those of one data set and series under targets of one kind, in their order.
    pub fn curves(&self, dataset: usize, series: usize) -> Vec<Vec<&'a Record>> {
        let records: Vec<_> = self.along_targets(dataset, series).collect();
        let kinds = distinct(records.iter().map(|record| record.target.as_str()));
        let of = |kind: &str| records.iter().copied().filter(|record| record.target == kind).collect();
        kinds.into_iter().map(of).collect()
    }

    /// The records of one data set under one series, in the order of the targets.
    pub fn along_targets(&self, dataset: usize, series: usize) -> impl Iterator<Item = &'a Record> + '_ {
        (0..self.targets.len()).filter_map(move |target| self.ok(dataset, series, target))
    }
}

/// A record's target as users write it.
pub fn target_text(record: &Record) -> String {
    match TargetSpec::from_parts(&record.target, record.target_value) {
        Ok(target) => target.to_string(),
        Err(_) => record.target.clone(),
    }
}

/// Geometric mean; `None` if a value is absent or there is none.
pub fn geometric_mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let logs = values.map(|value| value.map(libm::log)).collect::<Option<Vec<f64>>>()?;
    if logs.is_empty() { None } else { Some(libm::exp(logs.iter().sum::<f64>() / logs.len() as f64)) }
}

fn place(method: &str) -> usize {
    METHODS.iter().position(|entry| entry.id() == method).unwrap_or(METHODS.len())
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(dataset: &str, method: &str, params: &str, ratio: Option<f64>) -> Record {
        let status = if ratio.is_some() { Status::Ok } else { Status::Unsupported };
        let (target, target_value) = ("rel".into(), Some(1e-3));
        let (dataset, method, params) = (dataset.into(), method.into(), params.into());
        Record { dataset, method, params, target, target_value, status, ratio, ..Record::default() }
    }

    #[test]
    fn means_are_taken_where_every_series_that_takes_part_has_a_ratio() {
        let records = [
            record("a", "zlib", "", Some(2.0)),
            record("a", "identity", "", Some(1.0)),
            record("b", "zlib", "", Some(8.0)),
            record("b", "identity", "", Some(1.0)),
            record("c", "zlib", "", Some(100.0)),
            record("c", "identity", "", None),
            record("a", "never", "", None),
        ];
        let grid = Grid::new(&records);
        assert_eq!(grid.series.iter().map(Series::label).collect::<Vec<_>>(), ["identity", "zlib", "never"]);
        assert_eq!((grid.common(0), grid.taking_part(0)), (vec![0, 1], vec![0, 1]));
        let mean = grid.mean_ratio(&grid.common(0), 1, 0).expect("two ratios");
        assert!((mean - 4.0).abs() < 1e-12, "{mean}");
        assert_eq!(grid.mean_ratio(&[0, 2], 0, 0), None);
        assert_eq!((grid.median_ratio(&[0, 1], 1, 0), grid.median_ratio(&[0, 1, 2], 1, 0)), (Some(5.0), Some(8.0)));
        assert_eq!((grid.median_ratio(&[], 1, 0), grid.median_ratio(&[2], 0, 0)), (None, None));
        assert_eq!(grid.best(1, 0), Some((1, 8.0)));
    }

    #[test]
    fn variants_of_a_method_share_its_colour_and_differ_otherwise() {
        let records = [record("a", "zlib", "", None), record("a", "zlib", "level=9", None)];
        let grid = Grid::new(&records);
        let (first, second) = (grid.series[0].style, grid.series[1].style);
        assert!(first.colour == second.colour && first != second);
        assert_eq!((grid.series[1].label().as_str(), grid.targets[0].as_str()), ("zlib:level=9", "rel=1e-3"));
    }
}
