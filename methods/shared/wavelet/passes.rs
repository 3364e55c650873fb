//! One level along one axis of a box: every line of it, many side by side.

use super::line::Line;
use super::reversible;
use crate::shared::real::Real;
use crate::shared::simd;

/// What is done to lines, `N` of them side by side.
pub(super) trait Change<V, const N: usize> {
    /// Lines of zeros are left as they are.
    const SKIPS_ZEROS: bool;

    /// Changes the lines of `x`, side by side.
    fn lines(&mut self, x: &mut Vec<[V; N]>);

    /// Changes a row, if that is better done alone.
    fn row(&mut self, row: &mut [V]) -> bool;
}

/// Values to coefficients, or back.
pub(super) struct Linear<F, const N: usize, const FORWARD: bool>(pub Line<F, N>);

impl<F: Real, const N: usize, const FORWARD: bool> Change<F, N> for Linear<F, N, FORWARD> {
    const SKIPS_ZEROS: bool = !FORWARD;

    #[inline(always)]
    fn lines(&mut self, x: &mut Vec<[F; N]>) {
        match FORWARD {
            true => self.0.analyse(x),
            false => self.0.synthesise(x),
        }
    }

    #[inline(always)]
    fn row(&mut self, row: &mut [F]) -> bool {
        self.0.row::<FORWARD>(row)
    }
}

/// Integers to coefficients, or back, with work space of the length of the lines.
pub(super) struct Reversible<const N: usize, const FORWARD: bool>(pub Vec<[i32; N]>);

impl<const N: usize, const FORWARD: bool> Change<i32, N> for Reversible<N, FORWARD> {
    const SKIPS_ZEROS: bool = false;

    #[inline(always)]
    fn lines(&mut self, x: &mut Vec<[i32; N]>) {
        match FORWARD {
            true => reversible::analyse(x, &mut self.0),
            false => reversible::synthesise(x, &mut self.0),
        }
    }

    #[inline(always)]
    fn row(&mut self, _: &mut [i32]) -> bool {
        false
    }
}

/// Changes lines across rows: `length` values, `stride` elements apart, from each of the first `row` elements of `rows`.
pub(super) fn columns<V: Copy + Default + PartialEq, const N: usize>(
    rows: &[usize],
    (length, stride, row): (usize, usize, usize),
    data: &mut [V],
    change: impl Change<V, N>,
) {
    let x = vec![[V::default(); N]; length];
    simd::run(Columns { rows, stride, row, data, x, change });
}

/// See [`columns`].
struct Columns<'a, V, C, const N: usize> {
    rows: &'a [usize],
    stride: usize,
    row: usize,
    data: &'a mut [V],
    x: Vec<[V; N]>,
    change: C,
}

impl<V: Copy + Default + PartialEq, C: Change<V, N>, const N: usize> simd::Kernel for Columns<'_, V, C, N> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        for &start in self.rows {
            for first in (0..self.row).step_by(N) {
                let lanes = first..self.row.min(first + N);
                let mut any = !C::SKIPS_ZEROS;
                for (x, values) in self.x.iter_mut().zip(self.data[start..].chunks(self.stride)) {
                    simd::load(&values[lanes.clone()], x);
                    any |= x.iter().fold(false, |any, value| any | (*value != V::default()));
                }
                if !any {
                    continue;
                }
                self.change.lines(&mut self.x);
                for (x, values) in self.x.iter().zip(self.data[start..].chunks_mut(self.stride)) {
                    simd::store(x, &mut values[lanes.clone()]);
                }
            }
        }
    }
}

/// Changes lines that are rows of `length` elements.
pub(super) fn rows<V: Copy + Default + PartialEq, const N: usize>(
    rows: &[usize],
    length: usize,
    data: &mut [V],
    change: impl Change<V, N>,
) {
    let x = vec![[V::default(); N]; length];
    simd::run(Rows { rows, length, data, x, change });
}

/// See [`rows`].
struct Rows<'a, V, C, const N: usize> {
    rows: &'a [usize],
    length: usize,
    data: &'a mut [V],
    x: Vec<[V; N]>,
    change: C,
}

impl<V: Copy + Default + PartialEq, C: Change<V, N>, const N: usize> simd::Kernel for Rows<'_, V, C, N> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        for rows in self.rows.chunks(N) {
            let mut left = [0; N];
            let mut count = 0;
            for &start in rows {
                let row = &mut self.data[start..start + self.length];
                let zero = C::SKIPS_ZEROS && row.iter().fold(true, |zero, value| zero & (*value == V::default()));
                if !zero && !self.change.row(row) {
                    left[count] = start;
                    count += 1;
                }
            }
            if count > 0 {
                self.together(&left[..count]);
            }
        }
    }
}

impl<V: Copy, C: Change<V, N>, const N: usize> Rows<'_, V, C, N> {
    #[inline(always)]
    fn together(&mut self, rows: &[usize]) {
        for (lane, &row) in rows.iter().enumerate() {
            self.x.iter_mut().zip(&self.data[row..]).for_each(|(x, &value)| x[lane] = value);
        }
        self.change.lines(&mut self.x);
        for (lane, &row) in rows.iter().enumerate() {
            self.x.iter().zip(&mut self.data[row..]).for_each(|(x, value)| *value = x[lane]);
        }
    }
}
