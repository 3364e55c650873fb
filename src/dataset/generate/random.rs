//! Distributions over a fixed stream of random bits, the same on every machine.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of random numbers.
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of a seed; `stream` tells apart what one data set draws for different purposes.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Random(rng)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1), 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..count; `count` must not be 0.
    pub fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count - 1)
    }

    /// Standard normal (Box and Muller 1958; the second value is thrown away, so that a draw takes the same bits always).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(2.0 * std::f64::consts::PI * self.unit())
    }

    /// Poisson with this mean: by multiplication (Knuth 1969) when small, rounded normal from 30 up, where they agree well.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean >= 30.0 {
            return (mean + libm::sqrt(mean) * self.normal()).round().max(0.0);
        }
        let limit = libm::exp(-mean);
        let (mut count, mut product) = (0.0, self.unit());
        while product > limit {
            count += 1.0;
            product *= self.unit();
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_the_distributions_are_right() {
        let mut random = Random::new(1, 0);
        let count = 40_000;
        let moments = |samples: Vec<f64>| {
            let mean = samples.iter().sum::<f64>() / count as f64;
            (mean, samples.iter().map(|sample| (sample - mean) * (sample - mean)).sum::<f64>() / count as f64)
        };
        let (mean, variance) = moments((0..count).map(|_| random.normal()).collect());
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03);
        for expected in [0.3, 4.0, 50.0] {
            let (mean, variance) = moments((0..count).map(|_| random.poisson(expected)).collect());
            assert!((mean / expected - 1.0).abs() < 0.03 && (variance / expected - 1.0).abs() < 0.05, "{expected}");
        }
    }

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        assert_ne!(Random::new(1, 0).bits(), Random::new(1, 1).bits());
        assert_eq!(Random::new(7, 2).bits(), Random::new(7, 2).bits());
    }
}
