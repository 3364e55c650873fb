//! A level of grids: its points in classes, each an array of its own, and all of them put together.

use std::convert::identity;

use super::band::Band;
use super::field::RANK;
use super::lane::Lane;
use super::tokens::{LANES, padded};
use crate::shared::simd::{self, Kernel};

/// The axis of the rows.
pub(super) const LAST: usize = RANK - 1;

/// Lengths of the axes of a grid, and which of them its level halves.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub level: u32,
    pub shape: [usize; RANK],
    pub halved: [bool; RANK],
}

impl Grid {
    /// The classes of the level by their odd axes, in coding order.
    pub fn classes(&self) -> Vec<usize> {
        let is_there = |odd: &usize| (0..RANK).all(|axis| odd >> axis & 1 == 0 || self.halved[axis]);
        let mut order: Vec<usize> = (1..1 << RANK).filter(is_there).collect();
        order.sort_by_key(|odd| odd.count_ones());
        order
    }

    /// Lengths of the axes of a class.
    pub fn counts(&self, odd: usize) -> [usize; RANK] {
        std::array::from_fn(|axis| match (self.halved[axis], odd >> axis & 1) {
            (true, 1) => self.shape[axis] / 2,
            (true, _) => self.shape[axis].div_ceil(2),
            (false, _) => self.shape[axis],
        })
    }
}

/// The classes of a level, by their odd axes.
pub(super) type Classes<R> = Vec<Option<Band<R>>>;

/// What is known of a level: its classes, not yet put together.
pub(super) struct Level<R> {
    pub grid: Grid,
    pub classes: Classes<R>,
}

/// A row of a class.
struct Row<'a, R> {
    band: &'a Band<R>,
    start: usize,
}

impl<'a, R: Lane> Row<'a, R> {
    fn values(&self) -> &'a [R] {
        &self.band.values[self.start..]
    }

    fn sizes(&self) -> &'a [u8] {
        &self.band.sizes[self.start..]
    }
}

impl<R: Lane> Level<R> {
    /// The row whose points the one `at` begins with, and the one that every other point is of, if that is another.
    fn sources(&self, at: [usize; LAST]) -> Option<(Row<'_, R>, Option<Row<'_, R>>)> {
        let (mut odd, mut from) = (0, at);
        for axis in (0..LAST).filter(|&axis| self.grid.halved[axis]) {
            odd |= (at[axis] & 1) << axis;
            from[axis] = at[axis] / 2;
        }
        let row = |odd: usize| self.classes[odd].as_ref().map(|band| Row { band, start: band.row(from) });
        Some((row(odd)?, if self.grid.halved[LAST] { Some(row(odd | 1 << LAST)?) } else { None }))
    }

    /// All classes as one array.
    pub fn merge(mut self) -> Band<R> {
        if self.grid.halved == [false; RANK]
            && let Some(band) = self.classes[0].take()
        {
            return band;
        }
        let mut band = Band::new(self.grid.shape);
        let (len, fill) = (band.len(), padded(band.len()));
        let whole = len.next_multiple_of(2 * LANES);
        Band::<R>::places(self.grid.shape, |at| {
            let row = band.row(at);
            let (values, sizes) = (&mut band.values[row..row + whole], &mut band.sizes[row..row + whole]);
            match self.sources(at) {
                None => {}
                Some((all, None)) => {
                    values[..fill].copy_from_slice(&all.values()[..fill]);
                    sizes[..fill].copy_from_slice(&all.sizes()[..fill]);
                }
                Some((even, Some(odd))) => {
                    interleave(even.values(), odd.values(), values, identity);
                    interleave(even.sizes(), odd.sizes(), sizes, identity);
                    sizes[len..].fill(0);
                }
            }
        });
        band
    }

    /// Fills `data`, which is in C order, with what `convert` makes of the values.
    pub fn copy<T: Copy>(&self, data: &mut [T], convert: impl Fn(R) -> T + Copy) {
        let mut rows = data.chunks_mut(self.grid.shape[LAST].max(1));
        Band::<R>::places(self.grid.shape, |at| {
            let Some(row) = rows.next() else { return };
            match self.sources(at) {
                None => {}
                Some((all, None)) => all.values().iter().zip(row).for_each(|(lane, value)| *value = convert(*lane)),
                Some((even, Some(odd))) => interleave(even.values(), odd.values(), row, convert),
            }
        });
    }
}

/// Fills `merged` with what `convert` makes of the values of `even` and `odd` in turn.
fn interleave<V: Copy, T: Copy>(even: &[V], odd: &[V], merged: &mut [T], convert: impl Fn(V) -> T + Copy) {
    simd::run(Interleave { even, odd, merged, convert });
}

struct Interleave<'a, V, T, F> {
    even: &'a [V],
    odd: &'a [V],
    merged: &'a mut [T],
    convert: F,
}

impl<V: Copy, T: Copy, F: Fn(V) -> T> Kernel for Interleave<'_, V, T, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Interleave { even, odd, merged, convert } = self;
        let (chunks, rest) = merged.as_chunks_mut::<{ 2 * LANES }>();
        let done = LANES * chunks.len();
        let pairs = even.as_chunks::<LANES>().0.iter().zip(odd.as_chunks::<LANES>().0);
        for ((even, odd), merged) in pairs.zip(chunks) {
            for lane in 0..LANES {
                merged[2 * lane] = convert(even[lane]);
                merged[2 * lane + 1] = convert(odd[lane]);
            }
        }
        let pairs = even[done..].iter().zip(&odd[done..]).flat_map(|(even, odd)| [even, odd]);
        rest.iter_mut().zip(pairs).for_each(|(merged, value)| *merged = convert(*value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_two_rows_are_put_together_in_turn_up_to_any_length() {
        let even: Vec<u16> = (0..80).map(|i| 2 * i).collect();
        let odd: Vec<u16> = even.iter().map(|number| number + 1).collect();
        for len in 0..130 {
            let mut merged = vec![0u32; len];
            interleave(&even, &odd, &mut merged, u32::from);
            assert!(merged.into_iter().eq(0..len as u32));
        }
    }
}
