//! Arrays of three axes: planes, neighbours, second differences.

/// Values over three axes, C order.
#[derive(Clone, Copy, Debug)]
pub struct Volume<'a> {
    /// Axis lengths, slowest first.
    pub shape: [usize; 3],
    /// The values.
    pub values: &'a [f64],
}

/// A plane of a volume: rows along the slower of the two axes that are left.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Values per row.
    pub columns: usize,
    /// The values, row by row.
    pub values: Vec<f64>,
}

impl<'a> Volume<'a> {
    /// The value at three indices.
    pub fn at(&self, [i, j, k]: [usize; 3]) -> f64 {
        self.values[(i * self.shape[1] + j) * self.shape[2] + k]
    }

    /// The plane at `index` of `axis`.
    pub fn plane(&self, axis: usize, index: usize) -> Plane {
        plane(self.shape, axis, index, |place| self.at(place))
    }

    /// The same plane of the discrete Laplacian: the sum over the six neighbours less six times the value. A neighbour
    /// beyond the edge counts as the value itself.
    pub fn laplacian_plane(&self, axis: usize, index: usize) -> Plane {
        plane(self.shape, axis, index, |place| self.laplacian(place))
    }

    fn laplacian(&self, place: [usize; 3]) -> f64 {
        let centre = self.at(place);
        let along = |axis: usize| {
            let step = |to: usize| {
                let mut place = place;
                place[axis] = to.min(self.shape[axis] - 1);
                self.at(place)
            };
            step(place[axis].saturating_sub(1)) + step(place[axis] + 1) - 2.0 * centre
        };
        along(0) + along(1) + along(2)
    }

    /// Indices of the largest value; the first of equals.
    pub fn largest(&self) -> [usize; 3] {
        let mut best = 0;
        for (at, &value) in self.values.iter().enumerate() {
            if value > self.values[best] || self.values[best].is_nan() {
                best = at;
            }
        }
        let [_, rows, columns] = self.shape;
        [best / columns / rows, best / columns % rows, best % columns]
    }

    /// Every `step`-th value along each axis, and the shape that is left.
    pub fn thinned(&self, step: usize) -> ([usize; 3], Vec<f64>) {
        let shape = self.shape.map(|length| length.div_ceil(step));
        let mut values = Vec::with_capacity(shape.iter().product());
        for i in 0..shape[0] {
            for j in 0..shape[1] {
                values.extend((0..shape[2]).map(|k| self.at([i * step, j * step, k * step])));
            }
        }
        (shape, values)
    }
}

fn plane(shape: [usize; 3], axis: usize, index: usize, value: impl Fn([usize; 3]) -> f64) -> Plane {
    let (row, column) = others(axis);
    let mut values = Vec::with_capacity(shape[row] * shape[column]);
    for r in 0..shape[row] {
        for c in 0..shape[column] {
            let mut place = [index; 3];
            (place[row], place[column]) = (r, c);
            values.push(value(place));
        }
    }
    Plane { columns: shape[column], values }
}

/// The two other axes, the slower one first.
pub fn others(axis: usize) -> (usize, usize) {
    match axis {
        0 => (1, 2),
        1 => (0, 2),
        _ => (0, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered() -> Vec<f64> {
        (0..24).map(f64::from).collect()
    }

    #[test]
    fn planes_keep_the_order_of_the_axes() {
        let values = numbered();
        let volume = Volume { shape: [2, 3, 4], values: &values };
        assert_eq!(volume.plane(0, 1), Plane { columns: 4, values: (12..24).map(f64::from).collect() });
        assert_eq!(volume.plane(2, 3), Plane { columns: 3, values: vec![3.0, 7.0, 11.0, 15.0, 19.0, 23.0] });
        assert_eq!(volume.largest(), [1, 2, 3]);
        assert_eq!(volume.thinned(2), ([1, 2, 2], vec![0.0, 2.0, 8.0, 10.0]));
    }

    #[test]
    fn the_laplacian_of_a_spike_is_minus_six_with_ones_around() {
        let mut values = vec![0.0; 27];
        values[13] = 1.0;
        let volume = Volume { shape: [3; 3], values: &values };
        assert_eq!(volume.laplacian_plane(0, 1).values, [0.0, 1.0, 0.0, 1.0, -6.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(volume.laplacian_plane(1, 0).values, [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        let ramp = numbered();
        let ramp = Volume { shape: [2, 3, 4], values: &ramp };
        assert_eq!(ramp.laplacian([0, 1, 1]), 12.0, "a neighbour beyond the edge counts as the value itself");
    }
}
