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
/// In its turn the shorter direction, and the copy, is called until it has taken this share of the longer one's call, so that
/// a short decode behind a long encode is not judged by one call with cold caches ...
const SHARE: f64 = 0.25;
/// ... but no more often than this.
const MOST_CALLS: usize = 8;

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

/// What a visit found: one entry per call.
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

impl Visit {
    /// How often each direction was called at least.
    pub fn repeats(&self) -> usize {
        self.encode.len().min(self.decode.len())
    }
}

/// Warms up, then repeats until both medians are known, or the budget or the repeats of the visit are spent.
///
/// `call_ns` is how long a call takes, about: encode and decode.
///
/// # Errors
/// What the method returns.
pub(super) fn visit(
    limits: &Limits,
    call_ns: [f64; 2],
    probe: &mut dyn Probe,
    timed: &mut dyn Timed,
) -> Result<Visit, Error> {
    let mut visit = Visit::default();
    if call_ns.iter().sum::<f64>() <= LONG * limits.warmup_ns {
        warm_up(limits.warmup_ns, probe, timed, &mut visit)?;
    }
    let start = probe.now();
    while visit.repeats() < limits.max_repeats {
        turns(shares(call_ns), probe, timed, &mut visit)?;
        visit.lasted_ns = probe.now() - start;
        let enough = visit.repeats() >= limits.min_repeats;
        if enough && (visit.lasted_ns >= limits.budget_ns || is_known(&visit.encode) && is_known(&visit.decode)) {
            break;
        }
    }
    Ok(visit)
}

fn warm_up(lasting_ns: f64, probe: &mut dyn Probe, timed: &mut dyn Timed, visit: &mut Visit) -> Result<(), Error> {
    let (start, mut unused) = (probe.now(), Visit::default());
    loop {
        turns([0.0; 3], probe, timed, &mut unused)?;
        if probe.now() - start >= lasting_ns {
            break;
        }
    }
    visit.codec_ns += unused.codec_ns;
    visit.copy_ns += unused.copy_ns;
    Ok(())
}

/// How long the turns of encode, copy and decode last at least; the longer direction has one call.
fn shares([encode_ns, decode_ns]: [f64; 2]) -> [f64; 3] {
    let longest = encode_ns.max(decode_ns);
    [encode_ns, 0.0, decode_ns].map(|call_ns| if call_ns < longest { SHARE * longest } else { 0.0 })
}

/// One turn of each of encode, copy and decode, which lasts its share at least if not too many calls are in it.
fn turns(share_ns: [f64; 3], probe: &mut dyn Probe, timed: &mut dyn Timed, visit: &mut Visit) -> Result<(), Error> {
    turn(share_ns[0], || {
        let encode = probe.measure(&mut || timed.encode())?;
        visit.encode.push(encode);
        visit.codec_ns += encode.wall_ns;
        Ok(encode.wall_ns)
    })?;
    turn(share_ns[1], || {
        let before = probe.now();
        let copies = timed.copy();
        let copied = probe.now() - before;
        visit.copy.push(copied / copies as f64);
        visit.copy_ns += copied;
        Ok(copied)
    })?;
    turn(share_ns[2], || {
        let decode = probe.measure(&mut || timed.decode())?;
        visit.decode.push(decode);
        visit.codec_ns += decode.wall_ns;
        Ok(decode.wall_ns)
    })
}

fn turn(share_ns: f64, mut call: impl FnMut() -> Result<f64, Error>) -> Result<(), Error> {
    let mut taken = 0.0;
    for _ in 0..MOST_CALLS {
        taken += call()?;
        if taken >= share_ns {
            break;
        }
    }
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

    /// Work that takes 1 ms to encode, with some jitter, so long to decode, and 4 x 0.1 ms to copy.
    struct Work {
        now: Rc<Cell<f64>>,
        calls: usize,
        jitter: f64,
        decode_ns: f64,
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
            self.take(self.decode_ns);
            Ok(())
        }

        fn copy(&mut self) -> usize {
            self.take(4e5);
            4
        }
    }

    fn run(plan: TimingPlan, jitter: f64, call_ns: [f64; 2]) -> (Visit, usize) {
        let mut probe = Fake::default();
        let mut work = Work { now: probe.0.clone(), calls: 0, jitter, decode_ns: 2e6 };
        let found = visit(&Limits::of_visit(&plan), call_ns, &mut probe, &mut work).expect("nothing fails");
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
        let (visit, calls) = run(PLAN, 0.0, [0.0; 2]);
        assert!(visit.encode.iter().all(|one| one.wall_ns == 1e6) && visit.encode.len() == 5);
        assert_eq!((visit.decode[0].wall_ns, visit.copy[0]), (2e6, 1e5));
        assert_eq!(calls, 3 + 5, "three rounds of 3.4 ms fill 10 ms of warm-up");
        assert_eq!((visit.codec_ns, visit.copy_ns), (8.0 * 3e6, 8.0 * 4e5));
        assert_eq!(visit.lasted_ns, 5.0 * 3.4e6);
    }

    #[test]
    fn jittery_work_goes_on_until_the_budget_or_the_repeats_are_spent() {
        let (visit, _) = run(TimingPlan { budget_ms: 100, ..PLAN }, 2e5, [0.0; 2]);
        assert!((20..30).contains(&visit.encode.len()), "{} rounds of about 4 ms", visit.encode.len());
        let (visit, _) = run(TimingPlan { budget_ms: 10_000, ..PLAN }, 2e5, [0.0; 2]);
        assert_eq!(visit.encode.len(), PLAN.max_repeats);
    }

    #[test]
    fn what_is_short_is_called_more_often_in_its_turn() {
        let calls = |decode_ns: f64, call_ns: [f64; 2]| {
            let mut probe = Fake::default();
            let mut work = Work { now: probe.0.clone(), calls: 0, jitter: 0.0, decode_ns };
            let limits = Limits::of_visit(&TimingPlan { warmup_ms: 0, min_repeats: 1, max_repeats: 1, ..PLAN });
            let found = visit(&limits, call_ns, &mut probe, &mut work).expect("nothing fails");
            assert_eq!(found.codec_ns, found.encode.len() as f64 * 1e6 + found.decode.len() as f64 * decode_ns);
            [found.encode.len(), found.copy.len(), found.decode.len()]
        };
        assert_eq!(calls(2e6, [1e6, 2e6]), [1, 2, 1], "copies of .4 ms fill half a millisecond");
        assert_eq!(calls(1e5, [1e6, 1e5]), [1, 1, 3], "a quarter of the encode");
        assert_eq!(calls(1e4, [1e6, 1e4]), [1, 1, 8], "not too many");
        assert_eq!(calls(9e6, [1e6, 9e6]), [3, 6, 1], "the longer direction is the measure");
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
        // In each of five turns three encodes of 1 ms take a quarter of what the decode is said to take.
        assert_eq!(run(plan, 0.0, [1e5, 1.1e7]).1, 15);
        assert_eq!(run(plan, 0.0, [1e5, 0.9e7]).1, 16);
    }
}
