//! Target `native`: the seed's refinement, its coefficients quantised finely.

use super::basis::Bases;
use super::code::Walk;
use super::gradient::{self, Criterion, Cube, Refiner};
use crate::api::{Element, Error};
use crate::shared::range::{RangeDecoder, RangeEncoder};
use crate::shared::tiles::{self, Tile};

/// Most cells of the padded array.
const CELLS: f64 = (1u64 << 26) as f64;

/// Leaves of the seed's tree after its last halving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// Iterations, the last included.
    pub iterations: u32,
    /// Edge of each leaf in cells, and whether it is zero everywhere.
    pub leaves: Vec<(usize, bool)>,
}

/// Refines `data`, an array of `shape`.
///
/// # Errors
/// `Unsupported` if the cube around the array is too large.
pub fn refine<T: Element>(data: &[T], shape: &[usize], criterion: Criterion) -> Result<(Cube, u32, T), Error> {
    let shape = tiles::squeeze(shape);
    cube_of(&shape)?;
    let largest =
        data.iter().fold(
            T::default(),
            |largest, &value| {
                if value.to_f64().abs() > largest.to_f64().abs() { value } else { largest }
            },
        );
    let unit = unit(largest);
    let values: Vec<f64> = data.iter().map(|value| value.to_f64() / unit).collect();
    let (cube, iterations) = Refiner::new(&values, &shape, criterion).refine();
    Ok((cube, iterations, largest))
}

/// The cube around an array of `shape`.
fn cube_of(shape: &[usize]) -> Result<Tile, Error> {
    let (edge, rank) = (gradient::edge(shape), shape.len());
    if libm::pow(edge as f64, rank as f64) > CELLS {
        let why = format!("an array that target `native` has to pad to {edge} values along {rank} axes");
        return Err(Error::unsupported(why));
    }
    Ok(Tile { start: vec![0; rank], shape: vec![edge; rank] })
}

fn unit<T: Element>(largest: T) -> f64 {
    let unit = largest.to_f64().abs();
    if unit > 0.0 && unit.is_finite() { unit } else { 1.0 }
}

/// Appends the payload of `data`, an array of `shape`; coefficients have a step of `step` times the largest magnitude.
///
/// # Errors
/// As [`refine`].
pub fn compress<T: Element>(
    data: &[T],
    shape: &[usize],
    criterion: Criterion,
    step: f64,
    payload: &mut Vec<u8>,
) -> Result<(), Error> {
    let (mut cube, _, largest) = refine(data, shape, criterion)?;
    payload.extend_from_slice(&largest.to_bits().to_le_bytes()[..T::DTYPE.size()]);
    let (shape, mut bases, mut encoder) = (tiles::squeeze(shape), Bases::new(gradient::DEGREE), RangeEncoder::new());
    cube.quantise(step, &mut bases);
    let mut walk = Walk::new(&shape, gradient::LEAST, &mut bases);
    walk.tree(cube.cell().clone(), Some(&cube), &mut encoder);
    payload.extend(encoder.finish());
    Ok(())
}

/// Fills `data`, an array of `shape`, from a payload of [`compress`].
///
/// # Errors
/// `Corrupt` if no encoder wrote the payload.
pub fn decompress<T: Element>(payload: &[u8], shape: &[usize], step: f64, data: &mut [T]) -> Result<(), Error> {
    let shape = tiles::squeeze(shape);
    let Some((head, rest)) = payload.split_at_checked(T::DTYPE.size()) else {
        return Err(Error::corrupt(payload.len(), "the payload ends inside the largest value"));
    };
    let mut word = [0; 8];
    word[..head.len()].copy_from_slice(head);
    let largest = T::from_bits(u64::from_le_bytes(word));
    if !largest.is_finite() {
        return Err(Error::corrupt(0, "the largest value is not finite"));
    }
    let (mut bases, mut decoder) = (Bases::new(gradient::DEGREE), RangeDecoder::new(rest));
    let mut walk = Walk::new(&shape, gradient::LEAST, &mut bases);
    walk.tree(cube_of(&shape)?, None::<&Cube>, &mut decoder);
    if !decoder.is_spent() {
        return Err(Error::corrupt(payload.len(), "bytes behind the last leaf"));
    }
    let unit = unit(largest);
    data.iter_mut().zip(walk.restore(step)).for_each(|(value, part)| *value = super::rate::finite(part * unit));
    Ok(())
}
