//! The choice of a plan, by the estimated size of some blocks.

use super::band::Band;
use super::context::{KINDS, kind_of};
use super::field::{Field, RANK};
use super::lane::Value;
use super::plan::{Plan, step};
use super::pyramid::Pyramid;
use super::raster;
use super::side::{Encoder, Residual};
use crate::shared::entropy::rows::Counts;
use crate::shared::lattice::Lattice;
use crate::shared::mixing::Cost;
use crate::shared::multilevel::{TRIM_UNITS, trim};
use crate::shared::predictive::Palette;

/// Blocks hold so many values together at least, if there are so many, and at most.
const SAMPLE: [usize; 2] = [1 << 13, 3 << 13];
/// One value in so many is looked at.
const SHARE: usize = 24;
/// Blocks of an array that is not taken whole.
const BLOCKS: usize = 2;
/// Rows of a block are not cut shorter than this as long as other axes are longer than [`THICK`].
const LONG: usize = 64;
/// See [`LONG`].
const THICK: usize = 12;
/// So many values say whether it is worth looking for a palette.
const FEW: usize = 512;
/// Interpolation has edges in blocks that the array has not: what it is thought to save there.
const EDGES: f64 = 31.0 / 32.0;
/// A plan that is worse on the first block, by such a share of what the best takes for all, is not tried on others.
const HOPELESS: f64 = 1.0 / 16.0;

/// Blocks of an array.
struct Blocks<U> {
    blocks: Vec<Vec<U>>,
    field: Field,
    whole: Field,
}

impl<U> Blocks<U> {
    /// The axes longer than 1.
    fn axes(&self) -> Vec<usize> {
        (0..RANK).rev().filter(|&axis| self.field.shape[axis] > 1).collect()
    }

    /// Blocks of the integers that all values of these became.
    fn numbers(&self, numbers: &[i32]) -> Blocks<i32> {
        let cut = numbers.chunks(self.field.len()).map(<[i32]>::to_vec).collect();
        Blocks { blocks: cut, field: self.field, whole: self.whole }
    }

    /// What the bits of each context count for, if the array has so many points of each kind, and a block so many.
    fn scale(&self, whole: [usize; KINDS as usize], block: [usize; KINDS as usize]) -> impl Fn(usize) -> f64 {
        let blocks = self.blocks.len();
        move |context| {
            let kind = kind_of(context).min(block.len() - 1);
            whole[kind] as f64 / (block[kind] * blocks).max(1) as f64
        }
    }
}

/// Blocks of `data`, all values of `field` in C order: along the diagonals, with rows as long as can be.
fn sample<T: Copy>(data: &[T], field: &Field) -> Blocks<T> {
    let most = (data.len() / SHARE).clamp(SAMPLE[0], SAMPLE[1]);
    if data.len() <= most {
        return Blocks { blocks: vec![data.to_vec()], field: *field, whole: *field };
    }
    let mut shape = field.shape;
    while shape.iter().product::<usize>() > most / BLOCKS {
        let thickest = (0..RANK - 1).max_by_key(|&axis| shape[axis]).unwrap_or(0);
        let axis = if shape[RANK - 1] > LONG || shape[thickest] <= THICK { RANK - 1 } else { thickest };
        // An odd length has a coarser point at both ends, as most of a long axis has.
        shape[axis] = (shape[axis] / 2) | 1;
    }
    let cut = |number: usize| {
        let first = |axis: usize| {
            let place = if axis.is_multiple_of(2) { number } else { BLOCKS - 1 - number };
            (field.shape[axis] - shape[axis]) * (2 * place + 1) / (2 * BLOCKS)
        };
        let start: usize = (0..RANK).map(|axis| first(axis) * field.strides[axis]).sum();
        Field { shape, strides: field.strides }.gather(&data[start..])
    };
    Blocks { blocks: (0..BLOCKS).map(cut).collect(), field: Field::of(shape), whole: *field }
}

/// A plan, and the integers that it makes of the values.
pub(super) struct Choice<T> {
    pub plan: Plan<T>,
    pub numbers: Option<Vec<i32>>,
}

/// What trials have come to so far.
struct Trials {
    counts: Counts,
    /// The bits of the first block under the best plan.
    first: f64,
    /// The bits of the array under the best plan.
    least: f64,
}

impl Trials {
    fn new() -> Self {
        Trials { counts: Counts::new(), first: f64::INFINITY, least: f64::INFINITY }
    }

    /// The bits that an array is thought to take under a plan, of which `code` gives the residuals of a block;
    /// infinity if the first block leaves no hope. What counts are multiplied by is their `scale`, and all bits `by`.
    fn bits<U>(
        &mut self,
        blocks: &[Vec<U>],
        scale: impl Fn(usize) -> f64,
        by: f64,
        code: impl Fn(&[U]) -> Residual,
    ) -> f64 {
        self.counts.clear();
        let mut first = f64::INFINITY;
        for (index, block) in blocks.iter().enumerate() {
            let residual = code(block);
            let (symbols, contexts) = residual.writer.collected();
            self.counts.add(symbols, contexts);
            if index == 0 && blocks.len() > 1 {
                first = self.counts.bits(&scale) * by;
                if first > self.first + HOPELESS * self.least {
                    return f64::INFINITY;
                }
            }
        }
        let bits = self.counts.bits(scale) * by;
        if bits < self.least {
            (self.first, self.least) = (first, bits);
        }
        bits
    }
}

/// Chooses for `data`, all values of `field` in C order.
pub(super) fn choose<T: Value>(data: &[T], field: &Field, bound: f64) -> Choice<T> {
    let blocks = sample(data, field);
    let trim = match T::DTYPE.is_float() {
        // Steps are added to predictions in the type of the values: room for two roundings.
        true => (2 * trim(data, bound)).clamp(1, TRIM_UNITS as u32 - 1),
        false => 1,
    };
    let sampled = blocks.blocks.concat();
    let lattice = Lattice::find(&sampled, bound).map(|found| blocks.numbers(&found.1));
    let axes = lattice.as_ref().map_or_else(|| blocks.axes(), smoothest_first);
    let mut trials = Trials::new();
    let (mut least, pyramid) = interpolation(&blocks, &axes, step::<T>(bound, trim), &mut trials);
    let mut best = Choice { plan: Plan::Direct { trim, pyramid }, numbers: None };
    if let Some(numbers) = lattice {
        let (bits, axes) = lorenzo(&numbers, &axes, 1, &mut trials);
        if bits < least
            && let Some((lattice, numbers)) = Lattice::find(data, bound)
        {
            least = bits;
            best = Choice { plan: Plan::Lattice(lattice, axes), numbers: Some(numbers) };
        }
    }
    let few: Vec<T> = sampled.iter().step_by(sampled.len() / FEW + 1).copied().collect();
    if Palette::is_likely(&few, bound)
        && let Some((palette, indices)) = Palette::find(&sampled, bound)
    {
        let mut stated = Cost::default();
        Palette::state(Some(&palette), data.len(), &mut stated);
        let (bits, axes) = lorenzo(&blocks.numbers(&indices), &axes, 0, &mut trials);
        if bits + stated.bits < least
            && let Some((palette, indices)) = Palette::find(data, bound)
        {
            best = Choice { plan: Plan::Palette(palette, axes), numbers: Some(indices) };
        }
    }
    best
}

/// The axes longer than 1, those first along which neighbours differ least.
fn smoothest_first(numbers: &Blocks<i32>) -> Vec<usize> {
    let field = &numbers.field;
    let roughness = |axis: usize| {
        let stride = field.strides[axis];
        let differences = numbers.blocks.iter().flat_map(|block| block.iter().zip(&block[stride..]));
        // Some neighbours are those of another row: as many along every axis, nearly.
        differences.map(|(one, other)| u64::from(32 - one.abs_diff(*other).leading_zeros())).sum::<u64>()
    };
    let mut axes = numbers.axes();
    axes.sort_by_cached_key(|&axis| roughness(axis));
    axes
}

/// As a set of bits.
fn mask(axes: &[usize]) -> u8 {
    axes.iter().fold(0, |mask, axis| mask | 1 << axis)
}

/// The best interpolation and its estimated bits: over all axes, or without the roughest of them.
fn interpolation<T: Value>(
    blocks: &Blocks<T>,
    axes: &[usize],
    (step, bound): (f64, f64),
    trials: &mut Trials,
) -> (f64, Pyramid) {
    let mut bits = |pyramid: Pyramid| {
        let scale = blocks.scale(pyramid.points(&blocks.whole), pyramid.points(&blocks.field));
        trials.bits(&blocks.blocks, scale, EDGES, |block| {
            let mut encoder = Encoder::new(block, Residual::trial(block.len()));
            pyramid.run(&blocks.field, step, bound, &mut encoder);
            encoder.residual
        })
    };
    let of = |axes: &[usize]| Pyramid { axes: mask(axes), linear: false, tightening: 2 };
    let mut best = (bits(of(axes)), of(axes));
    for some in (1..axes.len()).rev() {
        let pyramid = of(&axes[..some]);
        let bits = bits(pyramid);
        if bits < best.0 {
            best = (bits, pyramid);
        }
    }
    let chosen = best.1;
    for other in [Pyramid { linear: true, ..chosen }, Pyramid { tightening: 1, ..chosen }] {
        let bits = bits(other);
        if bits < best.0 {
            best = (bits, other);
        }
    }
    best
}

/// The best axes for Lorenzo's rule and the estimated bits: the `fewest` smoothest ones, or more.
fn lorenzo(blocks: &Blocks<i32>, axes: &[usize], fewest: usize, trials: &mut Trials) -> (f64, u8) {
    let mut best = (f64::INFINITY, 0);
    for some in fewest..=axes.len().max(fewest) {
        let set = mask(&axes[..some.min(axes.len())]);
        let scale = blocks.scale(raster::points(&blocks.whole), raster::points(&blocks.field));
        let bits = trials.bits(&blocks.blocks, scale, 1.0, |block| {
            let mut residual = Residual::trial(block.len());
            raster::encode(Band::of(&blocks.field, block), set, &mut residual);
            residual
        });
        if bits < best.0 {
            best = (bits, set);
        }
    }
    best
}
