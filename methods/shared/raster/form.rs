//! What the values of an array are taken for.

use super::around::mark;
use super::floats::Floats;
use super::head::Plan;
use super::mirror::{self, Mirror};
use super::scale::{Entries, Scale, Whole};
use super::walk::{self, Detail};
use crate::api::{DType, Element};
use crate::shared::range::BitCoder;

/// How floats are predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the order of their bits: on a scale that is about logarithmic.
    Ranks,
    /// As values.
    Values,
    /// As values; below this power of two cells are of one width.
    Even(i32),
}

impl Mode {
    /// The power of two below which cells are of one width, if there is one.
    fn even(self) -> Option<i32> {
        if let Mode::Even(even) = self { Some(even) } else { None }
    }
}

/// What the values are taken for.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Integers.
    Integers,
    /// Floats without their lowest bits, with magnitudes below a power of two.
    Floats { shift: u32, exponent: i32, mode: Mode },
    /// Numbers of entries of a table: the ranks of the distinct values, ascending.
    Entries { shift: u32, ranks: Vec<i64> },
}

/// The rank of an integer: itself, but for 64-bit unsigned ones, which are moved down by half their range.
pub fn rank_of_integer<T: Element>(value: T) -> i64 {
    let bits = value.to_bits();
    match T::DTYPE {
        DType::U64 => (bits ^ 1 << 63) as i64,
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => {
            let unused = 64 - 8 * T::DTYPE.size() as u32;
            (bits << unused) as i64 >> unused
        }
        _ => bits as i64,
    }
}

/// Undoes [`rank_of_integer`]; what is outside the type wraps around.
pub fn integer<T: Element>(rank: i64) -> T {
    T::from_bits(if T::DTYPE == DType::U64 { rank as u64 ^ 1 << 63 } else { rank as u64 })
}

impl Form {
    /// The ranks of values without a table.
    pub fn plain_ranks<T: Element>(data: &[T], shift: u32) -> Vec<i64> {
        if !T::DTYPE.is_float() {
            return data.iter().map(|&value| rank_of_integer(value)).collect();
        }
        let floats = Floats::<T>::new(shift, 0, None);
        data.iter().map(|&value| floats.rank(value)).collect()
    }

    /// The values of ranks of this form.
    pub fn values<T: Element>(&self, ranks: &[i64], data: &mut [T]) {
        let plain = |rank: i64, floats: &Floats<T>| {
            if T::DTYPE.is_float() { floats.value(rank) } else { integer(rank) }
        };
        let shift = match self {
            Form::Integers => 0,
            Form::Floats { shift, .. } | Form::Entries { shift, .. } => *shift,
        };
        let floats = Floats::<T>::new(shift, 0, None);
        match self {
            Form::Entries { ranks: table, .. } => {
                let last = table.len() as i64 - 1;
                let entries: Vec<T> = table.iter().map(|&rank| plain(rank, &floats)).collect();
                data.iter_mut().zip(ranks).for_each(|(value, &rank)| *value = entries[rank.clamp(0, last) as usize]);
            }
            _ => data.iter_mut().zip(ranks).for_each(|(value, &rank)| *value = plain(rank, &floats)),
        }
    }

    /// Places of the entries of a table.
    fn places<T: Element>(shift: u32, ranks: &[i64]) -> Entries {
        if !T::DTYPE.is_float() {
            return Entries(ranks.iter().map(|&rank| rank as f64).collect());
        }
        let finite = ranks.iter().map(|&rank| Floats::<T>::new(shift, 0, None).value(rank).to_f64());
        let largest = finite.filter(|value| value.is_finite()).fold(0.0, |a: f64, b| a.max(b.abs()));
        let floats = Floats::<T>::new(shift, exponent(largest), None);
        Entries(ranks.iter().map(|&rank| floats.place(rank)).collect())
    }

    /// Codes the ranks of an array of `shape`; a decoder fills them in.
    pub fn code<T: Element>(
        &self,
        (ranks, shape): (&mut [i64], &[usize]),
        plan: &Plan,
        detail: Detail,
        knows: bool,
        coder: &mut impl BitCoder,
    ) {
        let array = walk::Array { ranks, shape, knows };
        match *self {
            Form::Integers | Form::Floats { mode: Mode::Ranks, .. } => walk::run(array, plan, &Whole, detail, coder),
            Form::Entries { shift, ref ranks } => {
                walk::run(array, plan, &Self::places::<T>(shift, ranks), detail, coder);
            }
            // Integers have no such form: one walk less to compile for each of their types.
            Form::Floats { shift, exponent, mode } if T::DTYPE == DType::F32 => {
                walk::run(array, plan, &Floats::<f32>::new(shift, exponent, mode.even()), detail, coder);
            }
            Form::Floats { shift, exponent, mode } => {
                walk::run(array, plan, &Floats::<f64>::new(shift, exponent, mode.even()), detail, coder);
            }
        }
    }

    /// The mark of the mean difference between neighbours among `ranks`.
    pub fn mean_mark<T: Element>(&self, ranks: &[i64]) -> u16 {
        match *self {
            Form::Integers | Form::Floats { mode: Mode::Ranks, .. } => mean_mark(ranks, &Whole),
            Form::Entries { shift, ranks: ref table } => mean_mark(ranks, &Self::places::<T>(shift, table)),
            Form::Floats { shift, exponent, mode } => mean_mark(ranks, &Floats::<T>::new(shift, exponent, mode.even())),
        }
    }

    /// Axes along which the values at `ranks` are mirror images of themselves.
    pub fn mirrors<T: Element>(&self, ranks: &[i64], shape: &[usize]) -> Vec<Mirror> {
        match self {
            Form::Floats { shift, exponent, .. } => {
                let floats = Floats::<T>::new(*shift, *exponent, None);
                mirror::find(shape, &|i| floats.place(ranks[i]))
            }
            Form::Entries { shift, ranks: table } => {
                let entries = Self::places::<T>(*shift, table);
                mirror::find(shape, &|i| entries.place(ranks[i]))
            }
            Form::Integers => mirror::find(shape, &|i| Whole.place(ranks[i])),
        }
    }
}

fn mean_mark<S: Scale>(ranks: &[i64], scale: &S) -> u16 {
    let places: Vec<f64> = ranks.iter().map(|&rank| scale.place(rank)).collect();
    let one = |pair: &[f64]| mark((pair[1] - pair[0]).abs() + scale.locate(pair[1]).gap * 0.5);
    let sum: i32 = places.windows(2).map(one).sum();
    let pairs = places.len().saturating_sub(1).max(1);
    (sum / pairs as i32) as u16
}

/// The power of two that a magnitude is below.
pub fn exponent(largest: f64) -> i32 {
    if largest > 0.0 { libm::ilogb(largest) + 1 } else { 0 }
}
