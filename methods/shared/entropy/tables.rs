//! Frequency tables: from counts to 4096ths, to bytes, and to what the coder looks up.

use super::class::CLASSES;
use super::histogram::Histogram;
use crate::shared::range::{Bit, BitTree, RangeDecoder, RangeEncoder};

/// Frequencies are in units of 1/4096.
pub(super) const SCALE_BITS: u32 = 12;
/// Sum of the frequencies of a table.
pub(super) const SCALE: u32 = 1 << SCALE_BITS;
/// Most tables of one payload.
pub(super) const MOST_TABLES: usize = 64;

/// Frequencies of the classes; they add up to [`SCALE`].
pub(super) type Frequencies = [u16; CLASSES];

/// Scales counts so that they add up to [`SCALE`] and no class that occurs is left without a share.
pub(super) fn normalise(counts: &Histogram) -> Frequencies {
    let total = counts.iter().sum::<u64>().max(1);
    let mut frequencies = [0u16; CLASSES];
    for (frequency, &count) in frequencies.iter_mut().zip(counts) {
        if count > 0 {
            *frequency = ((count * u64::from(SCALE) + total / 2) / total).max(1) as u16;
        }
    }
    let sum: i64 = frequencies.iter().map(|&frequency| i64::from(frequency)).sum();
    let mut error = sum - i64::from(SCALE);
    // What rounding left over goes to, or comes from, the most frequent classes, where it changes least.
    while error != 0 {
        let largest = (0..CLASSES).max_by_key(|&class| (frequencies[class], CLASSES - class)).unwrap_or(0);
        let step = if error > 0 { error.min(i64::from(frequencies[largest]) / 2) } else { error };
        frequencies[largest] = (i64::from(frequencies[largest]) - step) as u16;
        error -= step;
    }
    frequencies
}

/// How map and tables are coded: adaptive bits, with the length of the frequency before as context.
struct Models {
    same_table: Bit,
    new_table: Bit,
    /// Whether a class occurs, given whether the two before it did.
    occurs: [Bit; 4],
    /// Number of bits of a frequency, given that of the last class that occurred.
    lengths: Vec<BitTree>,
}

impl Models {
    fn new() -> Self {
        let bit = Bit::default();
        Models { same_table: bit, new_table: bit, occurs: [bit; 4], lengths: vec![BitTree::new(4); 5] }
    }
}

/// Which lengths go together as contexts: 0, 1-3, 4-6, 7-9, 10-13.
fn bin(length: u32) -> usize {
    length.div_ceil(3).min(4) as usize
}

/// The map from contexts to tables, and the tables, as bytes.
pub(super) fn write(map: &[u8], tables: &[Frequencies]) -> Vec<u8> {
    let (mut encoder, mut models) = (RangeEncoder::new(), Models::new());
    encoder.raw(map.len() as u64 - 1, 8);
    let (mut known, mut previous) = (1u8, 0u8);
    for &table in &map[1..] {
        encoder.bit(table == previous, &mut models.same_table);
        if table != previous {
            encoder.bit(table == known, &mut models.new_table);
            if table != known {
                encoder.raw(u64::from(table), 6);
            }
        }
        known = known.max(table + 1);
        previous = table;
    }
    tables.iter().for_each(|frequencies| write_table(frequencies, &mut models, &mut encoder));
    encoder.finish()
}

fn write_table(frequencies: &Frequencies, models: &mut Models, encoder: &mut RangeEncoder) {
    let (mut left, mut before, mut recent) = (SCALE, 0, 3usize);
    for (class, &frequency) in frequencies.iter().enumerate() {
        if left == 0 {
            break;
        }
        if class == CLASSES - 1 {
            break;
        }
        encoder.bit(frequency > 0, &mut models.occurs[recent & 3]);
        recent = recent << 1 | usize::from(frequency > 0);
        if frequency > 0 {
            let length = 16 - frequency.leading_zeros();
            models.lengths[bin(before)].encode(length, encoder);
            encoder.raw(u64::from(frequency) & ((1 << (length - 1)) - 1), length - 1);
            left -= u32::from(frequency);
            before = length;
        }
    }
}

/// Reads what [`write`] wrote; `None` if no encoder can have written it.
pub(super) fn read(bytes: &[u8]) -> Option<(Vec<u8>, Vec<Frequencies>)> {
    let (mut decoder, mut models) = (RangeDecoder::new(bytes), Models::new());
    let contexts = decoder.raw(8) as usize + 1;
    let mut map = vec![0u8];
    let (mut known, mut previous) = (1u8, 0u8);
    for _ in 1..contexts {
        if !decoder.bit(&mut models.same_table) {
            previous = if decoder.bit(&mut models.new_table) { known } else { decoder.raw(6) as u8 };
            if previous > known || usize::from(previous) >= MOST_TABLES {
                return None;
            }
            known = known.max(previous + 1);
        }
        map.push(previous);
    }
    let tables = (0..known).map(|_| read_table(&mut models, &mut decoder)).collect::<Option<_>>()?;
    decoder.is_spent().then_some((map, tables))
}

fn read_table(models: &mut Models, decoder: &mut RangeDecoder<'_>) -> Option<Frequencies> {
    let mut frequencies = [0u16; CLASSES];
    let (mut left, mut before, mut recent) = (SCALE, 0, 3usize);
    for frequency in &mut frequencies[..CLASSES - 1] {
        if left == 0 {
            break;
        }
        let occurs = decoder.bit(&mut models.occurs[recent & 3]);
        recent = recent << 1 | usize::from(occurs);
        if occurs {
            let length = models.lengths[bin(before)].decode(decoder);
            if length == 0 || length > SCALE_BITS + 1 {
                return None;
            }
            let value = 1u32 << (length - 1) | decoder.raw(length - 1) as u32;
            left = left.checked_sub(value)?;
            *frequency = value as u16;
            before = length;
        }
    }
    // The last class never occurs, so every table is complete here.
    (left == 0).then_some(frequencies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(seed: u64, classes: usize) -> Histogram {
        let mut counts = [0u64; CLASSES];
        for (class, count) in counts.iter_mut().enumerate().take(classes) {
            *count = (seed.wrapping_mul(class as u64 + 7) >> 3) % 97 * (1 << (20 - class.min(20)));
        }
        counts[0] += 1;
        counts
    }

    #[test]
    fn frequencies_add_up_and_leave_nothing_out() {
        for classes in [1, 2, 3, 30, 125] {
            for counts in [counts(12345, classes), counts(999, classes)] {
                let frequencies = normalise(&counts);
                assert_eq!(frequencies.iter().map(|&f| u32::from(f)).sum::<u32>(), SCALE);
                assert!(counts.iter().zip(&frequencies).all(|(&count, &f)| (count > 0) == (f > 0)));
            }
        }
    }

    #[test]
    fn map_and_tables_round_trip_in_few_bytes() {
        let map = [0, 0, 1, 2, 1, 1, 3, 0];
        let tables: Vec<_> = (0..4).map(|i| normalise(&counts(i * 77 + 5, 20))).collect();
        let bytes = write(&map, &tables);
        assert_eq!(read(&bytes), Some((map.to_vec(), tables)));
        assert!(bytes.len() < 120, "{}", bytes.len());
        let one = [normalise(&counts(0, 1))];
        assert!(write(&[0], &one).len() <= 4);
    }

    #[test]
    fn bytes_no_encoder_wrote_never_give_an_incomplete_table() {
        for seed in 0..2000u64 {
            let bytes: Vec<u8> =
                (0..40).map(|i| (seed.wrapping_mul(i * 2 + 3).wrapping_mul(0x9e37_79b9) >> 11) as u8).collect();
            if let Some((map, tables)) = read(&bytes) {
                assert!(map.iter().all(|&table| usize::from(table) < tables.len()));
                assert!(tables.iter().all(|table| table.iter().map(|&f| u32::from(f)).sum::<u32>() == SCALE));
            }
        }
    }
}
