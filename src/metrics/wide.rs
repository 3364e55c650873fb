//! Loops compiled for wider vectors too, and chosen at run time: the same operations in the same order, so the same results.

use codecbench_methods::shared::simd;

struct Work<F>(F);

impl<F: FnOnce() -> R, R> simd::Kernel for Work<F> {
    type Output = R;

    #[inline(always)]
    fn run(self) -> R {
        (self.0)()
    }
}

/// Runs a loop with the widest vectors there are. The closure, and all it calls, must be `#[inline(always)]`.
#[inline]
pub(super) fn wide<R>(work: impl FnOnce() -> R) -> R {
    simd::run_widest(Work(work))
}

/// As [`wide`], with vectors of 256 bits at most: for loops of which the compiler makes less with wider ones.
#[inline]
pub(super) fn half_wide<R>(work: impl FnOnce() -> R) -> R {
    simd::run(Work(work))
}
