//! Where a peer is smaller than everything of ours, by how much, and why.

use super::super::text::{cell, significant, table};
use super::Comparison;
use crate::plan::Relative;

/// A row per data set with a loss. Says so if there is none.
pub fn section(comparison: &Comparison<'_>, relative: &Relative) -> String {
    let all = &comparison.selections[0];
    let rows: Vec<Vec<String>> =
        all.datasets.iter().filter_map(|&dataset| row(comparison, relative, dataset)).collect();
    if rows.is_empty() {
        return "Nowhere: on every data set and at every bound one of ours is smaller than every peer.\n".into();
    }
    let targets = comparison.targets.iter().map(|&target| comparison.grid.targets[target].clone());
    let header: Vec<String> = std::iter::once("data set".into()).chain(targets).chain([String::from("why")]).collect();
    format!(
        "The smallest of ours over the smallest of all peers, where that is above 1, and whose the smallest is.\n\n{}",
        table(&header, &rows, 1)
    )
}

fn row(comparison: &Comparison<'_>, relative: &Relative, dataset: usize) -> Option<Vec<String>> {
    let loss = |&target: &usize| {
        let (peer, theirs) = comparison.smallest(&comparison.peers, dataset, target)?;
        let over = comparison.smallest(&comparison.ours, dataset, target)?.1 / theirs;
        (over > 1.0).then(|| format!("{} {}", significant(over, 3), cell(&comparison.grid.series[peer].method)))
    };
    let losses: Vec<Option<String>> = comparison.targets.iter().map(loss).collect();
    losses.iter().any(Option::is_some).then(|| {
        let name = comparison.grid.datasets[dataset];
        let why = relative.why.get(name).map(|why| cell(why)).unwrap_or_default();
        let losses = losses.into_iter().map(Option::unwrap_or_default);
        std::iter::once(cell(name)).chain(losses).chain([why]).collect()
    })
}
