//! Times the cells of a data set, in rounds: each cell is visited several times, with others in between.

use rayon::ThreadPool;

use super::executor::Work;
use super::flags::{Noticed, flags};
use super::probe::{Measured, SystemProbe};
use super::schedule::order;
use super::sentinel::{Sentinels, surroundings};
use super::spent::{self, On};
use super::stats::{Spread, median, median_of, spread};
use super::timed::{First, InProcess, Raw};
use super::timer::{Limits, NARROW, Visit, visit};
use crate::plan::TimingPlan;
use crate::record::Timing;

/// Times cells, and remembers how the machine did meanwhile.
pub(super) struct Timekeeper {
    plan: TimingPlan,
    sentinels: Sentinels,
}

/// What came out for one cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    pub repeats: usize,
    pub visits: usize,
    pub encode: Timing,
    pub decode: Timing,
    /// See [`super::sentinel::Surroundings::copy_ratio`].
    pub sentinel_ratio: Option<f64>,
    pub flags: String,
}

/// A cell while it is being timed.
#[derive(Default)]
struct State {
    first: Option<[First; 2]>,
    visits: Vec<Visit>,
    /// The sentinel before each visit.
    sentinels: Vec<usize>,
    /// Nothing more is to be done; without visits, because the method failed.
    done: bool,
}

impl Timekeeper {
    pub fn new(plan: TimingPlan) -> Self {
        Timekeeper { plan, sentinels: Sentinels::new() }
    }

    /// Times cells of one data set, called `name`; one entry each, `None` where the method failed. `tell` hears of every
    /// visit: how many there were, and how many are planned.
    pub fn time(
        &mut self,
        name: &str,
        works: &[Work<'_>],
        pool: &ThreadPool,
        tell: &mut dyn FnMut(usize, usize),
    ) -> Vec<Option<Found>> {
        let Some(some) = works.first() else { return Vec::new() };
        let mut raw = Raw::new(&some.input);
        let mut states: Vec<State> = works.iter().map(|_| State::default()).collect();
        let (mut round, mut told) = (0, 0);
        while states.iter().any(|state| !state.done) {
            let open: Vec<usize> = (0..works.len()).filter(|&at| !states[at].done).collect();
            let methods: Vec<&str> = open.iter().map(|&at| works[at].entry.id()).collect();
            for next in order(&methods, self.plan.seed, name, round) {
                let at = open[next];
                pool.install(|| self.visit(&works[at], &mut raw, &mut states[at]));
                told += 1;
                tell(told, (works.len() * self.plan.visits).max(told));
            }
            round += 1;
        }
        // What the last visits lie before.
        pool.install(|| self.take_sentinel());
        let bytes = some.input.byte_len() as f64;
        states.iter().map(|state| self.summarise(state, bytes)).collect()
    }

    fn take_sentinel(&mut self) {
        spent::on(On::Copies, || self.sentinels.take());
    }

    fn visit(&mut self, work: &Work<'_>, raw: &mut Raw, state: &mut State) {
        let sentinel = spent::on(On::Copies, || self.sentinels.due());
        let mut probe = SystemProbe::start();
        let limits = Limits::of_visit(&self.plan);
        let outcome = InProcess::new(work, raw).and_then(|mut timed| {
            if state.first.is_none() {
                state.first = Some(spent::on(On::Codecs, || timed.first(&mut probe))?);
            }
            let round = state.first.map(|[encode, decode]| encode.cold.wall_ns + decode.cold.wall_ns);
            visit(&limits, round, &mut probe, &mut timed)
        });
        match outcome {
            Ok(visit) => {
                spent::add(On::Codecs, visit.codec_ns);
                spent::add(On::Copies, visit.copy_ns);
                state.visits.push(visit);
                state.sentinels.push(sentinel);
                state.done = is_done(&self.plan, &state.visits);
            }
            // The cell has run before. An error now has no time to show, and the row of results stands.
            Err(_) => *state = State { done: true, ..State::default() },
        }
    }

    fn summarise(&self, state: &State, bytes: f64) -> Option<Found> {
        let [encode, decode] = state.first?;
        let copy_ns = median(&mut state.visits.iter().flat_map(|visit| visit.copy.iter().copied()).collect::<Vec<_>>());
        let around = surroundings(self.sentinels.taken(), &state.sentinels);
        let of = |side: fn(&Visit) -> &Vec<Measured>, first: &First| {
            let samples: Vec<Vec<Measured>> = state.visits.iter().map(|visit| side(visit).clone()).collect();
            direction(&samples, first, copy_ns, bytes)
        };
        let (encode, encoding) = of(|visit| &visit.encode, &encode);
        let (decode, decoding) = of(|visit| &visit.decode, &decode);
        Some(Found {
            repeats: encoding.repeats,
            visits: state.visits.len(),
            encode,
            decode,
            sentinel_ratio: around.copy_ratio,
            flags: flags(&around, &encoding, &decoding),
        })
    }
}

/// Whether a cell needs no further visit: the plan's visits are made, and both medians are known or what may be spent is.
fn is_done(plan: &TimingPlan, visits: &[Visit]) -> bool {
    let repeats: usize = visits.iter().map(|visit| visit.encode.len()).sum();
    let lasted: f64 = visits.iter().map(|visit| visit.lasted_ns).sum();
    if visits.len() < plan.visits || repeats < plan.min_repeats {
        return false;
    }
    let spent = repeats >= plan.max_repeats || lasted >= plan.budget_ms as f64 * 1e6;
    let known = |side: fn(&Visit) -> &Vec<Measured>| {
        let walls: Vec<Vec<f64>> = visits.iter().map(|visit| walls(side(visit))).collect();
        spread(&walls).width() <= NARROW
    };
    spent || (known(|visit| &visit.encode) && known(|visit| &visit.decode))
}

fn walls(samples: &[Measured]) -> Vec<f64> {
    samples.iter().map(|sample| sample.wall_ns).collect()
}

/// The columns of one direction, and what makes them suspect.
fn direction(visits: &[Vec<Measured>], first: &First, copy_ns: f64, bytes: f64) -> (Timing, Noticed) {
    let spread = spread(&visits.iter().map(|visit| walls(visit)).collect::<Vec<_>>());
    let all: Vec<Measured> = visits.concat();
    let cpu_ns = median_of(all.iter().map(|one| one.cpu_ns));
    let counted = |count: fn(&Measured) -> Option<u64>| {
        median_of(all.iter().map(|one| count(one).map(|count| count as f64))).map(|count| count.round() as u64)
    };
    let outliers: Vec<&Measured> = all.iter().filter(|one| spread.is_outlier(one.wall_ns)).collect();
    let preempted = outliers.iter().map(|one| one.preemptions).collect::<Option<Vec<_>>>();
    let noticed = Noticed {
        wall_over_cpu: cpu_ns.filter(|&cpu| cpu > 0.0).map(|cpu| spread.median / cpu),
        repeats: all.len(),
        outliers: outliers.len(),
        preempted: preempted.map(|counts| counts.iter().filter(|&&count| count > 0).count()),
        width: spread.width(),
    };
    let timing = Timing {
        first_ns: Some(first.cold.wall_ns),
        cpu_ns,
        instructions: counted(|one| Some(one.counts?.instructions)),
        cycles: counted(|one| Some(one.counts?.cycles)),
        peak_bytes: first.peak_bytes,
        resident_bytes: first.resident_bytes,
        outliers: Some(outliers.len()),
        ..speeds(&spread, copy_ns, bytes)
    };
    (timing, noticed)
}

fn speeds(spread: &Spread, copy_ns: f64, bytes: f64) -> Timing {
    let Spread { median, mad, low, high } = *spread;
    Timing {
        median_ns: median,
        mad_ns: mad,
        ci_low_ns: low,
        ci_high_ns: high,
        // Bytes per nanosecond are 1e9 bytes per second.
        mb_s: bytes / median * 1e3,
        memcpy_ratio: copy_ns / median,
        ..Timing::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::counters::Counts;

    const PLAN: TimingPlan =
        TimingPlan { enabled: true, min_repeats: 6, max_repeats: 30, budget_ms: 100, warmup_ms: 1, visits: 3, seed: 0 };

    fn samples(walls: &[f64]) -> Vec<Measured> {
        walls.iter().map(|&wall_ns| Measured { wall_ns, cpu_ns: Some(wall_ns / 2.0), ..Measured::default() }).collect()
    }

    fn visit_of(wall: f64, repeats: usize, lasted_ns: f64) -> Visit {
        let calls = samples(&vec![wall; repeats]);
        Visit { encode: calls.clone(), decode: calls, copy: vec![1.0], lasted_ns, ..Visit::default() }
    }

    #[test]
    fn speeds_are_in_megabytes_per_second_and_relative_to_the_copy() {
        // 4e6 bytes in 2 ms are 2000 MB/s; the copy took 0.5 ms.
        let (timing, noticed) = direction(&[samples(&[2e6; 5])], &First::default(), 5e5, 4e6);
        assert_eq!((timing.mb_s, timing.memcpy_ratio, timing.cpu_ns), (2000.0, 0.25, Some(1e6)));
        assert_eq!((timing.instructions, timing.outliers, noticed.wall_over_cpu), (None, Some(0), Some(2.0)));
    }

    #[test]
    fn counts_are_medians_and_absent_if_one_of_them_is() {
        let counts = |instructions| Some(Counts { instructions, cycles: 2 * instructions });
        let mut calls = samples(&[1e3; 3]);
        for (call, count) in calls.iter_mut().zip([10, 30, 20]) {
            call.counts = counts(count);
        }
        let (timing, _) = direction(&[calls.clone()], &First::default(), 1.0, 1.0);
        assert_eq!((timing.instructions, timing.cycles), (Some(20), Some(40)));
        calls[1].counts = None;
        assert_eq!(direction(&[calls], &First::default(), 1.0, 1.0).0.instructions, None);
    }

    #[test]
    fn outliers_are_counted_with_those_that_preemption_explains() {
        let mut calls = samples(&[100.0, 100.0, 101.0, 99.0, 180.0, 170.0]);
        calls.iter_mut().for_each(|call| call.preemptions = Some(0));
        calls[4].preemptions = Some(2);
        let (timing, noticed) = direction(&[calls], &First::default(), 1.0, 1.0);
        assert_eq!((timing.outliers, noticed.preempted), (Some(2), Some(1)));
    }

    #[test]
    fn a_cell_is_visited_until_its_visits_agree_or_the_budget_or_the_repeats_are_spent() {
        let agreeing = [visit_of(1e6, 2, 2e6), visit_of(1e6, 2, 2e6), visit_of(1.001e6, 2, 2e6)];
        assert!(is_done(&PLAN, &agreeing));
        assert!(!is_done(&PLAN, &agreeing[..2]), "three visits are planned");
        let apart = [visit_of(1e6, 2, 2e6), visit_of(1e6, 2, 2e6), visit_of(1.2e6, 2, 2e6)];
        assert!(!is_done(&PLAN, &apart));
        let expensive = [visit_of(1e6, 2, 2e6), visit_of(1e6, 2, 2e6), visit_of(1.2e6, 2, 97e6)];
        assert!(is_done(&PLAN, &expensive));
        let many = [visit_of(1e6, 20, 2e6), visit_of(1e6, 2, 2e6), visit_of(1.2e6, 8, 2e6)];
        assert!(is_done(&PLAN, &many));
        let few = [visit_of(1e6, 1, 2e6), visit_of(1e6, 1, 2e6), visit_of(1e6, 1, 97e6)];
        assert!(!is_done(&PLAN, &few), "six repeats at least");
    }
}
