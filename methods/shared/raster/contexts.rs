//! The contexts of a point: of the side of its prediction on which it lies, and of how far away it is.

use super::around::OCTAVE;
use super::residual::CLASSES;

/// Places along and across rows that are told apart.
pub const PLACES: usize = 32;
/// Bands of a mean error.
const BANDS: usize = 48;
/// Relations of two errors.
const RELATIONS: usize = 7;
/// Signed distances that are told apart; the middle one is none.
const DISTANCES: usize = 9;

/// What surrounds a point.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spot {
    /// The mean error around, in marks above half the gap between cells.
    pub mean: i32,
    /// Which neighbours there are, 0 to 3.
    pub kind: usize,
    /// Errors of the point before, and one back along two other axes, relative to the mean, in marks.
    pub relative: [i32; 3],
    /// Signed distances as of [`signed`]: from the prediction to two others, then the errors of the three points.
    pub signed: [usize; 5],
    /// How far the first other prediction is, relative to the mean, in marks.
    pub slope: i32,
    /// How far the prediction is from cell to cell.
    pub fraction: f64,
    /// Place along and across rows.
    pub places: [usize; 2],
}

/// A signed distance relative to a scale, 0 to 8.
#[inline(always)]
pub fn signed(distance: f64, scale: f64) -> usize {
    let size = distance.abs();
    let steps = usize::from(size > scale * 0.1)
        + usize::from(size > scale * 0.35)
        + usize::from(size > scale)
        + usize::from(size > scale * 2.5);
    if distance < 0.0 { 4 - steps } else { 4 + steps }
}

/// Smaller by far, smaller, ..., larger by far.
#[inline(always)]
fn relation(marks: i32) -> usize {
    let steps = match marks.unsigned_abs() {
        0..8 => 0,
        8..24 => 1,
        24..56 => 2,
        _ => 3,
    };
    if marks < 0 { 3 - steps } else { 3 + steps }
}

/// Which contexts there are: `M` of the side, `N` of the distance.
pub trait Contexts<const M: usize, const N: usize> {
    /// How many there are of each kind, of the side.
    const SIDES: [usize; M];
    /// How many there are of each kind, of the distance.
    const DISTANCES: [usize; N];

    /// Those of the side.
    fn sides(spot: &Spot) -> [usize; M];

    /// Those of the distance, on the side that is known by now; the first is the class expected.
    fn distances(spot: &Spot, above: bool, expected: usize) -> [usize; N];
}

impl Spot {
    /// Sixths of the mean for small means, then its phase within an octave.
    #[inline(always)]
    fn band(&self) -> usize {
        if self.mean < 6 * OCTAVE { self.mean as usize / 3 } else { 32 + (self.mean & (OCTAVE - 1)) as usize }
    }

    /// Three quarters of an octave of the mean, 0 to 7.
    #[inline(always)]
    fn small(&self) -> usize {
        (self.mean as usize / 12).min(7)
    }

    #[inline(always)]
    fn eighth(&self) -> usize {
        ((self.fraction * 8.0) as usize).min(7)
    }

    /// A quarter of a gap: how far the first cell on this side is.
    #[inline(always)]
    fn near(&self, above: bool) -> usize {
        let way = if above { 1.0 - self.fraction } else { self.fraction };
        ((way * 4.0) as usize).min(3)
    }

    #[inline(always)]
    fn relations(&self) -> usize {
        let [left, up, back] = self.relative.map(relation);
        (left * RELATIONS + up) * RELATIONS + back
    }
}

/// The contexts of `effort=balanced`.
#[derive(Debug)]
pub struct Few;

impl Contexts<2, 4> for Few {
    const SIDES: [usize; 2] = [64, DISTANCES * DISTANCES];
    const DISTANCES: [usize; 4] = [CLASSES, 4 * BANDS, 3 * 343, 16 * 4 * 3];

    #[inline(always)]
    fn sides(spot: &Spot) -> [usize; 2] {
        [spot.small() * 8 + spot.eighth(), spot.signed[0] * DISTANCES + spot.signed[2]]
    }

    #[inline(always)]
    fn distances(spot: &Spot, above: bool, expected: usize) -> [usize; 4] {
        let other = if above { spot.signed[0] } else { 8 - spot.signed[0] };
        [
            expected,
            spot.kind * BANDS + spot.band(),
            spot.relations() * 3 + (spot.small() / 2).min(2),
            (spot.band().min(31) / 2 * 4 + spot.near(above)) * 3 + other / 3,
        ]
    }
}

/// The contexts of `effort=max`.
#[derive(Debug)]
pub struct Many;

impl Contexts<4, 8> for Many {
    const SIDES: [usize; 4] = [64, 81, 81, 81];
    const DISTANCES: [usize; 8] =
        [CLASSES, 4 * BANDS, 3 * 343, 12 * 24, 16 * 4 * 3 * 2, PLACES * 12, PLACES * 12, DISTANCES * DISTANCES * 6];

    #[inline(always)]
    fn sides(spot: &Spot) -> [usize; 4] {
        let [first, second, left, up, back] = spot.signed;
        [spot.small() * 8 + spot.eighth(), first * DISTANCES + left, up * DISTANCES + back, second * DISTANCES + left]
    }

    #[inline(always)]
    fn distances(spot: &Spot, above: bool, expected: usize) -> [usize; 8] {
        let turned = |distance: usize| if above { distance } else { 8 - distance };
        let (other, left) = (turned(spot.signed[0]), turned(spot.signed[2]));
        let (band, small) = (spot.band(), spot.small());
        let slope = ((spot.slope + 6 * OCTAVE) / OCTAVE).clamp(0, 11) as usize;
        [
            expected,
            spot.kind * BANDS + band,
            spot.relations() * 3 + (small / 2).min(2),
            slope * 24 + band / 2,
            ((band.min(31) / 2 * 4 + spot.near(above)) * 3 + other / 3) * 2 + usize::from(small == 7),
            spot.places[0] * 12 + band / 4,
            spot.places[1] * 12 + band / 4,
            (other * DISTANCES + left) * 6 + small / 2 + 2 * usize::from(spot.mean > 10 * OCTAVE),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<const M: usize, const N: usize, C: Contexts<M, N>>(spot: &Spot) {
        assert!(C::sides(spot).iter().zip(C::SIDES).all(|(context, count)| *context < count));
        for above in [false, true] {
            assert!(
                C::distances(spot, above, CLASSES - 1)
                    .iter()
                    .zip(C::DISTANCES)
                    .all(|(context, count)| *context < count)
            );
        }
    }

    #[test]
    fn contexts_stay_below_their_numbers() {
        for mean in [0, 1, 95, 96, 111, 112, 170, 4000, 32767] {
            for marks in [-32767, -30, 0, 9, 32767] {
                for (distance, fraction) in [(0, 0.0), (4, 0.49), (8, 1.0)] {
                    let relative = [marks, -marks, marks / 2];
                    let signed = [distance, 8 - distance, distance, 4, distance];
                    let spot = Spot { mean, kind: 3, relative, signed, slope: marks, fraction, places: [31, 31] };
                    check::<2, 4, Few>(&spot);
                    check::<4, 8, Many>(&spot);
                }
            }
        }
        assert_eq!([-5.0, -0.2, 0.0, 0.05, 3.0].map(|distance| signed(distance, 1.0)), [0, 3, 4, 4, 8]);
    }
}
