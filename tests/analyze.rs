//! The study of spatial coherence: awkward data, and the verb as a user meets it.

use std::path::Path;

use assert_cmd::Command;
use codecbench::analyze::{Study, study};
use codecbench::dataset::{Dataset, Kind};
use codecbench_methods::api::{DType, Tensor};

fn floats(kind: Kind, shape: &[usize], values: impl Iterator<Item = f32>) -> Study {
    let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    let tensor = Tensor::from_le_bytes(DType::F32, shape, &bytes).expect("the length fits");
    study(&Dataset::plain("subject", kind, tensor))
}

#[track_caller]
fn near(found: f64, expected: f64, slack: f64) {
    assert!((found - expected).abs() <= slack, "{found} instead of {expected}");
}

#[test]
fn what_is_missing_constant_or_empty_is_no_number() {
    let all_missing = floats(Kind::Field, &[4, 2], [f32::NAN; 8].into_iter());
    assert_eq!((all_missing.values.nan, all_missing.values.mean, all_missing.axes[0].pairs), (1.0, None, 0));
    let constant = floats(Kind::Field, &[4, 6], [5.0; 24].into_iter());
    let axis = &constant.axes[1];
    assert_eq!((axis.correlation, axis.without_c1.psnr_range, axis.equal), (None, None, 1.0));
    assert_eq!((constant.values.distinct, constant.values.entropy), (1, 0.0));
    assert_eq!(constant.advice[0].method, "zlib");
    let empty = floats(Kind::Field, &[0, 3], std::iter::empty());
    assert!(empty.axes.is_empty() && empty.advice.is_empty());
    let huge = floats(Kind::Field, &[64], (0..64).map(|i| if i % 2 == 0 { f32::MAX } else { f32::MIN }));
    assert!(huge.axes[0].correlation.is_none() && huge.axes[0].energy_after.is_some_and(|share| share < 1e-12));
    let text = serde_json::to_string(&[all_missing, constant, empty, huge]).expect("objects");
    assert!(!text.contains("NaN"), "{text}");
}

#[test]
fn autocorrelation_falls_where_the_values_do() {
    // A sine of period 80: its autocorrelation is the cosine, 1/e at acos(1/e) / (2 pi) of the period.
    let wave = |i: usize| libm::sin(i as f64 * std::f64::consts::TAU / 80.0) as f32;
    let study = floats(Kind::Field, &[800, 3], (0..2400).map(|i| wave(i / 3)));
    let expected = libm::acos((-1f64).exp()) / std::f64::consts::TAU * 80.0;
    near(study.axes[0].correlation_length.expect("it falls"), expected, 0.5);
    assert_eq!(study.axes[1].correlation_length, None);
    assert_eq!(study.values.repeated_rows, Some(0.0));
}

fn codecbench(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("codecbench").expect("the binary is built with the tests");
    command.current_dir(folder).args(arguments).output().expect("the binary runs")
}

#[test]
fn the_verb_prints_a_page_an_object_and_both_kinds_of_picture() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let bytes: Vec<u8> = (0..4096u32).flat_map(|i| ((i % 64) as f32 * 0.5 + (i / 64) as f32).to_le_bytes()).collect();
    std::fs::write(folder.join("ramp.raw"), bytes).expect("a writable folder");
    let layout = ["--shape", "64x64", "--dtype", "float32"];
    let page = codecbench(folder, &[&["analyze", "ramp.raw"][..], &layout].concat());
    let text = String::from_utf8_lossy(&page.stdout).into_owned();
    assert!(page.status.success(), "{}", String::from_utf8_lossy(&page.stderr));
    for expected in ["64x64 of float32", "multiples of 0.5", "correlation", "Worth trying", "wavelet"] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
    for name in ["page.png", "page.svg"] {
        let drawn = codecbench(folder, &[&["analyze", "ramp.raw", "--json", "--out", name][..], &layout].concat());
        let object: serde_json::Value = serde_json::from_slice(&drawn.stdout).expect("an object");
        assert_eq!((object["dtype"].as_str(), object["axes"].as_array().map(Vec::len)), (Some("float32"), Some(2)));
        let picture = std::fs::read(folder.join(name)).expect("a picture");
        assert!(picture.starts_with(b"\x89PNG") || picture.starts_with(b"<svg"), "{name}");
    }
}

#[test]
fn what_cannot_be_done_is_one_line_and_exit_code_2() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (arguments, named) in [
        (&["analyze", "gen-constant", "--out", "page.jpeg"][..], ".png or .svg"),
        (&["analyze", "no-such-data-set"][..], "no-such-data-set"),
        (&["analyze"][..], "DATASET"),
    ] {
        let output = codecbench(folder.path(), arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), text.trim_end().lines().count()), (Some(2), 1), "{arguments:?}: {text}");
        assert!(text.contains(named) && output.stdout.is_empty(), "{text}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "a picture was left behind");
}
