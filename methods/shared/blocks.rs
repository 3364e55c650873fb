//! Blocks cut out of an array, to try things on.

use crate::shared::multilevel::Grid;

/// Blocks of an array that is not taken whole.
const BLOCKS: usize = 3;

/// Blocks of an array, all of one shape, which is returned too: the whole array if it has at most `whole`
/// values, else some of at most half as many each along its diagonals, cut down along the longest axes.
pub fn sample<T: Copy + Default>(data: &[T], shape: &[usize], whole: usize) -> (Vec<Vec<T>>, Vec<usize>) {
    let mut block: Vec<usize> = shape.to_vec();
    if data.len() <= whole {
        return (vec![data.to_vec()], block);
    }
    while block.iter().product::<usize>() > whole / 2 {
        let longest = (0..block.len()).max_by_key(|&axis| block[axis]).unwrap_or(0);
        // An odd length has a coarser point at both ends, as most of a long axis has.
        block[longest] = (block[longest] / 2) | 1;
    }
    let at = |number: usize, axis: usize| {
        let place = if axis.is_multiple_of(2) { number } else { BLOCKS - 1 - number };
        (shape[axis] - block[axis]) * (2 * place + 1) / (2 * BLOCKS)
    };
    let first = |number: usize| (0..shape.len()).map(|axis| at(number, axis)).collect::<Vec<_>>();
    ((0..BLOCKS).map(|number| cut_out(data, shape, &first(number), &block)).collect(), block)
}

/// The block of shape `block` that starts at `first`.
fn cut_out<T: Copy + Default>(data: &[T], shape: &[usize], first: &[usize], block: &[usize]) -> Vec<T> {
    let grid = Grid::new(shape, &[], 0);
    let base: usize = first.iter().zip(&grid.strides).map(|(at, stride)| at * stride).sum();
    let within = Grid::new(block, &[], 0);
    let mut values = vec![T::default(); block.iter().product()];
    within.rows(&within.anchors(), |row| {
        let start = base + row.coordinate.iter().zip(&grid.strides).map(|(at, stride)| at * stride).sum::<usize>();
        let step = grid.strides[within.row_axis];
        for i in 0..row.len {
            values[row.base + i * row.step] = data[start + i * step];
        }
    });
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampled_blocks_keep_their_neighbourhoods() {
        let data: Vec<f32> = (0..300 * 400 * 3).map(|i| i as f32).collect();
        let (blocks, shape) = sample(&data, &[300, 400, 3], 1 << 16);
        let points = shape.iter().product::<usize>();
        assert!(shape[2] == 3 && points <= 1 << 15 && blocks.iter().all(|block| block.len() == points));
        assert!(blocks.iter().all(|block| block[shape[1] * 3] - block[0] == 1200.0 && block[3] - block[0] == 3.0));
        assert_eq!(sample(&data[..900], &[300, 3], 1 << 16), (vec![data[..900].to_vec()], vec![300, 3]));
    }
}
