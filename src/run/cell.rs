//! One cell: compress, decompress, compare, and write down what happened.

use std::time::Instant;

use codecbench_methods::api::{Capabilities, Element, Promise, Target, TensorRef};
use codecbench_methods::for_dtype;

use super::executor::{Checks, Executor, Failure, Product, Work};
use super::search::Found;
use super::spent::{self, On};
use super::stack::{self, OneByOne};
use super::{judge, search};
use crate::dataset::{Dataset, Kind};
use crate::frame::{self, Header};
use crate::metrics::{METRIC_VERSION, Metrics, Original, measure};
use crate::plan::{Cell, Subject, kinds, reason, working_rank};
use crate::record::{HARNESS_VERSION, Record, Repetition, Status};
use crate::spec::{Goal, resolve};

/// A data set with what is computed once for all of its cells.
pub(super) struct Loaded<'a> {
    pub dataset: &'a Dataset,
    pub original: Original<'a>,
    /// Bytes of the values above the sparsity threshold.
    sparse_bytes: Option<u64>,
}

impl<'a> Loaded<'a> {
    pub fn new(dataset: &'a Dataset) -> Self {
        let original = Original::new(dataset.tensor.view(), dataset.kind, dataset.fill_value)
            .on_velocity_grid(dataset.velocity_spacing.clone(), dataset.sparsity_threshold)
            .stacked(dataset.stack)
            .with_luma_rows(dataset.luma_rows);
        let threshold = dataset.sparsity_threshold.filter(|_| dataset.kind == Kind::Vdf);
        let sparse_bytes = threshold.map(|threshold| sparse_bytes(&dataset.tensor.view(), threshold));
        Loaded { dataset, original, sparse_bytes }
    }

    /// See [`working_rank`].
    fn working_rank(&self, cell: &Cell) -> Result<usize, String> {
        let Dataset { tensor, stack, kind, .. } = self.dataset;
        working_rank(cell.entry, tensor.dtype(), (tensor.shape().len(), *stack), Some(*kind), cell.target)
    }
}

fn sparse_bytes(tensor: &TensorRef<'_>, threshold: f64) -> u64 {
    let count = for_dtype!(TensorRef, tensor, view => {
        view.data().iter().filter(|&&value| Element::to_f64(value) > threshold).count()
    });
    (count * tensor.dtype().size()) as u64
}

/// The row of a cell that nothing has happened to yet, from what is known before the data is.
pub(super) fn planned(cell: &Cell, subject: &Subject) -> Record {
    let elements = subject.shape.as_ref().map(|shape| shape.iter().product::<usize>() as u64);
    let bytes = elements.zip(subject.dtype).map(|(elements, dtype)| elements * dtype.size() as u64);
    let kind = cell.promise_kind(subject);
    Record {
        cell: cell.hash(subject.sha256.as_deref().unwrap_or_default()),
        dataset: subject.name.clone(),
        kind: subject.kind.map(|kind| kind.to_string()).unwrap_or_default(),
        dtype: subject.dtype.map(|dtype| dtype.to_string()).unwrap_or_default(),
        shape: subject.shape.as_deref().map(shape_text).unwrap_or_default(),
        elements,
        method: cell.entry.id().to_string(),
        format: cell.entry.format().ok(),
        params: cell.params_text(),
        target: cell.target.name().to_string(),
        target_value: cell.target.value(),
        promise: kind.map(|promise| promise.to_string()).unwrap_or_default(),
        input_bytes: bytes,
        metric_version: METRIC_VERSION,
        harness_version: HARNESS_VERSION.to_string(),
        data_sha256: subject.sha256.clone().unwrap_or_default(),
        ..Record::default()
    }
}

/// Axis lengths joined by `x`; a tensor without axes has none.
fn shape_text(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

/// The row of a cell that does not run.
pub(super) fn skipped(cell: &Cell, subject: &Subject, reason: &str) -> Record {
    Record { status: Status::Unsupported, reason: reason.to_string(), ..planned(cell, subject) }
}

/// The row of a cell that has run before and is skipped now.
pub(super) fn reskipped(record: &Record, reason: &str) -> Record {
    Record {
        status: Status::Unsupported,
        reason: reason.to_string(),
        payload_bytes: None,
        shared_bytes: None,
        frame_bytes: None,
        ratio: None,
        sparse_ratio: None,
        bits_per_value: None,
        payload_hash: String::new(),
        cold_decode: None,
        repeat_encode: None,
        metrics: Metrics::default(),
        ..record.clone()
    }
}

/// Runs a cell and returns its row.
pub(super) fn run(executor: &dyn Executor, cell: &Cell, subject: &Subject, loaded: &Loaded<'_>) -> Record {
    let mut record = planned(cell, subject);
    let outcome = attempt(executor, cell, loaded);
    match outcome.and_then(|outcome| Ok((check(executor, cell, loaded, &outcome)?, outcome))) {
        Ok((checks, outcome)) => {
            fill(&mut record, &outcome, cell, loaded);
            note_checks(&mut record, checks, cell);
        }
        Err(failure) => (record.status, record.reason) = (failure.status, failure.reason),
    }
    record
}

/// Compresses and decompresses once more, elsewhere.
fn check(executor: &dyn Executor, cell: &Cell, loaded: &Loaded<'_>, outcome: &Outcome) -> Result<Checks, Failure> {
    let Outcome { product, target, one_by_one, since, .. } = outcome;
    let work = work(cell, loaded, *target, *since);
    if *one_by_one { OneByOne(executor).check(&work, product) } else { executor.check(&work, product) }
}

fn note_checks(record: &mut Record, checks: Checks, cell: &Cell) {
    (record.cold_decode, record.repeat_encode) = (checks.cold_decode, checks.repeat_encode);
    let deterministic = cell.entry.capabilities().is_ok_and(|facts| facts.deterministic);
    let broken = if checks.cold_decode == Some(Repetition::Differs) {
        "decode: in another process the payload gave other values"
    } else if checks.repeat_encode == Some(Repetition::Differs) && deterministic {
        "encode: equal input gave other bytes on another thread"
    } else {
        return;
    };
    if record.status == Status::Ok {
        record.status = Status::Mismatch;
        record.reason = if record.reason.is_empty() { broken.into() } else { format!("{}; {broken}", record.reason) };
    }
}

fn work<'a>(cell: &'a Cell, loaded: &'a Loaded<'_>, target: Target, since: Instant) -> Work<'a> {
    let Dataset { tensor, fill_value, .. } = loaded.dataset;
    Work { since, ..Work::new(cell.entry, &cell.params, target, tensor.view(), *fill_value) }
}

/// What a cell produced, and under which target and promise.
struct Outcome {
    /// When the cell began.
    since: Instant,
    product: Product,
    target: Target,
    /// What the method promised for the target it was given.
    promise: Promise,
    /// Whether the harness searched for the target: then nothing was promised for what the user asked.
    searched: bool,
    /// Whether the payload is that of a stack's distributions one by one.
    one_by_one: bool,
    /// Bytes of each distribution of a stack compressed by itself, to the same target.
    lengths: Option<Vec<usize>>,
}

fn attempt(executor: &dyn Executor, cell: &Cell, loaded: &Loaded<'_>) -> Result<Outcome, Failure> {
    let unsupported = |reason| Failure { status: Status::Unsupported, reason };
    let dataset = loaded.dataset;
    let (dtype, shape) = (dataset.tensor.dtype(), dataset.tensor.shape());
    let rank = loaded.working_rank(cell).map_err(unsupported)?;
    let (each, one_by_one) = (OneByOne(executor), rank < shape.len());
    let executor: &dyn Executor = if one_by_one { &each } else { executor };
    let facts = cell.entry.capabilities().map_err(|error| unsupported(reason(&error)))?;
    let route = route(cell, facts, loaded, rank).map_err(unsupported)?;
    let promise = |target: Target| facts.promise(dtype, rank, target.kind()).unwrap_or(Promise::None);
    let since = Instant::now();
    let work = |target| work(cell, loaded, target, since);
    let searched = !matches!(route, Route::Direct(_));
    let found = match route {
        Route::Direct(target) => Found { product: executor.execute(&work(target))?, target },
        Route::Rmse(goal) => search::for_rmse(executor, &work(Target::Rmse(goal)), &loaded.original, goal)?,
        Route::Bytes(goal) => search::for_size(executor, &work(Target::Lossless), &loaded.original, goal)?,
        Route::Moments(goal, widest) => search::for_moments(executor, &work(widest), &loaded.original, goal)?,
    };
    let Found { product, target } = found;
    let lengths = match (dataset.stack, one_by_one) {
        (false, _) => None,
        (true, true) => Some(stack::lengths(product.payload())),
        // What a method cannot do has no ratio, and fails nothing.
        (true, false) => each.execute(&work(target)).ok().map(|alone| stack::lengths(alone.payload())),
    };
    Ok(Outcome { since, product, target, promise: promise(target), searched, one_by_one, lengths })
}

/// How a goal is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Route {
    /// The method takes it as its target.
    Direct(Target),
    /// By search for the bound that gives this root mean square error.
    Rmse(f64),
    /// By search for the bound that gives a payload of this many bytes.
    Bytes(f64),
    /// By search, from the second down, for the target that keeps density and temperature this close.
    Moments(f64, Target),
}

fn route(cell: &Cell, facts: &Capabilities, loaded: &Loaded<'_>, rank: usize) -> Result<Route, String> {
    let tensor = &loaded.dataset.tensor;
    let takes = |target: Target| facts.promise(tensor.dtype(), rank, target.kind()).is_ok();
    let elements = tensor.len() as f64;
    let goal = match resolve(cell.target, loaded.original.summary())? {
        Goal::Target(target) => target,
        Goal::Ratio(ratio) => Target::BitsPerValue(8.0 * tensor.dtype().size() as f64 / ratio),
        Goal::Moments(goal) => {
            let summary = loaded.original.summary();
            let rmse = Target::Rmse(summary.rms.unwrap_or(0.0));
            let widest = if takes(rmse) { rmse } else { Target::MaxAbs(summary.range.unwrap_or(0.0)) };
            return Ok(Route::Moments(goal, widest));
        }
    };
    Ok(match goal {
        goal if takes(goal) => Route::Direct(goal),
        Target::Rmse(value) => Route::Rmse(value),
        Target::BitsPerValue(bits) => Route::Bytes(bits * elements / 8.0),
        goal => Route::Direct(goal),
    })
}

/// The target that a finished row was measured under, to time the same thing again. `None` where that cannot be told, and
/// for distributions compressed one by one.
pub(super) fn executed_target(cell: &Cell, loaded: &Loaded<'_>, record: &Record) -> Option<Target> {
    let rank = loaded.working_rank(cell).ok().filter(|&rank| rank == loaded.dataset.tensor.shape().len())?;
    if let Some(target) = search::searched_target(&record.reason) {
        return Some(target);
    }
    match route(cell, cell.entry.capabilities().ok()?, loaded, rank).ok()? {
        Route::Direct(target) => Some(target),
        Route::Rmse(_) | Route::Bytes(_) | Route::Moments(..) => None,
    }
}

fn fill(record: &mut Record, outcome: &Outcome, cell: &Cell, loaded: &Loaded<'_>) {
    let (payload, decoded) = (outcome.product.payload(), outcome.product.decoded());
    let input = loaded.dataset.tensor.byte_len() as u64;
    let payload_bytes = payload.len() as u64;
    let over = |bytes: u64| (bytes > 0 && payload_bytes > 0).then(|| bytes as f64 / payload_bytes as f64);
    record.payload_bytes = Some(payload_bytes);
    // No method has weights of its own yet; 0 is what it adds, not an absence.
    record.shared_bytes = Some(0);
    record.ratio = over(input);
    record.sparse_ratio = loaded.sparse_bytes.and_then(over);
    let elements = loaded.dataset.tensor.len() as f64;
    record.bits_per_value = (elements > 0.0).then(|| 8.0 * payload_bytes as f64 / elements);
    record.payload_hash = blake3::hash(payload).to_hex()[..16].to_string();
    record.metrics = spent::on(On::Metrics, || measure(&loaded.original, &decoded, record.bits_per_value));
    let (status, mut reason) = spent::on(On::Metrics, || {
        judge::judge(&loaded.original, &decoded, &record.metrics, payload.len(), (outcome.target, outcome.promise))
    });
    record.promise = outcome.promise.to_string();
    if outcome.searched {
        record.promise = Promise::Approximate.to_string();
        let note = search::note(outcome.target);
        reason = if reason.is_empty() { note } else { format!("{note}; {reason}") };
    }
    if let Some(line) = &outcome.product.printed {
        let note = format!("it printed to stderr: {line}");
        reason = if reason.is_empty() { note } else { format!("{reason}; {note}") };
    }
    (record.status, record.reason) = (status, reason);
    record.frame_bytes = frame_bytes(outcome, cell, loaded);
    if let Some(lengths) = &outcome.lengths {
        stack::set_ratios(&mut record.metrics, input / lengths.len().max(1) as u64, lengths);
    }
}

/// Bytes of the standalone files of this cell: one, or one per distribution where they are compressed one by one.
fn frame_bytes(outcome: &Outcome, cell: &Cell, loaded: &Loaded<'_>) -> Option<u64> {
    let whole = || Some(header(outcome, cell, loaded)?.byte_len(outcome.product.payload().len()) as u64);
    let Some(lengths) = outcome.lengths.as_ref().filter(|_| outcome.one_by_one) else { return whole() };
    let Dataset { tensor, fill_value, .. } = loaded.dataset;
    let entries = stack::members(&tensor.view());
    let of_one = |(entry, &length): (&TensorRef<'_>, &usize)| {
        let header = Header::new(cell.entry, &cell.params, outcome.target, *fill_value, entry).ok()?;
        Some(header.byte_len(length) as u64)
    };
    entries.iter().zip(lengths).map(of_one).sum()
}

/// What a standalone file of this cell says before its payload; `None` where there is no single file.
fn header(outcome: &Outcome, cell: &Cell, loaded: &Loaded<'_>) -> Option<Header> {
    if outcome.one_by_one {
        return None;
    }
    let Dataset { tensor, fill_value, .. } = loaded.dataset;
    Header::new(cell.entry, &cell.params, outcome.target, *fill_value, &tensor.view()).ok()
}

/// One array compressed as a cell is.
#[derive(Clone, Debug)]
pub struct Framed {
    /// The row of the cell.
    pub record: Record,
    /// The standalone frame; absent where the cell failed.
    pub frame: Option<Vec<u8>>,
}

/// Runs a cell and frames its payload.
pub(super) fn framed(executor: &dyn Executor, cell: &Cell, subject: &Subject, loaded: &Loaded<'_>) -> Framed {
    let (mut record, mut frame) = (planned(cell, subject), None);
    match attempt(executor, cell, loaded) {
        Ok(outcome) => {
            fill(&mut record, &outcome, cell, loaded);
            frame = header(&outcome, cell, loaded).map(|header| {
                let mut frame = Vec::new();
                frame::write(&header, outcome.product.payload(), &mut frame);
                frame
            });
        }
        Err(failure) => (record.status, record.reason) = (failure.status, failure.reason),
    }
    Framed { record, frame }
}

impl Cell {
    /// What the method promises for what the user asked; where only a search gets there, an approximation.
    fn promise_kind(&self, subject: &Subject) -> Option<Promise> {
        let facts = self.entry.capabilities().ok()?;
        let (dtype, rank) = (subject.dtype?, subject.shape.as_ref()?.len());
        let working = working_rank(self.entry, dtype, (rank, subject.stack), subject.kind, self.target);
        let rank = working.unwrap_or(rank);
        let (first, searched) = kinds(self.target).split_first()?;
        match facts.promise(dtype, rank, *first) {
            Ok(promise) => Some(promise),
            Err(_) => {
                searched.iter().find_map(|kind| facts.promise(dtype, rank, *kind).ok()).map(|_| Promise::Approximate)
            }
        }
    }
}
