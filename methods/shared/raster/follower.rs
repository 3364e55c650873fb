//! The predictor that follows the data: least squares over neighbours, each relative to a point near it.

use super::channels;
use super::neighbours::{At, INPUTS, Neighbour, Rows};
use crate::shared::squares::{EVERY, Squares};

/// Power, in squared gaps, below which neighbours say little: it is mostly what rounding left.
const FLOOR: f64 = 4.0;
/// What a value counts for after one more, in the sight of least squares.
const MEMORY: f64 = 0.998;

/// Least squares over the neighbours that suit an array.
#[derive(Debug)]
pub enum Follower {
    /// Relative to the point before.
    Near(Box<Fit<INPUTS>>),
    /// Among channels; in each relative to the point before there.
    Channels(Box<Fit<{ channels::INPUTS }>>),
}

/// Least squares, and what they are fed with.
#[derive(Debug)]
pub struct Fit<const N: usize> {
    squares: Squares<N>,
    neighbours: &'static [Neighbour; N],
    /// Elements from a point to each neighbour, and to what that is taken relative to.
    offsets: [[isize; 2]; N],
    inputs: [f64; N],
}

impl Follower {
    /// For the rows of an array.
    pub fn new(rows: &Rows) -> Self {
        if rows.are_channels() {
            let squares = Squares::new(channels::start(), channels::MEMORY).with_most_doubt(channels::DOUBT);
            return Follower::Channels(Box::new(Fit::new(squares, &channels::NEIGHBOURS)));
        }
        let (neighbours, start) = rows.neighbours();
        Follower::Near(Box::new(Fit::new(Squares::new(start, MEMORY), neighbours)))
    }

    /// Begins a row.
    pub fn enter(&mut self, rows: &Rows, at: &At) {
        match self {
            Follower::Near(fit) => fit.enter(|neighbour| [rows.offset(at, neighbour).unwrap_or(-1), -1]),
            Follower::Channels(fit) => {
                // What is learnt of one channel does not hold for the next, which has more before it.
                if at[0][0] == 0 {
                    fit.squares.restart(|input| rows.offset(at, (0, channels::NEIGHBOURS[input].1, 0, 0)).is_some());
                }
                fit.enter(|neighbour| match rows.offset(at, neighbour) {
                    Some(offset) => [offset, rows.offset(at, (0, neighbour.1, 0, -1)).unwrap_or(-1)],
                    None => [-1, -1],
                });
            }
        }
    }

    /// Predicts the point at `index`.
    #[inline(always)]
    pub fn predict(&mut self, places: &[f64], index: usize) -> f64 {
        match self {
            Follower::Near(fit) => fit.predict(places, index),
            Follower::Channels(fit) => fit.predict(places, index),
        }
    }

    /// Learns how far off the prediction was, the `column`th of its row; `gap`: the distance between cells there.
    #[inline(always)]
    pub fn learn(&mut self, error: f64, gap: f64, column: usize) {
        let floor = gap * gap * FLOOR;
        match self {
            Follower::Near(fit) if column.is_multiple_of(EVERY) => fit.squares.learn(&fit.inputs, error, floor),
            Follower::Near(_) => {}
            Follower::Channels(fit) => fit.squares.learn(&fit.inputs, error, floor),
        }
    }
}

impl<const N: usize> Fit<N> {
    fn new(squares: Squares<N>, neighbours: &'static [Neighbour; N]) -> Self {
        Fit { squares, neighbours, offsets: [[-1; 2]; N], inputs: [0.0; N] }
    }

    /// Begins a row; `offsets`: elements to a neighbour, and to what it is taken relative to.
    fn enter(&mut self, offsets: impl Fn(Neighbour) -> [isize; 2]) {
        for (offset, &neighbour) in self.offsets.iter_mut().zip(self.neighbours) {
            *offset = offsets(neighbour);
        }
    }

    #[inline(always)]
    fn predict(&mut self, places: &[f64], index: usize) -> f64 {
        let value = |offset: isize| places[index.wrapping_add_signed(offset)];
        for (input, &[offset, base]) in self.inputs.iter_mut().zip(&self.offsets) {
            *input = value(offset) - value(base);
        }
        places[index - 1] + self.squares.predict(&self.inputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean error in each of three planes that have nothing in common but noise, which grows from plane to plane.
    fn errors(shape: &[usize]) -> [f64; 3] {
        let rows = Rows::new(shape);
        let mixed = |i: usize| (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let noise =
            |i: usize| ((mixed(i) ^ mixed(i) >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / 16777216.0;
        let (mut follower, mut places) = (Follower::new(&rows), vec![0.0; rows.count * rows.pitch]);
        let (mut sums, each) = ([0.0; 3], rows.count / 3);
        for row in 0..rows.count {
            follower.enter(&rows, &rows.at(row));
            for x in 0..rows.len {
                let (index, plane) = (row * rows.pitch + rows.margin + x, row / each);
                let value = (noise(row % each * rows.len + x) - 0.5) * (100 << plane) as f64;
                let error = value - follower.predict(&places, index);
                places[index] = value;
                follower.learn(error, 1.0, x);
                sums[plane] += error.abs() / (each * rows.len) as f64;
            }
        }
        sums
    }

    #[test]
    fn what_channels_have_in_common_is_found_out() {
        assert!(Rows::new(&[3, 40, 60]).are_channels() && !Rows::new(&[3, 40]).are_channels());
        assert!(!Rows::new(&[5, 40, 60]).are_channels() && !Rows::new(&[2, 3, 40, 60]).are_channels());
        let [first, second, third] = errors(&[3, 40, 60]);
        assert!(first > 20.0 && second < 15.0 && third < 15.0, "{first} {second} {third}");
    }
}
