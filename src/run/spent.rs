//! Where the time of a sweep goes: codecs, metrics, copies, data, and the harness itself, which is the rest.
//!
//! One account for the process, as with the counting allocator: what it adds up lies in every layer of a sweep.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// What time is spent on, apart from the harness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// Methods, and the processes that they run in.
    Codecs,
    /// Metrics and judgements.
    Metrics,
    /// Copies that speeds are compared with, and sentinels.
    Copies,
    /// Reading and generating data sets.
    Data,
}

static ACCOUNT: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];

/// Runs `work` and books its time.
pub(super) fn on<T>(what: On, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    add(what, start.elapsed().as_nanos() as f64);
    result
}

/// Books time that was measured elsewhere, nanoseconds.
pub(super) fn add(what: On, ns: f64) {
    ACCOUNT[what as usize].fetch_add(ns as u64, Ordering::Relaxed);
}

fn seconds() -> [f64; 4] {
    ACCOUNT.each_ref().map(|ns| ns.load(Ordering::Relaxed) as f64 * 1e-9)
}

/// Where time went since a moment, seconds. With cells side by side the parts may add up to more than the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// All of it, by the clock on the wall.
    pub total: f64,
    /// In methods.
    pub codecs: f64,
    /// In metrics.
    pub metrics: f64,
    /// In copies to compare with.
    pub copies: f64,
    /// In reading and generating data.
    pub data: f64,
}

impl Spent {
    /// What is left: the harness itself.
    pub fn harness(&self) -> f64 {
        (self.total - self.codecs - self.metrics - self.copies - self.data).max(0.0)
    }
}

/// Adds up from the moment that it is made.
#[derive(Debug)]
pub struct Stopwatch {
    start: Instant,
    before: [f64; 4],
}

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Stopwatch { start: Instant::now(), before: seconds() }
    }

    /// Where the time went until now.
    pub fn spent(&self) -> Spent {
        let now = seconds();
        let [codecs, metrics, copies, data] = std::array::from_fn(|at| now[at] - self.before[at]);
        Spent { total: self.start.elapsed().as_secs_f64(), codecs, metrics, copies, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_booked_is_not_the_harness() {
        let spent = Spent { total: 10.0, codecs: 6.0, metrics: 2.0, copies: 0.5, data: 0.5 };
        assert_eq!(spent.harness(), 1.0);
        let watch = Stopwatch::start();
        add(On::Data, 3e9);
        on(On::Metrics, || std::hint::black_box(7));
        // Other tests of this process may book too.
        assert!(watch.spent().data >= 3.0 && watch.spent().total < 3.0);
    }
}
