//! The drifting bi-Maxwellian nearest to a distribution in the mean square: amplitude, drift and thermal width per axis.
//!
//! Levenberg (1944) and Marquardt (1963) with analytic derivatives. The model is a product over the axes, so every sum
//! over the grid that the normal equations need is a product of sums over axes, but for those with the data, which are
//! contracted axis by axis: one pass over the data for each trial.

use crate::shared::linalg::solve_positive;

/// Most trials.
const TRIALS: usize = 200;
/// Numbers of the fit: the amplitude, and drift and width of each axis.
const NUMBERS: usize = 7;

/// `amplitude * exp(-sum over axes of (v - drift)^2 / (2 width^2))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Maxwellian {
    /// Value at the drift, in the unit of the data.
    pub amplitude: f64,
    /// Position of the maximum along each axis, in the unit of the coordinates.
    pub drift: [f64; 3],
    /// Standard deviation along each axis, in the unit of the coordinates.
    pub width: [f64; 3],
}

/// Fits a Maxwellian to `data` in C order, whose coordinates along each axis are `axes`. An axis of one value has drift
/// 0 and width 1. The amplitude is never 0.
pub fn fit(data: &[f64], axes: &[Vec<f64>; 3]) -> Maxwellian {
    let largest = data.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    if largest == 0.0 {
        return Maxwellian { amplitude: 1.0, ..start(data, axes, 1.0) };
    }
    let first = start(data, axes, largest);
    let best = descend(data, axes, largest, first);
    let sensible = |axis: usize| {
        let length = axes[axis].len() as f64;
        best.width[axis] > 1e-3 && best.width[axis] < 100.0 * length && best.drift[axis].abs() < 100.0 * length
    };
    let amplitude = best.amplitude.abs();
    if (0..3).all(sensible) && amplitude > 1e-6 && amplitude < 1e6 {
        scaled(best, largest)
    } else {
        scaled(first, largest)
    }
}

fn scaled(fit: Maxwellian, largest: f64) -> Maxwellian {
    Maxwellian { amplitude: fit.amplitude * largest, ..fit }
}

/// Moments of the larger half of the values; the amplitude in units of `largest`.
fn start(data: &[f64], axes: &[Vec<f64>; 3], largest: f64) -> Maxwellian {
    let mut sums = [[0.0; 3]; 3];
    let (n1, n2) = (axes[1].len(), axes[2].len());
    for (index, value) in data.iter().enumerate() {
        let weight = (value / largest).max(0.0);
        let at = [axes[0][index / n2 / n1], axes[1][index / n2 % n1], axes[2][index % n2]];
        for (sums, at) in sums.iter_mut().zip(at) {
            let terms = [weight, weight * at, weight * at * at];
            sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
    }
    let mut fit = Maxwellian { amplitude: 1.0, drift: [0.0; 3], width: [1.0; 3] };
    for axis in (0..3).filter(|&axis| axes[axis].len() > 1) {
        let [weight, first, second] = sums[axis];
        let length = axes[axis].len() as f64;
        let (mean, square) =
            if weight > 0.0 { (first / weight, second / weight) } else { (length / 2.0, length * length / 3.0) };
        fit.drift[axis] = mean;
        fit.width[axis] = (square - mean * mean).max(0.25).sqrt();
    }
    fit
}

/// Sums over the grid that a trial needs.
struct Sums {
    error: f64,
    gradient: Vec<f64>,
    normal: Vec<f64>,
}

fn descend(data: &[f64], axes: &[Vec<f64>; 3], largest: f64, first: Maxwellian) -> Maxwellian {
    let energy: f64 = data.iter().map(|value| (value / largest) * (value / largest)).sum();
    let (mut best, mut damping) = (first, 1e-3);
    let mut sums = sums(data, axes, largest, energy, &best);
    for _ in 0..TRIALS {
        let mut matrix = sums.normal.clone();
        for i in 0..NUMBERS {
            // A number that changes nothing, that of an axis of one value, must not make the system singular.
            matrix[i * (NUMBERS + 1)] = matrix[i * (NUMBERS + 1)] * (1.0 + damping) + 1e-30;
        }
        let next = solve_positive(&matrix, &sums.gradient).map(|change| moved(&best, &change));
        let trial = next.map(|next| (next, self::sums(data, axes, largest, energy, &next)));
        match trial {
            Some((next, found)) if found.error < sums.error => {
                let gain = sums.error - found.error;
                (best, sums, damping) = (next, found, damping / 5.0);
                if gain < 1e-13 * energy {
                    break;
                }
            }
            _ if damping > 1e12 => break,
            _ => damping *= 4.0,
        }
    }
    best
}

fn moved(fit: &Maxwellian, change: &[f64]) -> Maxwellian {
    Maxwellian {
        amplitude: fit.amplitude + change[0],
        drift: std::array::from_fn(|axis| fit.drift[axis] + change[1 + axis]),
        width: std::array::from_fn(|axis| fit.width[axis] + change[4 + axis]),
    }
}

/// Squared error, its half gradient downwards, and the normal matrix of the derivatives.
fn sums(data: &[f64], axes: &[Vec<f64>; 3], largest: f64, energy: f64, fit: &Maxwellian) -> Sums {
    let long: [bool; 3] = std::array::from_fn(|axis| axes[axis].len() > 1);
    // Factor and powers of the distance along each axis of the derivative by each number.
    let mut factors = [1.0; NUMBERS];
    let mut powers = [[0usize; 3]; NUMBERS];
    for axis in 0..3 {
        let square = fit.width[axis] * fit.width[axis];
        factors[1 + axis] = if long[axis] { fit.amplitude / square } else { 0.0 };
        factors[4 + axis] = if long[axis] { fit.amplitude / square / fit.width[axis] } else { 0.0 };
        (powers[1 + axis][axis], powers[4 + axis][axis]) = (1, 2);
    }
    let tables: [Vec<[f64; 3]>; 3] = std::array::from_fn(|axis| table(&axes[axis], fit.drift[axis], fit.width[axis]));
    let own: [[f64; 5]; 3] = std::array::from_fn(|axis| own_moments(&axes[axis], fit.drift[axis], fit.width[axis]));
    let model = |p: [usize; 3]| own[0][p[0]] * own[1][p[1]] * own[2][p[2]];
    let with_data = data_moments(data, &tables, largest);
    let sum = |i: usize, j: usize| std::array::from_fn(|axis| powers[i][axis] + powers[j][axis]);
    let gradient = (0..NUMBERS).map(|i| {
        let [a, b, c] = powers[i];
        factors[i] * (with_data[a][b][c] - fit.amplitude * model(powers[i]))
    });
    let normal = (0..NUMBERS * NUMBERS).map(|at| {
        let (i, j) = (at / NUMBERS, at % NUMBERS);
        factors[i] * factors[j] * model(sum(i, j))
    });
    let error = energy - 2.0 * fit.amplitude * with_data[0][0][0] + fit.amplitude * fit.amplitude * model([0; 3]);
    Sums { error, gradient: gradient.collect(), normal: normal.collect() }
}

/// The Gaussian along an axis times powers 0 to 2 of the distance.
fn table(axis: &[f64], drift: f64, width: f64) -> Vec<[f64; 3]> {
    let at = |v: &f64| {
        let d = v - drift;
        let g = libm::exp(-d * d / (2.0 * width * width));
        [g, g * d, g * d * d]
    };
    axis.iter().map(at).collect()
}

/// Sums of the squared Gaussian times powers 0 to 4 of the distance.
fn own_moments(axis: &[f64], drift: f64, width: f64) -> [f64; 5] {
    let mut sums = [0.0; 5];
    for v in axis {
        let d = v - drift;
        let mut term = libm::exp(-d * d / (width * width));
        for sum in &mut sums {
            *sum += term;
            term *= d;
        }
    }
    sums
}

/// Sums of data times Gaussian times powers 0 to 2 of the distance along each axis.
fn data_moments(data: &[f64], tables: &[Vec<[f64; 3]>; 3], largest: f64) -> [[[f64; 3]; 3]; 3] {
    let (n1, n2) = (tables[1].len(), tables[2].len());
    let mut sums = [[[0.0; 3]; 3]; 3];
    for (plane, first) in data.chunks_exact(n1 * n2).zip(&tables[0]) {
        let mut middle = [[0.0; 3]; 3];
        for (row, second) in plane.chunks_exact(n2).zip(&tables[1]) {
            let mut line = [0.0; 3];
            for (value, third) in row.iter().zip(&tables[2]) {
                line.iter_mut().zip(third).for_each(|(sum, g)| *sum += value / largest * g);
            }
            for (sums, g) in middle.iter_mut().zip(second) {
                sums.iter_mut().zip(line).for_each(|(sum, value)| *sum += g * value);
            }
        }
        for (sums, g) in sums.iter_mut().zip(first) {
            for (sums, middle) in sums.iter_mut().zip(&middle) {
                sums.iter_mut().zip(middle).for_each(|(sum, value)| *sum += g * value);
            }
        }
    }
    sums
}
