//! SSIM under the sliding window, a few rows of a strip at a time, never a picture.

use std::ops::Range;

use rayon::prelude::*;

use super::sum::{pairs, total};
use super::wide::wide;

/// Side of the window, and the standard deviation of its weights (Wang 2004, section III.B).
pub(super) const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;
/// Neighbours on either side of the middle.
pub(super) const HALF: usize = WINDOW / 2;
/// Rows of windows that one task takes.
const BAND: usize = 256;
/// Windows side by side that one task takes: what is filtered for eleven rows of them fits into a first-level cache.
const STRIP: usize = 64;
/// Pixels under these.
const PIXELS: usize = STRIP + WINDOW - 1;
/// Rows that are held: when there are so many, those that are still needed move to the front.
const HELD: usize = 32;

/// Two pictures, piece by piece of a row.
pub(super) trait Rows: Sync {
    fn height(&self) -> usize;
    fn width(&self) -> usize;
    /// Fills pixels of either picture from a place in a row on.
    fn fill(&self, row: usize, column: usize, x: &mut [f64], y: &mut [f64]);
    /// Whether pixels from a place in a row on are missing, and which are present; if none is, `present` was left alone.
    fn holes(&self, row: usize, column: usize, present: &mut [bool]) -> bool;
}

/// The mean SSIM over the windows, and the mean of its contrast-structure factor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Similarity {
    pub ssim: f64,
    pub contrast: f64,
}

/// The constants C1 and C2 that keep the factors from dividing by nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constants(pub f64, pub f64);

/// Mean over the windows that lie within the pictures and hold no missing pixel; `None` if there is none.
pub(super) fn similarity(rows: &dyn Rows, constants: Constants) -> Option<Similarity> {
    let (down, across) = windows(rows)?;
    let (bands, strips) = (down.div_ceil(BAND), across.div_ceil(STRIP));
    let task = |lines: &mut Vec<Line>, task: usize| {
        let (band, strip) = (task / strips * BAND, task % strips * STRIP);
        Strip::new(rows, strip, STRIP.min(across - strip), lines).sums(band..(band + BAND).min(down), constants)
    };
    let lines = || vec![Line([[0.0; STRIP]; MAPS]); HELD];
    let parts: Vec<_> = (0..bands * strips).into_par_iter().map_init(lines, task).collect();
    let [ssim, contrast, count] = total(parts);
    (count > 0.0).then(|| Similarity { ssim: ssim / count, contrast: contrast / count })
}

/// Rows and columns of windows that lie within the pictures, if any.
fn windows(rows: &dyn Rows) -> Option<(usize, usize)> {
    (rows.height() >= WINDOW && rows.width() >= WINDOW).then(|| (rows.height() - WINDOW + 1, rows.width() - WINDOW + 1))
}

/// Whether some window holds no missing pixel.
pub(super) fn has_window(rows: &dyn Rows) -> bool {
    let Some((_, across)) = windows(rows) else { return false };
    (0..across).step_by(STRIP).any(|start| {
        let count = STRIP.min(across - start);
        let mut presence = Presence::new();
        (0..rows.height()).any(|row| {
            presence.add(rows, row, start, count);
            presence.whole(count).contains(&true)
        })
    })
}

/// What is filtered: x, y, x^2 + y^2 (only the sum of the variances is needed) and x y.
const MAPS: usize = 4;

/// What is filtered, along a row of windows of a strip. Vectors of it lie within lines of a cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([[f64; STRIP]; MAPS]);

/// Some windows side by side, row after row.
struct Strip<'r> {
    rows: &'r dyn Rows,
    weights: [f64; WINDOW],
    /// The first of the columns, and the number of windows.
    start: usize,
    count: usize,
    /// What is filtered of one row of pixels.
    pixels: [[f64; PIXELS]; MAPS],
    /// Rows that are filtered along, and how many of them there are.
    lines: &'r mut [Line],
    held: usize,
    /// Rows up to the last that are the same in both pictures.
    same: usize,
    presence: Presence,
    /// Sums down each column of SSIM and of its contrast factor, and the number of windows in all.
    sums: Factors,
    windows: usize,
    /// Whether the row of windows before the last one is still to be added: two at once are read from memory once.
    waits: bool,
}

/// SSIM and its contrast-structure factor, along a row of windows of a strip.
type Factors = [[f64; STRIP]; 2];

impl<'r> Strip<'r> {
    fn new(rows: &'r dyn Rows, start: usize, count: usize, lines: &'r mut [Line]) -> Self {
        let (weights, pixels) = (gaussian(SIGMA), [[0.0; PIXELS]; MAPS]);
        let (presence, sums) = (Presence::new(), [[0.0; STRIP]; 2]);
        Strip { rows, weights, start, count, pixels, lines, held: 0, same: 0, presence, sums, windows: 0, waits: false }
    }

    /// Sums of SSIM, of the contrast factor and of ones, over rows of windows.
    fn sums(mut self, windows: Range<usize>, constants: Constants) -> [f64; 3] {
        for row in windows.start..windows.end + WINDOW - 1 {
            self.load(row);
            if row + 1 >= windows.start + WINDOW {
                self.add_last(constants);
            }
        }
        self.add_waiting(self.held, constants);
        let [ssim, contrast] = self.sums.map(|sums| pairs(&sums[..self.count], &sums[..self.count], |sum, _| sum));
        [ssim, contrast, self.windows as f64]
    }

    /// Adds the row of windows that ends with the last row of pixels, or lets it wait for the next one.
    fn add_last(&mut self, constants: Constants) {
        let complete = self.presence.is_whole();
        if complete && self.same < WINDOW {
            if self.waits {
                down::<2>(&self.lines[..self.held], &self.weights, constants, &mut self.sums);
            }
            self.waits = !self.waits;
            self.windows += self.count;
            return;
        }
        self.add_waiting(self.held - 1, constants);
        if complete {
            // Each factor is a number over itself.
            self.sums.as_flattened_mut().iter_mut().for_each(|sum| *sum += 1.0);
            self.windows += self.count;
        } else {
            self.add_whole(constants);
        }
    }

    /// Adds the row of windows that waits, if any, given where it ends among the rows that are held.
    fn add_waiting(&mut self, end: usize, constants: Constants) {
        if std::mem::take(&mut self.waits) {
            down::<1>(&self.lines[..end], &self.weights, constants, &mut self.sums);
        }
    }

    /// Adds those of the last row of windows that have no missing pixel.
    fn add_whole(&mut self, constants: Constants) {
        let mut factors = [[0.0; STRIP]; 2];
        down::<1>(&self.lines[..self.held], &self.weights, constants, &mut factors);
        let whole = self.presence.whole(self.count);
        for at in (0..self.count).filter(|&at| whole[at]) {
            // Elsewhere there may be no number.
            self.sums.iter_mut().zip(&factors).for_each(|(sums, factors)| sums[at] += factors[at]);
            self.windows += 1;
        }
    }

    fn load(&mut self, row: usize) {
        if self.held == HELD {
            self.held = WINDOW;
            self.lines.copy_within(HELD - self.held.., 0);
        }
        let wide = self.count + WINDOW - 1;
        let [x, y, ..] = &mut self.pixels;
        self.rows.fill(row, self.start, &mut x[..wide], &mut y[..wide]);
        self.same = if x == y { self.same + 1 } else { 0 };
        along(&mut self.pixels, &self.weights, &mut self.lines[self.held]);
        self.held += 1;
        self.presence.add(self.rows, row, self.start, self.count);
    }
}

/// Where pixels are missing under the rows of a strip.
struct Presence {
    /// Rows so far, how many of them end with one that misses a pixel, and the same for each column.
    rows: usize,
    behind: usize,
    columns: [usize; PIXELS],
}

impl Presence {
    fn new() -> Self {
        Presence { rows: 0, behind: 0, columns: [0; PIXELS] }
    }

    /// Adds the pixels of a row under so many windows.
    fn add(&mut self, rows: &dyn Rows, row: usize, start: usize, count: usize) {
        let mut present = [true; PIXELS];
        self.rows += 1;
        if rows.holes(row, start, &mut present[..count + WINDOW - 1]) {
            self.behind = self.rows;
            let missing = self.columns.iter_mut().zip(present).filter(|(_, present)| !present);
            missing.for_each(|(behind, _)| *behind = self.rows);
        }
    }

    /// Whether the last row of windows has no missing pixel at all.
    fn is_whole(&self) -> bool {
        self.rows - self.behind >= WINDOW
    }

    /// Which of so many windows of the last row have no missing pixel.
    fn whole(&self, count: usize) -> Vec<bool> {
        let is_whole = |&behind: &usize| self.rows - behind >= WINDOW;
        self.columns[..count + WINDOW - 1].windows(WINDOW).map(|columns| columns.iter().all(is_whole)).collect()
    }
}

/// Fills x^2 + y^2 and x y, and filters all along a row.
fn along([x, y, squares, product]: &mut [[f64; PIXELS]; MAPS], weights: &[f64; WINDOW], Line(line): &mut Line) {
    wide(
        #[inline(always)]
        || {
            for at in 0..PIXELS {
                (squares[at], product[at]) = (x[at] * x[at] + y[at] * y[at], x[at] * y[at]);
            }
            for (line, pixels) in line.iter_mut().zip([x, y, squares, product]) {
                for at in 0..STRIP {
                    line[at] = weighted(
                        weights,
                        #[inline(always)]
                        |near| pixels[at + near],
                    );
                }
            }
        },
    );
}

/// Filters down the last `N` rows of windows, one or two, and adds their factors to sums.
fn down<const N: usize>(
    lines: &[Line],
    weights: &[f64; WINDOW],
    constants: Constants,
    [ssims, contrasts]: &mut Factors,
) {
    let lines = &lines[lines.len() + 1 - WINDOW - N..];
    wide(
        #[inline(always)]
        || {
            for at in 0..STRIP {
                let mut maps = [[0.0; MAPS]; N];
                for map in 0..MAPS {
                    for (row, maps) in maps.iter_mut().enumerate() {
                        maps[map] = weighted(
                            weights,
                            #[inline(always)]
                            |near| lines[row + near].0[map][at],
                        );
                    }
                }
                for maps in maps {
                    let (ssim, contrast) = factors(maps, constants);
                    (ssims[at], contrasts[at]) = (ssims[at] + ssim, contrasts[at] + contrast);
                }
            }
        },
    );
}

/// Weights of a standard deviation, their sum one.
pub(super) fn gaussian(sigma: f64) -> [f64; WINDOW] {
    let weight = |at: usize| libm::exp(-(at as f64 - HALF as f64).powi(2) / (2.0 * sigma * sigma));
    let total: f64 = (0..WINDOW).map(weight).sum();
    std::array::from_fn(|at| weight(at) / total)
}

/// The weighted sum of eleven numbers; the weights are symmetric.
#[inline(always)]
pub(super) fn weighted(weights: &[f64; WINDOW], value: impl Fn(usize) -> f64) -> f64 {
    let outer = weights[0] * (value(0) + value(10)) + weights[1] * (value(1) + value(9));
    let inner = weights[2] * (value(2) + value(8)) + weights[3] * (value(3) + value(7));
    (outer + inner) + (weights[4] * (value(4) + value(6)) + weights[5] * value(5))
}

/// SSIM and its contrast-structure factor from the filtered maps at one place.
#[inline(always)]
fn factors([x, y, squares, product]: [f64; MAPS], Constants(c1, c2): Constants) -> (f64, f64) {
    let (means, both) = (x * x + y * y, 2.0 * x * y);
    let (structure, spread) = (2.0 * product - both + c2, squares - means + c2);
    let (middle, size) = (both + c1, means + c1);
    // One division serves both.
    let inverse = 1.0 / (spread * size);
    let shared = structure * inverse;
    (middle * shared, size * shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pictures {
        width: usize,
        x: Vec<f64>,
        y: Vec<f64>,
    }

    impl Rows for Pictures {
        fn height(&self) -> usize {
            self.x.len() / self.width
        }

        fn width(&self) -> usize {
            self.width
        }

        fn fill(&self, row: usize, column: usize, x: &mut [f64], y: &mut [f64]) {
            let start = row * self.width + column;
            x.copy_from_slice(&self.x[start..start + x.len()]);
            y.copy_from_slice(&self.y[start..start + y.len()]);
        }

        fn holes(&self, row: usize, column: usize, present: &mut [bool]) -> bool {
            present.iter_mut().enumerate().for_each(|(at, present)| *present = self.is_present(row, column + at));
            present.contains(&false)
        }
    }

    impl Pictures {
        fn new(height: usize, width: usize) -> Self {
            let x: Vec<f64> = (0..height * width).map(|at| (at * 7919 % 251) as f64).collect();
            let y = x.iter().enumerate().map(|(at, x)| x + if at % 600 < 400 { (at % 5) as f64 } else { 0.0 });
            Pictures { width, y: y.collect(), x }
        }

        fn is_present(&self, row: usize, column: usize) -> bool {
            (row, column) != (20, 60) && (row != 290 || column < 70)
        }

        /// The mean over the windows by its definition.
        fn expected(&self, constants: Constants) -> Similarity {
            let (weights, width) = (gaussian(SIGMA), self.width);
            let mut sums = [0.0; 3];
            for (row, column) in (0..=self.height() - WINDOW).flat_map(|i| (0..=width - WINDOW).map(move |j| (i, j))) {
                let places = || (0..WINDOW * WINDOW).map(|at| (at / WINDOW, at % WINDOW));
                if !places().all(|(i, j)| self.is_present(row + i, column + j)) {
                    continue;
                }
                let mean = |value: &dyn Fn(f64, f64) -> f64| -> f64 {
                    let at = |i: usize, j: usize| (row + i) * width + column + j;
                    places().map(|(i, j)| weights[i] * weights[j] * value(self.x[at(i, j)], self.y[at(i, j)])).sum()
                };
                let squares = mean(&|x, y| x * x + y * y);
                let maps = [mean(&|x, _| x), mean(&|_, y| y), squares, mean(&|x, y| x * y)];
                let (ssim, contrast) = factors(maps, constants);
                sums = [sums[0] + ssim, sums[1] + contrast, sums[2] + 1.0];
            }
            Similarity { ssim: sums[0] / sums[2], contrast: sums[1] / sums[2] }
        }
    }

    #[test]
    fn strips_and_bands_cover_every_window_without_a_hole_once() {
        let constants = Constants(6.5, 58.5);
        for (height, width) in [(11, 74), (12, 75), (300, 140)] {
            let pictures = Pictures::new(height, width);
            let (found, expected) = (similarity(&pictures, constants).expect("windows"), pictures.expected(constants));
            assert!((found.ssim - expected.ssim).abs() < 1e-12, "{found:?} is not {expected:?}");
            assert!((found.contrast - expected.contrast).abs() < 1e-12, "{found:?} is not {expected:?}");
            assert!(has_window(&pictures));
        }
        assert_eq!(similarity(&Pictures::new(10, 100), constants), None);
        assert!(!has_window(&Pictures::new(10, 100)));
    }

    #[test]
    fn windows_of_the_same_pixels_count_one_wherever_others_are_between_them() {
        let constants = Constants(6.5, 58.5);
        for differing in [0..0, 13..14, 30..45, 0..50] {
            let mut pictures = Pictures::new(60, 70);
            let differs = |at: &usize| differing.contains(&(at / 70));
            (0..60 * 70).filter(|at| !differs(at)).for_each(|at| pictures.y[at] = pictures.x[at]);
            let (found, expected) = (similarity(&pictures, constants).expect("windows"), pictures.expected(constants));
            assert!((found.ssim - expected.ssim).abs() < 1e-12, "{found:?} is not {expected:?}");
            assert!((found.contrast - expected.contrast).abs() < 1e-12, "{found:?} is not {expected:?}");
        }
    }

    #[test]
    fn columns_beyond_the_last_window_count_for_nothing_where_the_constants_are_zero() {
        let x = vec![3.0; 12 * 13];
        let y = (0..12 * 13).map(|at| (at * 31 % 17) as f64).collect();
        let found = similarity(&Pictures { width: 13, x, y }, Constants(0.0, 0.0)).expect("six windows");
        assert!(found.ssim.is_finite() && found.contrast.abs() < 1e-12, "{found:?}");
    }
}
