//! Weighted means around the pixels of a picture, strip by strip: no map that is smoothed is ever held.

use std::ops::Range;

use codecbench_methods::shared::simd::{Doubles, DoublesKernel, eights};

use super::filter::{HALF, HELD, Held, Line, Numbers, Pixels, STRIP, VECTOR, Weights, along, down};
use super::picture::Picture;

/// Standard deviation of the window's weights, pixels.
const SIGMA: f64 = 2.5;

impl Picture {
    /// Smooths `K` maps of this size around the pixels of some rows: `fill` writes the values at some columns of a row,
    /// row after row of a strip, and `take` gets the weighted means around the pixels of a row from a column on, up to six
    /// rows later. At the borders a pixel stands for what is beyond.
    pub fn smooth<const K: usize>(
        &self,
        band: Range<usize>,
        fill: impl Fn(usize, Range<usize>, [&mut [f64]; K]),
        mut take: impl FnMut(usize, Range<usize>, &[Line; K]),
    ) {
        let mut window = Window::new();
        for start in (0..self.columns()).step_by(STRIP) {
            let strip = start..(start + STRIP).min(self.columns());
            let near = start.saturating_sub(HALF)..(strip.end + HALF).min(self.columns());
            let under = HALF + near.start - start..HALF + near.end - start;
            let mut filled = None;
            for below in band.start..band.end + 2 * HALF {
                let row = below.saturating_sub(HALF).min(self.rows() - 1);
                if filled.replace(row) == Some(row) {
                    window.maps.repeat();
                } else {
                    window.push(&under, |maps| fill(row, near.clone(), maps));
                }
                let Some(row) = below.checked_sub(2 * HALF).filter(|row| *row >= band.start) else { continue };
                // Two rows at once are read from memory once.
                if (row - band.start) % 2 == 1 {
                    window.filter::<2, 0>();
                    take(row - 1, strip.clone(), &window.means[0]);
                    take(row, strip.clone(), &window.means[1]);
                } else if row + 1 == band.end {
                    window.filter::<1, 1>();
                    take(row, strip.clone(), &window.means[0]);
                }
            }
        }
    }
}

/// The rows under a row of windows, and what becomes of them.
struct Window<const K: usize> {
    weights: Weights,
    maps: Held<[Pixels; K]>,
    /// Two rows that are filtered down, and then along.
    columns: [[Pixels; K]; 2],
    means: [[Line; K]; 2],
}

impl<const K: usize> Window<K> {
    fn new() -> Self {
        let (weights, maps) = (Weights::gaussian(SIGMA), Held::new([Pixels::ZERO; K]));
        Window { weights, maps, columns: [[Pixels::ZERO; K]; 2], means: [[Line::ZERO; K]; 2] }
    }

    /// Takes another row of maps, of which `fill` writes the pixels that there are.
    fn push(&mut self, pixels: &Range<usize>, fill: impl FnOnce([&mut [f64]; K])) {
        let maps = self.maps.push();
        fill(maps.each_mut().map(|Numbers(map)| &mut map[pixels.clone()]));
        for Numbers(map) in maps {
            let (first, last) = (map[pixels.start], map[pixels.end - 1]);
            map[..pixels.start].fill(first);
            map[pixels.end..].fill(last);
        }
    }

    /// Filters `N` rows of windows, the first of which begins with row `FIRST` of those that are held.
    fn filter<const N: usize, const FIRST: usize>(&mut self) {
        let Window { weights, maps, columns, means } = self;
        eights(Filter::<K, N, FIRST> { weights, maps: maps.window(), columns, means });
    }
}

struct Filter<'a, const K: usize, const N: usize, const FIRST: usize> {
    weights: &'a Weights,
    maps: [&'a [Pixels; K]; HELD],
    columns: &'a mut [[Pixels; K]; 2],
    means: &'a mut [[Line; K]; 2],
}

impl<const K: usize, const N: usize, const FIRST: usize> DoublesKernel<VECTOR> for Filter<'_, K, N, FIRST> {
    type Output = ();

    #[inline(always)]
    fn run<D: Doubles<VECTOR>>(self) {
        let weights = self.weights.vectors::<D>();
        down::<D, N, FIRST, _, _>(&weights, self.maps, self.columns);
        for (columns, means) in self.columns.iter().zip(self.means).take(N) {
            for (columns, means) in columns.iter().zip(means) {
                along(&weights, columns, means);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::WINDOW;
    use super::super::picture::tests::{picture, pixel};
    use super::*;

    #[test]
    fn what_is_smoothed_in_strips_is_the_weighted_mean_around_each_pixel() {
        for (rows, columns) in [(11, 11), (40, 64), (13, 65), (50, 131)] {
            let (picture, weights) = (picture(rows, columns, 3), Weights::gaussian(SIGMA));
            let mut smoothed = vec![0.0; rows * columns];
            for band in [0..rows / 3, rows / 3..rows / 3 + 1, rows / 3 + 1..rows] {
                picture.smooth(
                    band,
                    |row, columns, [map]| map.copy_from_slice(&picture.row(row)[columns]),
                    |row, here, [Numbers(means)]| {
                        let start = row * columns + here.start;
                        smoothed[start..start + here.len()].copy_from_slice(&means[..here.len()]);
                    },
                );
            }
            for (at, found) in smoothed.into_iter().enumerate() {
                let (row, column) = ((at / columns) as isize - 5, (at % columns) as isize - 5);
                let around = (0..WINDOW).flat_map(|i| (0..WINDOW).map(move |j| (i, j)));
                let term = |(i, j): (usize, usize)| {
                    weights.at(i) * weights.at(j) * pixel(&picture, row + i as isize, column + j as isize)
                };
                let expected: f64 = around.map(term).sum();
                assert!((found - expected).abs() < 1e-14, "{rows} x {columns}, {at}: {found} is not {expected}");
            }
        }
    }
}
