//! Arrays without loss: pairs along an axis in whole numbers, then bands under the shared contexts.
//!
//! Floats go by their bits, made monotone: neighbours in value are neighbours in number.

use super::kernel::{self, Lines, Word};
use super::transform::{bands, halved, nothing};
use crate::api::{Element, Error};
use crate::shared::subband::{read_integers, write_integers};
use crate::shared::tiles::{self, Tile};
use crate::shared::varint;

/// Most elements of a tile.
const MOST: usize = 1 << 22;
/// Axes, counted from the last, along which averages may be differenced; and how many of them at once.
const REACH: usize = 8;
const AT_ONCE: usize = 3;

/// Appends `data`, of `shape` without unit axes, as pairs along `axis` (without one: as averages alone).
pub(super) fn write<T: Element>(data: &[T], shape: &[usize], axis: Option<usize>, payload: &mut Vec<u8>) {
    let start = payload.len();
    for tile in tiles::split(shape, MOST) {
        match T::DTYPE.size() {
            8 => write_tile(tile.gather(shape, data, wide), &tile, axis, payload),
            _ => write_tile(tile.gather(shape, data, narrow), &tile, axis, payload),
        }
    }
    // The one length that says: as they are. Left free by a byte, so that a stray one behind coded bytes is noticed.
    let plain = data.len() * T::DTYPE.size();
    if payload.len() - start + 1 >= plain {
        payload.truncate(start);
        data.iter().for_each(|x| payload.extend_from_slice(&x.to_bits().to_le_bytes()[..T::DTYPE.size()]));
    }
}

/// Fills `data` with what [`write`] wrote; `place` is where `bytes` start in the payload.
///
/// # Errors
/// `Corrupt` if no encoder wrote the bytes.
pub(super) fn read<T: Element>(
    bytes: &[u8],
    place: usize,
    shape: &[usize],
    axis: Option<usize>,
    data: &mut [T],
) -> Result<(), Error> {
    let size = T::DTYPE.size();
    if bytes.len() == data.len() * size {
        for (x, chunk) in data.iter_mut().zip(bytes.chunks_exact(size)) {
            let mut word = [0; 8];
            word[..size].copy_from_slice(chunk);
            *x = T::from_bits(u64::from_le_bytes(word));
        }
        return Ok(());
    }
    let mut at = 0;
    for tile in tiles::split(shape, MOST) {
        let rest = bytes.get(at..).unwrap_or_default();
        if size == 8 {
            let mut words = vec![0i64; tile.len()];
            at += read_tile(rest, &tile, axis, &mut words)?;
            tile.scatter(shape, &words, data, |x, &word| *x = unordered(word, 63));
        } else {
            let mut words = vec![0i32; tile.len()];
            at += read_tile(rest, &tile, axis, &mut words)?;
            tile.scatter(shape, &words, data, |x, &word| *x = unordered(i64::from(word), 31));
        }
    }
    match bytes.len().checked_sub(at) {
        Some(0) => Ok(()),
        _ => Err(Error::corrupt(place + at, "the payload does not end with its last tile")),
    }
}

/// The bits of a float as a number that grows with its value. Its own inverse; `top` is the place of the sign.
fn order(bits: i64, top: u32) -> i64 {
    bits ^ (bits >> 63) & ((1 << top) - 1)
}

fn narrow<T: Element>(value: &T) -> i32 {
    if T::DTYPE.is_float() {
        return order(i64::from(value.to_bits() as u32 as i32), 31) as i32;
    }
    // Every value of at most 32 bits is exact; unsigned ones of 32 wrap around.
    value.to_f64() as i64 as i32
}

fn wide<T: Element>(value: &T) -> i64 {
    let bits = value.to_bits() as i64;
    if T::DTYPE.is_float() { order(bits, 63) } else { bits }
}

fn unordered<T: Element>(word: i64, top: u32) -> T {
    T::from_bits(if T::DTYPE.is_float() { order(word, top) as u64 } else { word as u64 })
}

/// Words that go through the entropy stage in layers of 32 bits.
trait Layered: Word {
    /// What goes into each layer.
    fn layers(words: &[Self]) -> Vec<Vec<i32>>;
    /// Adds layer `number` to `words`, which start from zero.
    fn add_layer(words: &mut [Self], number: u32, layer: &[i32]);
    const LAYERS: u32;
}

impl Layered for i32 {
    const LAYERS: u32 = 1;

    fn layers(words: &[i32]) -> Vec<Vec<i32>> {
        vec![words.to_vec()]
    }

    fn add_layer(words: &mut [i32], _: u32, layer: &[i32]) {
        words.copy_from_slice(layer);
    }
}

impl Layered for i64 {
    const LAYERS: u32 = 2;

    fn layers(words: &[i64]) -> Vec<Vec<i32>> {
        let high = |word: &i64| (word.wrapping_sub(i64::from(*word as i32)) >> 32) as i32;
        vec![words.iter().map(high).collect(), words.iter().map(|&word| word as i32).collect()]
    }

    fn add_layer(words: &mut [i64], number: u32, layer: &[i32]) {
        let shift = if number == 0 { 32 } else { 0 };
        words.iter_mut().zip(layer).for_each(|(word, &part)| *word = word.wrapping_add(i64::from(part) << shift));
    }
}

fn write_tile<W: Layered>(mut words: Vec<W>, tile: &Tile, axis: Option<usize>, payload: &mut Vec<u8>) {
    let (low, mut head) = (halved(&tile.shape, axis), 0);
    if let Some(axis) = axis {
        let lines = Lines::new(&tile.shape, axis);
        lines.split(&mut words, kernel::pair);
        let mut predicted = words.clone();
        lines.predict(&mut predicted, false);
        if kernel::cost(&predicted) < kernel::cost(&words) {
            (words, head) = (predicted, 1);
        }
    }
    let axes = difference(&mut words[..low.iter().product()], &low);
    head |= axes.iter().map(|axis| 1 << (low.len() - axis)).sum::<u64>();
    varint::write(head, payload);
    let bands = [vec![nothing()], bands(&tile.shape, axis)].concat();
    W::layers(&words).iter().for_each(|layer| write_integers(&bands, layer, payload));
}

fn read_tile<W: Layered>(bytes: &[u8], tile: &Tile, axis: Option<usize>, words: &mut [W]) -> Result<usize, Error> {
    let (low, mut at) = (halved(&tile.shape, axis), 0);
    let head = varint::read(bytes, &mut at)?;
    if head >> 1 >> low.len().min(REACH) != 0 || (axis.is_none() && head & 1 == 1) {
        return Err(Error::corrupt(0, "a tile differenced along an axis that it does not have"));
    }
    let bands = [vec![nothing()], bands(&tile.shape, axis)].concat();
    for number in 0..W::LAYERS {
        let mut layer = vec![0i32; words.len()];
        at += read_integers(&bands, bytes.get(at..).unwrap_or_default(), &mut layer)?;
        W::add_layer(words, number, &layer);
    }
    let averages = &mut words[..low.iter().product()];
    for bit in (1..=low.len().min(REACH)).filter(|bit| head >> bit & 1 == 1) {
        Lines::new(&low, low.len() - bit).accumulate(averages);
    }
    if let Some(axis) = axis {
        let lines = Lines::new(&tile.shape, axis);
        if head & 1 == 1 {
            lines.predict(words, true);
        }
        lines.join(words, kernel::unpair, |average| average);
    }
    Ok(at)
}

/// Differences `averages` along the axes that make them smaller, one after the other; returns the axes.
fn difference<W: Word>(averages: &mut [W], shape: &[usize]) -> Vec<usize> {
    let (mut axes, mut best) = (Vec::new(), kernel::cost(averages));
    while axes.len() < AT_ONCE {
        let mut chosen = None;
        for axis in (shape.len().saturating_sub(REACH)..shape.len()).filter(|axis| shape[*axis] > 1) {
            if axes.contains(&axis) {
                continue;
            }
            let mut tried = averages.to_vec();
            Lines::new(shape, axis).difference(&mut tried);
            let cost = kernel::cost(&tried);
            if cost < best {
                (best, chosen) = (cost, Some((axis, tried)));
            }
        }
        let Some((axis, tried)) = chosen else { break };
        averages.copy_from_slice(&tried);
        axes.push(axis);
    }
    axes
}
