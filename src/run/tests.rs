//! Scheduling and bookkeeping on every outcome, mostly with no method at all.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail};
use codecbench_methods::api::{Target, Tensor, TensorRef};
use ndarray::Array1;

use super::executor::{Executor, Failure, InProcess, Mock, Product, Work};
use super::*;
use crate::dataset::Kind;
use crate::plan::{Exclude, plan};
use crate::record::Status;
use crate::spec::{MethodSpec, TargetSpec};

/// Data sets of one axis, by length.
#[derive(Default)]
struct Memory {
    loads: Vec<String>,
    new: Vec<Record>,
    visits: Vec<VisitRecord>,
    full_after: Option<usize>,
}

impl Host for Memory {
    fn load(&mut self, subject: &Subject) -> Result<Load> {
        self.loads.push(subject.name.clone());
        if subject.name == "away" {
            return Ok(Err("data not present".into()));
        }
        if subject.name == "broken" {
            bail!("the hash is wrong");
        }
        let values = Array1::from_iter((0..subject.name.len()).map(|at| at as f32));
        let plain = Dataset::plain(&subject.name, Kind::Field, Tensor::from(values.into_dyn()));
        Ok(Ok(Dataset { sha256: format!("sha of {}", subject.name), ..plain }))
    }

    fn finished(&mut self, record: &Record, new: bool) -> Result<()> {
        if self.full_after == Some(self.new.len()) {
            bail!("no space left");
        }
        self.new.extend(new.then(|| record.clone()));
        Ok(())
    }

    fn visited(&mut self, visits: &[VisitRecord], made: usize, planned: usize) -> Result<()> {
        assert!(made <= planned, "{made} visits of {planned}");
        self.visits.extend_from_slice(visits);
        Ok(())
    }
}

fn subject(name: &str) -> Subject {
    Subject { name: name.into(), generated: true, ..Subject::default() }
}

fn small_plan(names: &[&str], targets: &str) -> Plan {
    let methods = MethodSpec::parse("identity").expect("well formed");
    let targets: Vec<_> = targets.split(' ').flat_map(|text| TargetSpec::parse(text).expect("well formed")).collect();
    plan(names.iter().map(|name| subject(name)).collect(), &methods, &targets, &[]).expect("a small plan")
}

const ONCE: Settings = Settings { jobs: 1, threads: 1, timing: None };

fn run(plan: &Plan, executor: &dyn Executor, host: &mut Memory) -> Vec<Record> {
    sweep(plan, executor, &ONCE, &Finished::default(), host).expect("the sweep ends").0
}

/// Returns the input, shifted by `shift`.
fn shifted(work: &Work<'_>, shift: f32) -> Result<Product, Failure> {
    let TensorRef::F32(view) = &work.input else { panic!("the tests use f32") };
    let decoded = Tensor::from(view.array().mapv(|value| value + shift));
    Ok(Product::new(vec![7; 2], decoded))
}

#[test]
fn every_outcome_of_a_cell_is_a_row_with_its_reason() {
    let exact = |shift| move |work: &Work<'_>| shifted(work, shift);
    let outcome = |executor: &dyn Executor| run(&small_plan(&["data"], "lossless"), executor, &mut Memory::default());
    let ok = outcome(&Mock(exact(0.0))).remove(0);
    assert_eq!((ok.status, ok.reason.as_str(), ok.payload_bytes, ok.ratio), (Status::Ok, "", Some(2), Some(8.0)));
    assert_eq!((ok.shape.as_str(), ok.bits_per_value, ok.promise.as_str()), ("4", Some(4.0), "exact"));
    assert!(ok.frame_bytes.is_some_and(|bytes| bytes > 2), "the frame holds the payload and more");
    let mismatch = outcome(&Mock(exact(0.5))).remove(0);
    assert_eq!(mismatch.status, Status::Mismatch);
    assert!(mismatch.reason.contains("4 values"), "{}", mismatch.reason);
    for status in Status::ALL {
        let failing = Mock(move |_: &Work<'_>| Err(Failure { status, reason: "why".into() }));
        let row = outcome(&failing).remove(0);
        assert_eq!((row.status, row.reason.as_str(), row.payload_bytes), (status, "why", None));
    }
}

#[test]
fn an_unsupported_target_is_a_row_that_never_reaches_the_executor() {
    let calls = AtomicUsize::new(0);
    let counting = Mock(|work: &Work<'_>| {
        calls.fetch_add(1, Ordering::Relaxed);
        shifted(work, 0.0)
    });
    let rows = run(&small_plan(&["data"], "rel=1e-3 lossless psnr=60"), &counting, &mut Memory::default());
    let statuses: Vec<_> = rows.iter().map(|row| row.status).collect();
    assert_eq!(statuses, [Status::Unsupported, Status::Ok, Status::Unsupported]);
    assert_eq!(calls.into_inner(), 1);
}

#[test]
fn data_that_is_not_here_keeps_its_rows_and_broken_data_stops_the_sweep() {
    let mut host = Memory::default();
    let rows = run(&small_plan(&["away", "data"], "lossless"), &InProcess::default(), &mut host);
    assert_eq!((rows[0].status, rows[0].reason.as_str()), (Status::Unsupported, "data not present"));
    assert_eq!((rows[1].status, host.new.len()), (Status::Ok, 1));
    let plan = small_plan(&["broken"], "lossless");
    let error = sweep(&plan, &InProcess::default(), &ONCE, &Finished::default(), &mut host).expect_err("broken");
    assert_eq!(format!("{error:#}"), "data set broken: the hash is wrong");
}

#[test]
fn rows_come_back_in_plan_order_whatever_order_they_finish_in() {
    let plan = small_plan(&["a", "bb", "ccc"], "lossless native rel=1e-3 psnr=40..80");
    let plain = Mock(|work: &Work<'_>| InProcess::default().execute(work));
    let one = run(&plan, &plain, &mut Memory::default());
    let slow_first = Mock(|work: &Work<'_>| {
        if work.target == Target::Lossless {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        InProcess::default().execute(work)
    });
    let three = Settings { jobs: 3, threads: 2, timing: None };
    let rows = sweep(&plan, &slow_first, &three, &Finished::default(), &mut Memory::default());
    assert_eq!(rows.expect("the sweep ends").0, one);
    assert_eq!(one.len(), plan.cells.len());
}

#[test]
fn a_second_sweep_runs_nothing_and_loads_nothing() {
    let plan = small_plan(&["a", "bb"], "lossless native");
    let mut host = Memory::default();
    let first = run(&plan, &InProcess::default(), &mut host);
    assert_eq!(host.new.len(), 4, "skipped rows are in the journal too");
    let finished = Finished::new(host.new, Vec::new());
    let never = Mock(|_: &Work<'_>| -> Result<Product, Failure> { panic!("nothing is left to run") });
    let mut second = Memory::default();
    let rows = sweep(&plan, &never, &ONCE, &finished, &mut second).expect("the sweep ends").0;
    assert_eq!((rows, second.loads.len(), second.new.len()), (first, 0, 0));
}

#[test]
fn a_sweep_goes_on_where_another_one_stopped() {
    let plan = small_plan(&["a", "bb", "ccc"], "lossless native");
    let whole = run(&plan, &InProcess::default(), &mut Memory::default());
    for stop in 0..whole.len() {
        let mut host = Memory { full_after: Some(stop), ..Memory::default() };
        let error = sweep(&plan, &InProcess::default(), &ONCE, &Finished::default(), &mut host);
        assert!(format!("{:#}", error.expect_err("the disk is full")).ends_with("no space left"));
        let mut rest = Memory::default();
        let finished = Finished::new(host.new, Vec::new());
        let rows = sweep(&plan, &InProcess::default(), &ONCE, &finished, &mut rest).expect("the sweep ends").0;
        assert_eq!((rows, rest.new.len()), (whole.clone(), whole.len() - stop));
    }
}

#[test]
fn rows_of_other_bytes_or_lifted_exclusions_are_not_taken_over() {
    let mut host = Memory::default();
    let rule = Exclude { dataset: "*".into(), method: "*".into(), target: "*".into(), reason: "slow".into() };
    let mut excluded = small_plan(&["a"], "lossless");
    let methods = MethodSpec::parse("identity").expect("well formed");
    excluded = plan(excluded.subjects, &methods, &[TargetSpec::Lossless], &[rule]).expect("a small plan");
    assert_eq!(run(&excluded, &InProcess::default(), &mut host)[0].reason, "excluded by the recipe: slow");
    let finished = Finished::new(host.new.clone(), Vec::new());
    let lifted = small_plan(&["a"], "lossless");
    let rows = sweep(&lifted, &InProcess::default(), &ONCE, &finished, &mut host).expect("the sweep ends").0;
    assert_eq!(rows[0].status, Status::Ok);
    let mut other = small_plan(&["a"], "lossless");
    (other.subjects[0].generated, other.subjects[0].sha256) = (false, Some("sha of something else".into()));
    let (finished, mut host) = (Finished::new(rows, Vec::new()), Memory::default());
    sweep(&other, &InProcess::default(), &ONCE, &finished, &mut host).expect("the sweep ends");
    assert_eq!(host.loads, ["a"]);
}

#[test]
fn timed_cells_run_one_by_one_and_have_a_time_for_each_direction() {
    let timing = TimingPlan { max_repeats: 5, warmup_ms: 0, visits: 5, ..TimingPlan::default() };
    let running = Mutex::new(());
    let alone = Mock(|work: &Work<'_>| {
        let _guard = running.try_lock().expect("no other cell runs");
        std::thread::sleep(std::time::Duration::from_millis(2));
        InProcess::default().execute(work)
    });
    let settings = Settings { jobs: 4, threads: 1, timing: Some(timing) };
    let plan = small_plan(&["a", "bb"], "lossless native");
    let (rows, timings) =
        sweep(&plan, &alone, &settings, &Finished::default(), &mut Memory::default()).expect("the sweep ends");
    assert_eq!((rows.len(), timings.len()), (4, 2), "what did not run has no time");
    assert!(timings.iter().all(|timing| (5..=6).contains(&timing.repeats) && timing.visits == Some(5)));
    for timing in timings.iter().flat_map(|timing| [&timing.encode, &timing.decode]) {
        assert!(timing.median_ns > 0.0 && timing.first_ns.is_some_and(|first| first > 0.0), "{timing:?}");
        assert!(timing.outliers.is_some() && timing.cpu_ns.is_some() == cfg!(unix), "{timing:?}");
    }
    assert_eq!(timings[0].name.cell, rows[0].cell);
}

#[test]
fn rounds_of_visits_go_over_all_data_sets() {
    let timing = Some(TimingPlan { max_repeats: 3, warmup_ms: 0, ..TimingPlan::default() });
    let names = ["a", "bb", "ccc"];
    let plan = small_plan(&names, "lossless native");
    let mut host = Memory::default();
    let settings = Settings { timing, ..ONCE };
    sweep(&plan, &InProcess::default(), &settings, &Finished::default(), &mut host).expect("the sweep ends");
    let (ran, visited) = host.loads.split_at(3);
    assert_eq!(ran, names);
    for round in visited.chunks_exact(3).take(3) {
        let round: std::collections::BTreeSet<_> = round.iter().map(String::as_str).collect();
        assert_eq!(round.len(), 3, "{visited:?}");
    }
    assert!(host.visits.len() >= 9 && host.visits.len() == visited.len(), "{visited:?}");
}

#[test]
fn a_timed_sweep_goes_on_with_the_visits_that_are_not_made_yet() {
    let timing = Some(TimingPlan { max_repeats: 5, warmup_ms: 0, ..TimingPlan::default() });
    let plan = small_plan(&["a", "bb"], "lossless native");
    let timed = |finished: &Finished, executor: &dyn Executor, host: &mut Memory| {
        sweep(&plan, executor, &Settings { timing, ..ONCE }, finished, host).expect("the sweep ends")
    };
    let mut host = Memory::default();
    let (rows, times) = timed(&Finished::default(), &InProcess::default(), &mut host);
    let never = Mock(|_: &Work<'_>| -> Result<Product, Failure> { panic!("nothing is left to run") });
    let mut rest = Memory::default();
    let (again, same) = timed(&Finished::new(host.new.clone(), host.visits.clone()), &never, &mut rest);
    assert_eq!((again, &same, rest.loads.len()), (rows.clone(), &times, 0));
    let of_first: Vec<_> = host.visits.iter().filter(|visit| visit.name.dataset == "a").cloned().collect();
    let made = of_first.len() - 1;
    for visits in [of_first.clone(), of_first[..made].to_vec()] {
        let mut rest = Memory::default();
        let (again, completed) = timed(&Finished::new(host.new.clone(), visits.clone()), &never, &mut rest);
        assert_eq!((again, completed.len()), (rows.clone(), 2));
        assert_eq!(rest.loads.iter().any(|name| name == "a"), visits.len() < of_first.len(), "{:?}", rest.loads);
        assert!(rest.visits.iter().all(|visit| !visits.contains(visit)), "only what was missing");
        assert_eq!(
            completed.iter().map(|time| &time.name.cell).collect::<Vec<_>>(),
            [&times[0].name.cell, &times[1].name.cell]
        );
    }
}
