//! An array seen along four axes, the last of them a long one, and the order that it is coded in.

/// Axes of every array here: the last ones, with lengths of 1 before them.
pub(super) const RANK: usize = 4;
/// Rows shorter than this are short.
const SHORT: usize = 16;

/// Where an array's values stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Lengths, slowest axis first.
    pub shape: [usize; RANK],
    /// Elements between neighbours along each axis.
    pub strides: [usize; RANK],
}

impl Field {
    /// An array of `shape` in C order.
    pub fn of(shape: [usize; RANK]) -> Self {
        let mut strides = [1; RANK];
        for axis in (1..RANK).rev() {
            strides[axis - 1] = strides[axis] * shape[axis];
        }
        Field { shape, strides }
    }

    /// The array of `shape` in C order; more than four axes are seen as four, the first ones as one. Where rows would be short
    /// and another axis is much longer, that one is the last.
    pub fn view(shape: &[usize]) -> Self {
        let mut four = [1; RANK];
        let extra = shape.len().saturating_sub(RANK);
        for (axis, &length) in shape.iter().enumerate() {
            four[if axis < extra { 0 } else { axis - extra + RANK.saturating_sub(shape.len()) }] *= length;
        }
        let mut field = Field::of(four);
        let longest = (0..RANK).max_by_key(|&axis| (four[axis], axis)).unwrap_or(RANK - 1);
        if four[RANK - 1] < SHORT && four[longest] >= 4 * four[RANK - 1] {
            field.shape[longest..].rotate_left(1);
            field.strides[longest..].rotate_left(1);
        }
        field
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether values stand in C order.
    pub fn is_plain(&self) -> bool {
        *self == Field::of(self.shape)
    }

    /// Calls `visit` for every row, in C order of the other axes, with where it starts.
    pub fn rows(&self, mut visit: impl FnMut(usize)) {
        for first in 0..self.shape[0] {
            for second in 0..self.shape[1] {
                for third in 0..self.shape[2] {
                    visit(first * self.strides[0] + second * self.strides[1] + third * self.strides[2]);
                }
            }
        }
    }

    /// The values in the order of this field.
    pub fn gather<T: Copy>(&self, data: &[T]) -> Vec<T> {
        let mut values = Vec::with_capacity(self.len());
        let (len, step) = (self.shape[RANK - 1], self.strides[RANK - 1]);
        self.rows(|base| values.extend(data[base..].iter().step_by(step).take(len)));
        values
    }

    /// The way back.
    pub fn scatter<T: Copy>(&self, values: &[T], data: &mut [T]) {
        let (len, step) = (self.shape[RANK - 1], self.strides[RANK - 1]);
        let mut rows = values.chunks(len.max(1));
        self.rows(|base| {
            let row = rows.next().unwrap_or(&[]);
            data[base..].iter_mut().step_by(step).zip(row).for_each(|(value, known)| *value = *known);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_any_rank_have_four_axes_and_a_long_last_one() {
        assert_eq!(Field::view(&[3, 50]), Field::of([1, 1, 3, 50]));
        assert_eq!(Field::view(&[2, 3, 4, 5, 60]), Field::of([6, 4, 5, 60]));
        assert_eq!(Field::view(&[900, 4]), Field { shape: [1, 1, 4, 900], strides: [3600, 3600, 1, 4] });
        let field = Field::view(&[5, 100, 3]);
        assert_eq!(field.shape, [1, 5, 3, 100]);
        let data: Vec<u32> = (0..1500).collect();
        let (values, mut back) = (field.gather(&data), vec![0; 1500]);
        assert_eq!(values[..3], [0, 3, 6]);
        field.scatter(&values, &mut back);
        assert!(back == data && !field.is_plain() && Field::view(&[20, 30]).is_plain());
    }
}
