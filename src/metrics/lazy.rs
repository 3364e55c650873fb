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
