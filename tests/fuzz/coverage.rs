//! What an input reached, where the program was built to tell: LLVM's 8-bit counters of edges.
#![expect(unsafe_code, reason = "the counters are a section of the program, handed over by its constructors")]

use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

static FIRST: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Called before `main` by every instrumented module, each time with the bounds of the same section
/// (<https://clang.llvm.org/docs/SanitizerCoverage.html>, inline 8-bit counters).
#[unsafe(no_mangle)]
pub extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, stop: *mut u8) {
    FIRST.store(start, Ordering::Relaxed);
    COUNT.store(stop as usize - start as usize, Ordering::Relaxed);
}

/// Number of edges that are counted; 0 in a program that was not built for it.
pub fn edges() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// Counters that are looked at together.
const RUN: usize = 64;

/// What was ever reached: per edge, the classes of how often.
#[derive(Default)]
pub struct Seen(Vec<u8>);

impl Seen {
    /// Takes the counters since the last call, and says how many classes are new.
    pub fn add(&mut self) -> usize {
        let mut count = 0;
        self.each(|_, class, seen| {
            count += usize::from(class & !*seen != 0);
            *seen |= class;
        });
        count
    }

    /// Takes the counters since the last call, and lists the classes that would be new: the edge's number times 256, and
    /// the class.
    pub fn news(&mut self) -> Vec<u64> {
        let mut news = Vec::new();
        self.each(|edge, class, seen| {
            if class & !*seen != 0 {
                news.push((edge as u64) << 8 | u64::from(class));
            }
        });
        news
    }

    /// Takes the counters since the last call: each edge that was passed, the class of how often, and those seen before.
    fn each(&mut self, mut take: impl FnMut(usize, u8, &mut u8)) {
        self.0.resize(edges(), 0);
        for (run, (seen, counters)) in self.0.chunks_mut(RUN).zip(counters().chunks_mut(RUN)).enumerate() {
            // Nearly all edges are not passed: without this look, most of the time goes here.
            if counters.iter().fold(0, |any, counter| any | counter) > 0 {
                for (at, (seen, counter)) in seen.iter_mut().zip(counters).enumerate() {
                    if *counter > 0 {
                        take(run * RUN + at, class(std::mem::take(counter)), seen);
                    }
                }
            }
        }
    }
}

/// One bit per order of magnitude, as libFuzzer has them.
fn class(count: u8) -> u8 {
    match count {
        0 => 0,
        1..=3 => 1 << (count - 1),
        4..=7 => 8,
        8..=15 => 16,
        16..=31 => 32,
        32..=127 => 64,
        _ => 128,
    }
}

fn counters() -> &'static mut [u8] {
    let (first, count) = (FIRST.load(Ordering::Relaxed), edges());
    if first.is_null() {
        return &mut [];
    }
    // SAFETY: the section lives as long as the program. Instrumented code adds to it from the thread that runs the
    // input, which is not running now; a count that another thread adds may be lost, and nothing else.
    unsafe { std::slice::from_raw_parts_mut(first, count) }
}
