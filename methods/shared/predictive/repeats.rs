//! Whether an array repeats itself.

use crate::shared::multilevel::{ROUNDER, Sample};

/// Values that are compared together.
const RUN: usize = 8;
/// Share of runs that occurred before, one in so many, from which an array is said to repeat itself.
const SHARE: usize = 50;
/// Places of the table, at most.
const MOST_PLACES: usize = 1 << 16;

/// Whether runs of values, rounded to the bound, occur again and again. Runs of one value do not count: they cost next to
/// nothing anyway.
pub(super) fn are_in<T: Sample>(data: &[T], bound: f64) -> bool {
    let inverse = if bound > 0.0 { (0.5 / bound).min(1e300) } else { 1e300 };
    let places = (data.len() / RUN).next_power_of_two().clamp(1 << 8, MOST_PLACES);
    let mut seen = vec![0u64; places];
    let (mut repeated, mut counted) = (0, 0);
    for run in data.chunks_exact(RUN) {
        let key = |value: &T| {
            if inverse < 1e300 { (value.to_f64() * inverse + ROUNDER).to_bits() } else { value.to_bits() }
        };
        let first = key(&run[0]);
        let (mut hash, mut same) = (first, true);
        for value in &run[1..] {
            let key = key(value);
            same &= key == first;
            hash = (hash ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
        counted += 1;
        if !same {
            let place = &mut seen[(hash >> 20) as usize & (places - 1)];
            repeated += usize::from(*place == hash);
            *place = hash;
        }
    }
    repeated * SHARE > counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_rows_are_noticed_and_noise_and_constants_are_not() {
        let noise = |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f32;
        let rows: Vec<f32> = (0..6400).map(|i| noise(i % 640)).collect();
        let all: Vec<f32> = (0..6400).map(noise).collect();
        assert!(are_in(&rows, 1e-3) && are_in(&rows, 0.0) && !are_in(&all, 1e-3) && !are_in(&all, 0.0));
        assert!(!are_in(&[7.5f64; 5000], 1e-3) && !are_in(&[1.0f32; 3], 1.0));
    }
}
