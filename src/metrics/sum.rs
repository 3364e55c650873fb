//! Sums in one fixed order, so that a result does not depend on the number of threads.

/// Elements that are summed in a row, lane by lane, before blocks are added as a balanced tree.
const BLOCK: usize = 4096;
/// Elements below which splitting the work is not worth a second thread.
const SPLIT: usize = 1 << 16;
const LANES: usize = 8;

/// Sums the `K` terms of every index in `0..length`.
///
/// The order is fixed: eight interleaved lanes within blocks of 4096, and a balanced tree over the blocks (Higham,
/// "The accuracy of floating point summation", 1993: the error of a tree grows with the logarithm of the length).
pub(super) fn sums<const K: usize>(length: usize, term: &(impl Fn(usize) -> [f64; K] + Sync)) -> [f64; K] {
    tree(0, length, term)
}

fn tree<const K: usize>(start: usize, end: usize, term: &(impl Fn(usize) -> [f64; K] + Sync)) -> [f64; K] {
    let length = end - start;
    if length <= BLOCK {
        return block(start, end, term);
    }
    let middle = start + (length.div_ceil(BLOCK) / 2) * BLOCK;
    let (left, right) = if length > SPLIT {
        rayon::join(|| tree(start, middle, term), || tree(middle, end, term))
    } else {
        (tree(start, middle, term), tree(middle, end, term))
    };
    std::array::from_fn(|k| left[k] + right[k])
}

fn block<const K: usize>(start: usize, end: usize, term: &impl Fn(usize) -> [f64; K]) -> [f64; K] {
    let mut lanes = [[0.0; K]; LANES];
    let whole = start + (end - start) / LANES * LANES;
    for at in (start..whole).step_by(LANES) {
        for (offset, lane) in lanes.iter_mut().enumerate() {
            add(lane, term(at + offset));
        }
    }
    for at in whole..end {
        add(&mut lanes[at - whole], term(at));
    }
    let [mut total, rest @ ..] = lanes;
    for lane in rest {
        add(&mut total, lane);
    }
    total
}

#[inline(always)]
fn add<const K: usize>(total: &mut [f64; K], term: [f64; K]) {
    for (total, term) in total.iter_mut().zip(term) {
        *total += term;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_sum_exactly_at_every_length() {
        for length in [0, 1, 7, 8, 9, 4096, 4097, 12_288, 300_001] {
            let [ones, indices] = sums(length, &|at| [1.0, at as f64]);
            let expected = (length as f64, length as f64 * (length as f64 - 1.0) / 2.0);
            assert_eq!((ones, indices), if length == 0 { (0.0, 0.0) } else { expected });
        }
    }

    #[test]
    fn the_sum_is_the_same_for_one_and_for_three_threads() {
        let term = |at: usize| [1.0 / (at as f64 + 1.0)];
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a small pool");
            pool.install(|| sums(1_000_003, &term))[0]
        };
        assert_eq!(with(1).to_bits(), with(3).to_bits());
    }
}
