//! Pictures of numbers as optical flow needs them: halves and gradients.

use std::ops::Range;

use super::wide::wide;

/// Sides at which the pyramid ends, pixels, and most levels.
const SMALLEST: usize = 24;
const LEVELS: usize = 5;

/// The means of four pixels each from two rows; an odd last pixel is dropped.
pub(super) fn halve(above: &[f64], below: &[f64], out: &mut [f64]) {
    for (out, (above, below)) in out.iter_mut().zip(above.chunks_exact(2).zip(below.chunks_exact(2))) {
        *out = (above[0] + above[1] + below[0] + below[1]) / 4.0;
    }
}

/// One channel of a frame.
#[derive(Debug, Default)]
pub(super) struct Picture {
    rows: usize,
    columns: usize,
    /// The pixels, and as many more numbers as [`Picture::around`] reads of the last one.
    numbers: Vec<f64>,
}

impl Picture {
    /// Gives it another size; its pixels are then any numbers.
    pub fn resize(&mut self, rows: usize, columns: usize) {
        (self.rows, self.columns) = (rows, columns);
        self.numbers.resize(rows * columns + columns + 1, 0.0);
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The number of pixels.
    pub fn len(&self) -> usize {
        self.rows * self.columns
    }

    pub fn row(&self, row: usize) -> &[f64] {
        &self.numbers[row * self.columns..(row + 1) * self.columns]
    }

    pub fn pixels_mut(&mut self) -> &mut [f64] {
        let count = self.len();
        &mut self.numbers[..count]
    }

    /// A pixel and the one to its right, and the two below: whatever number stands for one that there is not.
    #[inline(always)]
    pub fn around(&self, pixel: usize) -> [[f64; 2]; 2] {
        let two = |at: usize| *self.numbers[at..].first_chunk().expect("more numbers than pixels");
        [two(pixel), two(pixel + self.columns)]
    }

    /// Half the size each way, every pixel the mean of four; an odd last row or column is dropped.
    fn halve_into(&self, half: &mut Picture) {
        half.resize(self.rows / 2, self.columns / 2);
        let columns = half.columns;
        for (at, out) in half.pixels_mut().chunks_exact_mut(columns.max(1)).enumerate() {
            halve(self.row(2 * at), self.row(2 * at + 1), out);
        }
    }

    /// Central differences along a row and down the columns, for some pixels of a row; at the borders a pixel stands for
    /// what is beyond.
    pub fn gradients(&self, row: usize, columns: Range<usize>, right: &mut [f64], down: &mut [f64]) {
        let (above, below) = (self.row(row.saturating_sub(1)), self.row((row + 1).min(self.rows - 1)));
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
        while count < LEVELS && levels[count - 1].rows.min(levels[count - 1].columns) >= 2 * SMALLEST {
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
pub(super) mod tests {
    use super::*;

    pub fn picture(rows: usize, columns: usize, salt: usize) -> Picture {
        let mut picture = Picture::default();
        picture.resize(rows, columns);
        let value = |at: usize| ((at * 7919 + salt) % 251) as f64 / 251.0;
        picture.pixels_mut().iter_mut().enumerate().for_each(|(at, pixel)| *pixel = value(at));
        picture
    }

    /// A pixel, or the one at the border that stands for what is beyond.
    pub fn pixel(picture: &Picture, row: isize, column: isize) -> f64 {
        let held = |at: isize, length: usize| at.clamp(0, length as isize - 1) as usize;
        picture.row(held(row, picture.rows()))[held(column, picture.columns())]
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
