//! Time to fit a 50^3 velocity distribution as the seed notebook does, one thread, beside its Python original in the
//! same interleaved run.
//!
//! Time is that of the CPU, and the least of all rounds stands: other work on the machine hardly changes it. Wall-clock
//! medians stand beside it.
//!
//! `cargo bench --bench fits [-- --rounds 5 --method NAME]`. The originals run if `CODECBENCH_PYTHON` names an
//! interpreter that has the packages of `tests/oracles/requirements.txt`. The sample of the notebook is used where
//! `CODECBENCH_DATA` leads to it, else a generated distribution.

mod args;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use clap::Parser;
use codecbench::dataset::generate::{self, Request};
use codecbench_methods::METHODS;
use codecbench_methods::api::{Compressor, DType, Target, Tensor};
use serde_json::{Value, json};

const SHAPE: [usize; 3] = [50; 3];

struct Subject {
    method: &'static str,
    compressor: Box<dyn Compressor>,
    ours: Vec<Took>,
    original: Vec<Took>,
    payload: Vec<u8>,
}

/// Seconds.
#[derive(Clone, Copy)]
struct Took {
    /// Of the CPU; absent where the system does not tell.
    cpu: Option<f64>,
    wall: f64,
}

/// Time to fit a velocity distribution, beside the Python originals.
#[derive(Parser)]
struct Options {
    /// Rounds, of which the fastest counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// What a method's name holds.
    #[arg(long, default_value = "")]
    method: String,
}

fn main() {
    let Options { rounds, method } = args::parse();
    let tensor = distribution();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("vdf.f32");
    let mut bytes = Vec::new();
    tensor.view().write_le(&mut bytes);
    std::fs::write(&file, bytes).expect("the temporary folder takes a file");
    let mut subjects: Vec<Subject> =
        settings().into_iter().filter_map(|(id, params)| subject(id, &params, &method)).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    for _ in 0..rounds {
        for subject in &mut subjects {
            pool.install(|| subject.fit(&tensor));
            subject.original.extend(original(&file, subject.method));
        }
    }
    report(&subjects);
}

/// The notebook's settings of each fit.
fn settings() -> Vec<(&'static str, Value)> {
    vec![
        ("hermite", json!({ "volume_element": false })),
        ("pca", json!({ "form": "matrix", "log": true, "components": 30 })),
        ("spherical-harmonics", json!({})),
        ("octree", json!({})),
        ("gmm", json!({ "components": 15 })),
    ]
}

fn distribution() -> Tensor {
    let folders = std::env::var_os("CODECBENCH_DATA").unwrap_or_default();
    let sample = std::env::split_paths(&folders).map(|folder: PathBuf| folder.join("asterix_vdf50/asterix_vdf50.f64"));
    if let Some(path) = sample.into_iter().find(|path| path.is_file()) {
        let bytes = std::fs::read(path).expect("the sample is readable");
        let values = bytes.as_chunks::<8>().0.iter().map(|&chunk| f64::from_le_bytes(chunk) as f32);
        let raw: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
        println!("the notebook's sample");
        return Tensor::from_le_bytes(DType::F32, &SHAPE, &raw).expect("50^3 values");
    }
    println!("a generated distribution");
    let request = Request { shape: &SHAPE, seed: 1, dtype: DType::F32, variant: Some("vlasov") };
    generate::generate("vdf", &request).expect("a distribution of three axes").tensor
}

fn subject(method: &'static str, params: &Value, only: &str) -> Option<Subject> {
    let entry = METHODS.iter().find(|entry| entry.id() == method).expect("a known method");
    let params = params.as_object().expect("an object");
    let compressor = entry.compressor(params, Target::Native, None).expect("valid parameters");
    let subject = Subject { method, compressor, ours: Vec::new(), original: Vec::new(), payload: Vec::new() };
    method.contains(only).then_some(subject)
}

impl Subject {
    fn fit(&mut self, tensor: &Tensor) {
        self.payload.clear();
        let (start, cpu) = (Instant::now(), cpu_seconds());
        self.compressor.compress(tensor.view(), &mut self.payload).expect("within its capabilities");
        let cpu = cpu_seconds().zip(cpu).map(|(end, start)| end - start);
        self.ours.push(Took { cpu, wall: start.elapsed().as_secs_f64() });
    }
}

/// Seconds that this thread has been running on a CPU; nothing where Linux does not say so.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse::<f64>().ok().map(|nanoseconds| nanoseconds * 1e-9)
}

/// Seconds of the original's fit; nothing without an interpreter.
fn original(file: &Path, method: &str) -> Option<Took> {
    let python = std::env::var_os("CODECBENCH_PYTHON")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/vdf_fits.py");
    let mut command = Command::new(python);
    command.arg(script).arg(file).arg(SHAPE.map(|n| n.to_string()).join(",")).arg(method);
    for threads in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
        command.env(threads, "1");
    }
    let output = command.output().expect("CODECBENCH_PYTHON names an interpreter");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    Some(Took { cpu: line["cpu_seconds"].as_f64(), wall: line["seconds"].as_f64()? })
}

fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

fn least(took: &[Took]) -> Option<f64> {
    took.iter().filter_map(|took| took.cpu).min_by(f64::total_cmp)
}

fn report(subjects: &[Subject]) {
    let text = |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.3}"));
    let header = ["encode, seconds", "CPU here", "original", "times", "wall here", "original", "bytes"];
    println!(
        "{:<20} {:>10} {:>10} {:>8} {:>10} {:>10} {:>8}",
        header[0], header[1], header[2], header[3], header[4], header[5], header[6]
    );
    for subject in subjects {
        let [ours, original] = [&subject.ours, &subject.original].map(|took| least(took));
        let walls = [&subject.ours, &subject.original]
            .map(|took| text(median(&took.iter().map(|took| took.wall).collect::<Vec<_>>())));
        let times = ours.zip(original).map_or("-".to_string(), |(ours, original)| format!("{:.1}", original / ours));
        let [cpu, other] = [ours, original].map(text);
        let (name, bytes) = (subject.method, subject.payload.len());
        println!("{name:<20} {cpu:>10} {other:>10} {times:>8} {:>10} {:>10} {bytes:>8}", walls[0], walls[1]);
    }
}
