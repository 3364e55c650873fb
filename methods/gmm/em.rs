//! Expectation maximisation (Dempster, Laird and Rubin 1977) on voxels weighted by their values, started by k-means++
//! (Arthur and Vassilvitskii 2007).

use super::component::{Component, NUMBERS, Ready};
use super::field::{Lattice, PIECE, Span};
use super::normal::{POWERS, PRODUCTS, along, factors};

/// Rounds of k-means and, at most, of expectation maximisation.
const ROUNDS: [usize; 2] = [8, 100];
/// The mean logarithm of the likelihood must gain this much for another round (scikit-learn's default).
const ENOUGH: f64 = 1e-3;
/// Added to variances, in squared places: no component shrinks to one place.
const LEAST_VARIANCE: f64 = 0.02;

/// Sums over weighted places: weight, coordinates, products of two coordinates.
#[derive(Clone, Copy, Default)]
struct Moments {
    weight: f64,
    first: [f64; 3],
    second: [[f64; 3]; 3],
}

impl Moments {
    fn add(&mut self, weight: f64, at: [f64; 3]) {
        self.weight += weight;
        for i in 0..3 {
            self.first[i] += weight * at[i];
            (0..3).for_each(|j| self.second[i][j] += weight * at[i] * at[j]);
        }
    }

    fn mean(&self) -> [f64; 3] {
        self.first.map(|sum| sum / self.weight)
    }

    /// The component whose integral is the weight.
    fn component(&self, active: [bool; 3]) -> Option<Component> {
        let mean = self.mean();
        let element = |i: usize, j: usize| self.second[i][j] / self.weight - mean[i] * mean[j];
        let spread = |i: usize, j: usize| element(i, j) + if i == j { LEAST_VARIANCE } else { 0.0 };
        let covariance = std::array::from_fn(|i| std::array::from_fn(|j| spread(i, j)));
        let mut component = Component::from_moments(0.0, mean, covariance, active)?;
        component.numbers[0] = libm::log(self.weight) - log_integral(&component, active);
        component.numbers[0].is_finite().then_some(component)
    }
}

/// The logarithm of the integral of a component, without that of its amplitude.
fn log_integral(component: &Component, active: [bool; 3]) -> f64 {
    let root = 0.5 * libm::log(2.0 * std::f64::consts::PI);
    (0..3).filter(|&axis| active[axis]).map(|axis| root - component.numbers[1 + axis]).sum()
}

/// A small generator of random numbers: SplitMix64 (Steele et al. 2014).
struct Random(u64);

impl Random {
    /// A number from 0 to 1, 1 not among them.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Fits up to `count` components to the positive ones of `values` on a lattice: the sum of values that a component
/// stands for is its integral, so the mixture needs no further scale.
pub(super) fn fit(values: &[f64], lattice: &Lattice, count: usize, seed: u64) -> Vec<Component> {
    let weights: Vec<f64> = values.iter().map(|value| value.max(0.0)).collect();
    let total: f64 = weights.iter().sum();
    if !(total > 0.0 && total.is_finite()) {
        return Vec::new();
    }
    let active = lattice.active();
    let mut components: Vec<Component> =
        clusters(&weights, lattice, count, seed).iter().filter_map(|moments| moments.component(active)).collect();
    let mut likelihood = f64::NEG_INFINITY;
    for _ in 0..ROUNDS[1] {
        let (moments, found) = expectation(&components, &weights, lattice);
        let next: Vec<Component> = moments.iter().filter_map(|moments| moments.component(active)).collect();
        if next.is_empty() {
            break;
        }
        components = next;
        let gain = found / total - likelihood;
        likelihood = found / total;
        if gain < ENOUGH {
            break;
        }
    }
    // Places of a thinned lattice stand for several of the array each.
    let scale = libm::log(lattice.ratio());
    components.iter_mut().for_each(|component| component.numbers[0] += scale);
    components
}

fn place(lattice: &Lattice, at: usize) -> [f64; 3] {
    let [_, rows, row] = lattice.counts();
    let index = [at / row / rows, at / row % rows, at % row];
    std::array::from_fn(|axis| lattice.coordinate(axis, index[axis]))
}

/// Moments of the clusters of weighted k-means.
fn clusters(weights: &[f64], lattice: &Lattice, count: usize, seed: u64) -> Vec<Moments> {
    let distance = |a: [f64; 3], b: [f64; 3]| (0..3).map(|i| (a[i] - b[i]) * (a[i] - b[i])).sum::<f64>();
    let mut random = Random(seed);
    let (mut centres, mut nearest) = (Vec::new(), vec![f64::INFINITY; weights.len()]);
    while centres.len() < count {
        let share = |at: usize| weights[at] * if centres.is_empty() { 1.0 } else { nearest[at] };
        let total: f64 = (0..weights.len()).map(share).sum();
        if total <= 0.0 {
            break;
        }
        let mut left = random.next() * total;
        let chosen = (0..weights.len()).find(|&at| {
            left -= share(at);
            left < 0.0
        });
        let last = || (0..weights.len()).rev().find(|&at| share(at) > 0.0).unwrap_or(0);
        let centre = place(lattice, chosen.unwrap_or_else(last));
        nearest.iter_mut().enumerate().for_each(|(at, near)| *near = near.min(distance(place(lattice, at), centre)));
        centres.push(centre);
    }
    let mut moments = vec![Moments::default(); centres.len()];
    for _ in 0..ROUNDS[0] {
        moments.fill(Moments::default());
        for (at, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            let here = place(lattice, at);
            let own =
                (0..centres.len()).min_by(|&a, &b| distance(here, centres[a]).total_cmp(&distance(here, centres[b])));
            moments[own.unwrap_or(0)].add(weight, here);
        }
        moments.retain(|moments| moments.weight > 0.0);
        centres = moments.iter().map(Moments::mean).collect();
    }
    moments
}

/// Room for all components in a piece of a row.
struct Room {
    values: Vec<[f64; PIECE]>,
    offsets: Vec<[f64; PIECE]>,
    total: [f64; PIECE],
}

/// The whitened offsets of a line of the lattice along the first two axes.
fn aside(ready: &Ready, lattice: &Lattice, line: usize) -> [f64; 2] {
    let rows = lattice.counts()[1];
    let offset = |axis: usize, index: usize| ready.scales[axis] * (lattice.coordinate(axis, index) - ready.mean[axis]);
    [offset(0, line / rows), offset(1, line % rows)]
}

impl Room {
    fn fill(&mut self, all: &[Ready], lattice: &Lattice, line: usize, start: usize, count: usize) {
        self.total.fill(0.0);
        for ((ready, values), offsets) in all.iter().zip(&mut self.values).zip(&mut self.offsets) {
            let span = Span { start: 0, end: start + count, y: aside(ready, lattice, line) };
            ready.fill(lattice, &span, start, &mut values[..count], &mut offsets[..count]);
            self.total.iter_mut().zip(&values[..count]).for_each(|(total, value)| *total += value);
        }
    }
}

/// Moments of each component's share of the weights, and the weighted logarithm of the likelihood.
fn expectation(components: &[Component], weights: &[f64], lattice: &Lattice) -> (Vec<Moments>, f64) {
    let all: Vec<Ready> = components.iter().map(|component| component.ready(lattice.active())).collect();
    let [planes, rows, length] = lattice.counts();
    let (mut sums, mut likelihood) = (vec![[0.0; NUMBERS]; all.len()], 0.0);
    let empty = || vec![[0.0; PIECE]; all.len()];
    let mut room = Room { values: empty(), offsets: empty(), total: [0.0; PIECE] };
    for line in 0..planes * rows {
        for start in (0..length).step_by(PIECE) {
            let count = (length - start).min(PIECE);
            let weights = &weights[line * length + start..][..count];
            if weights.iter().all(|&weight| weight == 0.0) {
                continue;
            }
            room.fill(&all, lattice, line, start, count);
            let mut shares = [0.0; PIECE];
            for ((share, &weight), &total) in shares.iter_mut().zip(weights).zip(&room.total) {
                // Where all components underflow none of them is told to come.
                if weight > 0.0 && total > 1e-290 {
                    *share = weight / total;
                    likelihood += weight * libm::log(total);
                }
            }
            for (k, ready) in all.iter().enumerate() {
                let row = along(&room.values[k][..count], &room.offsets[k][..count], &shares[..count]);
                let factors = factors(aside(ready, lattice, line));
                for ((sum, factor), power) in sums[k].iter_mut().zip(factors).zip(POWERS) {
                    *sum += factor * row[power];
                }
            }
        }
    }
    (sums.iter().zip(&all).map(|(sums, ready)| unwhitened(sums, ready)).collect(), likelihood)
}

/// Moments of coordinates from sums of monomials of whitened offsets.
fn unwhitened(sums: &[f64; NUMBERS], ready: &Ready) -> Moments {
    let inverse = ready.scales.map(|scale| if scale > 0.0 { 1.0 / scale } else { 0.0 });
    let weight = sums[0];
    let offset: [f64; 3] = std::array::from_fn(|i| sums[1 + i] * inverse[i]);
    let element = |i: usize, j: usize| {
        let product = sums[PRODUCTS[i][j]] * inverse[i] * inverse[j];
        product + offset[i] * ready.mean[j] + offset[j] * ready.mean[i] + weight * ready.mean[i] * ready.mean[j]
    };
    Moments {
        weight,
        first: std::array::from_fn(|i| offset[i] + weight * ready.mean[i]),
        second: std::array::from_fn(|i| std::array::from_fn(|j| element(i, j))),
    }
}
