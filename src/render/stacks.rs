//! Stacks of distributions: what the whole costs, and what each costs by itself.

use super::details::method_text;
use super::grid::target_text;
use super::text::{cell, significant, table};
use crate::metrics::Metric;
use crate::record::{Record, Status};

/// A table of every result on a stack; empty without one.
pub fn section(records: &[Record]) -> String {
    let of_stack =
        |record: &&Record| record.status == Status::Ok && record.metrics.get(Metric::VdfRatioTotal).is_some();
    let rows: Vec<Vec<String>> = records.iter().filter(of_stack).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let header = ["data set", "method", "target", "ratio", "one by one", "smallest", "largest"].map(String::from);
    format!(
        "A stack is compressed as one array by methods that take its number of axes, one distribution at a time by the \
others. `ratio` is all bytes over all bytes of that payload; `one by one` is all bytes over all bytes with each \
distribution compressed by itself; the last two columns are the smallest and the largest ratio among those. A mean of \
such ratios is not what anything compresses to, and is nowhere.\n\n<details><summary>{} results</summary>\n\n{}\n</details>",
        rows.len(),
        table(&header, &rows, 3)
    )
}

fn row(record: &Record) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or("-".to_string(), |value| significant(value, 3));
    let metric = |metric| number(record.metrics.get(metric));
    vec![
        cell(&record.dataset),
        cell(&method_text(&record.method, &record.params)),
        target_text(record),
        number(record.ratio),
        metric(Metric::VdfRatioTotal),
        metric(Metric::VdfRatioMin),
        metric(Metric::VdfRatioMax),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_results_on_stacks_are_listed_and_a_broken_one_is_not() {
        let record = |status, total: f64| {
            let mut record = Record { dataset: "cells".into(), method: "m".into(), status, ..Record::default() };
            record.metrics.set(Metric::VdfRatioTotal, total);
            record
        };
        assert!(section(&[record(Status::Ok, f64::NAN), record(Status::BoundViolated, 4.0)]).is_empty());
        let text = section(&[record(Status::Ok, 4.0), record(Status::Ok, 5.0)]);
        assert!(text.contains("2 results") && text.contains("| cells | m |") && text.contains("4.00"), "{text}");
    }
}
