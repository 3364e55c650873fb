//! Optical flow between neighbouring frames of a video: Lucas and Kanade (1981), dense, from coarse to fine, with warping
//! (Bouguet 2000).
//!
//! For each pixel the displacement d that makes `sum w (I1(p + d) - I0(p))^2 + lambda d^2` least, w a Gaussian window of
//! 11 x 11 pixels: two steps of Gauss and Newton per level of a pyramid of halves. Lambda keeps still what has no
//! structure. Only the luma moves: the first plane, or the mean of interleaved channels, in units of the original's range.

use rayon::prelude::*;

use super::picture::{Picture, pyramid};
use super::wide::wide;
use super::window::WINDOW;
use crate::dataset::Kind;

/// Steps per level.
const STEPS: usize = 2;
/// A mean gradient of 1 % of the range per pixel weighs as much as staying where one is.
const LAMBDA: f64 = 1e-4;
/// Largest displacement that a step may add, pixels: beyond, the linear model means nothing.
const REACH: f64 = 2.0;

/// How the frames lie in an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Film {
    frames: usize,
    /// Elements of a frame, luma or not.
    stride: usize,
    rows: usize,
    columns: usize,
    channels: usize,
}

impl Film {
    /// Of frames, rows, columns, and channels if any, or of frames, planes, rows, columns. `luma_rows` says how many of
    /// the rows are luma where chroma stands below. `None` for anything else, for a single frame, and for frames smaller
    /// than the window.
    pub fn of(shape: &[usize], kind: Kind, luma_rows: Option<usize>) -> Option<Self> {
        let (frames, rows, columns, channels) = match (kind, shape) {
            (Kind::Video, &[frames, rows, columns]) => (frames, rows, columns, 1),
            (Kind::Video, &[frames, rows, columns, channels @ 1..=4]) => (frames, rows, columns, channels),
            (Kind::Video, &[frames, _, rows, columns]) => (frames, rows, columns, 1),
            _ => return None,
        };
        let luma = luma_rows.filter(|&luma| luma <= rows).unwrap_or(rows);
        let film = Film { frames, stride: shape[1..].iter().product(), rows: luma, columns, channels };
        (frames > 1 && luma >= WINDOW && columns >= WINDOW).then_some(film)
    }

    /// The luma of a frame, in units of `range`.
    fn luma(&self, frame: usize, range: f64, read: &(impl Fn(usize, &mut [f64]) + Sync)) -> Picture {
        let mut pixels = vec![0.0; self.rows * self.columns * self.channels];
        read(frame * self.stride, &mut pixels);
        if self.channels > 1 {
            let mean = |pixel: &[f64]| pixel.iter().sum::<f64>() / (pixel.len() as f64 * range);
            pixels = pixels.chunks_exact(self.channels).map(mean).collect();
        } else {
            pixels.iter_mut().for_each(|pixel| *pixel /= range);
        }
        Picture { columns: self.columns, pixels }
    }
}

/// Displacements from each pixel of a frame to the next frame, pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Flow {
    right: Vec<f32>,
    down: Vec<f32>,
}

/// The flow from each frame but the last to the next one. `read` fills a slice with values from a flat index on.
pub(super) fn flows(film: &Film, range: f64, read: impl Fn(usize, &mut [f64]) + Sync) -> Vec<Flow> {
    let pair = |(motion, seen): &mut (Motion, Option<(usize, Vec<Picture>)>), frame: usize| {
        let levels = |frame: usize| pyramid(film.luma(frame, range, &read));
        let known = seen.take().filter(|(seen, _)| *seen == frame);
        let (from, to) = (known.map_or_else(|| levels(frame), |(_, levels)| levels), levels(frame + 1));
        motion.follow(&from, &to);
        *seen = Some((frame + 1, to));
        motion.flow()
    };
    (0..film.frames - 1).into_par_iter().map_init(Default::default, pair).collect()
}

/// The mean end-point error and its 95th percentile: the least value that 95 of 100 do not exceed.
pub(super) fn end_point_errors(x: &[Flow], y: &[Flow]) -> (f64, f64) {
    let mut errors = vec![0.0f32; x.iter().map(|flow| flow.right.len()).sum()];
    let mut rest = &mut errors[..];
    for (x, y) in x.iter().zip(y) {
        let (errors, behind) = std::mem::take(&mut rest).split_at_mut(x.right.len());
        rest = behind;
        let parts = x.right.iter().zip(&x.down).zip(y.right.iter().zip(&y.down));
        for (error, ((xr, xd), (yr, yd))) in errors.iter_mut().zip(parts) {
            let (right, down) = (f64::from(yr - xr), f64::from(yd - xd));
            *error = (right * right + down * down).sqrt() as f32;
        }
    }
    let [sum] = super::sum::sums(errors.len(), &|at| [f64::from(errors[at])]);
    let (count, rank) = (errors.len(), (errors.len() * 95).div_ceil(100) - 1);
    let (_, percentile, _) = errors.select_nth_unstable_by(rank, f32::total_cmp);
    (sum / count as f64, f64::from(*percentile))
}

/// Displacements at one level of the pyramid, and memory that serves level after level.
#[derive(Default)]
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
    /// The flow at the first level.
    fn flow(&self) -> Flow {
        let narrow = |numbers: &[f64]| numbers.iter().map(|&number| number as f32).collect();
        Flow { right: narrow(&self.right), down: narrow(&self.down) }
    }

    /// Finds the displacements between two pyramids.
    fn follow(&mut self, from: &[Picture], to: &[Picture]) {
        self.columns = 0;
        for (from, to) in from.iter().zip(to).rev() {
            if self.columns == 0 {
                for part in [&mut self.right, &mut self.down] {
                    part.clear();
                    part.resize(from.pixels.len(), 0.0);
                }
            } else {
                for part in [&mut self.right, &mut self.down] {
                    double(part, self.columns, from, &mut self.spare);
                    std::mem::swap(part, &mut self.spare);
                }
            }
            self.columns = from.columns;
            self.refine(from, to);
        }
    }

    /// Steps of Gauss and Newton towards the least difference of `to`, moved back, from `from`.
    fn refine(&mut self, from: &Picture, to: &Picture) {
        let squares = &mut self.squares;
        squares.iter_mut().for_each(|square| square.resize(from.pixels.len(), 0.0));
        from.smooth(
            |row, columns, [xx, xy, yy]| {
                from.gradients(row, columns, xx, yy);
                multiply(xx, xy, yy);
            },
            |row, columns, means| {
                for (square, mean) in squares.iter_mut().zip(means) {
                    let here = row * from.columns + columns.start..row * from.columns + columns.end;
                    square[here].copy_from_slice(&mean[..columns.len()]);
                }
            },
        );
        self.difference.resize(from.pixels.len(), 0.0);
        for _ in 0..STEPS {
            self.differences(from, to);
            self.step(from);
        }
    }

    /// What is left of `from` when `to`, moved back, is taken away.
    fn differences(&mut self, from: &Picture, to: &Picture) {
        let columns = self.columns;
        let moved = self.right.chunks_exact(columns).zip(self.down.chunks_exact(columns));
        for (row, (difference, (right, down))) in self.difference.chunks_exact_mut(columns).zip(moved).enumerate() {
            to.left_of(from.row(row), row, right, down, difference);
        }
    }

    /// One step, given what is left and the smoothed products of the gradients.
    fn step(&mut self, from: &Picture) {
        let (difference, [xx, xy, yy]) = (&self.difference, &self.squares);
        from.smooth(
            |row, columns, [bx, by]| {
                from.gradients(row, columns.clone(), bx, by);
                let difference = &difference[row * from.columns..][columns];
                for ((bx, by), difference) in bx.iter_mut().zip(by).zip(difference) {
                    (*bx, *by) = (*bx * difference, *by * difference);
                }
            },
            |row, columns, [bx, by]| {
                let here = row * from.columns + columns.start..row * from.columns + columns.end;
                let products = [&xx[here.clone()], &xy[here.clone()], &yy[here.clone()], bx, by];
                solve(products, &mut self.right[here.clone()], &mut self.down[here]);
            },
        );
    }
}

/// A component of the same motion in a picture of twice the size.
fn double(coarse: &[f64], columns: usize, picture: &Picture, fine: &mut Vec<f64>) {
    fine.resize(picture.pixels.len(), 0.0);
    let rows = coarse.len() / columns;
    for (row, fine) in fine.chunks_exact_mut(picture.columns).enumerate() {
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
    for (xx, (xy, yy)) in xx.iter_mut().zip(xy.iter_mut().zip(yy)) {
        let (gx, gy) = (*xx, *yy);
        (*xx, *xy, *yy) = (gx * gx, gx * gy, gy * gy);
    }
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
        flows(&film, 1.0, |start, out| out.copy_from_slice(&all[start..start + out.len()]))
    }

    /// The flow where the window does not reach the border, from beyond which a texture comes in.
    fn inside(flows: &[Flow]) -> Vec<Flow> {
        let far = |at: usize, length: usize| (16..length - 16).contains(&at);
        let places: Vec<usize> =
            (0..ROWS * COLUMNS).filter(|at| far(at / COLUMNS, ROWS) && far(at % COLUMNS, COLUMNS)).collect();
        let cut = |all: &[f32]| places.iter().map(|&at| all[at]).collect();
        flows.iter().map(|flow| Flow { right: cut(&flow.right), down: cut(&flow.down) }).collect()
    }

    #[test]
    fn a_texture_that_moves_is_followed_and_the_error_of_one_that_stands_is_the_way() {
        let still = inside(&flow(&[frame(0.0, 0.0), frame(0.0, 0.0)]));
        for (right, down) in [(0.0, 0.0), (0.3, -0.2), (1.0, 0.0), (2.5, -1.5), (6.0, 4.0)] {
            let found = inside(&flow(&[frame(0.0, 0.0), frame(right, down)]));
            let all = found[0].right.len();
            let truth = Flow { right: vec![right as f32; all], down: vec![down as f32; all] };
            let way = (right * right + down * down).sqrt();
            let (mean, percentile) = end_point_errors(&[truth], &found);
            assert!(mean < 0.03 + 0.02 * way && percentile < 0.05 + 0.04 * way, "{way}: {mean}, {percentile}");
            let (mean, _) = end_point_errors(&still, &found);
            assert!((mean - way).abs() < 0.01, "{way}: {mean}");
        }
    }

    #[test]
    fn errors_of_four_arrows_by_hand() {
        let arrows = |right: [f32; 4], down: [f32; 4]| vec![Flow { right: right.to_vec(), down: down.to_vec() }];
        // Distances 0, 5, 1, 2: the mean is 2, and the least value that 95 % do not exceed is 5.
        let (x, y) = (arrows([0.0, 1.0, 2.0, 0.0], [0.0; 4]), arrows([0.0, 4.0, 1.0, 0.0], [0.0, 4.0, 0.0, -2.0]));
        assert_eq!(end_point_errors(&x, &y), (2.0, 5.0));
    }

    #[test]
    fn only_videos_of_several_frames_have_a_flow() {
        let of = |shape: &[usize], kind| Film::of(shape, kind, None);
        assert_eq!(of(&[1, 64, 64], Kind::Video), None);
        assert_eq!(of(&[5, 10, 64], Kind::Video), None);
        assert_eq!(of(&[5, 64, 64], Kind::Field), None);
        let planar = of(&[5, 3, 64, 48], Kind::Video).expect("planes of frames");
        assert_eq!((planar.rows, planar.columns, planar.stride, planar.channels), (64, 48, 3 * 64 * 48, 1));
        let interleaved = of(&[5, 64, 48, 3], Kind::Video).expect("channels of pixels");
        assert_eq!((interleaved.rows, interleaved.columns, interleaved.channels), (64, 48, 3));
        let below = Film::of(&[2, 96, 64], Kind::Video, Some(64)).expect("chroma below the luma");
        assert_eq!((below.rows, below.stride), (64, 96 * 64));
    }
}
