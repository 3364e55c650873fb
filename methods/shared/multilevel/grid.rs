//! The nested grids: levels, parity classes, and their rows.
//!
//! Level `l` has stride `s = 2^l`. Its points are those whose coordinates along the halved axes are multiples of `s`
//! but not all of `2s`. They fall into parity classes: the set of axes along which the coordinate is an odd multiple
//! of `s`. Classes with fewer odd axes come first, so that a point finds its neighbours at distance `s` along each of
//! its odd axes known. Along axes that are not halved, every index is a grid of its own.

/// Where an array's grids lie. Axes in C order, slowest first.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Elements between neighbours along each axis.
    pub strides: Vec<usize>,
    /// Which axes every level halves.
    pub halved: Vec<bool>,
    /// Levels, so that one point along each halved axis is left at the top unless fewer were asked for.
    pub levels: u32,
    /// Rows run along this axis.
    pub row_axis: usize,
}

/// Points of one parity class along the row axis, in elements of the array.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// First point.
    pub base: usize,
    /// Elements from point to point.
    pub step: usize,
    /// Number of points.
    pub len: usize,
    /// Coordinate of the first point along every axis.
    pub coordinate: &'a [usize],
    /// The class it belongs to.
    pub class: &'a Class,
}

/// The points of one level that are odd along the same axes.
#[derive(Clone, Debug)]
pub struct Class {
    /// Half the distance between points of the class: `2^level`.
    pub stride: usize,
    /// Axes along which the points are odd, ascending.
    pub odd: Vec<usize>,
    /// First coordinate along each axis.
    pub start: Vec<usize>,
    /// Distance between coordinates along each axis.
    pub step: Vec<usize>,
    /// Points along each axis.
    pub count: Vec<usize>,
}

impl Grid {
    /// A grid over `shape` that halves `axes`, at most `depth` times (0: as often as it goes).
    pub fn new(shape: &[usize], axes: &[usize], depth: u32) -> Self {
        let mut strides = vec![1usize; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(shape[axis].max(1));
        }
        let halved: Vec<bool> = (0..shape.len()).map(|axis| axes.contains(&axis)).collect();
        let longest = axes.iter().map(|&axis| shape[axis]).max().unwrap_or(1).max(1);
        let most = usize::BITS - (longest - 1).leading_zeros();
        let levels = if depth == 0 { most } else { most.min(depth) };
        Grid { strides, halved, levels, row_axis: row_axis(shape), shape: shape.to_vec() }
    }

    /// The points that no level predicts: multiples of `2^levels` along the halved axes.
    pub fn anchors(&self) -> Class {
        self.class(self.levels, &[], 1 << self.levels)
    }

    /// The classes of a level, in coding order; none is empty.
    pub fn classes(&self, level: u32) -> Vec<Class> {
        let stride = 1usize << level;
        let active: Vec<usize> =
            (0..self.shape.len()).filter(|&axis| self.halved[axis] && self.shape[axis] > stride).collect();
        let mut sets: Vec<u64> = (1..1u64 << active.len()).collect();
        sets.sort_by_key(|set| (set.count_ones(), *set));
        let members = |set: u64| active.iter().enumerate().filter(move |(bit, _)| set >> bit & 1 == 1);
        sets.into_iter()
            .map(|set| self.class(level, &members(set).map(|(_, &axis)| axis).collect::<Vec<_>>(), 2 * stride))
            .collect()
    }

    fn class(&self, level: u32, odd: &[usize], spacing: usize) -> Class {
        let rank = self.shape.len();
        let start: Vec<usize> = (0..rank).map(|axis| if odd.contains(&axis) { 1 << level } else { 0 }).collect();
        let step: Vec<usize> = self.halved.iter().map(|&halved| if halved { spacing } else { 1 }).collect();
        let count = (0..rank).map(|axis| self.shape[axis].saturating_sub(start[axis]).div_ceil(step[axis])).collect();
        Class { stride: 1 << level, odd: odd.to_vec(), start, step, count }
    }

    /// Calls `visit` for every row of `class`, in C order of the other axes.
    pub fn rows(&self, class: &Class, mut visit: impl FnMut(&Row<'_>)) {
        let rank = self.shape.len();
        if class.count.contains(&0) {
            return;
        }
        let mut coordinate = class.start.clone();
        let mut base: usize = (0..rank).map(|axis| coordinate[axis] * self.strides[axis]).sum();
        let (step, len) = match rank {
            0 => (1, 1),
            _ => (class.step[self.row_axis] * self.strides[self.row_axis], class.count[self.row_axis]),
        };
        loop {
            visit(&Row { base, step, len, coordinate: &coordinate, class });
            let mut axis = rank;
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                if axis == self.row_axis {
                    continue;
                }
                coordinate[axis] += class.step[axis];
                base += class.step[axis] * self.strides[axis];
                if coordinate[axis] < self.shape[axis] {
                    break;
                }
                base -= (coordinate[axis] - class.start[axis]) * self.strides[axis];
                coordinate[axis] = class.start[axis];
            }
        }
    }
}

/// The last axis, where memory is contiguous, unless it is so short that rows along another would be much longer.
fn row_axis(shape: &[usize]) -> usize {
    let last = shape.len().saturating_sub(1);
    let longest = (0..shape.len()).max_by_key(|&axis| (shape[axis], axis)).unwrap_or(0);
    if shape.last().is_some_and(|&length| length < 16 && shape[longest] > 4 * length) { longest } else { last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_belongs_to_one_row_exactly() {
        for (shape, axes, depth) in [
            (&[][..], &[][..], 0),
            (&[1], &[0], 0),
            (&[7, 13], &[0, 1], 0),
            (&[5, 1, 9], &[0, 1, 2], 2),
            (&[4, 3, 17, 2], &[0, 2], 0),
            (&[100, 3], &[0, 1], 0),
            (&[6, 5], &[], 0),
        ] {
            let grid = Grid::new(shape, axes, depth);
            let mut seen = vec![0; shape.iter().product()];
            let classes = (0..grid.levels).rev().flat_map(|level| grid.classes(level));
            for class in std::iter::once(grid.anchors()).chain(classes) {
                grid.rows(&class, |row| (0..row.len).for_each(|i| seen[row.base + i * row.step] += 1));
            }
            assert!(seen.iter().all(|&times| times == 1), "{shape:?}: {seen:?}");
        }
    }

    #[test]
    fn one_anchor_is_left_where_every_axis_is_halved_as_often_as_it_goes() {
        let grid = Grid::new(&[400, 600], &[0, 1], 0);
        assert_eq!((grid.levels, grid.anchors().count), (10, vec![1, 1]));
        assert_eq!(Grid::new(&[400, 600], &[0, 1], 7).anchors().count, [4, 5]);
    }
}
