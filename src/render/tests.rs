//! A whole report from made-up records.

use super::*;
use crate::metrics::Metric;
use crate::record::{Status, Timing};

fn record(dataset: &str, method: &str, params: &str, bound: Option<f64>, ratio: f64) -> Record {
    let mut record = Record {
        cell: format!("{method}{params}{bound:?}"),
        dataset: dataset.into(),
        kind: "field".into(),
        dtype: "float32".into(),
        shape: "4x5".into(),
        method: method.into(),
        params: params.into(),
        target: if bound.is_some() { "rel".into() } else { "lossless".into() },
        target_value: bound,
        ratio: Some(ratio),
        bits_per_value: Some(32.0 / ratio),
        ..Record::default()
    };
    let error = bound.unwrap_or(0.0) / 2.0;
    for (metric, value) in [
        (Metric::MaxAbsErr, error * 10.0),
        (Metric::Rmse, error),
        (Metric::Nrmse, error / 10.0),
        (Metric::PsnrRange, if error > 0.0 { -20.0 * libm::log10(error / 10.0) } else { f64::INFINITY }),
    ] {
        record.metrics.set(metric, value);
    }
    record
}

fn records() -> Vec<Record> {
    let mut records = Vec::new();
    for (at, dataset) in ["one", "two", "odd name/é"].into_iter().enumerate() {
        let scale = 1.0 + at as f64;
        records.push(record(dataset, "zlib", "", None, 1.5 * scale));
        records.push(record(dataset, "adaptive-grid", "", Some(1e-2), 20.0 * scale));
        records.push(record(dataset, "adaptive-grid", "", Some(1e-4), 5.0 * scale));
        records.push(record(dataset, "adaptive-grid", "predictor=linear", Some(1e-2), 10.0 * scale));
    }
    let failed = Status::BoundViolated;
    records.push(Record { status: failed, reason: "off | by 2".into(), ..record("two", "zfp", "", Some(1e-2), 9e9) });
    let unsupported = Record { status: Status::Unsupported, reason: "no `abs`".into(), ..Record::default() };
    records.push(Record { dataset: "one".into(), method: "zlib".into(), target: "native".into(), ..unsupported });
    records
}

fn file<'a>(files: &'a [File], name: &str) -> &'a [u8] {
    &files.iter().find(|file| file.0 == name).unwrap_or_else(|| panic!("{name} is missing")).1
}

fn page(files: &[File]) -> String {
    String::from_utf8(file(files, PAGE).to_vec()).expect("the page is text")
}

#[test]
fn equal_records_give_equal_bytes_for_any_number_of_threads() {
    let render = || report(&Heading::default(), &records(), &[]);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
    assert!(pool(1).install(render) == pool(2).install(render));
}

#[test]
fn every_data_set_has_its_curves_and_every_figure_is_one_of_ours() {
    let files = report(&Heading::default(), &records(), &[]);
    for name in ["overview", "rate-one", "rate-two"] {
        assert!(file(&files, &format!("figures/{name}.svg")).starts_with(b"<svg"));
        assert!(file(&files, &format!("figures/{name}.png")).starts_with(b"\x89PNG"));
    }
    let figures: Vec<_> = files.iter().filter_map(|(name, _)| name.strip_prefix("figures/")).collect();
    assert_eq!(figures.len(), 8, "{figures:?}");
    assert!(figures.iter().all(|name| is_ours(name) && name.is_ascii() && !name.contains('/')), "{figures:?}");
    assert!(!is_ours("rate-one.pdf") && !is_ours("notes.png"));
}

#[test]
fn the_page_states_its_denominators_and_shows_what_is_broken() {
    let page = page(&report(&Heading::default(), &records(), &[]));
    assert!(page.contains("rel=1e-2<br>n = 3"), "{page}");
    assert!(page.contains("| adaptive-grid |  | **36.3** | **9.09** |"), "{page}");
    assert!(page.contains("> **1 cell broken.**") && page.contains("off \\| by 2"), "{page}");
    assert!(page.contains("| zlib | no `abs` | 1 |"), "{page}");
    assert!(!page.contains("9.00e9"), "a broken cell's ratio is in a table");
    assert!(page.contains("20.0 (50 %)"), "{page}");
}

#[test]
fn published_results_stand_beside_the_smallest_payload_at_no_larger_error() {
    let mut records = records();
    records.iter_mut().for_each(|record| record.metrics.set(Metric::L2Rel, record.target_value.unwrap_or(0.0)));
    let row = |l2| Published {
        dataset: "one".into(),
        name: "grid of others".into(),
        method: "adaptive-grid".into(),
        l2,
        printed: Some(80.0),
        honest: Some(4.0),
    };
    let heading = Heading { published: vec![row(0.02), row(1e-3), row(1e-6)], ..Heading::default() };
    let page = page(&report(&heading, &records, &[]));
    assert!(page.contains("| grid of others | 0.0200 | 80.0 | 4.00 | 20.0 adaptive-grid | 5.00 | 20.0 "), "{page}");
    assert!(
        page.contains("| 0.00100 | 80.0 | 4.00 | 5.00 adaptive-grid | 1.25 | 5.00 adaptive-grid | 1.25 |"),
        "{page}"
    );
    assert!(page.contains("| 1.00e-6 | 80.0 | 4.00 | – | – | 1.50 zlib | 0.375 |"), "{page}");
}

#[test]
fn what_the_page_links_to_exists() {
    let files = report(&Heading { title: "T".into(), description: "D".into(), ..Heading::default() }, &records(), &[]);
    let page = page(&files);
    let links: Vec<_> = page.split("](figures/").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() >= 7, "{links:?}");
    for link in links {
        file(&files, &format!("figures/{link}"));
    }
    assert!(page.starts_with("# T\n\nD\n\n"));
}

#[test]
fn timings_add_speed_figures_and_a_table() {
    let records = records();
    let timing = |record: &Record| TimingRecord {
        name: record.name(),
        encode: Timing { mb_s: 100.0, ..Timing::default() },
        decode: Timing { mb_s: 400.0, ..Timing::default() },
        ..TimingRecord::default()
    };
    let timings: Vec<_> = records.iter().map(timing).collect();
    let files = report(&Heading::default(), &records, &timings);
    file(&files, "figures/speed-one.png");
    assert!(page(&files).contains("| **100** | **400** |"), "{}", page(&files));
}

#[test]
fn no_records_make_a_page_without_figures() {
    let files = report(&Heading::default(), &[], &[]);
    assert_eq!(files.len(), 1);
    assert!(page(&files).contains("0 cells"));
}
