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
/// Candidates are compared on the whole of an array of at most this many values.
const WHOLE: usize = 1 << 16;
/// Else on this many blocks, of at most this many values each.
const BLOCKS: usize = 3;
const BLOCK: usize = 1 << 15;
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

/// Chooses for `data` among subsets of `axes` and the tightenings, by the estimated size of some blocks.
pub(super) fn choose<T: Sample>(
    data: &[T],
    shape: &[usize],
    axes: &[usize],
    depth: u32,
    rule: Rule,
    bound: f64,
) -> Plan {
    let (blocks, block_shape) = sample(data, shape);
    let trim = trim(data, bound);
    let cost = |plan: &Plan| {
        let grid = Grid::new(&block_shape, &plan.axes, depth);
        let quantisers = plan.quantisers::<T>(bound, grid.levels);
        let of = |block: &Vec<T>| {
            let stream = bounded::encode(&mut block.clone(), &grid, rule, &quantisers, detail(data.len()));
            estimate(&stream, data.len() / blocks.len())
        };
        blocks.iter().map(of).sum::<u64>()
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
    // Without any axis, every point is an anchor, predicted by those before it alone.
    let flat = Plan { axes: Vec::new(), tightening: 0, trim };
    // Blocks have more edges than the array, which tells against interpolation.
    if cost(&flat) < least - least / 32 { flat } else { best }
}

/// About how many bits a stream takes that is a sample of `of` symbols.
fn estimate<T: Sample>(stream: &Stream<T>, of: usize) -> u64 {
    let escaped = stream.escaped.len() as u64 * 8 * T::DTYPE.size() as u64;
    entropy::estimate(&stream.symbols, &stream.contexts, of) + escaped
}

/// Blocks of an array, all of one shape, which is returned too: the whole array if it is small, else some along its
/// diagonals, cut down along the longest axes.
fn sample<T: Sample>(data: &[T], shape: &[usize]) -> (Vec<Vec<T>>, Vec<usize>) {
    let mut block: Vec<usize> = shape.to_vec();
    if data.len() <= WHOLE {
        return (vec![data.to_vec()], block);
    }
    while block.iter().product::<usize>() > BLOCK {
        let longest = (0..block.len()).max_by_key(|&axis| block[axis]).unwrap_or(0);
        // An odd length has a coarser point at both ends, as most of a long axis has.
        block[longest] = (block[longest] / 2) | 1;
    }
    let at = |number: usize, axis: usize| {
        let place = if axis.is_multiple_of(2) { number } else { BLOCKS - 1 - number };
        (shape[axis] - block[axis]) * (2 * place + 1) / (2 * BLOCKS)
    };
    let first = |number: usize| (0..shape.len()).map(|axis| at(number, axis)).collect::<Vec<_>>();
    ((0..BLOCKS).map(|number| cut_out(data, shape, &first(number), &block)).collect(), block)
}

/// The block of shape `block` that starts at `first`.
fn cut_out<T: Sample>(data: &[T], shape: &[usize], first: &[usize], block: &[usize]) -> Vec<T> {
    let grid = Grid::new(shape, &[], 0);
    let base: usize = first.iter().zip(&grid.strides).map(|(at, stride)| at * stride).sum();
    let within = Grid::new(block, &[], 0);
    let mut values = vec![T::default(); block.iter().product()];
    within.rows(&within.anchors(), |row| {
        let start = base + row.coordinate.iter().zip(&grid.strides).map(|(at, stride)| at * stride).sum::<usize>();
        let step = grid.strides[within.row_axis];
        for i in 0..row.len {
            values[row.base + i * row.step] = data[start + i * step];
        }
    });
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampled_blocks_keep_their_neighbourhoods() {
        let data: Vec<f32> = (0..300 * 400 * 3).map(|i| i as f32).collect();
        let (blocks, shape) = sample(&data, &[300, 400, 3]);
        let points = shape.iter().product::<usize>();
        assert!(shape[2] == 3 && points <= BLOCK && blocks.iter().all(|block| block.len() == points));
        assert!(blocks.iter().all(|block| block[shape[1] * 3] - block[0] == 1200.0 && block[3] - block[0] == 3.0));
        assert_eq!(sample(&data[..900], &[300, 3]), (vec![data[..900].to_vec()], vec![300, 3]));
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
