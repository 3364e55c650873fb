//! What changed, and whether it is for the worse.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::metrics::Metric;
use crate::record::{Record, Row, Status};

/// What a change means for the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The gate fails.
    Regression,
    /// Better than the baseline by more than the tolerance.
    Improvement,
    /// Neither: a row that the baseline does not have.
    Notice,
}

/// One difference between baseline and now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What it means.
    pub severity: Severity,
    /// Data set, method with its parameters, and target.
    pub cell: String,
    /// The column of `results.csv`.
    pub column: String,
    /// The value in the baseline; empty if there is none.
    pub before: String,
    /// The value now; empty if there is none.
    pub after: String,
    /// `after / before - 1`, where both are numbers and the first is not 0.
    pub relative: Option<f64>,
}

/// All changes of a comparison, and over how many rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Changes, regressions first, in the order of the baseline.
    pub changes: Vec<Change>,
    /// Rows in the baseline.
    pub compared: usize,
}

impl Verdict {
    /// Whether the gate passes.
    pub fn passes(&self) -> bool {
        self.changes.iter().all(|change| change.severity != Severity::Regression)
    }

    /// Number of changes of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.changes.iter().filter(|change| change.severity == severity).count()
    }
}

/// Columns compared though the recipe does not name them, with the relative change tolerated.
const DEFAULTS: [(&str, f64); 7] = [
    ("payload_bytes", 0.0),
    ("shared_bytes", 0.0),
    ("frame_bytes", 0.0),
    ("missing_mismatch", 0.0),
    ("max_abs_err", 1e-9),
    ("max_pointwise_rel_err", 1e-9),
    ("rmse", 1e-9),
];

/// Columns in which more is better; in all others less is.
const MORE_IS_BETTER: [&str; 12] = [
    "ratio",
    "sparse_ratio",
    Metric::PsnrRange.name(),
    Metric::PsnrPeak.name(),
    Metric::SnrDb.name(),
    Metric::AccuracyGain.name(),
    Metric::PearsonR.name(),
    Metric::Ssim.name(),
    Metric::MsSsim.name(),
    Metric::Dssim.name(),
    "elements",
    "input_bytes",
];

/// Compares rows of now with those of a baseline; `tolerances` are relative changes per column, over the built-in ones.
///
/// A cell is found again by data set, method, parameters and target, whatever its hash: a new format is still the same cell.
///
/// # Errors
/// Rows measured by different metric definitions.
pub fn compare(baseline: &[Record], now: &[Record], tolerances: &BTreeMap<String, f64>) -> Result<Verdict> {
    if let (Some(before), Some(after)) = (baseline.first(), now.first()) {
        let (before, after) = (before.metric_version, after.metric_version);
        ensure!(
            before == after,
            "the baseline has metrics of version {before}, now it is {after}; bless a new baseline"
        );
    }
    let mut columns: BTreeMap<String, f64> = DEFAULTS.map(|(column, tolerance)| (column.to_string(), tolerance)).into();
    columns.extend(tolerances.clone());
    let current: BTreeMap<String, &Record> = now.iter().map(|record| (record.label(), record)).collect();
    let known: BTreeMap<String, ()> = baseline.iter().map(|record| (record.label(), ())).collect();
    let mut changes = Vec::new();
    for before in baseline {
        let cell = before.label();
        match current.get(&cell) {
            None => changes.push(change(Severity::Regression, &cell, "status", before.status.name(), "missing")),
            Some(after) => rows(&cell, before, after, &columns, &mut changes),
        }
    }
    for record in now.iter().filter(|record| !known.contains_key(&record.label())) {
        // A cell that nobody knew has no right to be broken either.
        let severity = if is_broken(record.status) { Severity::Regression } else { Severity::Notice };
        changes.push(change(severity, &record.label(), "status", "", record.status.name()));
    }
    changes.sort_by_key(|change| change.severity);
    Ok(Verdict { changes, compared: baseline.len() })
}

fn change(severity: Severity, cell: &str, column: &str, before: &str, after: &str) -> Change {
    let numbers = before.parse::<f64>().ok().zip(after.parse::<f64>().ok());
    let relative = numbers.filter(|&(before, _)| before != 0.0).map(|(before, after)| (after - before) / before.abs());
    let [cell, column, before, after] = [cell, column, before, after].map(str::to_string);
    Change { severity, cell, column, before, after, relative: relative.filter(|relative| relative.is_finite()) }
}

fn is_broken(status: Status) -> bool {
    !matches!(status, Status::Ok | Status::Unsupported)
}

/// Strength of a promise; 0 for none or an unknown word.
fn strength(promise: &str) -> u8 {
    match promise {
        "exact" => 3,
        "bounded" => 2,
        "approximate" => 1,
        _ => 0,
    }
}

fn rows(cell: &str, before: &Record, after: &Record, columns: &BTreeMap<String, f64>, changes: &mut Vec<Change>) {
    let mut push = |severity, column: &str, before: &str, after: &str| {
        changes.push(change(severity, cell, column, before, after));
    };
    let rank = |status: Status| match status {
        Status::Ok => 0,
        Status::Unsupported => 1,
        _ => 2,
    };
    let (was, is) = (rank(before.status), rank(after.status));
    if is > was || is == 2 {
        let after_text = format!("{} ({})", after.status, after.reason);
        return push(Severity::Regression, "status", before.status.name(), &after_text);
    }
    if is < was {
        push(Severity::Improvement, "status", before.status.name(), after.status.name());
        return;
    }
    if after.status == Status::Unsupported {
        return;
    }
    match strength(&after.promise).cmp(&strength(&before.promise)) {
        std::cmp::Ordering::Less => push(Severity::Regression, "promise", &before.promise, &after.promise),
        std::cmp::Ordering::Greater => push(Severity::Improvement, "promise", &before.promise, &after.promise),
        std::cmp::Ordering::Equal => {}
    }
    let (old, new) = (cells(before), cells(after));
    for (column, tolerance) in columns {
        let [before, after] = [&old, &new].map(|cells| cells.get(column.as_str()).map_or("", String::as_str));
        if let Some(severity) = judge(column, before, after, *tolerance) {
            push(severity, column, before, after);
        }
    }
}

/// The cells of a row by column.
fn cells(record: &Record) -> BTreeMap<&'static str, String> {
    Record::columns().into_iter().zip(record.to_row()).collect()
}

/// Whether a column moved by more than it may, and in which direction.
fn judge(column: &str, before: &str, after: &str, tolerance: f64) -> Option<Severity> {
    if before == after {
        return None;
    }
    let (Ok(old), Ok(new)) = (before.parse::<f64>(), after.parse::<f64>()) else {
        // A number that vanished is a loss of knowledge; one that appeared is not.
        return Some(if after.is_empty() { Severity::Regression } else { Severity::Notice });
    };
    let sign = if MORE_IS_BETTER.contains(&column) { -1.0 } else { 1.0 };
    // Signed metrics (bias, autocorrelation) get worse as they leave zero.
    let signed = [Metric::Bias.name(), Metric::ErrAutocorr1.name()].contains(&column);
    let (old, new) = if signed { (old.abs(), new.abs()) } else { (old, new) };
    let worse = sign * (new - old);
    if worse.abs() <= tolerance * old.abs() || new == old {
        return None;
    }
    Some(if worse > 0.0 { Severity::Regression } else { Severity::Improvement })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Record {
        let mut row = Record {
            dataset: "d".into(),
            method: "zlib".into(),
            params: "level=9".into(),
            target: "rel".into(),
            target_value: Some(1e-3),
            promise: "bounded".into(),
            status: Status::Ok,
            payload_bytes: Some(1000),
            ratio: Some(4.0),
            metric_version: 1,
            ..Record::default()
        };
        row.metrics.set(Metric::MaxAbsErr, 0.5);
        row.metrics.set(Metric::PsnrRange, 60.0);
        row
    }

    fn against(after: Record, tolerances: &[(&str, f64)]) -> Verdict {
        let tolerances = tolerances.iter().map(|&(column, tolerance)| (column.to_string(), tolerance)).collect();
        compare(&[row()], &[after], &tolerances).expect("equal versions")
    }

    #[test]
    fn equal_rows_pass_without_a_word() {
        assert_eq!(against(row(), &[]), Verdict { changes: vec![], compared: 1 });
    }

    #[test]
    fn a_size_up_by_one_per_cent_fails_unless_it_is_tolerated() {
        let larger = Record { payload_bytes: Some(1010), ..row() };
        let verdict = against(larger.clone(), &[]);
        assert!(!verdict.passes());
        assert!((verdict.changes[0].relative.expect("two numbers") - 0.01).abs() < 1e-12);
        assert!(against(larger, &[("payload_bytes", 0.011)]).passes());
        let smaller = against(Record { payload_bytes: Some(990), ..row() }, &[]);
        assert_eq!((smaller.passes(), smaller.count(Severity::Improvement)), (true, 1));
    }

    #[test]
    fn an_error_up_fails_and_more_decibels_are_better() {
        let with = |metric, value| {
            let mut after = row();
            after.metrics.set(metric, value);
            after
        };
        assert!(!against(with(Metric::MaxAbsErr, 0.51), &[]).passes());
        assert!(against(with(Metric::MaxAbsErr, 0.49), &[]).passes());
        let psnr = [("psnr_range", 0.001)];
        assert!(!against(with(Metric::PsnrRange, 59.0), &psnr).passes());
        assert!(against(with(Metric::PsnrRange, 61.0), &psnr).passes());
        assert!(against(with(Metric::PsnrRange, 59.99), &psnr).passes());
    }

    #[test]
    fn a_broken_or_weaker_promise_fails_and_a_stronger_one_is_welcome() {
        let broken = Record { status: Status::BoundViolated, reason: "3 values".into(), ..row() };
        assert!(against(broken.clone(), &[]).changes[0].after.contains("3 values"));
        assert!(!against(Record { promise: "approximate".into(), ..row() }, &[]).passes());
        assert!(against(Record { promise: "exact".into(), ..row() }, &[]).passes());
        // A promise that was broken before is still broken.
        assert!(
            !compare(std::slice::from_ref(&broken), std::slice::from_ref(&broken), &BTreeMap::new())
                .expect("equal versions")
                .passes()
        );
    }

    #[test]
    fn a_missing_row_fails_and_a_new_one_is_a_notice_unless_it_is_broken() {
        let other = Record { dataset: "e".into(), ..row() };
        let none = BTreeMap::new();
        assert!(!compare(&[row(), other.clone()], &[row()], &none).expect("equal versions").passes());
        let more = compare(&[row()], &[row(), other.clone()], &none).expect("equal versions");
        assert_eq!((more.passes(), more.count(Severity::Notice)), (true, 1));
        let crashed = Record { status: Status::Crashed, ..other };
        assert!(!compare(&[row()], &[row(), crashed], &none).expect("equal versions").passes());
    }

    #[test]
    fn a_cell_that_became_unsupported_fails_and_one_that_works_now_does_not() {
        let unsupported = Record { status: Status::Unsupported, payload_bytes: None, ..row() };
        assert!(!against(unsupported.clone(), &[]).passes());
        let verdict = compare(&[unsupported], &[row()], &BTreeMap::new()).expect("equal versions");
        assert_eq!((verdict.passes(), verdict.count(Severity::Improvement)), (true, 1));
    }

    #[test]
    fn a_number_that_vanished_fails() {
        assert!(!against(Record { payload_bytes: None, ..row() }, &[]).passes());
    }

    #[test]
    fn metrics_of_another_version_are_not_compared() {
        assert!(compare(&[row()], &[Record { metric_version: 2, ..row() }], &BTreeMap::new()).is_err());
    }
}
