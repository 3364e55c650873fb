//! One visit to a cell: encode, copy and decode take turns, so that a machine that slows down slows all of them.

use codecbench_methods::api::Error;
use serde::{Deserialize, Serialize};

use super::probe::{Measured, Probe};
use super::sentinel::Sentinel;
use super::stats::is_narrow;
use super::timed::{First, Timed};
use crate::plan::TimingPlan;

/// The median is known well enough within this share of it.
pub(super) const NARROW: f64 = 0.01;
/// Calls that take this many times the warm-up need none: what is cold in them does not show.
const LONG: f64 = 10.0;

/// How long a visit lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    pub warmup_ns: f64,
    pub budget_ns: f64,
    pub min_repeats: usize,
    pub max_repeats: usize,
}

impl Limits {
    /// A visit's share of a plan.
    pub fn of_visit(plan: &TimingPlan) -> Self {
        let share = |count: usize| count.div_ceil(plan.visits.max(1)).max(1);
        Limits {
            warmup_ns: plan.warmup_ms as f64 * 1e6,
            budget_ns: plan.budget_ms as f64 * 1e6 / plan.visits.max(1) as f64,
            min_repeats: share(plan.min_repeats),
            max_repeats: share(plan.max_repeats),
        }
    }
}

/// What a visit found: one entry per repeat.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Visit {
    /// The first calls of the cell, if this visit made them: encode and decode.
    pub first: Option<[First; 2]>,
    pub encode: Vec<Measured>,
    pub decode: Vec<Measured>,
    /// Nanoseconds of one copy.
    pub copy: Vec<f64>,
    /// Time from the first repeat to the end of the last, nanoseconds.
    pub lasted_ns: f64,
    /// Time inside the method, warm-up included, nanoseconds.
    pub codec_ns: f64,
    /// Time inside copies, nanoseconds.
    pub copy_ns: f64,
    /// The last sentinel before the visit, and the first behind it.
    pub around: [Sentinel; 2],
}

/// Warms up, then repeats until both medians are known, or the budget or the repeats of the visit are spent.
///
/// `round_ns` is how long one call of each direction takes, about.
///
/// # Errors
/// What the method returns.
pub(super) fn visit(
    limits: &Limits,
    round_ns: f64,
    probe: &mut dyn Probe,
    timed: &mut dyn Timed,
) -> Result<Visit, Error> {
    let mut visit = Visit::default();
    if round_ns <= LONG * limits.warmup_ns {
        warm_up(limits.warmup_ns, probe, timed, &mut visit)?;
    }
    let start = probe.now();
    while visit.encode.len() < limits.max_repeats {
        round(probe, timed, &mut visit)?;
        visit.lasted_ns = probe.now() - start;
        let enough = visit.encode.len() >= limits.min_repeats;
        if enough && (visit.lasted_ns >= limits.budget_ns || is_known(&visit.encode) && is_known(&visit.decode)) {
            break;
        }
    }
    Ok(visit)
}

fn warm_up(lasting_ns: f64, probe: &mut dyn Probe, timed: &mut dyn Timed, visit: &mut Visit) -> Result<(), Error> {
    let start = probe.now();
    loop {
        let before = probe.now();
        timed.encode()?;
        let encoded = probe.now();
        timed.copy();
        let copied = probe.now();
        timed.decode()?;
        let decoded = probe.now();
        visit.codec_ns += encoded - before + decoded - copied;
        visit.copy_ns += copied - encoded;
        if decoded - start >= lasting_ns {
            return Ok(());
        }
    }
}

fn round(probe: &mut dyn Probe, timed: &mut dyn Timed, visit: &mut Visit) -> Result<(), Error> {
    let encode = probe.measure(&mut || timed.encode())?;
    let before = probe.now();
    let copies = timed.copy();
    let copied = probe.now() - before;
    let decode = probe.measure(&mut || timed.decode())?;
    visit.codec_ns += encode.wall_ns + decode.wall_ns;
    visit.copy_ns += copied;
    visit.encode.push(encode);
    visit.copy.push(copied / copies as f64);
    visit.decode.push(decode);
    Ok(())
}

fn is_known(samples: &[Measured]) -> bool {
    let walls: Vec<f64> = samples.iter().map(|sample| sample.wall_ns).collect();
    is_narrow(&walls, NARROW)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    /// A clock that only work moves.
    #[derive(Default)]
    struct Fake(Rc<Cell<f64>>);

    impl Probe for Fake {
        fn now(&mut self) -> f64 {
            self.0.get()
        }

        fn measure(&mut self, work: &mut dyn FnMut() -> Result<(), Error>) -> Result<Measured, Error> {
            let before = self.now();
            work()?;
            Ok(Measured { wall_ns: self.now() - before, ..Measured::default() })
        }
    }

    /// Work that takes 1 ms to encode, 2 ms to decode and 4 x 0.1 ms to copy, with some jitter on the encoder.
    struct Work {
        now: Rc<Cell<f64>>,
        calls: usize,
        jitter: f64,
    }

    impl Work {
        fn take(&self, ns: f64) {
            self.now.set(self.now.get() + ns);
        }
    }

    impl Timed for Work {
        fn encode(&mut self) -> Result<(), Error> {
            self.calls += 1;
            self.take(1e6 + self.jitter * (self.calls % 7) as f64);
            Ok(())
        }

        fn decode(&mut self) -> Result<(), Error> {
            self.take(2e6);
            Ok(())
        }

        fn copy(&mut self) -> usize {
            self.take(4e5);
            4
        }
    }

    fn run(plan: TimingPlan, jitter: f64, round_ns: f64) -> (Visit, usize) {
        let mut probe = Fake::default();
        let mut work = Work { now: probe.0.clone(), calls: 0, jitter };
        let found = visit(&Limits::of_visit(&plan), round_ns, &mut probe, &mut work).expect("nothing fails");
        (found, work.calls)
    }

    const PLAN: TimingPlan = TimingPlan {
        enabled: true,
        min_repeats: 5,
        max_repeats: 50,
        budget_ms: 1000,
        warmup_ms: 10,
        visits: 1,
        seed: 0,
    };

    #[test]
    fn steady_work_stops_early_and_each_direction_gets_its_own_time() {
        let (visit, calls) = run(PLAN, 0.0, 0.0);
        assert!(visit.encode.iter().all(|one| one.wall_ns == 1e6) && visit.encode.len() == 5);
        assert_eq!((visit.decode[0].wall_ns, visit.copy[0]), (2e6, 1e5));
        assert_eq!(calls, 3 + 5, "three rounds of 3.4 ms fill 10 ms of warm-up");
        assert_eq!((visit.codec_ns, visit.copy_ns), (8.0 * 3e6, 8.0 * 4e5));
        assert_eq!(visit.lasted_ns, 5.0 * 3.4e6);
    }

    #[test]
    fn jittery_work_goes_on_until_the_budget_or_the_repeats_are_spent() {
        let (visit, _) = run(TimingPlan { budget_ms: 100, ..PLAN }, 2e5, 0.0);
        assert!((20..30).contains(&visit.encode.len()), "{} rounds of about 4 ms", visit.encode.len());
        let (visit, _) = run(TimingPlan { budget_ms: 10_000, ..PLAN }, 2e5, 0.0);
        assert_eq!(visit.encode.len(), PLAN.max_repeats);
    }

    #[test]
    fn a_visit_takes_its_share_of_the_plan() {
        let limits = Limits::of_visit(&TimingPlan { visits: 3, ..PLAN });
        assert_eq!((limits.min_repeats, limits.max_repeats, limits.warmup_ns), (2, 17, 1e7));
        assert!((limits.budget_ns - 1e9 / 3.0).abs() < 1.0);
    }

    #[test]
    fn calls_that_are_long_against_the_warm_up_need_none() {
        let plan = TimingPlan { warmup_ms: 1, ..PLAN };
        assert_eq!(run(plan, 0.0, 1.1e7).1, 5);
        assert_eq!(run(plan, 0.0, 0.9e7).1, 6);
    }
}
