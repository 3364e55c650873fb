//! The section of the page: means, wins, speeds, and where a peer is smaller.

use super::super::text::{cell, count, significant, table};
use super::speeds::Speeds;
use super::{Comparison, HEAT, PARETO, Selection, losses};
use crate::plan::Relative;
use crate::record::TimingRecord;
use crate::render::FIGURES;
use crate::render::grid::Grid;

/// The section. Empty if the report does not hold the method of reference.
pub fn section(grid: &Grid<'_>, relative: &Relative, timings: &[TimingRecord], figures: &[String]) -> String {
    let Some(comparison) = Comparison::new(grid, relative).filter(|comparison| !comparison.targets.is_empty()) else {
        return String::new();
    };
    let reference = cell(&grid.series[comparison.reference].label());
    let mut text = format!(
        "Size is the payload, every byte that depends on the values; the frame is not counted. A lossless result keeps \
         every bound: methods without another stand with their lossless size, and the smallest of all peers may be one. \
         Below 1 is smaller than `{reference}`.\n\n"
    );
    for selection in &comparison.selections {
        text += &format!("### Geometric mean of size over `{reference}`, {}\n\n", title(selection));
        text += &means(&comparison, selection);
        text += "\n";
    }
    let parts = [
        ("Over the smallest of all peers on each data set", over_smallest(&comparison)),
        ("On how many data sets is it the smallest?", wins(&comparison)),
        ("Every data set and bound", picture(figures, HEAT, "Size relative to the reference")),
        ("Where a peer is still smaller", losses::section(&comparison, relative)),
        ("Speed against size", speeds(&comparison, timings, figures)),
    ];
    for (name, part) in parts.iter().filter(|(_, part)| !part.is_empty()) {
        text += &format!("### {name}\n\n{part}\n");
    }
    text
}

/// A selection in words, with its size.
fn title(selection: &Selection) -> String {
    let sets = count(selection.datasets.len(), "data set");
    if selection.name.is_empty() { format!("all {sets}") } else { format!("{} ({sets})", selection.name) }
}

fn header(comparison: &Comparison<'_>, first: &str) -> Vec<String> {
    let targets = comparison.targets.iter().map(|&target| comparison.grid.targets[target].clone());
    std::iter::once(first.to_string()).chain(targets).collect()
}

/// A mean, with its denominator where that is not the whole selection.
fn mean_text(mean: Option<(f64, usize)>, whole: usize) -> String {
    match mean {
        Some((mean, number)) if number == whole => significant(mean, 3),
        Some((mean, number)) => format!("{} (n = {number})", significant(mean, 3)),
        None => String::new(),
    }
}

fn means(comparison: &Comparison<'_>, selection: &Selection) -> String {
    let row = |name: String, value: &dyn Fn(usize, usize) -> Option<f64>| -> Vec<String> {
        let cells = comparison.targets.iter().map(|&target| {
            mean_text(comparison.mean(selection, |dataset| value(dataset, target)), comparison.count(selection, target))
        });
        std::iter::once(name).chain(cells).collect()
    };
    let of_series = |&series: &usize| {
        let mark = if comparison.is_lossless(series) { " (lossless)" } else { "" };
        let name = cell(&comparison.grid.series[series].label()) + mark;
        row(name, &|dataset, target| comparison.share(dataset, series, target))
    };
    let of_smallest = |name: &str, among: &[usize]| {
        row(format!("*{name}*"), &|dataset, target| {
            let (_, size) = comparison.smallest(among, dataset, target)?;
            Some(size / comparison.size(dataset, comparison.reference, target)?)
        })
    };
    let ours = comparison.ours.iter().map(of_series).chain([of_smallest("smallest of ours", &comparison.ours)]);
    let peers = [of_smallest("smallest of all peers", &comparison.peers)].into_iter();
    let peers = peers.chain(comparison.peers.iter().map(of_series));
    let rows: Vec<_> = ours.chain(peers).filter(|row| row[1..].iter().any(|cell| !cell.is_empty())).collect();
    table(&header(comparison, "method"), &rows, 1)
}

/// A row per series of ours and selection.
fn over_smallest(comparison: &Comparison<'_>) -> String {
    let mut text = String::new();
    for selection in &comparison.selections {
        let row = |&series: &usize| -> Vec<String> {
            let cells = comparison.targets.iter().map(|&target| {
                let over = |dataset| {
                    let (_, peer) = comparison.smallest(&comparison.peers, dataset, target)?;
                    Some(comparison.size(dataset, series, target)? / peer)
                };
                mean_text(comparison.mean(selection, over), comparison.count(selection, target))
            });
            std::iter::once(cell(&comparison.grid.series[series].label())).chain(cells).collect()
        };
        let rows: Vec<_> = comparison.ours.iter().map(row).collect();
        let head = format!("geometric mean, {}", title(selection));
        text += &(table(&header(comparison, &head), &rows, 1) + "\n");
    }
    text
}

/// How often each series is the smallest of all, and how often one of ours is smaller than every peer.
fn wins(comparison: &Comparison<'_>) -> String {
    let every: Vec<usize> = (0..comparison.grid.series.len()).collect();
    let won = |selection: &Selection, target: usize, is: &dyn Fn(usize) -> bool| {
        let winners = selection.datasets.iter().filter_map(|&dataset| comparison.smallest(&every, dataset, target));
        winners.filter(|(series, _)| is(*series)).count()
    };
    let row = |name: String, is: &dyn Fn(usize) -> bool| -> Vec<String> {
        let cells = comparison.targets.iter().map(|&target| {
            let numbers = comparison.selections.iter().map(|selection| won(selection, target, is).to_string());
            numbers.collect::<Vec<_>>().join(" / ")
        });
        std::iter::once(name).chain(cells).collect()
    };
    let wins_any = |series: &usize| {
        let all = &comparison.selections[0];
        comparison.targets.iter().any(|&target| won(all, target, &|winner| winner == *series) > 0)
    };
    let mut rows: Vec<_> = every
        .iter()
        .filter(|&series| wins_any(series))
        .map(|&series| row(cell(&comparison.grid.series[series].label()), &|winner| winner == series))
        .collect();
    rows.push(row("*one of ours*".into(), &|winner| comparison.ours.contains(&winner)));
    rows.push(row("*a peer*".into(), &|winner| comparison.peers.contains(&winner)));
    let names: Vec<_> = comparison.selections.iter().map(title).collect();
    format!("{}.\n\n{}", names.join(" / "), table(&header(comparison, "method"), &rows, 1))
}

fn picture(figures: &[String], name: &str, what: &str) -> String {
    if figures.iter().any(|figure| figure == name) {
        format!("![{what}]({FIGURES}/{name}.png)\n")
    } else {
        String::new()
    }
}

/// Medians of speeds over those of the reference, encoding and decoding, and the picture of the front.
fn speeds(comparison: &Comparison<'_>, timings: &[TimingRecord], figures: &[String]) -> String {
    let speeds = Speeds::new(comparison, timings);
    let row = |series: usize| -> Vec<String> {
        let cells = comparison.targets.iter().map(|&target| match speeds.median(series, target) {
            Some(median) => format!("{} / {}", significant(median[0], 2), significant(median[1], 2)),
            None => String::new(),
        });
        std::iter::once(cell(&comparison.grid.series[series].label())).chain(cells).collect()
    };
    let series = comparison.ours.iter().chain(&comparison.peers);
    let rows: Vec<_> =
        series.map(|&series| row(series)).filter(|row| row[1..].iter().any(|cell| !cell.is_empty())).collect();
    if rows.is_empty() {
        return String::new();
    }
    let reference = speeds.reference_row();
    let rows: Vec<_> = rows.into_iter().chain([reference]).collect();
    format!(
        "Encoding / decoding speed over that of the reference on the same data set in the same run: median over the {} of at \
         least {} MB; the last row is the reference in MB/s. What a method spends on checking its bound is in its time, for \
         peers too.\n\n{}\n{}",
        count(speeds.datasets(), "data set"),
        comparison.speed_from as f64 / 1e6,
        table(&header(comparison, "method"), &rows, 1),
        picture(figures, PARETO, "Speed against size, both relative to the reference"),
    )
}
