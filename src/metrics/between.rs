//! Values between the pixels of a picture.

use super::picture::Picture;
use super::wide::wide;

/// Places whose pixels are read together.
const STRIP: usize = 64;
/// The places in a strip.
static PLACES: [f64; STRIP] = {
    let mut places = [0.0; STRIP];
    let mut at = 0;
    while at < STRIP {
        places[at] = at as f64;
        at += 1;
    }
    places
};
/// Numbers from here on are whole: adding and taking away rounds to the nearest one.
const WHOLE: f64 = 1.5 * (1u64 << 52) as f64;

impl Picture {
    /// Rows of another picture, from one on, less the values so much to the right of and below their pixels in this one:
    /// bilinear between pixels, and beyond the border those of the border.
    pub fn left_of(&self, other: &Picture, from: usize, right: &[f64], down: &[f64], out: &mut [f64]) {
        let (mut corners, columns) = (Corners::new(), self.columns());
        let last = ((columns - 1) as f64, (self.rows() - 1) as f64);
        let moved = right.chunks_exact(columns).zip(down.chunks_exact(columns));
        for (row, (out, (right, down))) in out.chunks_exact_mut(columns).zip(moved).enumerate() {
            let row = from + row;
            for start in (0..columns).step_by(STRIP) {
                let here = start..(start + STRIP).min(columns);
                let place = (start as f64, row as f64);
                corners.find(place, last, columns as f64, &right[here.clone()], &down[here.clone()]);
                corners.read(self, here.len());
                corners.subtract(&other.row(row)[here.clone()], &mut out[here]);
            }
        }
    }
}

/// The four pixels around each of some places.
struct Corners {
    /// Shares of the right and of the lower pixels.
    shares: [[f64; STRIP]; 2],
    /// Flat index of the upper left pixel.
    places: [u64; STRIP],
    /// The two upper and the two lower pixels.
    above: [[f64; 2]; STRIP],
    below: [[f64; 2]; STRIP],
}

impl Corners {
    fn new() -> Self {
        Corners { shares: [[0.0; STRIP]; 2], places: [0; STRIP], above: [[0.0; 2]; STRIP], below: [[0.0; 2]; STRIP] }
    }

    /// Where the places are that lie so much to the right and below of those from `(x, y)` on.
    fn find(&mut self, (x, y): (f64, f64), last: (f64, f64), columns: f64, right: &[f64], down: &[f64]) {
        let count = right.len().min(STRIP);
        let (right, down, places) = (&right[..count], &down[..count], &mut self.places[..count]);
        let [across, below] = self.shares.each_mut().map(|shares| &mut shares[..count]);
        wide(
            #[inline(always)]
            || {
                for at in 0..count {
                    let (x, y) = (held(x + PLACES[at] + right[at], last.0), held(y + down[at], last.1));
                    let (left, top) = (floor(x), floor(y));
                    (across[at], below[at]) = (x - left, y - top);
                    places[at] = index(top * columns + left);
                }
            },
        );
    }

    /// Reads the pixels of as many places. On the last column and row the share of what is beyond is none.
    fn read(&mut self, picture: &Picture, count: usize) {
        let corners = self.above.iter_mut().zip(&mut self.below);
        for (&place, (above, below)) in self.places[..count].iter().zip(corners) {
            [*above, *below] = picture.around(place as usize);
        }
    }

    /// Numbers less what is at the places.
    fn subtract(&self, numbers: &[f64], out: &mut [f64]) {
        let ([across, below], count) = (&self.shares, numbers.len().min(STRIP));
        let (numbers, out) = (&numbers[..count], &mut out[..count]);
        wide(
            #[inline(always)]
            || {
                for at in 0..count {
                    let ([top_left, top_right], [bottom_left, bottom_right]) = (self.above[at], self.below[at]);
                    let top = top_left + across[at] * (top_right - top_left);
                    let bottom = bottom_left + across[at] * (bottom_right - bottom_left);
                    out[at] = numbers[at] - (top + below[at] * (bottom - top));
                }
            },
        );
    }
}

/// A number held between 0 and another.
#[inline(always)]
fn held(x: f64, last: f64) -> f64 {
    let x = if x < 0.0 { 0.0 } else { x };
    if x > last { last } else { x }
}

/// The largest whole number that is not above one between 0 and 2^31.
#[inline(always)]
fn floor(x: f64) -> f64 {
    let nearest = (x + WHOLE) - WHOLE;
    if nearest > x { nearest - 1.0 } else { nearest }
}

/// A whole number between 0 and 2^51 as such; 0 for what is no number.
#[inline(always)]
fn index(whole: f64) -> u64 {
    let whole = if whole >= 0.0 { whole } else { 0.0 };
    (whole + WHOLE).to_bits() & ((1 << 51) - 1)
}

#[cfg(test)]
mod tests {
    use super::super::picture::tests::{picture, pixel};

    #[test]
    fn values_between_pixels_are_bilinear_and_beyond_the_border_those_of_the_border() {
        let (rows, columns) = (17, 90);
        let (picture, other) = (picture(rows, columns, 0), picture(rows, columns, 5));
        let shift = |at: usize, salt: usize| (at * 31 + salt) as f64 % 9.0 / 3.0 - 1.3;
        let moved = |salt: usize| move |at: usize| shift(at % columns + at / columns, salt);
        for from in [0, 12] {
            let [right, down] =
                [0, 4].map(|salt| (from * columns..rows * columns).map(moved(salt)).collect::<Vec<_>>());
            let mut found = vec![0.0; right.len()];
            picture.left_of(&other, from, &right, &down, &mut found);
            for (at, found) in found.into_iter().enumerate() {
                let (row, column) = (from + at / columns, at % columns);
                let (x, y) = (column as f64 + right[at], row as f64 + down[at]);
                let (x, y) = (x.clamp(0.0, (columns - 1) as f64), y.clamp(0.0, (rows - 1) as f64));
                let (left, top) = (x as isize, y as isize);
                let along = |row: isize| {
                    let (left, right) = (pixel(&picture, row, left), pixel(&picture, row, left + 1));
                    left + x.fract() * (right - left)
                };
                let expected = other.row(row)[column] - (along(top) + y.fract() * (along(top + 1) - along(top)));
                assert_eq!(found, expected, "{row}, {column}");
            }
        }
    }

    #[test]
    fn a_displacement_that_is_no_number_is_read_nowhere() {
        let (picture, nothing) = (picture(12, 12, 1), [f64::NAN; 12]);
        let mut found = vec![0.0; 12];
        picture.left_of(&picture, 3, &nothing, &nothing, &mut found);
        assert!(found.iter().all(|value| value.is_nan()));
    }
}
