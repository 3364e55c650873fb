//! SSIM under the sliding window, a few rows at a time, never a picture.

use std::ops::Range;

use rayon::prelude::*;

use super::sum::{Compensated, pairs};
use super::wide::wide;

/// Side of the window, and the standard deviation of its weights (Wang 2004, section III.B).
pub(super) const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;
/// Neighbours on either side of the middle.
pub(super) const HALF: usize = WINDOW / 2;
/// Rows of windows that one task takes.
const BAND: usize = 128;
/// Rows of windows that are filtered together: each row of pixels is then read for several of them.
const STEP: usize = 4;
/// Columns that are filtered together, so that the rows they share stay in a first-level cache.
const TILE: usize = 128;
/// Rows of pixels under these.
const HELD: usize = WINDOW + STEP - 1;

/// Two pictures, row by row.
pub(super) trait Rows: Sync {
    fn height(&self) -> usize;
    fn width(&self) -> usize;
    /// Fills a row of either picture.
    fn fill(&self, row: usize, x: &mut [f64], y: &mut [f64]);
    /// Whether the pixels of a row are there; no if all are, and `present` was left alone.
    fn holes(&self, row: usize, present: &mut [bool]) -> bool;
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
    if rows.height() < WINDOW || rows.width() < WINDOW {
        return None;
    }
    let windows = rows.height() - WINDOW + 1;
    let band = |band: usize| Band::new(rows).sums(band * BAND..((band + 1) * BAND).min(windows), constants);
    let parts: Vec<_> = (0..windows.div_ceil(BAND)).into_par_iter().map(band).collect();
    let [ssim, contrast, count] = super::sum::total(parts.into_iter().flatten());
    (count > 0.0).then(|| Similarity { ssim: ssim / count, contrast: contrast / count })
}

/// Whether some window holds no missing pixel.
pub(super) fn has_window(rows: &dyn Rows) -> bool {
    let windows = (rows.height() + 1).saturating_sub(WINDOW);
    let mut band = Band::new(rows);
    (0..rows.height()).any(|row| {
        band.load_holes(row);
        row + 1 >= WINDOW
            && row + 1 - WINDOW < windows
            && band.whole(row + 1 - WINDOW).is_none_or(|whole| whole.contains(&true))
    })
}

/// What is filtered: x, y, x^2 + y^2 (only the sum of the variances is needed) and x y.
const MAPS: usize = 4;

/// The last rows of what is filtered; row `r` stands at place `r % HELD`.
struct Band<'r> {
    rows: &'r dyn Rows,
    maps: [Vec<Vec<f64>>; MAPS],
    /// Whether the two pictures have the same pixels in a row.
    same: [bool; HELD],
    /// The missing pixels of each row, if any.
    holes: [Option<Vec<bool>>; HELD],
}

impl<'r> Band<'r> {
    fn new(rows: &'r dyn Rows) -> Self {
        let map = || vec![vec![0.0; rows.width()]; HELD];
        Band { rows, maps: std::array::from_fn(|_| map()), same: [false; HELD], holes: [const { None }; HELD] }
    }

    /// Sums of SSIM, of the contrast factor and of ones, for each row of windows.
    fn sums(&mut self, windows: Range<usize>, constants: Constants) -> Vec<[f64; 3]> {
        let (weights, count) = (gaussian(SIGMA), self.rows.width() - WINDOW + 1);
        let mut filtered = Filtered::new(self.rows.width());
        let (mut loaded, mut sums) = (windows.start, Vec::with_capacity(windows.len()));
        for first in windows.clone().step_by(STEP) {
            let group = first..(first + STEP).min(windows.end);
            (loaded..group.end + WINDOW - 1).for_each(|row| self.load(row));
            loaded = group.end + WINDOW - 1;
            let whole: Vec<_> = group.clone().map(|window| self.whole(window)).collect();
            let equal = |window: usize| whole[window - first].is_none() && self.all_same(window);
            if !group.clone().all(equal) {
                filtered.fill(&self.maps, group.clone(), &weights);
            }
            for window in group.clone() {
                let maps = &filtered.maps[window - first];
                sums.push(match &whole[window - first] {
                    // Each factor is then a number over itself.
                    None if equal(window) => [count as f64; 3],
                    None => all(maps, constants),
                    Some(whole) => some(maps, constants, whole),
                });
            }
        }
        sums
    }

    /// Whether both pictures are the same under a row of windows.
    fn all_same(&self, window: usize) -> bool {
        (window..window + WINDOW).all(|row| self.same[row % HELD])
    }

    fn load(&mut self, row: usize) {
        let place = row % HELD;
        let [x, y, squares, product] = &mut self.maps;
        let (x, y) = (&mut x[place], &mut y[place]);
        self.rows.fill(row, x, y);
        self.same[place] = x == y;
        products(x, y, &mut squares[place], &mut product[place]);
        self.load_holes(row);
    }

    fn load_holes(&mut self, row: usize) {
        let mut present = self.holes[row % HELD].take().unwrap_or_else(|| vec![true; self.rows.width()]);
        self.holes[row % HELD] = self.rows.holes(row, &mut present).then_some(present);
    }

    /// Which windows of a row have no missing pixel; `None` if all.
    fn whole(&self, window: usize) -> Option<Vec<bool>> {
        let rows = window..window + WINDOW;
        rows.clone().any(|row| self.holes[row % HELD].is_some()).then(|| {
            let holes = |row: usize| self.holes[row % HELD].as_ref();
            let present = |column: usize| rows.clone().filter_map(holes).all(|present| present[column]);
            let columns: Vec<bool> = (0..self.rows.width()).map(present).collect();
            columns.windows(WINDOW).map(|window| !window.contains(&false)).collect()
        })
    }
}

/// The filtered maps of some rows of windows.
struct Filtered {
    columns: [Vec<f64>; STEP],
    maps: [[Vec<f64>; MAPS]; STEP],
}

impl Filtered {
    fn new(width: usize) -> Self {
        let row = |_| std::array::from_fn(|_| vec![0.0; width - WINDOW + 1]);
        Filtered { columns: std::array::from_fn(|_| vec![0.0; width]), maps: std::array::from_fn(row) }
    }

    /// Filters all maps under a group of rows of windows.
    fn fill(&mut self, maps: &[Vec<Vec<f64>>; MAPS], group: Range<usize>, weights: &[f64; WINDOW]) {
        let width = self.columns[0].len();
        for (index, map) in maps.iter().enumerate() {
            let row = |at: usize| &map[(group.start + at) % HELD];
            for start in (0..width).step_by(TILE) {
                let tile = start..(start + TILE).min(width);
                for (window, column) in self.columns[..group.len()].iter_mut().enumerate() {
                    let rows = std::array::from_fn(|at| &row(window + at)[tile.clone()]);
                    down(rows, weights, &mut column[tile.clone()]);
                }
            }
            for (maps, column) in self.maps[..group.len()].iter_mut().zip(&self.columns) {
                along(column, weights, &mut maps[index]);
            }
        }
    }
}

/// Fills x^2 + y^2 and x y.
fn products(x: &[f64], y: &[f64], squares: &mut [f64], product: &mut [f64]) {
    wide(
        #[inline(always)]
        || {
            let pixels = x.iter().zip(y).zip(squares.iter_mut().zip(product));
            for ((&x, &y), (square, product)) in pixels {
                (*square, *product) = (x * x + y * y, x * y);
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
fn weighted(weights: &[f64; WINDOW], value: impl Fn(usize) -> f64) -> f64 {
    let outer = weights[0] * (value(0) + value(10)) + weights[1] * (value(1) + value(9));
    let inner = weights[2] * (value(2) + value(8)) + weights[3] * (value(3) + value(7));
    (outer + inner) + (weights[4] * (value(4) + value(6)) + weights[5] * value(5))
}

/// The weighted sum over eleven rows.
pub(super) fn down(rows: [&[f64]; WINDOW], weights: &[f64; WINDOW], out: &mut [f64]) {
    let width = out.len();
    let rows = rows.map(|row| &row[..width]);
    filter(rows, weights, out);
}

/// The weighted sums over eleven neighbours in a row, which is ten numbers longer than `out`.
pub(super) fn along(row: &[f64], weights: &[f64; WINDOW], out: &mut [f64]) {
    let count = out.len();
    filter(std::array::from_fn(|at| &row[at..at + count]), weights, out);
}

/// The weighted sums of what stands at the same place in eleven slices as long as `out`.
fn filter(slices: [&[f64]; WINDOW], weights: &[f64; WINDOW], out: &mut [f64]) {
    wide(
        #[inline(always)]
        || {
            let count = out.len();
            let slices = slices.map(
                #[inline(always)]
                |slice| &slice[..count],
            );
            for (at, out) in out.iter_mut().enumerate() {
                *out = weighted(
                    weights,
                    #[inline(always)]
                    |slice| slices[slice][at],
                );
            }
        },
    );
}

/// SSIM and its contrast-structure factor from the filtered maps at one place.
#[inline(always)]
fn factors([x, y, squares, product]: [f64; MAPS], Constants(c1, c2): Constants) -> (f64, f64) {
    let (means, both) = (x * x + y * y, 2.0 * x * y);
    let contrast = (2.0 * product - both + c2) / (squares - means + c2);
    ((both + c1) / (means + c1) * contrast, contrast)
}

fn all(filtered: &[Vec<f64>; MAPS], constants: Constants) -> [f64; 3] {
    let count = filtered[0].len();
    let maps: [&[f64]; MAPS] = std::array::from_fn(|map| &filtered[map][..count]);
    let (mut ssim, mut contrast) = (vec![0.0; count], vec![0.0; count]);
    let (ssims, contrasts) = (&mut ssim[..count], &mut contrast[..count]);
    wide(
        #[inline(always)]
        || {
            let [x, y, squares, product] = maps;
            for at in 0..count {
                (ssims[at], contrasts[at]) = factors([x[at], y[at], squares[at], product[at]], constants);
            }
        },
    );
    [pairs(&ssim, &ssim, |value, _| value), pairs(&contrast, &contrast, |value, _| value), count as f64]
}

fn some(filtered: &[Vec<f64>; MAPS], constants: Constants, whole: &[bool]) -> [f64; 3] {
    let mut totals = [Compensated::default(); 2];
    let windows = (0..whole.len()).filter(|&at| whole[at]);
    for at in windows.clone() {
        let (ssim, contrast) = factors(std::array::from_fn(|map| filtered[map][at]), constants);
        totals[0].add(ssim);
        totals[1].add(contrast);
    }
    [totals[0].value(), totals[1].value(), windows.count() as f64]
}
