//! Times cells in rounds over a whole sweep: each round goes to every data set, and there to every cell that is still to be
//! visited. So the visits of a cell lie minutes apart, and the interval of its median knows how the machine changes
//! meanwhile.

use anyhow::{Context, Result};
use codecbench_methods::api::Target;
use rayon::ThreadPool;

use super::cell::{self, Loaded};
use super::executor::Work;
use super::finished::Finished;
use super::probe::SystemProbe;
use super::sentinel::{Sentinels, Usual};
use super::spent::{self, On};
use super::summary::{is_done, timing_record};
use super::timed::{First, InProcess, Raw};
use super::timer::{Limits, Visit, visit};
use super::{Host, schedule};
use crate::dataset::Dataset;
use crate::plan::{Cell, Plan, Subject, TimingPlan};
use crate::record::{Record, TimingRecord, VisitRecord};

/// Times every cell that has run, but for visits that are `finished`. One row for each that could be timed, in the order
/// of the rows.
///
/// # Errors
/// What the host returns. A method that fails now has no time, and its row of results stands.
pub(super) fn time(
    (plan, rows): (&Plan, &[(&Cell, Record)]),
    timing: TimingPlan,
    finished: &Finished,
    pool: &ThreadPool,
    host: &mut dyn Host,
) -> Result<Vec<TimingRecord>> {
    let mut states = Vec::new();
    for (cell, record) in rows.iter().filter(|(_, record)| record.payload_bytes.is_some()) {
        let visits = finished.visits(cell, &plan.subjects[cell.subject], record);
        let stage = if is_done(&timing, &visits) { Stage::Done } else { Stage::Unknown };
        states.push(State { cell, record, visits, stage });
    }
    let (planned, made) = (states.len() * timing.visits, states.iter().map(|state| state.visits.len()).sum());
    let mut rounds = Rounds { timing, pool, sentinels: Sentinels::new(), states, waiting: Vec::new(), made, planned };
    for round in 0.. {
        let open: Vec<usize> =
            (0..plan.subjects.len()).filter(|&at| rounds.is_open(|state| state.cell.subject == at)).collect();
        if open.is_empty() {
            break;
        }
        for at in schedule::shuffled(open, timing.seed, round) {
            let subject = &plan.subjects[at];
            rounds.pass(at, subject, round, host).with_context(|| format!("data set {}", subject.name))?;
        }
    }
    Ok(rounds.summary())
}

/// A cell while it is being timed.
struct State<'a> {
    cell: &'a Cell,
    record: &'a Record,
    visits: Vec<Visit>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    /// Its data has not been loaded yet, which tells the target.
    Unknown,
    /// To be visited, under this target.
    Open(Target),
    /// Nothing more is to be done; without visits, because there is nothing to time or the method failed.
    Done,
}

struct Rounds<'a> {
    timing: TimingPlan,
    pool: &'a ThreadPool,
    sentinels: Sentinels,
    states: Vec<State<'a>>,
    /// Cells whose last visit waits for the sentinel behind it, and the sentinel before it.
    waiting: Vec<(usize, usize)>,
    made: usize,
    planned: usize,
}

impl Rounds<'_> {
    fn is_open(&self, which: impl Fn(&State<'_>) -> bool) -> bool {
        self.states.iter().any(|state| state.stage != Stage::Done && which(state))
    }

    /// Visits the cells of one data set that are still to be visited, once each.
    fn pass(&mut self, at: usize, subject: &Subject, round: usize, host: &mut dyn Host) -> Result<()> {
        let own: Vec<usize> = (0..self.states.len()).filter(|&state| self.states[state].cell.subject == at).collect();
        let dataset = match spent::on(On::Data, || host.load(subject))? {
            Ok(dataset) => dataset,
            // It was there when its cells ran.
            Err(_) => {
                own.iter().for_each(|&state| self.states[state].stage = Stage::Done);
                return Ok(());
            }
        };
        self.find_targets(&own, &dataset);
        let open: Vec<usize> = own.into_iter().filter(|&state| self.states[state].stage != Stage::Done).collect();
        let methods: Vec<&str> = open.iter().map(|&state| self.states[state].cell.entry.id()).collect();
        let mut raw = Raw::new(&dataset.tensor.view());
        for next in schedule::order(&methods, self.timing.seed, &subject.name, round) {
            self.visit(open[next], &dataset, &mut raw);
            self.settle(host)?;
        }
        // What the last visits lie before.
        self.pool.install(|| spent::on(On::Copies, || self.sentinels.take()));
        self.settle(host)
    }

    fn find_targets(&mut self, states: &[usize], dataset: &Dataset) {
        let mut loaded = None;
        for &at in states {
            let State { cell, record, stage, .. } = &mut self.states[at];
            if *stage == Stage::Unknown {
                let loaded =
                    loaded.get_or_insert_with(|| spent::on(On::Metrics, || self.pool.install(|| Loaded::new(dataset))));
                *stage = cell::executed_target(cell, loaded, record).map_or(Stage::Done, Stage::Open);
            }
        }
    }

    fn visit(&mut self, at: usize, dataset: &Dataset, raw: &mut Raw) {
        let state = &mut self.states[at];
        let Stage::Open(target) = state.stage else { return };
        let work = Work::new(state.cell.entry, &state.cell.params, target, dataset.tensor.view(), dataset.fill_value);
        let (sentinels, timing) = (&mut self.sentinels, &self.timing);
        let (before, outcome) = self.pool.install(|| {
            let before = spent::on(On::Copies, || sentinels.due());
            let first = state.visits.iter().find_map(|visit| visit.first);
            (before, visited(&work, raw, &Limits::of_visit(timing), first))
        });
        self.made += 1;
        match outcome {
            Some(visit) => {
                state.visits.push(visit);
                if is_done(timing, &state.visits) {
                    state.stage = Stage::Done;
                }
                self.waiting.push((at, before));
            }
            // The cell has run before. An error now has no time to show, and the row of results stands.
            None => (state.visits, state.stage) = (Vec::new(), Stage::Done),
        }
    }

    /// Hands over the visits that have a sentinel behind them.
    fn settle(&mut self, host: &mut dyn Host) -> Result<()> {
        let taken = self.sentinels.taken();
        let mut settled = Vec::new();
        self.waiting.retain(|&(at, before)| {
            let Some(&after) = taken.get(before + 1) else { return true };
            let State { record, visits, .. } = &mut self.states[at];
            // Without visits the method has failed meanwhile.
            if let Some(visit) = visits.last_mut() {
                visit.around = [taken[before], after];
                let measured = serde_json::to_string(visit).expect("numbers serialise");
                settled.push(VisitRecord { name: record.name(), measured });
            }
            false
        });
        if settled.is_empty() { Ok(()) } else { host.visited(&settled, self.made, self.planned.max(self.made)) }
    }

    fn summary(&self) -> Vec<TimingRecord> {
        let visits = self.states.iter().flat_map(|state| &state.visits);
        let usual = Usual::of(&visits.map(|visit| visit.around[0]).collect::<Vec<_>>());
        let threads = self.pool.current_num_threads();
        self.states.iter().filter_map(|state| timing_record(state.record, &state.visits, threads, &usual)).collect()
    }
}

/// One visit, with the first calls of a cell unless they are known; `None` if the method fails.
fn visited(work: &Work<'_>, raw: &mut Raw, limits: &Limits, known: Option<[First; 2]>) -> Option<Visit> {
    let mut probe = SystemProbe::start();
    let mut timed = InProcess::new(work, raw).ok()?;
    let first = match known {
        Some(_) => None,
        None => Some(spent::on(On::Codecs, || timed.first(&mut probe)).ok()?),
    };
    let call_ns = known.or(first)?.map(|first| first.cold.wall_ns);
    let visit = visit(limits, call_ns, &mut probe, &mut timed).ok()?;
    spent::add(On::Codecs, visit.codec_ns);
    spent::add(On::Copies, visit.copy_ns);
    Some(Visit { first, ..visit })
}
