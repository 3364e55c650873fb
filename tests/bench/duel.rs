//! One method against another on data sets, one thread, interleaved: payload over payload, speed over speed, and how fast
//! the first one is, in MB of values a second.
//!
//! `cargo bench --bench duel [-- --one hybrid:effort=fast --other sz3 --dataset 'gen-t*' --rel 1e-2..1e-6 --rounds 5]`.
//! Times are the best of all rounds, and count for arrays of 0.5 MB or more.

use std::time::Instant;

use codecbench::dataset::Dataset;
use codecbench::dataset::catalogue::{Catalogue, RawHint};
use codecbench::metrics::Original;
use codecbench::spec::{Goal, MethodSpec, TargetSpec, resolve};
use codecbench_methods::METHODS;
use codecbench_methods::api::{Compressor, Target, Tensor};

/// Arrays below this, in bytes, are too small to time.
const TIMED: usize = 500_000;

struct Options {
    methods: [String; 2],
    datasets: Vec<String>,
    rel: String,
    rounds: usize,
}

/// What one method made of one array.
struct Subject {
    compressor: Box<dyn Compressor>,
    payload: Vec<u8>,
    encode_s: f64,
    decode_s: f64,
}

/// One method over the other: size, speed of encoding, speed of decoding; and both speeds of the one, MB/s.
#[derive(Clone, Copy)]
struct Ratios {
    timed: bool,
    size: f64,
    encode: f64,
    decode: f64,
    speeds: [f64; 2],
}

fn main() {
    let options = options();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    pool.install(|| run(&options));
}

fn options() -> Options {
    let mut options = Options {
        methods: ["hybrid:effort=fast".into(), "sz3".into()],
        datasets: Vec::new(),
        rel: "1e-2..1e-6".into(),
        rounds: 5,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_default();
        match word.as_str() {
            "--one" => options.methods[0] = value(),
            "--other" => options.methods[1] = value(),
            "--dataset" => options.datasets.extend(value().split(',').map(str::to_string)),
            "--rel" => options.rel = value(),
            "--rounds" => options.rounds = value().parse().expect("--rounds takes a number"),
            _ => {}
        }
    }
    if options.datasets.is_empty() {
        options.datasets.push("gen-t*".into());
    }
    options
}

fn run(options: &Options) {
    let catalogue = Catalogue::open().expect("the manifests are read");
    let manifests = catalogue.select(&options.datasets, &RawHint::default()).expect("data sets of that name");
    let targets = TargetSpec::parse(&format!("rel={}", options.rel)).expect("--rel takes bounds");
    println!("{} over {}: size, speed of encoding and of decoding", options.methods[0], options.methods[1]);
    let mut all: Vec<Vec<Ratios>> = vec![Vec::new(); targets.len()];
    for manifest in &manifests {
        let dataset = catalogue.load(manifest).expect("data that is here");
        let mut line = format!("{:<26}", dataset.name);
        for (target, all) in targets.iter().zip(&mut all) {
            let ratios = duel(options, &dataset, *target);
            line.push_str(&format!(" | {:.3} {:5.2} {:5.2}", ratios.size, ratios.encode, ratios.decode));
            all.push(ratios);
        }
        println!("{line}");
    }
    for (target, all) in targets.iter().zip(&all) {
        println!("{target}: {}", summary(all));
    }
}

fn duel(options: &Options, dataset: &Dataset, target: TargetSpec) -> Ratios {
    let original = Original::new(dataset.tensor.view(), dataset.kind, dataset.fill_value);
    let Ok(Goal::Target(target)) = resolve(target, original.summary()) else { panic!("a bound that can be resolved") };
    let mut subjects = options.methods.each_ref().map(|text| subject(text, target, dataset.fill_value));
    let mut decoded = Tensor::zeros(dataset.tensor.dtype(), dataset.tensor.shape());
    for _ in 0..options.rounds {
        subjects.iter_mut().for_each(|subject| subject.round(&dataset.tensor, &mut decoded));
    }
    let [one, other] = subjects;
    Ratios {
        timed: dataset.tensor.byte_len() >= TIMED,
        size: one.payload.len() as f64 / other.payload.len() as f64,
        encode: other.encode_s / one.encode_s,
        decode: other.decode_s / one.decode_s,
        speeds: [one.encode_s, one.decode_s].map(|seconds| dataset.tensor.byte_len() as f64 / seconds / 1e6),
    }
}

fn subject(text: &str, target: Target, fill: Option<f64>) -> Subject {
    let spec = MethodSpec::parse(text).expect("a method").remove(0);
    let entry = METHODS.iter().find(|entry| entry.id() == spec.id).expect("a method of that name");
    let compressor = entry.compressor(&spec.params, target, fill).expect("within its capabilities");
    Subject { compressor, payload: Vec::new(), encode_s: f64::INFINITY, decode_s: f64::INFINITY }
}

impl Subject {
    fn round(&mut self, tensor: &Tensor, decoded: &mut Tensor) {
        self.payload.clear();
        let start = Instant::now();
        self.compressor.compress(tensor.view(), &mut self.payload).expect("within its capabilities");
        self.encode_s = self.encode_s.min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        self.compressor.decompress(&self.payload, decoded.view_mut()).expect("its own payload");
        self.decode_s = self.decode_s.min(start.elapsed().as_secs_f64());
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
    format!(
        "size {mean:.3} (geometric mean of {}), encode {:.2} ({:.1} MB/s), decode {:.2} ({:.1} MB/s) (medians of {})",
        all.len(),
        of(|ratios| ratios.encode),
        of(|ratios| ratios.speeds[0]),
        of(|ratios| ratios.decode),
        of(|ratios| ratios.speeds[1]),
        timed.len()
    )
}
