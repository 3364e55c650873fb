//! How often each class occurs under each context, and which contexts are better off with one table in common.

use super::class::{CLASSES, raw_bits};

/// Counts of the classes under one table.
pub(super) type Histogram = [u64; CLASSES];

/// Rough price of one table entry, in 1/65536 bits.
const ENTRY_COST: u64 = 5 << 16;

/// Fractional bits of [`log2`].
const LOG_BITS: u32 = 16;

/// `2^16 log2(1 + i/256)`, computed by repeated squaring so that no library's rounding enters a payload.
const LOG_TABLE: [u32; 257] = log_table();

const fn log_table() -> [u32; 257] {
    let mut table = [0; 257];
    let mut i = 0;
    while i <= 256 {
        let mut x = (256 + i as u64) << 22;
        let (mut result, mut bit) = (0u32, LOG_BITS + 1);
        if x >= 1 << 31 {
            result = 1 << LOG_BITS;
            x >>= 1;
        }
        while bit > 1 {
            bit -= 1;
            x = (x * x) >> 30;
            if x >= 1 << 31 {
                result += 1 << (bit - 1);
                x >>= 1;
            }
        }
        table[i] = result;
        i += 1;
    }
    table
}

/// `2^16 log2(value)`; 0 for 0.
pub(super) fn log2(value: u64) -> u64 {
    if value == 0 {
        return 0;
    }
    let exponent = value.ilog2();
    let mantissa = if exponent >= 16 { value >> (exponent - 16) } else { value << (16 - exponent) } & 0xffff;
    let (slot, rest) = ((mantissa >> 8) as usize, mantissa & 255);
    let (low, high) = (u64::from(LOG_TABLE[slot]), u64::from(LOG_TABLE[slot + 1]));
    (u64::from(exponent) << LOG_BITS) + low + (((high - low) * rest) >> 8)
}

/// Bits that the classes of a histogram take under their own ideal table, in 1/65536 bits, and the table's entries.
fn ideal(counts: impl Iterator<Item = u64>) -> (u64, u64) {
    let (mut total, mut sum, mut entries) = (0u64, 0u64, 0u64);
    for count in counts {
        if count > 0 {
            total += count;
            sum += count * log2(count);
            entries += 1;
        }
    }
    ((total * log2(total)).saturating_sub(sum), entries)
}

/// The same with the table included.
fn cost(counts: impl Iterator<Item = u64>) -> u64 {
    let (bits, entries) = ideal(counts);
    bits + entries * ENTRY_COST
}

/// Bits of the classes under a table per context, of those tables times `part / whole`, and of the raw bits.
pub(super) fn bits(histograms: &[[u32; CLASSES]], part: u64, whole: u64) -> u64 {
    let of = |counts: &[u32; CLASSES]| {
        let counts = counts.map(u64::from);
        let (bits, entries) = ideal(counts.into_iter());
        let raw = counts.iter().enumerate().map(|(class, count)| count * u64::from(raw_bits(class))).sum::<u64>();
        ((bits + entries * ENTRY_COST * part / whole) >> LOG_BITS) + raw
    };
    histograms.iter().filter(|counts| counts.iter().any(|&count| count > 0)).map(of).sum()
}

/// Joins contexts while that saves bytes.
///
/// `histograms` holds one histogram for every context up to the highest in use. Returns the number of the table for
/// each, tables numbered by first use, and the histograms of the tables. `most` limits the number of tables.
pub(super) fn cluster(histograms: &[Histogram], most: usize) -> (Vec<u8>, Vec<Histogram>) {
    let mut groups: Vec<Group> = histograms
        .iter()
        .enumerate()
        .filter(|(_, counts)| counts.iter().any(|&count| count > 0))
        .map(|(context, counts)| Group::new(vec![context as u8], *counts))
        .collect();
    while groups.len() > most.max(1) {
        join_rarest(&mut groups);
    }
    join_while_it_pays(&mut groups);
    let mut map = vec![None; histograms.len()];
    for (table, group) in groups.iter().enumerate() {
        group.contexts.iter().for_each(|&context| map[usize::from(context)] = Some(table as u8));
    }
    number_by_first_use(map, &groups)
}

/// Contexts that share a table.
struct Group {
    contexts: Vec<u8>,
    counts: Histogram,
    total: u64,
    cost: u64,
}

impl Group {
    fn new(contexts: Vec<u8>, counts: Histogram) -> Self {
        Group { contexts, total: counts.iter().sum(), cost: cost(counts.iter().copied()), counts }
    }

    fn with(&self, other: &Group) -> u64 {
        cost(self.counts.iter().zip(&other.counts).map(|(a, b)| a + b))
    }

    fn absorb(&mut self, other: Group) {
        let mut contexts = std::mem::take(&mut self.contexts);
        contexts.extend(other.contexts);
        let mut counts = self.counts;
        counts.iter_mut().zip(&other.counts).for_each(|(a, b)| *a += b);
        *self = Group::new(contexts, counts);
    }
}

/// Joins the group with the fewest symbols to a neighbour: methods number similar contexts side by side.
fn join_rarest(groups: &mut Vec<Group>) {
    let rarest = (0..groups.len()).min_by_key(|&index| groups[index].total).unwrap_or(0);
    let into = if rarest == 0 { 1 } else { rarest - 1 };
    let group = groups.remove(rarest);
    let into = if into > rarest { into - 1 } else { into };
    groups[into].absorb(group);
}

/// Greedy agglomeration: joins the pair that saves most until no pair saves anything.
fn join_while_it_pays(groups: &mut Vec<Group>) {
    let saving = |a: &Group, b: &Group| (a.cost + b.cost) as i64 - a.with(b) as i64;
    let mut savings: Vec<Vec<i64>> =
        (0..groups.len()).map(|j| (0..j).map(|i| saving(&groups[i], &groups[j])).collect()).collect();
    loop {
        let pairs =
            savings.iter().enumerate().flat_map(|(j, row)| row.iter().enumerate().map(move |(i, &s)| (s, i, j)));
        let Some((best, i, j)) = pairs.max_by_key(|&(saved, i, j)| (saved, i, j)).filter(|pair| pair.0 >= 0) else {
            return;
        };
        debug_assert!(best >= 0);
        let group = groups.remove(j);
        savings.remove(j);
        savings.iter_mut().skip(j).for_each(|row| {
            row.remove(j);
        });
        groups[i].absorb(group);
        for k in (0..groups.len()).filter(|&k| k != i) {
            savings[k.max(i)][k.min(i)] = saving(&groups[k], &groups[i]);
        }
    }
}

fn number_by_first_use(map: Vec<Option<u8>>, groups: &[Group]) -> (Vec<u8>, Vec<Histogram>) {
    let (mut order, mut previous) = (Vec::new(), 0);
    let numbered = map
        .into_iter()
        .map(|table| {
            // A context without symbols takes its neighbour's table: that is cheapest to say.
            if let Some(table) = table {
                previous = order.iter().position(|&seen| seen == table).unwrap_or_else(|| {
                    order.push(table);
                    order.len() - 1
                });
            }
            previous as u8
        })
        .collect();
    (numbered, order.into_iter().map(|table| groups[usize::from(table)].counts).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log2_is_right_to_four_digits_and_rises() {
        for value in (1..5000).chain([1 << 40, u64::MAX]) {
            let exact = (value as f64).log2() * 65536.0;
            assert!((log2(value) as f64 - exact).abs() < 8.0, "{value}: {} {exact}", log2(value));
            assert!(value == u64::MAX || log2(value) <= log2(value + 1));
        }
    }

    fn histogram(counts: &[(usize, u64)]) -> Histogram {
        let mut histogram = [0; CLASSES];
        counts.iter().for_each(|&(class, count)| histogram[class] = count);
        histogram
    }

    #[test]
    fn alike_contexts_share_a_table_and_different_ones_do_not() {
        let flat = histogram(&[(0, 1000), (2, 1000), (3, 1000)]);
        let steep = histogram(&[(0, 9000), (2, 50), (3, 50)]);
        let (map, tables) = cluster(&[flat, steep, flat, histogram(&[]), steep], 64);
        assert_eq!((map, tables.len()), (vec![0, 1, 0, 0, 1], 2));
    }

    #[test]
    fn rare_contexts_are_joined_and_the_limit_holds() {
        let many: Vec<Histogram> = (0..100).map(|i| histogram(&[(2 + i % 7, 5), (20 + i % 9, 3)])).collect();
        let (map, tables) = cluster(&many, 8);
        assert!(tables.len() <= 8 && map.len() == 100);
        let all: u64 = tables.iter().flatten().sum();
        assert_eq!(all, 800);
    }
}
