//! SSIM under the sliding window, row by row: eleven rows are held at a time, never a picture.

use std::ops::Range;

use rayon::prelude::*;

use super::sum::{Compensated, pairs};

/// Side of the window, and the standard deviation of its weights (Wang 2004, section III.B).
pub(super) const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;
/// Neighbours on either side of the middle.
pub(super) const HALF: usize = WINDOW / 2;
/// Rows of windows that one task takes.
const BAND: usize = 32;

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
        row + 1 >= WINDOW && row + 1 - WINDOW < windows && band.whole().is_none_or(|whole| whole.contains(&true))
    })
}

/// What is filtered: x, y, x^2 + y^2 (only the sum of the variances is needed) and x y.
const MAPS: usize = 4;

/// The last eleven rows of what is filtered; row `r` stands at place `r % 11`.
struct Band<'r> {
    rows: &'r dyn Rows,
    maps: [Vec<Vec<f64>>; MAPS],
    /// Whether the two pictures have the same pixels in a row.
    same: [bool; WINDOW],
    /// The missing pixels of each row, if any.
    holes: [Option<Vec<bool>>; WINDOW],
}

impl<'r> Band<'r> {
    fn new(rows: &'r dyn Rows) -> Self {
        let map = || vec![vec![0.0; rows.width()]; WINDOW];
        Band { rows, maps: std::array::from_fn(|_| map()), same: [false; WINDOW], holes: [const { None }; WINDOW] }
    }

    /// Sums of SSIM, of the contrast factor and of ones, for each row of windows.
    fn sums(&mut self, windows: Range<usize>, constants: Constants) -> Vec<[f64; 3]> {
        let weights = gaussian(SIGMA);
        let width = self.rows.width();
        let (mut column, mut filtered) = (vec![0.0; width], [const { Vec::new() }; MAPS]);
        let mut sums = Vec::with_capacity(windows.len());
        for row in windows.start..windows.end + WINDOW - 1 {
            self.load(row);
            if row + 1 < windows.start + WINDOW {
                continue;
            }
            let (whole, count) = (self.whole(), width - WINDOW + 1);
            if whole.is_none() && self.same == [true; WINDOW] {
                // Each factor is then a number over itself.
                sums.push([count as f64; 3]);
                continue;
            }
            for (map, out) in self.maps.iter().zip(&mut filtered) {
                down(std::array::from_fn(|at| &map[(row + 1 + at) % WINDOW][..]), &weights, &mut column);
                out.resize(count, 0.0);
                along(&column, &weights, out);
            }
            sums.push(match whole {
                None => all(&filtered, constants),
                Some(whole) => some(&filtered, constants, &whole),
            });
        }
        sums
    }

    fn load(&mut self, row: usize) {
        let place = row % WINDOW;
        let [x, y, squares, product] = &mut self.maps;
        let (x, y) = (&mut x[place], &mut y[place]);
        self.rows.fill(row, x, y);
        self.same[place] = x == y;
        let pixels = || x.iter().zip(&*y);
        squares[place].iter_mut().zip(pixels()).for_each(|(out, (x, y))| *out = x * x + y * y);
        product[place].iter_mut().zip(pixels()).for_each(|(out, (x, y))| *out = x * y);
        self.load_holes(row);
    }

    fn load_holes(&mut self, row: usize) {
        let mut present = self.holes[row % WINDOW].take().unwrap_or_else(|| vec![true; self.rows.width()]);
        self.holes[row % WINDOW] = self.rows.holes(row, &mut present).then_some(present);
    }

    /// Which windows over the rows held now have no missing pixel; `None` if all.
    fn whole(&self) -> Option<Vec<bool>> {
        self.holes.iter().any(Option::is_some).then(|| {
            let present = |column: usize| self.holes.iter().flatten().all(|present| present[column]);
            let columns: Vec<bool> = (0..self.rows.width()).map(present).collect();
            columns.windows(WINDOW).map(|window| !window.contains(&false)).collect()
        })
    }
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
    out.iter_mut().enumerate().for_each(|(column, out)| *out = weighted(weights, |at| rows[at][column]));
}

/// The weighted sums over eleven neighbours in a row, which is ten numbers longer than `out`.
pub(super) fn along(row: &[f64], weights: &[f64; WINDOW], out: &mut [f64]) {
    let count = out.len();
    let shifted: [&[f64]; WINDOW] = std::array::from_fn(|at| &row[at..at + count]);
    out.iter_mut().enumerate().for_each(|(column, out)| *out = weighted(weights, |at| shifted[at][column]));
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
    for at in 0..count {
        (ssims[at], contrasts[at]) = factors(maps.map(|map| map[at]), constants);
    }
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
