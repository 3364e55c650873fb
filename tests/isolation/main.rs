//! Methods that crash, hang, take all memory, print or depend on the thread: each is its own row, and no other row minds.
//!
//! The test is its own worker: started with [`WORKER`] it works for the sweep that started it, with methods that no user
//! can list or run. So it has no test harness, and takes a part of a test's name as its argument.

#[cfg(target_os = "linux")]
mod methods;
#[cfg(target_os = "linux")]
mod rows;

/// First argument of a worker.
#[cfg(target_os = "linux")]
const WORKER: &str = "--work-for-a-sweep";

#[cfg(target_os = "linux")]
fn main() {
    let first = std::env::args().nth(1).unwrap_or_default();
    if first == WORKER {
        return codecbench::cli::work(methods::registry()).expect("a sweep at stdin");
    }
    for (name, test) in rows::TESTS.iter().filter(|(name, _)| first.starts_with('-') || name.contains(&first)) {
        let started = std::time::Instant::now();
        test();
        println!("test {name} ... ok ({:.1} s)", started.elapsed().as_secs_f64());
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("cells run in processes of their own on Linux only");
}
