//! Components one after another, each where it takes most of what the others left.

use super::component::{Component, MEAN, SCALES};
use super::field::{Lattice, add};
use super::polish::{Problem, confine};

/// Widths tried, relative to those of the components there are.
const WIDTHS: [f64; 3] = [1.4, 0.8, 0.45];
/// So many components tell little about those to come.
const FEW: usize = 5;
/// What a place costs in convolutions along all axes, in values of components.
const CONVOLVED: f64 = 6.0;

impl Problem {
    /// Appends up to `count` components where the rest, data less model, is best explained by one more.
    pub fn grow(&self, components: &mut Vec<Component>, count: usize) {
        let mut rest: Vec<f64> = self.errors(components).iter().map(|error| -error).collect();
        let widths = self.widths(components);
        for _ in 0..count {
            self.work.take((widths.len() * self.fine.len()) as f64 * CONVOLVED);
            let Some(found) = self.best(&rest, &widths) else { return };
            let mut opposite = found;
            opposite.negative = !opposite.negative;
            add(&opposite, &self.fine, &mut rest);
            components.push(found);
        }
    }

    /// Logarithms of the widths to be tried along each axis: some around the middle ones of the components there are;
    /// while these are few, all octaves.
    fn widths(&self, components: &[Component]) -> Vec<[f64; 3]> {
        let wide = self.all.shape.map(|length| libm::log(length as f64 / 6.0));
        if components.len() < FEW {
            let longest = wide.iter().fold(0.0f64, |longest, &width| longest.max(width));
            let octaves = (longest / std::f64::consts::LN_2).ceil().max(1.0) as usize;
            return (0..octaves)
                .map(|octave| wide.map(|width| width - octave as f64 * std::f64::consts::LN_2))
                .collect();
        }
        let middle: [f64; 3] = std::array::from_fn(|axis| {
            let mut widths: Vec<f64> = components.iter().map(|component| -component.numbers[SCALES + axis]).collect();
            widths.sort_by(f64::total_cmp);
            widths[widths.len() / 2]
        });
        WIDTHS.iter().map(|&factor| middle.map(|width| width + libm::log(factor))).collect()
    }

    /// The Gaussian along the axes with the greatest inner product with `rest`, relative to its norm.
    fn best(&self, rest: &[f64], widths: &[[f64; 3]]) -> Option<Component> {
        let active = self.all.active();
        let mut best: Option<(f64, Component)> = None;
        for width in widths {
            let mut numbers = [0.0; 10];
            let (mut smooth, mut norm) = (rest.to_vec(), 1.0);
            for axis in (0..3).filter(|&axis| active[axis]) {
                let log_width = width[axis].max(-0.7);
                numbers[SCALES + axis] = -log_width;
                norm *= convolve(&mut smooth, &self.fine, axis, libm::exp(log_width));
            }
            let mut component = Component { negative: false, numbers };
            let sizes = smooth.iter().enumerate().map(|(at, &s)| (if self.signed { s.abs() } else { s }, at));
            let Some((size, at)) = sizes.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|found| found.0 > 0.0) else {
                continue;
            };
            component.negative = smooth[at] < 0.0;
            component.numbers[0] = libm::log(size / norm);
            let [_, rows, row] = self.fine.counts();
            for (axis, index) in [at / row / rows, at / row % rows, at % row].into_iter().enumerate() {
                component.numbers[MEAN + axis] = self.fine.coordinate(axis, index);
            }
            confine(&mut component, self.all.shape, active);
            let gain = size * size / norm;
            if gain.is_finite() && best.is_none_or(|(most, _)| gain > most) {
                best = Some((gain, component));
            }
        }
        best.map(|(_, component)| component)
    }
}

/// Inner products along an axis with Gaussians of standard deviation `width`, in places of the array; returns the sum
/// of squares of such a Gaussian.
fn convolve(values: &mut [f64], lattice: &Lattice, axis: usize, width: f64) -> f64 {
    let counts = lattice.counts();
    let inner: usize = counts[axis + 1..].iter().product();
    let (length, step) = (counts[axis], lattice.stride[axis] as f64 / width);
    let reach = (3.0 / step).ceil().min(length as f64) as usize;
    let kernel: Vec<f64> = (0..=reach).map(|i| libm::exp(-0.5 * (i as f64 * step) * (i as f64 * step))).collect();
    let mut sums = vec![0.0; length * inner];
    for block in values.chunks_exact_mut(length * inner) {
        sums.fill(0.0);
        for to in 0..length {
            let sums = &mut sums[to * inner..(to + 1) * inner];
            for from in to.saturating_sub(reach)..(to + reach + 1).min(length) {
                let weight = kernel[to.abs_diff(from)];
                let line = &block[from * inner..(from + 1) * inner];
                sums.iter_mut().zip(line).for_each(|(sum, value)| *sum += weight * value);
            }
        }
        block.copy_from_slice(&sums);
    }
    2.0 * kernel.iter().map(|weight| weight * weight).sum::<f64>() - 1.0
}
