//! Instructions and cycles, where the kernel lets a process count them. Most virtual machines do not.

use std::ops::Sub;

use serde::{Deserialize, Serialize};

/// What the processor counted in user space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

    use perf_event::events::{self, Hardware};
    use perf_event::{Builder, Counter};

    use super::Counts;

    /// One event, counted in the thread that opens it.
    pub(super) struct Event(Counter);

    impl Event {
        /// Counts from now on.
        pub fn open(event: impl events::Event) -> io::Result<Self> {
            let mut counter = Builder::new(event).build()?;
            counter.enable()?;
            Ok(Event(counter))
        }

        /// The count so far; `None` if the kernel had to share the counter, and it is a guess.
        pub fn read(&mut self) -> Option<u64> {
            let found = self.0.read_full().ok()?;
            (found.time_enabled() == found.time_running()).then(|| found.count())
        }
    }

    /// Both counters.
    pub struct Counters {
        instructions: Event,
        cycles: Event,
    }

    impl Counters {
        /// Counts in the calling thread; `None` where the kernel does not, and in a pool of several threads, of which
        /// one is not the whole.
        pub fn open() -> Option<Self> {
            if rayon::current_num_threads() > 1 {
                return None;
            }
            let instructions = Event::open(Hardware::INSTRUCTIONS).ok()?;
            Some(Counters { instructions, cycles: Event::open(Hardware::CPU_CYCLES).ok()? })
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
        fn what_the_thread_does_is_counted() {
            // No events at all, as in most containers.
            let Ok(mut clock) = Event::open(Software::TASK_CLOCK) else { return };
            let before = clock.read();
            spin();
            let (before, after) = (before.expect("not shared"), clock.read().expect("not shared"));
            assert!(after > before + 1_000_000, "from {before} ns to {after} ns");
        }

        #[test]
        fn counters_that_there_are_none_of_are_none() {
            let counts = |threads| {
                let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                pool.install(|| {
                    let mut counters = Counters::open()?;
                    spin();
                    counters.read()
                })
            };
            assert!(counts(1).is_none_or(|one| one.instructions > 20_000_000 && one.cycles > 0), "{:?}", counts(1));
            assert_eq!(counts(2), None, "one of two threads is not the whole");
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
