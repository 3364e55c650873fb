//! Sizes and speeds beside a method of reference and beside the smallest of all peers: what a recipe's `[relative]` asks for.

mod heat;
mod losses;
mod pareto;
mod section;
mod speeds;
#[cfg(test)]
mod tests;

use super::canvas::Figure;
use super::grid::{Grid, Series, geometric_mean};
use crate::plan::{Patterns, Relative};
use crate::record::{Record, TimingRecord};

pub use section::section;

/// Name of the map of sizes.
const HEAT: &str = "relative-size";
/// Name of the figure of speed against size.
const PARETO: &str = "relative-speed";

/// The figures with their names. None of a report that does not hold the method of reference.
pub fn figures<'a>(grid: &'a Grid<'a>, relative: &Relative, timings: &[TimingRecord]) -> Vec<(String, Figure<'a>)> {
    let Some(comparison) = Comparison::new(grid, relative) else { return Vec::new() };
    let heat = heat::figure(&comparison, relative).map(|figure| (HEAT.to_string(), figure));
    let pareto = pareto::figure(&comparison, timings).map(|figure| (PARETO.to_string(), figure));
    heat.into_iter().chain(pareto).collect()
}

/// A selection of data sets.
#[derive(Clone, Debug, PartialEq)]
struct Selection {
    /// What they are; nothing where they are all.
    name: String,
    datasets: Vec<usize>,
}

/// A grid seen from the method of reference. Indices are those of the grid.
struct Comparison<'a> {
    grid: &'a Grid<'a>,
    /// The series whose sizes count as 1.
    reference: usize,
    /// Series of others, the reference among them.
    peers: Vec<usize>,
    /// The other series.
    ours: Vec<usize>,
    /// Targets under which the reference has a result.
    targets: Vec<usize>,
    /// All data sets on which the reference has a result, then the recipe's groups of them.
    selections: Vec<Selection>,
    /// Bytes from which speeds count.
    speed_from: u64,
}

impl<'a> Comparison<'a> {
    fn new(grid: &'a Grid<'a>, relative: &Relative) -> Option<Self> {
        let named = |label: &dyn Fn(&Series) -> bool| grid.series.iter().position(label);
        let reference =
            named(&|series| series.label() == relative.to).or_else(|| named(&|series| series.method == relative.to))?;
        let peers = matching(grid, &relative.peers);
        let peers: Vec<usize> =
            (0..grid.series.len()).filter(|series| *series == reference || peers.contains(series)).collect();
        let ours = (0..grid.series.len()).filter(|series| !peers.contains(series)).collect();
        let has = |dataset: usize, target: usize| grid.ok(dataset, reference, target).is_some();
        let datasets = 0..grid.datasets.len();
        let targets: Vec<usize> = (0..grid.targets.len())
            .filter(|&target| grid.targets[target] != LOSSLESS && datasets.clone().any(|dataset| has(dataset, target)))
            .collect();
        let all: Vec<usize> = datasets.filter(|&dataset| targets.iter().any(|&target| has(dataset, target))).collect();
        let mut selections = vec![Selection { name: String::new(), datasets: all.clone() }];
        for group in &relative.groups {
            let without = Patterns::new(&group.without).ok()?;
            let kept = all.iter().copied().filter(|&dataset| !without.match_any(grid.datasets[dataset])).collect();
            selections.push(Selection { name: group.name.clone(), datasets: kept });
        }
        let speed_from = relative.speed_from;
        Some(Comparison { grid, reference, peers, ours, targets, selections, speed_from })
    }

    /// The record that stands for a series under a bound: its own, or its lossless one, which keeps every bound.
    fn record(&self, dataset: usize, series: usize, target: usize) -> Option<&'a Record> {
        self.grid.ok(dataset, series, target).or_else(|| self.grid.ok(dataset, series, self.lossless()?))
    }

    /// Whether a series has nothing but lossless results.
    fn is_lossless(&self, series: usize) -> bool {
        let datasets = 0..self.grid.datasets.len();
        let own = |target: usize| datasets.clone().any(|dataset| self.grid.ok(dataset, series, target).is_some());
        !self.targets.iter().any(|&target| own(target))
    }

    fn lossless(&self) -> Option<usize> {
        self.grid.targets.iter().position(|target| target == LOSSLESS)
    }

    /// All bytes that a decoder needs besides the frame.
    fn size(&self, dataset: usize, series: usize, target: usize) -> Option<f64> {
        let record = self.record(dataset, series, target)?;
        let bytes = record.payload_bytes? + record.shared_bytes.unwrap_or(0);
        Some(bytes as f64).filter(|bytes| *bytes > 0.0)
    }

    /// Size over that of the reference.
    fn share(&self, dataset: usize, series: usize, target: usize) -> Option<f64> {
        self.grid.ok(dataset, self.reference, target)?;
        Some(self.size(dataset, series, target)? / self.size(dataset, self.reference, target)?)
    }

    /// The smallest of `among` on a data set, and its size; a series with a lossless and another result counts with the
    /// smaller one. The first in the order of the registry if several are equal.
    fn smallest(&self, among: &[usize], dataset: usize, target: usize) -> Option<(usize, f64)> {
        self.grid.ok(dataset, self.reference, target)?;
        let lossless = self.lossless();
        let sizes = among.iter().flat_map(|&series| {
            let targets = [Some(target), lossless].into_iter().flatten();
            targets.filter_map(move |target| Some((series, self.size(dataset, series, target)?)))
        });
        sizes.reduce(|best, next| if next.1 < best.1 { next } else { best })
    }

    /// Geometric mean over the data sets of a selection for which `value` has a number, and how many those are.
    fn mean(&self, selection: &Selection, value: impl Fn(usize) -> Option<f64>) -> Option<(f64, usize)> {
        let values: Vec<f64> = selection.datasets.iter().filter_map(|&dataset| value(dataset)).collect();
        Some((geometric_mean(values.iter().copied().map(Some))?, values.len()))
    }

    /// Data sets of a selection on which the reference has a result under a target.
    fn count(&self, selection: &Selection, target: usize) -> usize {
        let has = |dataset: &&usize| self.grid.ok(**dataset, self.reference, target).is_some();
        selection.datasets.iter().filter(has).count()
    }
}

/// How the target without loss is written.
const LOSSLESS: &str = "lossless";

/// The series that one of the globs names.
fn matching(grid: &Grid<'_>, globs: &[String]) -> Vec<usize> {
    let Ok(patterns) = Patterns::new(globs) else { return Vec::new() };
    let named = |series: &Series| patterns.match_any(&series.label()) || patterns.match_any(&series.method);
    (0..grid.series.len()).filter(|&series| named(&grid.series[series])).collect()
}
