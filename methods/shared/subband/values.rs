//! Arrays of any type, piece by piece as `f64`, so that what codes them is compiled once and not once per type.

use std::ops::Range;

use super::correct::{Corrector, Fix};
use crate::api::{DType, Element};
use crate::shared::real::Real;
use crate::shared::tiles::Tile;

/// Most values of a piece.
const PIECE: usize = 512;

/// An array that is being encoded.
pub(super) trait Values: Sync {
    /// The type of its elements.
    fn dtype(&self) -> DType;

    /// Number of its elements.
    fn len(&self) -> usize;

    /// Fills `numbers` with the values from `start` on.
    fn load(&self, start: usize, numbers: &mut [f64]);

    /// Appends the bytes of some values, each with its least first.
    fn write(&self, values: Range<usize>, bytes: &mut Vec<u8>);

    /// Turns numbers into those that the type holds.
    fn round(&self, numbers: &mut [f64]);

    /// Appends the places of those of `restored`, counted from its first, that are not within `bound` of the values from
    /// `start` on.
    fn misses(&self, start: usize, restored: &[f64], bound: f64, misses: &mut Vec<usize>);

    /// What brings `restored` within the bound of the value at a place.
    fn fix(&self, at: usize, restored: f64, corrector: &Corrector) -> Fix;
}

impl<T: Element> Values for &[T] {
    fn dtype(&self) -> DType {
        T::DTYPE
    }

    fn len(&self) -> usize {
        (**self).len()
    }

    fn load(&self, start: usize, numbers: &mut [f64]) {
        let values = &self[start..start + numbers.len()];
        numbers.iter_mut().zip(values).for_each(|(number, value)| *number = value.to_f64());
    }

    fn write(&self, values: Range<usize>, bytes: &mut Vec<u8>) {
        for value in &self[values] {
            bytes.extend_from_slice(&value.to_bits().to_le_bytes()[..T::DTYPE.size()]);
        }
    }

    fn round(&self, numbers: &mut [f64]) {
        numbers.iter_mut().for_each(|number| *number = T::from_f64(*number).to_f64());
    }

    fn misses(&self, start: usize, restored: &[f64], bound: f64, misses: &mut Vec<usize>) {
        let pairs = || self[start..start + restored.len()].iter().zip(restored);
        let is_missed = |(value, restored): (&T, &f64)| !T::from_f64(*restored).within(*value, bound);
        let count: u32 = pairs().map(|pair| u32::from(is_missed(pair))).sum();
        if count > 0 {
            misses.extend(pairs().enumerate().filter(|&(_, pair)| is_missed(pair)).map(|(at, _)| at));
        }
    }

    fn fix(&self, at: usize, restored: f64, corrector: &Corrector) -> Fix {
        corrector.fix(self[at], restored)
    }
}

/// An array that is being decoded.
pub(super) trait Output {
    /// The type of its elements.
    fn dtype(&self) -> DType;

    /// Number of its elements.
    fn len(&self) -> usize;

    /// Sets the values from `start` on.
    fn store(&mut self, start: usize, numbers: &[f64]);

    /// Sets the values from `start` on to what [`Values::write`] wrote.
    fn read(&mut self, start: usize, bytes: &[u8]);

    /// Sets the value at a place to what `restored` becomes by a correction.
    fn correct(&mut self, at: usize, restored: f64, fix: Fix, corrector: &Corrector);
}

impl<T: Element> Output for &mut [T] {
    fn dtype(&self) -> DType {
        T::DTYPE
    }

    fn len(&self) -> usize {
        (**self).len()
    }

    fn store(&mut self, start: usize, numbers: &[f64]) {
        let values = &mut self[start..start + numbers.len()];
        values.iter_mut().zip(numbers).for_each(|(value, number)| *value = T::from_f64(*number));
    }

    fn read(&mut self, start: usize, bytes: &[u8]) {
        let size = T::DTYPE.size();
        for (value, bytes) in self[start..].iter_mut().zip(bytes.chunks_exact(size)) {
            let mut word = [0; 8];
            word[..size].copy_from_slice(bytes);
            *value = T::from_bits(u64::from_le_bytes(word));
        }
    }

    fn correct(&mut self, at: usize, restored: f64, fix: Fix, corrector: &Corrector) {
        self[at] = corrector.fixed(restored, fix);
    }
}

/// Calls `with` for each piece of a tile of an array of shape `array`, in C order: with where it lies there, and with those
/// of `restored`, the values of the tile, that belong to it.
pub(super) fn each_restored<F: Real>(
    tile: &Tile,
    array: &[usize],
    restored: &[F],
    mut with: impl FnMut(Range<usize>, &mut [f64]),
) {
    let (mut rest, mut numbers) = (restored, Vec::new());
    for piece in pieces(tile, array) {
        let (inside, behind) = rest.split_at(piece.len());
        numbers.clear();
        numbers.extend(inside.iter().map(|value| value.to_f64()));
        with(piece, &mut numbers);
        rest = behind;
    }
}

/// Where the pieces of a tile of an array of shape `array` lie in it, in C order: few values each, so that they stay in a
/// first-level cache.
pub(super) fn pieces(tile: &Tile, array: &[usize]) -> impl Iterator<Item = Range<usize>> {
    tile.runs(array).flat_map(|run| {
        let end = run.end;
        run.step_by(PIECE).map(move |start| start..(start + PIECE).min(end))
    })
}
