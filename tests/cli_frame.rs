//! compress, decompress and inspect, as a user meets them.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use ndarray::Array3;
use ndarray_npy::{read_npy, write_npy};

fn codecbench(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("codecbench").expect("the binary is built with the tests");
    command.current_dir(folder).args(arguments).output().expect("the binary runs")
}

/// Runs, expects exit code 2, one line on stderr and no new file, and returns the line.
fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let before = files(folder);
    let output = codecbench(folder, arguments);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), text.trim_end().lines().count()), (Some(2), 1), "{arguments:?}: {text}");
    assert_eq!(files(folder), before, "{arguments:?} left a file behind");
    text
}

fn files(folder: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    names
}

fn field() -> (tempfile::TempDir, Array3<f32>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let array = Array3::from_shape_fn((7, 11, 13), |(z, y, x)| (z * y) as f32 * 0.25 - x as f32);
    write_npy(folder.path().join("field.npy"), &array).expect("a writable folder");
    (folder, array)
}

#[test]
fn an_array_comes_back_through_every_verb() {
    let (folder, array) = field();
    let folder = folder.path();
    for (method, target, bound) in [
        ("zlib:level=9", "lossless", 0.0),
        ("spatial-delta", "lossless", 0.0),
        ("adaptive-grid", "abs=0.01", 0.01),
        ("adaptive-grid", "rel=1e-3", 0.0254),
    ] {
        let output =
            codecbench(folder, &["compress", "--method", method, "--target", target, "field.npy", "field.cbf"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(codecbench(folder, &["decompress", "field.cbf", "back.npy"]).status.success());
        let back: Array3<f32> = read_npy(folder.join("back.npy")).expect("an npy file");
        assert!(back.iter().zip(&array).all(|(y, x)| (f64::from(*y) - f64::from(*x)).abs() <= bound), "{method}");
        let json = codecbench(folder, &["inspect", "--json", "field.cbf"]).stdout;
        let json: serde_json::Value = serde_json::from_slice(&json).expect("an object");
        let sections = json["sections"].as_array().expect("sections");
        let sum: u64 = sections.iter().filter_map(|section| section["bytes"].as_u64()).sum();
        assert_eq!(Some(sum), json["payload_bytes"].as_u64(), "{method}");
        let length = fs::metadata(folder.join("field.cbf")).expect("a file").len();
        assert_eq!(json["frame_bytes"].as_u64(), Some(length));
    }
    assert!(codecbench(folder, &["decompress", "--raw", "field.cbf", "back.f32"]).status.success());
    assert_eq!(fs::metadata(folder.join("back.f32")).expect("a file").len(), 7 * 11 * 13 * 4);
}

#[test]
fn a_raw_file_needs_a_layout() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("a.bin"), [1u8; 60]).expect("a writable folder");
    let compress = ["compress", "--method", "zlib", "--target", "lossless", "a.bin", "a.cbf"];
    assert!(refusal(folder.path(), &compress).contains("--shape"));
    let wrong = [&compress[..], &["--shape", "4x4", "--dtype", "float32"]].concat();
    assert!(refusal(folder.path(), &wrong).contains("truncated"));
    let right = [&compress[..], &["--shape", "3x5", "--dtype", "float32"]].concat();
    assert!(codecbench(folder.path(), &right).status.success());
}

#[test]
fn every_element_type_comes_back_bit_for_bit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let (layout, types) = (["--shape", "5x6"], ["float32", "float64", "int8", "uint8", "int16", "uint16", "int32"]);
    for dtype in types.into_iter().chain(["uint32", "int64", "uint64"]) {
        let size: usize = dtype.trim_start_matches(char::is_alphabetic).parse::<usize>().expect("bits") / 8;
        // Small integers and ordinary floats alike: the last byte of an element is never that of a NaN.
        let bytes: Vec<u8> = (0..30 * size).map(|at| if at % size == size - 1 { 0x3f } else { at as u8 }).collect();
        fs::write(folder.join("a.bin"), &bytes).expect("a writable folder");
        for method in ["identity", "zlib", "spatial-delta"] {
            let fixed = ["compress", "--quiet", "--method", method, "--target", "lossless", "a.bin", "a.cbf"];
            let output = codecbench(folder, &[&fixed[..], &layout, &["--dtype", dtype]].concat());
            assert!(output.status.success(), "{method} {dtype}: {}", String::from_utf8_lossy(&output.stderr));
            assert!(codecbench(folder, &["decompress", "--raw", "a.cbf", "back.bin"]).status.success());
            assert_eq!(fs::read(folder.join("back.bin")).expect("a file"), bytes, "{method} {dtype}");
        }
    }
}

#[test]
fn bad_input_is_one_line_and_leaves_nothing_behind() {
    let (folder, _) = field();
    let folder = folder.path();
    let compress = |method: &str, target: &str, output: &str| {
        refusal(folder, &["compress", "--method", method, "--target", target, "field.npy", output])
    };
    assert!(compress("soup", "lossless", "x.cbf").contains("soup"));
    assert!(compress("zlib:levle=3", "lossless", "x.cbf").contains("levle"));
    assert!(compress("adaptive-grid", "abs=nan", "x.cbf").contains("abs"));
    assert!(compress("adaptive-grid", "abs=-1", "x.cbf").contains("abs"));
    assert!(compress("zlib", "bits=3", "x.cbf").contains("bits"));
    assert!(compress("identity", "rel=1e-3", "x.cbf").contains("identity"));
    assert!(compress("zlib", "lossless", "no/such/folder/x.cbf").contains("no/such/folder"));
    assert!(compress("zlib", "lossless", "field.npy").contains("field.npy"));
    let bytes = fs::read(folder.join("field.npy")).expect("a file");
    fs::write(folder.join("cut.npy"), &bytes[..bytes.len() - 5]).expect("a writable folder");
    let cut = refusal(folder, &["compress", "--method", "zlib", "--target", "lossless", "cut.npy", "x.cbf"]);
    assert!(cut.contains("cut.npy"), "{cut}");
}

#[test]
fn a_corrupt_frame_is_refused_by_name() {
    let (folder, _) = field();
    let folder = folder.path();
    assert!(
        codecbench(folder, &["compress", "--method", "zlib", "--target", "lossless", "field.npy", "a.cbf"])
            .status
            .success()
    );
    let mut bytes = fs::read(folder.join("a.cbf")).expect("a file");
    bytes[40] ^= 1;
    fs::write(folder.join("b.cbf"), &bytes).expect("a writable folder");
    assert!(refusal(folder, &["decompress", "b.cbf", "x.npy"]).contains("b.cbf"));
    assert!(refusal(folder, &["inspect", "b.cbf"]).contains("corrupt"));
    assert!(refusal(folder, &["inspect", "field.npy"]).contains("not a codecbench frame"));
    assert!(refusal(folder, &["decompress", "none.cbf", "x.npy"]).contains("none.cbf"));
}

#[test]
fn compare_draws_one_picture_per_method_and_target_and_refuses_what_has_no_three_axes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    let words =
        ["compare", "gen-vdf-stack", "--at", "3", "--method", "zlib", "--target", "lossless", "--out", "one.png"];
    let output = codecbench(path, &words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let png = fs::read(path.join("one.png")).expect("it was drawn");
    assert!(png.starts_with(b"\x89PNG"));
    let many =
        ["compare", "gen-vdf-stack", "--method", "zlib", "--method", "identity", "--target", "lossless", "-o", "all"];
    assert!(codecbench(path, &many).status.success());
    let mut drawn = files(&path.join("all"));
    drawn.sort();
    assert_eq!(drawn, ["identity_lossless.png", "zlib_lossless.png"]);
    assert_ne!(fs::read(path.join("all/zlib_lossless.png")).ok(), Some(png), "another distribution of the stack");
    let refused = |input: &str, at: &str| {
        refusal(path, &["compare", input, "--at", at, "--method", "zlib", "--target", "lossless", "--out", "no.png"])
    };
    assert!(refused("gen-vdf-stack", "4").contains("has 4"));
    assert!(refused("gen-vdf-3d", "1").contains("no stack"));
    assert!(refused("gen-terrain", "0").contains("three axes"));
}
