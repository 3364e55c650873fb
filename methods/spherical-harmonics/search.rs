//! Where centres stand and how wide functions are: found step by step, by what coefficients would cost.

use super::fit::{Functions, dot};
use super::frame::{Frame, PARTS};

/// Weight of a bit against a squared error, in squared steps of the quantiser.
pub const PRICE: f64 = 0.12;
/// Degree and radial functions while frames are looked for: of narrow ones, and of those from `BROAD` up.
const SIZES: [(usize, usize); 2] = [(4, 5), (8, 7)];
/// In voxels.
const BROAD: f64 = 2.0;
/// Arrays above this are halved along every axis for the search, if what is in them is wide enough.
const MANY: usize = 1 << 12;
/// Narrowest spread, in voxels, that is still looked at in an array of half the resolution.
const WIDE: f64 = 2.5;

/// Deviations from the mean, weighted by squares, within which a frame is looked for.
const REACH: f64 = 5.0;

/// An array of three axes.
#[derive(Clone, Debug)]
pub struct Field {
    pub values: Vec<f64>,
    pub shape: [usize; 3],
}

/// Mean place and spread along each axis, in voxels, weighted by squares.
#[derive(Clone, Copy, Debug)]
struct Spread {
    mean: [f64; 3],
    deviation: [f64; 3],
}

impl Field {
    fn place(&self, index: usize) -> [f64; 3] {
        let (row, k) = (index / self.shape[2], index % self.shape[2]);
        [row / self.shape[1], row % self.shape[1], k].map(|at| at as f64)
    }

    /// The spread of those voxels that `keep` keeps.
    fn spread(&self, keep: impl Fn([f64; 3]) -> bool) -> Option<Spread> {
        let (mut sum, mut first, mut second) = (0.0, [0.0; 3], [0.0; 3]);
        for (index, value) in self.values.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            let (place, weight) = (self.place(index), value * value);
            if keep(place) {
                sum += weight;
                for axis in 0..3 {
                    first[axis] += weight * place[axis];
                    second[axis] += weight * place[axis] * place[axis];
                }
            }
        }
        let mean = first.map(|first| first / sum);
        let deviation = std::array::from_fn(|axis| (second[axis] / sum - mean[axis] * mean[axis]).max(0.0).sqrt());
        (sum > 0.0).then_some(Spread { mean, deviation })
    }

    /// The voxels from `start` to before `end`.
    fn part(&self, start: [usize; 3], end: [usize; 3]) -> Field {
        let mut values = Vec::new();
        for i in start[0]..end[0] {
            for j in start[1]..end[1] {
                let row = (i * self.shape[1] + j) * self.shape[2];
                values.extend_from_slice(&self.values[row + start[2]..row + end[2]]);
            }
        }
        Field { values, shape: std::array::from_fn(|axis| end[axis] - start[axis]) }
    }

    /// Means of two voxels along each axis that has two.
    fn halved(&self) -> Field {
        let shape = self.shape.map(|length| length.div_ceil(2));
        let (mut values, mut counts) = (vec![0.0; shape.iter().product()], vec![0.0; shape.iter().product()]);
        for (index, value) in self.values.iter().enumerate() {
            let [i, j, k] = self.place(index).map(|at| at as usize / 2);
            let at = (i * shape[1] + j) * shape[2] + k;
            values[at] += value;
            counts[at] += 1.0;
        }
        values.iter_mut().zip(counts).for_each(|(value, count): (&mut f64, f64)| *value /= count);
        Field { values, shape }
    }
}

/// The frame that a spread suggests.
fn frame(spread: &Spread, shape: [usize; 3]) -> Frame {
    let limit = |axis: usize| (shape[axis] as u32 - 1) * PARTS;
    let deviation = spread.deviation.map(|deviation| deviation.max(0.25));
    let octaves = |ratio: f64| (8.0 * libm::log2(ratio)).round();
    let stretch = |axis: usize| octaves(deviation[2] / deviation[axis]).clamp(-16.0, 16.0) as i32 / 2;
    let mean = libm::cbrt(deviation[0] * deviation[1] * deviation[2]);
    let size = SIZES[usize::from(mean > BROAD)];
    Frame {
        centre: std::array::from_fn(|axis| ((spread.mean[axis] * f64::from(PARTS)).round() as u32).min(limit(axis))),
        stretch: [stretch(0), stretch(1)],
        pole: 2,
        width: octaves(mean * 1.8 / 0.5).clamp(0.0, 127.0) as u32,
        degree: size.0,
        modes: size.1,
    }
}

/// What `frames` cost about, in squared steps: the error that they leave, and the bits of their coefficients.
fn score(field: &Field, frames: &[Frame], step: f64) -> f64 {
    let fit = Functions::new(frames, field.shape).kept().fit(&field.values, 2 * frames.len(), 0.0);
    let coefficient = |value: &f64| {
        let size = value.abs() / step;
        if size < 0.7 { size * size } else { 1.0 / 12.0 + PRICE * (5.0 + 2.0 * libm::log2(size)) }
    };
    fit.error / (step * step) + fit.coefficients.iter().map(coefficient).sum::<f64>()
}

/// Frames a small step away from `frame` in one respect, that many quarters of a voxel or eighths of an octave.
fn neighbours(frame: &Frame, shape: [usize; 3], by: i32) -> Vec<Frame> {
    let mut all = Vec::new();
    for sign in [by, -by] {
        all.push(Frame { width: frame.width.saturating_add_signed(sign).min(127), ..*frame });
        for axis in 0..2 {
            let mut next = *frame;
            next.stretch[axis] = (next.stretch[axis] + sign).clamp(-32, 31);
            all.push(next);
        }
        // Both at once: the third axis against the others.
        all.push(Frame { stretch: frame.stretch.map(|stretch| (stretch + sign).clamp(-32, 31)), ..*frame });
        for (axis, &length) in shape.iter().enumerate() {
            let mut next = *frame;
            next.centre[axis] = next.centre[axis].saturating_add_signed(sign).min((length as u32 - 1) * PARTS);
            all.push(next);
        }
    }
    all.extend((0..3).map(|pole| Frame { pole, ..*frame }));
    all.retain(|next| next != frame);
    all
}

/// Moves `frame` downhill in steps that become small.
fn descend(field: &Field, frame: Frame, step: f64) -> Frame {
    let mut best = (score(field, &[frame], step), frame);
    for by in [4, 2, 1] {
        for at in 0.. {
            let Some(&next) = neighbours(&best.1, field.shape, by).get(at) else { break };
            let found = score(field, &[next], step);
            if found < best.0 {
                best = (found, next);
            }
        }
    }
    best.1
}

/// The frame for what lies around a spread in `field`: looked for where that is, and in no finer a grid than it takes.
fn single(field: &Field, spread: &Spread, step: f64) -> Frame {
    let reach = spread.deviation.map(|deviation| REACH * deviation.max(0.5));
    let low = |axis: usize| (spread.mean[axis] - reach[axis]).max(0.0) as usize;
    let high = |axis: usize| ((spread.mean[axis] + reach[axis]) as usize + 2).min(field.shape[axis]);
    let start: [usize; 3] = std::array::from_fn(low);
    let part = field.part(start, std::array::from_fn(high));
    let mut spread = *spread;
    (0..3).for_each(|axis| spread.mean[axis] -= start[axis] as f64);
    let narrowest = spread.deviation.iter().copied().fold(f64::INFINITY, f64::min);
    let found = if part.values.len() > MANY && narrowest > WIDE {
        let half = part.halved();
        let spread = Spread {
            mean: spread.mean.map(|mean| (mean - 0.5) / 2.0),
            deviation: spread.deviation.map(|deviation| deviation / 2.0),
        };
        doubled(single(&half, &spread, step / 8f64.sqrt()))
    } else {
        descend(&part, frame(&spread, part.shape), step)
    };
    let centre = |axis: usize| {
        let limit = (field.shape[axis] as u32 - 1) * PARTS;
        (found.centre[axis] + start[axis] as u32 * PARTS).min(limit)
    };
    Frame { centre: std::array::from_fn(centre), ..found }
}

/// The parts of two centres: voxels are divided between the centres that they are nearer to, as k-means does.
fn split(field: &Field, spread: &Spread) -> Option<[(Spread, Field); 2]> {
    let widest = (0..3).max_by(|&a, &b| spread.deviation[a].total_cmp(&spread.deviation[b]))?;
    let mut centres = [spread.mean; 2];
    centres[0][widest] -= spread.deviation[widest];
    centres[1][widest] += spread.deviation[widest];
    let nearer = |centres: &[[f64; 3]; 2], place: [f64; 3]| {
        let distance = |centre: &[f64; 3]| {
            (0..3).map(|axis| (place[axis] - centre[axis]) * (place[axis] - centre[axis])).sum::<f64>()
        };
        distance(&centres[1]) < distance(&centres[0])
    };
    for _ in 0..12 {
        let parts = [field.spread(|place| !nearer(&centres, place))?, field.spread(|place| nearer(&centres, place))?];
        centres = parts.map(|part| part.mean);
    }
    let part = |second: bool| {
        let own = |place: [f64; 3]| nearer(&centres, place) == second;
        let values = field.values.iter().enumerate();
        let values = values.map(|(index, value)| if own(field.place(index)) { *value } else { 0.0 }).collect();
        field.spread(own).map(|spread| (spread, Field { values, shape: field.shape }))
    };
    Some([part(false)?, part(true)?])
}

/// One frame, or two if they are worth it, for coefficients in steps of `step`; small in degree and radial functions.
/// None if there is nothing but zeros.
pub fn frames(field: &Field, step: f64) -> Vec<Frame> {
    let Some(spread) = field.spread(|_| true) else { return Vec::new() };
    let one = vec![single(field, &spread, step)];
    let Some(parts) = split(field, &spread) else { return one };
    let rough: Vec<Frame> = parts.iter().map(|(spread, _)| frame(spread, field.shape)).collect();
    let alone = score(field, &one, step);
    if score(field, &rough, step) > 1.2 * alone {
        return one;
    }
    let two: Vec<Frame> = parts.iter().map(|(spread, part)| single(part, spread, step)).collect();
    if score(field, &two, step) < alone { two } else { one }
}

/// The frame in an array of twice the resolution.
fn doubled(frame: Frame) -> Frame {
    Frame { centre: frame.centre.map(|at| at * 2 + PARTS / 2), width: (frame.width + 8).min(127), ..frame }
}

/// The sum of squares of all values.
pub fn energy(field: &Field) -> f64 {
    dot(&field.values, &field.values)
}
