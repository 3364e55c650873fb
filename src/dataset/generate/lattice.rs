//! Smooth noise over a lattice of random values, and its fractal sums.

/// Noise of one seed in up to [`MAX_AXES`] dimensions, period one lattice cell.
#[derive(Clone, Copy, Debug)]
pub struct Lattice {
    seed: u64,
}

/// Most coordinates a point may have.
pub const MAX_AXES: usize = 4;

/// How octaves add up: each has twice the frequency and `gain` times the amplitude of the one before.
#[derive(Clone, Copy, Debug)]
pub struct Octaves {
    /// Number of octaves.
    pub count: usize,
    /// Ratio of amplitudes; 2^-H for a fractional Brownian surface with Hurst exponent H.
    pub gain: f64,
}

impl Lattice {
    /// The noise of a seed.
    pub fn new(seed: u64) -> Self {
        Lattice { seed }
    }

    /// Value in [-1, 1] at a point: quintic interpolation of random values on the integer lattice.
    ///
    /// # Panics
    /// If the point has more than [`MAX_AXES`] coordinates.
    pub fn at(&self, point: &[f64]) -> f64 {
        assert!(point.len() <= MAX_AXES, "lattice noise has at most {MAX_AXES} axes");
        let (mut cell, mut weight) = ([0i64; MAX_AXES], [0f64; MAX_AXES]);
        for (axis, &x) in point.iter().enumerate() {
            let low = x.floor();
            let t = x - low;
            cell[axis] = low as i64;
            weight[axis] = t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
        }
        let mut sum = 0.0;
        for corner in 0..1usize << point.len() {
            let (mut share, mut hash) = (1.0, self.seed);
            for axis in 0..point.len() {
                let up = corner >> axis & 1;
                share *= if up == 1 { weight[axis] } else { 1.0 - weight[axis] };
                hash = mix(hash ^ (cell[axis] + up as i64) as u64);
            }
            sum += share * ((hash >> 11) as f64 * (2.0 / (1u64 << 53) as f64) - 1.0);
        }
        sum
    }

    /// Sum of octaves, in about [-1, 1].
    pub fn fractal(&self, point: &[f64], octaves: Octaves) -> f64 {
        self.sum(point, octaves, |value| value)
    }

    /// Sum of octaves folded into ridges, in [0, 1] (Musgrave 1994).
    pub fn ridged(&self, point: &[f64], octaves: Octaves) -> f64 {
        self.sum(point, octaves, |value| (1.0 - value.abs()) * (1.0 - value.abs()))
    }

    fn sum(&self, point: &[f64], octaves: Octaves, shape: impl Fn(f64) -> f64) -> f64 {
        let (mut sum, mut total, mut amplitude, mut scale) = (0.0, 0.0, 1.0, 1.0);
        for octave in 0..octaves.count {
            let lattice = Lattice::new(mix(self.seed.wrapping_add(octave as u64)));
            let mut scaled = [0.0; MAX_AXES];
            for (scaled, &x) in scaled.iter_mut().zip(point) {
                *scaled = x * scale;
            }
            sum += amplitude * shape(lattice.at(&scaled[..point.len()]));
            total += amplitude;
            amplitude *= octaves.gain;
            scale *= 2.0;
        }
        sum / total
    }
}

/// Octaves from `cells` lattice cells across an axis of `length` down to about two samples a cell.
pub fn octaves(length: usize, cells: f64, gain: f64) -> Octaves {
    let finest = (length as f64 / cells / 2.0).max(1.0);
    Octaves { count: libm::log2(finest).ceil().max(1.0) as usize, gain }
}

/// Finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit moves every output bit.
pub fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_continuous_bounded_and_repeats() {
        let lattice = Lattice::new(5);
        for step in 0..1000 {
            let x = f64::from(step) * 0.013;
            let (here, near) = (lattice.at(&[x, -x]), lattice.at(&[x + 1e-9, -x]));
            assert!((here - near).abs() < 1e-7 && here.abs() <= 1.0);
        }
        assert_ne!(lattice.at(&[0.5]), Lattice::new(6).at(&[0.5]));
    }
}
