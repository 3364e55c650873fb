//! Runs a plan: cells to rows. The only module that holds a clock.

pub mod alloc;
mod cell;
mod counters;
pub mod executor;
mod finished;
mod flags;
mod group;
#[cfg(target_os = "linux")]
pub mod isolate;
mod judge;
mod probe;
mod product;
mod rounds;
mod schedule;
mod search;
mod sentinel;
mod spent;
mod stack;
mod stats;
mod summary;
mod system;
#[cfg(test)]
mod tests;
mod timed;
mod timer;

use anyhow::{Context, Result};

use crate::dataset::Dataset;
use crate::plan::{Cell, Plan, Subject, TimingPlan};
use crate::record::{Record, TimingRecord, VisitRecord};
pub use cell::Framed;
use cell::Loaded;
use executor::{Booked, Executor, InProcess, pool};
pub use finished::Finished;
pub use flags::flag_names;
use group::Group;
pub use spent::{Spent, Stopwatch};
pub use system::cpu_ns;

/// How a plan is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Cells side by side; one while timing.
    pub jobs: usize,
    /// Threads that a method may use.
    pub threads: usize,
    /// How cells are timed, if they are.
    pub timing: Option<TimingPlan>,
}

/// A data set's bytes, or why they are not here.
pub type Load = Result<Dataset, String>;

/// What the runner needs from outside, and whom it tells.
pub trait Host {
    /// Reads or generates a data set. A reason in the inner result keeps its cells as `unsupported`.
    ///
    /// # Errors
    /// Data that is broken stops the sweep.
    fn load(&mut self, subject: &Subject) -> Result<Load>;

    /// Called once per cell, in the order the cells finish. `new` is false for a row that a journal holds already, and
    /// for one that says its data is not here.
    ///
    /// # Errors
    /// Stops the sweep, for instance because the disk is full.
    fn finished(&mut self, record: &Record, new: bool) -> Result<()>;

    /// Called when all cells have run and are being timed, with the latest visits, how many were `made` in all, and how
    /// many are `planned`; there may be more in the end.
    ///
    /// # Errors
    /// Stops the sweep.
    fn visited(&mut self, visits: &[VisitRecord], made: usize, planned: usize) -> Result<()> {
        let _ = (visits, made, planned);
        Ok(())
    }
}

/// Runs every cell, then times those that it should, and returns the rows in the order of the plan, whatever order they
/// finished in.
///
/// # Errors
/// What the host returns, and a thread pool that cannot start. Failures of cells are rows.
pub fn sweep(
    plan: &Plan,
    executor: &dyn Executor,
    settings: &Settings,
    finished: &Finished,
    host: &mut dyn Host,
) -> Result<(Vec<Record>, Vec<TimingRecord>)> {
    let jobs = if settings.timing.is_some() { 1 } else { settings.jobs.max(1) };
    let pools = (0..jobs).map(|_| pool(settings.threads)).collect::<Result<Vec<_>>>()?;
    let mut rows = Vec::new();
    let executor = &Booked(executor);
    for (index, subject) in plan.subjects.iter().enumerate() {
        let cells: Vec<&Cell> = plan.cells.iter().filter(|cell| cell.subject == index).collect();
        let group = Group { subject, cells: &cells, finished, executor, pools: &pools };
        let records = group.run(host).with_context(|| format!("data set {}", subject.name))?;
        rows.extend(cells.into_iter().zip(records));
    }
    let timings = match settings.timing {
        Some(timing) => rounds::time((plan, &rows), timing, finished, &pools[0], host)?,
        None => Vec::new(),
    };
    Ok((rows.into_iter().map(|(_, record)| record).collect(), timings))
}

/// Compresses one array as a cell is run, checks the promise on the decoded values, and frames the payload.
///
/// # Errors
/// A thread pool that cannot start. A failure of the method is in the row.
pub fn compress(cell: &Cell, subject: &Subject, dataset: &Dataset, threads: usize) -> Result<Framed> {
    let loaded = Loaded::new(dataset);
    pool(threads)?.install(|| Ok(cell::framed(&InProcess::default(), cell, &subject.with(dataset), &loaded)))
}
