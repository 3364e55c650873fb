//! How often each symbol occurs under each context, what that says about their size, and which contexts are better off
//! with one table in common.

use super::adaptive;
use crate::shared::entropy::class::{CLASSES, raw_bits};
use crate::shared::entropy::histogram::{Histogram, log2};

/// Rough price of one table entry, in 1/65536 bits.
const ENTRY_COST: u64 = 5 << 16;
/// Contexts there may be.
const CONTEXTS: usize = 256;

/// Counts of the symbols under each context.
#[derive(Clone, Debug)]
pub struct Counts {
    /// By context, then by symbol.
    counts: Vec<[u32; CLASSES]>,
}

impl Default for Counts {
    fn default() -> Self {
        Self::new()
    }
}

impl Counts {
    /// Of nothing.
    pub fn new() -> Self {
        Counts { counts: vec![[0; CLASSES]; CONTEXTS] }
    }

    /// Starts again.
    pub fn clear(&mut self) {
        self.counts.fill([0; CLASSES]);
    }

    /// Counts more symbols, of which there may be 2^31 in all.
    pub fn add(&mut self, symbols: &[u8], contexts: &[u8]) {
        let Ok(counts) = <&mut [[u32; CLASSES]; CONTEXTS]>::try_from(&mut self.counts[..]) else { return };
        for (&symbol, &context) in symbols.iter().zip(contexts) {
            counts[usize::from(context)][usize::from(symbol) & (CLASSES - 1)] += 1;
        }
    }

    /// Contexts that have symbols, and their counts.
    fn used(&self) -> impl Iterator<Item = (usize, &[u32; CLASSES])> {
        // All counts together: vectors take fewer instructions than looking for the first.
        self.counts.iter().enumerate().filter(|(_, row)| row.iter().fold(0, |all, count| all | count) > 0)
    }

    /// Adaptive decisions that all symbols would take.
    pub(super) fn decisions(&self) -> u64 {
        let of = |(symbol, &count): (usize, &u32)| u64::from(count) * adaptive::decisions(symbol);
        let used = self.used().map(|(_, row)| row);
        used.map(|row| row.iter().enumerate().filter(|pair| *pair.1 > 0).map(of).sum::<u64>()).sum()
    }

    /// About how many bits the symbols take, with the raw bits that belong to them: for each context those counted,
    /// times its `scale`, and a table.
    pub fn bits(&self, scale: impl Fn(usize) -> f64) -> f64 {
        let mut bits = 0.0;
        for (context, row) in self.used() {
            let (mut total, mut sum, mut entries, mut raw) = (0u64, 0u64, 0u64, 0u64);
            for (symbol, &count) in row.iter().enumerate().filter(|(_, count)| **count > 0) {
                let count = u64::from(count);
                total += count;
                sum += count * log2(count);
                entries += 1;
                raw += count * u64::from(raw_bits(symbol));
            }
            let coded = (total * log2(total)).saturating_sub(sum) as f64 / 65536.0;
            bits += (coded + raw as f64) * scale(context) + (entries * (ENTRY_COST >> 16)) as f64;
        }
        bits
    }

    /// Joins neighbouring contexts while that saves bytes, and until at most `most` tables are left.
    ///
    /// Returns the number of the table of each context up to the highest in use, and the histograms of the tables.
    pub(super) fn cluster(&self, most: usize) -> (Vec<u8>, Vec<Histogram>) {
        let mut groups: Vec<Group> = self.used().filter_map(|(context, row)| Group::new(context, row)).collect();
        let mut savings: Vec<i64> = groups.windows(2).map(|pair| pair[0].saving(&pair[1])).collect();
        while let Some((at, &saving)) = savings.iter().enumerate().max_by_key(|(at, saving)| (**saving, *at)) {
            if saving < 0 && groups.len() <= most.max(1) {
                break;
            }
            let other = groups.remove(at + 1);
            savings.remove(at);
            groups[at].absorb(&other);
            if at > 0 {
                savings[at - 1] = groups[at - 1].saving(&groups[at]);
            }
            if at < savings.len() {
                savings[at] = groups[at].saving(&groups[at + 1]);
            }
        }
        let mut map = Vec::new();
        for (table, group) in groups.iter().enumerate() {
            map.resize(group.last + 1, table as u8);
        }
        (map, groups.into_iter().map(|group| group.counts).collect())
    }
}

/// Contexts that share a table: a range of them.
struct Group {
    last: usize,
    counts: Histogram,
    /// Symbols that occur are below this.
    limit: usize,
    cost: u64,
}

impl Group {
    fn new(context: usize, row: &[u32; CLASSES]) -> Option<Self> {
        let limit = CLASSES - row.iter().rev().take_while(|count| **count == 0).count();
        let mut group = Group { last: context, counts: row.map(u64::from), limit, cost: 0 };
        group.cost = cost(group.counts[..limit].iter().copied());
        (limit > 0).then_some(group)
    }

    /// What one table in common saves, in 1/65536 bits.
    fn saving(&self, other: &Group) -> i64 {
        let limit = self.limit.max(other.limit);
        let both = self.counts[..limit].iter().zip(&other.counts[..limit]).map(|(a, b)| a + b);
        (self.cost + other.cost) as i64 - cost(both) as i64
    }

    fn absorb(&mut self, other: &Group) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| *a += b);
        self.last = other.last;
        self.limit = self.limit.max(other.limit);
        self.cost = cost(self.counts[..self.limit].iter().copied());
    }
}

/// Bits that the symbols take under a table of their own, and that table, in 1/65536 bits.
fn cost(counts: impl Iterator<Item = u64>) -> u64 {
    let (mut total, mut sum, mut entries) = (0u64, 0u64, 0u64);
    for count in counts {
        total += count;
        sum += count * log2(count);
        entries += u64::from(count > 0);
    }
    (total * log2(total)).saturating_sub(sum) + entries * ENTRY_COST
}
