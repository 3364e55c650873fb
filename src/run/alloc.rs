//! Peak memory of a piece of work, counted by the allocator.
//!
//! Only memory from Rust's allocator is seen: what a C library takes from `malloc` is not.
#![expect(unsafe_code, reason = "a global allocator is an unsafe trait; every call is handed on unchanged")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// The system's allocator, which counts while [`peak`] asks it to. The binary installs it with `#[global_allocator]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counting;

static COUNTING: AtomicBool = AtomicBool::new(false);
static HELD: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn count(change: i64) {
    if COUNTING.load(Ordering::Relaxed) {
        let held = HELD.fetch_add(change, Ordering::Relaxed) + change;
        PEAK.fetch_max(held, Ordering::Relaxed);
    }
}

// SAFETY: every method hands its arguments to `System` unchanged and returns what `System` returned, so its guarantees
// hold; the counters are atomics and allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: as the caller promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: as the caller promised.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Runs `work` and returns the most bytes held at once beyond those held before, in all threads; `None` where
/// [`Counting`] is not installed.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, Option<u64>) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    HELD.store(0, Ordering::Relaxed);
    PEAK.store(0, Ordering::Relaxed);
    COUNTING.store(true, Ordering::Relaxed);
    // A block of our own shows whether anybody counts; it is freed before the work begins.
    drop(std::hint::black_box(Box::new(0u64)));
    let installed = PEAK.swap(0, Ordering::Relaxed) > 0;
    let result = work();
    COUNTING.store(false, Ordering::Relaxed);
    (result, installed.then(|| PEAK.load(Ordering::Relaxed).max(0) as u64))
}
