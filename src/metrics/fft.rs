//! Fourier transforms of several lines side by side.
//!
//! What is the same for all lines is done once, and what is done to each is the same few operations on neighbouring
//! numbers, in vectors that do not change a result: the bits are the same on every CPU.
//! Stockham's autosort form, radices 4, 2, 3 and 5 (Van Loan, "Computational Frameworks for the FFT", 1992, section 1.7).

use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

use codecbench_methods::shared::simd::{self, Doubles, DoublesKernel};
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlannerScalar};

use super::butterfly::{Butterfly, Five, Four, Number, Three, Two, turned};

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
    /// Whether of four outputs only the first and the last are wanted.
    outer: bool,
}

/// Outputs of a butterfly that are wanted, a bit for each: all of them, or the outer ones of four.
const ALL: u8 = 0b1_1111;
const OUTER: u8 = 0b1001;

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
    /// The plan for lines of `length`, of which there are `lines` in all. Wavenumbers beyond `reach` either way are not
    /// wanted: in their place may be anything.
    pub fn new(length: usize, lines: usize, reach: usize) -> Self {
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
            // Behind the last stage each quarter of the wavenumbers is one output of the butterflies.
            let outer = radix == 4 && groups == 1 && reach < length / 4;
            stages.push(Stage { radix, stride, twiddles: (0..groups).map(twiddle).collect(), outer });
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
                for stages in passes(stages) {
                    let pass = Pass { stages, batch: &mut *batch };
                    match self.lines() {
                        LINES => simd::eights(pass),
                        _ => simd::fours(pass),
                    }
                    std::mem::swap(&mut batch.re, &mut batch.spare_re);
                    std::mem::swap(&mut batch.im, &mut batch.spare_im);
                }
            }
        }
    }
}

/// Stages that go through memory together: two of radix 4, or one.
fn passes(mut stages: &[Stage]) -> impl Iterator<Item = &[Stage]> {
    std::iter::from_fn(move || {
        let count = if let [Stage { radix: 4, .. }, Stage { radix: 4, .. }, ..] = stages { 2 } else { 1 };
        let (pass, behind) = stages.split_at_checked(count)?;
        stages = behind;
        Some(pass)
    })
}

/// The real and the imaginary parts of `N` lines, number by number.
type Side<'b, const N: usize> = (&'b [[f64; N]], &'b [[f64; N]]);
type SideMut<'b, const N: usize> = (&'b mut [[f64; N]], &'b mut [[f64; N]]);

impl Batch {
    /// What a pass reads and what it writes.
    #[inline(always)]
    fn sides<const N: usize>(&mut self) -> (Side<'_, N>, SideMut<'_, N>) {
        let Batch { re, im, spare_re, spare_im } = self;
        ((re.as_chunks().0, im.as_chunks().0), (spare_re.as_chunks_mut().0, spare_im.as_chunks_mut().0))
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

/// A stage of a batch of `N` lines, or two of radix 4.
struct Pass<'a> {
    stages: &'a [Stage],
    batch: &'a mut Batch,
}

impl<const N: usize> DoublesKernel<N> for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<D: Doubles<N>>(self) {
        match self.stages {
            [stage] => match stage.radix {
                2 => groups::<D, Two, N, 2, ALL>(stage, self.batch),
                3 => groups::<D, Three, N, 3, ALL>(stage, self.batch),
                4 if stage.outer => groups::<D, Four, N, 4, OUTER>(stage, self.batch),
                4 => groups::<D, Four, N, 4, ALL>(stage, self.batch),
                _ => groups::<D, Five, N, 5, ALL>(stage, self.batch),
            },
            [first, second] if second.outer => sixteens::<D, N, OUTER>(first, second, self.batch),
            [first, second] => sixteens::<D, N, ALL>(first, second, self.batch),
            _ => unreachable!("a pass is one stage or two"),
        }
    }
}

/// All butterflies of a stage, group by group.
#[inline(always)]
fn groups<D: Doubles<N>, B: Butterfly<R>, const N: usize, const R: usize, const WANTED: u8>(
    stage: &Stage,
    batch: &mut Batch,
) {
    let Stage { stride, ref twiddles, .. } = *stage;
    let (input, (out_re, out_im)) = batch.sides();
    let step = twiddles.len() * stride;
    let outputs = out_re.chunks_exact_mut(R * stride).zip(out_im.chunks_exact_mut(R * stride));
    for (group, ((out_re, out_im), factors)) in outputs.zip(twiddles).enumerate() {
        for at in 0..stride {
            let numbers = B::transform(load::<D, N, R>(input, group * stride + at, step));
            store::<D, N, R, WANTED>(numbers, (group > 0).then_some(factors), (out_re, out_im), at, stride);
        }
    }
}

/// Two stages of radix 4: what one group of the second takes is made by four of the first.
#[inline(always)]
fn sixteens<D: Doubles<N>, const N: usize, const WANTED: u8>(first: &Stage, second: &Stage, batch: &mut Batch) {
    let (stride, step) = (first.stride, first.twiddles.len() * first.stride);
    let (input, (out_re, out_im)) = batch.sides();
    let outputs = out_re.chunks_exact_mut(4 * second.stride).zip(out_im.chunks_exact_mut(4 * second.stride));
    let groups = second.twiddles.len();
    for (group, ((out_re, out_im), factors)) in outputs.zip(&second.twiddles).enumerate() {
        for at in 0..stride {
            let mut between = [[Number::zero(); 4]; 4];
            for quarter in 0..4 {
                let group = group + quarter * groups;
                let numbers = Four::transform(load::<D, N, 4>(input, group * stride + at, step));
                for (between, number) in between.iter_mut().zip(turned(numbers, &first.twiddles[group])) {
                    between[quarter] = number;
                }
            }
            for (k, between) in between.iter().enumerate() {
                let numbers = Four::transform(*between);
                let (factors, output) = ((group > 0).then_some(factors), (&mut *out_re, &mut *out_im));
                store::<D, N, 4, WANTED>(numbers, factors, output, k * stride + at, second.stride);
            }
        }
    }
}

/// Loads numbers from `first` on that are `step` apart.
#[inline(always)]
fn load<D: Doubles<N>, const N: usize, const R: usize>(
    (re, im): Side<'_, N>,
    first: usize,
    step: usize,
) -> [Number<D, N>; R] {
    let mut numbers = [Number::zero(); R];
    for (k, number) in numbers.iter_mut().enumerate() {
        let place = first + k * step;
        *number = Number(D::load(&re[place]), D::load(&im[place]));
    }
    numbers
}

/// Stores the wanted numbers from `first` on, `step` apart, turned by twiddle factors if there are any.
#[inline(always)]
fn store<D: Doubles<N>, const N: usize, const R: usize, const WANTED: u8>(
    numbers: [Number<D, N>; R],
    factors: Option<&[(f64, f64); 4]>,
    (re, im): SideMut<'_, N>,
    first: usize,
    step: usize,
) {
    // The factors of the first group are ones. A closure would not be inlined into code for wider vectors.
    let numbers = match factors {
        Some(factors) => turned(numbers, factors),
        None => numbers,
    };
    for (k, &number) in numbers.iter().enumerate() {
        if WANTED >> k & 1 == 1 {
            number.0.store(&mut re[first + k * step]);
            number.1.store(&mut im[first + k * step]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_batch_is_its_own_transform() {
        let lengths = [2, 3, 4, 5, 8, 12, 30, 64, 97, 100, 360, 640];
        for (length, reach) in
            lengths.into_iter().flat_map(|length| [length, length / 4, length / 5].map(|reach| (length, reach)))
        {
            let plan = Plan::new(length, 100, reach);
            let lines = plan.lines();
            assert_eq!(matches!(plan, Plan::Single(_)), length == 97);
            let value =
                |at: usize, line: usize, salt: usize| ((at * 7919 + line * 31 + salt) % 101) as f64 / 50.0 - 1.0;
            let fill = |salt: usize| (0..length * lines).map(|at| value(at / lines, at % lines, salt)).collect();
            let mut batch = Batch { re: fill(0), im: fill(57), ..Batch::default() };
            plan.run(&mut batch, lines);
            let wanted = |k: &usize| (*k).min(length - k) <= reach;
            for (line, k) in (0..lines).flat_map(|line| (0..length).filter(wanted).map(move |k| (line, k))) {
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
