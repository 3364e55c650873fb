//! What was chosen for an array, as it is stated at the start of the stream.

use super::blend::Predictors;
use super::floats::Floats;
use super::form::{Form, Mode, integer};
use super::mirror::Mirror;
use super::rest::{Numbers, plain};
use super::walk::Detail;
use crate::api::Element;
use crate::shared::range::BitCoder;

/// Most entries of a table.
pub const MOST_ENTRIES: usize = 1 << 16;
/// Exponents are stated relative to this.
const LEAST_EXPONENT: i32 = -1100;
/// Axes that predictors look along, counted from the last.
const AXES: usize = 4;
/// A last axis up to this length may come first instead.
pub const SHORT: usize = 64;

/// How ranks are predicted and coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Axes that differences are taken along, 0 the last, ascending.
    pub axes: Vec<usize>,
    /// Whether there are several predictors by differences; with [`Detail::Many`] there always are.
    pub several: bool,
    /// The mark that errors have before any is known.
    pub start: u16,
    /// Mirrors in the array.
    pub mirrors: Vec<Mirror>,
    /// The commonest rank, if values are looked for among those before them.
    pub common: Option<i64>,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// What the values are taken for.
    pub form: Form,
    /// How they are coded.
    pub plan: Plan,
    /// Whether the last axis comes first.
    pub turned: bool,
}

impl Plan {
    /// The predictors of an array of so many axes, the planes of which may be channels.
    pub fn predictors(&self, rank: usize, channels: bool, detail: Detail) -> Predictors {
        let many = detail == Detail::Many;
        let mut others: Vec<Vec<usize>> = (0..rank.min(AXES)).map(|axis| vec![axis]).collect();
        if channels || !many {
            others.push(vec![0, 1]);
        }
        if channels {
            others.extend([vec![0, 1, 2], vec![0, 2], vec![1, 2]]);
        }
        others.retain(|set| self.several && *set != self.axes);
        let sets = [vec![self.axes.clone()], others].concat();
        let slanted = self.several && (channels || !many && rank == 2);
        Predictors { sets, slanted, follows: many }
    }

    fn state(known: Option<&Self>, rank: usize, detail: Detail, coder: &mut impl BitCoder) -> Self {
        let has = |axis: &usize| known.is_some_and(|plan| plan.axes.contains(axis));
        let axes = (0..rank.min(AXES)).filter(|axis| bit(has(axis), coder)).collect();
        let may = detail == Detail::Few && rank > 1;
        let several = if may { bit(known.is_some_and(|plan| plan.several), coder) } else { detail == Detail::Many };
        let start = plain(known.map_or(0, |plan| u64::from(plan.start)), 15, coder) as u16;
        let mut mirrors = Vec::new();
        if bit(known.is_some_and(|plan| !plan.mirrors.is_empty()), coder) {
            for axis in 0..rank.min(AXES) {
                let mirror = known.and_then(|plan| plan.mirrors.iter().find(|mirror| mirror.axis == axis));
                if bit(mirror.is_some(), coder) {
                    mirrors.push(Mirror { axis, negated: bit(mirror.is_some_and(|mirror| mirror.negated), coder) });
                }
            }
        }
        let common = known.and_then(|plan| plan.common);
        let common = bit(common.is_some(), coder).then(|| plain64(common.unwrap_or(0) as u64, coder) as i64);
        Plan { axes, several, start, mirrors, common }
    }
}

fn bit(set: bool, coder: &mut impl BitCoder) -> bool {
    coder.plain(u64::from(set), 1) == 1
}

fn plain64(value: u64, coder: &mut impl BitCoder) -> u64 {
    plain(value >> 32, 32, coder) << 32 | plain(value, 32, coder)
}

fn state_exponent(known: i32, coder: &mut impl BitCoder) -> i32 {
    plain((known - LEAST_EXPONENT) as u64, 12, coder) as i32 + LEAST_EXPONENT
}

impl Form {
    fn state<T: Element>(known: Option<&Self>, len: usize, coder: &mut impl BitCoder) -> Option<Self> {
        let shift = match known {
            Some(Form::Floats { shift, .. } | Form::Entries { shift, .. }) => *shift,
            _ => 0,
        };
        let mut table = bit(matches!(known, Some(Form::Entries { .. })), coder);
        let shift = if T::DTYPE.is_float() { plain(u64::from(shift), 6, coder) as u32 } else { 0 };
        // No encoder takes more bits away than a significand has.
        let sensible = shift as usize <= 8 * T::DTYPE.size() - 9;
        table &= len > 0;
        if !sensible {
            return None;
        }
        if table {
            let ranks = if let Some(Form::Entries { ranks, .. }) = known { Some(&ranks[..]) } else { None };
            return Some(Form::Entries { shift, ranks: entries::<T>(ranks, shift, len, coder)? });
        }
        if !T::DTYPE.is_float() {
            return Some(Form::Integers);
        }
        let (exponent, mode) = match known {
            Some(Form::Floats { exponent, mode, .. }) => (*exponent, *mode),
            _ => (0, Mode::Values),
        };
        let exponent = state_exponent(exponent, coder);
        let mode = if bit(mode == Mode::Ranks, coder) {
            Mode::Ranks
        } else {
            let even = if let Mode::Even(even) = mode { Some(even) } else { None };
            let there = bit(even.is_some(), coder);
            if there { Mode::Even(state_exponent(even.unwrap_or(0), coder)) } else { Mode::Values }
        };
        Some(Form::Floats { shift, exponent, mode })
    }
}

/// States the ranks of a table, ascending, of which an array of `len` values has no more than so many.
fn entries<T: Element>(known: Option<&[i64]>, shift: u32, len: usize, coder: &mut impl BitCoder) -> Option<Vec<i64>> {
    let count = plain(known.map_or(0, |ranks| ranks.len() as u64 - 1), 16, coder) as usize + 1;
    if count > len {
        return None;
    }
    let mut models = Numbers::new(17);
    let mut before = plain64(known.map_or(0, |ranks| ranks[0] as u64), coder) as i64;
    let (mut ranks, mut context) = (vec![before], 0);
    for i in 1..count {
        let gap = models.code(known.map_or(0, |ranks| (ranks[i].wrapping_sub(before)) as u64 - 1), context, coder);
        context = (64 - gap.leading_zeros() as usize).div_ceil(4);
        // Ascending: what leaves the range of ranks is no table.
        before = before.checked_add_unsigned(gap)?.checked_add(1)?;
        ranks.push(before);
    }
    let plain = |rank: i64| match T::DTYPE.is_float() {
        true => Floats::<T>::new(shift, 0, None).rank(Floats::<T>::new(shift, 0, None).value(rank)),
        false => super::form::rank_of_integer(integer::<T>(rank)),
    };
    ranks.iter().all(|&rank| plain(rank) == rank).then_some(ranks)
}

impl Head {
    /// States it for an array of `shape`; `known` is that of an encoder. `None` if no encoder states it.
    pub fn state<T: Element>(
        known: Option<&Self>,
        shape: &[usize],
        detail: Detail,
        coder: &mut impl BitCoder,
    ) -> Option<Self> {
        let form = Form::state::<T>(known.map(|head| &head.form), shape.iter().product(), coder)?;
        let may_turn = may_turn(shape);
        let turned = may_turn && bit(known.is_some_and(|head| head.turned), coder);
        let plan = Plan::state(known.map(|head| &head.plan), shape.len(), detail, coder);
        Some(Head { form, plan, turned })
    }

    /// The shape in which ranks are coded.
    pub fn turned(&self, shape: &[usize]) -> Vec<usize> {
        let mut shape = shape.to_vec();
        if self.turned {
            shape.rotate_right(1);
        }
        shape
    }
}

/// Whether the last axis of an array may come first: it is short, and there are others.
pub fn may_turn(shape: &[usize]) -> bool {
    shape.len() > 1 && shape.last().is_some_and(|&last| last <= SHORT)
}

/// The elements of an array whose last axis has length `last`, that axis first.
pub fn turn<T: Copy>(values: &[T], last: usize) -> Vec<T> {
    (0..last).flat_map(|start| values.iter().skip(start).step_by(last).copied()).collect()
}

/// Undoes [`turn`].
pub fn turn_back<T: Copy + Default>(values: &[T], last: usize) -> Vec<T> {
    let mut back = vec![T::default(); values.len()];
    for (start, plane) in values.chunks(values.len() / last.max(1)).enumerate() {
        plane.iter().zip(back.iter_mut().skip(start).step_by(last)).for_each(|(&value, slot)| *slot = value);
    }
    back
}
