//! A velocity component of homogeneous turbulence: random phases under a Kolmogorov spectrum.

use rayon::prelude::*;

use codecbench_methods::api::DType;

use super::random::Random;
use super::{Generated, Generator, Request, tensor};
use crate::dataset::Kind;

/// One velocity component, m/s, periodic in every axis.
pub const TURBULENCE: Generator = Generator {
    id: "turbulence",
    kind: Kind::Field,
    summary: "a velocity component of turbulence: energy falls as k^-5/3 up to a dissipative cut",
    variants: &[],
    dtypes: &[DType::F32, DType::F64],
    ranks: 1..=3,
    make,
};

/// Root mean square velocity, m/s.
const RMS: f64 = 2.0;
/// Scale of the dissipative cut, as a share of the highest wavenumber.
const CUT: f64 = 0.8;
/// Below this wavenumber the spectrum is flat: the energy-containing eddies.
const ENERGY: f64 = 2.0;

/// Fourier modes per axis, real and imaginary parts apart. Axis lengths as in `shape`.
struct Modes {
    re: Vec<f64>,
    im: Vec<f64>,
    shape: Vec<usize>,
}

fn make(request: &Request<'_>) -> Generated {
    if request.len() == 0 {
        return tensor(request, []).into();
    }
    let mut field = modes(request);
    let last = request.shape.len() - 1;
    for axis in 0..last {
        field = along(&field, axis, request.shape[axis]);
    }
    let mut values = along_last(&field, request.shape[last]);
    let square: f64 = values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
    let scale = if square > 0.0 { RMS / libm::sqrt(square) } else { 0.0 };
    values.iter_mut().for_each(|value| *value *= scale);
    tensor(request, values).into()
}

/// Highest wavenumber of an axis: two thirds of Nyquist, as a dealiased simulation keeps.
fn highest(length: usize) -> usize {
    (length / 3).max(1)
}

/// Wavenumbers of an axis in storage order. A field that is the real part of its modes needs half of the first axis only.
fn wavenumbers(axis: usize, length: usize) -> Vec<i64> {
    let highest = highest(length) as i64;
    if axis == 0 { (0..=highest).collect() } else { (-highest..=highest).collect() }
}

fn modes(request: &Request<'_>) -> Modes {
    let axes: Vec<_> = request.shape.iter().enumerate().map(|(axis, &length)| wavenumbers(axis, length)).collect();
    let shape: Vec<usize> = axes.iter().map(Vec::len).collect();
    let longest = request.shape.iter().copied().max().unwrap_or(1);
    let cut = CUT * highest(longest) as f64;
    let rank = shape.len() as f64;
    let mut random = Random::new(request.seed, 0);
    let mut modes = Modes { re: Vec::new(), im: Vec::new(), shape };
    let count: usize = modes.shape.iter().product();
    for flat in 0..count {
        let (mut rest, mut square) = (flat, 0.0);
        for (axis, numbers) in axes.iter().enumerate().rev() {
            // Axes of other lengths have the same physical size per sample, not the same box.
            let k = numbers[rest % numbers.len()] as f64 * longest as f64 / request.shape[axis] as f64;
            square += k * k;
            rest /= numbers.len();
        }
        let k = libm::sqrt(square);
        // Energy per mode: E(k) over the number of modes in its shell, k^(rank - 1).
        let energy = libm::pow(k.max(ENERGY), -5.0 / 3.0 - (rank - 1.0)) * libm::exp(-2.0 * square / (cut * cut));
        let amplitude = if square == 0.0 { 0.0 } else { libm::sqrt(energy) };
        modes.re.push(amplitude * random.normal());
        modes.im.push(amplitude * random.normal());
    }
    modes
}

/// cos and sin of 2 pi j / length.
fn circle(length: usize) -> (Vec<f64>, Vec<f64>) {
    let angle = |j: usize| 2.0 * std::f64::consts::PI * j as f64 / length as f64;
    ((0..length).map(|j| libm::cos(angle(j))).collect(), (0..length).map(|j| libm::sin(angle(j))).collect())
}

/// Place of `k * x` on the circle.
fn phase(k: i64, x: usize, length: usize) -> usize {
    (k * x as i64).rem_euclid(length as i64) as usize
}

/// Inverse transform along one axis, row by row: modes in, samples out.
fn along(field: &Modes, axis: usize, length: usize) -> Modes {
    let numbers = wavenumbers(axis, length);
    let inner: usize = field.shape[axis + 1..].iter().product();
    let (cos, sin) = circle(length);
    let mut shape = field.shape.clone();
    shape[axis] = length;
    let count: usize = shape.iter().product();
    let (mut re, mut im) = (vec![0.0; count], vec![0.0; count]);
    let rows = re.par_chunks_mut(inner).zip(im.par_chunks_mut(inner)).enumerate();
    rows.for_each(|(row, (re, im))| {
        // Written before it is read: pages of zeros that are read first are copied, and every core has to know.
        [&mut *re, &mut *im].into_iter().for_each(|part| part.fill(0.0));
        let (outer, x) = (row / length, row % length);
        for (index, &k) in numbers.iter().enumerate() {
            let place = phase(k, x, length);
            let (c, s) = (cos[place], sin[place]);
            let start = (outer * numbers.len() + index) * inner;
            let from = field.re[start..start + inner].iter().zip(&field.im[start..start + inner]);
            for ((re, im), (&a, &b)) in re.iter_mut().zip(im.iter_mut()).zip(from) {
                *re += c * a - s * b;
                *im += s * a + c * b;
            }
        }
    });
    Modes { re, im, shape }
}

/// The real part of the inverse transform along the last axis.
fn along_last(field: &Modes, length: usize) -> Vec<f64> {
    let numbers = wavenumbers(field.shape.len() - 1, length);
    let (cos, sin) = circle(length);
    let table = |of: &[f64]| -> Vec<f64> {
        numbers.iter().flat_map(|&k| (0..length).map(move |x| (k, x))).map(|(k, x)| of[phase(k, x, length)]).collect()
    };
    let (cos, sin) = (table(&cos), table(&sin));
    let mut values = vec![0.0; field.re.len() / numbers.len() * length];
    values.par_chunks_mut(length).enumerate().for_each(|(row, values)| {
        // As in `along`.
        values.fill(0.0);
        for index in 0..numbers.len() {
            let mode = row * numbers.len() + index;
            let (a, b) = (field.re[mode], field.im[mode]);
            let waves = cos[index * length..][..length].iter().zip(&sin[index * length..][..length]);
            for (value, (&c, &s)) in values.iter_mut().zip(waves) {
                *value += c * a - s * b;
            }
        }
    });
    values
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::Tensor;

    use super::*;

    /// Energy of a periodic row at a wavenumber.
    fn energy(row: &[f64], k: usize) -> f64 {
        let (cos, sin) = circle(row.len());
        let part = |wave: &[f64]| -> f64 {
            row.iter().enumerate().map(|(x, value)| value * wave[phase(k as i64, x, row.len())]).sum()
        };
        part(&cos) * part(&cos) + part(&sin) * part(&sin)
    }

    #[test]
    fn the_spectrum_along_a_line_falls_as_five_thirds() {
        let request = Request { shape: &[96, 96, 96], seed: 3, dtype: DType::F64, variant: None };
        let Tensor::F64(field) = make(&request).tensor else { panic!("float64 was asked for") };
        let rows: Vec<&[f64]> = field.as_slice().expect("C order").chunks_exact(96).collect();
        let mean = |k: usize| rows.iter().step_by(7).map(|row| energy(row, k)).sum::<f64>();
        // Well above the energy-containing eddies and below the cut, which bends the slope a little.
        let slope = libm::log(mean(6) / mean(3)) / libm::log(2.0);
        assert!((-2.4..-1.3).contains(&slope), "slope {slope}");
    }

    #[test]
    fn the_field_is_the_same_for_any_number_of_threads() {
        let request = Request { shape: &[12, 9, 10], seed: 3, dtype: DType::F32, variant: None };
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| make(&request).tensor)
        };
        assert_eq!(with(1), with(3));
    }
}
