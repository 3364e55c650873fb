//! Values that have been there before, bit for bit: next to the point, where what came before was the same, or most often
//! in the array.

use super::mirror::{self, Mirror};
use super::neighbours::{At, Rows};
use crate::shared::mixing::Mixer;
use crate::shared::range::{Bit, BitCoder};

/// Candidates: the image under a mirror, what followed where the values before were the same, the points before along up
/// to four axes, and the commonest value.
const KINDS: usize = 7;
const IMAGE: usize = 0;
const MATCH: usize = 1;
const COMMON: usize = 6;
/// Ranks that have to be the same.
const LEAST: usize = 4;
/// Ranks that are looked at to tell how long a match is.
const LONGEST: usize = 24;
const CONTEXTS: usize = 3;
/// Outcomes of late; which candidates agree; outcomes next to the point, and the length of the match.
const COUNTS: [usize; CONTEXTS] = [KINDS * 64, KINDS * 128, KINDS * 64];

/// What was there before, and how often it came again.
#[derive(Debug)]
pub struct Repeats<'a> {
    common: i64,
    mirrors: &'a [Mirror],
    back: [Option<usize>; 4],
    candidates: [Option<i64>; KINDS],
    history: [u8; KINDS],
    /// By element: which candidates were right.
    right: Vec<u8>,
    table: Vec<u32>,
    matched: usize,
    length: usize,
    models: Vec<Bit>,
    mixer: Mixer<CONTEXTS>,
}

impl<'a> Repeats<'a> {
    /// `common`: the commonest rank.
    pub fn new(rows: &Rows, common: i64, mirrors: &'a [Mirror]) -> Self {
        let count = rows.count * rows.len;
        Repeats {
            common,
            mirrors,
            back: [None; 4],
            candidates: [None; KINDS],
            history: [0; KINDS],
            right: vec![0; count],
            table: vec![0; count.next_power_of_two().clamp(16, 1 << 20)],
            matched: 0,
            length: 0,
            models: vec![Bit::default(); COUNTS.iter().sum()],
            mixer: Mixer::new(KINDS),
        }
    }

    /// Begins a row.
    pub fn enter(&mut self, rows: &Rows, at: &At) {
        self.back[0] = Some(1);
        for (k, back) in self.back[1..].iter_mut().enumerate() {
            *back = (at[k][0] > 0).then(|| rows.steps[k] * rows.len);
        }
    }

    fn find(&mut self, ranks: &[i64], [index, column]: [usize; 2], (rows, at): (&Rows, &At)) {
        let image = mirror::image(self.mirrors, rows, at, column).filter(|&(_, negated)| !negated);
        self.candidates[IMAGE] = image.map(|([back, _], _)| ranks[index - back]);
        self.candidates[MATCH] = (self.length > 0).then(|| ranks[self.matched]);
        for (candidate, back) in self.candidates[MATCH + 1..COMMON].iter_mut().zip(self.back) {
            *candidate = back.filter(|&back| back <= index).map(|back| ranks[index - back]);
        }
        self.candidates[COMMON] = Some(self.common);
    }

    /// Codes whether the rank at an index, in that column of its row, is one of the candidates, and if so which.
    pub fn code(
        &mut self,
        ranks: &[i64],
        [index, column]: [usize; 2],
        at: (&Rows, &At),
        known: Option<i64>,
        coder: &mut impl BitCoder,
    ) -> Option<i64> {
        self.find(ranks, [index, column], at);
        let near = |back: Option<usize>| back.filter(|&back| back <= index).map_or(0, |back| self.right[index - back]);
        let near = [near(self.back[0]), near(self.back[1]), near(self.back[2].or(self.back[3]))];
        let length = (self.length.min(LONGEST) as u32 + 1).ilog2() as usize;
        for (kind, candidate) in self.candidates.into_iter().enumerate() {
            if candidate.is_none() || self.candidates[..kind].contains(&candidate) {
                continue;
            }
            let agree = self.candidates.iter().fold(0, |mask, other| mask << 1 | usize::from(*other == candidate));
            let beside = near.iter().fold(0, |mask, right| mask << 1 | usize::from(right >> kind & 1));
            let slots = [
                kind * 64 + usize::from(self.history[kind] & 63),
                COUNTS[0] + kind * 128 + agree,
                COUNTS[0] + COUNTS[1] + (kind * 8 + beside) * 8 + if kind == MATCH { length } else { 0 },
            ];
            if self.mixer.code(known == candidate, (&mut self.models[..], slots), kind, coder) {
                return candidate;
            }
        }
        None
    }

    /// Takes note of the rank at `index`, which was coded last.
    pub fn learn(&mut self, ranks: &[i64], index: usize) {
        let rank = Some(ranks[index]);
        let mut right = 0;
        for (kind, (candidate, history)) in self.candidates.iter().zip(&mut self.history).enumerate() {
            if candidate.is_some() {
                right |= u8::from(*candidate == rank) << kind;
                *history = *history << 1 | u8::from(*candidate == rank);
            }
        }
        self.right[index] = right;
        self.follow(ranks, index);
    }

    /// Goes on with a match, or looks for one.
    fn follow(&mut self, ranks: &[i64], index: usize) {
        if self.length > 0 && ranks[self.matched] == ranks[index] {
            (self.matched, self.length) = (self.matched + 1, self.length + 1);
        } else {
            self.length = 0;
        }
        if index + 1 < LEAST || index >= u32::MAX as usize {
            return;
        }
        let slot = self.slot(&ranks[index + 1 - LEAST..=index]);
        let found = self.table[slot] as usize;
        if self.length == 0 && found > 0 {
            let same = |n: &usize| *n < found && ranks[found - 1 - n] == ranks[index - n];
            let length = (0..LONGEST.min(index)).take_while(same).count();
            if length >= LEAST {
                (self.matched, self.length) = (found, length);
            }
        }
        self.table[slot] = index as u32 + 1;
    }

    fn slot(&self, ranks: &[i64]) -> usize {
        let hash = ranks
            .iter()
            .fold(0u64, |hash, &rank| (hash ^ rank as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23));
        (hash >> 20) as usize & (self.table.len() - 1)
    }
}
