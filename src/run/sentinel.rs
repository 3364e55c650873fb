//! Work that is always the same, done every few cells: if its time changes, the machine has.

use std::hint::black_box;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::stats::{median, median_of};
use super::system::{self, Cpus};

/// Bytes of the copy: more than the caches of one core hold, little enough to take under a millisecond.
const COPY_BYTES: usize = 4 << 20;
/// Multiplications in a row, each of which needs the one before it: some 30 microseconds, in proportion to the clock
/// rate and to nothing else.
const STEPS: u64 = 30_000;
/// Rounds of shifts and exclusive ors on several numbers that do not wait for one another: some 15 microseconds of all
/// units of a core, which somebody else's thread on it shares.
const ROUNDS: usize = 3_000;
const NUMBERS: usize = 8;
/// Tries of each; the fastest counts, since what disturbs a try makes it slower.
const TRIES: usize = 3;
/// Time between two sentinels at least, nanoseconds: they take about one per cent of it.
const EVERY_NS: f64 = 2e8;

/// The state of the machine at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sentinel {
    /// When, nanoseconds since some fixed moment.
    pub at_ns: f64,
    /// Time of the copy.
    pub copy_ns: f64,
    /// Time of the multiplications.
    pub spin_ns: f64,
    /// Time of the shifts.
    pub crowd_ns: f64,
    /// What all CPUs did so far.
    pub cpus: Option<Cpus>,
    /// CPU time of this process so far, nanoseconds.
    pub own_ns: Option<f64>,
}

/// What sentinels say about the time that a cell was visited in. Absent where the system does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Surroundings {
    /// Time of the multiplications around the visits, nanoseconds.
    pub spin_ns: Option<f64>,
    /// Copies around the visits against those of the whole sweep: 1 is no change, above it the machine was slower.
    pub copy_ratio: Option<f64>,
    /// The same of the multiplications: the clock rate.
    pub spin_ratio: Option<f64>,
    /// The same of the shifts, over that of the multiplications: whether the core is shared.
    pub crowd_ratio: Option<f64>,
    /// CPUs that other processes kept busy meanwhile.
    pub others: Option<f64>,
    /// CPUs that the hypervisor took away meanwhile.
    pub stolen: Option<f64>,
}

/// Takes sentinels and keeps them.
pub(super) struct Sentinels {
    start: Instant,
    from: Vec<u8>,
    to: Vec<u8>,
    taken: Vec<Sentinel>,
}

impl Sentinels {
    pub fn new() -> Self {
        Sentinels { start: Instant::now(), from: vec![1; COPY_BYTES], to: vec![0; COPY_BYTES], taken: Vec::new() }
    }

    /// Those that were taken so far.
    pub fn taken(&self) -> &[Sentinel] {
        &self.taken
    }

    /// Takes one if the last is some time ago, and returns the index of the last one then.
    pub fn due(&mut self) -> usize {
        let now = self.start.elapsed().as_nanos() as f64;
        if self.taken.last().is_none_or(|last| now - last.at_ns >= EVERY_NS) {
            self.take();
        }
        self.taken.len() - 1
    }

    /// Takes one now.
    pub fn take(&mut self) {
        let copy_ns = fastest(|| {
            self.to.copy_from_slice(black_box(&self.from));
            black_box(&self.to);
        });
        let spin_ns = fastest(|| {
            black_box((0..STEPS).fold(black_box(3u64), |product, _| black_box(product.wrapping_mul(6_364_136_223))));
        });
        let crowd_ns = fastest(|| {
            let mut numbers: [u64; NUMBERS] = black_box(std::array::from_fn(|at| at as u64 + 1));
            for _ in 0..ROUNDS {
                numbers.iter_mut().for_each(|number| *number = shifted(*number));
            }
            black_box(numbers);
        });
        let at_ns = self.start.elapsed().as_nanos() as f64;
        self.taken.push(Sentinel { at_ns, copy_ns, spin_ns, crowd_ns, cpus: system::cpus(), own_ns: system::cpu_ns() });
    }
}

/// The next number (Marsaglia 2003, "Xorshift RNGs"): six operations that no compiler leaves out.
#[inline(always)]
fn shifted(mut number: u64) -> u64 {
    number ^= number << 13;
    number ^= number >> 7;
    number ^ (number << 17)
}

fn fastest(mut work: impl FnMut()) -> f64 {
    let one = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_nanos() as f64
    };
    (0..TRIES).map(one).fold(f64::INFINITY, f64::min)
}

/// What sentinels tell most of the time, in a whole sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Usual {
    copy_ns: Option<f64>,
    spin_ns: Option<f64>,
    crowd_over_spin: Option<f64>,
}

impl Usual {
    /// Medians over sentinels.
    pub fn of(sentinels: &[Sentinel]) -> Self {
        let middle = |time: fn(&Sentinel) -> f64| {
            let mut all: Vec<f64> = sentinels.iter().map(time).collect();
            (!all.is_empty()).then(|| median(&mut all)).filter(|&usual| usual > 0.0)
        };
        Usual {
            copy_ns: middle(|sentinel| sentinel.copy_ns),
            spin_ns: middle(|sentinel| sentinel.spin_ns),
            crowd_over_spin: middle(crowd_over_spin),
        }
    }
}

fn crowd_over_spin(sentinel: &Sentinel) -> f64 {
    sentinel.crowd_ns / sentinel.spin_ns
}

/// What the sentinels before and behind some visits say about them.
///
/// Ratios are medians over the visits, as times are: what single visits met is in the interval, since visits lie apart.
/// Loads are means over the visits.
pub(super) fn surroundings(usual: &Usual, visits: &[[Sentinel; 2]]) -> Surroundings {
    let around = |time: fn(&Sentinel) -> f64| {
        median_of(visits.iter().map(|[before, after]| Some((time(before) + time(after)) / 2.0)))
    };
    let ratio = |usual: Option<f64>, time: fn(&Sentinel) -> f64| Some(around(time)? / usual?);
    let mean = |load: fn(&Sentinel, &Sentinel) -> Option<f64>| {
        let loads: Option<Vec<f64>> = visits.iter().map(|[before, after]| load(before, after)).collect();
        loads.filter(|loads| !loads.is_empty()).map(|loads| loads.iter().sum::<f64>() / loads.len() as f64)
    };
    Surroundings {
        spin_ns: around(|sentinel| sentinel.spin_ns),
        copy_ratio: ratio(usual.copy_ns, |sentinel| sentinel.copy_ns),
        spin_ratio: ratio(usual.spin_ns, |sentinel| sentinel.spin_ns),
        crowd_ratio: ratio(usual.crowd_over_spin, crowd_over_spin),
        others: mean(|before, after| {
            let busy = (after.cpus?.busy - before.cpus?.busy) * 1e9;
            let own = after.own_ns? - before.own_ns?;
            per_ns((busy - own).max(0.0), before, after)
        }),
        stolen: mean(|before, after| per_ns((after.cpus?.stolen - before.cpus?.stolen) * 1e9, before, after)),
    }
}

fn per_ns(ns: f64, before: &Sentinel, after: &Sentinel) -> Option<f64> {
    let window = after.at_ns - before.at_ns;
    (window > 0.0).then(|| ns / window)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One sentinel per second on a machine of two CPUs; we use one of them.
    fn steady(count: usize) -> Vec<Sentinel> {
        let one = |at: usize| Sentinel {
            at_ns: at as f64 * 1e9,
            copy_ns: 500.0,
            spin_ns: 30.0,
            crowd_ns: 15.0,
            cpus: Some(Cpus { busy: at as f64, stolen: 0.0 }),
            own_ns: Some(at as f64 * 1e9),
        };
        (0..count).map(one).collect()
    }

    /// What all sentinels say about visits behind some of them.
    fn around(sentinels: &[Sentinel], visits: &[usize]) -> Surroundings {
        let visits: Vec<_> = visits.iter().map(|&at| [sentinels[at], sentinels[at + 1]]).collect();
        surroundings(&Usual::of(sentinels), &visits)
    }

    #[test]
    fn a_steady_machine_has_not_drifted_and_nobody_else_is_there() {
        let found = around(&steady(6), &[0, 2, 4]);
        let expected = Surroundings {
            spin_ns: Some(30.0),
            copy_ratio: Some(1.0),
            spin_ratio: Some(1.0),
            crowd_ratio: Some(1.0),
            others: Some(0.0),
            stolen: Some(0.0),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_machine_that_slowed_down_shows_in_the_visits_meanwhile_only() {
        let mut sentinels = steady(9);
        sentinels[6].copy_ns = 800.0;
        sentinels[7].spin_ns = 24.0;
        let ratios = |visits: &[usize]| {
            let found = around(&sentinels, visits);
            [found.copy_ratio, found.spin_ratio].map(|ratio| ratio.expect("there are sentinels"))
        };
        assert_eq!(ratios(&[0, 2]), [1.0, 1.0]);
        assert_eq!(ratios(&[5])[0], 1.3, "the mean of before and after");
        assert_eq!(ratios(&[7])[1], 0.9);
        assert_eq!(ratios(&[0, 5, 2])[0], 1.0, "one of three visits does not move the median");
        // Half of the clock rate makes everything twice as slow; a shared core only what has several things to do.
        let shared = |at: usize, spin_ns, crowd_ns| {
            let mut sentinels = steady(9);
            sentinels[at..=at + 1].iter_mut().for_each(|one| (one.spin_ns, one.crowd_ns) = (spin_ns, crowd_ns));
            around(&sentinels, &[at]).crowd_ratio
        };
        assert_eq!((shared(1, 60.0, 30.0), shared(1, 30.0, 21.0)), (Some(1.0), Some(1.4)));
    }

    #[test]
    fn what_others_use_is_what_we_did_not() {
        let mut sentinels = steady(4);
        for sentinel in &mut sentinels[2..] {
            sentinel.cpus = Some(Cpus { busy: 2.9, stolen: 0.1 });
        }
        // In the second second 1.9 CPUs were busy, and one of them was ours.
        let found = around(&sentinels, &[1]);
        assert!((found.others.expect("known") - 0.9).abs() < 1e-9, "{found:?}");
        assert!((found.stolen.expect("known") - 0.1).abs() < 1e-9);
        assert!((around(&sentinels, &[0, 1]).others.expect("known") - 0.45).abs() < 1e-9);
    }

    #[test]
    fn what_the_system_does_not_tell_is_absent() {
        let silent: Vec<_> = steady(3).iter().map(|one| Sentinel { cpus: None, ..*one }).collect();
        let found = around(&silent, &[0, 1]);
        assert_eq!((found.others, found.stolen, found.copy_ratio), (None, None, Some(1.0)));
        assert_eq!(around(&[], &[]), Surroundings::default());
    }

    #[test]
    fn sentinels_are_taken_now_and_then() {
        let mut sentinels = Sentinels::new();
        assert_eq!((sentinels.due(), sentinels.due()), (0, 0), "the second is not due yet");
        sentinels.take();
        assert_eq!(sentinels.due(), 1);
        assert!(sentinels.taken().iter().all(|one| one.copy_ns > 0.0 && one.spin_ns > 0.0 && one.crowd_ns > 0.0));
    }
}
