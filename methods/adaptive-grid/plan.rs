//! What the encoder chooses for an array: which axes to halve, how much tighter to keep coarse levels, the step.

use super::bounded::{self, Quantisers, Stream};
use super::context::Detail;
use super::grid::Grid;
use super::interpolate::Rule;
use super::sample::{Quantiser, Sample};
use crate::shared::entropy;

/// Coarse levels are kept tighter, as all finer ones are predicted from them: by `growth^level`, at most `limit`
/// times (Zhao et al., "Dynamic quality metric oriented error bounded lossy compression", SC 2022: alpha and beta).
const TIGHTENING: [(f64, f64); 4] = [(1.0, 1.0), (1.25, 2.0), (1.5, 3.0), (2.0, 4.0)];
/// The step shrinks in units of 1/4096 to leave room for rounding.
pub(super) const TRIM_UNITS: f64 = 4096.0;
/// Candidates are compared on a block of at most this many values.
const BLOCK: usize = 1 << 16;
/// Arrays below this have few contexts.
const SMALL: usize = 1 << 14;

/// The choices, all of which the payload states.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    /// Axes that are halved, ascending.
    pub axes: Vec<usize>,
    /// Index into the table of tightenings.
    pub tightening: usize,
    /// How much below twice the bound the step is, in 1/4096; 0 for integers.
    pub trim: u32,
}

/// How many contexts an array of this many values gets.
pub(super) fn detail(len: usize) -> Detail {
    if len < SMALL { Detail::Few } else { Detail::Many }
}

impl Plan {
    /// Quantisers for each level, finest first, and for the anchors.
    pub fn quantisers<T: Sample>(&self, bound: f64, levels: u32) -> Quantisers {
        let (growth, limit) = TIGHTENING[self.tightening];
        let mut factor = 1.0f64;
        let mut quantisers = Vec::new();
        for _ in 0..=levels {
            let step = if T::DTYPE.is_float() {
                // Twice the largest bound would be infinite.
                2.0 * bound.min(1e300) * (1.0 - f64::from(self.trim) / TRIM_UNITS) / factor
            } else {
                2.0 * (bound.min(1e10) / factor).floor() + 1.0
            };
            quantisers.push(Quantiser::new(step, bound));
            factor = (factor * growth).min(limit);
        }
        quantisers
    }
}

/// The trim that keeps rounding to the type of the data from crossing the bound; above `TRIM_UNITS` if none does.
pub(super) fn trim<T: Sample>(data: &[T], bound: f64) -> u32 {
    if !T::DTYPE.is_float() {
        return 0;
    }
    let largest = data.iter().map(|value| value.to_f64().abs()).filter(|value| value.is_finite()).fold(0.0, f64::max);
    let half_ulp = largest * if T::DTYPE.size() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON } / 2.0;
    let share = half_ulp / bound;
    // Below this, escapes are cheaper than the finest trim.
    if share < 2e-5 || largest == 0.0 { 0 } else { (share * TRIM_UNITS).ceil().min(1e6) as u32 }
}

/// Chooses for `data` among subsets of `axes` and the tightenings, by the estimated size of a block in the middle.
pub(super) fn choose<T: Sample>(
    data: &[T],
    shape: &[usize],
    axes: &[usize],
    depth: u32,
    rule: Rule,
    bound: f64,
) -> Plan {
    let (block, block_shape) = middle(data, shape);
    let trim = trim(data, bound);
    let cost = |plan: &Plan| {
        let grid = Grid::new(&block_shape, &plan.axes, depth);
        let quantisers = plan.quantisers::<T>(bound, grid.levels);
        let stream = bounded::encode(&mut block.clone(), &grid, rule, &quantisers, detail(block.len()));
        estimate(&stream)
    };
    let long = |axis: &usize| shape[*axis] > 1;
    let mut best = Plan { axes: axes.iter().copied().filter(long).collect(), tightening: 2, trim };
    let mut least = cost(&best);
    while best.axes.len() > 1 {
        let without = |index: usize| {
            let mut plan = best.clone();
            plan.axes.remove(index);
            (cost(&plan), plan)
        };
        let candidate = (0..best.axes.len()).map(without).min_by_key(|(cost, _)| *cost);
        match candidate {
            Some((cost, plan)) if cost < least => (least, best) = (cost, plan),
            _ => break,
        }
    }
    for tightening in [0, 1, 3] {
        let plan = Plan { tightening, ..best.clone() };
        let cost = cost(&plan);
        if cost < least {
            (least, best) = (cost, plan);
        }
    }
    best
}

/// About how many bits a stream takes.
fn estimate<T: Sample>(stream: &Stream<T>) -> u64 {
    let escaped = stream.escaped.len() as u64 * 8 * T::DTYPE.size() as u64;
    entropy::estimate(&stream.symbols, &stream.contexts) + escaped
}

/// A block in the middle of an array, cut down along its longest axes.
fn middle<T: Sample>(data: &[T], shape: &[usize]) -> (Vec<T>, Vec<usize>) {
    let mut block: Vec<usize> = shape.to_vec();
    while block.iter().product::<usize>() > BLOCK {
        let longest = (0..block.len()).max_by_key(|&axis| block[axis]).unwrap_or(0);
        block[longest] = block[longest].div_ceil(2);
    }
    if block == shape {
        return (data.to_vec(), block);
    }
    let grid = Grid::new(shape, &[], 0);
    let first: Vec<usize> = shape.iter().zip(&block).map(|(length, part)| (length - part) / 2).collect();
    let base: usize = first.iter().zip(&grid.strides).map(|(at, stride)| at * stride).sum();
    let within = Grid::new(&block, &[], 0);
    let mut values = vec![T::default(); block.iter().product()];
    within.rows(&within.anchors(), |row| {
        let start = base + row.coordinate.iter().zip(&grid.strides).map(|(at, stride)| at * stride).sum::<usize>();
        let step = grid.strides[within.row_axis];
        for i in 0..row.len {
            values[row.base + i * row.step] = data[start + i * step];
        }
    });
    (values, block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_in_the_middle_keeps_its_neighbourhoods() {
        let data: Vec<f32> = (0..300 * 400 * 3).map(|i| i as f32).collect();
        let (block, shape) = middle(&data, &[300, 400, 3]);
        assert_eq!((shape.as_slice(), block.len()), (&[150, 100, 3][..], 45_000));
        assert_eq!(block[0], ((75 * 400 + 150) * 3) as f32);
        assert_eq!(block[300] - block[0], 1200.0);
    }

    #[test]
    fn integer_steps_are_odd_and_float_steps_leave_room_for_rounding() {
        let plan = Plan { axes: vec![0], tightening: 2, trim: 0 };
        let quantisers = plan.quantisers::<u8>(7.9, 3);
        assert_eq!(quantisers[0].quantise(7u8, 0.0).0, 0);
        assert_eq!(quantisers[0].quantise(8u8, 0.0).0, 1);
        assert_eq!(trim(&[1.0f32, -250.0], 1e-5), 6104);
        assert_eq!(trim(&[1.0f32, -250.0], 1.0), 0);
        assert_eq!(trim(&[1000i32], 1.0), 0);
    }
}
