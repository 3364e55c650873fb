//! The transform of the blocks of a level along one axis.

use super::blocks::Cut;
use super::kernel::{Columns, Dct, LANES, columns, limit};
use crate::shared::real::Real;
use crate::shared::simd;

/// Rows of blocks that are worked on together.
const ROWS: usize = LANES;

/// Transforms blocks along an axis whose values are `inner` elements apart; none: along the last, where coefficients of
/// the same order of all blocks of a row come together.
pub(super) fn along<F: Real, const FORWARD: bool>(cut: &Cut, inner: Option<usize>, data: &mut [F]) {
    let blocks = Blocks {
        cut: *cut,
        small: Dct::new(cut.size, cut.size),
        large: Dct::new(cut.size + 1, cut.size),
        x: columns(),
        before: vec![F::default(); cut.length * ROWS + LANES],
    };
    simd::run(Pass::<F, FORWARD> { blocks, inner, data });
}

/// See [`along`].
struct Pass<'a, F, const FORWARD: bool> {
    blocks: Blocks<F>,
    inner: Option<usize>,
    data: &'a mut [F],
}

/// Transforms of one axis, and work space for them.
struct Blocks<F> {
    cut: Cut,
    small: Dct<F>,
    large: Dct<F>,
    x: Columns<F>,
    before: Vec<F>,
}

impl<F: Real, const FORWARD: bool> simd::Kernel for Pass<'_, F, FORWARD> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Pass { mut blocks, inner, data } = self;
        let length = blocks.cut.length;
        match inner {
            None => {
                for rows in data.chunks_mut(length * ROWS) {
                    blocks.rows::<FORWARD>(rows);
                }
            }
            Some(inner) => {
                for slab in data.chunks_exact_mut(length * inner) {
                    blocks.columns::<FORWARD>(slab, inner);
                }
            }
        }
    }
}

impl<F: Real> Blocks<F> {
    /// Transforms columns of values that are `inner` elements apart.
    #[inline(always)]
    fn columns<const FORWARD: bool>(&mut self, slab: &mut [F], inner: usize) {
        let Blocks { cut, small, large, x, .. } = self;
        for block in 0..cut.blocks {
            let (dct, size) = if block < cut.larger { (&mut *large, cut.size + 1) } else { (&mut *small, cut.size) };
            let rows = &mut slab[cut.start(block) * inner..][..size * inner];
            for lane in (0..inner).step_by(LANES) {
                for (x, row) in x.iter_mut().zip(rows.chunks_exact(inner)) {
                    simd::load(&row[lane..], x);
                }
                if !transform::<F, FORWARD>(dct, size, x) {
                    continue;
                }
                for (x, row) in x.iter().zip(rows.chunks_exact_mut(inner)) {
                    simd::store(x, &mut row[lane..]);
                }
            }
        }
    }

    /// Transforms the blocks of some rows, and brings coefficients of the same order together.
    #[inline(always)]
    fn rows<const FORWARD: bool>(&mut self, rows: &mut [F]) {
        self.before[..rows.len()].copy_from_slice(rows);
        let cut = self.cut;
        for (first, end) in [(0, cut.larger), (cut.larger, cut.blocks)] {
            // Blocks of several rows fill the columns where rows are short.
            let together = (LANES / (end - first).max(1)).max(1) * cut.length;
            for start in (0..rows.len()).step_by(together) {
                let end_here = rows.len().min(start + together);
                for block in (first..end).step_by(LANES) {
                    let part = Part { start, end: end_here, block, lanes: LANES.min(end - block) };
                    match FORWARD {
                        true => self.forward(part, rows),
                        false => self.inverse(part, rows),
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn forward(&mut self, part: Part, rows: &mut [F]) {
        let (cut, size) = (self.cut, part.size(&self.cut));
        let from = cut.start(part.block);
        for (number, row) in (part.start..part.end).step_by(cut.length).enumerate() {
            for lane in 0..part.lanes {
                let block = &self.before[row + from + lane * size..][..size];
                for (x, &value) in self.x.iter_mut().zip(block) {
                    x[number * part.lanes + lane] = value;
                }
            }
        }
        let dct = if part.block < cut.larger { &mut self.large } else { &mut self.small };
        transform::<F, true>(dct, size, &mut self.x);
        for (k, x) in self.x.iter().enumerate().take(size) {
            let lanes = x.chunks_exact(part.lanes);
            for (row, x) in (part.start..part.end).step_by(cut.length).zip(lanes) {
                rows[row + k * cut.blocks + part.block..][..part.lanes].copy_from_slice(x);
            }
        }
    }

    #[inline(always)]
    fn inverse(&mut self, part: Part, rows: &mut [F]) {
        let (cut, size) = (self.cut, part.size(&self.cut));
        let used = (part.end - part.start) / cut.length * part.lanes;
        for k in 0..size {
            let from = k * cut.blocks + part.block;
            for (number, row) in (part.start..part.end).step_by(cut.length).enumerate() {
                let Some(sixteen) = self.before[row + from..].first_chunk::<LANES>() else { continue };
                // What is too much is overwritten by the next row, the next order, or never used.
                let to = &mut self.x.as_flattened_mut()[k * LANES + number * part.lanes..];
                match to.first_chunk_mut() {
                    Some(to) => *to = *sixteen,
                    None => to[..part.lanes].copy_from_slice(&sixteen[..part.lanes]),
                }
            }
            self.x[k][used..].fill(F::default());
        }
        let dct = if part.block < cut.larger { &mut self.large } else { &mut self.small };
        let any = transform::<F, false>(dct, size, &mut self.x);
        let to = cut.start(part.block);
        for (number, row) in (part.start..part.end).step_by(cut.length).enumerate() {
            if !any {
                rows[row + to..][..part.lanes * size].fill(F::default());
                continue;
            }
            for lane in 0..part.lanes {
                let block = &mut rows[row + to + lane * size..][..size];
                for (x, value) in self.x.iter().zip(block) {
                    *value = x[number * part.lanes + lane];
                }
            }
        }
    }
}

/// Blocks of the same length: `lanes` of them from `block` on, of the rows that start from `start` to below `end`.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    end: usize,
    block: usize,
    lanes: usize,
}

impl Part {
    fn size(&self, cut: &Cut) -> usize {
        cut.size + usize::from(self.block < cut.larger)
    }
}

/// Transforms columns of `size` values. False if they are zeros and stay so.
#[inline(always)]
fn transform<F: Real, const FORWARD: bool>(dct: &mut Dct<F>, size: usize, x: &mut Columns<F>) -> bool {
    if FORWARD {
        dct.forward(x);
        return true;
    }
    let limit = limit(&x[..size]);
    if limit > 0 {
        dct.inverse(x, limit);
    }
    limit > 0
}
