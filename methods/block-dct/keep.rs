//! The seed's codec: blocks padded with zeros, of which the lowest coefficients are stored as they are.

use super::blocks::BlockTransform;
use crate::api::{Element, Error};
use crate::shared::subband::Transform;

/// Blocks of one shape over an array.
#[derive(Debug)]
pub(super) struct Keep {
    /// Axis lengths of the array.
    shape: Vec<usize>,
    /// Axis lengths of a block.
    block: Vec<usize>,
    /// Coefficients kept along each axis.
    keep: Vec<usize>,
    transform: BlockTransform,
}

impl Keep {
    /// Blocks of `block` values along `axes`, or of the whole axis where it is shorter, and of one along the others.
    pub fn new(shape: Vec<usize>, axes: &[usize], block: usize, keep: usize) -> Self {
        let size = |axis: usize, length: usize| if axes.contains(&axis) { block.min(length).max(1) } else { 1 };
        let block: Vec<usize> = shape.iter().enumerate().map(|(axis, &length)| size(axis, length)).collect();
        let keep = block.iter().map(|&size| keep.min(size)).collect();
        let transform = BlockTransform::new(&block, axes, 16);
        Keep { shape, block, keep, transform }
    }

    /// Appends the coefficients kept of every block.
    pub fn compress<T: Element>(&self, data: &[T], payload: &mut Vec<u8>) {
        let mut values = vec![0.0f64; self.block.iter().product()];
        for block in counter(&self.grid()) {
            values.fill(0.0);
            self.inside(&block, |at, place| values[at] = data[place].to_f64());
            self.transform.forward(&mut values);
            for k in counter(&self.keep) {
                write::<T>(values[flat(&self.block, &k)], payload);
            }
        }
    }

    /// Fills `data`; coefficients that were not kept are zero.
    ///
    /// # Errors
    /// `Corrupt` if the payload has not the size it must have.
    pub fn decompress<T: Element>(&self, payload: &[u8], data: &mut [T]) -> Result<(), Error> {
        let kept: usize = self.keep.iter().product();
        let expected = self.grid().iter().product::<usize>() * kept * stored::<T>();
        if payload.len() != expected {
            return Err(Error::corrupt(payload.len(), format!("expected {expected} bytes of coefficients")));
        }
        let mut values = vec![0.0f64; self.block.iter().product()];
        let mut coefficients = payload.chunks_exact(stored::<T>());
        for block in counter(&self.grid()) {
            values.fill(0.0);
            for (k, bytes) in counter(&self.keep).zip(&mut coefficients) {
                values[flat(&self.block, &k)] = read(bytes);
            }
            self.transform.inverse(&mut values);
            self.inside(&block, |at, place| data[place] = T::from_f64(values[at]));
        }
        Ok(())
    }

    /// Blocks along each axis.
    fn grid(&self) -> Vec<usize> {
        self.shape.iter().zip(&self.block).map(|(length, block)| length.div_ceil(*block)).collect()
    }

    /// Calls `visit` with the place in the block and in the array of every element of a block that is in the array.
    fn inside(&self, block: &[usize], mut visit: impl FnMut(usize, usize)) {
        let start: Vec<usize> = block.iter().zip(&self.block).map(|(number, size)| number * size).collect();
        let along = start.iter().zip(self.block.iter().zip(&self.shape));
        let size: Vec<usize> = along.map(|(start, (&size, length))| size.min(length - start)).collect();
        for index in counter(&size) {
            let place: Vec<usize> = index.iter().zip(&start).map(|(i, start)| i + start).collect();
            visit(flat(&self.block, &index), flat(&self.shape, &place));
        }
    }
}

/// Every index of an array of `shape` (no axis empty), in C order.
fn counter(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let first = Some(vec![0; shape.len()]);
    std::iter::successors(first, move |index: &Vec<usize>| {
        let axis = (0..shape.len()).rev().find(|&axis| index[axis] + 1 < shape[axis])?;
        let mut next = index.clone();
        next[axis] += 1;
        next[axis + 1..].fill(0);
        Some(next)
    })
}

fn flat(shape: &[usize], index: &[usize]) -> usize {
    shape.iter().zip(index).fold(0, |offset, (length, i)| offset * length + i)
}

/// Bytes of a coefficient: as the elements for floats; for integers, as a float that holds them.
fn stored<T: Element>() -> usize {
    let wide = T::DTYPE.size() == 8 || (T::DTYPE.size() == 4 && !T::DTYPE.is_float());
    if wide { 8 } else { 4 }
}

fn write<T: Element>(value: f64, payload: &mut Vec<u8>) {
    match stored::<T>() {
        8 => payload.extend_from_slice(&value.to_le_bytes()),
        _ => payload.extend_from_slice(&(value as f32).to_le_bytes()),
    }
}

fn read(bytes: &[u8]) -> f64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    let bits = u64::from_le_bytes(word);
    if bytes.len() == 8 { f64::from_bits(bits) } else { f64::from(f32::from_bits(bits as u32)) }
}
