//! Boxes that large arrays are cut into, so that work space stays small.

use std::ops::Range;

use crate::shared::parts;

/// A box of an array in C order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// First index along each axis.
    pub start: Vec<usize>,
    /// Length along each axis.
    pub shape: Vec<usize>,
}

/// The axis lengths above 1, or `[1]` where there are none: unit axes change nothing about an array's elements.
pub fn squeeze(shape: &[usize]) -> Vec<usize> {
    let long: Vec<usize> = shape.iter().copied().filter(|&length| length != 1).collect();
    if long.is_empty() { vec![1] } else { long }
}

/// `axes` of `shape`, ascending, as axes of the squeezed shape; those of length 1 are left out.
pub fn squeeze_axes(shape: &[usize], axes: &[usize]) -> Vec<usize> {
    let long = (0..shape.len()).filter(|&axis| shape[axis] != 1).enumerate();
    long.filter(|(_, axis)| axes.contains(axis)).map(|(squeezed, _)| squeezed).collect()
}

/// Cuts an array of `shape` (one axis at least) into tiles of at most `most` elements, in C order.
///
/// The cuts follow from the shape alone. The longest edge is cut first, into parts as equal as they can be.
///
/// # Panics
/// If `most` is 0.
pub fn split(shape: &[usize], most: usize) -> Vec<Tile> {
    assert!(most > 0, "a tile holds at least one element");
    let mut parts = vec![1usize; shape.len()];
    let edge = |axis: usize, parts: &[usize]| shape[axis].div_ceil(parts[axis]);
    while (0..shape.len()).map(|axis| edge(axis, &parts)).fold(1usize, usize::saturating_mul) > most {
        let longest = (0..shape.len()).rev().max_by_key(|&axis| edge(axis, &parts)).unwrap_or(0);
        parts[longest] += 1;
    }
    let count = parts.iter().product();
    (0..count).map(|number| cut(shape, &parts, number)).collect()
}

fn cut(shape: &[usize], parts: &[usize], mut number: usize) -> Tile {
    let mut tile = Tile { start: vec![0; shape.len()], shape: vec![0; shape.len()] };
    for axis in (0..shape.len()).rev() {
        let run = parts::run(shape[axis], number % parts[axis], parts[axis]);
        number /= parts[axis];
        (tile.start[axis], tile.shape[axis]) = (run.start, run.len());
    }
    tile
}

impl Tile {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no element at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `visit` for every row along the last axis, in C order, with the offset of its first element in an array
    /// of shape `array`.
    pub fn rows(&self, array: &[usize], mut visit: impl FnMut(usize)) {
        if let Some(last) = self.shape.len().checked_sub(1) {
            self.along(array, last).for_each(|row| visit(row.start));
        }
    }

    /// What `of` makes of the tile's elements of an array of shape `array` (one axis at least), in C order.
    pub fn gather<T, U>(&self, array: &[usize], data: &[T], of: impl Fn(&T) -> U) -> Vec<U> {
        let mut values = Vec::with_capacity(self.len());
        self.runs(array).for_each(|run| values.extend(data[run].iter().map(&of)));
        values
    }

    /// Calls `with` for each of the tile's elements of an array of shape `array` (one axis at least) and the value that
    /// stands for it among `values`, in C order.
    ///
    /// # Panics
    /// If there are fewer values than elements.
    pub fn scatter<T, U>(&self, array: &[usize], values: &[T], data: &mut [U], with: impl Fn(&mut U, &T)) {
        let mut rest = values;
        for run in self.runs(array) {
            let (values, behind) = rest.split_at(run.len());
            data[run].iter_mut().zip(values).for_each(|(to, value)| with(to, value));
            rest = behind;
        }
    }

    /// The elements that lie one behind the other in an array of shape `array` (one axis at least), in C order: their
    /// offsets in it.
    pub fn runs(&self, array: &[usize]) -> impl Iterator<Item = Range<usize>> + use<> {
        // Axes that are in the tile as a whole make longer runs.
        let whole = self.shape.iter().zip(array).rev().take_while(|(own, all)| own == all).count();
        self.along(array, (self.shape.len() - 1).saturating_sub(whole))
    }

    /// Offsets of the elements that share their indices along the axes before `axis`, of which those behind it are in the
    /// tile as a whole.
    fn along(&self, array: &[usize], axis: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let (tile, array) = (self.clone(), array.to_vec());
        let inner: usize = array[axis + 1..].iter().product();
        let length = tile.shape[axis] * inner;
        let count = tile.len().checked_div(length).unwrap_or(0);
        let mut index = vec![0usize; axis];
        (0..count).map(move |_| {
            let outer = index.iter().zip(&tile.start).zip(&array);
            let row = outer.fold(0, |offset, ((&at, &start), &length)| offset * length + start + at);
            let start = (row * array[axis] + tile.start[axis]) * inner;
            if let Some(axis) = (0..axis).rev().find(|&axis| index[axis] + 1 < tile.shape[axis]) {
                index[axis] += 1;
                index[axis + 1..].fill(0);
            }
            start..start + length
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_every_element_once_by_rows_and_by_runs() {
        for (shape, most) in [(&[7, 11, 13][..], 100), (&[1000], 64), (&[3, 1, 50], 7), (&[5, 5], 25), (&[4, 0, 3], 2)]
        {
            let mut seen = vec![0u8; shape.iter().product()];
            for tile in split(shape, most) {
                assert!(tile.len() <= most);
                let length = tile.shape[shape.len() - 1];
                tile.rows(shape, |row| seen[row..row + length].iter_mut().for_each(|seen| *seen += 1));
                tile.runs(shape).flatten().for_each(|at| seen[at] += 2);
            }
            assert!(seen.iter().all(|&seen| seen == 3), "{shape:?}");
        }
    }

    #[test]
    fn what_was_gathered_is_scattered_to_where_it_was() {
        let (shape, data) = ([3, 4, 5], (0..60).collect::<Vec<i32>>());
        let tile = Tile { start: vec![1, 2, 1], shape: vec![2, 2, 3] };
        let gathered = tile.gather(&shape, &data, |&value| value);
        assert_eq!(gathered, [31, 32, 33, 36, 37, 38, 51, 52, 53, 56, 57, 58]);
        let mut doubled = data.clone();
        tile.scatter(&shape, &gathered, &mut doubled, |to, value| *to += value);
        assert!((0..60).all(|at| doubled[at] == if gathered.contains(&data[at]) { 2 * data[at] } else { data[at] }));
    }

    #[test]
    fn runs_are_as_long_as_they_can_be() {
        let tile = |start: [usize; 3], shape: [usize; 3]| Tile { start: start.to_vec(), shape: shape.to_vec() };
        let runs = |tile: Tile| tile.runs(&[4, 5, 6]).map(|run| (run.start, run.end)).collect::<Vec<_>>();
        assert_eq!(runs(tile([0; 3], [4, 5, 6])), [(0, 120)]);
        assert_eq!(runs(tile([1, 0, 0], [2, 5, 6])), [(30, 90)]);
        assert_eq!(runs(tile([1, 2, 0], [2, 2, 6])), [(42, 54), (72, 84)]);
        assert_eq!(runs(tile([1, 2, 3], [1, 2, 2])), [(45, 47), (51, 53)]);
        assert_eq!(runs(tile([1, 2, 3], [1, 0, 2])), []);
    }

    #[test]
    fn a_cube_is_cut_into_cubes_and_a_small_array_not_at_all() {
        assert_eq!(split(&[64, 64, 64], 1 << 15).len(), 8);
        assert!(split(&[64, 64, 64], 1 << 15).iter().all(|tile| tile.shape == [32, 32, 32]));
        assert_eq!(split(&[50, 50], 2500), [Tile { start: vec![0, 0], shape: vec![50, 50] }]);
    }

    #[test]
    fn unit_axes_are_left_out_and_a_scalar_keeps_one_axis() {
        assert_eq!((squeeze(&[1, 5, 1, 2]), squeeze(&[]), squeeze(&[1, 1])), (vec![5, 2], vec![1], vec![1]));
        assert_eq!(squeeze(&[1, 0]), [0]);
        assert_eq!((squeeze_axes(&[1, 5, 1, 2], &[0, 1, 3]), squeeze_axes(&[4, 5], &[1])), (vec![0, 1], vec![1]));
    }
}
