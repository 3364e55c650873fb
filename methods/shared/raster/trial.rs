//! The choice of form and plan, by what blocks of the array would take.

use rayon::prelude::*;

use super::form::{Form, Mode, exponent};
use super::head::{Head, MOST_ENTRIES, Plan, may_turn, turn};
use super::walk::Detail;
use crate::api::Element;
use crate::shared::blocks;
use crate::shared::mixing::Cost;
use crate::shared::parallel;

/// Values looked at, about; an array of at most so many is looked at whole.
const LOOKED_AT: usize = 1 << 13;
/// Widths of even cells that are tried: octaves below the largest magnitude.
const EVEN: [i32; 2] = [2, 6];
/// How many times the bits of several predictors that of one has to take for several to be chosen.
const WORTH_WHILE: f64 = 1.01;
/// Axes that differences are taken along together at first.
const TOGETHER: usize = 3;

/// An array without axes of length 1, as ranks without a table.
struct Subject<'a> {
    ranks: Vec<i64>,
    shape: &'a [usize],
    /// The distinct ranks, ascending.
    distinct: Vec<i64>,
    common: i64,
    shift: u32,
}

/// What is coded, and its ranks in the order in which they are coded.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// What was chosen.
    pub head: Head,
    /// Ranks of its form, the last axis first if it is turned.
    pub ranks: Vec<i64>,
    /// Whether values come again and again.
    pub repeats: bool,
}

impl Chosen {
    /// Bits that an array of `shape` takes, by those of blocks of about `part` values.
    pub fn bits<T: Element>(&self, shape: &[usize], detail: Detail, part: usize) -> f64 {
        let mut cost = Cost::default();
        Head::state::<T>(Some(&self.head), shape, detail, &mut cost);
        let besides = std::mem::take(&mut cost.bits);
        let (blocks, block) = blocks::sample(&self.ranks, &self.head.turned(shape), part);
        let sampled: usize = blocks.iter().map(Vec::len).sum();
        for mut ranks in blocks {
            self.head.form.code::<T>((&mut ranks, &block), &self.head.plan, detail, true, &mut cost);
        }
        besides + cost.bits * self.ranks.len() as f64 / sampled.max(1) as f64
    }
}

impl<'a> Subject<'a> {
    fn new<T: Element>(data: &[T], shape: &'a [usize]) -> Self {
        let shift = if T::DTYPE.is_float() { unused_bits(data) } else { 0 };
        let ranks = Form::plain_ranks(data, shift);
        let mut sorted = ranks.clone();
        sorted.par_sort_unstable();
        let runs = sorted.chunk_by(|a, b| a == b);
        let common = runs.max_by_key(|run| run.len()).map_or(0, |run| run[0]);
        sorted.dedup();
        Subject { ranks, shape, distinct: sorted, common, shift }
    }

    /// The forms that are worth a trial.
    fn forms<T: Element>(&self, data: &[T]) -> Vec<Form> {
        let mut forms = Vec::new();
        let (count, shift) = (self.distinct.len(), self.shift);
        if T::DTYPE.is_float() {
            let finite = data.iter().map(|value| value.to_f64().abs()).filter(|value| value.is_finite());
            let exponent = exponent(finite.fold(0.0, f64::max));
            let even = EVEN.map(|octaves| Mode::Even(exponent - octaves));
            let modes = [Mode::Values, Mode::Ranks].into_iter().chain(even);
            forms.extend(modes.map(|mode| Form::Floats { shift, exponent, mode }));
        } else {
            forms.push(Form::Integers);
        }
        let span = self.distinct.last().zip(self.distinct.first()).map_or(0, |(last, first)| last.abs_diff(*first));
        let few = count <= MOST_ENTRIES && count * 4 <= self.ranks.len();
        if few && (count as u64).saturating_mul(3) < span.saturating_mul(2) {
            forms.push(Form::Entries { shift, ranks: self.distinct.clone() });
        }
        forms
    }

    /// Ranks of a form, from those without a table.
    fn ranks(&self, form: &Form, ranks: &[i64]) -> Vec<i64> {
        match form {
            Form::Entries { ranks: table, .. } => ranks.iter().map(|rank| number(table, *rank)).collect(),
            _ => ranks.to_vec(),
        }
    }
}

fn number(table: &[i64], rank: i64) -> i64 {
    table.partition_point(|&entry| entry < rank) as i64
}

/// The lowest bits that are zero in all values.
fn unused_bits<T: Element>(data: &[T]) -> u32 {
    let sign = 1u64 << (8 * T::DTYPE.size() - 1);
    let used = data.iter().fold(0, |used, value| used | value.to_bits()) & !sign;
    if used == 0 { 0 } else { used.trailing_zeros() }.min(8 * T::DTYPE.size() as u32 - 9)
}

/// Blocks of an array to try things on.
struct Blocks {
    blocks: Vec<Vec<i64>>,
    shape: Vec<usize>,
    /// The part of the array that they are.
    share: f64,
}

impl Blocks {
    fn of(ranks: &[i64], shape: &[usize]) -> Self {
        let (blocks, block) = blocks::sample(ranks, shape, LOOKED_AT);
        let sampled: usize = blocks.iter().map(Vec::len).sum();
        Blocks { blocks, shape: block, share: sampled as f64 / ranks.len().max(1) as f64 }
    }

    /// Bits that the blocks would take, with their share of the head.
    fn bits<T: Element>(&self, head: &Head, subject: &Subject<'_>, detail: Detail) -> f64 {
        let mut besides = Cost::default();
        Head::state::<T>(Some(head), subject.shape, detail, &mut besides);
        let one = |block: &Vec<i64>| {
            let (mut ranks, mut cost) = (subject.ranks(&head.form, block), Cost::default());
            head.form.code::<T>((&mut ranks, &self.shape), &head.plan, detail, true, &mut cost);
            cost.bits
        };
        parallel::map(&self.blocks, one).iter().sum::<f64>() + besides.bits * self.share.min(1.0)
    }
}

/// Chooses for `data`, an array of `shape` without axes of length 1.
pub fn choose<T: Element>(data: &[T], shape: &[usize], detail: Detail) -> Chosen {
    let subject = Subject::new(data, shape);
    let blocks = Blocks::of(&subject.ranks, shape);
    let axes = (0..shape.len().min(TOGETHER)).collect();
    let plan = Plan { axes, several: detail == Detail::Many, start: 0, mirrors: Vec::new(), common: None };
    let heads = subject.forms(data).into_iter().map(|form| {
        let start = start::<T>(&form, &subject.ranks(&form, &blocks.blocks[0]));
        Head { form, plan: Plan { start, ..plan.clone() }, turned: false }
    });
    let mut best = Best { bits: f64::INFINITY, head: None };
    best.consider_all::<T>(heads.collect(), &subject, &blocks, detail);
    let mirrored = best.head().form.mirrors::<T>(&subject.ranks(&best.head().form, &subject.ranks), shape);
    let repeats = !mirrored.is_empty() || subject.distinct.len() * 10 <= subject.ranks.len() * 9;
    if repeats {
        let mut head = best.head().clone();
        head.plan.common = Some(number_in(&head.form, subject.common));
        best.consider(blocks.bits::<T>(&head, &subject, detail), head);
    }
    let blocks = turn_if_better::<T>(&mut best, &subject, blocks, detail);
    drop_axes::<T>(&mut best, &subject, &blocks, detail);
    if detail == Detail::Few && shape.len() > 1 {
        try_several::<T>(&mut best, &subject, &blocks);
    }
    finish::<T>(best, &subject, repeats)
}

/// The best so far.
struct Best {
    bits: f64,
    head: Option<Head>,
}

impl Best {
    fn consider(&mut self, bits: f64, head: Head) -> bool {
        let better = bits < self.bits || self.head.is_none();
        if better {
            *self = Best { bits, head: Some(head) };
        }
        better
    }

    /// Considers heads by what blocks take with them; whether one is better.
    fn consider_all<T: Element>(
        &mut self,
        heads: Vec<Head>,
        subject: &Subject<'_>,
        blocks: &Blocks,
        detail: Detail,
    ) -> bool {
        let bits = parallel::map(&heads, |head| blocks.bits::<T>(head, subject, detail));
        bits.into_iter().zip(heads).fold(false, |better, (bits, head)| self.consider(bits, head) || better)
    }

    fn head(&self) -> &Head {
        self.head.as_ref().expect("a form is always considered")
    }
}

fn number_in(form: &Form, rank: i64) -> i64 {
    if let Form::Entries { ranks, .. } = form { number(ranks, rank) } else { rank }
}

/// Tries the last axis first, and returns blocks of what is better.
fn turn_if_better<T: Element>(best: &mut Best, subject: &Subject<'_>, blocks: Blocks, detail: Detail) -> Blocks {
    if !may_turn(subject.shape) {
        return blocks;
    }
    let head = Head { turned: true, ..best.head().clone() };
    let last = subject.shape.last().copied().unwrap_or(1);
    let turned = Blocks::of(&turn(&subject.ranks, last), &head.turned(subject.shape));
    // The blocks differ: what counts is bits for each value.
    let bits = turned.bits::<T>(&head, subject, detail) * blocks.share / turned.share;
    if best.consider(bits, head) {
        best.bits *= turned.share / blocks.share;
        without_repeats::<T>(best, subject, &turned, detail);
        return turned;
    }
    blocks
}

/// Looks for no repeats if that is better; what comes again in one order of the axes need not in another.
fn without_repeats<T: Element>(best: &mut Best, subject: &Subject<'_>, blocks: &Blocks, detail: Detail) {
    let mut head = best.head().clone();
    if head.plan.common.take().is_some() {
        best.consider(blocks.bits::<T>(&head, subject, detail), head);
    }
}

/// Takes several predictors, which take their time, if that gains something worth while; what comes again may be worth
/// less to them.
fn try_several<T: Element>(best: &mut Best, subject: &Subject<'_>, blocks: &Blocks) {
    let mut head = best.head().clone();
    head.plan.several = true;
    let bits = blocks.bits::<T>(&head, subject, Detail::Few);
    let mut several = Best { bits, head: Some(head) };
    without_repeats::<T>(&mut several, subject, blocks, Detail::Few);
    if several.bits * WORTH_WHILE < best.bits {
        *best = several;
    }
}

/// Leaves out one axis of the differences after the other while that pays; along one alone, a row's points stay.
fn drop_axes<T: Element>(best: &mut Best, subject: &Subject<'_>, blocks: &Blocks, detail: Detail) {
    loop {
        let head = best.head().clone();
        let without = (0..head.plan.axes.len()).map(|index| {
            let mut head = head.clone();
            head.plan.axes.remove(index);
            head
        });
        let heads = without.filter(|head| !head.plan.axes.is_empty()).collect();
        if !best.consider_all::<T>(heads, subject, blocks, detail) {
            return;
        }
    }
}

/// The ranks of what was chosen, and what is found in them: mirrors, and how large errors are at first.
fn finish<T: Element>(best: Best, subject: &Subject<'_>, repeats: bool) -> Chosen {
    let mut head = best.head().clone();
    let mut ranks = subject.ranks(&head.form, &subject.ranks);
    if head.turned {
        ranks = turn(&ranks, subject.shape.last().copied().unwrap_or(1));
    }
    head.plan.mirrors = head.form.mirrors::<T>(&ranks, &head.turned(subject.shape));
    Chosen { head, ranks, repeats }
}

/// The mark of the mean difference of neighbours in a row.
fn start<T: Element>(form: &Form, ranks: &[i64]) -> u16 {
    form.mean_mark::<T>(&ranks[..ranks.len().min(512)])
}
