//! Speed of all metrics together, MB of the original per second, beside a memcpy in the same interleaved run.
//!
//! `cargo bench --bench metrics [-- --edge 256 --rounds 5 --threads 2]`. On a busy machine quote the ratios. Memory is what
//! one comparison holds at most, over the original's bytes; what is known of an original is computed once and not counted,
//! nor is memory that is kept for the next comparison.

mod args;

use std::hint::black_box;
use std::time::Instant;

use clap::Parser;
use codecbench::dataset::Kind;
use codecbench::dataset::generate::{self, Request};
use codecbench::metrics::{Original, measure};
use codecbench::run::alloc::{Counting, peak};
use codecbench_methods::api::{DType, Element, Tensor};
use codecbench_methods::with_element;
use ndarray::{ArrayD, IxDyn};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// All metrics together, MB of the original per second.
#[derive(Parser)]
struct Options {
    /// Edge of the cube of values.
    #[arg(long, default_value_t = 256)]
    edge: usize,
    /// Rounds, of which the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// An array and what came back.
struct Subject {
    name: &'static str,
    kind: Kind,
    x: Tensor,
    y: Tensor,
}

fn main() {
    let options: Options = args::parse();
    let subjects = subjects(options.edge);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build().expect("a pool");
    println!("{:<28} {:>10} {:>10} {:>10} {:>10}", "", "MB/s", "over copy", "ns/value", "memory");
    pool.install(|| subjects.iter().for_each(|subject| report(subject, options.rounds)));
}

fn subjects(edge: usize) -> Vec<Subject> {
    let cube = [edge; 3];
    let request = |dtype| Request { shape: &cube, seed: 1, dtype, variant: None };
    let field = |dtype| generate::generate("turbulence", &request(dtype)).expect("turbulence takes a cube").tensor;
    let picture = |shape: &[usize], dtype| rescaled(&field(DType::F32), shape, dtype);
    let moved = |x: Tensor, step: f64| (moved(&x, step), x);
    let subject = |name, kind, (y, x)| Subject { name, kind, x, y };
    vec![
        subject("field float32", Kind::Field, moved(field(DType::F32), 1e-3)),
        subject("field float64", Kind::Field, moved(field(DType::F64), 1e-3)),
        subject("field float32, finer", Kind::Field, moved(field(DType::F32), 1e-5)),
        subject("volume int16", Kind::Volume, moved(picture(&cube, DType::I16), 3.0)),
        subject("distribution float32", Kind::Vdf, moved(field(DType::F32), 1e-3)),
        subject("image uint8", Kind::Image, moved(picture(&[2 * edge, 4 * edge], DType::U8), 3.0)),
        subject("video uint8", Kind::Video, moved(picture(&[8, edge, edge], DType::U8), 3.0)),
    ]
}

/// The first values of a field as numbers from 0 to 255 in another shape.
fn rescaled(field: &Tensor, shape: &[usize], dtype: DType) -> Tensor {
    let Tensor::F32(field) = field else { unreachable!("asked for as float32") };
    let values = field.as_slice().expect("an owned tensor is in C order");
    let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    with_element!(dtype, T => {
        let level = |&x: &f32| T::from_f64(f64::from((x - low) / (high - low)) * 255.0);
        let levels = values.iter().take(shape.iter().product()).map(level).collect();
        Tensor::from(ArrayD::<T>::from_shape_vec(IxDyn(shape), levels).expect("a field of enough values"))
    })
}

/// Every value off by up to `step` times the range of a float, or by up to `step` of a whole number.
fn moved(tensor: &Tensor, step: f64) -> Tensor {
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let (dtype, shape) = (tensor.dtype(), tensor.shape().to_vec());
    let mut bytes = Vec::new();
    tensor.view().write_le(&mut bytes);
    with_element!(dtype, T => {
        let value = |word: &[u8]| {
            let mut bits = [0; 8];
            bits[..word.len()].copy_from_slice(word);
            let unit = if T::DTYPE.is_float() { 10.0 } else { 1.0 };
            T::from_f64(<T as Element>::from_bits(u64::from_le_bytes(bits)).to_f64() + noise() * step * unit)
        };
        let values = bytes.chunks_exact(dtype.size()).map(value).collect();
        Tensor::from(ArrayD::<T>::from_shape_vec(IxDyn(&shape), values).expect("one value per element"))
    })
}

fn report(subject: &Subject, rounds: usize) {
    let Subject { name, kind, x, y } = subject;
    let original = Original::new(x.view(), *kind, None);
    // What is computed once per original.
    let (_, held) = (measure(&original, &y.view(), None), peak(|| measure(&original, &y.view(), None)).1);
    let (mut source, mut copy) = (Vec::new(), Vec::new());
    x.view().write_le(&mut source);
    copy.resize(source.len(), 0u8);
    let (mut metrics_s, mut copy_s) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        copy_s.push(seconds(|| copy.copy_from_slice(black_box(&source))));
        metrics_s.push(seconds(|| drop(black_box(measure(&original, &y.view(), None)))));
    }
    let (time, copy) = (median(&mut metrics_s), median(&mut copy_s));
    let (bytes, held) = (x.byte_len() as f64, held.expect("the counting allocator is installed") as f64);
    println!(
        "{name:<28} {:>10.0} {:>10.4} {:>10.1} {:>10.2}",
        bytes / 1e6 / time,
        copy / time,
        time * 1e9 / x.len() as f64,
        held / bytes
    );
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
