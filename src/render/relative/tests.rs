//! A comparison of made-up sizes.

use super::*;
use crate::plan::Group;
use crate::record::{Status, Timing};
use crate::render::{Heading, report};

fn record(dataset: &str, method: &str, params: &str, bound: Option<f64>, bytes: u64) -> Record {
    Record {
        cell: format!("{dataset}{method}{params}{bound:?}"),
        dataset: dataset.into(),
        method: method.into(),
        params: params.into(),
        target: if bound.is_some() { "rel".into() } else { LOSSLESS.into() },
        target_value: bound,
        status: Status::Ok,
        input_bytes: Some(1_000_000),
        payload_bytes: Some(bytes),
        ratio: Some(1e6 / bytes as f64),
        ..Record::default()
    }
}

/// Ours is a half and a quarter of the reference on `a` and `b`; on `c` the lossless peer is smallest of all.
fn records() -> Vec<Record> {
    let bound = Some(1e-3);
    let mut records = Vec::new();
    for (name, sizes) in [("a", [400, 200, 300, 4000]), ("b", [800, 200, 300, 4000]), ("c", [400, 100, 300, 50])] {
        records.push(record(name, "sz3", "", bound, sizes[0]));
        records.push(record(name, "hybrid", "effort=max", bound, sizes[1]));
        records.push(record(name, "sperr", "", bound, sizes[2]));
        records.push(record(name, "pco", "", None, sizes[3]));
    }
    records
}

fn relative() -> Relative {
    let group = Group { name: "without repeats".into(), without: vec!["c".into()] };
    let why = [("c".to_string(), "few distinct values".to_string())].into();
    let list = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect();
    let peers = list(&["sperr", "pc*"]);
    Relative { to: "sz3".into(), peers, show: Vec::new(), speed_from: 500_000, groups: vec![group], why }
}

fn page(records: &[Record], timings: &[TimingRecord]) -> String {
    let heading = Heading { relative: Some(relative()), ..Heading::default() };
    let files = report(&heading, records, timings);
    let page = files.iter().find(|file| file.0 == "README.md").expect("a page");
    String::from_utf8(page.1.clone()).expect("text")
}

#[test]
fn means_are_taken_over_the_reference_and_over_the_smallest_peer() {
    let page = page(&records(), &[]);
    // (1/2 x 1/4 x 1/4)^(1/3) and, without c, (1/2 x 1/4)^(1/2).
    assert!(page.contains("| hybrid:effort=max | 0.315 |"), "{page}");
    assert!(page.contains("without repeats (2 data sets)") && page.contains("| hybrid:effort=max | 0.354 |"), "{page}");
    // Smallest of all peers: 300/400, 300/800, 50/400.
    assert!(page.contains("| *smallest of all peers* | 0.328 |"), "{page}");
    assert!(page.contains("| pco (lossless) | 1.84 |"), "{page}");
    // 200/300, 200/300, 100/50.
    assert!(page.contains("| hybrid:effort=max | 0.961 |"), "{page}");
}

#[test]
fn wins_are_counted_with_and_without_the_group_and_losses_say_why() {
    let page = page(&records(), &[]);
    assert!(page.contains("| hybrid:effort=max | 2 / 2 |") && page.contains("| *a peer* | 1 / 0 |"), "{page}");
    assert!(page.contains("| c | 2.00 pco | few distinct values |"), "{page}");
    assert!(page.contains("](figures/relative-size.png)") && !page.contains("relative-speed"), "{page}");
}

#[test]
fn a_missing_result_shows_in_the_denominator() {
    let mut records = records();
    records.retain(|record| record.dataset != "b" || record.method != "sperr");
    let page = page(&records, &[]);
    assert!(page.contains("| sperr | 0.750 (n = 2) |"), "{page}");
}

#[test]
fn speeds_are_medians_of_shares_on_large_data_sets() {
    let mut records = records();
    records.iter_mut().filter(|record| record.dataset == "c").for_each(|record| record.input_bytes = Some(10));
    let timing = |record: &Record| {
        let fast = if record.method == "hybrid" { 3.0 } else { 1.0 };
        let timing = |mb_s| Timing { mb_s, ..Timing::default() };
        let (encode, decode) = (timing(100.0 * fast), timing(200.0));
        TimingRecord { name: record.name(), encode, decode, ..TimingRecord::default() }
    };
    let timings: Vec<_> = records.iter().map(timing).collect();
    let page = page(&records, &timings);
    assert!(page.contains("| hybrid:effort=max | 3.0 / 1.0 |") && page.contains("over the 2 data sets"), "{page}");
    assert!(page.contains("| *the reference, MB/s* | 100 / 200 |"), "{page}");
    assert!(page.contains("](figures/relative-speed.png)"), "{page}");
}

#[test]
fn without_the_reference_there_is_nothing() {
    let mut records = records();
    records.retain(|record| record.method != "sz3");
    assert!(!page(&records, &[]).contains("Beside what others would pick"));
}
