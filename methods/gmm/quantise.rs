//! Numbers to integers: one after another, those still to come making up for what rounding did (nearest plane of Babai,
//! 1986, on the Gauss-Newton matrix), then fitted anew, a few components at a time.

use super::code::{Bins, Code, Described, ORDER, Pick, is_coded};
use super::component::{Component, MEAN, NUMBERS, SCALES};
use super::normal;
use super::polish::Problem;
use crate::shared::range::Bit;

/// Components are rounded in so many groups; between them the rest is fitted anew.
const GROUPS: usize = 4;
/// Part by which the diagonal of the Gauss-Newton matrix is raised.
const DAMPING: f64 = 0.3;
/// Farthest that a number moves to make up for others: the mean in whitened places.
const FARTHEST: f64 = 0.4;
/// Squared error, in squared steps, that a bit is worth; 2 ln 2 / 12 for uniform errors at high rates.
const PRICE: f64 = 0.06;

/// Rounds components, for steps of number `step`; returns them with what describes them, loudest first.
pub(super) fn quantise(problem: &Problem, start: &[Component], step: u32) -> (Vec<Component>, Vec<Described>) {
    let active = problem.all.active();
    let (mut components, mut described) = (start.to_vec(), Vec::new());
    let mut code = Code::new(&problem.all, step);
    while described.len() < components.len() {
        let fixed = described.len();
        if fixed > 0 {
            problem.polish(&mut components, fixed, 2, 5e-3);
        }
        let loudness = |component: &Component| component.log_norm(active);
        components[fixed..].sort_by(|a, b| loudness(b).total_cmp(&loudness(a)));
        let mut plane = Plane::new(problem, &components, fixed, code.step());
        let group = components.len().div_ceil(GROUPS).min(components.len() - fixed);
        for _ in 0..group {
            let place = described.len();
            plane.enter(place - fixed, &components[place], &code);
            components[place] = code.next(&mut plane);
            described.push(plane.chosen);
        }
    }
    (components, described)
}

/// The quadratic model of the squared error around the free components, factored in the order of coding.
struct Plane {
    /// Row by row the lower triangular factor of the matrix, numbers in reverse order of coding.
    factor: Vec<f64>,
    size: usize,
    /// For every number in order of coding, what the factor makes of the gradient and of the errors so far.
    pulls: Vec<f64>,
    price: f64,
    active: [bool; 3],
    component: usize,
    numbers: [f64; NUMBERS],
    level: i32,
    chosen: Described,
}

impl Plane {
    fn new(problem: &Problem, components: &[Component], fixed: usize, step: f64) -> Self {
        let free = &components[fixed..];
        let gradient = normal::gradient(free, &problem.fine, &problem.errors(components));
        let matrix = problem.matrix(free);
        let size = gradient.len();
        problem.work.take_factors(size);
        // Place `i` from the end of the order of coding, as an index of a number.
        let index = |i: usize| {
            let from_start = size - 1 - i;
            from_start / NUMBERS * NUMBERS + ORDER[from_start % NUMBERS]
        };
        let mut factor = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..=i {
                factor[i * size + j] = matrix[index(i) * size + index(j)];
            }
        }
        let count = problem.all.shape.iter().product::<usize>() as f64;
        let price = PRICE * step * step * count;
        // Damped: directions in which little changes are not to be followed far.
        (0..size).for_each(|i| factor[i * (size + 1)] *= 1.0 + DAMPING);
        cholesky(&mut factor, size, price * 1e-3);
        // The order of coding is that of the factor's rows backwards, so its transpose is solved from the front.
        let mut pulls = vec![0.0; size];
        let reversed: Vec<f64> = (0..size).map(|i| gradient[index(i)]).collect();
        for i in 0..size {
            let sum: f64 = (0..i).map(|j| factor[i * size + j] * pulls[size - 1 - j]).sum();
            pulls[size - 1 - i] = (reversed[i] - sum) / factor[i * size + i];
        }
        let (active, chosen) = (problem.all.active(), Described::default());
        Plane { factor, size, pulls, price, active, component: 0, numbers: [0.0; NUMBERS], level: 0, chosen }
    }

    /// Turns to the free component number `component`.
    fn enter(&mut self, component: usize, values: &Component, code: &Code) {
        (self.component, self.numbers, self.chosen) = (component, values.numbers, Described::default());
        let mut likely = *values;
        for (place, number) in ORDER.into_iter().enumerate() {
            let at = component * NUMBERS + place;
            likely.numbers[number] += self.wanted(at).clamp(-FARTHEST, FARTHEST);
        }
        self.level = code.level_of(likely.log_norm(self.active));
        self.chosen.negative = values.negative;
    }

    /// The change of a number, by its place in the order of coding, that is best after the changes before it.
    fn wanted(&self, at: usize) -> f64 {
        let row = self.size - 1 - at;
        -self.pulls[at] / self.factor[row * self.size + row]
    }

    /// Lets all numbers from a place on feel its change.
    fn change(&mut self, at: usize, change: f64) {
        let column = self.size - 1 - at;
        for (later, pull) in self.pulls.iter_mut().enumerate().skip(at) {
            // The factor's transpose times the changes: element (column, row) for every later row.
            *pull += self.factor[column * self.size + (self.size - 1 - later)] * change;
        }
    }
}

impl Pick for Plane {
    fn level(&mut self, before: Option<i32>, _: &mut [Bit; 3]) -> i32 {
        self.chosen.level = before.map_or(self.level, |before| self.level.min(before));
        self.chosen.level
    }

    fn negative(&mut self, _: &mut Bit) -> bool {
        self.chosen.negative
    }

    fn steps(&mut self, number: usize, bins: &Bins) -> i32 {
        let place = ORDER.iter().position(|&other| other == number).unwrap_or(0);
        let at = self.component * NUMBERS + place;
        let unit =
            if number < MEAN { 1.0 } else { libm::exp(-self.numbers[SCALES + number - MEAN].clamp(-50.0, 50.0)) };
        let wanted = self.numbers[number] + self.wanted(at).clamp(-FARTHEST * unit, FARTHEST * unit);
        let row = self.size - 1 - at;
        let weight = 0.5 * self.factor[row * self.size + row] * self.factor[row * self.size + row];
        let nearest = ((wanted - bins.centre) / bins.step).round().clamp(-1.6e7, 1.6e7) as i32;
        let cost = |steps: i32| {
            let off = bins.value(steps) - wanted;
            weight * off * off + self.price * bins.bits(steps)
        };
        let towards = nearest - nearest.signum();
        let choices = [nearest, towards, towards - towards.signum(), 0];
        let steps = choices.into_iter().min_by(|&a, &b| cost(a).total_cmp(&cost(b))).unwrap_or(0);
        self.change(at, bins.value(steps) - self.numbers[number]);
        debug_assert!(is_coded(number, self.active));
        self.chosen.steps[number] = steps;
        steps
    }
}

/// Replaces the lower triangle of a positive semi-definite matrix by its Cholesky factor, rows of length `size`;
/// diagonal elements are raised by `least`.
fn cholesky(matrix: &mut [f64], size: usize, least: f64) {
    for i in 0..size {
        let (above, rest) = matrix.split_at_mut(i * size);
        let row = &mut rest[..size];
        for j in 0..i {
            let other = &above[j * size..j * size + j];
            let sum: f64 = row[..j].iter().zip(other).map(|(a, b)| a * b).sum();
            row[j] = (row[j] - sum) / above[j * size + j];
        }
        let sum: f64 = row[..i].iter().map(|a| a * a).sum();
        row[i] = (row[i] + least - sum).max(least).sqrt().max(f64::MIN_POSITIVE);
    }
}
