//! One method against another on data sets, interleaved: payload over payload, speed over speed, and how fast the first one
//! is, in MB of values a second.
//!
//! `cargo bench --bench duel [-- --one hybrid:effort=fast --other sz3 --dataset 'gen-t*' --rel 1e-2..1e-6 --rounds 5]`.
//! Times are the best of all rounds, and count for arrays of 0.5 MB or more. Both run on one thread, unless `--threads 2`
//! gives the first one more; `--mb 8` repeats smaller arrays along their first axis until they have as many MB. So a method
//! is timed against itself on fewer threads, and must write the same bytes:
//! `cargo bench --bench duel -- --one hybrid --other hybrid --threads 2 --mb 8`. What the machine allows stands behind `of`:
//! the other method at work on as many threads at once, each for itself.

mod args;

use std::time::Instant;

use clap::Parser;
use codecbench::dataset::Dataset;
use codecbench::dataset::catalogue::{Catalogue, RawHint};
use codecbench::metrics::Original;
use codecbench::spec::{Goal, MethodSpec, TargetSpec, resolve};
use codecbench_methods::METHODS;
use codecbench_methods::api::{Compressor, Target, Tensor};
use rayon::ThreadPool;

/// Arrays below this, in bytes, are too small to time.
const TIMED: usize = 500_000;

/// One method against another on data sets: size over size, speed over speed.
#[derive(Parser)]
struct Options {
    /// A method with its parameters.
    #[arg(long, default_value = "hybrid:effort=fast")]
    one: String,
    /// What it is measured against.
    #[arg(long, default_value = "sz3")]
    other: String,
    /// Data sets, or patterns of their names.
    #[arg(long = "dataset", value_delimiter = ',', default_value = "gen-t*")]
    datasets: Vec<String>,
    /// Bounds over the range of the values.
    #[arg(long, default_value = "1e-2..1e-6")]
    rel: String,
    /// Rounds, of which the fastest counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Threads of the first one; the other has one.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Size that smaller arrays are repeated to.
    #[arg(long, default_value_t = 0)]
    mb: usize,
}

/// What one method made of one array.
struct Subject {
    pool: ThreadPool,
    compressor: Box<dyn Compressor>,
    payload: Vec<u8>,
    decoded: Tensor,
    encode_s: f64,
    decode_s: f64,
}

/// One method over the other: size, speed of encoding, speed of decoding; both speeds of the one, MB/s; and, if
/// that has several threads, how many times the other's speed as many of it reach together.
#[derive(Clone, Copy)]
struct Ratios {
    timed: bool,
    size: f64,
    encode: f64,
    decode: f64,
    speeds: [f64; 2],
    possible: Option<[f64; 2]>,
}

fn main() {
    let options: Options = args::parse();
    pool(1).install(|| run(&options));
}

fn pool(threads: usize) -> ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
}

fn run(options: &Options) {
    let catalogue = Catalogue::open().expect("the manifests are read");
    let manifests = catalogue.select(&options.datasets, &RawHint::default()).expect("data sets of that name");
    let targets = TargetSpec::parse(&format!("rel={}", options.rel)).expect("--rel takes bounds");
    println!("{} over {}: size, speed of encoding and of decoding", options.one, options.other);
    let mut all: Vec<Vec<Ratios>> = vec![Vec::new(); targets.len()];
    for manifest in &manifests {
        let mut dataset = catalogue.load(manifest).expect("data that is here");
        repeat(&mut dataset.tensor, options.mb * 1_000_000);
        let mut line = format!("{:<26}", dataset.name);
        for (target, all) in targets.iter().zip(&mut all) {
            let ratios = duel(options, &dataset, *target);
            line.push_str(&format!(" | {:.3} {:5.2} {:5.2}", ratios.size, ratios.encode, ratios.decode));
            if let Some([encode, decode]) = ratios.possible {
                line.push_str(&format!(" of {encode:.2} {decode:.2}"));
            }
            all.push(ratios);
        }
        println!("{line}");
    }
    for (target, all) in targets.iter().zip(&all) {
        println!("{target}: {}", summary(all));
    }
}

/// Repeats an array along its first axis until it has at least so many bytes.
fn repeat(tensor: &mut Tensor, at_least: usize) {
    let times = at_least.div_ceil(tensor.byte_len().max(1));
    if times <= 1 {
        return;
    }
    let (mut shape, mut bytes) = (tensor.shape().to_vec(), Vec::new());
    shape[0] *= times;
    tensor.view().write_le(&mut bytes);
    *tensor = Tensor::from_le_bytes(tensor.dtype(), &shape, &bytes.repeat(times)).expect("as many bytes as values");
}

fn duel(options: &Options, dataset: &Dataset, target: TargetSpec) -> Ratios {
    let original = Original::new(dataset.tensor.view(), dataset.kind, dataset.fill_value);
    let Ok(Goal::Target(target)) = resolve(target, original.summary()) else { panic!("a bound that can be resolved") };
    let Options { one, other, .. } = options;
    let subject = |text: &str, threads| Subject::new(text, pool(threads), target, dataset);
    let mut subjects = [subject(one, options.threads), subject(other, 1)];
    let crowd = if options.threads > 1 { options.threads } else { 0 };
    let mut crowd: Vec<Subject> = (0..crowd).map(|_| subject(other, 1)).collect();
    let mut together = [f64::INFINITY; 2];
    for _ in 0..options.rounds {
        subjects.iter_mut().for_each(|subject| subject.round(&dataset.tensor));
        let taken = at_once(&mut crowd, &dataset.tensor);
        together = std::array::from_fn(|way| together[way].min(taken[way]));
    }
    let itself = options.one == options.other;
    let [one, other] = subjects;
    assert!(!itself || one.payload == other.payload, "{}: other bytes on {} threads", dataset.name, options.threads);
    let alone = [other.encode_s, other.decode_s];
    Ratios {
        timed: dataset.tensor.byte_len() >= TIMED,
        size: one.payload.len() as f64 / other.payload.len() as f64,
        encode: other.encode_s / one.encode_s,
        decode: other.decode_s / one.decode_s,
        speeds: [one.encode_s, one.decode_s].map(|seconds| dataset.tensor.byte_len() as f64 / seconds / 1e6),
        possible: (!crowd.is_empty())
            .then(|| std::array::from_fn(|way| alone[way] / together[way] * crowd.len() as f64)),
    }
}

/// Seconds until all have encoded, and until all have decoded.
fn at_once(crowd: &mut [Subject], tensor: &Tensor) -> [f64; 2] {
    [seconds(|| all(crowd, |subject| subject.encode(tensor))), seconds(|| all(crowd, Subject::decode))]
}

fn all(crowd: &mut [Subject], work: impl Fn(&mut Subject) + Copy + Send) {
    std::thread::scope(|scope| crowd.iter_mut().for_each(|one| drop(scope.spawn(move || work(one)))));
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

impl Subject {
    fn new(text: &str, pool: ThreadPool, target: Target, dataset: &Dataset) -> Self {
        let spec = MethodSpec::parse(text).expect("a method").remove(0);
        let entry = METHODS.iter().find(|entry| entry.id() == spec.id).expect("a method of that name");
        let compressor = entry.compressor(&spec.params, target, dataset.fill_value).expect("within its capabilities");
        let decoded = Tensor::zeros(dataset.tensor.dtype(), dataset.tensor.shape());
        Subject { pool, compressor, payload: Vec::new(), decoded, encode_s: f64::INFINITY, decode_s: f64::INFINITY }
    }

    fn round(&mut self, tensor: &Tensor) {
        let [encode, decode] = [seconds(|| self.encode(tensor)), seconds(|| self.decode())];
        (self.encode_s, self.decode_s) = (self.encode_s.min(encode), self.decode_s.min(decode));
    }

    fn encode(&mut self, tensor: &Tensor) {
        let Subject { pool, compressor, payload, .. } = self;
        payload.clear();
        pool.install(|| compressor.compress(tensor.view(), payload)).expect("within its capabilities");
    }

    fn decode(&mut self) {
        let Subject { pool, compressor, payload, decoded, .. } = self;
        pool.install(|| compressor.decompress(payload, decoded.view_mut())).expect("its own payload");
    }
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}

fn summary(all: &[Ratios]) -> String {
    let mean = (all.iter().map(|ratios| ratios.size.ln()).sum::<f64>() / all.len() as f64).exp();
    let timed: Vec<&Ratios> = all.iter().filter(|ratios| ratios.timed).collect();
    let of = |figure: fn(&Ratios) -> f64| median(timed.iter().map(|ratios| figure(ratios)).collect());
    let possible = |way: usize| {
        let all: Vec<f64> = timed.iter().filter_map(|ratios| Some(ratios.possible?[way])).collect();
        (!all.is_empty()).then(|| median(all))
    };
    let possible = possible(0).zip(possible(1));
    let possible = possible.map_or_else(String::new, |(encode, decode)| format!(" of {encode:.2} and {decode:.2}"));
    format!(
        "size {mean:.3} (geometric mean of {}), encode {:.2} ({:.1} MB/s), decode {:.2} ({:.1} MB/s){possible} (medians of {})",
        all.len(),
        of(|ratios| ratios.encode),
        of(|ratios| ratios.speeds[0]),
        of(|ratios| ratios.decode),
        of(|ratios| ratios.speeds[1]),
        timed.len()
    )
}
