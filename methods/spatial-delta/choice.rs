//! Which axes to difference along, guessed from a sample of the elements.

use super::kernel::Word;

/// Elements looked at.
const SAMPLES: usize = 4096;
/// An axis is added if that makes the differences cheaper by at least one part in this many.
const GAIN: u64 = 50;
/// Most axes chosen; each doubles the work of looking at a sample.
const MOST: usize = 4;
/// Axes that can be chosen, counted from the last.
pub const REACH: usize = 32;

/// The axes, ascending, that make the differences smallest: one after the other, as long as it pays. Integers only, so
/// the same everywhere. Axes of length 1 and those before the last [`REACH`] are never chosen.
pub fn choose<T: Word>(data: &[T], shape: &[usize]) -> Vec<usize> {
    let samples = sample(data.len());
    let mut axes = Vec::new();
    let mut best = spread(data, &samples);
    let candidates: Vec<usize> = (shape.len().saturating_sub(REACH)..shape.len()).filter(|&a| shape[a] > 1).collect();
    while axes.len() < MOST {
        let open = candidates.iter().filter(|axis| !axes.contains(*axis));
        let costs = open.map(|&axis| {
            let together: Vec<usize> = axes.iter().copied().chain([axis]).collect();
            (cost_along(data, shape, &together, &samples), axis)
        });
        match costs.min() {
            Some((cost, axis)) if cost + best / GAIN < best => {
                best = cost;
                axes.push(axis);
            }
            _ => break,
        }
    }
    axes.sort_unstable();
    axes
}

/// Flat indices spread over `length` elements, one at an irregular place in each of equal parts.
fn sample(length: usize) -> Vec<usize> {
    let count = length.min(SAMPLES);
    let mut state = 1u64;
    let place = |part: usize| (part as u128 * length as u128 / count as u128) as usize;
    (0..count)
        .map(|part| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let (start, end) = (place(part), place(part + 1));
            start + (state >> 33) as usize % (end - start)
        })
        .collect()
}

/// Twice the bits of a difference, to half a bit.
fn cost<T: Word>(difference: T) -> u64 {
    let shift = 64 - 8 * size_of::<T>() as u32;
    let magnitude = ((difference.to_bits() << shift) as i64 >> shift).unsigned_abs();
    match 64 - magnitude.leading_zeros() {
        0 => 0,
        1 => 2,
        bits => 2 * u64::from(bits) + (magnitude >> (bits - 2) & 1),
    }
}

/// The cost without any axis: of differences between elements that have nothing to do with each other.
fn spread<T: Word>(data: &[T], samples: &[usize]) -> u64 {
    let far = samples.len() / 2;
    let pairs = samples.iter().zip(samples.iter().cycle().skip(far));
    pairs.map(|(&a, &b)| cost(data[a].ordered().minus(data[b].ordered()))).sum()
}

fn cost_along<T: Word>(data: &[T], shape: &[usize], axes: &[usize], samples: &[usize]) -> u64 {
    let strides: Vec<usize> = axes.iter().map(|&axis| shape[axis + 1..].iter().product()).collect();
    let steps: Vec<(usize, usize)> = axes.iter().zip(strides).map(|(&axis, stride)| (stride, shape[axis])).collect();
    samples.iter().map(|&index| cost(difference(data, index, &steps))).sum()
}

/// The difference of the element at `index` along all of `steps` (stride, length): the sum with alternating signs over
/// the corners of a box, those outside being zero.
fn difference<T: Word>(data: &[T], index: usize, steps: &[(usize, usize)]) -> T {
    match steps {
        [] => data[index].ordered(),
        [(stride, length), rest @ ..] => {
            let here = difference(data, index, rest);
            match index / stride % length {
                0 => here,
                _ => here.minus(difference(data, index - stride, rest)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in -128..128 that have nothing to do with each other.
    fn noise(index: usize) -> i16 {
        let mixed = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 56) as i16 - 128
    }

    #[test]
    fn samples_are_distinct_and_cover_the_range() {
        assert_eq!(sample(3), [0, 1, 2]);
        let samples = sample(1_000_000);
        assert_eq!(samples.len(), SAMPLES);
        assert!(samples.is_sorted_by(|a, b| a < b) && samples[0] < 250 && samples[SAMPLES - 1] > 999_700);
        assert!(sample(0).is_empty());
    }

    #[test]
    fn the_axis_along_which_neighbours_are_alike_is_found() {
        for axis in 0..3 {
            let shape = [24, 24, 24];
            let stride = [576, 24, 1][axis];
            let values: Vec<i16> = (0..13824usize)
                .map(|i| {
                    let along = i / stride % 24;
                    noise(i - along * stride) * 100 + noise(i) / 4
                })
                .collect();
            assert_eq!(choose(&values, &shape), [axis]);
        }
    }

    #[test]
    fn a_smooth_field_takes_every_axis_and_noise_none() {
        let smooth: Vec<f64> = (0..32 * 32 * 32)
            .map(|i| {
                let [z, y, x] = [i / 1024, i / 32 % 32, i % 32].map(|c| f64::from(c) * 0.07);
                100.0 + 9.0 * (x.sin() + y.cos() + z.sin() + 0.01 * x * y)
            })
            .collect();
        assert_eq!(choose(&smooth, &[32, 32, 32]), [0, 1, 2]);
        let values: Vec<i16> = (0..4096).map(noise).collect();
        assert_eq!(choose(&values, &[16, 256]), [0; 0]);
    }

    #[test]
    fn empty_tiny_and_many_axes_are_fine() {
        assert_eq!(choose::<f32>(&[], &[0, 3]), [0; 0]);
        assert_eq!(choose(&[1u8], &[]), [0; 0]);
        assert!(choose(&[7i32, 8], &[&[1; 70][..], &[2]].concat()).len() <= 1);
    }
}
