//! An array as planes of rows, and what is remembered of the values around the one in hand.

/// Neighbours that come earlier: one and two to the left; above, above left and right; in the plane before, the same
/// place, left, right, above and below.
pub(super) const NEIGHBOURS: usize = 10;

/// Numbers by index, of which only those that may still be asked for are kept.
#[derive(Debug)]
pub(super) struct Grid {
    /// Planes, rows of a plane, values of a row.
    pub shape: [usize; 3],
    mask: usize,
    distances: Vec<f64>,
    sizes: Vec<u32>,
}

impl Grid {
    /// For an array of `shape`: its last two axes are rows and places in them, all others planes.
    pub fn new(shape: &[usize]) -> Self {
        let long: Vec<usize> = shape.iter().copied().filter(|&length| length != 1).collect();
        let axis = |back: usize| long.len().checked_sub(back).map_or(1, |axis| long[axis]);
        let planes = long[..long.len().saturating_sub(2)].iter().product();
        let shape = [planes, axis(2), axis(1)];
        let reach = match shape {
            [1, 1, _] => 3,
            [1, _, row] => row + 2,
            [_, rows, row] => rows.saturating_mul(row) + 2,
        };
        let kept = reach.next_power_of_two();
        Grid { shape, mask: kept - 1, distances: vec![0.0; kept], sizes: vec![0; kept] }
    }

    /// Distances from the model and sizes of what was coded, of all neighbours; zeros outside the array.
    #[inline(always)]
    pub fn around(&self, at: usize, [z, y, x]: [usize; 3]) -> ([f64; NEIGHBOURS], [u32; NEIGHBOURS]) {
        let [_, rows, row] = self.shape;
        let plane = rows * row;
        let (left, right, up, down, back) = (x > 0, x + 1 < row, y > 0, y + 1 < rows, z > 0);
        let steps = [
            (left, 1),
            (x > 1, 2),
            (up, row),
            (up && left, row + 1),
            (up && right, row.wrapping_sub(1)),
            (back, plane),
            (back && left, plane + 1),
            (back && right, plane.wrapping_sub(1)),
            (back && up, plane.wrapping_add(row)),
            (back && down, plane.wrapping_sub(row)),
        ];
        let (mut distances, mut sizes) = ([0.0; NEIGHBOURS], [0; NEIGHBOURS]);
        for (i, (there, step)) in steps.into_iter().enumerate() {
            if there {
                let slot = at.wrapping_sub(step) & self.mask;
                (distances[i], sizes[i]) = (self.distances[slot], self.sizes[slot]);
            }
        }
        (distances, sizes)
    }

    /// Remembers what was found at an index.
    #[inline(always)]
    pub fn note(&mut self, at: usize, distance: f64, size: u32) {
        self.distances[at & self.mask] = distance;
        self.sizes[at & self.mask] = size;
    }
}
