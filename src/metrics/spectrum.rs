//! The power spectrum of an array of any rank, averaged over shells of equal wavenumber.
//!
//! Only wavenumbers below half the Nyquist wavenumber count, so that along each axis half of what a transform gives is
//! left out at once: behind the last axis half of the array is there, behind the one before it a quarter, and so on.

use rayon::prelude::*;
use rustfft::Fft;
use rustfft::num_complex::Complex;

use super::fft::{Batch, LINES, Plan};
use super::source::Source;
use super::sum::BLOCK;

/// Shells with less than this share of the power hold nothing but the rounding of the transform.
const NOISE: f64 = 1e-28;

/// The largest relative error of the radially averaged power spectrum over wavenumbers from the first up to half the
/// Nyquist wavenumber; `None` where no axis is long enough for one, or nothing varies.
///
/// `mean` is taken off the original where a value is there. Wavenumbers are in cycles per sample along every axis; shells
/// are as wide as the longest axis resolves.
pub(super) fn error(source: &dyn Source, shape: &[usize], mean: f64) -> Option<f64> {
    if !has_shells(shape) {
        return None;
    }
    let longest = shape.iter().copied().max().unwrap_or(1);
    let shells = longest.div_ceil(4);
    let (power, change) = low_modes(source, shape, mean).shells(longest, shells);
    let floor = NOISE * power.iter().sum::<f64>();
    let relative = (1..shells).filter(|&shell| power[shell] > floor || change[shell].abs() > floor);
    let error = |shell: usize| if power[shell] > floor { change[shell].abs() / power[shell] } else { f64::INFINITY };
    relative.map(error).reduce(f64::max)
}

/// Whether an axis is long enough for a wavenumber below half the Nyquist wavenumber.
pub(super) fn has_shells(shape: &[usize]) -> bool {
    shape.iter().any(|&length| length > 4)
}

/// Fourier coefficients: the original's in those of an array whose real part it is, the error's in the imaginary part's.
struct Modes {
    re: Vec<f64>,
    im: Vec<f64>,
    /// The square of each coefficient's wavenumber, and where the opposite one stands; of one block of coefficients,
    /// which repeats for every index along the axes that are not transformed yet.
    places: Vec<(f64, usize)>,
}

/// The wavenumbers that are kept along an axis, by their place in a transform: all whose shell may count.
fn kept(length: usize, longest: usize) -> Vec<usize> {
    let wavenumber = |at: usize| at.min(length - at) as f64 / length as f64;
    (0..length).filter(|&at| shell(wavenumber(at).powi(2), longest) < longest.div_ceil(4)).collect()
}

/// The shell of a wavenumber, given its square, cycles per sample.
fn shell(square: f64, longest: usize) -> usize {
    (square.sqrt() * longest as f64).round() as usize
}

/// What a transform along one axis leaves of it.
struct Axis {
    plan: Plan,
    kept: Vec<usize>,
    /// The square of each kept wavenumber, and the place among the kept ones of its opposite.
    places: Vec<(f64, usize)>,
}

impl Axis {
    fn new(length: usize, longest: usize, lines: usize) -> Self {
        let kept = kept(length, longest);
        let place = |&at: &usize| {
            let wavenumber = at.min(length - at) as f64 / length as f64;
            let opposite = kept.binary_search(&((length - at) % length)).expect("kept are both or neither");
            (wavenumber * wavenumber, opposite)
        };
        Axis { plan: Plan::new(length, lines), places: kept.iter().map(place).collect(), kept }
    }

    /// Transforms the lines of a batch and appends what is kept of them, all lines of one wavenumber together.
    fn transform(&self, batch: &mut Batch, lines: usize, re: &mut [f64], im: &mut [f64]) {
        self.plan.run(batch, lines);
        for (at, &mode) in self.kept.iter().enumerate() {
            re[at * LINES..][..LINES].copy_from_slice(&batch.re[mode * LINES..][..LINES]);
            im[at * LINES..][..LINES].copy_from_slice(&batch.im[mode * LINES..][..LINES]);
        }
    }
}

/// The coefficients of the low wavenumbers.
fn low_modes(source: &dyn Source, shape: &[usize], mean: f64) -> Modes {
    let longest = shape.iter().copied().max().unwrap_or(1);
    let (&last, leading) = shape.split_last().expect("an array with a long axis has axes");
    let rows: usize = leading.iter().product();
    let axis = Axis::new(last, longest, rows);
    let Some((&length, outer)) = leading.split_last() else { return single(source, &axis, mean) };
    let columns = Axis::new(length, longest, rows / length.max(1) * axis.kept.len());
    let size = columns.kept.len() * axis.kept.len().next_multiple_of(LINES);
    let slabs: usize = outer.iter().product();
    let mut modes =
        Modes { re: vec![0.0; slabs * size], im: vec![0.0; slabs * size], places: beside(&axis.places, &columns) };
    let parts = modes.re.par_chunks_mut(size).zip(modes.im.par_chunks_mut(size)).enumerate();
    parts.for_each(|(slab, (re, im))| {
        let (row_re, row_im) = rows_of(source, &axis, slab * length, length, mean);
        across(&columns, &row_re, &row_im, axis.kept.len(), re, im);
    });
    outer.iter().rev().fold(modes, |modes, &length| modes.along(length, longest))
}

/// An array of one axis.
fn single(source: &dyn Source, axis: &Axis, mean: f64) -> Modes {
    let (re, im) = rows_of(source, axis, 0, 1, mean);
    Modes { re, im, places: axis.places.clone() }
}

/// The kept coefficients of `count` rows from row `first` on, row by row.
fn rows_of(source: &dyn Source, axis: &Axis, first: usize, count: usize, mean: f64) -> (Vec<f64>, Vec<f64>) {
    let modes = axis.kept.len();
    let (mut re, mut im) = (vec![0.0; count * modes], vec![0.0; count * modes]);
    let rows = Lines { source, first: first * axis.plan.length(), count, mean };
    match &axis.plan {
        Plan::Single(plan) => rows.one_by_one(plan.as_ref(), axis, &mut re, &mut im),
        Plan::Batch { .. } => rows.in_batches(axis, &mut re, &mut im),
    }
    (re, im)
}

/// Neighbouring rows of an array.
struct Lines<'s> {
    source: &'s dyn Source,
    /// Flat index of the first element.
    first: usize,
    count: usize,
    mean: f64,
}

impl Lines<'_> {
    fn in_batches(&self, axis: &Axis, re: &mut [f64], im: &mut [f64]) {
        let (length, modes) = (axis.plan.length(), axis.kept.len());
        let groups = re.par_chunks_mut(LINES * modes).zip(im.par_chunks_mut(LINES * modes)).enumerate();
        let buffers = || (Batch::default(), vec![0.0; length], [const { Vec::new() }; 2]);
        groups.for_each_init(buffers, |(batch, row, [kept_re, kept_im]), (group, (out_re, out_im))| {
            let lines = LINES.min(self.count - group * LINES);
            for part in [&mut batch.re, &mut batch.im] {
                part.resize(length * LINES, 0.0);
            }
            for part in [&mut *kept_re, &mut *kept_im] {
                part.resize(modes * LINES, 0.0);
            }
            for line in 0..lines {
                let start = self.first + (group * LINES + line) * length;
                centred(self.source, start, row, self.mean);
                put(row, &mut batch.re, line);
                self.source.error(start, row);
                put(row, &mut batch.im, line);
            }
            axis.transform(batch, lines, kept_re, kept_im);
            for (out, kept) in [(out_re, &*kept_re), (out_im, &*kept_im)] {
                for (line, out) in out.chunks_exact_mut(modes).enumerate() {
                    out.iter_mut().zip(kept.iter().skip(line).step_by(LINES)).for_each(|(to, from)| *to = *from);
                }
            }
        });
    }

    fn one_by_one(&self, plan: &dyn Fft<f64>, axis: &Axis, re: &mut [f64], im: &mut [f64]) {
        let (length, modes) = (axis.plan.length(), axis.kept.len());
        let rows = re.par_chunks_mut(modes).zip(im.par_chunks_mut(modes)).enumerate();
        let buffers = || (vec![Complex::default(); length], [0.0; BLOCK]);
        rows.for_each_init(buffers, |(numbers, values), (row, (re, im))| {
            for (block, numbers) in numbers.chunks_mut(BLOCK).enumerate() {
                let (start, values) = (self.first + row * length + block * BLOCK, &mut values[..numbers.len()]);
                centred(self.source, start, values, self.mean);
                numbers.iter_mut().zip(&*values).for_each(|(number, value)| number.re = *value);
                self.source.error(start, values);
                numbers.iter_mut().zip(&*values).for_each(|(number, value)| number.im = *value);
            }
            plan.process(numbers);
            for (at, &mode) in axis.kept.iter().enumerate() {
                (re[at], im[at]) = (numbers[mode].re, numbers[mode].im);
            }
        });
    }
}

/// Puts a row into a batch, as one of its lines.
fn put(row: &[f64], batch: &mut [f64], line: usize) {
    batch.iter_mut().skip(line).step_by(LINES).zip(row).for_each(|(to, from)| *to = *from);
}

fn centred(source: &dyn Source, start: usize, row: &mut [f64], mean: f64) {
    source.original(start, row);
    match source.valid() {
        None => row.iter_mut().for_each(|value| *value -= mean),
        Some(valid) => {
            row.iter_mut().zip(&valid[start..]).filter(|(_, valid)| **valid).for_each(|(value, _)| *value -= mean);
        }
    }
}

/// Transforms the columns of a matrix of rows of `width` coefficients, a batch of columns at a time. In the output
/// those of a batch stand together, so that batches can be written side by side.
fn across(axis: &Axis, re: &[f64], im: &[f64], width: usize, out_re: &mut [f64], out_im: &mut [f64]) {
    let (length, group) = (axis.plan.length(), axis.kept.len() * LINES);
    let groups = out_re.par_chunks_mut(group).zip(out_im.par_chunks_mut(group)).enumerate();
    groups.for_each_init(Batch::default, |batch, (at, (out_re, out_im))| {
        let start = at * LINES;
        let lines = LINES.min(width - start);
        for (part, from) in [(&mut batch.re, re), (&mut batch.im, im)] {
            part.resize(length * LINES, 0.0);
            let rows = part.chunks_exact_mut(LINES).zip(from.chunks_exact(width));
            rows.for_each(|(to, row)| to[..lines].copy_from_slice(&row[start..start + lines]));
        }
        axis.transform(batch, lines, out_re, out_im);
    });
}

/// Places of the coefficients behind a transform of the columns whose own places are given.
fn beside(inner: &[(f64, usize)], axis: &Axis) -> Vec<(f64, usize)> {
    let modes = axis.kept.len();
    let place = |column: usize, mode: usize| (column / LINES * modes + mode) * LINES + column % LINES;
    let mut places = vec![(f64::INFINITY, 0); inner.len().next_multiple_of(LINES) * modes];
    for (column, &(inner_square, inner_opposite)) in inner.iter().enumerate() {
        for (mode, &(square, opposite)) in axis.places.iter().enumerate() {
            places[place(column, mode)] = (square + inner_square, place(inner_opposite, opposite));
        }
    }
    places
}

impl Modes {
    /// Transforms along the last axis that is not transformed yet, of `length`.
    fn along(self, length: usize, longest: usize) -> Modes {
        let width = self.places.len();
        let axis = Axis::new(length, longest, width);
        let size = axis.kept.len() * width.next_multiple_of(LINES);
        let blocks = self.re.len() / (length * width).max(1);
        let mut modes =
            Modes { re: vec![0.0; blocks * size], im: vec![0.0; blocks * size], places: beside(&self.places, &axis) };
        let parts = modes.re.par_chunks_mut(size.max(1)).zip(modes.im.par_chunks_mut(size.max(1))).enumerate();
        parts.for_each(|(block, (re, im))| {
            let range = block * length * width..(block + 1) * length * width;
            across(&axis, &self.re[range.clone()], &self.im[range], width, re, im);
        });
        modes
    }

    /// Per shell the power of the original, and what the error adds to it: |X + E|^2 - |X|^2.
    fn shells(&self, longest: usize, shells: usize) -> (Vec<f64>, Vec<f64>) {
        let (mut power, mut change) = (vec![0.0; shells], vec![0.0; shells]);
        for (at, &(square, opposite)) in self.places.iter().enumerate() {
            let shell = shell(square, longest);
            if shell < shells {
                let (here, there) = ((self.re[at], self.im[at]), (self.re[opposite], self.im[opposite]));
                let x = ((here.0 + there.0) / 2.0, (here.1 - there.1) / 2.0);
                let e = ((here.1 + there.1) / 2.0, (there.0 - here.0) / 2.0);
                power[shell] += x.0 * x.0 + x.1 * x.1;
                change[shell] += 2.0 * (x.0 * e.0 + x.1 * e.1) + (e.0 * e.0 + e.1 * e.1);
            }
        }
        (power, change)
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    /// An original and its errors.
    struct Fields(Vec<f64>, Vec<f64>);

    impl Source for Fields {
        fn original(&self, start: usize, out: &mut [f64]) {
            out.copy_from_slice(&self.0[start..start + out.len()]);
        }

        fn decoded(&self, _: usize, _: &mut [f64]) {
            unreachable!("the spectrum needs the errors alone");
        }

        fn error(&self, start: usize, out: &mut [f64]) {
            out.copy_from_slice(&self.1[start..start + out.len()]);
        }

        fn valid(&self) -> Option<&[bool]> {
            None
        }
    }

    fn of(shape: &[usize], x: impl Fn(usize) -> f64, e: impl Fn(usize) -> f64) -> Option<f64> {
        let all = || 0..shape.iter().product();
        error(&Fields(all().map(x).collect(), all().map(e).collect()), shape, 0.0)
    }

    fn wave(n: usize, cycles: usize) -> impl Fn(usize) -> f64 {
        move |at| libm::cos(std::f64::consts::TAU * (cycles * at % n) as f64 / n as f64)
    }

    #[test]
    fn a_wave_that_comes_back_smaller_has_lost_power_in_its_shell() {
        let x = |at: usize| wave(32, 3)(at) + wave(32, 5)(at);
        // The fifth harmonic comes back at 0.9: 1 - 0.81 of its power is gone.
        let found = of(&[32], x, |at| -0.1 * wave(32, 5)(at)).expect("long enough");
        assert!((found - 0.19).abs() < 1e-12, "{found}");
        // The same along the first of three axes, and along the last.
        for (shape, stride) in [([32, 3, 2], 6), ([2, 7, 32], 1)] {
            let along = |at: usize| at / stride % 32;
            let found = of(&shape, |at| x(along(at)), |at| -0.1 * wave(32, 5)(along(at))).expect("long enough");
            assert!((found - 0.19).abs() < 1e-12, "{found}");
        }
    }

    #[test]
    fn power_from_nowhere_is_infinite_and_beyond_half_nyquist_it_does_not_count() {
        let e = |cycles| move |at| 0.1 * wave(32, cycles)(at);
        assert!(of(&[32], wave(32, 3), e(5)).is_some_and(f64::is_infinite));
        assert_eq!(of(&[32], wave(32, 3), e(9)).map(|found| found < 1e-12), Some(true));
        assert_eq!(of(&[32], |_| 0.0, |_| 0.0), None);
        assert_eq!(of(&[4, 3], |at| at as f64, |_| 0.0), None);
    }

    /// `P(k)` of x = sin(i^2) and y = x + cos(3 i) / 10 on 6 x 16 x 10, i flat, by numpy.fft: shells of round(|f| * 16).
    #[test]
    fn the_spectrum_in_three_dimensions_is_that_of_numpy() {
        let e = |at: usize| libm::cos(3.0 * at as f64) / 10.0;
        let found = of(&[6, 16, 10], |at| libm::sin((at * at) as f64), e).expect("long enough");
        assert!((found - 0.007654318154159326).abs() < 1e-13, "{found}");
    }
}
