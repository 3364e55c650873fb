//! What the encoder chooses for an array: which axes to halve, how much tighter to keep coarse levels, the step.

use super::bounded::{self, Stream};
use super::context::Detail;
use crate::shared::multilevel::{self, Grid, Quantiser, Rule, Sample};
use crate::shared::{blocks, entropy};

/// Candidates are compared on the whole of an array of at most this many values, else on some blocks.
const WHOLE: usize = 1 << 16;
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

impl Plan {
    /// Quantisers for each level, finest first, and for the anchors.
    pub fn quantisers<T: Sample>(&self, bound: f64, levels: u32) -> Vec<Quantiser> {
        multilevel::quantisers::<T>(bound, self.trim, self.tightening, levels)
    }
}

/// How many contexts an array of this many values gets.
pub(super) fn detail(len: usize) -> Detail {
    if len < SMALL { Detail::Few } else { Detail::Many }
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
    let (blocks, block_shape) = blocks::sample(data, shape, WHOLE);
    let trim = multilevel::trim(data, bound);
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
