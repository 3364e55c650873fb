//! The tests: sweeps over methods that misbehave.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use codecbench::dataset::{Dataset, Kind};
use codecbench::plan::{Cell, Isolation, Limits, Plan, Subject};
use codecbench::record::{Record, Repetition, Status, results_text};
use codecbench::run::executor::{Checks, Executor, InProcess, Work};
use codecbench::run::isolate::{Isolated, Program};
use codecbench::run::{Finished, Host, Load, Settings, sweep};
use codecbench::spec::TargetSpec;
use codecbench_methods::METHODS;
use codecbench_methods::api::{DType, Entry, ParamsJson, Target, Tensor, TensorRef, View};
use ndarray::Array2;

use crate::WORKER;
use crate::methods::FAULTY;

/// Every test by name.
pub const TESTS: &[(&str, fn())] = &[
    ("every_fault_is_its_own_row_and_no_other_row_minds", every_fault_is_its_own_row_and_no_other_row_minds),
    ("rows_of_faults_are_the_same_on_every_run", rows_of_faults_are_the_same_on_every_run),
    ("limits_are_those_of_the_recipe", limits_are_those_of_the_recipe),
    ("what_came_out_stays_while_the_worker_goes_on", what_came_out_stays_while_the_worker_goes_on),
];

/// Honest methods between the others.
const HONEST: [&str; 3] = ["identity", "zlib", "lz4"];
const LIMITS: Limits = Limits { wall_s: 3.0, memory_mib: Some(200) };

struct Memory;

impl Host for Memory {
    fn load(&mut self, subject: &Subject) -> Result<Load> {
        let values = Array2::from_shape_fn((40, 50), |(i, j)| (i * j) as f32);
        let plain = Dataset::plain(&subject.name, Kind::Field, Tensor::from(values.into_dyn()));
        Ok(Ok(Dataset { sha256: format!("sha of {}", subject.name), ..plain }))
    }

    fn finished(&mut self, _: &Record, _: bool) -> Result<()> {
        Ok(())
    }
}

/// Every fault on two data sets, an honest method behind each.
fn plan(faulty: &[&'static Entry]) -> Plan {
    let subjects = ["one", "two"].map(|name| Subject { name: name.into(), ..Subject::default() }).to_vec();
    let honest = |at: usize| METHODS.iter().find(|entry| entry.id() == HONEST[at % HONEST.len()]).expect("built in");
    let entries = faulty.iter().enumerate().flat_map(|(at, entry)| [*entry, honest(at)]);
    let cell =
        |subject, entry| Cell { subject, entry, params: ParamsJson::new(), target: TargetSpec::Lossless, skip: None };
    let cells = (0..subjects.len()).flat_map(|subject| entries.clone().map(move |entry| cell(subject, entry)));
    Plan { cells: cells.collect(), subjects }
}

fn run(executor: &dyn Executor, plan: &Plan, jobs: usize) -> Vec<Record> {
    let settings = Settings { jobs, threads: 1, timing: None };
    sweep(plan, executor, &settings, &Finished::default(), &mut Memory).expect("the sweep goes on whatever happens").0
}

fn isolated(limits: Limits) -> Isolated {
    let program = Program { path: std::env::current_exe().expect("it runs"), arguments: vec![WORKER.into()] };
    Isolated::new(program, Isolation::All, limits)
}

/// Status and start of the reason of each fault.
const EXPECTED: &[(&str, Status, &str)] = &[
    ("segfault", Status::Crashed, "encode: SIGSEGV"),
    ("segfault-in-decoder", Status::Crashed, "decode: SIGSEGV"),
    ("cold-crash", Status::Crashed, "decode in another process: SIGSEGV"),
    ("abort", Status::Crashed, "encode: SIGABRT"),
    ("stack-overflow", Status::Crashed, "encode: SIGABRT: thread 'codecbench-cell-0' has overflowed its stack"),
    ("leave", Status::Crashed, "encode: it left the process with exit code 3"),
    ("panic", Status::Failed, "encode panicked: it gave up"),
    ("loop", Status::Timeout, "encode: the 3 s that a cell has were over"),
    ("loop-in-decoder", Status::Timeout, "decode: the 3 s that a cell has were over"),
    ("greedy", Status::OutOfMemory, "encode: 200 MiB are allowed; SIGABRT: memory allocation of "),
    ("greedy-at-once", Status::OutOfMemory, "encode: 200 MiB are allowed; SIGABRT: memory allocation of "),
    ("greedy-in-c", Status::OutOfMemory, "encode: 200 MiB are allowed; SIGSEGV"),
    ("chatty", Status::Failed, "encode: it printed to stdout, where results go: half done"),
    ("chatty-in-c", Status::Failed, "decode: it printed to stdout, where results go: oldbits = 3"),
    ("muttering", Status::Ok, "it printed to stderr: a warning at 0x.."),
    ("flood", Status::Failed, "encode: it printed to stdout, where results go: line 0 of very many"),
    ("bloated", Status::Ok, ""),
    ("other-bytes-on-a-second-thread", Status::Mismatch, "encode: equal input gave other bytes on another thread"),
    ("other-values-on-a-second-thread", Status::Mismatch, "2000 values are not bit for bit the same"),
];

fn every_fault_is_its_own_row_and_no_other_row_minds() {
    let faulty: Vec<_> = FAULTY.iter().collect();
    let plan = plan(&faulty);
    let rows = run(&isolated(LIMITS), &plan, 2);
    assert_eq!(rows.len(), plan.cells.len());
    let expected: BTreeMap<_, _> = EXPECTED.iter().map(|(id, status, reason)| (*id, (*status, *reason))).collect();
    for row in rows.iter().filter(|row| !HONEST.contains(&row.method.as_str())) {
        let (status, reason) = expected[row.method.as_str()];
        assert_eq!(row.status, status, "{}: {}", row.method, row.reason);
        assert!(row.reason.starts_with(reason), "{}: {}", row.method, row.reason);
        assert!(status != Status::Ok || row.reason == reason);
    }
    let of = |id: &str| rows.iter().find(|row| row.method == id).expect("a row of each");
    let other = of("other-bytes-on-a-second-thread");
    assert_eq!((other.repeat_encode, other.cold_decode), (Some(Repetition::Differs), Some(Repetition::Equal)));
    assert!(other.payload_bytes.is_some(), "what was measured stands");
    let other = of("other-values-on-a-second-thread");
    assert_eq!((other.repeat_encode, other.cold_decode), (Some(Repetition::Equal), Some(Repetition::Differs)));
    honest_rows_are_complete(&plan, &rows);
}

/// An honest method's row is that of a sweep in which nobody misbehaves, and nothing runs in another process.
fn honest_rows_are_complete(plan: &Plan, rows: &[Record]) {
    let is_honest = |id: &str| HONEST.contains(&id);
    let cells = plan.cells.iter().filter(|cell| is_honest(cell.entry.id())).cloned().collect();
    let alone = run(&InProcess::default(), &Plan { cells, ..plan.clone() }, 1);
    let honest: Vec<_> = rows.iter().filter(|row| is_honest(&row.method)).cloned().collect();
    let with_cold = |row: &Record| Record { cold_decode: Some(Repetition::Equal), ..row.clone() };
    assert!(honest.iter().all(|row| row.status == Status::Ok && row.ratio.is_some()));
    assert_eq!(honest, alone.iter().map(with_cold).collect::<Vec<_>>());
}

fn rows_of_faults_are_the_same_on_every_run() {
    // Those that end fast, several times in one sweep and in another.
    let fast = ["segfault", "stack-overflow", "leave", "greedy", "chatty", "flood", "other-bytes-on-a-second-thread"];
    let faulty: Vec<_> = FAULTY.iter().filter(|entry| fast.contains(&entry.id())).collect();
    let plan = plan(&faulty);
    let first = results_text(&run(&isolated(LIMITS), &plan, 2));
    for jobs in [1, 3] {
        assert_eq!(results_text(&run(&isolated(LIMITS), &plan, jobs)), first);
    }
}

fn limits_are_those_of_the_recipe() {
    let of = |id: &str, limits: Limits| {
        let faulty: Vec<_> = FAULTY.iter().filter(|entry| entry.id() == id).collect();
        let started = Instant::now();
        let row = run(&isolated(limits), &plan(&faulty), 2).swap_remove(0);
        (row.status, row.reason, started.elapsed().as_secs_f64())
    };
    let (status, reason, seconds) = of("loop", Limits { wall_s: 0.25, ..LIMITS });
    assert_eq!((status, reason.as_str()), (Status::Timeout, "encode: the 0.25 s that a cell has were over"));
    assert!((0.25..3.0).contains(&seconds), "{seconds} s");
    let (status, reason, _) = of("greedy", Limits { memory_mib: Some(50), ..LIMITS });
    assert!(status == Status::OutOfMemory && reason.contains("50 MiB are allowed"), "{reason}");
}

fn what_came_out_stays_while_the_worker_goes_on() {
    let isolated = isolated(LIMITS);
    let values: Vec<f32> = (0..3000).map(|at| at as f32).collect();
    let part = |at: usize, length: usize| {
        TensorRef::from(View::from_slice(&[length], &values[at..at + length]).expect("as many values"))
    };
    let whole = part(0, 3000);
    let (params, other) = (ParamsJson::new(), Tensor::zeros(DType::I16, &[20, 50]));
    let executor = isolated.for_array(&whole).expect("workers serve one array");
    let work = |input| Work::new(&METHODS[0], &params, Target::Lossless, input, None);
    // The last two are as long as each other, and so could stand in the same memory.
    let parts = [whole.clone(), part(0, 0), part(5, 1), part(0, 1000), part(2000, 1000)];
    let products = parts.each_ref().map(|part| executor.execute(&work(part.clone())).expect("identity takes it"));
    isolated.execute(&work(other.view())).expect("another array");
    let both = Checks { cold_decode: Some(Repetition::Equal), repeat_encode: Some(Repetition::Equal) };
    for (part, product) in parts.iter().zip(&products) {
        let mut payload = Vec::new();
        part.write_le(&mut payload);
        assert_eq!((product.payload(), product.decoded().to_tensor()), (&payload[..], part.to_tensor()));
        assert_eq!(executor.check(&work(part.clone()), product), Ok(both));
    }
}
