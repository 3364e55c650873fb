//! Pictures of numbers as optical flow needs them: halves, gradients, values between pixels, weighted means.

use std::ops::Range;

use super::wide::wide;
use super::window::{HALF, WINDOW, gaussian, weighted};

/// Standard deviation of the window, pixels.
const SIGMA: f64 = 2.5;
/// Sides at which the pyramid ends, pixels, and most levels.
const SMALLEST: usize = 24;
const LEVELS: usize = 5;
/// Columns that are smoothed together: the rows that they need fit into a first-level cache.
const STRIP: usize = 64;
/// Columns of pixels under these.
const PIXELS: usize = STRIP + WINDOW - 1;
/// Rows that are held: when there are so many, the last ten move to the front.
const HELD: usize = 32;
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

/// The means of four pixels each from two rows; an odd last pixel is dropped.
pub(super) fn halve(above: &[f64], below: &[f64], out: &mut [f64]) {
    for (out, (above, below)) in out.iter_mut().zip(above.chunks_exact(2).zip(below.chunks_exact(2))) {
        *out = (above[0] + above[1] + below[0] + below[1]) / 4.0;
    }
}

/// One channel of a frame.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pub columns: usize,
    pub pixels: Vec<f64>,
}

impl Picture {
    fn rows(&self) -> usize {
        self.pixels.len() / self.columns
    }

    pub fn row(&self, row: usize) -> &[f64] {
        &self.pixels[row * self.columns..(row + 1) * self.columns]
    }

    /// Half the size each way, every pixel the mean of four; an odd last row or column is dropped.
    fn halve_into(&self, half: &mut Picture) {
        half.columns = self.columns / 2;
        half.pixels.resize(half.columns * (self.rows() / 2), 0.0);
        for (at, out) in half.pixels.chunks_exact_mut(half.columns.max(1)).enumerate() {
            halve(self.row(2 * at), self.row(2 * at + 1), out);
        }
    }

    /// Central differences along a row and down the columns, for some pixels of a row; at the borders a pixel stands for
    /// what is beyond.
    pub fn gradients(&self, row: usize, columns: Range<usize>, right: &mut [f64], down: &mut [f64]) {
        let (above, below) = (self.row(row.saturating_sub(1)), self.row((row + 1).min(self.rows() - 1)));
        let (above, below, row) = (&above[columns.clone()], &below[columns.clone()], self.row(row));
        let last = self.columns - 1;
        let inner = columns.start.max(1)..columns.end.min(last);
        let (before, behind) = (&row[inner.start - 1..inner.end - 1], &row[inner.start + 1..inner.end + 1]);
        let middle = &mut right[inner.start - columns.start..inner.end - columns.start];
        wide(
            #[inline(always)]
            || {
                for (to, (before, behind)) in middle.iter_mut().zip(before.iter().zip(behind)) {
                    *to = (behind - before) / 2.0;
                }
                for (to, (above, below)) in down.iter_mut().zip(above.iter().zip(below)) {
                    *to = (below - above) / 2.0;
                }
            },
        );
        if columns.start == 0 {
            right[0] = (row[1] - row[0]) / 2.0;
        }
        if columns.end > last {
            right[last - columns.start] = (row[last] - row[last - 1]) / 2.0;
        }
    }

    /// A row of another picture less the values so much to the right of and below its pixels in this one: bilinear
    /// between pixels, and beyond the border those of the border.
    pub fn left_of(&self, other: &[f64], row: usize, right: &[f64], down: &[f64], out: &mut [f64]) {
        let (mut corners, columns) = (Corners::new(), self.columns as f64);
        let last = (columns - 1.0, (self.rows() - 1) as f64);
        for start in (0..self.columns).step_by(STRIP) {
            let here = start..(start + STRIP).min(self.columns);
            let from = (start as f64, row as f64);
            corners.find(from, last, columns, &right[here.clone()], &down[here.clone()]);
            corners.read(&self.pixels, here.len());
            corners.subtract(&other[here.clone()], &mut out[here]);
        }
    }

    /// Smooths `K` maps of this size: `fill` writes the values at some columns of a row, row after row of a strip, and
    /// `take` gets the weighted means around the pixels of a row from a column on, up to five rows later.
    pub fn smooth<const K: usize>(
        &self,
        mut fill: impl FnMut(usize, Range<usize>, [&mut [f64]; K]),
        mut take: impl FnMut(usize, Range<usize>, &[[f64; STRIP]; K]),
    ) {
        let (rows, weights) = (self.rows(), gaussian(SIGMA));
        let mut lines = [[[0.0; PIXELS]; K]; HELD];
        let mut means = [[0.0; STRIP]; K];
        for start in (0..self.columns).step_by(STRIP) {
            let columns = start..(start + STRIP).min(self.columns);
            let near = start.saturating_sub(HALF)..(columns.end + HALF).min(self.columns);
            let beyond = HALF - (start - near.start);
            let mut held = 0;
            for row in 0..rows + 2 * HALF {
                if held == HELD {
                    held = WINDOW - 1;
                    lines.copy_within(HELD - held.., 0);
                }
                if row > 0 && (row <= HALF || row >= rows + HALF) {
                    lines[held] = lines[held - 1];
                } else {
                    let pixels = beyond..beyond + near.len();
                    fill(
                        row.saturating_sub(HALF),
                        near.clone(),
                        lines[held].each_mut().map(|line| &mut line[pixels.clone()]),
                    );
                    lines[held].iter_mut().for_each(|line| extend(line, pixels.clone()));
                }
                held += 1;
                if row >= 2 * HALF {
                    let window = lines[..held].last_chunk().expect("as many rows as a window has");
                    mean(window, &weights, &mut means);
                    take(row - 2 * HALF, columns.clone(), &means);
                }
            }
        }
    }
}

/// The four pixels around each of some places.
struct Corners {
    /// Shares of the right and of the lower pixels.
    shares: [[f64; STRIP]; 2],
    /// Flat index of the upper left pixel, and how far the right and the lower ones are.
    places: [[u64; STRIP]; 3],
    pixels: [[f64; STRIP]; 4],
}

impl Corners {
    fn new() -> Self {
        Corners { shares: [[0.0; STRIP]; 2], places: [[0; STRIP]; 3], pixels: [[0.0; STRIP]; 4] }
    }

    /// Where the places are that lie so much to the right and below of those from `(x, y)` on.
    fn find(&mut self, (x, y): (f64, f64), last: (f64, f64), columns: f64, right: &[f64], down: &[f64]) {
        let count = right.len().min(STRIP);
        let (right, down) = (&right[..count], &down[..count]);
        let [across, below] = self.shares.each_mut().map(|shares| &mut shares[..count]);
        let [place, beside, under] = self.places.each_mut().map(|places| &mut places[..count]);
        wide(
            #[inline(always)]
            || {
                for at in 0..count {
                    let (x, y) = (held(x + PLACES[at] + right[at], last.0), held(y + down[at], last.1));
                    let (left, top) = (floor(x), floor(y));
                    (across[at], below[at]) = (x - left, y - top);
                    place[at] = index(top * columns + left);
                    beside[at] = index(if left < last.0 { 1.0 } else { 0.0 });
                    under[at] = index(if top < last.1 { columns } else { 0.0 });
                }
            },
        );
    }

    /// Reads the pixels of as many places.
    fn read(&mut self, pixels: &[f64], count: usize) {
        for at in 0..count.min(STRIP) {
            let [place, beside, under] = self.places.each_ref().map(|places| places[at] as usize);
            self.pixels[0][at] = pixels[place];
            self.pixels[1][at] = pixels[place + beside];
            self.pixels[2][at] = pixels[place + under];
            self.pixels[3][at] = pixels[place + under + beside];
        }
    }

    /// Numbers less what is at the places.
    fn subtract(&self, numbers: &[f64], out: &mut [f64]) {
        let ([across, below], count) = (&self.shares, numbers.len().min(STRIP));
        let (numbers, out) = (&numbers[..count], &mut out[..count]);
        let [top_left, top_right, bottom_left, bottom_right] = &self.pixels;
        wide(
            #[inline(always)]
            || {
                for at in 0..count {
                    let top = top_left[at] + across[at] * (top_right[at] - top_left[at]);
                    let bottom = bottom_left[at] + across[at] * (bottom_right[at] - bottom_left[at]);
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

/// Repeats the first and the last of some pixels outside of them.
fn extend(line: &mut [f64; PIXELS], pixels: Range<usize>) {
    let (first, last) = (line[pixels.start], line[pixels.end - 1]);
    line[..pixels.start].fill(first);
    line[pixels.end..].fill(last);
}

/// The weighted means under a row of windows, down the columns first.
fn mean<const K: usize>(lines: &[[[f64; PIXELS]; K]; WINDOW], weights: &[f64; WINDOW], means: &mut [[f64; STRIP]; K]) {
    wide(
        #[inline(always)]
        || {
            for (map, mean) in means.iter_mut().enumerate() {
                let mut column = [0.0; PIXELS];
                for at in 0..PIXELS {
                    column[at] = weighted(
                        weights,
                        #[inline(always)]
                        |row| lines[row][map][at],
                    );
                }
                for at in 0..STRIP {
                    mean[at] = weighted(
                        weights,
                        #[inline(always)]
                        |near| column[at + near],
                    );
                }
            }
        },
    );
}

/// A picture and its halves, the picture first.
#[derive(Debug, Default)]
pub(super) struct Pyramid(Vec<Picture>);

impl Pyramid {
    /// Takes another picture, which `fill` writes, in the memory of the one before.
    pub fn take(&mut self, fill: impl FnOnce(&mut Picture)) {
        let levels = &mut self.0;
        levels.resize_with(levels.len().max(1), Picture::default);
        fill(&mut levels[0]);
        let mut count = 1;
        while count < LEVELS && levels[count - 1].rows().min(levels[count - 1].columns) >= 2 * SMALLEST {
            levels.resize_with(levels.len().max(count + 1), Picture::default);
            let (finer, coarser) = levels.split_at_mut(count);
            finer[count - 1].halve_into(&mut coarser[0]);
            count += 1;
        }
        levels.truncate(count);
    }

    /// The levels, the picture first.
    pub fn levels(&self) -> &[Picture] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(rows: usize, columns: usize, salt: usize) -> Picture {
        let pixels = (0..rows * columns).map(|at| ((at * 7919 + salt) % 251) as f64 / 251.0).collect();
        Picture { columns, pixels }
    }

    /// A pixel, or the one at the border that stands for what is beyond.
    fn pixel(picture: &Picture, row: isize, column: isize) -> f64 {
        let held = |at: isize, length: usize| at.clamp(0, length as isize - 1) as usize;
        picture.row(held(row, picture.rows()))[held(column, picture.columns)]
    }

    #[test]
    fn what_is_smoothed_in_strips_is_the_weighted_mean_around_each_pixel() {
        for (rows, columns) in [(11, 11), (40, 64), (13, 65), (50, 131)] {
            let (picture, weights) = (picture(rows, columns, 3), gaussian(SIGMA));
            let mut smoothed = vec![0.0; rows * columns];
            picture.smooth(
                |row, columns, [map]| map.copy_from_slice(&picture.row(row)[columns]),
                |row, here, [means]| {
                    let start = row * columns + here.start;
                    smoothed[start..start + here.len()].copy_from_slice(&means[..here.len()]);
                },
            );
            for (at, found) in smoothed.into_iter().enumerate() {
                let (row, column) = ((at / columns) as isize - 5, (at % columns) as isize - 5);
                let around = (0..WINDOW).flat_map(|i| (0..WINDOW).map(move |j| (i, j)));
                let term = |(i, j): (usize, usize)| {
                    weights[i] * weights[j] * pixel(&picture, row + i as isize, column + j as isize)
                };
                let expected: f64 = around.map(term).sum();
                assert!((found - expected).abs() < 1e-14, "{rows} x {columns}, {at}: {found} is not {expected}");
            }
        }
    }

    #[test]
    fn values_between_pixels_are_bilinear_and_beyond_the_border_those_of_the_border() {
        let (rows, columns) = (17, 90);
        let (picture, other) = (picture(rows, columns, 0), picture(rows, columns, 5));
        let shift = |at: usize, salt: usize| (at * 31 + salt) as f64 % 9.0 / 3.0 - 1.3;
        for row in 0..rows {
            let [right, down] = [0, 4].map(|salt| (0..columns).map(|at| shift(at + row, salt)).collect::<Vec<_>>());
            let mut found = vec![0.0; columns];
            picture.left_of(other.row(row), row, &right, &down, &mut found);
            for column in 0..columns {
                let (x, y) = (column as f64 + right[column], row as f64 + down[column]);
                let (x, y) = (x.clamp(0.0, (columns - 1) as f64), y.clamp(0.0, (rows - 1) as f64));
                let (left, top) = (x as isize, y as isize);
                let along = |row: isize| {
                    let (left, right) = (pixel(&picture, row, left), pixel(&picture, row, left + 1));
                    left + x.fract() * (right - left)
                };
                let expected = other.row(row)[column] - (along(top) + y.fract() * (along(top + 1) - along(top)));
                assert_eq!(found[column], expected, "{row}, {column}");
            }
        }
    }

    #[test]
    fn a_displacement_that_is_no_number_is_read_nowhere() {
        let (picture, nothing) = (picture(12, 12, 1), [f64::NAN; 12]);
        let mut found = vec![0.0; 12];
        picture.left_of(picture.row(3), 3, &nothing, &nothing, &mut found);
        assert!(found.iter().all(|value| value.is_nan()));
    }

    #[test]
    fn gradients_are_central_and_stop_at_the_borders() {
        let picture = picture(12, 70, 9);
        for (row, columns) in [(0, 0..70), (5, 0..40), (11, 3..70), (6, 59..69)] {
            let (mut right, mut down) = (vec![0.0; columns.len()], vec![0.0; columns.len()]);
            picture.gradients(row, columns.clone(), &mut right, &mut down);
            for (at, column) in columns.enumerate() {
                let near = |i: isize, j: isize| pixel(&picture, row as isize + i, column as isize + j);
                assert_eq!(right[at], (near(0, 1) - near(0, -1)) / 2.0);
                assert_eq!(down[at], (near(1, 0) - near(-1, 0)) / 2.0);
            }
        }
    }
}
