//! Whether a cell that was run again gave the same row.

use crate::metrics::Metric;
use crate::record::{Record, Row};

/// A column that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The column of `results.csv`.
    pub column: &'static str,
    /// The cell in the report; empty if there is none.
    pub before: String,
    /// The cell now; empty if there is none.
    pub after: String,
}

/// What two rows of one cell have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Columns compared, values in at least one of the rows.
    pub compared: usize,
    /// Those that differ, in the order of `results.csv`.
    pub differences: Vec<Difference>,
    /// Metrics that the report does not have: it may have been written before they were. No difference.
    pub added: Vec<&'static str>,
}

impl Agreement {
    /// Whether sizes, errors, hashes and everything else are the same.
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Columns that a row may have been written before, or without: a sweep with `--isolate=none` decodes nothing cold.
const LATER: [&str; 3] = ["cold_decode", "repeat_encode", "data_sha256"];

/// Compares the row of a report with that of the same cell run again: to the last digit, as rows hold only what is
/// deterministic. The version of the program is not compared, as another version should give the same.
pub fn agreement(before: &Record, after: &Record) -> Agreement {
    let mut found = Agreement::default();
    for ((column, before), after) in Record::columns().into_iter().zip(before.to_row()).zip(after.to_row()) {
        let unknown = before.is_empty() && LATER.contains(&column);
        if column == "harness_version" || unknown || (before.is_empty() && after.is_empty()) {
            continue;
        }
        if before.is_empty() && Metric::ALL.iter().any(|metric| metric.name() == column) {
            found.added.push(column);
            continue;
        }
        found.compared += 1;
        if before != after {
            found.differences.push(Difference { column, before, after });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Repetition;

    fn row() -> Record {
        let mut row =
            Record { cell: "c".into(), payload_bytes: Some(10), payload_hash: "ab".into(), ..Record::default() };
        row.metrics.set(Metric::Rmse, 0.1);
        row
    }

    #[test]
    fn what_a_row_was_not_asked_is_no_difference() {
        let cold = |cold_decode| Record { cold_decode, ..row() };
        let (equal, differs) = (Some(Repetition::Equal), Some(Repetition::Differs));
        assert!(agreement(&cold(None), &cold(equal)).agrees());
        assert!(!agreement(&cold(equal), &cold(differs)).agrees());
    }

    #[test]
    fn equal_rows_agree_whatever_program_wrote_them() {
        let found = agreement(&row(), &Record { harness_version: "9.9.9".into(), ..row() });
        assert!(found.agrees() && found.compared >= 4, "{found:?}");
    }

    #[test]
    fn the_last_digit_of_a_size_an_error_or_a_hash_is_a_difference() {
        let mut error = row();
        error.metrics.set(Metric::Rmse, 0.1f64.next_up());
        for (after, column) in [
            (error, "rmse"),
            (Record { payload_bytes: Some(11), ..row() }, "payload_bytes"),
            (Record { payload_hash: "ac".into(), ..row() }, "payload_hash"),
            (Record { reason: "now it fails".into(), ..row() }, "reason"),
            (Record { payload_bytes: None, ..row() }, "payload_bytes"),
        ] {
            let columns: Vec<_> = agreement(&row(), &after).differences.iter().map(|found| found.column).collect();
            assert_eq!(columns, [column]);
        }
    }

    #[test]
    fn a_metric_that_the_report_does_not_have_is_named_and_no_difference() {
        let mut after = Record { data_sha256: "d".into(), ..row() };
        after.metrics.set(Metric::Bias, 0.5);
        let found = agreement(&row(), &after);
        assert_eq!((found.agrees(), found.added), (true, vec!["bias"]));
    }
}
