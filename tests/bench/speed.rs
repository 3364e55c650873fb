//! Speed of every method on 256^3 f32 turbulence at rel=1e-3, one thread, beside memcpy in the same interleaved run.
//!
//! `cargo bench --bench speed [-- --edge 256 --rounds 5 --method NAME --rel 1e-3]`. Quote the ratios; the absolute figures
//! belong to the machine of the moment.

mod args;

use std::hint::black_box;
use std::time::Instant;

use clap::Parser;
use codecbench::dataset::generate::{self, Request};
use codecbench_methods::METHODS;
use codecbench_methods::api::{Compressor, DType, ParamsJson, Target, Tensor, TensorRef};
use codecbench_methods::spatial_delta::kernel as delta;

/// Speed of every method beside memcpy.
#[derive(Parser)]
struct Options {
    /// Edge of the cube of values.
    #[arg(long, default_value_t = 256)]
    edge: usize,
    /// Rounds, of which the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Bound, over the range of the values.
    #[arg(long, default_value_t = 1e-3)]
    rel: f64,
    /// What a method's name holds.
    #[arg(long, default_value = "")]
    method: String,
}

struct Subject {
    name: String,
    compressor: Box<dyn Compressor>,
    payload: Vec<u8>,
    encode_s: Vec<f64>,
    decode_s: Vec<f64>,
}

fn main() {
    let options: Options = args::parse();
    let tensor = turbulence(options.edge);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    pool.install(|| run(&options, &tensor));
}

fn turbulence(edge: usize) -> Tensor {
    let request = Request { shape: &[edge; 3], seed: 1, dtype: DType::F32, variant: None };
    generate::generate("turbulence", &request).expect("turbulence takes a cube").tensor
}

fn run(options: &Options, tensor: &Tensor) {
    let Tensor::F32(array) = tensor else { unreachable!("turbulence was asked for as float32") };
    let values = array.as_slice().expect("an owned tensor is in C order");
    let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    let target = Target::MaxAbs(options.rel * f64::from(high - low));
    let mut subjects = subjects(options, target);
    let mut copy = vec![0f32; values.len()];
    let mut decoded = Tensor::zeros(DType::F32, tensor.shape());
    let (mut memcpy_s, mut delta_s) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        memcpy_s.push(seconds(|| copy.copy_from_slice(black_box(values))));
        delta_s.push(delta_pass(values, tensor.shape(), &mut copy));
        for subject in &mut subjects {
            subject.round(tensor.view(), &mut decoded);
        }
    }
    report(tensor.byte_len(), &memcpy_s, &delta_s, &subjects);
}

fn subjects(options: &Options, target: Target) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for entry in METHODS.iter().filter(|entry| entry.is_built() && entry.id().contains(&options.method)) {
        for target in [target, Target::Lossless] {
            let Ok(capabilities) = entry.capabilities() else { continue };
            let Ok(promise) = capabilities.promise(DType::F32, 3, target.kind()) else { continue };
            let Ok(compressor) = entry.compressor(&ParamsJson::new(), target, None) else { continue };
            let name = format!("{} ({promise})", entry.id());
            subjects.push(Subject { name, compressor, payload: Vec::new(), encode_s: vec![], decode_s: vec![] });
        }
    }
    subjects
}

impl Subject {
    fn round(&mut self, input: TensorRef<'_>, decoded: &mut Tensor) {
        let Subject { compressor, payload, .. } = self;
        payload.clear();
        self.encode_s.push(seconds(|| compressor.compress(input, payload).expect("within its capabilities")));
        self.decode_s.push(seconds(|| compressor.decompress(payload, decoded.view_mut()).expect("its own payload")));
    }
}

/// The differences alone, without the byte codec, over a fresh copy; the copy is not timed.
fn delta_pass(values: &[f32], shape: &[usize], copy: &mut [f32]) -> f64 {
    copy.copy_from_slice(values);
    seconds(|| delta::forward_f32(black_box(copy), shape, &[shape.len() - 1]))
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn report(bytes: usize, memcpy_s: &[f64], delta_s: &[f64], subjects: &[Subject]) {
    let mb_s = |seconds: f64| bytes as f64 / 1e6 / seconds;
    let memcpy = median(memcpy_s);
    println!("{:<34} {:>10} {:>10} {:>8} {:>8} {:>8}", "", "enc MB/s", "dec MB/s", "enc/cpy", "dec/cpy", "ratio");
    println!("{:<34} {:>10.0} {:>10} {:>8.2}", "memcpy", mb_s(memcpy), "", 1.0);
    println!(
        "{:<34} {:>10.0} {:>10} {:>8.2}",
        "spatial-delta, differences alone",
        mb_s(median(delta_s)),
        "",
        memcpy / median(delta_s)
    );
    for subject in subjects {
        let (encode, decode) = (median(&subject.encode_s), median(&subject.decode_s));
        println!(
            "{:<34} {:>10.0} {:>10.0} {:>8.3} {:>8.3} {:>8.2}",
            subject.name,
            mb_s(encode),
            mb_s(decode),
            memcpy / encode,
            memcpy / decode,
            bytes as f64 / subject.payload.len() as f64
        );
    }
}
