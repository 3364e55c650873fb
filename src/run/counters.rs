//! Instructions and cycles, where the kernel lets a process count them. Most virtual machines do not.

use std::ops::Sub;

/// What the processor counted in user space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub instructions: u64,
    pub cycles: u64,
}

impl Sub for Counts {
    type Output = Counts;

    fn sub(self, before: Counts) -> Counts {
        Counts {
            instructions: self.instructions.wrapping_sub(before.instructions),
            cycles: self.cycles.wrapping_sub(before.cycles),
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;

    use perf_event::events::{Event, Hardware};
    use perf_event::{Builder, Counter};

    use super::Counts;

    /// One event, counted in every thread of a pool.
    pub(super) struct PerThread(Vec<Counter>);

    impl PerThread {
        /// Counts from now on in each thread of the rayon pool that the caller belongs to.
        pub fn open(event: impl Event + Copy + Sync) -> io::Result<Self> {
            let counters = rayon::broadcast(|_| {
                let mut counter = Builder::new(event).build()?;
                counter.enable()?;
                Ok(counter)
            });
            counters.into_iter().collect::<io::Result<_>>().map(PerThread)
        }

        /// The sum so far; `None` if the kernel had to share a counter, and the sum is a guess.
        pub fn read(&mut self) -> Option<u64> {
            self.0.iter_mut().try_fold(0, |sum, counter| {
                let found = counter.read_full().ok()?;
                (found.time_enabled() == found.time_running()).then(|| sum + found.count())
            })
        }
    }

    /// Both counters.
    pub struct Counters {
        instructions: PerThread,
        cycles: PerThread,
    }

    impl Counters {
        /// Counts in each thread of the rayon pool that the caller belongs to; `None` where the kernel does not.
        pub fn open() -> Option<Self> {
            let instructions = PerThread::open(Hardware::INSTRUCTIONS).ok()?;
            Some(Counters { instructions, cycles: PerThread::open(Hardware::CPU_CYCLES).ok()? })
        }

        /// Counts since the counters were opened.
        pub fn read(&mut self) -> Option<Counts> {
            Some(Counts { instructions: self.instructions.read()?, cycles: self.cycles.read()? })
        }
    }

    #[cfg(test)]
    mod tests {
        use std::hint::black_box;

        use perf_event::events::Software;
        use rayon::ThreadPoolBuilder;

        use super::*;

        fn spin() {
            let mut sum = 0u64;
            (0..20_000_000u64).for_each(|at| sum = black_box(sum ^ at));
        }

        // The clock that the kernel counts in software is there where the processor's counters are not.
        #[test]
        fn what_every_thread_of_the_pool_does_is_counted() {
            let pool = ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
            let count = |both: bool| {
                pool.install(|| {
                    let mut clock = PerThread::open(Software::TASK_CLOCK).ok()?;
                    if both {
                        rayon::broadcast(|_| spin());
                    } else {
                        spin();
                    }
                    clock.read()
                })
            };
            let (Some(one), Some(two)) = (count(false), count(true)) else {
                // No events at all, as in most containers.
                return;
            };
            assert!(one > 1_000_000 && two as f64 > 1.4 * one as f64, "{one} ns against {two} ns");
        }

        #[test]
        fn counters_that_there_are_none_of_are_none() {
            let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
            let counts = pool.install(|| {
                let mut counters = Counters::open()?;
                spin();
                counters.read()
            });
            assert!(counts.is_none_or(|counts| counts.instructions > 20_000_000 && counts.cycles > 0), "{counts:?}");
        }
    }
}

#[cfg(target_os = "linux")]
pub(super) use linux::Counters;

/// Counters of a system that has none to give.
#[cfg(not(target_os = "linux"))]
pub(super) enum Counters {}

#[cfg(not(target_os = "linux"))]
impl Counters {
    pub fn open() -> Option<Self> {
        None
    }

    pub fn read(&mut self) -> Option<Counts> {
        match *self {}
    }
}
