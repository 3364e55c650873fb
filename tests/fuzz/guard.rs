//! One input at a time, watched: a panic, a hang and an allocation out of proportion are failures.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::{Mutex, MutexGuard};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use codecbench::run;

use crate::alloc::peak_bytes;
use crate::target::Target;

/// No such small input takes longer: of a processor, and, where nothing runs at all, by the clock on the wall.
const PATIENCE_CPU: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(300);

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What runs now, in which thread and since when.
static RUNNING: Mutex<Vec<(ThreadId, String, Start)>> = Mutex::new(Vec::new());

/// A moment by both clocks.
struct Start {
    wall: Instant,
    cpu: Duration,
}

impl Start {
    fn now() -> Self {
        Start { wall: Instant::now(), cpu: cpu() }
    }

    fn is_long_ago(&self) -> bool {
        self.wall.elapsed() > PATIENCE || cpu().saturating_sub(self.cpu) > PATIENCE_CPU
    }
}

/// CPU time of this process; none where the system does not tell.
fn cpu() -> Duration {
    Duration::from_nanos(run::cpu_ns().unwrap_or(0.0) as u64)
}

fn running() -> MutexGuard<'static, Vec<(ThreadId, String, Start)>> {
    RUNNING.lock().expect("no panic while locked")
}

/// Remembers where a panic happened instead of printing it, and ends the process if one input takes too long.
pub fn watch() {
    set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        let text = panic.payload().downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.payload().downcast_ref::<&str>().map(|text| (*text).to_string()));
        let told = format!("panicked at {}: {}", place.unwrap_or_default(), text.unwrap_or_default());
        // Elsewhere than in a guarded run it is a mistake of the harness.
        if running().iter().all(|(id, ..)| *id != thread::current().id()) {
            eprintln!("{told}");
        }
        PANIC.set(told);
    }));
    thread::spawn(|| {
        loop {
            thread::sleep(Duration::from_millis(200));
            if let Some((_, name, _)) = running().iter().find(|(.., since)| since.is_long_ago()) {
                eprintln!("{name} hangs");
                std::process::abort();
            }
        }
    });
}

/// Runs a target on an input, in the one thread of a pool; how it ended, or what must not happen.
pub fn run(target: &Target, bytes: &[u8]) -> Result<String, String> {
    let id = thread::current().id();
    running().push((id, target.name.clone(), Start::now()));
    let (outcome, peak) = peak_bytes(|| catch_unwind(AssertUnwindSafe(|| target.run(bytes))));
    running().retain(|(other, ..)| *other != id);
    let outcome = outcome.unwrap_or_else(|_| Err(PANIC.take()))?;
    let allowed = target.allowance(bytes);
    if peak > allowed {
        return Err(format!("{peak} bytes held at once, {allowed} allowed"));
    }
    Ok(outcome)
}
