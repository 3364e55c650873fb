//! Memory that serves one comparison after another: its pages are known to the kernel already.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// What is to spare, for as many comparisons as there were at once.
#[derive(Debug)]
pub(super) struct Spare<T>(Mutex<Vec<T>>);

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Spare(Mutex::default())
    }
}

impl<T: Default> Spare<T> {
    /// Takes what was given last, or something new.
    pub fn take(&self) -> T {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Gives something back, whatever is in it.
    pub fn give(&self, used: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(used);
    }

    /// Lends what was given last, or something new, until it is dropped.
    pub fn lend(&self) -> Lent<'_, T> {
        Lent { spare: self, used: self.take() }
    }
}

/// Something to spare that goes back when it is dropped.
pub(super) struct Lent<'s, T: Default> {
    spare: &'s Spare<T>,
    used: T,
}

impl<T: Default> Deref for Lent<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.used
    }
}

impl<T: Default> DerefMut for Lent<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.used
    }
}

impl<T: Default> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        self.spare.give(std::mem::take(&mut self.used));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lent_is_lent_again() {
        let spare = Spare::<Vec<u8>>::default();
        let (mut one, mut other) = (spare.lend(), spare.lend());
        one.reserve(100);
        other.push(7);
        drop(one);
        assert!(spare.lend().capacity() >= 100);
        drop(other);
        assert_eq!((spare.take(), spare.take().capacity() >= 100, spare.take()), (vec![7], true, vec![]));
    }
}
