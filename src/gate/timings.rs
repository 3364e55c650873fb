//! Whether two timed sweeps of one report tell the same.

use std::collections::BTreeMap;

use crate::record::{Timing, TimingRecord};

/// Medians this close agree, whatever their intervals say.
const CLOSE: f64 = 0.05;
/// Ratios to memcpy may move by this on a machine under load.
const RATIO: f64 = 0.15;

/// One direction of a cell in two sweeps.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Data set, method with its parameters, target, and direction.
    pub label: String,
    /// Whether the intervals of the medians overlap at the same clock rate.
    pub overlap: bool,
    /// Second median over the first at the same clock rate, minus 1.
    pub moved: f64,
    /// Second ratio to memcpy over the first, minus 1.
    pub ratio_moved: f64,
    /// What either row is flagged for; empty if neither is.
    pub flags: String,
}

impl Pair {
    /// The intervals overlap, or the medians are close.
    pub fn same_time(&self) -> bool {
        self.overlap || self.moved.abs() < CLOSE
    }

    /// The ratio to memcpy has not moved much.
    pub fn same_ratio(&self) -> bool {
        self.ratio_moved.abs() < RATIO
    }

    /// Whether the two sweeps agree about it: in time on an idle machine, in the ratio to memcpy on one under load. A
    /// flagged row says itself that it is not to be relied on.
    pub fn agrees(&self, loaded: bool) -> bool {
        !self.flags.is_empty() || if loaded { self.same_ratio() } else { self.same_time() }
    }
}

/// Two sweeps, cell by cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimingComparison {
    /// Two of each cell in both sweeps: encode and decode.
    pub pairs: Vec<Pair>,
    /// Cells in one of them only.
    pub lonely: Vec<String>,
    /// Clock rates of the second over those of the first, one per cell that knows both.
    pub clocks: Vec<f64>,
}

/// Pairs the rows of two sweeps by data set and cell, in the order of the first.
///
/// Times of the second are those that it would have taken at the clock rate of the first, where both rows know theirs: how
/// fast a processor runs depends on what others do on the same chip, and a whole sweep may meet another rate than the one
/// before.
pub fn compare_timings(first: &[TimingRecord], second: &[TimingRecord]) -> TimingComparison {
    let key = |row: &TimingRecord| (row.name.dataset.clone(), row.name.cell.clone(), row.threads);
    let others: BTreeMap<_, &TimingRecord> = second.iter().map(|row| (key(row), row)).collect();
    let mut found = TimingComparison::default();
    for row in first {
        match others.get(&key(row)) {
            None => found.lonely.push(row.name.label()),
            Some(other) => {
                let clock = faster(row, other);
                found.clocks.extend(clock);
                found.pairs.extend(pairs(row, other, clock.unwrap_or(1.0)));
            }
        }
    }
    let known: BTreeMap<_, ()> = first.iter().map(|row| (key(row), ())).collect();
    found.lonely.extend(second.iter().filter(|row| !known.contains_key(&key(row))).map(|row| row.name.label()));
    found
}

/// The clock rate of the second over that of the first.
fn faster(first: &TimingRecord, second: &TimingRecord) -> Option<f64> {
    let ratio = first.clock_ns? / second.clock_ns?;
    (ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

fn pairs(first: &TimingRecord, second: &TimingRecord, clock: f64) -> [Pair; 2] {
    let flags: Vec<&str> =
        [first, second].iter().map(|row| row.flags.as_str()).filter(|text| !text.is_empty()).collect();
    let pair = |direction: &str, a: &Timing, b: &Timing| Pair {
        label: format!("{} {direction}", first.name.label()),
        overlap: a.ci_low_ns <= clock * b.ci_high_ns && clock * b.ci_low_ns <= a.ci_high_ns,
        moved: clock * b.median_ns / a.median_ns - 1.0,
        ratio_moved: b.memcpy_ratio / a.memcpy_ratio - 1.0,
        flags: flags.join(" | "),
    };
    [pair("encode", &first.encode, &second.encode), pair("decode", &first.decode, &second.decode)]
}

impl TimingComparison {
    /// Whether every cell is in both, and every pair agrees.
    pub fn agrees(&self, loaded: bool) -> bool {
        self.lonely.is_empty() && self.pairs.iter().all(|pair| pair.agrees(loaded))
    }

    /// What disagrees, line by line, and the counts behind the verdict.
    pub fn text(&self, loaded: bool) -> String {
        let mut text = String::new();
        for pair in self.pairs.iter().filter(|pair| !pair.agrees(loaded)) {
            let overlap = if pair.overlap { "intervals overlap" } else { "intervals apart" };
            let (moved, ratio) = (100.0 * pair.moved, 100.0 * pair.ratio_moved);
            text += &format!("{}: median {moved:+.1} %, {overlap}; memcpy ratio {ratio:+.1} %\n", pair.label);
        }
        for label in &self.lonely {
            text += &format!("{label}: timed in one of them only\n");
        }
        let clean: Vec<&Pair> = self.pairs.iter().filter(|pair| pair.flags.is_empty()).collect();
        let flagged: Vec<&Pair> = self.pairs.iter().filter(|pair| !pair.flags.is_empty()).collect();
        for (name, pairs) in [("not flagged", clean), ("flagged", flagged)] {
            let (times, ratios) = (count(&pairs, Pair::same_time), count(&pairs, Pair::same_ratio));
            let all = pairs.len();
            text += &format!("{name}: {times} of {all} times agree, {ratios} of {all} ratios to memcpy\n");
        }
        if let Some([low, middle, high]) = quartiles(&self.clocks) {
            text +=
                &format!("clock rates of the second over the first: {middle:.3}, half of them {low:.3} to {high:.3}\n");
        }
        let judged = if loaded { "ratios to memcpy" } else { "times at the same clock rate" };
        let verdict = if self.agrees(loaded) { "agree" } else { "disagree" };
        text + &format!("timings {verdict}, by {judged} of the rows that are not flagged\n")
    }
}

fn quartiles(values: &[f64]) -> Option<[f64; 3]> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some([1, 2, 3].map(|quarter| sorted[last * quarter / 4]))
}

fn count(pairs: &[&Pair], is: fn(&Pair) -> bool) -> usize {
    pairs.iter().filter(|pair| is(pair)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::CellName;

    fn row(median: f64, half: f64, ratio: f64, flags: &str) -> TimingRecord {
        let timing = Timing {
            median_ns: median,
            ci_low_ns: median - half,
            ci_high_ns: median + half,
            memcpy_ratio: ratio,
            ..Timing::default()
        };
        let (encode, decode) = (timing, timing);
        let name = CellName { cell: "c".into(), method: "m".into(), ..CellName::default() };
        TimingRecord { name, encode, decode, flags: flags.into(), ..Default::default() }
    }

    fn judged(first: TimingRecord, second: TimingRecord) -> [bool; 2] {
        let found = compare_timings(&[first], &[second]);
        assert_eq!(found.pairs.len(), 2);
        [false, true].map(|loaded| found.agrees(loaded))
    }

    #[test]
    fn intervals_that_overlap_or_medians_that_are_close_agree() {
        assert_eq!(judged(row(100.0, 1.0, 0.5, ""), row(104.9, 1.0, 0.5, "")), [true, true], "within 5 %");
        assert_eq!(judged(row(100.0, 5.0, 0.5, ""), row(112.0, 8.0, 0.5, "")), [true, true], "overlapping");
        assert_eq!(judged(row(100.0, 1.0, 0.5, ""), row(106.0, 1.0, 0.5, "")), [false, true], "neither");
    }

    #[test]
    fn under_load_the_ratio_counts_unless_the_row_says_that_it_is_not_to_be_relied_on() {
        assert_eq!(judged(row(100.0, 1.0, 0.5, ""), row(190.0, 1.0, 0.44, "")), [false, true]);
        assert_eq!(judged(row(100.0, 1.0, 0.5, ""), row(190.0, 1.0, 0.42, "")), [false, false]);
        assert_eq!(judged(row(100.0, 1.0, 0.5, ""), row(190.0, 1.0, 0.1, "other_load: busy")), [true, true]);
        assert_eq!(judged(row(100.0, 1.0, 0.5, ""), row(101.0, 1.0, 0.3, "")), [true, false], "copies were faster");
    }

    #[test]
    fn a_clock_that_ran_at_another_rate_is_no_disagreement() {
        let at = |clock: f64, row: TimingRecord| TimingRecord { clock_ns: Some(clock), ..row };
        // A tenth slower, as everything else was.
        assert_eq!(judged(at(20.0, row(100.0, 1.0, 0.5, "")), at(22.0, row(110.0, 1.0, 0.5, ""))), [true, true]);
        assert_eq!(judged(at(20.0, row(100.0, 1.0, 0.5, "")), at(22.0, row(100.0, 1.0, 0.5, ""))), [false, true]);
        let found = compare_timings(&[at(20.0, row(100.0, 1.0, 0.5, ""))], &[at(22.0, row(110.0, 1.0, 0.5, ""))]);
        assert!(found.text(false).contains("over the first: 0.909, half of them 0.909 to 0.909\n"));
    }

    #[test]
    fn a_cell_in_one_sweep_only_is_a_disagreement() {
        let mut other = row(100.0, 1.0, 0.5, "");
        other.name.cell = "d".into();
        let found = compare_timings(&[row(100.0, 1.0, 0.5, "")], std::slice::from_ref(&other));
        assert_eq!((found.lonely.len(), found.agrees(true)), (2, false));
        let found = compare_timings(&[row(100.0, 1.0, 0.5, "")], &[row(130.0, 1.0, 0.5, ""), other]);
        let text = found.text(false);
        assert!(text.contains("encode: median +30.0 %, intervals apart; memcpy ratio +0.0 %"), "{text}");
        assert!(text.contains("not flagged: 0 of 2 times agree, 2 of 2 ratios"), "{text}");
        assert!(text.ends_with("timings disagree, by times at the same clock rate of the rows that are not flagged\n"));
    }
}
