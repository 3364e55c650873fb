//! Fourier transforms of arrays of any rank, of which only low wavenumbers are kept.

use rayon::prelude::*;
use rustfft::Fft;
use rustfft::num_complex::Complex;

use super::fft::{Between, HALF, LEFT_OUT, LINES, Lines, Outputs, Parts, Plan};
use super::source::Read;
use super::spare::Spare;
use super::sum::BLOCK;
use super::wide::wide;

/// Coefficients that one task sums.
const TASK: usize = 1 << 15;
/// Slabs from which on none is divided among threads.
const MANY: usize = 16;

/// Whether a wavenumber's shell may count, given the wavenumber's square, cycles per sample.
fn counts(square: f64, longest: usize) -> bool {
    shell(square, longest) < longest.div_ceil(4)
}

/// The shell of a wavenumber, given its square, cycles per sample.
fn shell(square: f64, longest: usize) -> usize {
    (square.sqrt() * longest as f64).round() as usize
}

/// What a transform along one axis leaves of it.
#[derive(Debug)]
struct Axis {
    plan: Plan,
    /// The wavenumbers that are kept, by their place in a transform, and their squares: all whose shell may count.
    kept: Vec<usize>,
    squares: Vec<f64>,
    /// For each wavenumber its place among those.
    places: Vec<u32>,
}

impl Axis {
    /// Of the last axis half of the wavenumbers are left out, those that are opposite to another.
    fn new(length: usize, longest: usize, lines: usize, last: bool) -> Self {
        let square = |at: usize| (at.min(length - at) as f64 / length as f64).powi(2);
        let all = if last { length / 2 + 1 } else { length };
        let kept: Vec<usize> = (0..all.min(length)).filter(|&at| counts(square(at), longest)).collect();
        let reach = kept.iter().map(|&at| at.min(length - at)).max().unwrap_or(0);
        let mut places = vec![LEFT_OUT; length];
        kept.iter().enumerate().for_each(|(place, &at)| places[at] = place as u32);
        let squares = kept.iter().map(|&at| square(at)).collect();
        Axis { plan: Plan::new(length, lines, reach), squares, kept, places }
    }
}

/// How arrays of one shape are transformed.
#[derive(Debug)]
pub(super) struct Transform {
    /// The last axis, and the ones before it from the inside out.
    rows: Axis,
    columns: Vec<Axis>,
    /// For each coefficient its shell, and how many coefficients it stands for; none for those beyond the last shell.
    places: Vec<(u32, f64)>,
    shells: usize,
    memory: Memory,
}

/// Memory that serves one transform after another.
#[derive(Debug, Default)]
struct Memory {
    parts: Spare<Parts>,
    batches: Spare<Batch>,
}

/// Lines that are transformed together.
#[derive(Debug, Default)]
struct Batch {
    lines: Parts,
    between: Between,
    found: Parts,
    row: Vec<f64>,
}

impl Transform {
    /// For a shape of which some axis is long enough.
    pub fn new(shape: &[usize]) -> Self {
        let longest = shape.iter().copied().max().unwrap_or(1);
        let (&last, leading) = shape.split_last().expect("an array with a long axis has axes");
        let elements: usize = shape.iter().product();
        let rows = Axis::new(last, longest, (elements / last.max(1)).div_ceil(2), true);
        let stands_for = |&mode: &usize| if mode == 0 { 1.0 } else { 2.0 };
        let mut places: Vec<_> = rows.squares.iter().copied().zip(rows.kept.iter().map(stands_for)).collect();
        let mut columns = Vec::new();
        let mut outer: usize = leading.iter().product();
        for &length in leading.iter().rev() {
            outer /= length.max(1);
            let axis = Axis::new(length, longest, outer.max(1) * places.len(), false);
            places = beside(&places, &axis);
            columns.push(axis);
        }
        let shells = longest.div_ceil(4);
        let place = |(square, stands_for): (f64, f64)| {
            let shell = shell(square, longest);
            if shell < shells { (shell as u32, stands_for) } else { (0, 0.0) }
        };
        let places = places.into_iter().map(place).collect();
        Transform { rows, columns, places, shells, memory: Memory::default() }
    }

    /// Per shell the sum of a term of each coefficient, in pieces of fixed size.
    pub fn sums(&self, term: impl Fn(usize) -> f64 + Sync) -> Vec<f64> {
        let part = |(piece, places): (usize, &[(u32, f64)])| {
            let mut sums = vec![0.0; self.shells];
            for (at, &(shell, stands_for)) in places.iter().enumerate().filter(|(_, place)| place.1 > 0.0) {
                sums[shell as usize] += stands_for * term(piece * TASK + at);
            }
            sums
        };
        let parts: Vec<_> = self.places.par_chunks(TASK).enumerate().map(part).collect();
        let add = |mut sums: Vec<f64>, part: Vec<f64>| {
            sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            sums
        };
        parts.into_iter().fold(vec![0.0; self.shells], add)
    }

    /// The coefficients of an array.
    pub fn run(&self, read: &Read<'_>) -> Parts {
        let Memory { parts: spare, batches } = &self.memory;
        let Some((first, outer)) = self.columns.split_first() else {
            let mut modes = spare.take();
            Rows { read, first: 0, count: 1, least: 1, batches }.transform(&self.rows, &mut modes);
            return modes;
        };
        let (length, modes) = (first.plan.length(), self.rows.kept.len());
        let size = first.kept.len() * modes.next_multiple_of(first.plan.lines());
        let slabs: usize = outer.iter().map(|axis| axis.plan.length()).product();
        let least = if slabs >= MANY { usize::MAX } else { 1 };
        let mut found = spare.take();
        found.resize(slabs * size);
        let parts = found.re.par_chunks_mut(size.max(1)).zip(found.im.par_chunks_mut(size.max(1))).enumerate();
        let rows = || spare.lend();
        parts.for_each_init(rows, |rows, (slab, (re, im))| {
            Rows { read, first: slab * length, count: length, least, batches }.transform(&self.rows, rows);
            Across { axis: first, least, batches }.transform(rows.lines(modes), re, im);
        });
        outer.iter().fold((found, size), |modes, axis| self.along(modes, axis)).0
    }

    /// Takes coefficients back: their memory serves another transform.
    pub fn give(&self, modes: Parts) {
        self.memory.parts.give(modes);
    }

    /// Transforms along the last axis that is not transformed yet, into other memory; so many coefficients stand for each
    /// of its indices. Gives that number for the axis before it, too.
    fn along(&self, (from, width): (Parts, usize), axis: &Axis) -> (Parts, usize) {
        let size = axis.kept.len() * width.next_multiple_of(axis.plan.lines());
        let block = axis.plan.length() * width;
        let mut to = self.memory.parts.take();
        to.resize(from.re.len() / block.max(1) * size);
        let parts = to.re.par_chunks_mut(size.max(1)).zip(to.im.par_chunks_mut(size.max(1))).enumerate();
        parts.for_each(|(at, (re, im))| {
            let range = at * block..(at + 1) * block;
            let lines = Lines { re: &from.re[range.clone()], im: &from.im[range], step: width, count: width };
            Across { axis, least: 1, batches: &self.memory.batches }.transform(lines, re, im);
        });
        self.give(from);
        (to, size)
    }
}

/// Neighbouring rows of an array.
struct Rows<'r> {
    read: &'r Read<'r>,
    /// Number of the first.
    first: usize,
    count: usize,
    /// Batches that one task takes at least.
    least: usize,
    batches: &'r Spare<Batch>,
}

impl Rows<'_> {
    /// The kept coefficients, row by row, in place of what `modes` held. Two rows are transformed at once, as real and
    /// imaginary parts.
    fn transform(&self, axis: &Axis, modes: &mut Parts) {
        modes.resize(self.count * axis.kept.len());
        let Parts { re, im } = modes;
        match &axis.plan {
            Plan::Single(plan) => self.one_by_one(plan.as_ref(), axis, re, im),
            Plan::Batch { .. } => self.in_batches(axis, re, im),
        }
    }

    fn in_batches(&self, axis: &Axis, re: &mut [f64], im: &mut [f64]) {
        let (length, modes, lines) = (axis.plan.length(), axis.kept.len(), axis.plan.lines());
        let group = 2 * lines * modes;
        let groups = re.par_chunks_mut(group).zip(im.par_chunks_mut(group)).enumerate();
        let batch = || self.batches.lend();
        groups.with_min_len(self.least).for_each_init(batch, |batch, (group, (out_re, out_im))| {
            let Batch { lines: batch, between, found, row } = &mut **batch;
            [&mut *batch, &mut *found].into_iter().for_each(|parts| parts.resize(length * lines));
            row.resize(length, 0.0);
            let rows = out_re.len() / modes;
            let put = if lines == LINES { put::<LINES> } else { put::<HALF> };
            for at in 0..rows {
                (self.read)((self.first + group * 2 * lines + at) * length, row);
                put(row, if at % 2 == 0 { &mut batch.re } else { &mut batch.im }, at / 2);
            }
            if rows % 2 == 1 {
                row.fill(0.0);
                put(row, &mut batch.im, rows / 2);
            }
            axis.plan.run(batch.lines(lines), between, found.outputs());
            let divide = if lines == LINES { divide::<LINES> } else { divide::<HALF> };
            divide(found, axis, out_re, out_im);
        });
    }

    fn one_by_one(&self, plan: &dyn Fft<f64>, axis: &Axis, re: &mut [f64], im: &mut [f64]) {
        let (length, modes) = (axis.plan.length(), axis.kept.len());
        let pairs = re.par_chunks_mut(2 * modes).zip(im.par_chunks_mut(2 * modes)).enumerate();
        let buffers = || (vec![Complex::default(); length], [0.0; BLOCK]);
        pairs.for_each_init(buffers, |(numbers, values), (pair, (re, im))| {
            numbers.fill(Complex::default());
            let rows = re.len() / modes;
            for (block, numbers) in numbers.chunks_mut(BLOCK).enumerate() {
                let (row, values) = (self.first + 2 * pair, &mut values[..numbers.len()]);
                (self.read)(row * length + block * BLOCK, values);
                numbers.iter_mut().zip(&*values).for_each(|(number, value)| number.re = *value);
                if rows > 1 {
                    (self.read)((row + 1) * length + block * BLOCK, values);
                    numbers.iter_mut().zip(&*values).for_each(|(number, value)| number.im = *value);
                }
            }
            plan.process(numbers);
            for (at, &mode) in axis.kept.iter().enumerate() {
                let (here, there) = (numbers[mode], numbers[(length - mode) % length]);
                for row in 0..rows {
                    let number = part((here.re, here.im), (there.re, there.im), row == 1);
                    (re[row * modes + at], im[row * modes + at]) = number;
                }
            }
        });
    }
}

/// Divides the coefficients of `N` pairs of rows, that were transformed as real and imaginary parts, into those of each
/// row; fewer rows if there is room for fewer.
fn divide<const N: usize>(found: &Parts, axis: &Axis, out_re: &mut [f64], out_im: &mut [f64]) {
    let (length, modes) = (axis.plan.length(), axis.kept.len());
    let (re, im) = (found.re.as_chunks::<N>().0, found.im.as_chunks::<N>().0);
    for (at, &mode) in axis.kept.iter().enumerate() {
        let (here, there) = ((&re[mode], &im[mode]), (&re[(length - mode) % length], &im[(length - mode) % length]));
        let (mut rows_re, mut rows_im) = ([[0.0; 2]; N], [[0.0; 2]; N]);
        wide(
            #[inline(always)]
            || {
                for line in 0..N {
                    let (here, there) = ((here.0[line], here.1[line]), (there.0[line], there.1[line]));
                    let (even, odd) = (part(here, there, false), part(here, there, true));
                    (rows_re[line], rows_im[line]) = ([even.0, odd.0], [even.1, odd.1]);
                }
            },
        );
        for (out, rows) in [(&mut *out_re, &rows_re), (&mut *out_im, &rows_im)] {
            let places = out[at..].iter_mut().step_by(modes);
            places.zip(rows.as_flattened()).for_each(|(place, number)| *place = *number);
        }
    }
}

/// The coefficient of the real or the imaginary part of an array, from the one at this wavenumber and at the opposite.
#[inline(always)]
fn part(here: (f64, f64), there: (f64, f64), imaginary: bool) -> (f64, f64) {
    if imaginary {
        ((here.1 + there.1) / 2.0, (there.0 - here.0) / 2.0)
    } else {
        ((here.0 + there.0) / 2.0, (here.1 - there.1) / 2.0)
    }
}

/// Puts a row into a batch of `N` lines, as one of them.
fn put<const N: usize>(row: &[f64], batch: &mut [f64], line: usize) {
    batch.as_chunks_mut::<N>().0.iter_mut().zip(row).for_each(|(to, from)| to[line] = *from);
}

/// A transform along an axis of many lines.
struct Across<'t> {
    axis: &'t Axis,
    /// Batches that one task takes at least.
    least: usize,
    batches: &'t Spare<Batch>,
}

impl Across<'_> {
    /// Transforms the lines of a matrix, which stand beside each other, a batch at a time. In the output those of a batch
    /// stand together, so that batches can be written side by side.
    fn transform(&self, from: Lines<'_>, out_re: &mut [f64], out_im: &mut [f64]) {
        let Across { axis, least, batches } = *self;
        let (length, all) = (axis.plan.length(), axis.plan.lines());
        let group = axis.kept.len() * all;
        let groups = out_re.par_chunks_mut(group).zip(out_im.par_chunks_mut(group)).enumerate();
        groups.with_min_len(least).for_each_init(
            || batches.lend(),
            |batch, (at, (re, im))| {
                let Batch { lines: few, between, .. } = &mut **batch;
                let start = at * all;
                let count = all.min(from.step - start);
                let mut lines = Lines { re: &from.re[start..], im: &from.im[start..], count, ..from };
                if count < all {
                    few.resize(length * all);
                    for (to, from) in [(&mut few.re, lines.re), (&mut few.im, lines.im)] {
                        let rows = to.chunks_exact_mut(all).zip(from.chunks(lines.step));
                        rows.for_each(|(to, from)| to[..count].copy_from_slice(&from[..count]));
                    }
                    lines = Lines { count, ..few.lines(all) };
                }
                axis.plan.run(lines, between, Outputs { re, im, places: Some(&axis.places) });
            },
        );
    }
}

/// The square of the wavenumber of each coefficient behind a transform of the columns whose own are given, and how many
/// coefficients it stands for.
fn beside(inner: &[(f64, f64)], axis: &Axis) -> Vec<(f64, f64)> {
    let (modes, lines) = (axis.kept.len(), axis.plan.lines());
    let place = |column: usize, mode: usize| (column / lines * modes + mode) * lines + column % lines;
    let mut places = vec![(f64::INFINITY, 0.0); inner.len().next_multiple_of(lines) * modes];
    for (column, &(inner_square, stands_for)) in inner.iter().enumerate() {
        for (mode, &square) in axis.squares.iter().enumerate() {
            places[place(column, mode)] = (square + inner_square, stands_for);
        }
    }
    places
}
