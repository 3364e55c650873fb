//! What the harness costs beside codecs and metrics, and what a process of its own costs a cell.
//!
//! `cargo bench --bench overhead [-- --edge 64 --rounds 7]`. Both figures are shares and differences of times taken in
//! turns in one run; on a busy machine look at the medians over the rounds.

mod args;

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use codecbench::dataset::generate::{self, Request};
use codecbench::dataset::{Dataset, Kind};
use codecbench::plan::{Isolation, Limits, Plan, Subject, plan};
use codecbench::record::{Journal, Record};
use codecbench::run::executor::{Executor, InProcess, Work};
use codecbench::run::isolate::{Isolated, Program};
use codecbench::run::{Finished, Host, Load, Settings, Spent, Stopwatch, sweep};
use codecbench::spec::{MethodSpec, TargetSpec};
use codecbench_methods::METHODS;
use codecbench_methods::api::{DType, ParamsJson, Target};

/// A sweep like those of the reports: fast methods and slow ones, with loss and without, and with a search.
const METHODS_SWEPT: &str = "zlib zstd lz4 pco zfp sz3 adaptive-grid wavelet block-dct hybrid";
const TARGETS_SWEPT: &str = "lossless rel=1e-2..1e-4 psnr=60";

/// What the harness costs, and what a process of its own costs a cell.
#[derive(Parser)]
struct Options {
    /// Edge of the cube of values.
    #[arg(long, default_value_t = 64)]
    edge: usize,
    /// Rounds, of which the median counts.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

fn main() {
    let Options { edge, rounds } = args::parse();
    harness_share(edge, rounds.min(3));
    println!("\n{:<22} {:>12} {:>12} {:>12}", "isolation, ms per cell", "round trip", "checks", "first cell");
    for edge in [edge / 4, edge, edge * 2, edge * 16 / 5] {
        isolation(edge, rounds);
    }
}

fn turbulence(edge: usize) -> Dataset {
    let request = Request { shape: &[edge; 3], seed: 1, dtype: DType::F32, variant: None };
    let tensor = generate::generate("turbulence", &request).expect("turbulence takes a cube").tensor;
    Dataset { sha256: "turbulence".into(), ..Dataset::plain("turbulence", Kind::Field, tensor) }
}

/// As `codecbench sweep` does: rows go to a journal on the disk, one by one.
struct OnDisk {
    dataset: Dataset,
    journal: Journal<Record>,
}

impl Host for OnDisk {
    fn load(&mut self, _: &Subject) -> Result<Load> {
        Ok(Ok(self.dataset.clone()))
    }

    fn finished(&mut self, record: &Record, new: bool) -> Result<()> {
        if new {
            self.journal.append("code", record)?;
            self.journal.sync()?;
        }
        Ok(())
    }
}

fn harness_share(edge: usize, rounds: usize) {
    let dataset = turbulence(edge);
    let methods: Vec<_> = METHODS_SWEPT.split(' ').flat_map(|id| MethodSpec::parse(id).expect("a method")).collect();
    let targets: Vec<_> =
        TARGETS_SWEPT.split(' ').flat_map(|text| TargetSpec::parse(text).expect("a target")).collect();
    let subject = Subject { name: "turbulence".into(), ..Subject::default() };
    let plan = plan(vec![subject], &methods, &targets, &[]).expect("a plan");
    let mut shares: Vec<_> = (0..rounds).map(|_| one_share(&plan, &dataset)).collect();
    shares.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (share, Spent { total, codecs, metrics, .. }) = shares[shares.len() / 2];
    println!(
        "harness outside codecs and metrics: {:.2} % of a sweep of {} cells in {total:.1} s (codecs {codecs:.1} s, metrics {metrics:.1} s)",
        100.0 * share,
        plan.cells.len()
    );
}

/// Share of the harness, and where the time of the sweep went.
fn one_share(plan: &Plan, dataset: &Dataset) -> (f64, Spent) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (journal, _) = Journal::open(&folder.path().join("journal"), false, &|_| None).expect("a writable folder");
    let mut host = OnDisk { dataset: dataset.clone(), journal };
    let settings = Settings { jobs: 1, threads: 1, timing: None };
    let executor = isolated(Isolation::Auto);
    let stopwatch = Stopwatch::start();
    sweep(plan, &executor, &settings, &Finished::default(), &mut host).expect("nothing stops it");
    let spent = stopwatch.spent();
    (spent.harness() / spent.total, spent)
}

fn isolated(isolation: Isolation) -> Isolated {
    let program = Program { path: env!("CARGO_BIN_EXE_codecbench").into(), arguments: vec!["worker".into()] };
    Isolated::new(program, isolation, Limits::default())
}

/// What a cell of `identity` takes longer in a worker than here: it does nothing but copy.
fn isolation(edge: usize, rounds: usize) {
    let dataset = turbulence(edge);
    let entry = METHODS.iter().find(|entry| entry.id() == "identity").expect("built in");
    let (params, here, away) = (ParamsJson::new(), InProcess::default(), isolated(Isolation::All));
    let work = || Work::new(entry, &params, Target::Lossless, dataset.tensor.view(), None);
    let there = away.for_array(&dataset.tensor.view()).expect("workers serve one array");
    let cell = |executor: &dyn Executor| {
        let (product, execute) = timed(|| executor.execute(&work()).expect("identity takes it"));
        let (_, check) = timed(|| executor.check(&work(), &product).expect("identity takes it"));
        [execute, check].map(|time| time.as_secs_f64() * 1e3)
    };
    // Starting the workers and sharing the array happens once.
    let (_, first) = timed(|| cell(&*there));
    let mut more = [Vec::new(), Vec::new()];
    for _ in 0..rounds * 5 {
        let (local, remote) = (cell(&here), cell(&*there));
        for (differences, (remote, local)) in more.iter_mut().zip(remote.into_iter().zip(local)) {
            differences.push(remote - local);
        }
    }
    let [execute, check] = more.map(|mut differences| {
        differences.sort_by(f64::total_cmp);
        differences[differences.len() / 2]
    });
    let size = format!("{edge}^3 float32, {:.1} MB", dataset.tensor.byte_len() as f64 / 1e6);
    println!("{size:<22} {execute:>12.3} {check:>12.3} {:>12.1}", first.as_secs_f64() * 1e3);
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed())
}
