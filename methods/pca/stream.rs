//! Payloads under a target: a decomposition of every tile, and where a bound is to be kept, what it leaves.

use super::coding::Models;
use super::decompose::{Analysis, Coded, Effort, SCALES};
use super::search::Fine;
use crate::api::{Element, Error, Target};
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use crate::shared::residual::{self, Values};
use crate::shared::tiles::{self, Tile};

/// Longest edge of a tile: work per value grows with it.
const LONGEST: usize = 160;
/// Most values of a tile.
const MOST: usize = 1 << 22;
/// Magnitudes in units of the target that are decomposed.
const RANGE: f64 = 1e12;

/// How arrays of one shape are coded under one target.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// Lengths above 1.
    pub shape: Vec<usize>,
    pub target: Target,
    /// Modes that get principal axes of their own.
    pub adapted: Vec<bool>,
    /// Most columns of a mode.
    pub most: usize,
}

/// The tiles, and how they are coded.
pub(super) struct Plan {
    pub tiles: Vec<Analysis>,
    pub fine: Fine,
    pub effort: Effort,
}

impl Stream {
    /// Appends the payload of `data`, which is not empty.
    pub fn compress<T: Element>(&self, data: &[T], payload: &mut Vec<u8>) {
        let Some(tiles) = self.tiles(data) else { return payload.extend(self.write(data, None).0) };
        let best = match self.target {
            Target::MaxAbs(_) => {
                let plan = self.under_bound(data, &tiles);
                self.write(data, plan.as_ref()).0
            }
            _ => self.under_mean(data, &tiles),
        };
        payload.extend(best);
    }

    /// Fills `data` from a payload.
    pub fn decompress<T: Element>(&self, payload: &[u8], data: &mut [T]) -> Result<(), Error> {
        let mut decoder = RangeDecoder::new(payload);
        let bounded = matches!(self.target, Target::MaxAbs(_));
        let modelled = decoder.plain(0, 1) == 1;
        let mut model = vec![0.0; if bounded || !modelled { data.len() } else { 0 }];
        if modelled {
            let (mut fine, mut models) = (Fine::default(), Models::default());
            fine.code(&mut decoder);
            for tile in cut(&self.shape) {
                let mut coded = Coded::empty(&tile.shape);
                coded.code(SCALES[fine.scale], &mut models, &mut decoder);
                let values = coded.values(fine.choice());
                match bounded {
                    true => self.place::<T, _>(&tile, &values, |value| value, &mut model),
                    false => self.place::<T, _>(&tile, &values, finite::<T>, data),
                }
            }
        }
        if bounded || !modelled {
            residual::code(Values::Wanted(data), &self.shape, &model, self.bound(), &mut decoder);
        }
        if decoder.is_spent() { Ok(()) } else { Err(Error::corrupt(payload.len(), "bytes behind the last value")) }
    }

    /// The payload, and the squared error of what comes back from it.
    pub fn write<T: Element>(&self, data: &[T], plan: Option<&Plan>) -> (Vec<u8>, f64) {
        let mut encoder = RangeEncoder::new();
        let bounded = matches!(self.target, Target::MaxAbs(_));
        encoder.plain(u64::from(plan.is_some()), 1);
        let mut model = vec![0.0; data.len()];
        if let Some(plan) = plan {
            let (mut fine, mut models) = (plan.fine, Models::default());
            fine.code(&mut encoder);
            for (tile, analysis) in cut(&self.shape).iter().zip(&plan.tiles) {
                let mut coded = analysis.quantise(fine.choice(), plan.effort).unwrap_or_default();
                coded.code(SCALES[fine.scale], &mut models, &mut encoder);
                self.place::<T, _>(tile, &coded.values(fine.choice()), |value| value, &mut model);
            }
        }
        if bounded || plan.is_none() {
            residual::code(Values::Known(data), &self.shape, &model, self.bound(), &mut encoder);
            return (encoder.finish(), 0.0);
        }
        let error = |(value, &model): (&T, &f64)| (value.to_f64() - finite::<T>(model).to_f64()) / self.unit::<T>();
        (encoder.finish(), data.iter().zip(&model).map(error).map(|error| error * error).sum())
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
    fn tiles<T: Element>(&self, data: &[T]) -> Option<Vec<Vec<f64>>> {
        let unit = self.unit::<T>();
        let largest = data.iter().fold(0.0f64, |largest, value| largest.max(value.to_f64().abs()));
        if !(unit > 0.0 && largest / unit < RANGE) {
            return None;
        }
        let values = |tile: &Tile| self.gather(tile, data).iter().map(|value| value.to_f64() / unit).collect();
        Some(cut(&self.shape).iter().map(values).collect())
    }

    pub fn gather<T: Copy>(&self, tile: &Tile, data: &[T]) -> Vec<T> {
        let (mut values, row) = (Vec::with_capacity(tile.len()), tile.shape[tile.shape.len() - 1]);
        tile.rows(&self.shape, |at| values.extend_from_slice(&data[at..at + row]));
        values
    }

    /// Puts values in units to where their tile is.
    fn place<T: Element, U>(&self, tile: &Tile, values: &[f64], of: impl Fn(f64) -> U, data: &mut [U]) {
        let row = tile.shape[tile.shape.len() - 1];
        let (mut rows, unit) = (values.chunks_exact(row), self.unit::<T>());
        tile.rows(&self.shape, |at| {
            let values = rows.next().unwrap_or_default();
            data[at..at + row].iter_mut().zip(values).for_each(|(to, value)| *to = of(value * unit));
        });
    }
}

/// The value of the type nearest to `value`, never infinite.
pub(super) fn finite<T: Element>(value: f64) -> T {
    let limit = if T::DTYPE == crate::api::DType::F32 { f64::from(f32::MAX) } else { f64::MAX };
    T::from_f64(value.clamp(-limit, limit))
}

/// Tiles of at most [`LONGEST`] along each axis and [`MOST`] values: pieces of every axis as equal as they can be, in C
/// order, each of which is split again where it is too large.
pub(super) fn cut(shape: &[usize]) -> Vec<Tile> {
    let mut tiles = vec![Tile { start: vec![0; shape.len()], shape: shape.to_vec() }];
    for (axis, &length) in shape.iter().enumerate() {
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
