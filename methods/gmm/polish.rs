//! Least squares: Levenberg-Marquardt on the numbers of all components at once (Marquardt 1963; damping by the diagonal).

use super::component::{Component, MEAN, NUMBERS, SCALES, SHEARS};
use super::field::{Lattice, add, render};
use super::normal;
use super::work::{Work, overlaps, reaches};
use crate::shared::linalg::solve_positive;

/// Places of the lattices that errors and the Gauss-Newton matrix are summed over.
const FINE: usize = 1 << 15;
const COARSE: usize = 8_000;
/// Places of the fine lattice where a sparser one would miss something.
const MOST: usize = 1 << 17;
/// Squares that lattices may leave out on each side of an axis: this part of those that are allowed, or of all.
const OUTSIDE: f64 = 1e-3;

/// An array to be fitted, in units of the error that matters.
#[derive(Debug)]
pub(super) struct Problem {
    pub all: Lattice,
    pub fine: Lattice,
    pub coarse: Lattice,
    /// The data on the fine lattice.
    pub data: Vec<f64>,
    /// The sum of squares of what the lattices leave out, and the number of all values.
    outside: f64,
    count: f64,
    /// Whether components may be negative.
    pub signed: bool,
    pub work: Work,
}

impl Problem {
    pub fn new(shape: &[usize], data: &[f64]) -> Self {
        let all = Lattice::all(shape);
        let count = data.len() as f64;
        let whole: f64 = data.iter().map(|x| x * x).sum();
        let inner = all.boxed(data, OUTSIDE * count.min(whole));
        let fine = inner.sparse(data, FINE).thinned(MOST);
        let picked = fine.pick(data);
        // Noise around zero is no reason for negative components; a range that is a part of the whole is.
        let (least, most) = data.iter().fold((0.0f64, 0.0f64), |(least, most), &x| (least.min(x), most.max(x)));
        let outside = (whole - inner.pick(data).iter().map(|x| x * x).sum::<f64>()).max(0.0);
        let coarse = fine.thinned(COARSE.min(fine.len() / 4).max(1));
        let signed = -least > 1e-3 * most;
        Problem { all, fine, coarse, data: picked, outside, count, signed, work: Work::of(data.len()) }
    }

    /// Model less data on the fine lattice.
    pub fn errors(&self, components: &[Component]) -> Vec<f64> {
        let mut errors: Vec<f64> = self.data.iter().map(|value| -value).collect();
        components.iter().for_each(|component| add(component, &self.fine, &mut errors));
        self.work.take(reaches(components, &self.fine));
        errors
    }

    /// The mean squared error, as the fine lattice has it.
    pub fn mean_square(&self, components: &[Component]) -> f64 {
        self.mean_of(&self.errors(components))
    }

    /// The mean square of all errors, given those on the fine lattice.
    fn mean_of(&self, errors: &[f64]) -> f64 {
        let sums = errors.chunks(64).map(|chunk| chunk.iter().map(|error| error * error).sum::<f64>());
        (sums.sum::<f64>() * self.fine.ratio() + self.outside) / self.count
    }

    /// Moves the numbers of all components from the `fixed`-th on towards the least squared error, until a round gains
    /// less than the part `enough` of it or no work is left; returns the mean squared error.
    pub fn polish(&self, components: &mut [Component], fixed: usize, rounds: usize, enough: f64) -> f64 {
        let mut base: Vec<f64> = render(&components[..fixed], &self.fine);
        base.iter_mut().zip(&self.data).for_each(|(base, value)| *base -= value);
        let errors_of = |free: &[Component]| {
            let mut errors = base.clone();
            free.iter().for_each(|component| add(component, &self.fine, &mut errors));
            self.work.take(reaches(free, &self.fine));
            errors
        };
        let free = &mut components[fixed..];
        let mut errors = errors_of(free);
        let (mut least, mut damping) = (self.mean_of(&errors), 1e-3);
        for _ in 0..if free.is_empty() { 0 } else { rounds } {
            if self.work.left() == 0.0 {
                break;
            }
            let slope = normal::gradient(free, &self.fine, &errors);
            let matrix = self.matrix(free);
            let before = least;
            for _ in 0..5 {
                self.work.take_factors(slope.len());
                if let Some(step) = solve(&matrix, &slope, damping) {
                    let moved = self.moved(free, &step);
                    let found = errors_of(&moved);
                    let square = self.mean_of(&found);
                    if square < least {
                        free.copy_from_slice(&moved);
                        (errors, least, damping) = (found, square, (damping * 0.2).max(1e-7));
                        break;
                    }
                }
                damping *= 6.0;
            }
            if before - least <= enough * before {
                break;
            }
        }
        least
    }

    /// The Gauss-Newton matrix: its diagonal from the fine lattice, the rest from the coarse one, scaled to match. What
    /// the coarse lattice hardly sees of narrow components is taken to be independent of everything else.
    pub fn matrix(&self, components: &[Component]) -> Vec<f64> {
        let mut matrix = normal::matrix(components, &self.coarse);
        self.work.take(2.0 * reaches(components, &self.fine) + overlaps(components, &self.coarse));
        let n = components.len() * NUMBERS;
        let (mut scales, mut exact) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for (k, component) in components.iter().enumerate() {
            let own = normal::matrix(std::slice::from_ref(component), &self.fine);
            for number in 0..NUMBERS {
                let (right, rough) = (own[number * (NUMBERS + 1)], matrix[(k * NUMBERS + number) * (n + 1)]);
                scales.push(if right < 3.0 * rough && rough < 3.0 * right { (right / rough).sqrt() } else { 0.0 });
                exact.push(right);
            }
        }
        for (i, row) in matrix.chunks_exact_mut(n).enumerate() {
            row.iter_mut().zip(&scales).for_each(|(element, scale)| *element *= scales[i] * scale);
            row[i] = exact[i];
        }
        matrix
    }

    /// Components a bounded step away.
    fn moved(&self, components: &[Component], step: &[f64]) -> Vec<Component> {
        let active = self.all.active();
        let mut moved = components.to_vec();
        for (component, step) in moved.iter_mut().zip(step.chunks_exact(NUMBERS)) {
            let before = component.numbers;
            for (number, (value, &step)) in component.numbers.iter_mut().zip(step).enumerate() {
                let most = match number {
                    0 => 1.5,
                    SCALES..SHEARS => 0.5,
                    SHEARS..MEAN => 0.7,
                    axis => 1.5 * libm::exp(-before[SCALES + axis - MEAN].min(50.0)),
                };
                *value += if step.is_nan() { 0.0 } else { step.clamp(-most, most) };
            }
            confine(component, self.all.shape, active);
        }
        moved
    }
}

/// Keeps a component's numbers sensible: no narrower than a third of a place, not many times wider than the array.
pub(super) fn confine(component: &mut Component, shape: [usize; 3], active: [bool; 3]) {
    let n = &mut component.numbers;
    n[0] = n[0].clamp(-40.0, 300.0);
    for axis in 0..3 {
        let length = shape[axis] as f64;
        n[SHEARS + axis] = n[SHEARS + axis].clamp(-8.0, 8.0);
        if active[axis] {
            n[SCALES + axis] = n[SCALES + axis].clamp(-libm::log(4.0 * length), libm::log(3.0));
            n[MEAN + axis] = n[MEAN + axis].clamp(-length, 2.0 * length);
        } else {
            (n[SCALES + axis], n[MEAN + axis]) = (0.0, 0.0);
        }
    }
}

/// `-(matrix + damping * diagonal)^-1 slope`.
fn solve(matrix: &[f64], slope: &[f64], damping: f64) -> Option<Vec<f64>> {
    let n = slope.len();
    let mut damped = matrix.to_vec();
    let largest = (0..n).fold(0.0f64, |largest, i| largest.max(matrix[i * n + i]));
    for i in 0..n {
        let element = &mut damped[i * n + i];
        // Numbers that nothing depends on stay where they are.
        *element += *element * damping + largest * 1e-12 + f64::MIN_POSITIVE;
    }
    let right: Vec<f64> = slope.iter().map(|slope| -slope).collect();
    solve_positive(&damped, &right)
}
