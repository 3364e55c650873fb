//! Classes of magnitudes, reached from the expected one by yes or no: up while the magnitude is above, down until it is.

/// Steps up or down that are told apart.
const STEPS: usize = 14;
/// Decisions of a context: the first one, for small expected classes apart; the steps up, from class 0 apart; and those
/// down.
pub const NODES: usize = 4 + 3 * STEPS;

/// The class of a magnitude: 0 to 3, then half octaves.
#[inline(always)]
pub fn class(magnitude: u64) -> usize {
    if magnitude < 4 {
        return magnitude as usize;
    }
    let log = magnitude.ilog2();
    2 * log as usize + (magnitude >> (log - 1) & 1) as usize
}

/// Walks from the expected class to the one of the magnitude, at most `last`. `decide` is asked whether it is above a
/// class, at a node below [`NODES`].
#[inline(always)]
pub fn climb(expected: usize, last: usize, mut decide: impl FnMut(usize, usize) -> bool) -> usize {
    let (up, down) = (4 + STEPS * usize::from(expected > 0), 4 + 2 * STEPS);
    let mut at = expected;
    if decide(at, at.min(3)) {
        at += 1;
        while at < last && decide(at, up + (at - expected).min(STEPS) - 1) {
            at += 1;
        }
    } else {
        while at > 0 && !decide(at - 1, down + (expected - at).min(STEPS - 1)) {
            at -= 1;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_reached_from_every_other_at_nodes_that_exist() {
        for (expected, known) in (0..60).flat_map(|expected| (0..=62).map(move |known| (expected, known))) {
            let reached = climb(expected, 62, |above, node| {
                assert!(node < NODES);
                known > above
            });
            assert_eq!(reached, known, "from {expected}");
        }
    }

    #[test]
    fn classes_rise_with_magnitudes() {
        assert_eq!([0, 1, 3, 4, 5, 6, 7, 8, 12, u64::MAX].map(class), [0, 1, 3, 4, 4, 5, 5, 6, 7, 127]);
    }
}
