//! What the kernel tells of this process and this machine. Where it tells nothing there is no number, never a 0.
#![cfg_attr(unix, expect(unsafe_code, reason = "three calls into libc, each with memory of our own"))]

#[cfg(target_os = "linux")]
use std::fs;

use serde::{Deserialize, Serialize};

/// CPU time of this process, all threads together, nanoseconds.
#[cfg(unix)]
pub fn cpu_ns() -> Option<f64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one `timespec`, which outlives it.
    let code = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    (code == 0).then_some(time.tv_sec as f64 * 1e9 + time.tv_nsec as f64)
}

/// How often a thread of this process was taken off its CPU while it had work.
#[cfg(unix)]
pub fn preemptions() -> Option<u64> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the call writes one `rusage`, which outlives it; all zeros is a valid one.
    let (code, usage) = unsafe { (libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()), usage.assume_init()) };
    (code == 0).then_some(usage.ru_nivcsw as u64)
}

/// CPU time of this process; unknown here.
#[cfg(not(unix))]
pub fn cpu_ns() -> Option<f64> {
    None
}

/// Preemptions of this process; unknown here.
#[cfg(not(unix))]
pub fn preemptions() -> Option<u64> {
    None
}

/// What all CPUs of the machine did since it started, seconds, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cpus {
    /// Running something, whoever's it was.
    pub busy: f64,
    /// Ready to run, while the hypervisor ran somebody else.
    pub stolen: f64,
}

/// What the CPUs did so far.
pub fn cpus() -> Option<Cpus> {
    parse_cpus(&read("/proc/stat")?)
}

/// Ticks per second in `/proc/stat`: `USER_HZ`, 100 on every architecture that we build for.
const TICKS: f64 = 100.0;

fn parse_cpus(stat: &str) -> Option<Cpus> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<f64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal (proc_stat(5)); guests are part of user.
    let &[user, nice, system, _, _, irq, softirq, stolen, ..] = ticks.as_slice() else { return None };
    Some(Cpus { busy: (user + nice + system + irq + softirq) / TICKS, stolen: stolen / TICKS })
}

/// Runs `work` and returns by how much resident memory grew at most, bytes: what C libraries take is in it, and so are
/// pages that were there but had never been touched. Rounded to pages, and off by some 100 KiB where threads count
/// apart.
pub fn resident_peak<T>(work: impl FnOnce() -> T) -> (T, Option<u64>) {
    give_back_free_memory();
    let before = reset_high_water().and_then(|()| status_bytes("VmRSS:"));
    let result = work();
    let peak = before.and_then(|before| Some(status_bytes("VmHWM:")?.saturating_sub(before)));
    (result, peak)
}

/// Memory that the allocator keeps for later would be filled without growing.
fn give_back_free_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: glibc's own function on its own heap; it takes no memory of ours.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Makes the high-water mark of resident memory what is resident now (proc_pid_clear_refs(5)).
fn reset_high_water() -> Option<()> {
    #[cfg(target_os = "linux")]
    return fs::write("/proc/self/clear_refs", "5").ok();
    #[cfg(not(target_os = "linux"))]
    None
}

fn status_bytes(name: &str) -> Option<u64> {
    let text = read("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(target_os = "linux")]
fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

#[cfg(not(target_os = "linux"))]
fn read(_: &str) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn the_first_line_of_proc_stat_is_read() {
        let stat = "cpu  100 50 25 1000 7 3 2 40 9 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(parse_cpus(stat), Some(Cpus { busy: 1.8, stolen: 0.4 }));
        assert_eq!(parse_cpus("cpu 1 2 3"), None, "older kernels have fewer columns");
        assert_eq!(parse_cpus(""), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_clock_of_the_cpu_runs_with_work() {
        let before = cpu_ns().expect("Linux tells");
        let mut sum = 0u64;
        while cpu_ns().expect("Linux tells") < before + 1e6 {
            sum = black_box(sum.wrapping_mul(3) + 1);
        }
        assert!(preemptions().is_some() && cpus().is_some_and(|cpus| cpus.busy > 0.0));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_that_is_touched_and_freed_again_is_in_the_peak() {
        const BYTES: usize = 64 << 20;
        // What other tests of this process free meanwhile hides the growth: once is enough.
        let mut peaks = (0..20).map(|_| resident_peak(|| drop(black_box(vec![1u8; BYTES]))).1);
        // Some sandboxes do not let a process reset its own mark.
        assert!(peaks.any(|peak| peak.is_none_or(|peak| peak as usize > BYTES / 2)), "never half of {BYTES} bytes");
    }
}
