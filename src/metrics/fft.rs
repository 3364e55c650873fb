//! Fourier transforms of several lines side by side.
//!
//! What is the same for all lines is done once, and what is done to each is the same few operations on neighbouring
//! numbers, which a compiler turns into vector instructions without changing a result: the bits are the same on every CPU.
//! Stockham's autosort form, radices 4, 2, 3 and 5 (Van Loan, "Computational Frameworks for the FFT", 1992, section 1.7).

use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlannerScalar};

use super::wide::wide;

/// Lines that are transformed together: a few, or half of them where a line is long, so that a batch stays near a
/// first-level cache.
pub(super) const LINES: usize = 8;
pub(super) const HALF: usize = LINES / 2;
const SHORT: usize = 256;
/// Longest line of a batch: beyond, a batch fits into no cache.
const LONGEST: usize = 1 << 14;

/// How lines of one length are transformed.
pub(super) enum Plan {
    /// The factors of the length, each with its twiddle factors.
    Batch { length: usize, stages: Vec<Stage> },
    /// For lengths with other factors, and for long lines: one line at a time.
    Single(Arc<dyn Fft<f64>>),
}

/// One factor of the length.
pub(super) struct Stage {
    radix: usize,
    /// Numbers between neighbours of a butterfly's output.
    stride: usize,
    /// For each group `p` of butterflies the factors `exp(-2 pi i p k / n)` for `k` from 1 to `radix - 1`.
    twiddles: Vec<[(f64, f64); 4]>,
}

/// [`Plan::lines`] lines: element `i` of line `l` stands at `i * lines + l`, real and imaginary parts apart.
#[derive(Default)]
pub(super) struct Batch {
    pub re: Vec<f64>,
    pub im: Vec<f64>,
    spare_re: Vec<f64>,
    spare_im: Vec<f64>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("length", &self.length()).finish_non_exhaustive()
    }
}

impl Plan {
    /// The plan for lines of `length`, of which there are `lines` in all.
    pub fn new(length: usize, lines: usize) -> Self {
        let factors = factors(length).filter(|_| length <= LONGEST && lines >= HALF);
        let Some(factors) = factors else {
            // The planner without SIMD gives the same bits on every CPU.
            return Plan::Single(FftPlannerScalar::new().plan_fft_forward(length));
        };
        let (mut rest, mut stride, mut stages) = (length, 1, Vec::new());
        for radix in factors {
            let groups = rest / radix;
            let twiddle = |p: usize| {
                std::array::from_fn(|k| {
                    // Reduced first: the angle is then as exact as the number it is made from.
                    let turns = (p * (k + 1) % rest) as f64 / rest as f64;
                    (libm::cos(TAU * turns), -libm::sin(TAU * turns))
                })
            };
            stages.push(Stage { radix, stride, twiddles: (0..groups).map(twiddle).collect() });
            (rest, stride) = (groups, stride * radix);
        }
        Plan::Batch { length, stages }
    }

    /// Numbers in a line.
    pub fn length(&self) -> usize {
        match self {
            Plan::Batch { length, .. } => *length,
            Plan::Single(plan) => plan.len(),
        }
    }

    /// Lines of a batch.
    pub fn lines(&self) -> usize {
        if self.length() <= SHORT { LINES } else { HALF }
    }

    /// Transforms the first `lines` lines of a batch, in place; the others may hold anything finite.
    pub fn run(&self, batch: &mut Batch, lines: usize) {
        match self {
            Plan::Single(plan) => (0..lines).for_each(|line| single(plan.as_ref(), batch, line, self.lines())),
            Plan::Batch { length, stages } => {
                let size = length * self.lines();
                [&mut batch.spare_re, &mut batch.spare_im].into_iter().for_each(|part| part.resize(size, 0.0));
                for stage in stages {
                    if self.lines() == LINES {
                        wide(
                            #[inline(always)]
                            || stage.run::<LINES>(batch, LINES),
                        );
                    } else {
                        wide(
                            #[inline(always)]
                            || stage.run::<HALF>(batch, HALF),
                        );
                    }
                    std::mem::swap(&mut batch.re, &mut batch.spare_re);
                    std::mem::swap(&mut batch.im, &mut batch.spare_im);
                }
            }
        }
    }
}

fn single(plan: &dyn Fft<f64>, batch: &mut Batch, line: usize, lines: usize) {
    let parts = batch.re.iter().zip(&batch.im).skip(line).step_by(lines);
    let mut numbers: Vec<_> = parts.map(|(&re, &im)| Complex::new(re, im)).collect();
    plan.process(&mut numbers);
    let places = batch.re.iter_mut().zip(&mut batch.im).skip(line).step_by(lines);
    places.zip(numbers).for_each(|((re, im), number)| (*re, *im) = (number.re, number.im));
}

/// A length as a product of 4, 2, 3 and 5; `None` if it is none, or 1 or less.
fn factors(length: usize) -> Option<Vec<usize>> {
    let (mut rest, mut factors) = (length, Vec::new());
    for radix in [4, 2, 3, 5] {
        while rest > 1 && rest.is_multiple_of(radix) {
            factors.push(radix);
            rest /= radix;
        }
    }
    (rest == 1).then_some(factors).filter(|factors| !factors.is_empty())
}

impl Stage {
    /// Handles `W` numbers together, which the lines are a multiple of.
    #[inline(always)]
    fn run<const W: usize>(&self, batch: &mut Batch, lines: usize) {
        match self.radix {
            2 => self.groups::<2, W>(batch, lines, two),
            3 => self.groups::<3, W>(batch, lines, three),
            4 => self.groups::<4, W>(batch, lines, four),
            _ => self.groups::<5, W>(batch, lines, five),
        }
    }

    #[inline(always)]
    fn groups<const R: usize, const W: usize>(
        &self,
        batch: &mut Batch,
        lines: usize,
        transform: impl Fn([Number<W>; R]) -> [Number<W>; R] + Copy,
    ) {
        let run = self.stride * lines;
        let groups = self.twiddles.len();
        let Batch { re, im, spare_re, spare_im } = batch;
        let (re, im) = (&re[..], &im[..]);
        let outputs = spare_re.chunks_exact_mut(R * run).zip(spare_im.chunks_exact_mut(R * run));
        for (group, (out_re, out_im)) in outputs.enumerate() {
            let input = inputs((re, im), group, groups, run);
            butterflies(input, out_re, out_im, &self.twiddles[group], transform);
        }
    }
}

/// The runs that a group of butterflies takes.
#[inline(always)]
fn inputs<'b, const R: usize>(
    (re, im): (&'b [f64], &'b [f64]),
    group: usize,
    groups: usize,
    run: usize,
) -> [(&'b [f64], &'b [f64]); R] {
    std::array::from_fn(
        #[inline(always)]
        |k| {
            let start = (group + k * groups) * run;
            (&re[start..start + run], &im[start..start + run])
        },
    )
}

/// Real numbers that are handled together.
type Vector<const W: usize> = [f64; W];

/// As many complex numbers, real and imaginary parts.
#[derive(Clone, Copy)]
struct Number<const W: usize>(Vector<W>, Vector<W>);

/// One butterfly per place of the runs, each output but the first turned by its twiddle factor.
#[inline(always)]
fn butterflies<const R: usize, const W: usize>(
    input: [(&[f64], &[f64]); R],
    out_re: &mut [f64],
    out_im: &mut [f64],
    twiddles: &[(f64, f64); 4],
    transform: impl Fn([Number<W>; R]) -> [Number<W>; R],
) {
    let run = out_re.len() / R;
    let input = input.map(
        #[inline(always)]
        |(re, im)| (vectors(&re[..run]), vectors(&im[..run])),
    );
    let out_re = split::<R, W>(out_re, run);
    let out_im = split::<R, W>(out_im, run);
    for at in 0..run / W {
        let numbers = transform(std::array::from_fn(
            #[inline(always)]
            |k| Number(input[k].0[at], input[k].1[at]),
        ));
        (out_re[0][at], out_im[0][at]) = (numbers[0].0, numbers[0].1);
        for k in 1..R {
            let (Number(re, im), (cos, sin)) = (numbers[k], twiddles[k - 1]);
            out_re[k][at] = each(scaled(cos, re), scaled(sin, im), |a, b| a - b);
            out_im[k][at] = each(scaled(sin, re), scaled(cos, im), |a, b| a + b);
        }
    }
}

/// A slice of whole vectors.
#[inline(always)]
fn vectors<const W: usize>(slice: &[f64]) -> &[Vector<W>] {
    slice.as_chunks().0
}

/// The `R` runs of a slice.
#[inline(always)]
fn split<const R: usize, const W: usize>(slice: &mut [f64], run: usize) -> [&mut [Vector<W>]; R] {
    let mut runs = slice.chunks_exact_mut(run);
    std::array::from_fn(|_| runs.next().expect("as many runs as the radix").as_chunks_mut().0)
}

/// An operation on each number of two vectors.
#[inline(always)]
fn each<const W: usize>(a: Vector<W>, b: Vector<W>, one: impl Fn(f64, f64) -> f64) -> Vector<W> {
    let mut all = a;
    for at in 0..W {
        all[at] = one(a[at], b[at]);
    }
    all
}

#[inline(always)]
fn scaled<const W: usize>(s: f64, a: Vector<W>) -> Vector<W> {
    each([s; W], a, |s, a| s * a)
}

#[inline(always)]
fn add<const W: usize>(a: Number<W>, b: Number<W>) -> Number<W> {
    Number(each(a.0, b.0, |a, b| a + b), each(a.1, b.1, |a, b| a + b))
}

#[inline(always)]
fn subtract<const W: usize>(a: Number<W>, b: Number<W>) -> Number<W> {
    Number(each(a.0, b.0, |a, b| a - b), each(a.1, b.1, |a, b| a - b))
}

/// `a + s b` for a real `s`.
#[inline(always)]
fn along<const W: usize>(a: Number<W>, s: f64, b: Number<W>) -> Number<W> {
    add(a, Number(scaled(s, b.0), scaled(s, b.1)))
}

/// `-i s a` for a real `s`.
#[inline(always)]
fn turned<const W: usize>(s: f64, a: Number<W>) -> Number<W> {
    Number(scaled(s, a.1), scaled(-s, a.0))
}

#[inline(always)]
fn two<const W: usize>([a, b]: [Number<W>; 2]) -> [Number<W>; 2] {
    [add(a, b), subtract(a, b)]
}

#[inline(always)]
fn three<const W: usize>([a, b, c]: [Number<W>; 3]) -> [Number<W>; 3] {
    const SIN: f64 = 0.866_025_403_784_438_6;
    let (sum, side) = (add(b, c), turned(SIN, subtract(b, c)));
    let middle = along(a, -0.5, sum);
    [add(a, sum), add(middle, side), subtract(middle, side)]
}

#[inline(always)]
fn four<const W: usize>([a, b, c, d]: [Number<W>; 4]) -> [Number<W>; 4] {
    let (even, odd) = (two([a, c]), two([b, d]));
    let side = turned(1.0, odd[1]);
    [add(even[0], odd[0]), add(even[1], side), subtract(even[0], odd[0]), subtract(even[1], side)]
}

#[inline(always)]
fn five<const W: usize>([a, b, c, d, e]: [Number<W>; 5]) -> [Number<W>; 5] {
    const COS: [f64; 2] = [0.309_016_994_374_947_45, -0.809_016_994_374_947_5];
    const SIN: [f64; 2] = [0.951_056_516_295_153_5, 0.587_785_252_292_473_1];
    let (outer, inner) = (two([b, e]), two([c, d]));
    let first = along(along(a, COS[0], outer[0]), COS[1], inner[0]);
    let second = along(along(a, COS[1], outer[0]), COS[0], inner[0]);
    let first_side = add(turned(SIN[0], outer[1]), turned(SIN[1], inner[1]));
    let second_side = subtract(turned(SIN[1], outer[1]), turned(SIN[0], inner[1]));
    [
        add(a, add(outer[0], inner[0])),
        add(first, first_side),
        add(second, second_side),
        subtract(second, second_side),
        subtract(first, first_side),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_batch_is_its_own_transform() {
        for length in [2, 3, 4, 5, 8, 12, 30, 64, 97, 100, 360, 640] {
            let plan = Plan::new(length, 100);
            let lines = plan.lines();
            assert_eq!(matches!(plan, Plan::Single(_)), length == 97);
            let value =
                |at: usize, line: usize, salt: usize| ((at * 7919 + line * 31 + salt) % 101) as f64 / 50.0 - 1.0;
            let fill = |salt: usize| (0..length * lines).map(|at| value(at / lines, at % lines, salt)).collect();
            let mut batch = Batch { re: fill(0), im: fill(57), ..Batch::default() };
            plan.run(&mut batch, lines);
            for (line, k) in (0..lines).flat_map(|line| (0..length).map(move |k| (line, k))) {
                let term = |at: usize| {
                    let angle = TAU * (at * k % length) as f64 / length as f64;
                    Complex::new(value(at, line, 0), value(at, line, 57)) * Complex::new(angle.cos(), -angle.sin())
                };
                let expected: Complex<f64> = (0..length).map(term).sum();
                let found = Complex::new(batch.re[k * lines + line], batch.im[k * lines + line]);
                assert!((found - expected).norm() < 1e-12 * length as f64, "{length}: {found} is not {expected}");
            }
        }
    }
}
