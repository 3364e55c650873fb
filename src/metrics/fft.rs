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

use super::aligned::Aligned;
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
    /// What is done to a batch of lines, one pass after the other.
    Batch { length: usize, passes: Vec<Pass> },
    /// For lengths with other factors, and for long lines: one line at a time.
    Single(Arc<dyn Fft<f64>>),
}

/// Stages that go through memory together: one, or two of radix 4.
pub(super) enum Pass {
    One(Stage),
    Two([Stage; 2]),
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

/// [`Plan::lines`] lines side by side, real and imaginary parts apart: their numbers `i` stand from `i * step` on.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub re: &'a [f64],
    pub im: &'a [f64],
    pub step: usize,
    /// How many of them are wanted: the others may hold anything finite.
    pub count: usize,
}

/// Where transformed lines go.
pub(super) struct Outputs<'a> {
    pub re: &'a mut [f64],
    pub im: &'a mut [f64],
    /// For each wavenumber its place among those that are kept, [`LEFT_OUT`] for none; `None` if all are.
    pub places: Option<&'a [u32]>,
}

/// In the place of a wavenumber that is not kept.
pub(super) const LEFT_OUT: u32 = u32::MAX;

/// Complex numbers, real and imaginary parts apart.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub re: Aligned,
    pub im: Aligned,
}

impl Parts {
    /// Makes room for so many numbers. They hold anything; all are finite if the old ones were.
    pub fn resize(&mut self, count: usize) {
        [&mut self.re, &mut self.im].into_iter().for_each(|part| part.resize(count));
    }

    /// So many lines, which stand here.
    pub fn lines(&self, lines: usize) -> Lines<'_> {
        Lines { re: &self.re, im: &self.im, step: lines, count: lines }
    }

    /// The place of a transform of which all is kept.
    pub fn outputs(&mut self) -> Outputs<'_> {
        Outputs { re: &mut self.re, im: &mut self.im, places: None }
    }
}

/// Memory for what stands between two passes.
#[derive(Debug, Default)]
pub(super) struct Between {
    here: Parts,
    there: Parts,
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
        let (mut rest, mut stride, mut passes) = (length, 1, Vec::new());
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
            let stage = Stage { radix, stride, twiddles: (0..groups).map(twiddle).collect(), outer };
            let pass = match passes.pop() {
                Some(Pass::One(before)) if before.radix == 4 && radix == 4 => Pass::Two([before, stage]),
                last => {
                    passes.extend(last);
                    Pass::One(stage)
                }
            };
            passes.push(pass);
            (rest, stride) = (groups, stride * radix);
        }
        Plan::Batch { length, passes }
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

    /// Transforms a batch of lines.
    ///
    /// Its first pass reads where the lines stand, and its last writes what is kept where it belongs.
    pub fn run(&self, from: Lines<'_>, Between { here, there }: &mut Between, to: Outputs<'_>) {
        let (length, passes) = match self {
            Plan::Single(plan) => return single(plan.as_ref(), from, to, self.lines()),
            Plan::Batch { length, passes } => (length, passes),
        };
        let (lines, (last, others)) = (self.lines(), passes.split_last().expect("a length has factors"));
        for (at, pass) in others.iter().enumerate() {
            there.resize(length * lines);
            pass.run(if at == 0 { from } else { here.lines(lines) }, there.outputs(), lines);
            std::mem::swap(here, there);
        }
        last.run(if others.is_empty() { from } else { here.lines(lines) }, to, lines);
    }
}

impl Pass {
    fn run(&self, from: Lines<'_>, to: Outputs<'_>, lines: usize) {
        let work = Work { pass: self, from, to };
        match lines {
            LINES => simd::eights(work),
            _ => simd::fours(work),
        }
    }
}

fn single(plan: &dyn Fft<f64>, from: Lines<'_>, to: Outputs<'_>, lines: usize) {
    let mut numbers = vec![Complex::default(); plan.len()];
    for line in 0..from.count {
        for (at, number) in numbers.iter_mut().enumerate() {
            let place = at * from.step + line;
            *number = Complex::new(from.re[place], from.im[place]);
        }
        plan.process(&mut numbers);
        for (at, number) in numbers.iter().enumerate() {
            if let Some(place) = to.place(at) {
                (to.re[place * lines + line], to.im[place * lines + line]) = (number.re, number.im);
            }
        }
    }
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

/// One pass over a batch.
struct Work<'a> {
    pass: &'a Pass,
    from: Lines<'a>,
    to: Outputs<'a>,
}

impl<const N: usize> DoublesKernel<N> for Work<'_> {
    type Output = ();

    #[inline(always)]
    fn run<D: Doubles<N>>(self) {
        let Work { pass, from, to } = self;
        match pass {
            Pass::One(stage) => match stage.radix {
                2 => groups::<D, Two, N, 2, ALL>(stage, from, to),
                3 => groups::<D, Three, N, 3, ALL>(stage, from, to),
                4 if stage.outer => groups::<D, Four, N, 4, OUTER>(stage, from, to),
                4 => groups::<D, Four, N, 4, ALL>(stage, from, to),
                _ => groups::<D, Five, N, 5, ALL>(stage, from, to),
            },
            Pass::Two([first, second]) if second.outer => sixteens::<D, N, OUTER>(first, second, from, to),
            Pass::Two([first, second]) => sixteens::<D, N, ALL>(first, second, from, to),
        }
    }
}

/// All butterflies of a stage, group by group.
#[inline(always)]
fn groups<D: Doubles<N>, B: Butterfly<R>, const N: usize, const R: usize, const WANTED: u8>(
    stage: &Stage,
    from: Lines<'_>,
    mut to: Outputs<'_>,
) {
    let Stage { stride, ref twiddles, .. } = *stage;
    for (group, factors) in twiddles.iter().enumerate() {
        for at in group * stride..(group + 1) * stride {
            let numbers = B::transform(from.load::<D, N, R>(at, twiddles.len() * stride));
            let first = group * (R - 1) * stride + at;
            to.store::<D, N, R, WANTED>(numbers, (group > 0).then_some(factors), first, stride);
        }
    }
}

/// One butterfly of a group of a stage of radix 4, turned.
#[inline(always)]
fn fours<D: Doubles<N>, const N: usize>(
    from: Lines<'_>,
    stage: &Stage,
    group: usize,
    at: usize,
    step: usize,
) -> [Number<D, N>; 4] {
    turned(Four::transform(from.load::<D, N, 4>(group * stage.stride + at, step)), &stage.twiddles[group])
}

/// Two stages of radix 4: what one group of the second takes is made by four of the first.
#[inline(always)]
fn sixteens<D: Doubles<N>, const N: usize, const WANTED: u8>(
    first: &Stage,
    second: &Stage,
    from: Lines<'_>,
    mut to: Outputs<'_>,
) {
    let (stride, step) = (first.stride, first.twiddles.len() * first.stride);
    let groups = second.twiddles.len();
    for (group, factors) in second.twiddles.iter().enumerate() {
        for at in 0..stride {
            let quarter = |quarter: usize| group + quarter * groups;
            // A list that is filled in a loop would be cleared first, by a call each time.
            let [a, b, c, d] = [
                fours(from, first, quarter(0), at, step),
                fours(from, first, quarter(1), at, step),
                fours(from, first, quarter(2), at, step),
                fours(from, first, quarter(3), at, step),
            ];
            for k in 0..4 {
                let numbers = Four::transform([a[k], b[k], c[k], d[k]]);
                let at = (16 * group + k) * stride + at;
                to.store::<D, N, 4, WANTED>(numbers, (group > 0).then_some(factors), at, second.stride);
            }
        }
    }
}

impl Lines<'_> {
    /// Loads the numbers at `first` and so often `step` further on.
    #[inline(always)]
    fn load<D: Doubles<N>, const N: usize, const R: usize>(self, first: usize, step: usize) -> [Number<D, N>; R] {
        let mut numbers = [Number::zero(); R];
        for (k, number) in numbers.iter_mut().enumerate() {
            let range = (first + k * step) * self.step..(first + k * step) * self.step + N;
            let (re, im) = (self.re[range.clone()].first_chunk(), self.im[range].first_chunk());
            *number = Number(D::load(re.expect("as long")), D::load(im.expect("as long")));
        }
        numbers
    }
}

impl Outputs<'_> {
    #[inline(always)]
    fn place(&self, wavenumber: usize) -> Option<usize> {
        let Some(places) = self.places else { return Some(wavenumber) };
        (places[wavenumber] != LEFT_OUT).then_some(places[wavenumber] as usize)
    }

    /// Stores the wanted numbers at `first` and so often `step` further on, turned by twiddle factors if there are any.
    #[inline(always)]
    fn store<D: Doubles<N>, const N: usize, const R: usize, const WANTED: u8>(
        &mut self,
        numbers: [Number<D, N>; R],
        factors: Option<&[(f64, f64); 4]>,
        first: usize,
        step: usize,
    ) {
        // The factors of the first group are ones. A closure would not be inlined into code for wider vectors.
        let numbers = match factors {
            Some(factors) => turned(numbers, factors),
            None => numbers,
        };
        for (k, &number) in numbers.iter().enumerate() {
            if WANTED >> k & 1 == 1
                && let Some(place) = self.place(first + k * step)
            {
                number.0.store(&mut self.re.as_chunks_mut().0[place]);
                number.1.store(&mut self.im.as_chunks_mut().0[place]);
            }
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
            let (lines, step) = (plan.lines(), plan.lines() + 3);
            assert_eq!(matches!(plan, Plan::Single(_)), length == 97);
            let value =
                |at: usize, line: usize, salt: usize| ((at * 7919 + line * 31 + salt) % 101) as f64 / 50.0 - 1.0;
            let fill = |salt: usize| (0..length * step).map(|at| value(at / step, at % step, salt)).collect();
            let (re, im): (Vec<_>, Vec<_>) = (fill(0), fill(57));
            let kept: Vec<usize> = (0..length).filter(|&k| k.min(length - k) <= reach).collect();
            let places: Vec<_> = (0..length).map(|k| kept.binary_search(&k).map_or(LEFT_OUT, |at| at as u32)).collect();
            let mut out = Parts::default();
            out.resize(kept.len() * lines);
            let to = Outputs { places: Some(&places), ..out.outputs() };
            plan.run(Lines { re: &re, im: &im, step, count: lines }, &mut Between::default(), to);
            for (line, (place, &k)) in (0..lines).flat_map(|line| kept.iter().enumerate().map(move |k| (line, k))) {
                let term = |at: usize| {
                    let angle = TAU * (at * k % length) as f64 / length as f64;
                    Complex::new(value(at, line, 0), value(at, line, 57)) * Complex::new(angle.cos(), -angle.sin())
                };
                let expected: Complex<f64> = (0..length).map(term).sum();
                let found = Complex::new(out.re[place * lines + line], out.im[place * lines + line]);
                assert!((found - expected).norm() < 1e-12 * length as f64, "{length}: {found} is not {expected}");
            }
        }
    }
}
