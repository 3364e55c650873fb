//! Optical flow between neighbouring frames of a video: Lucas and Kanade (1981), dense, from coarse to fine, with warping
//! (Bouguet 2000).
//!
//! For each pixel the displacement d that makes `sum w (I1(p + d) - I0(p))^2 + lambda d^2` least, w a Gaussian window of
//! 11 x 11 pixels: two steps of Gauss and Newton per level of a pyramid of halves. Lambda keeps still what has no
//! structure. Only the luma moves: the first plane, or the mean of interleaved channels, in units of the original's range.

use std::ops::Range;

use rayon::prelude::*;

use super::film::Film;
use super::filter::Numbers;
use super::picture::{Picture, Pyramid};
use super::source::Read;
use super::spare::{Lent, Spare};
use super::sum::sums;
use super::wide::wide;

/// Steps per level.
const STEPS: usize = 2;
/// A mean gradient of 1 % of the range per pixel weighs as much as staying where one is.
const LAMBDA: f64 = 1e-4;
/// Largest displacement that a step may add, pixels: beyond, the linear model means nothing.
const REACH: f64 = 2.0;
/// Rows that one task takes. It reads ten more.
const BAND: usize = 64;

/// Displacements from each pixel of a frame to the next frame, pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Flow {
    right: Vec<f32>,
    down: Vec<f32>,
}

/// The flow from each frame but the last to the next one.
pub(super) fn flows(film: &Film, range: f64, read: &Read<'_>, spare: &Spare<Tracker>) -> Vec<Flow> {
    let flow = |tracker: &mut Lent<'_, Tracker>, frame: usize| tracker.track((film, range), frame, read).clone();
    (0..film.frames - 1).into_par_iter().map_init(|| Tracker::lent(spare), flow).collect()
}

/// The mean end-point error of what is read, as [`flows`] reads it, and its 95th percentile: the least value that 95 of
/// 100 do not exceed.
pub(super) fn end_point_errors(
    film: &Film,
    range: f64,
    read: &Read<'_>,
    truth: &[Flow],
    spare: &Spare<Tracker>,
) -> (f64, f64) {
    let pixels = film.rows * film.columns;
    let mut errors = vec![0.0; pixels * truth.len()];
    let pairs = errors.par_chunks_mut(pixels).zip(truth).enumerate();
    pairs.for_each_init(
        || Tracker::lent(spare),
        |tracker, (frame, (errors, truth))| distances(truth, tracker.track((film, range), frame, read), errors),
    );
    mean_and_percentile(errors)
}

/// How far apart the ends of the arrows of two flows are.
fn distances(x: &Flow, y: &Flow, out: &mut [f32]) {
    let count = out.len();
    let [xr, xd, yr, yd] = [&x.right, &x.down, &y.right, &y.down].map(|part| &part[..count]);
    wide(
        #[inline(always)]
        || {
            for at in 0..count {
                let (right, down) = (f64::from(yr[at] - xr[at]), f64::from(yd[at] - xd[at]));
                out[at] = (right * right + down * down).sqrt() as f32;
            }
        },
    );
}

fn mean_and_percentile(mut errors: Vec<f32>) -> (f64, f64) {
    let [sum] = sums(errors.len(), &|at| [f64::from(errors[at])]);
    let (count, rank) = (errors.len(), (errors.len() * 95).div_ceil(100) - 1);
    let (_, percentile, _) = errors.select_nth_unstable_by(rank, f32::total_cmp);
    (sum / count as f64, f64::from(*percentile))
}

/// Follows a film frame by frame, in memory that serves frame after frame.
#[derive(Debug, Default)]
pub(super) struct Tracker {
    motion: Motion,
    flow: Flow,
    from: Pyramid,
    to: Pyramid,
    /// The frame in `to`.
    seen: Option<usize>,
}

impl Tracker {
    /// One that has seen nothing of this film.
    fn lent(spare: &Spare<Self>) -> Lent<'_, Self> {
        let mut tracker = spare.lend();
        tracker.seen = None;
        tracker
    }

    /// The flow from a frame to the next one.
    fn track(&mut self, (film, range): (&Film, f64), frame: usize, read: &Read<'_>) -> &Flow {
        if self.seen == Some(frame) {
            std::mem::swap(&mut self.from, &mut self.to);
        } else {
            self.from.take(|picture| film.luma(frame, range, read, picture));
        }
        self.to.take(|picture| film.luma(frame + 1, range, read, picture));
        self.seen = Some(frame + 1);
        self.motion.follow(self.from.levels(), self.to.levels());
        narrow(&self.motion.right, &mut self.flow.right);
        narrow(&self.motion.down, &mut self.flow.down);
        &self.flow
    }
}

fn narrow(numbers: &[f64], out: &mut Vec<f32>) {
    out.resize(numbers.len(), 0.0);
    wide(
        #[inline(always)]
        || out.iter_mut().zip(numbers).for_each(|(out, &number)| *out = number as f32),
    );
}

/// Displacements at one level of the pyramid, and memory that serves level after level.
#[derive(Debug, Default)]
struct Motion {
    columns: usize,
    right: Vec<f64>,
    down: Vec<f64>,
    /// What a component is doubled into.
    spare: Vec<f64>,
    /// Smoothed products of the gradients: of those to the right, of both, of those down.
    squares: [Vec<f64>; 3],
    difference: Vec<f64>,
}

impl Motion {
    /// Finds the displacements between two pyramids.
    fn follow(&mut self, from: &[Picture], to: &[Picture]) {
        self.columns = 0;
        for (from, to) in from.iter().zip(to).rev() {
            if self.columns == 0 {
                for part in [&mut self.right, &mut self.down] {
                    part.clear();
                    part.resize(from.len(), 0.0);
                }
            } else {
                for part in [&mut self.right, &mut self.down] {
                    double(part, self.columns, from, &mut self.spare);
                    std::mem::swap(part, &mut self.spare);
                }
            }
            self.columns = from.columns();
            self.refine(from, to);
        }
    }

    /// Steps of Gauss and Newton towards the least difference of `to`, moved back, from `from`.
    fn refine(&mut self, from: &Picture, to: &Picture) {
        self.multiply(from);
        self.difference.resize(from.len(), 0.0);
        for _ in 0..STEPS {
            self.subtract(from, to);
            self.step(from);
        }
    }

    /// Fills the smoothed products of the gradients.
    fn multiply(&mut self, from: &Picture) {
        self.squares.iter_mut().for_each(|square| square.resize(from.len(), 0.0));
        bands(from, self.squares.each_mut().map(|square| &mut square[..])).for_each(|(band, [xx, xy, yy])| {
            from.smooth(
                band.clone(),
                |row, columns, [xx, xy, yy]| {
                    from.gradients(row, columns, xx, yy);
                    multiply(xx, xy, yy);
                },
                |row, columns, means| {
                    let here = place(from, row - band.start, &columns);
                    for (square, Numbers(mean)) in [&mut *xx, &mut *xy, &mut *yy].into_iter().zip(means) {
                        square[here.clone()].copy_from_slice(&mean[..columns.len()]);
                    }
                },
            );
        });
    }

    /// What is left of `from` when `to`, moved back, is taken away.
    fn subtract(&mut self, from: &Picture, to: &Picture) {
        bands(from, [&mut self.difference]).for_each(|(band, [difference])| {
            let all = band.start * from.columns()..band.end * from.columns();
            to.left_of(from, band.start, &self.right[all.clone()], &self.down[all], difference);
        });
    }

    /// One step, given what is left and the smoothed products of the gradients.
    fn step(&mut self, from: &Picture) {
        let (difference, [xx, xy, yy]) = (&self.difference, &self.squares);
        bands(from, [&mut self.right, &mut self.down]).for_each(|(band, [right, down])| {
            from.smooth(
                band.clone(),
                |row, columns, [bx, by]| {
                    let difference = &difference[place(from, row, &columns)];
                    from.gradients(row, columns, bx, by);
                    weigh(bx, by, difference);
                },
                |row, columns, [Numbers(bx), Numbers(by)]| {
                    let (all, here) = (place(from, row, &columns), place(from, row - band.start, &columns));
                    let products = [&xx[all.clone()], &xy[all.clone()], &yy[all], bx, by];
                    solve(products, &mut right[here.clone()], &mut down[here]);
                },
            );
        });
    }
}

/// Rows of a picture that are worth a task, with what belongs to them of some maps of its size.
fn bands<'m, const K: usize>(
    picture: &Picture,
    maps: [&'m mut [f64]; K],
) -> impl ParallelIterator<Item = (Range<usize>, [&'m mut [f64]; K])> {
    let (rows, columns) = (picture.rows(), picture.columns());
    let mut maps = maps.map(|map| map.chunks_mut(BAND * columns));
    let starts = (0..rows).step_by(BAND);
    let bands: Vec<_> = starts
        .map(|start| {
            (start..(start + BAND).min(rows), maps.each_mut().map(|map| map.next().expect("a map of its size")))
        })
        .collect();
    bands.into_par_iter()
}

/// Where some columns of a row lie in a map.
fn place(picture: &Picture, row: usize, columns: &Range<usize>) -> Range<usize> {
    row * picture.columns() + columns.start..row * picture.columns() + columns.end
}

/// A component of the same motion in a picture of twice the size.
fn double(coarse: &[f64], columns: usize, picture: &Picture, fine: &mut Vec<f64>) {
    fine.resize(picture.len(), 0.0);
    let rows = coarse.len() / columns;
    for (row, fine) in fine.chunks_exact_mut(picture.columns()).enumerate() {
        let coarse = &coarse[(row / 2).min(rows - 1) * columns..][..columns];
        for (fine, coarse) in fine.chunks_exact_mut(2).zip(coarse) {
            let doubled = 2.0 * coarse;
            (fine[0], fine[1]) = (doubled, doubled);
        }
        if fine.len() % 2 == 1 {
            fine[2 * columns] = 2.0 * coarse[columns - 1];
        }
    }
}

/// The products of two gradients in place of the gradients, and between them that of both.
fn multiply(xx: &mut [f64], xy: &mut [f64], yy: &mut [f64]) {
    wide(
        #[inline(always)]
        || {
            for (xx, (xy, yy)) in xx.iter_mut().zip(xy.iter_mut().zip(yy)) {
                let (gx, gy) = (*xx, *yy);
                (*xx, *xy, *yy) = (gx * gx, gx * gy, gy * gy);
            }
        },
    );
}

/// Multiplies both gradients by what is left of the difference.
fn weigh(bx: &mut [f64], by: &mut [f64], difference: &[f64]) {
    wide(
        #[inline(always)]
        || {
            for ((bx, by), difference) in bx.iter_mut().zip(by).zip(difference) {
                (*bx, *by) = (*bx * difference, *by * difference);
            }
        },
    );
}

/// Adds to displacements what solves the two equations of each pixel, as far as a step may reach.
fn solve([xx, xy, yy, bx, by]: [&[f64]; 5], right: &mut [f64], down: &mut [f64]) {
    let count = right.len();
    let ([xx, xy, yy], [bx, by]) = ([&xx[..count], &xy[..count], &yy[..count]], [&bx[..count], &by[..count]]);
    let down = &mut down[..count];
    wide(
        #[inline(always)]
        || {
            for at in 0..count {
                let (a, b, d) = (xx[at] + LAMBDA, xy[at], yy[at] + LAMBDA);
                let determinant = a * d - b * b;
                right[at] += ((d * bx[at] - b * by[at]) / determinant).clamp(-REACH, REACH);
                down[at] += ((a * by[at] - b * bx[at]) / determinant).clamp(-REACH, REACH);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Kind;

    const ROWS: usize = 96;
    const COLUMNS: usize = 128;

    /// A texture, moved right and down by this much.
    fn frame(right: f64, down: f64) -> Vec<f64> {
        let value = |at: usize| {
            let (x, y) = ((at % COLUMNS) as f64 - right, (at / COLUMNS) as f64 - down);
            let wave =
                |x: f64, y: f64, length: f64| libm::sin((x + 0.6 * y) / length) * libm::cos((y - 0.4 * x) / length);
            0.5 + 0.2 * wave(x, y, 3.1) + 0.2 * wave(y, x, 7.3) + 0.1 * wave(x, -y, 19.0)
        };
        (0..ROWS * COLUMNS).map(value).collect()
    }

    fn flow(frames: &[Vec<f64>]) -> Vec<Flow> {
        let all = frames.concat();
        let film = Film::of(&[frames.len(), ROWS, COLUMNS], Kind::Video, None).expect("a video");
        let read = |start: usize, out: &mut [f64]| out.copy_from_slice(&all[start..start + out.len()]);
        flows(&film, 1.0, &read, &Spare::default())
    }

    /// The flow where the window does not reach the border, from beyond which a texture comes in.
    fn inside(flows: &[Flow]) -> Vec<Flow> {
        let far = |at: usize, length: usize| (16..length - 16).contains(&at);
        let places: Vec<usize> =
            (0..ROWS * COLUMNS).filter(|at| far(at / COLUMNS, ROWS) && far(at % COLUMNS, COLUMNS)).collect();
        let cut = |all: &[f32]| places.iter().map(|&at| all[at]).collect();
        flows.iter().map(|flow| Flow { right: cut(&flow.right), down: cut(&flow.down) }).collect()
    }

    fn apart(x: &Flow, y: &Flow) -> (f64, f64) {
        let mut errors = vec![0.0; x.right.len()];
        distances(x, y, &mut errors);
        mean_and_percentile(errors)
    }

    #[test]
    fn a_texture_that_moves_is_followed_and_the_error_of_one_that_stands_is_the_way() {
        let still = inside(&flow(&[frame(0.0, 0.0), frame(0.0, 0.0)]));
        for (right, down) in [(0.0, 0.0), (0.3, -0.2), (1.0, 0.0), (2.5, -1.5), (6.0, 4.0)] {
            let found = inside(&flow(&[frame(0.0, 0.0), frame(right, down)]));
            let all = found[0].right.len();
            let truth = Flow { right: vec![right as f32; all], down: vec![down as f32; all] };
            let way = (right * right + down * down).sqrt();
            let (mean, percentile) = apart(&truth, &found[0]);
            assert!(mean < 0.03 + 0.02 * way && percentile < 0.05 + 0.04 * way, "{way}: {mean}, {percentile}");
            let (mean, _) = apart(&still[0], &found[0]);
            assert!((mean - way).abs() < 0.01, "{way}: {mean}");
        }
    }

    #[test]
    fn errors_of_four_arrows_by_hand() {
        let arrows = |right: [f32; 4], down: [f32; 4]| Flow { right: right.to_vec(), down: down.to_vec() };
        // Distances 0, 5, 1, 2: the mean is 2, and the least value that 95 % do not exceed is 5.
        let (x, y) = (arrows([0.0, 1.0, 2.0, 0.0], [0.0; 4]), arrows([0.0, 4.0, 1.0, 0.0], [0.0, 4.0, 0.0, -2.0]));
        assert_eq!(apart(&x, &y), (2.0, 5.0));
    }
}
