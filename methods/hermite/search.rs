//! The frame in which the coefficients of a distribution take the fewest bits.

use super::basis::Basis;
use super::clusters;
use super::coefficients::Simplex;
use super::encode::Job;
use super::frame::{Frame, Lattice, STEEPEST, WIDEST};
use super::stream;

/// Squared error that one bit is worth, in squared steps.
pub const WORTH: f64 = 0.15;

/// Weight, mean and covariance of the squares of some data.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Mean position, in grid spacings.
    pub mean: [f64; 3],
    /// Covariance of the position.
    pub covariance: [[f64; 3]; 3],
}

impl Moments {
    /// The moments of `data`; `None` if there is nothing but zeros.
    pub fn of(data: &[f64], shape: [usize; 3]) -> Option<Self> {
        let (mut sum, mut first, mut second) = (0.0, [0.0; 3], [[0.0; 3]; 3]);
        for (row, values) in data.chunks_exact(shape[2]).enumerate() {
            let mut line = [0.0; 3];
            for (k, value) in values.iter().enumerate() {
                let (weight, at) = (value * value, k as f64);
                line.iter_mut().zip([1.0, at, at * at]).for_each(|(sum, power)| *sum += weight * power);
            }
            let at = [row / shape[1], row % shape[1]].map(|at| at as f64);
            sum += line[0];
            let terms = [at[0] * line[0], at[1] * line[0], line[1]];
            first.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
            let (a, b) = (at[0], at[1]);
            let terms = [
                [a * a * line[0], 0.0, 0.0],
                [a * b * line[0], b * b * line[0], 0.0],
                [a * line[1], b * line[1], line[2]],
            ];
            second.iter_mut().flatten().zip(terms.into_iter().flatten()).for_each(|(sum, term)| *sum += term);
        }
        if sum <= 0.0 {
            return None;
        }
        let mean = first.map(|value| value / sum);
        let covariance = |a: usize, b: usize| second[a.max(b)][a.min(b)] / sum - mean[a] * mean[b];
        Some(Moments { mean, covariance: std::array::from_fn(|a| std::array::from_fn(|b| covariance(a, b))) })
    }

    /// The variance along a unit vector.
    pub fn variance(&self, along: &[f64; 3]) -> f64 {
        (0..9).map(|at| self.covariance[at / 3][at % 3] * along[at / 3] * along[at % 3]).sum()
    }

    /// The direction of the largest variance, nearly, and that variance.
    pub fn longest(&self) -> ([f64; 3], f64) {
        let mut vector: [f64; 3] = std::array::from_fn(|axis| self.covariance[axis][axis]);
        for _ in 0..50 {
            let next: [f64; 3] = std::array::from_fn(|a| (0..3).map(|b| self.covariance[a][b] * vector[b]).sum());
            let size = next.iter().map(|value| value * value).sum::<f64>().sqrt();
            if size <= 0.0 {
                break;
            }
            vector = next.map(|value| value / size);
        }
        (vector, self.variance(&vector))
    }

    /// The Gaussian whose square has these moments.
    pub fn frame(&self) -> Frame {
        // The square of exp(-x^2 / 2 s^2) has the variance s^2 / 2; a spike has that of its own width.
        let c = |a: usize, b: usize| 2.0 * self.covariance[a][b] + if a == b { 0.1 } else { 0.0 };
        let (c00, c10, c11) = (c(0, 0), c(1, 0), c(1, 1));
        let determinant = c00 * c11 - c10 * c10;
        let s20 = (c(2, 0) * c11 - c(2, 1) * c10) / determinant;
        let s21 = (c(2, 1) * c00 - c(2, 0) * c10) / determinant;
        let s10 = c10 / c00;
        let rest = [c00, c11 - s10 * c10, c(2, 2) - s20 * c(2, 0) - s21 * c(2, 1)];
        Frame { centre: self.mean, scale: rest.map(|value| value.max(0.05).sqrt()), shear: [s10, s20, s21] }
    }
}

/// Bits that coefficients of these magnitudes take at a step, about, with the error of those that become zero and the
/// energy outside the basis in the same coin.
pub fn bits(coefficients: &[f64], energy: f64, step: f64) -> f64 {
    let mut inside = 0.0;
    let mut bits = 0.0;
    for &value in coefficients {
        inside += value * value;
        let ratio = (value / step) * (value / step);
        bits += if ratio < 0.3 { ratio / WORTH } else { (ratio / WORTH).min(5.5 + 0.6 * libm::log2(ratio)) };
    }
    bits + (energy - inside).max(0.0) / (WORTH * step * step)
}

/// Frames for the centres of an expansion, with a first guess of step and orders.
#[derive(Clone, Debug)]
pub struct Fit {
    /// A frame for each centre.
    pub lattices: Vec<Lattice>,
    /// Step of the coefficients, in units of the error asked for.
    pub step: f64,
    /// Orders along each axis that are worth trying first.
    pub reach: usize,
}

/// Orders of the bases that frames are judged by.
const JUDGED: usize = 20;
/// Frames whose bits are guessed to be more than this many times those that are of use are not tried.
const HOPELESS: f64 = 4.0;
/// Factors on the scale of the moments from which the search starts.
const STARTS: [f64; 1] = [0.6];

/// Polynomials that hardly fall off: with every order they stand for any data.
pub fn wide(job: &Job<'_>) -> Fit {
    let wide = Frame {
        centre: job.shape.map(|length| (length - 1) as f64 / 2.0),
        scale: job.shape.map(|length| length as f64 / 2.0),
        shear: [0.0; 3],
    };
    let lattice = Lattice::nearest(&wide, job.shape);
    Fit { lattices: vec![lattice], step: guess(job, job.data, &lattice), reach: JUDGED }
}

/// Frames to try: one centre, and one for each beam where there are several. Those that look hopeless are left out.
pub fn fits(job: &Job<'_>) -> Vec<Fit> {
    let mut found: Vec<(Fit, f64)> = one(job, job.data).into_iter().collect();
    if job.data.len() < SEARCHED {
        return found.into_iter().map(|(fit, _)| fit).collect();
    }
    let beams = clusters::beams(job.data, job.shape, stream::CENTRES);
    if beams.len() > 1 {
        found.extend(several(job, &beams));
    }
    let least = found.iter().map(|(_, bits)| *bits).fold(f64::MAX, f64::min);
    let limit = (1.5 * least).min(HOPELESS * job.most);
    found.into_iter().filter(|(_, bits)| *bits < limit).map(|(fit, _)| fit).collect()
}

/// The best frame for one centre, and the bits it may take.
fn one(job: &Job<'_>, data: &[f64]) -> Option<(Fit, f64)> {
    let whole = Moments::of(data, job.shape)?.frame();
    let starts = STARTS.map(|factor| {
        let frame = Frame { scale: whole.scale.map(|scale| scale * factor), ..whole };
        descended(job, data, &frame)
    });
    starts.into_iter().flatten().min_by(|a, b| a.1.total_cmp(&b.1))
}

/// A frame for each beam: first as if it were alone, then for what the others leave.
fn several(job: &Job<'_>, beams: &[Vec<f64>]) -> Option<(Fit, f64)> {
    let alone: Vec<(Fit, f64)> = beams.iter().map(|beam| one(job, beam)).collect::<Option<_>>()?;
    let mut lattices: Vec<Lattice> = alone.iter().flat_map(|(fit, _)| fit.lattices.iter().copied()).collect();
    let step = alone.iter().map(|(fit, _)| fit.step).fold(f64::MAX, f64::min);
    let mut bits = 0.0;
    for _ in 0..2 {
        let part = |lattice: &Lattice| {
            let simplex = Simplex::new(job.shape, [JUDGED; 3]);
            Basis::new(job.shape, simplex.orders, &lattice.frame()).map(|basis| (simplex, basis))
        };
        let parts: Vec<_> = lattices.iter().map(part).collect::<Option<_>>()?;
        let fits = settle(job.data, &parts);
        bits = 0.0;
        for (number, lattice) in lattices.iter_mut().enumerate() {
            let mut rest = job.data.to_vec();
            for (other, ((_, basis), fit)) in parts.iter().zip(&fits).enumerate() {
                if other != number {
                    basis.inverse(fit, -1.0, &mut rest);
                }
            }
            let (next, more) = descend(&rest, job.shape, *lattice, step)?;
            *lattice = next;
            bits += more;
        }
    }
    Some((Fit { lattices, step, reach: JUDGED / 2 }, bits))
}

/// Below this many values frames are not searched for: those of the moments do.
pub const SEARCHED: usize = 512;

/// The descent from `start`, twice: with a guess of the step, and with a better one.
fn descended(job: &Job<'_>, data: &[f64], start: &Frame) -> Option<(Fit, f64)> {
    let mut lattice = Lattice::nearest(start, job.shape);
    let mut step = guess(job, data, &lattice);
    let mut bits = 0.0;
    let rounds = if job.data.len() < SEARCHED { 0 } else { 2 };
    for _ in 0..rounds {
        (lattice, bits) = descend(data, job.shape, lattice, step)?;
        step = guess(job, data, &lattice);
    }
    Some((Fit { lattices: vec![lattice], step, reach: JUDGED * 3 / 2 }, bits))
}

fn judged(shape: [usize; 3]) -> [usize; 3] {
    shape.map(|length| length.min(JUDGED))
}

/// The step whose error, with zeros up to 0.62 steps, is the goal.
fn guess(job: &Job<'_>, data: &[f64], lattice: &Lattice) -> f64 {
    let Some(basis) = Basis::new(job.shape, judged(job.shape), &lattice.frame()) else { return 1.0 };
    let mut sizes: Vec<f64> = basis.forward(data).into_iter().map(|value| value * value).collect();
    sizes.sort_by(|a, b| b.total_cmp(a));
    let energy: f64 = data.iter().map(|value| value * value).sum();
    // What the basis leaves would be taken in by higher orders: half of it at most counts.
    let mut left = (energy - sizes.iter().sum::<f64>()).clamp(0.0, job.goal / 2.0);
    left += sizes.iter().sum::<f64>();
    let mut step = 1.0;
    for (count, size) in sizes.iter().enumerate() {
        step = size.sqrt() / 0.62;
        if left + count as f64 * step * step / 12.0 <= job.goal {
            break;
        }
        left -= size;
    }
    step.max(1.0)
}

/// Coefficients of `data` in several bases together: each takes what the others leave, in turn.
pub fn settle(data: &[f64], parts: &[(Simplex, Basis)]) -> Vec<Vec<f64>> {
    let mut fits: Vec<Vec<f64>> = parts.iter().map(|(simplex, _)| vec![0.0; simplex.orders.iter().product()]).collect();
    let mut rest = data.to_vec();
    let rounds = if parts.len() > 1 { 8 } else { 1 };
    for _ in 0..rounds {
        for ((simplex, basis), fit) in parts.iter().zip(&mut fits) {
            let change = basis.forward(&rest);
            let mut inside = vec![0.0; change.len()];
            simplex.places().for_each(|at| inside[at] = change[at]);
            basis.inverse(&inside, -1.0, &mut rest);
            fit.iter_mut().zip(inside).for_each(|(fit, change)| *fit += change);
        }
    }
    fits
}

/// A thinned copy of data for judging frames: every second value along axes on which nothing is narrow.
struct Thinned {
    shape: [usize; 3],
    data: Vec<f64>,
    energy: f64,
    stride: [f64; 3],
}

/// Values below this share of the error asked for are taken for zero.
const FAINT: f64 = 0.02;
/// Scale from which on an axis is thinned.
const THINNED: f64 = 3.5;

impl Thinned {
    fn new(data: &[f64], shape: [usize; 3], lattice: &Lattice) -> Self {
        let scale = lattice.frame().scale;
        let by: [usize; 3] = std::array::from_fn(|axis| {
            if shape[axis] < 24 || scale[axis] < THINNED {
                1
            } else {
                ((scale[axis] / THINNED) as usize + 1).min(shape[axis] / 16)
            }
        });
        let thin: [usize; 3] = std::array::from_fn(|axis| shape[axis].div_ceil(by[axis]));
        // So that sums of squares stay what they were.
        let weight = (by.iter().product::<usize>() as f64).sqrt();
        let mut kept = Vec::with_capacity(thin.iter().product());
        for i in (0..shape[0]).step_by(by[0]) {
            for j in (0..shape[1]).step_by(by[1]) {
                let row = &data[(i * shape[1] + j) * shape[2]..][..shape[2]];
                kept.extend(
                    row.iter().step_by(by[2]).map(|value| if value.abs() < FAINT { 0.0 } else { value * weight }),
                );
            }
        }
        let energy = kept.iter().map(|value| value * value).sum();
        Thinned { shape: thin, data: kept, energy, stride: by.map(|by| by as f64) }
    }

    /// Bits in a frame, about.
    fn bits(&self, lattice: &Lattice, step: f64) -> f64 {
        let frame = lattice.frame();
        let [s10, s20, s21] = frame.shear;
        let by = self.stride;
        let frame = Frame {
            centre: std::array::from_fn(|axis| frame.centre[axis] / by[axis]),
            scale: std::array::from_fn(|axis| frame.scale[axis] / by[axis]),
            shear: [s10 * by[0] / by[1], s20 * by[0] / by[2], s21 * by[1] / by[2]],
        };
        let basis = Basis::new(self.shape, judged(self.shape), &frame);
        basis.map_or(f64::MAX, |basis| bits(&basis.coarse().forward(&self.data), self.energy, step))
    }
}

/// Descends from `start` on the lattice to fewer bits.
pub fn descend(data: &[f64], shape: [usize; 3], start: Lattice, step: f64) -> Option<(Lattice, f64)> {
    let thinned = Thinned::new(data, shape, &start);
    let mut best = (start, thinned.bits(&start, step));
    for stride in [3, 1] {
        for _ in 0..2 {
            let before = best.1;
            (0..10).for_each(|kind| follow(&thinned, &mut best, (kind, stride), shape, step));
            if best.1 > before * 0.995 {
                break;
            }
        }
    }
    (best.1 < f64::MAX).then_some(best)
}

/// Moves on in one direction or the other as long as bits fall.
fn follow(thinned: &Thinned, best: &mut (Lattice, f64), (kind, stride): (usize, i32), shape: [usize; 3], step: f64) {
    for by in [stride, -stride] {
        let mut moved = false;
        while let Some(next) = step_of(&best.0, kind, by, shape) {
            let bits = thinned.bits(&next, step);
            if bits >= best.1 {
                break;
            }
            *best = (next, bits);
            moved = true;
        }
        if moved {
            return;
        }
    }
}

/// The lattice point one move away: 0 all scales, 1 to 3 a scale, 4 to 6 a centre, 7 to 9 a shear.
pub fn step_of(lattice: &Lattice, kind: usize, by: i32, shape: [usize; 3]) -> Option<Lattice> {
    let mut next = *lattice;
    let mut frame = lattice.frame();
    match kind {
        0..=3 => {
            for (axis, scale) in next.scale.iter_mut().enumerate() {
                if (kind == 0 || kind == axis + 1) && shape[axis] > 1 {
                    *scale = (*scale + by).clamp(0, WIDEST);
                }
            }
            frame.scale = next.frame().scale;
            next = Lattice { scale: next.scale, ..Lattice::nearest(&frame, shape) };
        }
        4..=6 => {
            let axis = kind - 4;
            next.centre[axis] = (lattice.centre[axis] + by).clamp(0, lattice.last_centre(axis, shape));
        }
        _ => {
            let (along, by_axis) = [(1, 0), (2, 0), (2, 1)][kind - 7];
            if shape[along] > 1 && shape[by_axis] > 1 {
                next.shear[kind - 7] = (lattice.shear[kind - 7] + by).clamp(-STEEPEST, STEEPEST);
            }
        }
    }
    (next != *lattice).then_some(next)
}
