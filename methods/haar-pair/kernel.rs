//! The change of basis of pairs in whole numbers, exactly invertible, and what is predicted from it.
//!
//! A pair (a, b) becomes floor((a + b) / 2) and a - b: the S-transform, after which the difference can be predicted from
//! the averages around it (Said and Pearlman, IEEE Trans. Image Process. 5 (1996) 1303, section II). All arithmetic is
//! modulo 2^32 or 2^64, so that no value is too large.

/// Signed words with arithmetic that wraps around.
pub(super) trait Word: Copy + Default {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
    /// Divided by `2^by`, rounded down.
    fn shifted(self, by: u32) -> Self;
    /// The bits of its magnitude.
    fn size(self) -> u32;
}

macro_rules! word {
    ($type:ty) => {
        impl Word for $type {
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }

            #[inline(always)]
            fn shifted(self, by: u32) -> Self {
                self >> by
            }

            #[inline(always)]
            fn size(self) -> u32 {
                <$type>::BITS - self.unsigned_abs().leading_zeros()
            }
        }
    };
}

word!(i32);
word!(i64);

/// The values along one axis of an array in C order: `outer` times `length` times `inner`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lines {
    pub outer: usize,
    pub length: usize,
    pub inner: usize,
}

impl Lines {
    /// Along `axis` of `shape`.
    pub fn new(shape: &[usize], axis: usize) -> Self {
        let product = |lengths: &[usize]| lengths.iter().product();
        Lines { outer: product(&shape[..axis]), length: shape[axis], inner: product(&shape[axis + 1..]) }
    }

    /// Averages along the axis: an element without a partner is its own.
    fn low(&self) -> usize {
        self.length.div_ceil(2)
    }

    /// Elements that are averages; those behind them are differences.
    pub fn averages(&self) -> usize {
        self.outer * self.low() * self.inner
    }

    /// Both halves of a changed array, cut into the parts that come from one block of `length` x `inner` values.
    fn halves<'a, V>(&self, changed: &'a mut [V]) -> impl Iterator<Item = (&'a mut [V], &'a mut [V])> + use<'a, V> {
        let (lows, highs) = changed.split_at_mut(self.averages());
        // A block of one value has no difference.
        let (low, high) = (self.low() * self.inner, self.length / 2 * self.inner);
        let mut highs = highs.chunks_mut(high.max(1));
        lows.chunks_mut(low.max(1)).map(move |lows| (lows, highs.next().unwrap_or_default()))
    }

    /// Pairs to averages, all of them in C order, then differences: `change(a, b)` gives both. An element without a
    /// partner is changed as a pair of equals whose difference is not stored.
    pub fn split<V: Copy>(&self, data: &mut [V], change: impl Fn(V, V) -> (V, V)) {
        let (from, inner) = (data.to_vec(), self.inner);
        let blocks = from.chunks((self.length * inner).max(1));
        for (block, (lows, highs)) in blocks.zip(self.halves(data)) {
            let mut highs = highs.chunks_exact_mut(inner);
            for (pair, lows) in block.chunks(2 * inner).zip(lows.chunks_exact_mut(inner)) {
                let (a, b) = pair.split_at(inner);
                match highs.next() {
                    Some(highs) => {
                        for i in 0..inner {
                            (lows[i], highs[i]) = change(a[i], b[i]);
                        }
                    }
                    None => lows.iter_mut().zip(a).for_each(|(low, &a)| *low = change(a, a).0),
                }
            }
        }
    }

    /// Undoes [`Lines::split`]: `change(low, high)` gives the pair, `alone(low)` the element without a partner.
    pub fn join<V: Copy>(&self, data: &mut [V], change: impl Fn(V, V) -> (V, V), alone: impl Fn(V) -> V) {
        let (mut from, inner) = (data.to_vec(), self.inner);
        let blocks = data.chunks_mut((self.length * inner).max(1));
        for (block, (lows, highs)) in blocks.zip(self.halves(&mut from)) {
            let mut highs = highs.chunks_exact(inner);
            for (pair, lows) in block.chunks_mut(2 * inner).zip(lows.chunks_exact(inner)) {
                let (a, b) = pair.split_at_mut(inner);
                match highs.next() {
                    Some(highs) => {
                        for i in 0..inner {
                            (a[i], b[i]) = change(lows[i], highs[i]);
                        }
                    }
                    None => a.iter_mut().zip(lows).for_each(|(a, &low)| *a = alone(low)),
                }
            }
        }
    }

    /// Subtracts from every difference of a split array (adds to it, if `back`) what the averages beside it let expect:
    /// the slope from the average before to the one behind.
    pub fn predict<W: Word>(&self, split: &mut [W], back: bool) {
        let inner = self.inner;
        for (lows, highs) in self.halves(split) {
            let end = lows.len() / inner.max(1);
            for (number, high) in highs.chunks_exact_mut(inner).enumerate() {
                let (first, last) = (number.saturating_sub(1), (number + 1).min(end - 1));
                let (before, behind) = (&lows[first * inner..], &lows[last * inner..]);
                // Averages are two steps apart, differences stand for one.
                let by = if last - first == 2 { 2 } else { 1 };
                for (i, high) in high.iter_mut().enumerate() {
                    let expected = before[i].minus(behind[i]).shifted(by);
                    *high = if back { high.plus(expected) } else { high.minus(expected) };
                }
            }
        }
    }

    /// Every element but the first along the axis becomes its difference to the one before.
    pub fn difference<W: Word>(&self, data: &mut [W]) {
        for block in data.chunks_exact_mut((self.length * self.inner).max(1)) {
            for at in (self.inner..block.len()).rev() {
                block[at] = block[at].minus(block[at - self.inner]);
            }
        }
    }

    /// Undoes [`Lines::difference`].
    pub fn accumulate<W: Word>(&self, data: &mut [W]) {
        for block in data.chunks_exact_mut((self.length * self.inner).max(1)) {
            for at in self.inner..block.len() {
                block[at] = block[at].plus(block[at - self.inner]);
            }
        }
    }
}

/// The average, rounded down, and the difference of a pair. Their average is exact even where the sum is too large.
#[inline(always)]
pub(super) fn pair<W: Word>(a: W, b: W) -> (W, W) {
    let difference = a.minus(b);
    (b.plus(difference.shifted(1)), difference)
}

/// Undoes [`pair`].
#[inline(always)]
pub(super) fn unpair<W: Word>(average: W, difference: W) -> (W, W) {
    let b = average.minus(difference.shifted(1));
    (b.plus(difference), b)
}

/// The bits of all magnitudes.
pub(super) fn cost<W: Word>(words: &[W]) -> u64 {
    words.iter().map(|word| u64::from(word.size())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_even_where_their_sum_is_too_large() {
        assert_eq!(pair(7, 4), (5, 3));
        assert_eq!(pair(-1, 0), (-1, -1));
        let values = [i32::MIN, i32::MAX, 0, -1, 1, 77];
        for (a, b) in values.into_iter().flat_map(|a| values.map(|b| (a, b))) {
            let (average, difference) = pair(a, b);
            assert_eq!(unpair(average, difference), (a, b));
            if a.checked_sub(b).is_some() {
                assert_eq!(i64::from(average), (i64::from(a) + i64::from(b)).div_euclid(2));
            }
        }
    }

    #[test]
    fn averages_stand_before_differences_and_an_odd_one_stays() {
        let mut data = vec![8, 4, 7, 9, 5];
        let lines = Lines::new(&[5], 0);
        lines.split(&mut data, pair);
        assert_eq!(data, [6, 8, 5, 4, -2]);
        lines.join(&mut data, unpair, |x| x);
        assert_eq!(data, [8, 4, 7, 9, 5]);
        let mut rows = vec![1, 2, 3, 10, 20, 30, 5, 5, 5];
        let lines = Lines::new(&[3, 3], 0);
        lines.split(&mut rows, pair);
        assert_eq!(rows, [5, 11, 16, 5, 5, 5, -9, -18, -27]);
        lines.join(&mut rows, unpair, |x| x);
        assert_eq!(rows, [1, 2, 3, 10, 20, 30, 5, 5, 5]);
    }

    #[test]
    fn a_slope_is_predicted_away_and_everything_inverts() {
        for (shape, axis) in [([6, 5, 4], 0), ([6, 5, 4], 1), ([6, 5, 4], 2), ([1, 1, 33], 2)] {
            let lines = Lines::new(&shape, axis);
            let original: Vec<i64> = (0..shape.iter().product::<usize>() as i64).map(|i| i * i * 7919 - i).collect();
            let mut data = original.clone();
            lines.split(&mut data, pair);
            lines.predict(&mut data, false);
            let whole = Lines { length: 2, ..lines };
            whole.difference(&mut data);
            whole.accumulate(&mut data);
            lines.predict(&mut data, true);
            lines.join(&mut data, unpair, |x| x);
            assert_eq!(data, original, "{shape:?} {axis}");
        }
        let mut ramp: Vec<i32> = (0..32).map(|i| 10 * i).collect();
        let lines = Lines::new(&[32], 0);
        lines.split(&mut ramp, pair);
        lines.predict(&mut ramp, false);
        assert!(ramp[17..31].iter().all(|&high| high == 0), "{ramp:?}");
    }
}
