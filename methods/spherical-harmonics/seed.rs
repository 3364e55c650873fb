//! Target `native`: shells, each projected on harmonics at fixed angles, as the Asterix notebook does it.

use super::harmonics::{self, Harmonics, LANES};
use crate::api::Element;

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
    /// Cosines, then sines, of every order: each a row over the azimuths.
    turns: Vec<[Vec<f64>; 2]>,
    /// Sines and cosines of the angles at which voxels are looked up.
    polar: Vec<[f64; 2]>,
    azimuth: Vec<[f64; 2]>,
}

/// Bytes of a payload: for each shell its maximum, as an element, and its coefficients as `f32`.
pub fn bytes<T: Element>(degree: usize, shells: usize) -> usize {
    shells * (T::DTYPE.size() + 4 * harmonics::count(degree))
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
        let turns = (0..=degree).map(|m| {
            let turn = |p: usize| angle((p as f64 - 180.0) / 180.0 * pi * m as f64);
            [1, 0].map(|part| (0..ANGLES[1]).map(|p| turn(p)[part]).collect())
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

    /// The voxels nearest to the angles of a shell that share a polar angle, azimuth after azimuth. The last axis is x,
    /// the first z.
    fn row(&self, shell: usize, polar: usize, voxels: &mut [usize; ANGLES[1]]) {
        let radius = if self.shells > 1 { shell as f64 / (self.shells - 1) as f64 } else { 0.0 };
        let half = self.shape.map(|length| ((length.max(1) - 1) / 2) as f64);
        let [sine, cosine] = self.polar[polar];
        let i = nearest((radius * cosine + 1.0) * half[0]);
        for (voxel, [azimuth_sine, azimuth_cosine]) in voxels.iter_mut().zip(&self.azimuth) {
            let [x, y] = [radius * sine * azimuth_cosine, radius * sine * azimuth_sine];
            let [j, k] = [nearest((y + 1.0) * half[1]), nearest((x + 1.0) * half[2])];
            *voxel = (i * self.shape[1] + j) * self.shape[2] + k;
        }
    }

    /// Appends all shells of `data`.
    pub fn write<T: Element>(&self, data: &[T], payload: &mut Vec<u8>) {
        let sums = self.sums();
        for shell in 0..self.shells {
            let runs = self.runs(shell);
            let values = runs.iter().flatten().map(|&(_, voxel)| data[voxel]);
            let largest = values.reduce(|largest, value| if value > largest { value } else { largest });
            let largest = largest.unwrap_or_default();
            payload.extend_from_slice(&largest.to_bits().to_le_bytes()[..T::DTYPE.size()]);
            let unit = largest.to_f64();
            let scaled = |voxel: usize| if unit == 0.0 { 0.0 } else { data[voxel].to_f64() / unit };
            for coefficient in self.project(&runs, &sums, scaled) {
                payload.extend_from_slice(&(coefficient as f32).to_le_bytes());
            }
        }
    }

    /// For each polar angle the voxels of a shell in the order of azimuths, and before which azimuth each ends.
    fn runs(&self, shell: usize) -> Vec<Vec<(usize, usize)>> {
        let mut voxels = [0; ANGLES[1]];
        let runs = (0..ANGLES[0]).map(|t| {
            self.row(shell, t, &mut voxels);
            let mut end = 0;
            let run = |run: &[usize]| {
                end += run.len();
                (end, run[0])
            };
            voxels.chunk_by(|a, b| a == b).map(run).collect()
        });
        runs.collect()
    }

    /// Sums of cosines and sines of every order over the azimuths before each: the integral over a run is a difference.
    fn sums(&self) -> Vec<Vec<[f64; 2]>> {
        let mut sums = vec![vec![[0.0; 2]; self.degree + 1]];
        for p in 0..ANGLES[1] {
            let next = sums[p].iter().zip(&self.turns);
            sums.push(next.map(|(sum, turn)| [sum[0] + turn[0][p], sum[1] + turn[1][p]]).collect());
        }
        sums
    }

    /// Sums over all angles of a shell's values times harmonics times the sine of the polar angle, per angle.
    fn project(&self, runs: &[Vec<(usize, usize)>], sums: &[Vec<[f64; 2]>], value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut found = vec![0.0; harmonics::count(self.degree)];
        for (t, row) in runs.iter().enumerate() {
            let (mut turned, mut start) = (vec![[0.0; 2]; self.degree + 1], 0);
            for &(end, voxel) in row {
                let value = value(voxel);
                if value != 0.0 {
                    for (turned, (from, to)) in turned.iter_mut().zip(sums[start].iter().zip(&sums[end])) {
                        turned[0] += value * (to[0] - from[0]);
                        turned[1] += value * (to[1] - from[1]);
                    }
                }
                start = end;
            }
            let angles = (ANGLES[0] * ANGLES[1]) as f64;
            let weight = libm::sin((180 - t) as f64 / 180.0 * std::f64::consts::PI) / angles;
            for l in 0..=self.degree {
                for m in -(l as isize)..=l as isize {
                    let legendre = self.legendre[t][harmonics::index(l, m.abs())];
                    found[harmonics::index(l, m)] += weight * legendre * turned[m.unsigned_abs()][usize::from(m < 0)];
                }
            }
        }
        found
    }

    /// The sum of harmonics times `coefficients` at all angles of a shell.
    fn evaluate(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut values = vec![0.0; ANGLES[0] * ANGLES[1]];
        for (row, legendre) in values.chunks_exact_mut(ANGLES[1]).zip(&self.legendre) {
            for (m, [cosines, sines]) in self.turns.iter().enumerate() {
                let mut parts = [0.0; 2];
                for l in m..=self.degree {
                    let legendre = legendre[harmonics::index(l, m as isize)];
                    parts[0] += coefficients[harmonics::index(l, m as isize)] * legendre;
                    if m > 0 {
                        parts[1] += coefficients[harmonics::index(l, -(m as isize))] * legendre;
                    }
                }
                for (value, (cosine, sine)) in row.iter_mut().zip(cosines.iter().zip(sines)) {
                    *value += parts[0] * cosine + parts[1] * sine;
                }
            }
        }
        values
    }

    /// The angles of each shell at which voxels are seen that no later angle and no later shell meets.
    fn seen(&self) -> Vec<Vec<(usize, usize)>> {
        let mut taken = vec![false; self.shape.iter().product()];
        let mut voxels = [0; ANGLES[1]];
        let mut seen = vec![Vec::new(); self.shells];
        for shell in (0..self.shells).rev() {
            for t in (0..ANGLES[0]).rev() {
                self.row(shell, t, &mut voxels);
                for (p, &voxel) in voxels.iter().enumerate().rev() {
                    if !std::mem::replace(&mut taken[voxel], true) {
                        seen[shell].push((t * ANGLES[1] + p, voxel));
                    }
                }
            }
        }
        seen
    }

    /// Reads all shells: each is scaled to have its stored maximum, and written to the voxels it was read from, later
    /// shells over earlier ones. What no shell meets is zero. The payload has as many bytes as [`bytes`] says.
    pub fn read<T: Element>(&self, payload: &[u8], data: &mut [T]) {
        data.fill(T::default());
        let length = bytes::<T>(self.degree, 1);
        for (seen, bytes) in self.seen().into_iter().zip(payload.chunks_exact(length)) {
            let (largest, coefficients) = bytes.split_at(T::DTYPE.size());
            let mut bits = [0; 8];
            bits[..largest.len()].copy_from_slice(largest);
            let unit = T::from_bits(u64::from_le_bytes(bits)).to_f64();
            if unit == 0.0 || seen.is_empty() {
                continue;
            }
            let coefficients =
                coefficients.as_chunks::<4>().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes)));
            let values = self.evaluate(&coefficients.collect::<Vec<_>>());
            let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for (angle, voxel) in seen {
                let value = T::from_f64(if top == 0.0 { 0.0 } else { values[angle] / top * unit });
                data[voxel] = if value.is_finite() { value } else { T::default() };
            }
        }
    }
}

/// The whole number nearest to one of at least zero, halves up.
fn nearest(value: f64) -> usize {
    let whole = value as u32;
    whole as usize + usize::from(value - f64::from(whole) >= 0.5)
}
