//! One folded section per data set: its curves and all its numbers.

use super::grid::Grid;
use super::text::{cell, significant, table};
use super::{FIGURES, file_name, rate};
use crate::metrics::Metric;
use crate::record::{Record, Status};

/// A `<details>` per data set.
pub fn section(grid: &Grid<'_>, figures: &[String]) -> String {
    let intro = "Ratios, and how much of the error bound was used. A dash is a cell that did not run.\n\n";
    (0..grid.datasets.len()).fold(intro.to_string(), |text, dataset| text + &of_dataset(grid, figures, dataset) + "\n")
}

fn of_dataset(grid: &Grid<'_>, figures: &[String], dataset: usize) -> String {
    let name = grid.datasets[dataset];
    let mut text = format!("<details><summary>{} · {}</summary>\n\n", cell(name), rate::facts(grid, dataset));
    for (kind, what) in [("rate", "Rate against distortion"), ("speed", "Speed against ratio")] {
        let figure = format!("{kind}-{}", file_name(name));
        if figures.contains(&figure) {
            text += &format!("![{what} of {}]({FIGURES}/{figure}.svg)\n\n", cell(name));
        }
    }
    let outcomes = |target: usize| (0..grid.series.len()).map(move |at| outcome(grid.record(dataset, at, target)));
    let columns: Vec<usize> =
        (0..grid.targets.len()).filter(|&target| outcomes(target).any(|cell| cell != "–")).collect();
    let names = columns.iter().map(|&target| grid.targets[target].clone());
    let header: Vec<String> = std::iter::once("method".to_string()).chain(names).collect();
    let row = |(at, label): (usize, String)| {
        let cells = columns.iter().map(|&target| outcome(grid.record(dataset, at, target)));
        std::iter::once(cell(&label)).chain(cells).collect::<Vec<_>>()
    };
    let rows = grid.series.iter().map(|series| series.label()).enumerate().map(row);
    let rows: Vec<_> = rows.filter(|row| row[1..].iter().any(|cell| cell != "–")).collect();
    text + &table(&header, &rows, 1) + "\n</details>\n"
}

/// `method`, or `method:params`.
pub fn method_text(method: &str, params: &str) -> String {
    if params.is_empty() { method.to_string() } else { format!("{method}:{params}") }
}

/// A cell in few characters.
fn outcome(record: Option<&Record>) -> String {
    let Some(record) = record else { return "–".into() };
    match (record.status, record.ratio) {
        (Status::Unsupported, _) => "–".into(),
        (Status::Ok, Some(ratio)) => match used(record) {
            Some(used) => format!("{} ({:.0} %)", significant(ratio, 3), 100.0 * used),
            None => significant(ratio, 3),
        },
        (Status::Ok, None) => "empty".into(),
        (status, _) => format!("**{}**", status.name().replace('_', " ")),
    }
}

/// Largest error over the bound asked for, where that is a bound on each value.
fn used(record: &Record) -> Option<f64> {
    let bound = record.target_value.filter(|bound| *bound > 0.0)?;
    let error = match record.target.as_str() {
        "abs" => record.metrics.get(Metric::MaxAbsErr)?,
        "rel" => rate::relative_error(record)?,
        "pwrel" => record.metrics.get(Metric::MaxPointwiseRelErr)?,
        _ => return None,
    };
    Some(error / bound).filter(|used| used.is_finite())
}
