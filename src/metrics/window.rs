//! SSIM under the sliding window, a few rows of a strip at a time, never a picture.

use std::ops::Range;

use codecbench_methods::shared::simd::{Doubles, DoublesKernel, eights};
use rayon::prelude::*;

use super::filter::{HELD, Held, Line, Numbers, Pixels, STRIP, UNDER, VECTOR, WINDOW, Weights, along, down};
use super::sum::{pairs, total};

/// Standard deviation of the window's weights (Wang 2004, section III.B).
const SIGMA: f64 = 1.5;
/// Rows of windows that one task takes.
const BAND: usize = 256;

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
    let task = |task: usize| {
        let (band, strip) = (task / strips * BAND, task % strips * STRIP);
        Strip::new(rows, strip, STRIP.min(across - strip)).sums(band..(band + BAND).min(down), constants)
    };
    let parts: Vec<_> = (0..bands * strips).into_par_iter().map(task).collect();
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

/// What is filtered, along a row of windows of a strip.
type Lines = [Line; MAPS];

/// Some windows side by side, row after row.
struct Strip<'r> {
    rows: &'r dyn Rows,
    weights: Weights,
    /// The first of the columns, and the number of windows.
    start: usize,
    count: usize,
    /// What is filtered of one row of pixels.
    pixels: [Pixels; MAPS],
    /// Rows that are filtered along.
    lines: Held<Lines>,
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
type Factors = [Line; 2];

impl<'r> Strip<'r> {
    fn new(rows: &'r dyn Rows, start: usize, count: usize) -> Self {
        let (weights, pixels, lines) = (Weights::gaussian(SIGMA), [Pixels::ZERO; MAPS], Held::new([Line::ZERO; MAPS]));
        let (presence, sums) = (Presence::new(), [Line::ZERO; 2]);
        Strip { rows, weights, start, count, pixels, lines, same: 0, presence, sums, windows: 0, waits: false }
    }

    /// Sums of SSIM, of the contrast factor and of ones, over rows of windows.
    fn sums(&mut self, windows: Range<usize>, constants: Constants) -> [f64; 3] {
        for row in windows.start..windows.end + WINDOW - 1 {
            self.load(row);
            if row + 1 >= windows.start + WINDOW {
                self.add_last(constants);
            }
        }
        self.add_waiting::<1>(constants);
        let [ssim, contrast] =
            self.sums.each_ref().map(|Numbers(sums)| pairs(&sums[..self.count], &sums[..self.count], |sum, _| sum));
        [ssim, contrast, self.windows as f64]
    }

    /// Adds the row of windows that ends with the last row of pixels, or lets it wait for the next one.
    fn add_last(&mut self, constants: Constants) {
        let complete = self.presence.is_whole();
        if complete && self.same < WINDOW {
            if self.waits {
                add::<2, 0>(&self.lines, &self.weights, constants, &mut self.sums);
            }
            self.waits = !self.waits;
            self.windows += self.count;
            return;
        }
        self.add_waiting::<0>(constants);
        if complete {
            // Each factor is a number over itself.
            self.sums.iter_mut().flat_map(|Numbers(sums)| sums).for_each(|sum| *sum += 1.0);
            self.windows += self.count;
        } else {
            self.add_whole(constants);
        }
    }

    /// Adds the row of windows that waits, if any, given where it begins among the rows that are held.
    fn add_waiting<const FIRST: usize>(&mut self, constants: Constants) {
        if std::mem::take(&mut self.waits) {
            add::<1, FIRST>(&self.lines, &self.weights, constants, &mut self.sums);
        }
    }

    /// Adds those of the last row of windows that have no missing pixel.
    fn add_whole(&mut self, constants: Constants) {
        let mut factors = [Line::ZERO; 2];
        add::<1, 1>(&self.lines, &self.weights, constants, &mut factors);
        let whole = self.presence.whole(self.count);
        for at in (0..self.count).filter(|&at| whole[at]) {
            // Elsewhere there may be no number.
            self.sums.iter_mut().zip(&factors).for_each(|(sums, factors)| sums.0[at] += factors.0[at]);
            self.windows += 1;
        }
    }

    fn load(&mut self, row: usize) {
        let wide = self.count + WINDOW - 1;
        let [Numbers(x), Numbers(y), ..] = &mut self.pixels;
        self.rows.fill(row, self.start, &mut x[..wide], &mut y[..wide]);
        self.same = if x[..wide] == y[..wide] { self.same + 1 } else { 0 };
        eights(Along { pixels: &mut self.pixels, weights: &self.weights, lines: self.lines.push() });
        self.presence.add(self.rows, row, self.start, self.count);
    }
}

/// Where pixels are missing under the rows of a strip.
struct Presence {
    /// Rows so far, how many of them end with one that misses a pixel, and the same for each column.
    rows: usize,
    behind: usize,
    columns: [usize; UNDER],
}

impl Presence {
    fn new() -> Self {
        Presence { rows: 0, behind: 0, columns: [0; UNDER] }
    }

    /// Adds the pixels of a row under so many windows.
    fn add(&mut self, rows: &dyn Rows, row: usize, start: usize, count: usize) {
        let mut present = [true; UNDER];
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
struct Along<'a> {
    pixels: &'a mut [Pixels; MAPS],
    weights: &'a Weights,
    lines: &'a mut Lines,
}

impl DoublesKernel<VECTOR> for Along<'_> {
    type Output = ();

    #[inline(always)]
    fn run<D: Doubles<VECTOR>>(self) {
        let [x, y, squares, product] = self.pixels.each_mut().map(Pixels::vectors_mut);
        for (x, (y, (squares, product))) in x.iter().zip(y.iter().zip(squares.iter_mut().zip(product))) {
            let (x, y) = (D::load(x), D::load(y));
            x.times(x).plus(y.times(y)).store(squares);
            x.times(y).store(product);
        }
        let weights = self.weights.vectors::<D>();
        self.pixels.iter().zip(self.lines).for_each(
            #[inline(always)]
            |(pixels, line)| along(&weights, pixels, line),
        );
    }
}

/// Filters `N` rows of windows down, one or two, the first of which begins with row `FIRST` of those that are held, and
/// adds their factors to sums.
fn add<const N: usize, const FIRST: usize>(
    lines: &Held<Lines>,
    weights: &Weights,
    constants: Constants,
    sums: &mut Factors,
) {
    eights(Add::<N, FIRST> { rows: lines.window(), weights, constants, sums });
}

struct Add<'a, const N: usize, const FIRST: usize> {
    rows: [&'a Lines; HELD],
    weights: &'a Weights,
    constants: Constants,
    sums: &'a mut Factors,
}

impl<const N: usize, const FIRST: usize> DoublesKernel<VECTOR> for Add<'_, N, FIRST> {
    type Output = ();

    #[inline(always)]
    fn run<D: Doubles<VECTOR>>(self) {
        let mut means = [[Line::ZERO; MAPS]; 2];
        down::<D, N, FIRST, _, _>(&self.weights.vectors(), self.rows, &mut means);
        // A loop of its own: divisions of several vectors overlap.
        let [ssims, contrasts] = self.sums.each_mut().map(Line::vectors_mut);
        for (at, (ssims, contrasts)) in ssims.iter_mut().zip(contrasts).enumerate() {
            let (mut ssim, mut contrast) = (D::load(ssims), D::load(contrasts));
            for [x, y, squares, product] in &means[..N] {
                let means = [
                    D::load(&x.vectors()[at]),
                    D::load(&y.vectors()[at]),
                    D::load(&squares.vectors()[at]),
                    D::load(&product.vectors()[at]),
                ];
                let (ssim_here, contrast_here) = factors(means, self.constants);
                (ssim, contrast) = (ssim.plus(ssim_here), contrast.plus(contrast_here));
            }
            ssim.store(ssims);
            contrast.store(contrasts);
        }
    }
}

/// SSIM and its contrast-structure factor from the filtered maps.
#[inline(always)]
fn factors<D: Doubles<VECTOR>>([x, y, squares, product]: [D; MAPS], Constants(c1, c2): Constants) -> (D, D) {
    let (two, c1, c2) = (D::splat(2.0), D::splat(c1), D::splat(c2));
    let (means, both) = (x.times(x).plus(y.times(y)), two.times(x).times(y));
    let (structure, spread) = (two.times(product).minus(both).plus(c2), squares.minus(means).plus(c2));
    let (middle, size) = (both.plus(c1), means.plus(c1));
    // One division serves both.
    let shared = structure.times(D::splat(1.0).over(spread.times(size)));
    (middle.times(shared), size.times(shared))
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
            let (weights, width) = (Weights::gaussian(SIGMA), self.width);
            let mut sums = [0.0; 3];
            for (row, column) in (0..=self.height() - WINDOW).flat_map(|i| (0..=width - WINDOW).map(move |j| (i, j))) {
                let places = || (0..WINDOW * WINDOW).map(|at| (at / WINDOW, at % WINDOW));
                if !places().all(|(i, j)| self.is_present(row + i, column + j)) {
                    continue;
                }
                let mean = |value: &dyn Fn(f64, f64) -> f64| -> f64 {
                    let at = |i: usize, j: usize| (row + i) * width + column + j;
                    places()
                        .map(|(i, j)| weights.at(i) * weights.at(j) * value(self.x[at(i, j)], self.y[at(i, j)]))
                        .sum()
                };
                let squares = mean(&|x, y| x * x + y * y);
                let maps = [mean(&|x, _| x), mean(&|_, y| y), squares, mean(&|x, y| x * y)];
                let ([ssim, ..], [contrast, ..]) = factors(maps.map(|mean| [mean; VECTOR]), constants);
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
