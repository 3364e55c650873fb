//! The context of a residual: how large the residuals around it were.

use crate::shared::multilevel::{Grid, Row};

/// Buckets of activity.
const BUCKETS: u8 = 48;
/// Weights add up to this: two points before in the row a quarter, the points around three.
const TOTAL: u32 = 128;
const AROUND: u32 = 96;
/// Bucket by activity: fine steps near zero, then about an eighth of an octave.
const BUCKET: [u8; 1024] = buckets();

const fn buckets() -> [u8; 1024] {
    let mut table = [0; 1024];
    let mut activity = 0;
    while activity < 1024 {
        let bucket = match activity {
            0..16 => activity / 2,
            16..64 => 8 + (activity - 16) / 6,
            _ => 16 + (activity - 64) / 16,
        };
        table[activity] = if bucket < BUCKETS as usize { bucket as u8 } else { BUCKETS - 1 };
        activity += 1;
    }
    table
}

/// Size of a residual on a scale that is linear near zero and has four marks an octave above; 0 for an escape.
#[inline(always)]
pub(super) fn size_of(symbol: i32) -> u8 {
    let magnitude = symbol.wrapping_abs() & i32::MAX;
    (((magnitude + 3) as f32).to_bits() >> 21) as u16 as u8 - 2
}

/// How many contexts to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Twelve, for small arrays: each needs symbols to learn from.
    Few,
    /// 48 for each of four kinds of points.
    Many,
}

/// Sizes of the residuals so far, in the shape of the array, and the contexts that follow from them.
pub(super) struct Contexts {
    sizes: Vec<u8>,
    around: Vec<u16>,
    detail: Detail,
    kind: u8,
}

/// Activity from the row's own points, as a row is coded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trail {
    last: [u8; 2],
    known: bool,
}

impl Contexts {
    pub fn new(len: usize, detail: Detail) -> Self {
        Contexts { sizes: vec![0; len], around: Vec::new(), detail, kind: 0 }
    }

    /// Looks around every point of a row. To be called before the row is coded.
    pub fn enter(&mut self, grid: &Grid, row: &Row<'_>) -> Trail {
        self.kind = row.class.odd.len().min(3) as u8;
        self.around.clear();
        self.around.resize(row.len, 0);
        let neighbours = neighbours(grid, row);
        let total: u32 = neighbours.iter().map(|neighbour| neighbour.1).sum();
        for (offset, weight) in neighbours {
            let weight = (AROUND * weight / total) as u16;
            let start = row.base.wrapping_add_signed(offset);
            let known = self.sizes.get(start..).unwrap_or(&[]);
            for (sum, size) in self.around.iter_mut().zip(known.iter().step_by(row.step)) {
                *sum += weight * u16::from(*size);
            }
        }
        Trail::default()
    }

    /// The context of point `i` of the row.
    #[inline(always)]
    pub fn of(&self, i: usize, trail: Trail) -> u8 {
        let around = u32::from(self.around[i]);
        let sum = if trail.known {
            around + 24 * u32::from(trail.last[0]) + 8 * u32::from(trail.last[1])
        } else {
            around * TOTAL / AROUND
        };
        let bucket = BUCKET[(sum / 16) as usize & 1023];
        match self.detail {
            Detail::Few => bucket / 4,
            Detail::Many => self.kind * BUCKETS + bucket,
        }
    }

    /// Takes note of the symbol of a point, the element at `index`.
    #[inline(always)]
    pub fn note(&mut self, index: usize, symbol: i32, trail: &mut Trail) {
        let size = size_of(symbol);
        self.sizes[index] = size;
        trail.last = [size, if trail.known { trail.last[0] } else { size }];
        trail.known = true;
    }
}

/// Offsets of points coded before this row, and their weights. Some lie outside the row's lines near the array's
/// edges: there the decoder sees what the encoder saw, which is all that matters.
fn neighbours(grid: &Grid, row: &Row<'_>) -> Vec<(isize, u32)> {
    let class = row.class;
    let mut found = Vec::with_capacity(8);
    let before =
        (0..grid.shape.len()).rev().filter(|&axis| axis != grid.row_axis && row.coordinate[axis] > class.start[axis]);
    for (axis, weight) in before.zip([6, 4]) {
        found.push((-((class.step[axis] * grid.strides[axis]) as isize), weight));
    }
    let weight = if class.odd.len() == 1 { 3 } else { 6 };
    for &axis in &class.odd {
        let offset = (class.stride * grid.strides[axis]) as isize;
        found.push((-offset, weight));
        if axis == grid.row_axis || row.coordinate[axis] + class.stride < grid.shape[axis] {
            found.push((offset, weight));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_rise_with_the_residual_and_fit_the_buckets() {
        assert_eq!([0, 1, -1, 2, 4, -4, 1000].map(size_of), [0, 2, 2, 3, 5, 5, 33]);
        assert_eq!((size_of(i32::MIN), size_of(i32::MAX - 3) < 120), (0, true));
        assert!((0..31).all(|bit| size_of(1 << bit >> 1) <= size_of((1 << bit) - i32::from(bit == 30))));
    }

    #[test]
    fn buckets_rise_with_activity() {
        assert!(BUCKET.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!((BUCKET[0], BUCKET[1023]), (0, BUCKETS - 1));
    }
}
