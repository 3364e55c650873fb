//! Transform coding of arrays: what the methods that differ only in their transform share.
//!
//! An array is cut into tiles. A transform turns a tile into coefficients in bands; they are quantised, coded under
//! contexts of neighbours already coded, and, where a bound is to be kept, what they leave outside it is corrected, on
//! exactly what the decoder computes. `SPEC.md` has the bytes.

mod around;
mod band;
mod careful;
mod context;
mod correct;
mod descent;
mod integers;
mod layout;
mod mixed;
mod neighbours;
pub mod part;
mod quantise;
mod rows;
mod search;
mod tile;
mod values;
mod variant;

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::real::Real;
use super::tiles::{self, Tile};
use super::{Goal, deflate, entropy, parallel, parts, shuffle, varint};
use crate::api::{DType, Element, Error};
pub use band::{Alike, Band};
use context::Detail;
use correct::Symbols;
pub use integers::{read_integers, write_integers};
use tile::{Choice, Source};
use values::Output;

/// Values from which an array is several tiles.
const SEVERAL: usize = 1 << 20;
/// Values of one of several tiles, at most about: its work space is some five times as large.
const VALUES: usize = 1 << 21;
/// First byte of a tile whose values are stored without loss: by deflate, or as they are.
const PACKED: u8 = 0xff;
const PLAIN: u8 = 0xfe;
/// First byte: computed in 64 bits.
const WIDE: u8 = 0x40;
/// First byte: contexts of many kinds.
const MANY: u8 = 0x20;

/// A linear transform of the values of a tile, in place.
pub trait Transform: Send + Sync {
    /// The bands, in coding order: together they hold every coefficient once.
    fn bands(&self) -> &[Band];

    /// Values to coefficients. `data` is the tile in C order.
    fn forward<F: Real>(&self, data: &mut [F]);

    /// Coefficients to values.
    fn inverse<F: Real>(&self, data: &mut [F]);
}

/// Makes the transform of a variant, by its number, for a tile of a shape.
type Plan<'a, P> = dyn Fn(u8, &[usize]) -> P + Sync + 'a;

/// Steps in bounds.
const FACTORS: [f64; 8] = [0.7, 1.0, 1.25, 1.5, 1.75, 2.0, 2.4, 3.0];

impl Goal {
    /// The step that an index stands for. Integers are off by half before rounding makes them wrong by one.
    fn step(self, dtype: DType, index: usize) -> f64 {
        match self {
            Goal::MaxAbs(bound) if dtype.is_float() => bound * FACTORS[index % 8],
            Goal::MaxAbs(bound) => (bound.floor() + 0.5) * FACTORS[index % 8],
            // From 1/16 of the error up in 1/64 octaves.
            Goal::Rmse(error) => error * libm::exp2(index as f64 / 64.0 - 4.0),
        }
    }
}

/// The variants of a transform that an encoder may choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variants {
    /// Of the first variants so many are tried on arrays of any size.
    pub first: u8,
    /// Numbers of choices that are independent, more or less: the digits of a variant's number, the lowest first. There
    /// are 62 variants at most. Small arrays are tried with all choices, one digit at a time.
    pub radices: Vec<u8>,
}

impl Variants {
    /// A transform that has no variants.
    pub fn only() -> Self {
        Variants { first: 1, radices: vec![1] }
    }

    fn count(&self) -> u8 {
        self.radices.iter().product()
    }
}

/// What is decoded, shared by the threads that decode its tiles.
type Shared<'a> = Mutex<&'a mut (dyn Output + Send)>;

/// The tiles of an array of `shape` (one axis at least), which are coded by themselves: one, or about an even number of
/// about equal ones, so that two threads have as much to do.
pub fn tiles(shape: &[usize]) -> Vec<Tile> {
    let len: usize = shape.iter().product();
    if len < SEVERAL {
        return tiles::split(shape, len.max(1));
    }
    let count = len.div_ceil(VALUES).next_multiple_of(2);
    // Lengths that are no multiples of the cuts make some tiles larger than others.
    let even = len.div_ceil(count);
    tiles::split(shape, even + even / (count + 1))
}

/// Appends the payload of `data`, an array of `shape` with at least one element. `plan` makes the transform of a tile
/// of the shape it is given, one of `variants`.
///
/// # Errors
/// `Backend` if deflate fails, which no input makes it do.
pub fn compress<T: Element, P: Transform>(
    data: &[T],
    shape: &[usize],
    goal: Goal,
    (variants, plan): (&Variants, impl Fn(u8, &[usize]) -> P + Sync),
    payload: &mut Vec<u8>,
) -> Result<(), Error> {
    let shape = tiles::squeeze(shape);
    let source = Source { values: &data, shape: &shape, goal };
    write(&source, variants, &plan, payload)
}

fn write<P: Transform>(
    source: &Source<'_>,
    variants: &Variants,
    plan: &Plan<'_, P>,
    payload: &mut Vec<u8>,
) -> Result<(), Error> {
    let start = payload.len();
    write_tiles(source, variants.first, plan, payload)?;
    // Under a bound the careful coder gains less and takes as long: a second for an array of 50^3.
    let careful = match source.goal {
        Goal::Rmse(_) => descent::compress(source, variants, plan, payload.len() - start),
        Goal::MaxAbs(_) => None,
    };
    if let Some(careful) = careful {
        payload.truncate(start);
        payload.extend(careful);
    }
    Ok(())
}

/// Appends the payload of an array of any size.
fn write_tiles<P: Transform>(
    source: &Source<'_>,
    variants: u8,
    plan: &Plan<'_, P>,
    payload: &mut Vec<u8>,
) -> Result<(), Error> {
    let tiles = tiles(source.shape);
    let (variant, mut choice) = search::choose(source, variants, plan);
    if variants > 1 {
        payload.push(variant);
    }
    let mut tries = search::Tries::new(source, choice.step);
    loop {
        let one = |tile: &Tile| write_tile(source, tile, &plan(variant, &tile.shape), choice);
        let written: Vec<(Vec<u8>, f64)> = parallel::map(&tiles, one).into_iter().collect::<Result<_, _>>()?;
        let (streams, square_errors): (Vec<_>, Vec<f64>) = written.into_iter().unzip();
        match tries.next(square_errors.into_iter().sum(), source.values.len()) {
            None => {
                parts::append(&streams, payload);
                return Ok(());
            }
            Some(step) => choice.step = step,
        }
    }
}

/// Whether it takes 64 bits to compute with magnitudes up to `largest`; `None` if those are not enough.
fn precision(source: &Source<'_>, largest: f64, step: f64) -> Option<bool> {
    // A step must divide, and its multiples must add up, without leaving the range of the type.
    if largest > 1e300 || !(1e-290..1e300).contains(&step) {
        return None;
    }
    let goal = source.goal.error();
    let narrow = source.values.dtype().size() <= 4
        && goal > largest / 65536.0
        && largest < 1e30
        && (1e-30..1e30).contains(&step);
    Some(!narrow)
}

/// The bytes of a tile, and its squared error.
fn write_tile<P: Transform>(
    source: &Source<'_>,
    tile: &Tile,
    plan: &P,
    choice: Choice,
) -> Result<(Vec<u8>, f64), Error> {
    let mut symbols = Symbols::default();
    let wide = precision(source, source.largest(tile), source.step(choice.step));
    let coded = match wide {
        None => None,
        Some(true) => source.symbols::<f64, P>(tile, plan, choice, &mut symbols),
        Some(false) => source.symbols::<f32, P>(tile, plan, choice, &mut symbols),
    };
    let Some(square_error) = coded else { return Ok((write_raw(source, tile)?, 0.0)) };
    let mut payload = Vec::new();
    let many = if choice.detail == Detail::Many { MANY } else { 0 };
    let wide = if wide == Some(true) { WIDE } else { 0 };
    payload.push(wide | many | (choice.rounding as u8) << 3 | choice.step as u8 & 7);
    if let Goal::Rmse(_) = source.goal {
        payload.push((choice.step >> 3) as u8);
    }
    entropy::encode(&symbols.values, &symbols.contexts, &mut payload);
    if payload.len() >= tile.len() * source.values.dtype().size() {
        return Ok((write_raw(source, tile)?, 0.0));
    }
    Ok((payload, square_error))
}

fn write_raw(source: &Source<'_>, tile: &Tile) -> Result<Vec<u8>, Error> {
    let mut payload = Vec::new();
    let size = source.values.dtype().size();
    let mut bytes = Vec::with_capacity(tile.len() * size);
    tile.runs(source.shape).for_each(|run| source.values.write(run, &mut bytes));
    let mut packed = Vec::new();
    deflate::compress(&shuffle::shuffle(&bytes, size), 6, &mut packed)?;
    if packed.len() + 2 < bytes.len() {
        payload.push(PACKED);
        varint::write(packed.len() as u64, &mut payload);
        payload.append(&mut packed);
    } else {
        payload.push(PLAIN);
        payload.append(&mut bytes);
    }
    Ok(payload)
}

/// Fills `data`, an array of `shape`, from a payload of [`compress`].
///
/// # Errors
/// `Corrupt` if no encoder wrote the payload.
pub fn decompress<T: Element, P: Transform>(
    payload: &[u8],
    shape: &[usize],
    goal: Goal,
    (variants, plan): (&Variants, impl Fn(u8, &[usize]) -> P + Sync),
    data: &mut [T],
) -> Result<(), Error> {
    read(payload, &tiles::squeeze(shape), goal, (variants, &plan), &mut &mut *data)
}

fn read<P: Transform>(
    payload: &[u8],
    shape: &[usize],
    goal: Goal,
    (variants, plan): (&Variants, &Plan<'_, P>),
    output: &mut (dyn Output + Send),
) -> Result<(), Error> {
    let tiles = tiles(shape);
    // Several tiles begin with a length, which may be any byte.
    if tiles.len() == 1 && payload.first().is_some_and(|&head| careful::is_careful(head)) {
        return careful::decode(payload, shape, goal, (variants.count(), plan), output);
    }
    let variants = variants.first;
    let start = usize::from(variants > 1);
    let variant = if variants > 1 { payload.first().copied().unwrap_or(0) } else { 0 };
    if variant >= variants {
        return Err(Error::corrupt(0, format!("there is no variant {variant}")));
    }
    let dtype = output.dtype();
    let streams = parts::take(payload.get(start..).unwrap_or_default(), 0, tiles.len())?;
    let output: Shared<'_> = Mutex::new(output);
    let one = |(tile, stream): (&Tile, &[u8])| {
        let plan = plan(variant, &tile.shape);
        let read = read_tile(stream, (goal, dtype), &plan, (tile, shape), &output)?;
        let behind = || Error::corrupt(payload.len(), format!("{} bytes behind a tile", stream.len() - read));
        if read == stream.len() { Ok(()) } else { Err(behind()) }
    };
    parallel::map(tiles.iter().zip(streams), one).into_iter().collect()
}

/// The output, for the time that it takes to store a tile.
fn locked<'a, 'b>(output: &'b Shared<'a>) -> MutexGuard<'b, &'a mut (dyn Output + Send)> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads one tile from the start of `bytes`; returns how many it took.
fn read_tile<P: Transform>(
    bytes: &[u8],
    (goal, dtype): (Goal, DType),
    plan: &P,
    (tile, shape): (&Tile, &[usize]),
    output: &Shared<'_>,
) -> Result<usize, Error> {
    let missing = || Error::corrupt(bytes.len(), "a tile without any bytes");
    let head = *bytes.first().ok_or_else(missing)?;
    if head == PACKED || head == PLAIN {
        return read_raw(bytes, dtype, tile, shape, output);
    }
    let detail = if head & MANY != 0 { Detail::Many } else { Detail::Few };
    let mut choice = Choice { step: usize::from(head & 7), rounding: usize::from(head >> 3 & 3), detail };
    let mut at = 1;
    if let Goal::Rmse(_) = goal {
        choice.step |= usize::from(*bytes.get(1).ok_or_else(missing)?) << 3;
        at = 2;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let read = match head & WIDE != 0 {
        true => tile::decode::<f64, P>(rest, (goal, dtype), choice, plan, (tile, shape), output)?,
        false => tile::decode::<f32, P>(rest, (goal, dtype), choice, plan, (tile, shape), output)?,
    };
    Ok(at + read)
}

fn read_raw(bytes: &[u8], dtype: DType, tile: &Tile, shape: &[usize], output: &Shared<'_>) -> Result<usize, Error> {
    let size = dtype.size();
    let (mut at, plain) = (1, tile.len() * size);
    let packed = bytes.first() == Some(&PACKED);
    let length_here = if packed { varint::read_length(bytes, &mut at, bytes.len())? } else { plain };
    let end = at.saturating_add(length_here);
    let stored = bytes.get(at..end).ok_or_else(|| Error::corrupt(at, "the payload ends inside a tile"))?;
    let values = match packed {
        true => shuffle::unshuffle(&deflate::decompress(stored, plain)?, size),
        false => stored.to_vec(),
    };
    let (mut rest, mut output) = (&values[..], locked(output));
    for run in tile.runs(shape) {
        let (bytes, behind) = rest.split_at((run.len() * size).min(rest.len()));
        output.read(run.start, bytes);
        rest = behind;
    }
    Ok(end)
}
