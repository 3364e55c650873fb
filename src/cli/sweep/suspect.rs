//! What a timed sweep says at its end: which rows are suspect, and where the time went.

use std::collections::BTreeMap;

use crate::record::TimingRecord;
use crate::run::{Spent, flag_names};

/// How many rows carry a flag, and which.
pub fn flagged(timings: &[TimingRecord]) -> String {
    let flagged = timings.iter().filter(|timing| !timing.flags.is_empty()).count();
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for name in timings.iter().flat_map(|timing| flag_names(&timing.flags)) {
        *names.entry(name).or_default() += 1;
    }
    let names: Vec<_> = names.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let why = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    format!("{} cells timed, {flagged} flagged{why}", timings.len())
}

/// Shares of the time of a sweep.
pub fn account(spent: &Spent) -> String {
    let share = |seconds: f64| 100.0 * seconds / spent.total.max(f64::MIN_POSITIVE);
    format!(
        "{:.1} s: codecs {:.1} %, metrics {:.1} %, copies {:.1} %, data {:.1} %, harness {:.1} %",
        spent.total,
        share(spent.codecs),
        share(spent.metrics),
        share(spent.copies),
        share(spent.data),
        share(spent.harness())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_counted_by_name() {
        let row = |flags: &str| TimingRecord { flags: flags.into(), ..TimingRecord::default() };
        let rows = [row(""), row("other_load: busy"), row("other_load: busy; wide_interval: encode 12 %")];
        assert_eq!(flagged(&rows), "3 cells timed, 2 flagged: 2 other_load, 1 wide_interval");
        assert_eq!(flagged(&rows[..1]), "1 cells timed, 0 flagged");
    }

    #[test]
    fn what_is_neither_codec_nor_metric_nor_copy_nor_data_is_the_harness() {
        let spent = Spent { total: 20.0, codecs: 16.0, metrics: 2.0, copies: 0.6, data: 0.4 };
        assert_eq!(account(&spent), "20.0 s: codecs 80.0 %, metrics 10.0 %, copies 3.0 %, data 2.0 %, harness 5.0 %");
        assert!(account(&Spent::default()).ends_with("harness 0.0 %"));
    }
}
