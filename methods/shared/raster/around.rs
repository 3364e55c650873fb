//! How far off the predictions around a point were, on a logarithmic scale.

use super::neighbours::{At, Neighbour, Rows};

/// Marks of an octave.
pub const OCTAVE: i32 = 16;
/// The mark of 1.
const ONE: i32 = 1023 * OCTAVE;
/// The largest mark of a finite number.
const LAST: i32 = 2047 * OCTAVE - 1;

/// The mark of a number above 0: exponent and leading bits, so that it is linear within an octave.
#[inline(always)]
pub fn mark(value: f64) -> i32 {
    (value.to_bits() >> 48) as i32 & i16::MAX as i32
}

/// The number at a mark.
#[inline(always)]
pub fn number(mark: i32) -> f64 {
    f64::from_bits((mark.clamp(0, LAST) as u64) << 48)
}

/// How many times the number at one mark is that of another whose mark is `steps` below.
#[inline(always)]
pub fn times(steps: i32) -> f64 {
    number(steps + ONE)
}

/// Whose errors are looked at, and what they weigh.
const WATCHED: [(Neighbour, i32); 12] = [
    ((0, 0, 0, -1), 6),
    ((0, 0, 0, -2), 3),
    ((0, 0, 0, -3), 1),
    ((1, 0, 0, 0), 5),
    ((1, 0, 0, -1), 2),
    ((1, 0, 0, 1), 3),
    ((2, 0, 0, 0), 1),
    ((0, 1, 0, 0), 6),
    ((0, 1, 0, 1), 2),
    ((-1, 1, 0, 0), 2),
    ((0, 2, 0, 0), 1),
    ((0, 0, 1, 0), 3),
];

/// The points that are watched from those of a row.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    offsets: Vec<(isize, i32)>,
    /// 65536 over the sum of the weights.
    share: i32,
    /// The points one back along the last axis but one, and along one of those before.
    pub back: [Option<isize>; 2],
}

impl Watch {
    /// Begins a row. Of rows outside the array nothing is known.
    pub fn enter(&mut self, rows: &Rows, at: &At) {
        self.offsets.clear();
        let inside = |&(neighbour, weight): &(Neighbour, i32)| Some((rows.offset(at, neighbour)?, weight));
        self.offsets.extend(WATCHED.iter().filter_map(inside));
        self.share = 65536 / self.offsets.iter().map(|offset| offset.1).sum::<i32>();
        let before = rows.offset(at, (0, 1, 0, 0)).or_else(|| rows.offset(at, (0, 0, 1, 0)));
        self.back = [rows.offset(at, (1, 0, 0, 0)), before];
    }

    /// Which of the two points there are.
    #[inline(always)]
    pub fn kind(&self) -> usize {
        usize::from(self.back[0].is_some()) + 2 * usize::from(self.back[1].is_some())
    }

    /// The weighted mean of the marks around `index`.
    #[inline(always)]
    pub fn mean(&self, marks: &[u16], index: usize) -> i32 {
        let at = |offset: isize| i32::from(marks[index.wrapping_add_signed(offset)]);
        let first = at(-1);
        // Relative to one of them, so that the sum is small.
        let sum: i32 = self.offsets.iter().map(|&(offset, weight)| (at(offset) - first) * weight).sum();
        first + ((i64::from(sum) * i64::from(self.share)) >> 16) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_rise_with_numbers_and_give_them_back() {
        for value in [1e-300, 3e-7, 0.5, 1.0, 1.9, 1e5, 1e300] {
            let back = number(mark(value));
            assert!(back <= value && back > value * 0.93, "{value} {back}");
            assert_eq!(mark(value * 2.0) - mark(value), OCTAVE);
        }
        assert_eq!((times(0), times(OCTAVE), times(-2 * OCTAVE)), (1.0, 2.0, 0.25));
        assert!(number(i32::MAX).is_finite() && mark(f64::INFINITY) <= i32::from(i16::MAX));
    }

    #[test]
    fn the_mean_counts_what_is_there() {
        let rows = Rows::new(&[3, 40]);
        let marks: Vec<u16> = (0..3 * rows.pitch).map(|i| if i / rows.pitch == 0 { 100 } else { 200 }).collect();
        let mut watch = Watch::default();
        watch.enter(&rows, &rows.at(1));
        let mean = watch.mean(&marks, rows.pitch + 30);
        assert!((150..=152).contains(&mean) && watch.kind() == 1, "{mean}");
        watch.enter(&rows, &rows.at(0));
        assert_eq!((watch.mean(&marks, 30), watch.kind()), (100, 0));
    }
}
