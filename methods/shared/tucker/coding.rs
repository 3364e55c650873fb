//! The walk over the integers of factors and core, written once for writing, reading and costing.

use super::frame::pivot;
use crate::shared::mixing::{Integers, Place};
use crate::shared::range::{Bit, BitCoder};

/// One mode of a decomposition.
#[derive(Clone, Debug, Default)]
pub struct Mode {
    /// Length of the axis.
    pub length: usize,
    /// Columns of the factor: indices of the core along this mode.
    pub rank: usize,
    /// Whether the factor is coded; otherwise it is the first cosines.
    pub adapted: bool,
    /// The factor in cosines along the axis, column after column, each as long as the axis.
    pub symbols: Vec<i32>,
}

/// Contexts of a coefficient of a factor: of each kind.
const FACTOR: [usize; 5] = [SIZES, SIZES, 96, 12 * 12, 10 * 10];
/// Contexts of a coefficient of the core.
const CORE: [usize; 6] = [ENVELOPES, SIZES, 14 * 12, ENVELOPES * 4, 32 * 4, 12 * 12];
/// Buckets of mean sizes, and of envelopes.
const SIZES: usize = 28;
const ENVELOPES: usize = 40;

/// The squared error, in squared steps, that a bit less is worth.
pub const BIT: f64 = 0.1;

/// What is learnt while coding, from tile to tile.
#[derive(Clone, Debug)]
pub struct Models {
    factor: Integers<5>,
    core: Integers<6>,
    adapted: Bit,
    /// Of axes of so many bits, a binary tree of their ranks.
    ranks: Vec<Vec<Bit>>,
}

impl Default for Models {
    fn default() -> Self {
        Models {
            factor: Integers::new(FACTOR, 2, 2),
            core: Integers::new(CORE, 1, 3),
            adapted: Bit::default(),
            ranks: vec![Vec::new(); 65],
        }
    }
}

/// Sixteen times the binary logarithm of `1 + |symbol|`, about.
fn size_of(symbol: i32) -> u32 {
    (symbol.unsigned_abs().saturating_add(1) as f32).to_bits().wrapping_sub(127 << 23) >> 19
}

/// The bucket of a mean size in sixteenths: fine where it is small.
fn bucket(mean: u32) -> usize {
    match mean {
        0 => 0,
        1..=15 => 1 + mean as usize / 4,
        16..=63 => 5 + (mean as usize - 16) / 6,
        _ => (13 + (mean as usize - 64) / 12).min(SIZES - 1),
    }
}

impl Models {
    /// Codes how a mode is represented, and its factor.
    pub fn mode(&mut self, mode: &mut Mode, coder: &mut impl BitCoder) {
        self.rank(mode, coder);
        mode.adapted = coder.learnt(mode.adapted, &mut self.adapted);
        mode.symbols.resize(if mode.adapted { mode.rank * mode.length } else { 0 }, 0);
        if !mode.adapted {
            return;
        }
        let n = mode.length;
        let mut sizes = vec![0u32; n * mode.rank];
        let mut taken = vec![false; n];
        for column in 0..mode.rank {
            let mut first = true;
            for (k, &taken) in taken.iter().enumerate() {
                let at = column * n + k;
                if taken {
                    mode.symbols[at] = 0;
                    sizes[at] = if k > 0 { sizes[at - 1] } else { 0 };
                    continue;
                }
                let place = factor_place(&sizes, n, column, k, first);
                let symbol = self.factor.code(mode.symbols[at], &place, coder);
                mode.symbols[at] = symbol;
                sizes[at] = size_of(symbol);
                first &= symbol == 0;
            }
            taken[pivot(&mode.symbols[column * n..][..n])] = true;
        }
    }

    fn rank(&mut self, mode: &mut Mode, coder: &mut impl BitCoder) {
        let bits = usize::BITS - mode.length.leading_zeros();
        let models = &mut self.ranks[bits as usize];
        models.resize(1 << bits, Bit::default());
        let mut node = 1;
        for bit in (0..bits).rev() {
            node = node * 2 + usize::from(coder.learnt(mode.rank >> bit & 1 == 1, &mut models[node]));
        }
        mode.rank = (node - (1 << bits)).min(mode.length);
    }

    /// Codes the core, whose shape is the ranks of `modes`, in C order.
    pub fn core(&mut self, core: &mut [i32], modes: &[Mode], scale: f64, coder: &mut impl BitCoder) {
        let envelope = Envelope::new(modes, scale);
        let neighbours = Neighbours::new(modes);
        let mut sizes = vec![0u32; core.len()];
        each(modes, |at, index| {
            let place = core_place(&sizes, at, index, &neighbours, &envelope);
            core[at] = self.core.code(core[at], &place, coder);
            sizes[at] = size_of(core[at]);
        });
    }
}

/// Cuts values, in steps, of a core whose shape is the ranks of `modes` to integers. Those that come out as one are
/// dropped where a non-zero is rare for its contexts, by what it costs (rate-distortion optimised quantisation; Sullivan
/// and Wiegand 1998, for the weight of a bit).
pub fn cut(values: &[f64], modes: &[Mode], scale: f64, up: f64) -> Vec<i32> {
    let (envelope, neighbours) = (Envelope::new(modes, scale), Neighbours::new(modes));
    let mut counts = vec![[0.4f64, 0.1]; ENVELOPES * SIZES];
    let mut symbols = vec![0; values.len()];
    for learnt in [false, true] {
        let mut sizes = vec![0u32; values.len()];
        each(modes, |at, index| {
            let place = core_place(&sizes, at, index, &neighbours, &envelope);
            let [zeros, others] = &mut counts[place.contexts[0] * SIZES + place.contexts[1]];
            let size = values[at].abs();
            let mut symbol = (size + up) as i32;
            if learnt && symbol == 1 && 2.0 * size - 1.0 < BIT * (libm::log2(*zeros / *others) + 1.5) {
                symbol = 0;
            }
            if !learnt {
                *(if symbol == 0 { zeros } else { others }) += 1.0;
            }
            symbols[at] = if values[at] < 0.0 { -symbol } else { symbol };
            sizes[at] = size_of(symbol);
        });
    }
    symbols
}

/// Visits every index of a core in C order, with its offset.
fn each(modes: &[Mode], mut visit: impl FnMut(usize, &[usize])) {
    let count = modes.iter().map(|mode| mode.rank).product();
    let mut index = vec![0usize; modes.len()];
    for at in 0..count {
        visit(at, &index);
        let next = (0..modes.len()).rev().find(|&mode| index[mode] + 1 < modes[mode].rank);
        let Some(mode) = next else { break };
        index[mode] += 1;
        index[mode + 1..].fill(0);
    }
}

fn factor_place(sizes: &[u32], n: usize, column: usize, k: usize, first: bool) -> Place<5> {
    let here = |back: usize| if k >= back { sizes[column * n + k - back] } else { 0 };
    let left = |back: usize, ahead: isize| {
        let k = k as isize + ahead;
        let inside = column >= back && (0..n as isize).contains(&k);
        if inside { sizes[(column - back) * n + k as usize] } else { 0 }
    };
    let before = (2 * here(1) + here(2)) / 3;
    let across = (3 * left(1, 0) + 2 * (left(1, -1) + left(1, 1)) + left(2, 0) + left(1, -2) + left(1, 2)) / 10;
    let further = (here(3) + here(4) + left(2, 1) + left(2, -1) + left(2, -2) + left(3, 0) + left(3, -1)) / 7;
    let mixed = (3 * before + 3 * across + 2 * further) / 8;
    Place {
        contexts: [
            bucket(before),
            bucket(mixed),
            k.min(95),
            (bucket(before) / 2).min(11) * 12 + (bucket(across) / 2).min(11),
            (bucket(across) / 2).min(9) * 10 + (bucket(further) / 2).min(9),
        ],
        sign: usize::from(first),
        set: usize::from(column > 0),
    }
}

fn core_place(sizes: &[u32], at: usize, index: &[usize], neighbours: &Neighbours, envelope: &Envelope) -> Place<6> {
    let (near, all) = neighbours.means(sizes, at, index);
    let (product, least) = envelope.at(index);
    let last = index[index.len() - 1];
    let near_bucket = bucket(near);
    let all_bucket = bucket(all);
    Place {
        contexts: [
            product,
            all_bucket,
            (product / 3).min(13) * 12 + (all_bucket / 2).min(11),
            least * 4 + usize::from(near_bucket > 0) + usize::from(near_bucket > 4) + usize::from(near_bucket > 8),
            last.min(31) * 4 + usize::from(all_bucket > 1) + usize::from(all_bucket > 4) + usize::from(all_bucket > 8),
            (near_bucket / 2).min(11) * 12 + (product / 3).min(11),
        ],
        sign: 0,
        set: usize::from(all_bucket > 1) + usize::from(all_bucket > 6),
    }
}

/// How large coefficients of the core are expected to be, from the norms of the columns of the factors.
struct Envelope {
    /// Binary logarithms of the norms in core steps; empty where the mode is not adapted.
    logs: Vec<Vec<f64>>,
    total: f64,
}

impl Envelope {
    fn new(modes: &[Mode], scale: f64) -> Self {
        let energies = |mode: &Mode| -> Vec<f64> {
            let columns = mode.symbols.chunks_exact(mode.length.max(1));
            columns.map(|column| column.iter().map(|&q| f64::from(q) * f64::from(q)).sum()).collect()
        };
        let energies: Vec<Vec<f64>> = modes.iter().map(energies).collect();
        let log = |energy: f64| 0.5 * libm::log2(energy.max(1e-3)) + libm::log2(scale);
        let adapted = energies.iter().filter(|energies| !energies.is_empty());
        let totals: Vec<f64> = adapted.map(|energies| log(energies.iter().sum())).collect();
        let total = totals.iter().skip(1).sum();
        let logs = energies.iter().map(|energies| energies.iter().map(|&energy| log(energy)).collect()).collect();
        Envelope { logs, total }
    }

    /// Buckets of the product of what the modes say, as if they were independent, and of the least of them.
    fn at(&self, index: &[usize]) -> (usize, usize) {
        let here = self.logs.iter().zip(index).filter_map(|(logs, &i)| logs.get(i));
        let least = here.clone().copied().fold(12.0, f64::min);
        let product = here.sum::<f64>() - self.total;
        let bucket = |log: f64, low: f64, fine: f64| (((log - low) * fine).max(0.0) as usize).min(ENVELOPES - 1);
        (bucket(product, -8.0, 2.5), bucket(least, -1.0, 4.0))
    }
}

/// Coefficients of the core coded before one, near it.
struct Neighbours {
    list: Vec<(Vec<isize>, usize, u32, bool)>,
    ranks: Vec<usize>,
}

impl Neighbours {
    fn new(modes: &[Mode]) -> Self {
        let ranks: Vec<usize> = modes.iter().map(|mode| mode.rank).collect();
        let stride = |mode: usize| ranks[mode + 1..].iter().product::<usize>();
        let mut list = Vec::new();
        let mut add = |steps: &[(usize, isize)], weight: u32, near: bool| {
            let mut shift = vec![0isize; ranks.len()];
            steps.iter().for_each(|&(mode, step)| shift[mode] = step);
            let back: isize = steps.iter().map(|&(mode, step)| -step * stride(mode) as isize).sum();
            if back > 0 {
                list.push((shift, back as usize, weight, near));
            }
        };
        for mode in 0..ranks.len() {
            add(&[(mode, -1)], 4, true);
            add(&[(mode, -2)], 2, false);
            for other in mode + 1..ranks.len() {
                add(&[(mode, -1), (other, -1)], 2, false);
                add(&[(mode, -1), (other, 1)], 3, false);
            }
        }
        Neighbours { list, ranks }
    }

    /// Mean sizes of the nearest, and of all of them.
    fn means(&self, sizes: &[u32], at: usize, index: &[usize]) -> (u32, u32) {
        let (mut near, mut all) = ((0, 0), (0, 0));
        for (shift, back, weight, nearest) in &self.list {
            let inside =
                |((&i, &shift), &rank): ((&usize, &isize), &usize)| (0..rank as isize).contains(&(i as isize + shift));
            if index.iter().zip(shift).zip(&self.ranks).all(inside) {
                let size = sizes[at - back] * weight;
                all = (all.0 + size, all.1 + weight);
                if *nearest {
                    near = (near.0 + size, near.1 + weight);
                }
            }
        }
        (near.0 / near.1.max(1), all.0 / all.1.max(1))
    }
}
