//! The study of spatial coherence: the seed's figures, and the verb as a user meets it.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use codecbench::analyze::{Study, study};
use codecbench::dataset::{Dataset, Kind};
use codecbench_methods::api::{DType, Tensor};

/// The red channel of the seed's picture; `None`, with a printed line, where it is not here.
fn red() -> Option<(Vec<usize>, Vec<u8>)> {
    let folders = std::env::var("CODECBENCH_DATA").unwrap_or_default();
    let mut paths = folders.split(':').map(|folder| PathBuf::from(folder).join("golden/dip_cat_small.png"));
    let Some(path) = paths.find(|path| path.exists()) else {
        eprintln!("skipped: golden/dip_cat_small.png is in no folder of CODECBENCH_DATA");
        return None;
    };
    let mut reader =
        png::Decoder::new(BufReader::new(File::open(path).expect("it exists"))).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a picture of sensible size")];
    let info = reader.next_frame(&mut pixels).expect("a whole picture");
    let first = pixels.chunks_exact(info.color_type.samples()).map(|pixel| pixel[0]).collect();
    Some((vec![info.height as usize, info.width as usize], first))
}

fn studied(kind: Kind, dtype: DType, shape: &[usize], bytes: &[u8]) -> Study {
    let tensor = Tensor::from_le_bytes(dtype, shape, bytes).expect("the length fits");
    study(&Dataset {
        name: "subject".to_string(),
        kind,
        tensor,
        fill_value: None,
        sha256: String::new(),
        velocity_spacing: None,
        velocity_origin: None,
        sparsity_threshold: None,
        stack: false,
    })
}

fn floats(kind: Kind, shape: &[usize], values: impl Iterator<Item = f32>) -> Study {
    studied(kind, DType::F32, shape, &values.flat_map(f32::to_le_bytes).collect::<Vec<_>>())
}

#[track_caller]
fn near(found: f64, expected: f64, slack: f64) {
    assert!((found - expected).abs() <= slack, "{found} where the seed has {expected}");
}

#[test]
fn the_seeds_picture_has_the_seeds_figures() {
    let Some((shape, red)) = red() else { return };
    let study = floats(Kind::Image, &shape, red.iter().map(|&value| f32::from(value) / 255.0));
    let axis = &study.axes[1];
    println!("{}", serde_json::to_string_pretty(axis).expect("a study is an object"));
    assert_eq!(axis.pairs, 131_072);
    near(study.values.maximum.expect("values"), 0.9882353, 1e-7);
    near(axis.c0_mean, 0.902026491, 1e-8);
    near(axis.c1_mean, -1.25878e-5, 1e-9);
    near(axis.c0_std, 0.329159, 1e-6);
    near(axis.c1_std, 0.019997, 1e-6);
    near(axis.energy_after.expect("energy"), 0.999566476, 1e-9);
    near(axis.energy_before.expect("energy"), 0.49996, 1e-5);
    near(axis.magnitude_mean.expect("energy"), 0.98281417, 1e-7);
    near(axis.magnitude_median.expect("energy"), 0.99408, 1e-5);
    near(axis.above_90.expect("energy"), 0.9681, 1e-4);
    near(axis.above_95.expect("energy"), 0.9282, 1e-4);
    near(axis.correlation.expect("it varies"), 0.99264573, 1e-8);
    near(axis.without_c1.mse, 1.999405e-4, 1e-10);
    near(axis.without_c1.max_abs_err, 0.352941, 1e-6);
    near(axis.without_second.mse, 0.2306198, 1e-7);
    near(axis.without_second.max_abs_err, 0.988235, 1e-6);
    let lattice = study.values.lattice.expect("bytes as floats are multiples of 1/255");
    near(lattice.step * 255.0, 1.0, 1e-6);
    near(axis.difference_entropy, 4.24206, 1e-5);
}

#[test]
fn the_seeds_picture_as_bytes_has_the_seeds_entropies_and_psnr() {
    let Some((shape, red)) = red() else { return };
    let study = studied(Kind::Image, DType::U8, &shape, &red);
    let axis = &study.axes[1];
    near(study.values.entropy, 7.66303, 1e-5);
    near(axis.sum_entropy, 8.65966, 1e-5);
    near(axis.average_entropy, 7.66239, 1e-5);
    near(axis.difference_entropy, 4.24206, 1e-5);
    near(axis.s_transform_entropy, 5.95223, 1e-5);
    near(axis.equal, 0.17859, 1e-5);
    near(axis.mean_abs_difference, 3.83352, 1e-5);
    near(axis.without_c1.psnr_peak.expect("a picture"), 36.991, 5e-4);
    near(axis.without_second.psnr_peak.expect("a picture"), 6.371, 5e-4);
    near(axis.without_c1.max_abs_err, 90.0, 0.0);
    near(axis.without_second.max_abs_err, 252.0, 0.0);
    let advised: Vec<&str> = study.advice.iter().map(|advice| advice.method.as_str()).collect();
    assert!(advised.contains(&"spatial-delta") && advised.contains(&"wavelet"), "{advised:?}");
}

#[test]
fn the_pair_of_the_seeds_text_is_changed_as_it_says() {
    // <4, 3> becomes <7, 1> / sqrt(2): 7/8 of the magnitudes and 49/50 of the energy in the first.
    let study = floats(Kind::Field, &[2], [4.0, 3.0].into_iter());
    let axis = &study.axes[0];
    near(axis.c0_mean, 7.0 / 2f64.sqrt(), 1e-12);
    near(axis.c1_mean, 1.0 / 2f64.sqrt(), 1e-12);
    near(axis.magnitude_mean.expect("energy"), 7.0 / 8.0, 1e-12);
    near(axis.energy_after.expect("energy"), 49.0 / 50.0, 1e-12);
    near(axis.histogram_after[19], 1.0, 0.0);
    near(axis.histogram_before[12], 1.0, 0.0);
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
