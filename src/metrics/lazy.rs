//! Values that are computed when they are first asked for.

use std::sync::OnceLock;

/// A value, once it is computed.
///
/// Threads that ask at once each compute it. If all but one waited, a task of a pool could wait for itself: the one that
/// computes helps with other tasks meanwhile, which may ask, too.
#[derive(Debug)]
pub(super) struct Lazy<T>(OnceLock<T>);

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Lazy(OnceLock::new())
    }
}

impl<T> Lazy<T> {
    /// The value, which `compute` gives if it is not known yet: the same whenever it is called.
    pub fn get(&self, compute: impl FnOnce() -> T) -> &T {
        if let Some(known) = self.0.get() {
            return known;
        }
        let found = compute();
        self.0.get_or_init(|| found)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_task_that_helps_with_another_one_does_not_wait_for_itself() {
        let (lazy, computed) = (Lazy::default(), AtomicUsize::new(0));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a small pool");
        let ask = || {
            lazy.get(|| {
                // What a thread does that waits for a part of its work.
                rayon::yield_now();
                computed.fetch_add(1, Ordering::Relaxed);
                7
            })
        };
        pool.scope(|scope| (0..3).for_each(|_| scope.spawn(|_| assert_eq!(*ask(), 7))));
        assert!(computed.load(Ordering::Relaxed) >= 2, "one asked while another computed");
        assert_eq!(*ask(), 7);
    }
}
