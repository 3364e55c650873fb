//! What one call took: by the clock on the wall, of the CPU, in instructions.

use std::time::Instant;

use codecbench_methods::api::Error;
use serde::{Deserialize, Serialize};

use super::counters::{Counters, Counts};
use super::system;

/// One call, measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    /// Time by the clock on the wall, nanoseconds.
    pub wall_ns: f64,
    /// CPU time of the process, all threads together, nanoseconds.
    pub cpu_ns: Option<f64>,
    /// How often one of our threads was taken off its CPU.
    pub preemptions: Option<u64>,
    /// What the processor counted.
    pub counts: Option<Counts>,
}

/// The instruments.
pub(super) trait Probe {
    /// Nanoseconds since some fixed moment.
    fn now(&mut self) -> f64;

    /// Runs `work` once.
    fn measure(&mut self, work: &mut dyn FnMut() -> Result<(), Error>) -> Result<Measured, Error>;
}

/// The clocks and counters of this machine.
pub(super) struct SystemProbe {
    start: Instant,
    counters: Option<Counters>,
}

impl SystemProbe {
    /// With the counters of the calling thread, if its rayon pool has no other.
    pub fn start() -> Self {
        SystemProbe { start: Instant::now(), counters: Counters::open() }
    }

    fn counts(&mut self) -> Option<Counts> {
        self.counters.as_mut()?.read()
    }
}

impl Probe for SystemProbe {
    fn now(&mut self) -> f64 {
        self.start.elapsed().as_nanos() as f64
    }

    fn measure(&mut self, work: &mut dyn FnMut() -> Result<(), Error>) -> Result<Measured, Error> {
        // The clock on the wall is read last before the work and first after it: reading the others takes microseconds.
        let (preempted, counted, cpu) = (system::preemptions(), self.counts(), system::cpu_ns());
        let wall = Instant::now();
        let outcome = work();
        let wall_ns = wall.elapsed().as_nanos() as f64;
        let cpu_ns = system::cpu_ns().zip(cpu).map(|(after, before)| after - before);
        let counts = self.counts().zip(counted).map(|(after, before)| after - before);
        let preemptions = system::preemptions().zip(preempted).map(|(after, before)| after - before);
        outcome.map(|()| Measured { wall_ns, cpu_ns, preemptions, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn sleeping_takes_time_on_the_wall_and_none_of_the_cpu() {
        let mut sleep = || {
            std::thread::sleep(std::time::Duration::from_millis(30));
            Ok(())
        };
        // Other tests of this process use the CPU too: the least of a few counts.
        let mut probe = SystemProbe::start();
        let measured: Vec<_> = (0..5).map(|_| probe.measure(&mut sleep).expect("nothing fails")).collect();
        assert!(measured.iter().all(|one| one.wall_ns >= 3e7 && one.cpu_ns.is_some()), "{measured:?}");
    }
}
