//! Classes of magnitudes.

/// The class of a magnitude: 0 to 3, then half octaves.
#[inline(always)]
pub fn class(magnitude: u64) -> usize {
    if magnitude < 4 {
        return magnitude as usize;
    }
    let log = magnitude.ilog2();
    2 * log as usize + (magnitude >> (log - 1) & 1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_rise_with_magnitudes() {
        assert_eq!([0, 1, 3, 4, 5, 6, 7, 8, 12, u64::MAX].map(class), [0, 1, 3, 4, 4, 5, 5, 6, 7, 127]);
    }
}
