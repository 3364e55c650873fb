//! Target `native`: shells, each projected on harmonics at fixed angles, as the Asterix notebook does it.

use super::harmonics::{self, Harmonics, LANES};
use crate::api::{Element, Error};

/// Polar and azimuthal angles of a shell.
const ANGLES: [usize; 2] = [180, 360];

/// Shells around the middle of an array.
#[derive(Debug)]
pub struct Shells {
    degree: usize,
    shells: usize,
    shape: [usize; 3],
    /// Normalised Legendre functions of every polar angle, `m` after `m`, `l` from `m` up: as harmonics at azimuth 0.
    legendre: Vec<Vec<f64>>,
    /// Cosines and sines of every azimuth and order.
    turns: Vec<Vec<[f64; 2]>>,
    /// Sines and cosines of the angles at which voxels are looked up.
    polar: Vec<[f64; 2]>,
    azimuth: Vec<[f64; 2]>,
}

impl Shells {
    /// `shells` shells in an array of `shape`, with harmonics up to `degree`.
    pub fn new(degree: usize, shells: usize, shape: [usize; 3]) -> Self {
        let pi = std::f64::consts::PI;
        let angle = |angle: f64| [libm::sin(angle), libm::cos(angle)];
        let spread = |at: usize, count: usize, end: f64| angle(end * at as f64 / (count - 1) as f64);
        let harmonics = Harmonics::new(degree);
        let legendre = (0..ANGLES[0]).map(|t| {
            // The harmonics' own angle runs the other way round, in whole degrees.
            let [sine, cosine] = angle((180 - t) as f64 / 180.0 * pi);
            let mut values = vec![0.0; harmonics::count(degree)];
            harmonics.walk(&[[sine; LANES], [0.0; LANES], [cosine; LANES]], |at, lanes| values[at] = lanes[0]);
            values
        });
        let turns = (0..ANGLES[1]).map(|p| {
            let turn = |m: usize| angle((p as f64 - 180.0) / 180.0 * pi * m as f64);
            (0..=degree).map(|m| [turn(m)[1], turn(m)[0]]).collect()
        });
        Shells {
            degree,
            shells,
            shape,
            legendre: legendre.collect(),
            turns: turns.collect(),
            polar: (0..ANGLES[0]).map(|t| spread(t, ANGLES[0], pi)).collect(),
            azimuth: (0..ANGLES[1]).map(|p| spread(p, ANGLES[1], 2.0 * pi)).collect(),
        }
    }

    /// Bytes of a payload: for each shell its maximum, as an element, and its coefficients as `f32`.
    pub fn bytes<T: Element>(&self) -> usize {
        self.shells * (T::DTYPE.size() + 4 * harmonics::count(self.degree))
    }

    /// The voxel nearest to each angle of a shell, polar angle after polar angle. The last axis is x, the first z.
    fn voxels(&self, shell: usize) -> impl Iterator<Item = usize> {
        let radius = if self.shells > 1 { shell as f64 / (self.shells - 1) as f64 } else { 0.0 };
        let index = move |axis: usize, at: f64| {
            let half = (self.shape[axis].max(1) - 1) / 2;
            ((at + 1.0) * half as f64).round() as usize
        };
        let angles = self.polar.iter().flat_map(move |polar| self.azimuth.iter().map(move |azimuth| (polar, azimuth)));
        angles.map(move |([sine, cosine], [azimuth_sine, azimuth_cosine])| {
            let [x, y] = [radius * sine * azimuth_cosine, radius * sine * azimuth_sine];
            let [i, j, k] = [index(0, radius * cosine), index(1, y), index(2, x)];
            (i * self.shape[1] + j) * self.shape[2] + k
        })
    }

    /// Appends all shells of `data`.
    pub fn write<T: Element>(&self, data: &[T], payload: &mut Vec<u8>) {
        for shell in 0..self.shells {
            let values: Vec<T> = self.voxels(shell).map(|voxel| data[voxel]).collect();
            let largest =
                values.iter().copied().fold(values[0], |largest, value| if value > largest { value } else { largest });
            payload.extend_from_slice(&largest.to_bits().to_le_bytes()[..T::DTYPE.size()]);
            let unit = largest.to_f64();
            let scaled = |value: &T| if unit == 0.0 { 0.0 } else { value.to_f64() / unit };
            let scaled: Vec<f64> = values.iter().map(scaled).collect();
            for coefficient in self.project(&scaled) {
                payload.extend_from_slice(&(coefficient as f32).to_le_bytes());
            }
        }
    }

    /// Sums over all angles of a shell's values times harmonics times the sine of the polar angle, per angle.
    fn project(&self, values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; harmonics::count(self.degree)];
        for (t, row) in values.chunks_exact(ANGLES[1]).enumerate() {
            let mut turned = vec![[0.0; 2]; self.degree + 1];
            for (value, turns) in row.iter().zip(&self.turns) {
                for (sum, [cosine, sine]) in turned.iter_mut().zip(turns) {
                    sum[0] += value * cosine;
                    sum[1] += value * sine;
                }
            }
            let weight = libm::sin((180 - t) as f64 / 180.0 * std::f64::consts::PI) / values.len() as f64;
            for l in 0..=self.degree {
                for m in -(l as isize)..=l as isize {
                    let [cosine, sine] = turned[m.unsigned_abs()];
                    let legendre = self.legendre[t][harmonics::index(l, m.abs())];
                    let sum = if m < 0 { sine } else { cosine };
                    sums[harmonics::index(l, m)] += weight * legendre * sum;
                }
            }
        }
        sums
    }

    /// The sum of harmonics times `coefficients` at all angles of a shell.
    fn evaluate(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut values = Vec::with_capacity(ANGLES[0] * ANGLES[1]);
        for legendre in &self.legendre {
            let mut turned = vec![[0.0; 2]; self.degree + 1];
            for l in 0..=self.degree {
                for m in -(l as isize)..=l as isize {
                    let part = coefficients[harmonics::index(l, m)] * legendre[harmonics::index(l, m.abs())];
                    turned[m.unsigned_abs()][usize::from(m < 0)] += part;
                }
            }
            values.extend(self.turns.iter().map(|turns| {
                let pairs = turned.iter().zip(turns);
                pairs.map(|(sum, turn)| sum[0] * turn[0] + sum[1] * turn[1]).sum::<f64>()
            }));
        }
        values
    }

    /// Reads all shells: each is scaled to have its stored maximum, and written to the voxels it was read from, later
    /// shells over earlier ones. What no shell meets is zero.
    ///
    /// # Errors
    /// `Corrupt` if the payload has another length.
    pub fn read<T: Element>(&self, payload: &[u8], data: &mut [T]) -> Result<(), Error> {
        if payload.len() != self.bytes::<T>() {
            return Err(Error::corrupt(payload.len(), format!("{} bytes expected", self.bytes::<T>())));
        }
        data.fill(T::default());
        for (shell, bytes) in payload.chunks_exact(self.bytes::<T>() / self.shells).enumerate() {
            let (largest, coefficients) = bytes.split_at(T::DTYPE.size());
            let mut bits = [0; 8];
            bits[..largest.len()].copy_from_slice(largest);
            let unit = T::from_bits(u64::from_le_bytes(bits)).to_f64();
            let coefficients =
                coefficients.as_chunks::<4>().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes)));
            let values = self.evaluate(&coefficients.collect::<Vec<_>>());
            let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let scaled = |value: f64| if top == 0.0 || unit == 0.0 { 0.0 } else { value / top * unit };
            for (voxel, value) in self.voxels(shell).zip(values) {
                let value = T::from_f64(scaled(value));
                data[voxel] = if value.is_finite() { value } else { T::default() };
            }
        }
        Ok(())
    }
}
