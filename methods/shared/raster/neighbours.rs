//! Which points a point is predicted from, and where they lie.

use super::channels;

/// Elements before and behind every row that stand for what is outside: as many as neighbours lie apart, along one axis
/// and along several.
const MARGINS: [usize; 2] = [20, 4];

/// A neighbour: rows back, planes back, blocks of planes back, and points along the row.
pub type Neighbour = (isize, isize, isize, isize);

/// Neighbours besides the one that the others are taken relative to, the point before.
pub const INPUTS: usize = 20;

/// Along one axis.
pub const LINE: [Neighbour; INPUTS] = [
    (0, 0, 0, -2),
    (0, 0, 0, -3),
    (0, 0, 0, -4),
    (0, 0, 0, -5),
    (0, 0, 0, -6),
    (0, 0, 0, -7),
    (0, 0, 0, -8),
    (0, 0, 0, -9),
    (0, 0, 0, -10),
    (0, 0, 0, -11),
    (0, 0, 0, -12),
    (0, 0, 0, -13),
    (0, 0, 0, -14),
    (0, 0, 0, -15),
    (0, 0, 0, -16),
    (0, 0, 0, -17),
    (0, 0, 0, -18),
    (0, 0, 0, -19),
    (0, 0, 0, -20),
    (0, 0, 0, -1),
];

/// Along two axes.
pub const PLANE: [Neighbour; INPUTS] = [
    (0, 0, 0, -2),
    (0, 0, 0, -3),
    (1, 0, 0, 0),
    (1, 0, 0, -1),
    (1, 0, 0, 1),
    (1, 0, 0, -2),
    (1, 0, 0, 2),
    (2, 0, 0, 0),
    (2, 0, 0, -1),
    (2, 0, 0, 1),
    (1, 0, 0, 3),
    (2, 0, 0, 2),
    (2, 0, 0, -2),
    (3, 0, 0, 0),
    (3, 0, 0, 1),
    (1, 0, 0, -3),
    (0, 0, 0, -4),
    (3, 0, 0, -1),
    (2, 0, 0, 3),
    (1, 0, 0, 4),
];

/// Along three axes or more. In the plane before, points behind are known too.
pub const SPACE: [Neighbour; INPUTS] = [
    (0, 0, 0, -2),
    (1, 0, 0, 0),
    (1, 0, 0, -1),
    (1, 0, 0, 1),
    (2, 0, 0, 0),
    (0, 1, 0, 0),
    (0, 1, 0, -1),
    (0, 1, 0, 1),
    (1, 1, 0, 0),
    (1, 1, 0, -1),
    (-1, 1, 0, 0),
    (0, 2, 0, 0),
    (0, 0, 1, 0),
    (0, 0, 1, -1),
    (0, 1, 1, 0),
    (1, 1, 0, 1),
    (0, 2, 0, -1),
    (1, 0, 0, 2),
    (0, 0, 0, -3),
    (2, 0, 0, 1),
];

/// Coordinates along the last three axes but the last, that one first, each with the length of its axis.
pub type At = [[usize; 2]; 3];

/// An array as rows, each of which has a margin on both sides.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Points of a row.
    pub len: usize,
    /// Rows.
    pub count: usize,
    /// Elements of the margin on each side.
    pub margin: usize,
    /// Elements of a row with its margins.
    pub pitch: usize,
    /// Rows from one to the next along the last three axes but the last, that one first.
    pub steps: [usize; 3],
    lengths: [usize; 3],
    rank: usize,
}

impl Rows {
    /// The rows of an array of `shape`.
    pub fn new(shape: &[usize]) -> Self {
        let (&len, outer) = shape.split_last().unwrap_or((&1, &[]));
        let (mut steps, mut lengths, mut rows) = ([0; 3], [1; 3], 1);
        for (i, &length) in outer.iter().rev().take(3).enumerate() {
            (steps[i], lengths[i]) = (rows, length.max(1));
            rows *= length;
        }
        let count = outer.iter().product();
        let margin = MARGINS[usize::from(shape.len() > 1)];
        Rows { len, count, margin, pitch: len + 2 * margin, steps, lengths, rank: shape.len() }
    }

    /// Where a row is.
    pub fn at(&self, row: usize) -> At {
        let mut rest = row;
        self.lengths.map(|length| {
            let place = rest % length;
            rest /= length;
            [place, length]
        })
    }

    /// Elements from a point of the row to a neighbour, if the neighbour's row is inside the array.
    pub fn offset(&self, at: &At, (y, z, w, x): Neighbour) -> Option<isize> {
        let mut rows = 0isize;
        for ((back, at), step) in [y, z, w].into_iter().zip(at).zip(self.steps) {
            let place = at[0] as isize - back;
            if place < 0 || place >= at[1] as isize {
                return None;
            }
            rows += back * step as isize;
        }
        Some(x - rows * self.pitch as isize)
    }

    /// Elements to the row before along the first of the axes that has one, the last but one tried first.
    pub fn before(&self, at: &At) -> Option<isize> {
        let axes = [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0)];
        axes.into_iter().find_map(|neighbour| self.offset(at, neighbour))
    }

    /// Whether the planes are few enough to be the channels of one picture.
    pub fn are_channels(&self) -> bool {
        self.rank == 3 && (2..=channels::MOST).contains(&self.lengths[1])
    }

    /// The neighbours that least squares look at, and what they weigh at the start.
    pub fn neighbours(&self) -> (&'static [Neighbour; INPUTS], [f64; INPUTS]) {
        let neighbours = match self.rank {
            0 | 1 => &LINE,
            2 => &PLANE,
            _ => &SPACE,
        };
        let weight = if self.rank == 2 { 0.8 } else { 0.6 };
        let start = neighbours.map(|neighbour| match neighbour {
            (1, 0, 0, 0) | (0, 1, 0, 0) => weight,
            (1, 0, 0, -1) | (0, 1, 0, -1) => -weight,
            (1, 1, 0, 0) => -weight * weight,
            (1, 1, 0, -1) => weight * weight,
            _ => 0.0,
        });
        (neighbours, start)
    }
}
