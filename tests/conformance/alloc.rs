//! An allocator that remembers, per thread, how much was held at once: what hostile bytes must not drive up.
#![expect(unsafe_code, reason = "a global allocator cannot be written otherwise; every call goes on to the system's")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    // Constant and without a destructor: reading them allocates nothing.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    HELD.set(HELD.get().wrapping_add(bytes));
    PEAK.set(PEAK.get().max(HELD.get()));
}

// SAFETY: every method hands its arguments on to the system allocator unchanged and returns what it returned; the
// counters are plain cells of the calling thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises about `layout` are those that the system allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: `pointer` came from the system allocator with this layout, as every allocation here does.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both blocks at once, as a copying reallocation holds them.
        count(size as isize);
        count(-(layout.size() as isize));
        // SAFETY: as in `dealloc`; `size` is the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// The most bytes that this thread held at once during `work`, beyond those it held before.
/// Rayon's work counts if the calling thread is the one thread of its pool.
pub fn peak_bytes<R>(work: impl FnOnce() -> R) -> (R, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = work();
    (result, usize::try_from(PEAK.get() - before).unwrap_or(0))
}

#[test]
fn the_allocator_sees_the_largest_sum_of_what_is_held_at_once() {
    let ((), peak) = peak_bytes(|| {
        drop(std::hint::black_box(vec![1u8; 5000]));
        let kept = std::hint::black_box((vec![0u8; 3000], vec![0u64; 1000]));
        drop(kept);
    });
    assert_eq!(peak, 11_000);
}
