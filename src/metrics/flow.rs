//! Optical flow between neighbouring frames of a video: Lucas and Kanade (1981), dense, from coarse to fine, with warping
//! (Bouguet 2000).
//!
//! For each pixel the displacement d that makes `sum w (I1(p + d) - I0(p))^2 + lambda d^2` least, w a Gaussian window of
//! 11 x 11 pixels: two steps of Gauss and Newton per level of a pyramid of halves. Lambda keeps still what has no
//! structure. Only the luma moves: the first plane, or the mean of interleaved channels, in units of the original's range.

use rayon::prelude::*;

use super::window::{HALF, WINDOW, along, down, gaussian};
use crate::dataset::Kind;

/// Standard deviation of the window, pixels.
const SIGMA: f64 = 2.5;
/// Steps per level.
const STEPS: usize = 2;
/// Sides at which the pyramid ends, pixels, and most levels.
const SMALLEST: usize = 24;
const LEVELS: usize = 5;
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
        let mut all = vec![0.0; self.rows * self.columns * self.channels];
        read(frame * self.stride, &mut all);
        let mean = |pixel: &[f64]| pixel.iter().sum::<f64>() / (pixel.len() as f64 * range);
        Picture { columns: self.columns, pixels: all.chunks_exact(self.channels).map(mean).collect() }
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
    let pair = |frame: usize| {
        let (from, to) = (pyramid(film.luma(frame, range, &read)), pyramid(film.luma(frame + 1, range, &read)));
        between(&from, &to)
    };
    (0..film.frames - 1).into_par_iter().map(pair).collect()
}

/// The mean end-point error and its 95th percentile: the least value that 95 of 100 do not exceed.
pub(super) fn end_point_errors(x: &[Flow], y: &[Flow]) -> (f64, f64) {
    let of = |(x, y): (&Flow, &Flow)| {
        let parts = x.right.iter().zip(&x.down).zip(y.right.iter().zip(&y.down));
        let distance = |((xr, xd), (yr, yd)): ((&f32, &f32), (&f32, &f32))| {
            let (right, down) = (f64::from(yr - xr), f64::from(yd - xd));
            (right * right + down * down).sqrt() as f32
        };
        parts.map(distance).collect::<Vec<f32>>()
    };
    let mut errors: Vec<f32> = x.iter().zip(y).flat_map(of).collect();
    let [sum] = super::sum::sums(errors.len(), &|at| [f64::from(errors[at])]);
    let (count, rank) = (errors.len(), (errors.len() * 95).div_ceil(100) - 1);
    let (_, percentile, _) = errors.select_nth_unstable_by(rank, f32::total_cmp);
    (sum / count as f64, f64::from(*percentile))
}

/// One channel of a frame.
struct Picture {
    columns: usize,
    pixels: Vec<f64>,
}

impl Picture {
    fn rows(&self) -> usize {
        self.pixels.len() / self.columns
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.pixels[row * self.columns..(row + 1) * self.columns]
    }

    /// Half the size each way, every pixel the mean of four; an odd last row or column is dropped.
    fn halved(&self) -> Picture {
        let columns = self.columns / 2;
        let mut pixels = Vec::with_capacity(self.pixels.len() / 4);
        for at in 0..self.rows() / 2 {
            let (above, below) = (self.row(2 * at), self.row(2 * at + 1));
            let pairs = above.chunks_exact(2).zip(below.chunks_exact(2));
            pixels.extend(pairs.map(|(above, below)| (above[0] + above[1] + below[0] + below[1]) / 4.0));
        }
        Picture { columns, pixels }
    }

    /// Central differences along the columns and down the rows; at the borders a pixel stands for what is beyond.
    fn gradients(&self) -> (Vec<f64>, Vec<f64>) {
        let (rows, columns) = (self.rows(), self.columns);
        let (mut right, mut down) = (Vec::with_capacity(self.pixels.len()), Vec::with_capacity(self.pixels.len()));
        for at in 0..rows {
            let (row, above, below) = (self.row(at), self.row(at.saturating_sub(1)), self.row((at + 1).min(rows - 1)));
            right.extend((0..columns).map(|x| (row[(x + 1).min(columns - 1)] - row[x.saturating_sub(1)]) / 2.0));
            down.extend(above.iter().zip(below).map(|(above, below)| (below - above) / 2.0));
        }
        (right, down)
    }

    /// The value between pixels, bilinear; beyond the border that of the border.
    fn between(&self, x: f64, y: f64) -> f64 {
        let (last_x, last_y) = (self.columns - 1, self.rows() - 1);
        let (x, y) = (x.clamp(0.0, last_x as f64), y.clamp(0.0, last_y as f64));
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(last_x), (top + 1).min(last_y));
        let (across, down) = (x - left as f64, y - top as f64);
        let (above, below) = (self.row(top), self.row(bottom));
        let above = above[left] + across * (above[right] - above[left]);
        let below = below[left] + across * (below[right] - below[left]);
        above + down * (below - above)
    }

    /// Every pixel the weighted mean of those around it.
    fn smoothed(&self, weights: &[f64; WINDOW]) -> Vec<f64> {
        let (rows, columns) = (self.rows(), self.columns);
        let (mut column, mut padded) = (vec![0.0; columns], vec![0.0; columns + WINDOW - 1]);
        let mut out = vec![0.0; self.pixels.len()];
        for (at, out) in out.chunks_exact_mut(columns).enumerate() {
            let near = |k: usize| self.row((at + k).saturating_sub(HALF).min(rows - 1));
            down(std::array::from_fn(near), weights, &mut column);
            padded[..HALF].fill(column[0]);
            padded[HALF..HALF + columns].copy_from_slice(&column);
            padded[HALF + columns..].fill(column[columns - 1]);
            along(&padded, weights, out);
        }
        out
    }
}

/// A picture and its halves, the picture first.
fn pyramid(picture: Picture) -> Vec<Picture> {
    let mut levels = vec![picture];
    while let Some(last) = levels.last()
        && levels.len() < LEVELS
        && last.rows().min(last.columns) >= 2 * SMALLEST
    {
        let half = last.halved();
        levels.push(half);
    }
    levels
}

/// The flow between two pyramids.
fn between(from: &[Picture], to: &[Picture]) -> Flow {
    let mut motion: Option<Motion> = None;
    for (from, to) in from.iter().zip(to).rev() {
        let mut next = motion.map_or_else(|| Motion::still(from), |coarse| coarse.doubled(from));
        next.refine(from, to);
        motion = Some(next);
    }
    let Motion { right, down, .. } = motion.expect("a pyramid has a level");
    let narrow = |numbers: Vec<f64>| numbers.into_iter().map(|number| number as f32).collect();
    Flow { right: narrow(right), down: narrow(down) }
}

/// Displacements at one level of the pyramid.
struct Motion {
    columns: usize,
    right: Vec<f64>,
    down: Vec<f64>,
}

impl Motion {
    fn still(picture: &Picture) -> Self {
        let zeros = vec![0.0; picture.pixels.len()];
        Motion { columns: picture.columns, right: zeros.clone(), down: zeros }
    }

    /// The same motion in a picture of twice the size.
    fn doubled(self, picture: &Picture) -> Self {
        let (columns, rows) = (self.columns, self.right.len() / self.columns);
        let place = |at: usize| {
            let (row, column) = (at / picture.columns / 2, at % picture.columns / 2);
            row.min(rows - 1) * columns + column.min(columns - 1)
        };
        let double = |coarse: &[f64]| (0..picture.pixels.len()).map(|at| 2.0 * coarse[place(at)]).collect();
        Motion { columns: picture.columns, right: double(&self.right), down: double(&self.down) }
    }

    /// Steps of Gauss and Newton towards the least difference of `to`, moved back, from `from`.
    fn refine(&mut self, from: &Picture, to: &Picture) {
        let weights = gaussian(SIGMA);
        let (gx, gy) = from.gradients();
        let mean = |map: Vec<f64>| Picture { columns: self.columns, pixels: map }.smoothed(&weights);
        let product = |a: &[f64], b: &[f64]| mean(a.iter().zip(b).map(|(a, b)| a * b).collect());
        let (xx, xy, yy) = (product(&gx, &gx), product(&gx, &gy), product(&gy, &gy));
        for _ in 0..STEPS {
            let difference: Vec<f64> = (0..gx.len())
                .map(|at| {
                    let (x, y) = ((at % self.columns) as f64, (at / self.columns) as f64);
                    from.pixels[at] - to.between(x + self.right[at], y + self.down[at])
                })
                .collect();
            let (bx, by) = (product(&gx, &difference), product(&gy, &difference));
            for at in 0..gx.len() {
                let (a, b, d) = (xx[at] + LAMBDA, xy[at], yy[at] + LAMBDA);
                let determinant = a * d - b * b;
                let right = (d * bx[at] - b * by[at]) / determinant;
                let down = (a * by[at] - b * bx[at]) / determinant;
                self.right[at] += right.clamp(-REACH, REACH);
                self.down[at] += down.clamp(-REACH, REACH);
            }
        }
    }
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
