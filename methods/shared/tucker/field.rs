//! An array under a target, cut into tiles.

use crate::api::{DType, Element, Target};
use crate::shared::tiles::{self, Tile};

/// Longest edge of a tile: work per value grows with it.
const LONGEST: usize = 160;
/// Most values of a tile.
const MOST: usize = 1 << 22;
/// Magnitudes in units of the target that are decomposed.
const RANGE: f64 = 1e12;

/// Arrays of one shape under one target, `MaxAbs` or `Rmse`.
#[derive(Clone, Debug)]
pub struct Field {
    /// Lengths above 1.
    pub shape: Vec<usize>,
    /// What the error is held to.
    pub target: Target,
}

impl Field {
    /// Whether every value is held to a bound.
    pub fn is_bounded(&self) -> bool {
        matches!(self.target, Target::MaxAbs(_))
    }

    /// Tiles of at most `LONGEST` along each axis and `MOST` values: pieces of every axis as equal as they can be, in C
    /// order, each of which is split again where it is too large.
    pub fn cut(&self) -> Vec<Tile> {
        let mut tiles = vec![Tile { start: vec![0; self.shape.len()], shape: self.shape.clone() }];
        for (axis, &length) in self.shape.iter().enumerate() {
            let parts = length.div_ceil(LONGEST);
            let border = |part: usize| (length as u128 * part as u128 / parts as u128) as usize;
            let piece = |tile: &Tile, part: usize| {
                let mut piece = tile.clone();
                (piece.start[axis], piece.shape[axis]) = (border(part), border(part + 1) - border(part));
                piece
            };
            tiles = tiles.iter().flat_map(|tile| (0..parts).map(move |part| piece(tile, part))).collect();
        }
        let split = |tile: &Tile| {
            let mut parts = tiles::split(&tile.shape, MOST);
            let starts = parts.iter_mut().flat_map(|part| part.start.iter_mut().zip(&tile.start));
            starts.for_each(|(start, from)| *start += from);
            parts
        };
        tiles.iter().flat_map(split).collect()
    }

    /// The unit in which steps are counted: the error allowed; 0 if there is none.
    pub fn unit<T: Element>(&self) -> f64 {
        match self.target {
            Target::Rmse(error) => error,
            Target::MaxAbs(bound) if T::DTYPE.is_float() => bound,
            Target::MaxAbs(bound) => bound.min(1e18).floor() + 0.5,
            _ => 0.0,
        }
    }

    /// Greatest error of any value; under a mean error, that of values that are not decomposed.
    pub fn bound(&self) -> f64 {
        if let Target::MaxAbs(bound) = self.target { bound } else { 0.0 }
    }

    /// Values of every tile in units, if they are within range.
    pub fn tiles<T: Element>(&self, data: &[T]) -> Option<Vec<Vec<f64>>> {
        let unit = self.unit::<T>();
        let largest = data.iter().fold(0.0f64, |largest, value| largest.max(value.to_f64().abs()));
        if !(unit > 0.0 && largest / unit < RANGE) {
            return None;
        }
        let values = |tile: &Tile| tile.gather(&self.shape, data, |value| value.to_f64() / unit);
        Some(self.cut().iter().map(values).collect())
    }

    /// Puts values in units to where their tile is.
    pub fn place<T: Element, U>(&self, tile: &Tile, values: &[f64], of: impl Fn(f64) -> U, data: &mut [U]) {
        let unit = self.unit::<T>();
        tile.scatter(&self.shape, values, data, |to, value| *to = of(value * unit));
    }
}

/// The value of the type nearest to `value`, never infinite.
pub fn finite<T: Element>(value: f64) -> T {
    let limit = if T::DTYPE == DType::F32 { f64::from(f32::MAX) } else { f64::MAX };
    T::from_f64(value.clamp(-limit, limit))
}
