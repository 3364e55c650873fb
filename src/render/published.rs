//! What others published, beside what the same idea and the best of all reach here at no larger error.

use super::details::method_text;
use super::grid::Grid;
use super::text::{cell, significant, table};
use crate::metrics::Metric;
use crate::plan::Published;
use crate::record::Record;

/// A table per data set that has published rows; empty without any.
pub fn section(grid: &Grid<'_>, published: &[Published]) -> String {
    let tables = grid.datasets.iter().enumerate().filter_map(|(dataset, name)| {
        let rows: Vec<_> =
            published.iter().filter(|row| row.dataset == *name).map(|row| line(grid, dataset, row)).collect();
        let matched = || matched(grid, dataset, published);
        (!rows.is_empty()).then(|| format!("**{}**\n\n{}\n{}\n", cell(name), table(&header(), &rows, 1), matched()))
    });
    let tables: String = tables.collect();
    if tables.is_empty() {
        return tables;
    }
    format!(
        "*Printed* is the ratio as it was published, *honest* the same result with every byte that a decoder needs, over \
         the data in its true type. Behind them: the smallest payload here whose relative L2 error is no larger, by the \
         method of the same idea and by any method.\n\n{tables}"
    )
}

fn header() -> Vec<String> {
    ["published", "L2", "printed", "honest", "here", "times honest", "best of all", "times honest"]
        .map(String::from)
        .into()
}

fn line(grid: &Grid<'_>, dataset: usize, row: &Published) -> Vec<String> {
    let same = smallest(grid, dataset, row.l2, |method| method == row.method);
    let any = smallest(grid, dataset, row.l2, |_| true);
    let ours = |found: &Option<(f64, &Record)>| match found {
        Some((ratio, record)) => {
            format!("{} {}", significant(*ratio, 3), cell(&method_text(&record.method, &record.params)))
        }
        None => "–".into(),
    };
    let times = |found: &Option<(f64, &Record)>| match (found, row.honest) {
        (Some((ratio, _)), Some(honest)) => significant(ratio / honest, 3),
        _ => "–".into(),
    };
    let ratio = |value: Option<f64>| value.map_or("–".into(), |value| significant(value, 3));
    let ends = [ours(&same), times(&same), ours(&any), times(&any)];
    [cell(&row.name), significant(row.l2, 3), ratio(row.printed), ratio(row.honest)].into_iter().chain(ends).collect()
}

/// One row per method: its ratios at equal targets, and what was published of the same idea.
fn matched(grid: &Grid<'_>, dataset: usize, published: &[Published]) -> String {
    let columns = grid.compared_targets(dataset);
    let names = columns.iter().map(|&target| grid.targets[target].clone());
    let ends = ["printed", "honest", "at L2"].map(String::from);
    let header: Vec<String> = std::iter::once("method".to_string()).chain(names).chain(ends).collect();
    let best: Vec<Option<usize>> =
        columns.iter().map(|&target| grid.best(dataset, target).map(|(series, _)| series)).collect();
    let row = |at: usize| {
        let series = &grid.series[at];
        let ratio = |(&target, best): (&usize, &Option<usize>)| match grid.ratio(dataset, at, target) {
            Some(ratio) if *best == Some(at) => format!("**{}**", significant(ratio, 3)),
            Some(ratio) => significant(ratio, 3),
            None => "–".into(),
        };
        let ratios = columns.iter().zip(&best).map(ratio);
        let row = published.iter().find(|row| row.dataset == grid.datasets[dataset] && row.method == series.method);
        let text = |value: Option<f64>| value.map_or("–".into(), |value| significant(value, 3));
        let ends = [row.and_then(|row| row.printed), row.and_then(|row| row.honest), row.map(|row| row.l2)].map(text);
        std::iter::once(cell(&series.label())).chain(ratios).chain(ends).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = (0..grid.series.len()).map(row).collect();
    format!(
        "The same at equal targets: ratios, the largest of each column in bold; at the end what was published of the \
         idea, and at which error.\n\n{}",
        table(&header, &rows, 1)
    )
}

/// The largest ratio of the methods taken at a relative L2 error of at most `l2`.
fn smallest<'a>(grid: &Grid<'a>, dataset: usize, l2: f64, takes: impl Fn(&str) -> bool) -> Option<(f64, &'a Record)> {
    let series = (0..grid.series.len()).filter(|&series| takes(&grid.series[series].method));
    let records = series.flat_map(|series| grid.along_targets(dataset, series).collect::<Vec<_>>());
    let near = records.filter(|record| record.metrics.get(Metric::L2Rel).is_some_and(|error| error <= l2));
    let ratios = near.filter_map(|record| Some((record.ratio?, record)));
    ratios.reduce(|best, next| if next.0 > best.0 { next } else { best })
}
