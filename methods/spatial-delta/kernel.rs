//! Differences along chosen axes, in place and exactly invertible.
//!
//! Along an axis the first element stays and every other becomes its difference to the one before; axis after axis,
//! which is the Lorenzo residual (Ibarria et al. 2003, doi:10.1111/1467-8659.00681) where all axes are chosen. All of it
//! in one pass over memory: a plane of the slowest axis is differenced along the faster ones while it is in the cache.

pub use super::word::Word;

/// Bytes that stay in the cache. So many are fetched by a pass upwards first: memory answers slowly to the way downwards.
const CACHED: usize = 1 << 19;

/// A run of axes seen as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    length: usize,
    differ: bool,
}

/// Leaves out axes of length one and sees neighbouring axes that are not chosen as one.
fn runs(shape: &[usize], axes: &[usize]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::with_capacity(shape.len());
    for (axis, &length) in shape.iter().enumerate().filter(|&(_, &length)| length != 1) {
        let differ = axes.contains(&axis);
        match runs.last_mut() {
            Some(run) if !differ && !run.differ => run.length *= length,
            _ => runs.push(Run { length, differ }),
        }
    }
    runs
}

/// Replaces `words`, C order of `shape`, by their differences along `axes`. Without axes nothing changes; with any,
/// floats become the bits of their ordered words' differences.
///
/// # Panics
/// If `words` does not have the elements of `shape`.
pub fn forward<T: Word>(words: &mut [T], shape: &[usize], axes: &[usize]) {
    assert_eq!(words.len(), shape.iter().product::<usize>(), "elements of shape {shape:?}");
    if !axes.is_empty() && !words.is_empty() {
        difference::<T, false>(words, &runs(shape, axes));
    }
}

/// Undoes [`forward`].
///
/// # Panics
/// If `words` does not have the elements of `shape`.
pub fn inverse<T: Word>(words: &mut [T], shape: &[usize], axes: &[usize]) {
    assert_eq!(words.len(), shape.iter().product::<usize>(), "elements of shape {shape:?}");
    if !axes.is_empty() && !words.is_empty() {
        accumulate::<T, true>(words, &runs(shape, axes));
    }
}

/// [`forward`] on single-precision values: afterwards each holds the bits of a difference, no number of meaning.
///
/// # Panics
/// If `values` does not have the elements of `shape`.
pub fn forward_f32(values: &mut [f32], shape: &[usize], axes: &[usize]) {
    forward(values, shape, axes);
}

/// `ORDERED`: the words are ordered already.
fn difference<T: Word, const ORDERED: bool>(words: &mut [T], runs: &[Run]) {
    let (run, faster) = match runs {
        [run, faster @ ..] if !faster.is_empty() => (run, faster),
        [run] if run.differ => return difference_row::<T, ORDERED>(words),
        _ if ORDERED => return,
        _ => return words.iter_mut().for_each(|word| *word = word.ordered()),
    };
    let plane = words.len() / run.length;
    if !run.differ {
        return words.chunks_exact_mut(plane).for_each(|plane| difference::<T, ORDERED>(plane, faster));
    }
    if !ORDERED && size_of_val(words) <= CACHED {
        words.iter_mut().for_each(|word| *word = word.ordered());
        return difference::<T, true>(words, runs);
    }
    let last = words.len() - plane;
    if !ORDERED {
        words[last..].iter_mut().for_each(|word| *word = word.ordered());
    }
    // From the last to the first: the plane before is still whole when it is subtracted.
    for start in (0..words.len()).step_by(plane).rev() {
        let (before, current) = words[..start + plane].split_at_mut(start);
        if let Some(start) = start.checked_sub(plane) {
            subtract::<T, ORDERED>(current, &mut before[start..]);
        }
        difference::<T, true>(current, faster);
    }
}

fn subtract<T: Word, const ORDERED: bool>(current: &mut [T], previous: &mut [T]) {
    for (word, before) in current.iter_mut().zip(previous) {
        if !ORDERED {
            *before = before.ordered();
        }
        *word = word.minus(*before);
    }
}

fn difference_row<T: Word, const ORDERED: bool>(row: &mut [T]) {
    let mut before = T::default();
    for word in row {
        let value = if ORDERED { *word } else { word.ordered() };
        *word = value.minus(before);
        before = value;
    }
}

/// `RESTORE`: the words become values again at the end.
fn accumulate<T: Word, const RESTORE: bool>(words: &mut [T], runs: &[Run]) {
    let (run, faster) = match runs {
        [run, faster @ ..] if !faster.is_empty() => (run, faster),
        [run] if run.differ => return accumulate_row::<T, RESTORE>(words),
        _ if RESTORE => return words.iter_mut().for_each(|word| *word = word.restored()),
        _ => return,
    };
    let plane = words.len() / run.length;
    if !run.differ {
        return words.chunks_exact_mut(plane).for_each(|plane| accumulate::<T, RESTORE>(plane, faster));
    }
    for start in (0..words.len()).step_by(plane) {
        let (before, current) = words[..start + plane].split_at_mut(start);
        accumulate::<T, false>(current, faster);
        if let Some(start) = start.checked_sub(plane) {
            add::<T, RESTORE>(current, &mut before[start..]);
        }
    }
    let last = words.len() - plane;
    if RESTORE {
        words[last..].iter_mut().for_each(|word| *word = word.restored());
    }
}

fn add<T: Word, const RESTORE: bool>(current: &mut [T], previous: &mut [T]) {
    for (word, before) in current.iter_mut().zip(previous) {
        *word = word.plus(*before);
        if RESTORE {
            *before = before.restored();
        }
    }
}

fn accumulate_row<T: Word, const RESTORE: bool>(row: &mut [T]) {
    let mut sum = T::default();
    for word in row {
        sum = sum.plus(*word);
        *word = if RESTORE { sum.restored() } else { sum };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences<T: Word>(values: &[T], shape: &[usize], axes: &[usize]) -> Vec<T> {
        let mut words = values.to_vec();
        forward(&mut words, shape, axes);
        let mut back = words.clone();
        inverse(&mut back, shape, axes);
        assert!(back.iter().zip(values).all(|(a, b)| a.to_bits() == b.to_bits()), "{shape:?} {axes:?}");
        words
    }

    fn cube() -> Vec<i16> {
        (0..27).collect()
    }

    #[test]
    fn the_vectors_of_numcodecs_583_come_out() {
        let along = |axis| differences(&cube(), &[3, 3, 3], &[axis]);
        let first: Vec<i16> = (0..9).chain([9; 18]).collect();
        assert_eq!(along(0), first);
        let middle: Vec<i16> = [0, 9, 18].into_iter().flat_map(|x| [x, x + 1, x + 2, 3, 3, 3, 3, 3, 3]).collect();
        assert_eq!(along(1), middle);
        let last: Vec<i16> = (0..9).flat_map(|row| [3 * row, 1, 1]).collect();
        assert_eq!(along(2), last);
        let stock: Vec<i16> = [0].into_iter().chain([1; 26]).collect();
        assert_eq!(differences(&cube(), &[27], &[0]), stock);
    }

    #[test]
    fn integers_wrap_around_within_their_width() {
        assert_eq!(differences(&[0i16, 32767, -32768, 5], &[4], &[0]), [0, 32767, 1, -32763]);
        assert_eq!(differences(&[3u8, 250, 1, 7], &[1, 4], &[1]), [3, 247, 7, 6]);
        assert_eq!(differences(&[i64::MIN, i64::MAX, 0], &[3], &[0]), [i64::MIN, -1, -i64::MAX]);
        assert_eq!(differences(&[u64::MAX, 0, 1], &[3], &[0]), [u64::MAX, 1, 1]);
    }

    #[test]
    fn several_axes_equal_one_after_the_other_in_any_order() {
        let shape = [4, 1, 3, 5];
        let values: Vec<u16> = (0..60u16).map(|i| i.wrapping_mul(7919) ^ i << 3).collect();
        let mut one_by_one = values.clone();
        for axis in [3, 0, 2] {
            forward(&mut one_by_one, &shape, &[axis]);
        }
        assert_eq!(differences(&values, &shape, &[0, 2, 3]), one_by_one);
    }

    #[test]
    fn float_words_follow_the_value_and_every_bit_pattern_comes_back() {
        let values: Vec<f32> = (0..420u32).map(|i| f32::from_bits(i.wrapping_mul(0x9e37_79b9))).collect();
        for axes in [&[][..], &[0], &[1], &[2], &[0, 2], &[0, 1, 2]] {
            differences(&values, &[6, 7, 10], axes);
        }
        let specials = [f64::NAN, -0.0, 0.0, f64::INFINITY, -f64::NAN, f64::NEG_INFINITY, 5e-324, -1.5];
        differences(&specials, &[2, 4], &[0, 1]);
        let step = differences(&[1.0f32, 1.0 + f32::EPSILON, 1.0], &[3], &[0]);
        assert_eq!([step[1].to_bits(), step[2].to_bits()], [1, u32::MAX]);
    }

    #[test]
    fn planes_beyond_the_cache_are_differenced_alike() {
        let shape = [3usize, 450, 130];
        let values: Vec<f32> = (0..175_500u32).map(|i| f32::from_bits(i.wrapping_mul(0x9e37_79b9))).collect();
        assert!(size_of_val(&values[..]) > CACHED);
        let at = |z: usize, y: usize, x: usize| values[(z * 450 + y) * 130 + x].ordered();
        let words = differences(&values, &shape, &[0, 1]);
        let lines = differences(&values, &shape, &[1]);
        for (z, y, x) in [(0, 0, 7), (0, 449, 129), (2, 449, 0), (1, 0, 64), (2, 200, 99)] {
            let along = |z: usize| if y == 0 { at(z, y, x) } else { at(z, y, x).minus(at(z, y - 1, x)) };
            let both = if z == 0 { along(z) } else { along(z).minus(along(z - 1)) };
            let index = (z * 450 + y) * 130 + x;
            assert_eq!(lines[index].to_bits(), along(z).to_bits());
            assert_eq!(words[index].to_bits(), both.to_bits());
        }
    }

    #[test]
    fn scalars_empty_tensors_and_unit_axes_are_fine() {
        assert_eq!(differences(&[7i32], &[], &[]), [7]);
        assert_eq!(differences(&[7i32], &[1, 1], &[0, 1]), [7]);
        assert_eq!(differences::<f64>(&[], &[3, 0, 2], &[0, 1, 2]), [0.0; 0]);
        assert_eq!(differences(&[5u8, 6, 8], &[1, 3, 1], &[1, 2]), [5, 1, 2]);
    }

    #[test]
    fn axes_that_are_not_chosen_are_seen_as_one() {
        let run = |length, differ| Run { length, differ };
        assert_eq!(runs(&[2, 3, 1, 4, 5], &[4]), [run(24, false), run(5, true)]);
        assert_eq!(runs(&[2, 3, 1, 4], &[1, 2]), [run(2, false), run(3, true), run(4, false)]);
    }

    #[test]
    fn the_benchmark_entry_is_the_forward_transform() {
        let values: Vec<f32> = (0..24).map(|i| (i * i) as f32 - 70.0).collect();
        let mut words = values.clone();
        forward_f32(&mut words, &[2, 3, 4], &[0, 1, 2]);
        let expected = differences(&values, &[2, 3, 4], &[0, 1, 2]);
        assert!(words.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}
