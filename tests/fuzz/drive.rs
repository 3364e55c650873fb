//! Fuzzes everything that reads bytes, for as long as one has.
//!
//! `cargo bench --bench fuzz -- [--seconds 60] [--target NAME] [--seed 1] [--save]`: so many seconds of a processor, however
//! busy the machine is, for each target whose name holds NAME. It goes by how an input ends; built as below, by what an
//! input reaches:
//!
//! ```sh
//! RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=3 \
//!   -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Clink-arg=-Wl,--unresolved-symbols=ignore-all" \
//!   cargo bench --bench fuzz --target x86_64-unknown-linux-gnu --target-dir target/fuzz -- --seconds 600
//! ```
//!
//! An input that fails is told, shortened and written to `target/fuzz-failures/`; so is the one that runs, so that it is
//! there after a crash. What failed and is mended goes to `tests/fuzz/broken/`. `--save` writes the inputs that matter to
//! the committed corpus of each target, and how long that was fuzzed to `tests/fuzz/history.csv`.

mod corpus;
mod coverage;
mod files;
mod frames;
mod guard;
mod history;
mod mutate;
mod smallest;
mod target;

#[path = "../conformance/alloc.rs"]
mod alloc;
#[path = "../bench/args.rs"]
mod args;
#[path = "../conformance/values.rs"]
#[expect(dead_code, reason = "shared with the conformance suite")]
mod values;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::PathBuf;

use clap::Parser;
use codecbench::run;
use target::Target;
use values::Random;

/// Endings that are told apart: those that quote an input would have all inputs kept.
const MOST_ENDINGS: usize = 10_000;

/// Fuzzes everything that reads bytes.
#[derive(Parser)]
struct Options {
    /// Time of a processor for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What a target's name holds.
    #[arg(long, default_value = "")]
    target: String,
    /// Seed of what inputs are varied by.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write corpora and history.
    #[arg(long)]
    save: bool,
}

fn main() {
    let options: Options = args::parse();
    guard::watch();
    println!("{} edges are counted", coverage::edges());
    println!("{:<28} {:>10} {:>8} {:>8} {:>9} {:>9}", "target", "inputs", "seconds", "kept", "reached", "failures");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
    pool.install(|| {
        let selected = Target::all().into_iter().filter(|target| target.name.contains(&options.target));
        selected.for_each(|target| Session::new(target, options.seed).fuzz(&options));
    });
}

/// CPU time of this process.
///
/// # Panics
/// Where the kernel does not tell.
fn cpu_seconds() -> f64 {
    run::cpu_ns().expect("the kernel counts a process's time") * 1e-9
}

/// One target, what it was given and what came of it.
struct Session {
    target: Target,
    random: Random,
    pool: Vec<Vec<u8>>,
    reached: Reached,
    failures: BTreeSet<String>,
    inputs: u64,
    running: File,
}

/// What makes an input worth keeping.
#[derive(Default)]
struct Reached {
    edges: coverage::Seen,
    endings: BTreeSet<String>,
    count: usize,
}

impl Reached {
    /// Whether the last run reached anything new; where no edges are counted, whether it ended in a new way. Beside edges
    /// an ending says nothing: those that quote an input, as readers of text do, are all new.
    fn add(&mut self, outcome: &Result<String, String>) -> bool {
        if coverage::edges() == 0 {
            return self.endings.len() < MOST_ENDINGS && self.endings.insert(ending(outcome));
        }
        let new = self.edges.add();
        self.count += new;
        new > 0
    }

    /// What the last run reached that is new: classes of edges, or the hash of its ending.
    fn news(&mut self, outcome: &Result<String, String>) -> Vec<u64> {
        if coverage::edges() > 0 {
            return self.edges.news();
        }
        let ending = ending(outcome);
        if self.endings.contains(&ending) { Vec::new() } else { vec![numbered(&ending)] }
    }
}

/// A number for an ending: its hash.
fn numbered(ending: &str) -> u64 {
    let hash = blake3::hash(ending.as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"))
}

/// How a run ended: places and sizes are not ways to end.
fn ending(outcome: &Result<String, String>) -> String {
    let told = outcome.as_ref().map_or_else(Clone::clone, Clone::clone);
    told.chars().filter(|c| !c.is_ascii_digit()).take(80).collect()
}

impl Session {
    fn new(target: Target, seed: u64) -> Self {
        let pool = target.seeds();
        let running = File::create(kept_file(&format!("{}.running", target.name)));
        let running = running.expect("target/ can be written");
        let mut session = Session {
            target,
            random: Random(seed),
            pool: Vec::new(),
            reached: Reached::default(),
            failures: BTreeSet::new(),
            inputs: 0,
            running,
        };
        pool.into_iter().for_each(|input| session.try_one(input, true));
        session
    }

    fn fuzz(mut self, options: &Options) {
        let start = cpu_seconds();
        while cpu_seconds() - start < options.seconds as f64 && !self.pool.is_empty() {
            // The latest finds are the least explored.
            let recent = self.pool.len().saturating_sub(1 + self.random.below(self.pool.len()));
            let at = if self.random.below(2) == 0 { recent } else { self.random.below(self.pool.len()) };
            let other = self.random.below(self.pool.len());
            let input = self.target.vary(&mut self.random, &self.pool[at], &self.pool[other]);
            self.try_one(input, false);
        }
        let (name, seconds, kept) = (&self.target.name, (cpu_seconds() - start) as u64, self.pool.len());
        let (reached, failures) = (self.reached.count, self.failures.len());
        println!("{name:<28} {:>10} {seconds:>8} {kept:>8} {reached:>9} {failures:>9}", self.inputs);
        if options.save {
            let (target, format, inputs) = (name.clone(), self.target.format(), self.inputs);
            let run = history::Run { target, format, seconds, inputs, reached, failures };
            history::note(run).expect("tests/fuzz/history.csv can be read and written");
            self.save();
        }
    }

    /// Leaves the input where it is found after a crash. The file stays open: opening it took half of the time.
    fn keep_running(&mut self, input: &[u8]) -> io::Result<()> {
        self.running.rewind()?;
        self.running.write_all(input)?;
        self.running.set_len(input.len() as u64)
    }

    fn try_one(&mut self, input: Vec<u8>, keep: bool) {
        self.inputs += 1;
        self.keep_running(&input).expect("target/ can be written");
        let outcome = guard::run(&self.target, &input);
        let new = self.reached.add(&outcome);
        match outcome {
            Ok(_) if new || keep => self.pool.push(input),
            Ok(_) => {}
            Err(failure) => self.tell(failure, input),
        }
    }

    /// Tells a failure once, with a shorter input that fails alike.
    fn tell(&mut self, failure: String, mut input: Vec<u8>) {
        let key: String = failure.chars().filter(|c| !c.is_ascii_digit()).collect();
        if !self.failures.insert(key.clone()) {
            return;
        }
        for _ in 0..300 {
            let other = self.target.vary(&mut self.random, &input, &[]);
            let fails_alike = |outcome: Result<String, String>| {
                outcome.is_err_and(|failure| failure.chars().filter(|c| !c.is_ascii_digit()).eq(key.chars()))
            };
            if other.len() < input.len() && fails_alike(guard::run(&self.target, &other)) {
                input = other;
            }
        }
        let name = format!("{}-{}.bin", self.target.name, self.failures.len());
        fs::write(kept_file(&name), &input).expect("target/ can be written");
        println!("{}: {failure}; {} bytes in target/fuzz-failures/{name}", self.target.name, input.len());
    }

    /// Writes few inputs that together reach most of what all did, without those that the seeds are made of.
    fn save(mut self) {
        let mut known = Reached::default();
        for input in &self.target.valid() {
            let outcome = guard::run(&self.target, input);
            known.add(&outcome);
        }
        let candidates = std::mem::take(&mut self.pool);
        let kept = smallest::cover(candidates.into_iter().map(|input| {
            let outcome = guard::run(&self.target, &input);
            (input, known.news(&outcome))
        }));
        if !kept.is_empty() {
            corpus::write(&self.target.name, &kept).expect("the corpus can be written");
        }
    }
}

/// Where inputs of this name are kept.
fn kept_file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/fuzz-failures");
    fs::create_dir_all(&folder).expect("target/ can be written");
    folder.join(name)
}
