//! Numbers from the beginning of a line of a cache on, so that vectors of them lie within lines.

use std::ops::{Deref, DerefMut};

use codecbench_methods::shared::simd::CACHE_LINE;

/// Numbers of a line.
const NUMBERS: usize = CACHE_LINE / size_of::<f64>();

/// Numbers, the first of which begins a line of a cache.
#[derive(Debug, Default)]
pub(super) struct Aligned {
    memory: Vec<f64>,
    start: usize,
    count: usize,
}

impl Aligned {
    /// Makes room for `count` numbers. They hold anything: old numbers may have moved, all are finite if those were.
    pub fn resize(&mut self, count: usize) {
        self.memory.resize(count + NUMBERS - 1, 0.0);
        (self.start, self.count) = (self.memory.as_ptr().align_offset(CACHE_LINE).min(NUMBERS - 1), count);
    }
}

impl Deref for Aligned {
    type Target = [f64];

    #[inline]
    fn deref(&self) -> &[f64] {
        &self.memory[self.start..][..self.count]
    }
}

impl DerefMut for Aligned {
    #[inline]
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.memory[self.start..][..self.count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_a_line_whatever_room_there_was() {
        let mut numbers = Aligned::default();
        assert!(numbers.is_empty());
        for count in [1, 100, 7, 100_000, 0, 3] {
            numbers.resize(count);
            numbers.fill(1.0);
            assert_eq!((numbers.len(), numbers.as_ptr() as usize % CACHE_LINE), (count, 0));
        }
    }
}
