//! The page of a report: the summary first, what only some readers want folded away below.

use std::collections::BTreeMap;

use super::grid::{Grid, geometric_mean};
use super::text::{cell, count, significant, table};
use super::{FIGURES, Heading, details, file_name, title};
use crate::record::{HARNESS_VERSION, Record, Status, TimingRecord};

/// The text of `README.md`. `figures` are the names of the pictures that exist.
pub fn page(
    heading: &Heading,
    grid: &Grid<'_>,
    records: &[Record],
    timings: &[TimingRecord],
    figures: &[String],
) -> String {
    let mut page = format!("# {}\n\n", title(heading));
    if !heading.description.is_empty() {
        page += &format!("{}\n\n", heading.description.trim());
    }
    page += &format!("{}\n\n", what_ran(grid, records));
    page += &broken(records);
    if figures.iter().any(|name| name == "overview") {
        page += &format!("![Compression ratio of every method at equal targets]({FIGURES}/overview.png)\n\n");
    }
    let sections = [
        ("Beside what others would pick", relative(heading, grid, timings, figures)),
        ("Beside what was published", super::published::section(grid, &heading.published)),
        ("Compression ratio", means(grid)),
        ("Best method by data set", best(grid, figures)),
        ("What it looks like", super::illustrations::section(&heading.illustrations)),
        ("What is left of the physics", super::moments::section(grid)),
        ("Stacks of distributions", super::stacks::section(records)),
        ("Speed", speed(grid, timings)),
        ("What did not run", not_run(records)),
        ("Every data set", details::section(grid, figures)),
        ("Read with care", CARE.to_string()),
        ("Make it again", again(records)),
    ];
    for (name, text) in sections.iter().filter(|(_, text)| !text.is_empty()) {
        page += &format!("## {name}\n\n{}\n\n", text.trim_end());
    }
    page.trim_end().to_string() + "\n"
}

fn relative(heading: &Heading, grid: &Grid<'_>, timings: &[TimingRecord], figures: &[String]) -> String {
    let section = |relative| super::relative::section(grid, relative, timings, figures);
    heading.relative.as_ref().map(section).unwrap_or_default()
}

const CARE: &str = "\
- A geometric mean gives a data set with a ratio of thousands, an edge case mostly, a weight that it hardly deserves: \
compare it with the median.
- A mean hides that every method has data it is good at and data it is bad at: look at the data sets that resemble yours.
- Every ratio counts the whole payload, from which a fresh decoder alone restored the array; element type and shape are \
in the frame, whose size is the column `frame_bytes` of `results.csv`.
- Equal targets are not equal errors: a method may stay far below the bound it was given. The percentages in the \
tables of each data set, and the curves, say how much of it was used.
- The parameters are each method's own few, not the best for each data set.";

/// How much there is, and what became of it.
fn what_ran(grid: &Grid<'_>, records: &[Record]) -> String {
    let mut methods: Vec<_> = grid.series.iter().map(|series| &series.method).collect();
    methods.dedup();
    let of = |status: Status| records.iter().filter(|record| record.status == status).count();
    let statuses = Status::ALL.iter().map(|&status| (status, of(status))).filter(|(_, number)| *number > 0);
    let statuses: Vec<_> = statuses.map(|(status, number)| format!("{number} {}", words(status))).collect();
    format!(
        "{}, {} with {}, {}: {} — {}. Every cell is a row of [results.csv](results.csv).",
        count(grid.datasets.len(), "data set"),
        count(methods.len(), "method"),
        count(grid.series.len(), "parameter set"),
        count(grid.targets.len(), "target"),
        count(records.len(), "cell"),
        statuses.join(", ")
    )
}

fn words(status: Status) -> String {
    status.name().replace('_', " ")
}

/// Cells that ran and are not as they should be: never folded away.
fn broken(records: &[Record]) -> String {
    let is_broken = |record: &&Record| !matches!(record.status, Status::Ok | Status::Unsupported);
    let rows: Vec<Vec<String>> = records.iter().filter(is_broken).map(broken_row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = ["data set", "method", "target", "status", "reason"].map(String::from);
    let warning =
        format!("> **{} broken.** Their numbers are left out everywhere below.\n\n", count(rows.len(), "cell"));
    warning + &table(&header, &rows, 5) + "\n"
}

fn broken_row(record: &Record) -> Vec<String> {
    let method = details::method_text(&record.method, &record.params);
    let target = super::grid::target_text(record);
    vec![cell(&record.dataset), cell(&method), target, words(record.status), cell(&record.reason)]
}

/// Geometric means over the common data sets, the largest of each target in bold.
fn means(grid: &Grid<'_>) -> String {
    let targets = grid.shared_targets();
    if targets.is_empty() {
        return String::new();
    }
    let commons: Vec<Vec<usize>> = targets.iter().map(|&target| grid.common(target)).collect();
    type Middle = for<'a> fn(&Grid<'a>, &[usize], usize, usize) -> Option<f64>;
    let columns = |middle: Middle| -> Vec<Vec<Option<f64>>> {
        let column = |(&target, common): (&usize, &Vec<usize>)| {
            (0..grid.series.len()).map(|series| middle(grid, common, series, target)).collect()
        };
        targets.iter().zip(&commons).map(column).collect()
    };
    let head = |(&target, common): (&usize, &Vec<usize>)| format!("{}<br>n = {}", grid.targets[target], common.len());
    let header: Vec<String> =
        std::iter::once("method".to_string()).chain(targets.iter().zip(&commons).map(head)).collect();
    let compared = |middle: Middle| table(&header, &rows(grid, &columns(middle), |value| significant(value, 3)), 1);
    let left_out = match targets.len() < grid.targets.len() {
        true => " Targets on few data sets stand in the tables further down.",
        false => "",
    };
    let medians = compared(|grid, common, series, target| grid.median_ratio(common, series, target));
    format!(
        "Geometric mean over the n data sets on which every method that takes the target has a result.{left_out}\n\n{}\n{}{}",
        compared(|grid, common, series, target| grid.mean_ratio(common, series, target)),
        folded("Median over the same data sets: edge cases with huge ratios do not move it", &medians),
        folded("Each method over all data sets that it ran on: rows do not compare", &own_means(grid, &targets))
    )
}

fn folded(summary: &str, text: &str) -> String {
    format!("<details><summary>{summary}</summary>\n\n{text}\n</details>\n")
}

/// Means over whatever each series ran on, with the number of data sets.
fn own_means(grid: &Grid<'_>, targets: &[usize]) -> String {
    let header: Vec<String> = std::iter::once("method".to_string())
        .chain(targets.iter().map(|&target| grid.targets[target].clone()))
        .collect();
    let of = |series: usize, target: usize| {
        let ratios: Vec<f64> =
            (0..grid.datasets.len()).filter_map(|dataset| grid.ratio(dataset, series, target)).collect();
        let mean = geometric_mean(ratios.iter().map(|ratio| Some(*ratio)));
        mean.map(|mean| format!("{} (n = {})", significant(mean, 3), ratios.len())).unwrap_or_default()
    };
    let rows: Vec<Vec<String>> = grid
        .series
        .iter()
        .enumerate()
        .map(|(at, series)| {
            let cells = targets.iter().map(|&target| of(at, target));
            std::iter::once(cell(&series.label())).chain(cells).collect::<Vec<_>>()
        })
        .filter(|row: &Vec<String>| row[1..].iter().any(|cell| !cell.is_empty()))
        .collect();
    table(&header, &rows, 1)
}

/// A row per series that has a number, the largest of each column in bold.
fn rows(grid: &Grid<'_>, columns: &[Vec<Option<f64>>], show: impl Fn(f64) -> String) -> Vec<Vec<String>> {
    let largest: Vec<f64> = columns.iter().map(|column| column.iter().flatten().copied().fold(0.0, f64::max)).collect();
    let text = |value: Option<f64>, largest: f64| match value {
        Some(value) if show(value) == show(largest) => format!("**{}**", show(value)),
        Some(value) => show(value),
        None => String::new(),
    };
    let row = |at: usize| {
        let cells = columns.iter().zip(&largest).map(|(column, &largest)| text(column[at], largest));
        std::iter::once(cell(&grid.series[at].label())).chain(cells).collect()
    };
    (0..grid.series.len()).filter(|&at| columns.iter().any(|column| column[at].is_some())).map(row).collect()
}

/// The largest ratio of each data set and target, and whose it is.
fn best(grid: &Grid<'_>, figures: &[String]) -> String {
    let header: Vec<String> =
        ["data set", "what it is"].map(String::from).into_iter().chain(grid.targets.iter().cloned()).collect();
    let winner = |dataset: usize, target: usize| {
        let best = grid.best(dataset, target);
        best.map(|(series, ratio)| format!("**{}** {}", significant(ratio, 3), cell(&grid.series[series].method)))
    };
    let row = |dataset: usize| {
        let name = grid.datasets[dataset];
        let figure = format!("rate-{}", file_name(name));
        let link = format!("[{}]({FIGURES}/{figure}.png)", cell(name));
        let name = if figures.contains(&figure) { link } else { cell(name) };
        let winners = (0..grid.targets.len()).map(|target| winner(dataset, target).unwrap_or_default());
        [name, super::rate::facts(grid, dataset)].into_iter().chain(winners).collect::<Vec<_>>()
    };
    let rows: Vec<_> = (0..grid.datasets.len()).map(row).collect();
    format!("The largest ratio, whatever the parameters. The name leads to the curves.\n\n{}", table(&header, &rows, 2))
}

/// Geometric mean of speeds over the data sets that every series was timed on.
fn speed(grid: &Grid<'_>, timings: &[TimingRecord]) -> String {
    let speeds: BTreeMap<(&str, &str), [f64; 2]> = timings
        .iter()
        .map(|timing| {
            ((timing.name.dataset.as_str(), timing.name.cell.as_str()), [timing.encode.mb_s, timing.decode.mb_s])
        })
        .collect();
    let of = |dataset: usize, series: usize, target: usize| {
        speeds.get(&(grid.datasets[dataset], grid.ok(dataset, series, target)?.cell.as_str())).copied()
    };
    let (mut header, mut columns) = (vec!["method".to_string()], Vec::new());
    for target in 0..grid.targets.len() {
        let some = |&series: &usize| (0..grid.datasets.len()).any(|dataset| of(dataset, series, target).is_some());
        let timed: Vec<usize> = (0..grid.series.len()).filter(some).collect();
        let all = |&dataset: &usize| timed.iter().all(|&series| of(dataset, series, target).is_some());
        let common: Vec<usize> = (0..grid.datasets.len()).filter(all).collect();
        if timed.is_empty() || common.is_empty() {
            continue;
        }
        for (direction, name) in ["encode", "decode"].into_iter().enumerate() {
            header.push(format!("{} {name}<br>n = {}", grid.targets[target], common.len()));
            let mean =
                |series| geometric_mean(common.iter().map(|&dataset| Some(of(dataset, series, target)?[direction])));
            columns.push((0..grid.series.len()).map(mean).collect::<Vec<_>>());
        }
    }
    if columns.is_empty() {
        return String::new();
    }
    let table = table(&header, &rows(grid, &columns, |value| significant(value, 3)), 1);
    format!(
        "MB of raw data per second (MB = 10⁶ bytes), geometric mean over the n data sets on which every method was timed. \
         Taken on the machine of [environment.json](environment.json); [timings.csv](timings.csv) has the spread, \
         and the speed over a memcpy in the same run, which travels better.{}\n\n{table}",
        suspect(timings)
    )
}

/// How many timings say themselves that they are not to be relied on.
fn suspect(timings: &[TimingRecord]) -> String {
    match timings.iter().filter(|timing| !timing.flags.is_empty()).count() {
        0 => String::new(),
        flagged => format!(" {flagged} of {} timed cells are flagged there, with the reason.", timings.len()),
    }
}

/// Reasons of cells that are unsupported, by method.
fn not_run(records: &[Record]) -> String {
    let mut reasons: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for record in records.iter().filter(|record| record.status == Status::Unsupported) {
        *reasons.entry((&record.method, cell(&record.reason))).or_default() += 1;
    }
    if reasons.is_empty() {
        return String::new();
    }
    let total: usize = reasons.values().sum();
    let mut rows: Vec<_> = reasons.into_iter().collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|((method, reason), number)| vec![cell(method), reason, number.to_string()]).collect();
    let header = ["method", "reason", "cells"].map(String::from);
    folded(&format!("{}, by reason", count(total, "unsupported cell")), &table(&header, &rows, 2))
}

/// How the numbers and this page come about.
fn again(records: &[Record]) -> String {
    let version = records.first().map_or(HARNESS_VERSION, |record| record.harness_version.as_str());
    format!(
        "Written by codecbench {version}. From the root of the repository, with the path of this folder for `DIR`:\n\n\
         ```sh\n\
         cargo run --release -- sweep DIR/sweep.toml          # measure again: the same bytes\n\
         cargo run --release -- report DIR                    # this page and the figures from the rows, measuring nothing\n\
         cargo run --release -- check --baseline DIR          # what has changed since\n\
         ```"
    )
}
