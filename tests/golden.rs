//! Payloads written long ago: they must decode to the same values for ever, and encoding must give the same bytes.
//!
//! `tests/golden/<id>/v<FORMAT>/` holds one small payload per file and `index.csv` with what it was made from. Files
//! are written by `UPDATE_GOLDEN=1 cargo test --release --test golden` alone, and only where there are none.

use std::path::{Path, PathBuf};
use std::{fs, io};

use codecbench_methods::METHODS;
use codecbench_methods::api::{DType, Entry, ParamsJson, Target, TargetKind, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[path = "conformance/snapshot.rs"]
#[expect(dead_code, reason = "shared with the conformance suite")]
mod snapshot;
#[path = "conformance/values.rs"]
#[expect(dead_code, reason = "shared with the conformance suite")]
mod values;

use values::Pattern;

/// One payload: what it was made from, and what it decodes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Golden {
    file: String,
    params: String,
    target: TargetKind,
    target_value: Option<f64>,
    dtype: DType,
    shape: String,
    pattern: String,
    input_hash: String,
    decoded_hash: String,
}

/// Tensors small enough that a payload stays near a few hundred bytes.
const SUBJECTS: [(&[usize], Pattern); 4] = [
    (&[4, 5, 6], Pattern::Noisy),
    (&[7, 9], Pattern::Missing),
    (&[3, 2, 4, 3], Pattern::Filled),
    (&[16], Pattern::RandomBits),
];
const DTYPES: [DType; 5] = [DType::F32, DType::F64, DType::U8, DType::I16, DType::I64];

fn target_of(kind: TargetKind) -> Target {
    let number = match kind {
        TargetKind::Lossless | TargetKind::Native => None,
        TargetKind::BitsPerValue => Some(6.0),
        // No power of two, and above one so that it matters to integers.
        _ => Some(1.3),
    };
    Target::from_parts(kind, number).expect("sensible numbers")
}

/// Everything that has a golden payload, with the default parameters and, for one type, the rest of the grid.
fn recipes(entry: &Entry) -> Vec<(ParamsJson, Target, DType, &'static [usize], Pattern)> {
    let capabilities = entry.capabilities().expect("built");
    let mut recipes = Vec::new();
    for row in capabilities.targets {
        for dtype in DTYPES.into_iter().filter(|dtype| row.dtypes.contains(dtype)) {
            let mut grid = vec![ParamsJson::new()];
            if dtype == DType::F32 {
                grid.extend(entry.grid().expect("built").into_iter().filter(|params| !params.is_empty()));
            }
            for params in grid {
                let subjects = if params.is_empty() { &SUBJECTS[..] } else { &SUBJECTS[..1] };
                for &(shape, pattern) in subjects {
                    let useful = pattern != Pattern::Missing || dtype.is_float();
                    let served = entry.compressor(&params, target_of(row.target), pattern.fill(dtype)).is_ok();
                    if useful && served && (capabilities.min_rank..=capabilities.max_rank).contains(&shape.len()) {
                        recipes.push((params.clone(), target_of(row.target), dtype, shape, pattern));
                    }
                }
            }
        }
    }
    recipes
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_string()
}

fn parse_shape(text: &str) -> Vec<usize> {
    text.split('x').map(|length| length.parse().expect("an index is written by this test")).collect()
}

/// Encodes a tensor and decodes it with a fresh instance.
fn make(entry: &Entry, golden: &Golden, pattern: Pattern) -> Result<(Tensor, Vec<u8>), String> {
    let params: ParamsJson = serde_json::from_str(&golden.params).map_err(|error| error.to_string())?;
    let target = Target::from_parts(golden.target, golden.target_value).map_err(|error| error.to_string())?;
    let tensor = values::tensor(golden.dtype, &parse_shape(&golden.shape), pattern);
    let mut payload = Vec::new();
    let compressor =
        entry.compressor(&params, target, pattern.fill(golden.dtype)).map_err(|error| error.to_string())?;
    compressor.compress(tensor.view(), &mut payload).map_err(|error| error.to_string())?;
    Ok((tensor, payload))
}

fn decode(entry: &Entry, golden: &Golden, pattern: Pattern, payload: &[u8]) -> Result<String, String> {
    let params: ParamsJson = serde_json::from_str(&golden.params).map_err(|error| error.to_string())?;
    let target = Target::from_parts(golden.target, golden.target_value).map_err(|error| error.to_string())?;
    let mut output = Tensor::zeros(golden.dtype, &parse_shape(&golden.shape));
    let compressor =
        entry.compressor(&params, target, pattern.fill(golden.dtype)).map_err(|error| error.to_string())?;
    compressor.decompress(payload, output.view_mut()).map_err(|error| format!("no longer decodes: {error}"))?;
    Ok(hash(&values::bytes(&output)))
}

fn pattern_named(name: &str) -> Pattern {
    Pattern::ALL.into_iter().find(|pattern| format!("{pattern:?}") == name).expect("patterns keep their names")
}

fn folder(entry: &Entry) -> PathBuf {
    snapshot::folder(entry.id()).join(format!("v{}", entry.format().expect("built")))
}

/// Writes the payloads of a method that has none for its format.
fn write(entry: &Entry) -> Result<(), String> {
    let folder = folder(entry);
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    let mut index = csv::Writer::from_path(folder.join("index.csv")).map_err(|error| error.to_string())?;
    for (number, (params, target, dtype, shape, pattern)) in recipes(entry).into_iter().enumerate() {
        let mut golden = Golden {
            file: format!("{number:02}-{}-{dtype}.bin", target.kind()),
            params: Value::Object(params).to_string(),
            target: target.kind(),
            target_value: target.value(),
            dtype,
            shape: shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x"),
            pattern: format!("{pattern:?}"),
            input_hash: String::new(),
            decoded_hash: String::new(),
        };
        let (tensor, payload) = make(entry, &golden, pattern)?;
        golden.input_hash = hash(&values::bytes(&tensor));
        golden.decoded_hash = decode(entry, &golden, pattern, &payload)?;
        fs::write(folder.join(&golden.file), &payload).map_err(failed)?;
        index.serialize(&golden).map_err(|error| error.to_string())?;
    }
    index.flush().map_err(failed)
}

fn check(entry: &Entry, golden: &Golden, folder: &Path) -> Result<(), String> {
    let payload = fs::read(folder.join(&golden.file)).map_err(|error| error.to_string())?;
    let pattern = pattern_named(&golden.pattern);
    let decoded = decode(entry, golden, pattern, &payload)?;
    if decoded != golden.decoded_hash {
        return Err("decodes to other values: payloads that exist would be read wrongly".to_string());
    }
    let (tensor, encoded) = make(entry, golden, pattern)?;
    if hash(&values::bytes(&tensor)) != golden.input_hash {
        return Err("the test's own input changed; tests/conformance/values.rs must keep its values".to_string());
    }
    let deterministic = entry.capabilities().is_ok_and(|capabilities| capabilities.deterministic);
    if deterministic && encoded != payload {
        return Err(format!("encodes to other bytes ({} instead of {})", encoded.len(), payload.len()));
    }
    Ok(())
}

#[test]
fn golden_payloads_decode_to_the_same_values_and_are_still_what_the_encoder_writes() {
    let mut failures = Vec::new();
    for (id, feature) in METHODS.iter().filter(|entry| !entry.is_built()).map(|entry| (entry.id(), entry.feature())) {
        eprintln!("skipped: tests/golden/{id}, which is read with --features {}", feature.unwrap_or_default());
    }
    for entry in METHODS.iter().filter(|entry| entry.is_built()) {
        let (folder, id) = (folder(entry), entry.id());
        let shown = format!("tests/golden/{id}/v{}", entry.format().expect("built"));
        if !folder.join("index.csv").exists() {
            if snapshot::may_write("UPDATE_GOLDEN") {
                write(entry).unwrap_or_else(|error| panic!("{id}: {error}"));
            } else {
                failures.push(format!("{shown} is missing: run this test with UPDATE_GOLDEN=1 and commit the folder"));
                continue;
            }
        }
        let mut reader = csv::Reader::from_path(folder.join("index.csv")).expect("the index exists");
        let goldens: Vec<Golden> = reader.deserialize().collect::<Result<_, _>>().expect("the index is well formed");
        assert!(!goldens.is_empty(), "{shown}/index.csv names no payload");
        for golden in &goldens {
            if let Err(reason) = check(entry, golden, &folder) {
                failures.push(format!("{shown}/{}: {reason}", golden.file));
            }
        }
    }
    let remedy = "If payloads are meant to change, raise the method's FORMAT and say in its SPEC.md what changed; \
        before a format's first release, delete its folder and run with UPDATE_GOLDEN=1.";
    assert!(failures.is_empty(), "{}\n{remedy}", failures.join("\n"));
}

#[test]
fn every_golden_folder_belongs_to_a_method() {
    let folders = fs::read_dir(snapshot::folder("")).expect("tests/golden exists");
    for folder in folders {
        let name = folder.expect("readable").file_name().into_string().expect("ids are ASCII");
        let known = METHODS.iter().any(|entry| entry.id() == name);
        assert!(
            known,
            "tests/golden/{name} belongs to no method in METHODS: a method that was removed takes its folder along"
        );
    }
}
