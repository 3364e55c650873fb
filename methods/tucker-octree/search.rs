//! Trees of all tiles: their payload, and the encoder's search for steps and numbers of columns.

use super::tree::{self, Grower, Learnt, Node, Place};
use crate::api::{Element, Error};
use crate::shared::mixing::Cost;
use crate::shared::range::{BitCoder, RangeDecoder, RangeEncoder};
use crate::shared::residual::{self, Values};
use crate::shared::tucker::{Choice, Effort, Field, finite};

/// Bits of the index of a step: 16 octaves up from a quarter of the unit, in 1/64 octaves.
const STEP_BITS: u32 = 10;
const STEPS: usize = 1 << STEP_BITS;
/// Where a search starts: eight units.
const FIRST: usize = 320;
/// Changes of the index of a step that are tried.
const STRIDES: [usize; 3] = [64, 32, 16];
/// Columns of a mode that are tried.
const RANKS: [usize; 4] = [2, 3, 5, 10];
/// Columns whose norm is below this many steps are left out.
const LEAST: f64 = 5.0;
/// Index of the step of factors, in steps of the core, and of the rounding.
const FACTORS: usize = 3;
const ROUNDING: usize = 1;
/// Bits that a value outside the bound is taken to cost, at least, beside what its distance does.
const OUTSIDE: [f64; 3] = [8.0, 20.0, 3.0];
/// The squared error, in squared steps, that a bit less is worth.
const BIT: f64 = 0.1;
/// Rounds that bring the error to its goal.
const ROUNDS: usize = 12;

/// How arrays of one shape are coded under one target.
#[derive(Clone, Debug)]
pub(super) struct Forest {
    pub field: Field,
    /// Most columns of a mode; 0 if they are to be sought.
    pub rank: usize,
}

/// How trees are grown.
#[derive(Clone, Copy, Debug)]
struct Way {
    step: usize,
    rank: usize,
    outside: f64,
}

/// Trees of all tiles, and what they and what they leave cost in bits, about.
struct Grown {
    way: Way,
    trees: Vec<Node>,
    bits: f64,
}

fn choice(step: usize) -> Choice {
    Choice { step: libm::exp2(step as f64 / 64.0 - 2.0), scale: FACTORS, rounding: ROUNDING }
}

impl Forest {
    /// The payload of `data`, which is not empty.
    pub fn compress<T: Element>(&self, data: &[T]) -> Vec<u8> {
        let exact = || self.write(data, None, RangeEncoder::new()).0.finish();
        let Some(tiles) = self.field.tiles(data) else { return exact() };
        let best = if self.field.is_bounded() { self.bounded(data, &tiles) } else { self.mean(data, &tiles) };
        let payload = best.map(|grown| self.write(data, Some(&grown), RangeEncoder::new()).0.finish());
        match payload {
            Some(payload) if payload.len() < data.len() * T::DTYPE.size() / 2 => payload,
            Some(payload) => [payload, exact()].into_iter().min_by_key(Vec::len).unwrap_or_default(),
            None => exact(),
        }
    }

    /// Fills `data` from a payload.
    pub fn decompress<T: Element>(&self, payload: &[u8], data: &mut [T]) -> Result<(), Error> {
        let mut decoder = RangeDecoder::new(payload);
        let whole = decoder.plain(0, 1) == 0;
        let mut model = vec![0.0; if self.field.is_bounded() || whole { data.len() } else { 0 }];
        if !whole {
            let (step, mut learnt) = (decoder.plain(0, STEP_BITS) as usize, Learnt::default());
            for tile in self.field.cut() {
                let mut values = vec![0.0; tile.len()];
                let context = (choice(step), &tile.shape[..]);
                tree::code(None, &Place::root(&tile.shape), context, (&mut learnt, &mut decoder), &mut values);
                match self.field.is_bounded() {
                    true => self.field.place::<T, _>(&tile, &values, |value| value, &mut model),
                    false => self.field.place::<T, _>(&tile, &values, finite::<T>, data),
                }
            }
        }
        if self.field.is_bounded() || whole {
            residual::code(Values::Wanted(data), &self.field.shape, &model, self.field.bound(), &mut decoder);
        }
        if decoder.is_spent() { Ok(()) } else { Err(Error::corrupt(payload.len(), "bytes behind the last value")) }
    }

    /// Writes or costs `data`; returns the coder, and the squared error of what comes back, in squared units.
    fn write<T: Element, C: BitCoder>(&self, data: &[T], grown: Option<&Grown>, mut coder: C) -> (C, f64) {
        coder.plain(u64::from(grown.is_some()), 1);
        let mut model = vec![0.0; data.len()];
        if let Some(grown) = grown {
            coder.plain(grown.way.step as u64, STEP_BITS);
            let mut learnt = Learnt::default();
            for (tile, node) in self.field.cut().iter().zip(&grown.trees) {
                let mut values = vec![0.0; tile.len()];
                let context = (choice(grown.way.step), &tile.shape[..]);
                tree::code(Some(node), &Place::root(&tile.shape), context, (&mut learnt, &mut coder), &mut values);
                self.field.place::<T, _>(tile, &values, |value| value, &mut model);
            }
        }
        if self.field.is_bounded() || grown.is_none() {
            residual::code(Values::Known(data), &self.field.shape, &model, self.field.bound(), &mut coder);
            return (coder, 0.0);
        }
        let unit = self.field.unit::<T>();
        let error = |(value, &model): (&T, &f64)| (value.to_f64() - finite::<T>(model).to_f64()) / unit;
        (coder, data.iter().zip(&model).map(error).map(|error| error * error).sum())
    }

    fn grow(&self, tiles: &[Vec<f64>], way: Way) -> Grown {
        let choice = choice(way.step);
        let effort = Effort { least: LEAST, most: way.rank };
        let worth = 1.0 / (BIT * choice.step * choice.step);
        let bounded = self.field.is_bounded();
        let left = |values: &[f64]| -> f64 {
            if bounded {
                let outside = values.iter().map(|value| value.abs()).filter(|&size| size > 1.0);
                return outside.map(|size| way.outside + 2.0 * libm::log2(size)).sum();
            }
            values.iter().map(|value| value * value).sum::<f64>() * worth
        };
        let mut grower = Grower::new(choice, effort, left);
        let shapes = self.field.cut().into_iter().map(|tile| Place::root(&tile.shape));
        let grown: Vec<(Node, f64)> =
            tiles.iter().zip(shapes).map(|(values, place)| grower.grow(values.clone(), &place)).collect();
        let bits = grown.iter().map(|(_, bits)| bits).sum();
        Grown { way, trees: grown.into_iter().map(|(node, _)| node).collect(), bits }
    }

    fn ranks(&self) -> Vec<usize> {
        if self.rank == 0 { RANKS.to_vec() } else { vec![self.rank] }
    }

    /// The trees that cost least together with what brings every value within the bound.
    fn bounded<T: Element>(&self, data: &[T], tiles: &[Vec<f64>]) -> Option<Grown> {
        let attempt = |way: Way| {
            let grown = self.grow(tiles, way);
            let bits = self.write(data, Some(&grown), Cost::default()).0.bits;
            Grown { bits, ..grown }
        };
        let start = Way { step: FIRST, rank: 0, outside: OUTSIDE[0] };
        let by_rank = self.ranks().into_iter().map(|rank| attempt(Way { rank, ..start }));
        let mut best = by_rank.min_by(|a, b| a.bits.total_cmp(&b.bits))?;
        for stride in STRIDES {
            for up in [true, false] {
                loop {
                    let step = if up { best.way.step + stride } else { best.way.step.saturating_sub(stride) };
                    let next = attempt(Way { step: step.min(STEPS - 1), ..best.way });
                    if next.bits >= best.bits {
                        break;
                    }
                    best = next;
                }
            }
        }
        let others: Vec<Way> = OUTSIDE[1..].iter().map(|&outside| Way { outside, ..best.way }).collect();
        best = others.into_iter().map(attempt).fold(best, |best, next| if next.bits < best.bits { next } else { best });
        let without = self.write(data, None, Cost::default()).0.bits;
        (best.bits < without).then_some(best)
    }

    /// The trees of the widest step that keep the mean error.
    fn mean<T: Element>(&self, data: &[T], tiles: &[Vec<f64>]) -> Option<Grown> {
        let wanted = data.len() as f64;
        let keeps = |grown: &Grown| self.write(data, Some(grown), Cost::default()).1 <= wanted;
        let start = Way { step: FIRST, rank: 0, outside: 0.0 };
        let by_rank = self.ranks().into_iter().map(|rank| self.grow(tiles, Way { rank, ..start }));
        let way = by_rank.min_by(|a, b| a.bits.total_cmp(&b.bits))?.way;
        let (mut low, mut high, mut best) = (0, STEPS, None);
        let mut at = FIRST;
        for _ in 0..ROUNDS {
            let grown = self.grow(tiles, Way { step: at, ..way });
            if keeps(&grown) {
                (low, best) = (at + 1, Some(grown));
            } else {
                high = at;
            }
            if low >= high {
                break;
            }
            // The first steps are short: a search mostly ends near where it starts.
            at = if low == 0 || high == STEPS { (low * 3 + high) / 4 } else { (low + high) / 2 };
        }
        best
    }
}
