//! Beams: parts of a distribution that lie apart, each of which deserves a centre of its own.

use super::search::Moments;

/// Rounds of the search for two means.
const ROUNDS: usize = 20;
/// Squared distance of two means over the sum of the variances along it from which on two parts lie apart. A Gaussian
/// cut in half has 3.5.
const APART: f64 = 7.0;

/// `data` as a sum of arrays, one for each part that lies apart, `most` of them at most; the strongest first.
pub fn beams(data: &[f64], shape: [usize; 3], most: usize) -> Vec<Vec<f64>> {
    let mut beams = vec![data.to_vec()];
    let mut at = 0;
    while at < beams.len() {
        match halves(&beams[at], shape) {
            Some([first, second]) if beams.len() < most => {
                beams[at] = first;
                beams.push(second);
            }
            _ => at += 1,
        }
    }
    let energy = |data: &Vec<f64>| data.iter().map(|value| value * value).sum::<f64>();
    beams.sort_by(|a, b| energy(b).total_cmp(&energy(a)));
    beams
}

/// Two parts, if they lie apart: the means of two clusters of the squared values (Lloyd's algorithm), started on either
/// side of the mean along the longest axis of the distribution.
fn halves(data: &[f64], shape: [usize; 3]) -> Option<[Vec<f64>; 2]> {
    let whole = Moments::of(data, shape)?;
    let (direction, variance) = whole.longest();
    let mut means = [-1.0, 1.0]
        .map(|sign: f64| std::array::from_fn(|axis| whole.mean[axis] + sign * variance.sqrt() * direction[axis]));
    let mut parts = [data.to_vec(), data.to_vec()];
    let mut moments = [whole.clone(), whole];
    for _ in 0..ROUNDS {
        cut(data, shape, &means, &mut parts);
        moments = [Moments::of(&parts[0], shape)?, Moments::of(&parts[1], shape)?];
        let next = [moments[0].mean, moments[1].mean];
        if next == means {
            break;
        }
        means = next;
    }
    let across: [f64; 3] = std::array::from_fn(|axis| means[1][axis] - means[0][axis]);
    let square: f64 = across.iter().map(|value| value * value).sum();
    let along = across.map(|value| value / square.sqrt());
    let spread = moments[0].variance(&along) + moments[1].variance(&along);
    (square > APART * spread).then_some(parts)
}

/// Every value to the part whose mean is nearer.
fn cut(data: &[f64], shape: [usize; 3], means: &[[f64; 3]; 2], parts: &mut [Vec<f64>; 2]) {
    let across: [f64; 3] = std::array::from_fn(|axis| means[1][axis] - means[0][axis]);
    let middle: f64 = (0..3).map(|axis| across[axis] * (means[0][axis] + means[1][axis]) / 2.0).sum();
    for (row, values) in data.chunks_exact(shape[2]).enumerate() {
        let at = (row / shape[1]) as f64 * across[0] + (row % shape[1]) as f64 * across[1] - middle;
        for (k, value) in values.iter().enumerate() {
            let second = at + k as f64 * across[2] > 0.0;
            let index = row * shape[2] + k;
            parts[usize::from(second)][index] = *value;
            parts[usize::from(!second)][index] = 0.0;
        }
    }
}
