//! Whether all values are an offset plus whole multiples of one step, as those of quantised measurements are.

use serde::Serialize;

/// Where values can lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Lattice {
    /// Distance of neighbouring places, in the unit of the data.
    pub step: f64,
    /// A place, in the unit of the data: 0 where the values are multiples of the step itself.
    pub offset: f64,
    /// Steps from the smallest value to the largest.
    pub steps: u64,
}

/// Distinct values below which a lattice says nothing.
const FEWEST: usize = 4;
/// The smallest gap between values may be so many steps.
const PARTS: u32 = 6;
/// Steps must be so many times coarser than the rounding of the type.
const COARSE: f64 = 64.0;

/// The lattice of floats whose relative rounding error is `epsilon`; `sorted` are distinct and ascending. `None` if there
/// is none coarser than the rounding, or too few values to tell.
pub fn find(sorted: &[f64], epsilon: f64) -> Option<Lattice> {
    let (&low, &high) = (sorted.first()?, sorted.last()?);
    let largest = low.abs().max(high.abs());
    if sorted.len() < FEWEST || !(high - low).is_finite() {
        return None;
    }
    let gap = sorted.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    (1..=PARTS).find_map(|parts| {
        let first = gap / f64::from(parts);
        if first < COARSE * epsilon * largest {
            return None;
        }
        let step = refine(sorted, first)?;
        let fits = |&value: &f64| {
            let steps = ((value - low) / step).round();
            (value - low - steps * step).abs() <= 2.0 * epsilon * (value.abs() + low.abs() + step)
        };
        sorted.iter().all(fits).then(|| {
            let rest = low - (low / step).round() * step;
            let offset = if rest.abs() <= 4.0 * epsilon * (low.abs() + step) { 0.0 } else { low };
            Lattice { step, offset, steps: ((high - low) / step).round() as u64 }
        })
    })
}

/// The step that the farther values confirm, each a better measurement of it than those before.
fn refine(sorted: &[f64], first: f64) -> Option<f64> {
    let mut step = first;
    for value in sorted {
        let distance = value - sorted[0];
        let steps = (distance / step).round();
        if (distance / step - steps).abs() > 0.2 {
            return None;
        }
        if steps >= 1.0 {
            step = distance / steps;
        }
    }
    Some(step)
}

/// The lattice of whole numbers; `None` if its step is 1, or there are too few values to tell.
pub fn find_whole(sorted: &[i64]) -> Option<Lattice> {
    if sorted.len() < FEWEST {
        return None;
    }
    let step = sorted.windows(2).fold(0, |step, pair| divisor(step, pair[1].abs_diff(pair[0])));
    let steps = sorted[sorted.len() - 1].abs_diff(sorted[0]) / step.max(1);
    let offset = if step > 0 && sorted[0].unsigned_abs().is_multiple_of(step) { 0.0 } else { sorted[0] as f64 };
    (step > 1).then_some(Lattice { step: step as f64, offset, steps })
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINGLE: f64 = 1.0 / 16777216.0;

    #[test]
    fn quantised_values_give_their_step_back() {
        let bytes: Vec<f64> = (0..=255).map(|i| f64::from(i as f32 / 255.0)).collect();
        let found = find(&bytes, SINGLE).expect("multiples of 1/255");
        assert!((found.step * 255.0 - 1.0).abs() < 1e-6 && found.offset == 0.0 && found.steps == 255, "{found:?}");
        let shifted: Vec<f64> = [0, 3, 5, 9, 14].iter().map(|&i| f64::from(100.7f32 + 0.5 * i as f32)).collect();
        let found = find(&shifted, SINGLE).expect("half steps, never next to each other");
        assert!((found.step - 0.5).abs() < 1e-5 && found.offset != 0.0 && found.steps == 14, "{found:?}");
    }

    #[test]
    fn smooth_values_few_values_and_rounding_are_no_lattice() {
        let smooth: Vec<f64> = (0..1000).map(|i| f64::from(i as f32 * 0.001).exp()).collect();
        assert_eq!(find(&smooth, SINGLE), None);
        assert_eq!(find(&[0.0, 1.0, 2.0], SINGLE), None);
        let rounded: Vec<f64> = (0..1000).map(|i| 1.0 + f64::from(f32::EPSILON) * f64::from(i)).collect();
        assert_eq!(find(&rounded, SINGLE), None);
    }

    #[test]
    fn whole_numbers_have_a_common_divisor_or_none() {
        assert_eq!(find_whole(&[-30, 0, 45, 60]), Some(Lattice { step: 15.0, offset: 0.0, steps: 6 }));
        assert_eq!(find_whole(&[1, 4, 7, 100]), Some(Lattice { step: 3.0, offset: 1.0, steps: 33 }));
        assert_eq!(find_whole(&[0, 2, 4, 9]), None);
        assert_eq!(find_whole(&[i64::MIN, -4, 0, i64::MAX - 3]).map(|found| found.step), Some(4.0));
    }
}
