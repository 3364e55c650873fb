//! Few distinct values: the numbers of entries of a table.

use super::kernel::Word;
use crate::api::Error;
use crate::shared::{pco, varint};

/// Values looked at before the trouble of numbering all is taken.
const LOOKED_AT: usize = 1 << 12;
/// Most entries.
const MOST: usize = 1 << 16;
/// Places passed per value, on average, when words are looked up; there is no table for words that crowd together more.
const PASSED: usize = 8;

/// The distinct words, ascending, and for each value the number of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    entries: Vec<u64>,
    numbers: Vec<u16>,
}

/// Distinct words, numbered in the order in which they come.
struct Distinct {
    words: Vec<u64>,
    /// By a hash of the word, or behind: 1 more than the number of the word there, 0 if there is none.
    places: Vec<u32>,
    most: usize,
    /// How often the place of another word may still be passed.
    left: usize,
}

impl Distinct {
    fn new(most: usize, left: usize) -> Self {
        Distinct { words: Vec::new(), places: vec![0; (2 * most).next_power_of_two().max(2)], most, left }
    }

    /// The number of `word`; `None` if the words are too many or crowd together.
    #[inline(always)]
    fn number(&mut self, word: u64) -> Option<u32> {
        // Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, section 6.4).
        let hash = word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - self.places.len().trailing_zeros());
        let mut at = hash as usize;
        loop {
            let number = self.places[at];
            if number == 0 {
                break;
            }
            if self.words[number as usize - 1] == word {
                return Some(number - 1);
            }
            self.left = self.left.checked_sub(1)?;
            at = (at + 1) & (self.places.len() - 1);
        }
        if self.words.len() == self.most {
            return None;
        }
        self.words.push(word);
        self.places[at] = self.words.len() as u32;
        Some(self.words.len() as u32 - 1)
    }
}

impl Table {
    /// The table of `data`; `None` if its values are not few.
    pub fn find<T: Word>(data: &[T]) -> Option<Self> {
        let word = |value: &T| value.ordered().to_bits();
        let most = (data.len() / 4).min(MOST);
        let mut few: Vec<u64> = data.iter().step_by((data.len() / LOOKED_AT).max(1)).map(word).collect();
        let looked_at = few.len();
        few.sort_unstable();
        few.dedup();
        if size_of::<T>() < 2 || few.len() > most.min(looked_at * 3 / 4) {
            return None;
        }
        let mut distinct = Distinct::new(most, PASSED * data.len());
        let mut numbers = data
            .iter()
            .map(|value| distinct.number(word(value)).map(|number| number as u16))
            .collect::<Option<Vec<u16>>>()?;
        let mut ascending: Vec<u16> = (0..distinct.words.len()).map(|number| number as u16).collect();
        ascending.sort_unstable_by_key(|&number| distinct.words[usize::from(number)]);
        let mut places = vec![0u16; ascending.len()];
        ascending.iter().zip(0..).for_each(|(&number, place)| places[usize::from(number)] = place);
        numbers.iter_mut().for_each(|number| *number = places[usize::from(*number)]);
        let entries = ascending.iter().map(|&number| distinct.words[usize::from(number)]).collect();
        Some(Table { entries, numbers })
    }

    /// About the bytes that it takes.
    ///
    /// # Errors
    /// Those of `pieces`, and `Backend` if the library fails, which no input makes it do.
    pub fn estimate(&self, pieces: impl Fn(&[u16]) -> Result<f64, Error>) -> Result<f64, Error> {
        let mut taken = Vec::new();
        pco::compress(&self.entries, 8, &mut taken)?;
        Ok(pieces(&self.numbers)? + taken.len() as f64)
    }

    /// Appends the table and the numbers of the values: entries - 1 and bytes of the table as varints, the table, the numbers.
    ///
    /// # Errors
    /// `Backend` if the library fails, which no input makes it do.
    pub fn write(&self, level: u8, payload: &mut Vec<u8>) -> Result<(), Error> {
        let mut table = Vec::new();
        pco::compress(&self.entries, level, &mut table)?;
        varint::write(self.entries.len() as u64 - 1, payload);
        varint::write(table.len() as u64, payload);
        payload.extend_from_slice(&table);
        pco::compress(&self.numbers, level, payload)
    }
}

/// Fills `data` with what [`Table::write`] wrote.
///
/// # Errors
/// `Corrupt` if `payload` is nothing that it writes.
pub fn read<T: Word>(payload: &[u8], data: &mut [T]) -> Result<(), Error> {
    let mut at = 0;
    let count = varint::read_length(payload, &mut at, data.len().min(MOST) - 1)? + 1;
    let length = varint::read_length(payload, &mut at, payload.len())?;
    let table = payload.get(at..at + length).ok_or_else(|| Error::corrupt(at, "the table ends behind the payload"))?;
    let mut entries = vec![0u64; count];
    pco::decompress(table, &mut entries)?;
    let entries: Vec<T> = entries.into_iter().map(|entry| T::from_bits(entry).restored()).collect();
    let (mut open, mut largest) = (data, 0);
    pco::decompress_by(&payload[at + length..], open.len(), |numbers: &[u16]| {
        let values = open.split_off_mut(..numbers.len()).unwrap_or_default();
        largest = look_up(numbers, &entries, values).max(largest);
    })?;
    match usize::from(largest) < count {
        true => Ok(()),
        false => Err(Error::corrupt(at + length, "the number of an entry that the table has not")),
    }
}

/// Fills `values` with the entries of these numbers, or with zeros where there is none. Returns the largest number.
fn look_up<T: Word>(numbers: &[u16], entries: &[T], values: &mut [T]) -> u16 {
    for (value, &number) in values.iter_mut().zip(numbers) {
        *value = entries.get(usize::from(number)).copied().unwrap_or_default();
    }
    numbers.iter().fold(0, |largest, &number| largest.max(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Word>(data: &[T]) -> usize {
        let mut payload = Vec::new();
        let table = Table::find(data).expect("few values");
        assert!(table.entries.is_sorted_by(|a, b| a < b));
        table.write(8, &mut payload).expect("writes");
        let mut back = vec![T::default(); data.len()];
        read(&payload, &mut back).expect("reads");
        assert!(back.iter().zip(data).all(|(a, b)| a.to_bits() == b.to_bits()));
        payload.len()
    }

    #[test]
    fn few_values_take_few_bytes_and_many_have_no_table() {
        let floats: Vec<f32> = (0..9000).map(|i| ((i / 50 * 7) % 19) as f32 * 0.37 - 2.0).collect();
        assert!(check(&floats) < 1500);
        check(&vec![f64::NAN; 50]);
        check(&(0..4000).map(|i| (i % 3) * 1_000_000_007 - 5).collect::<Vec<i64>>());
        assert!(Table::find(&(0..5000).map(|i| i as f32).collect::<Vec<_>>()).is_none());
    }
    #[test]
    fn words_that_crowd_together_have_no_table() {
        // The product with the inverse of the hash's factor: all of them begin at the first place.
        let crowded: Vec<u64> = (0..100_000u64).map(|i| (i % 20_000).wrapping_mul(0xf1de_83e1_9937_733d)).collect();
        assert!(Table::find(&crowded).is_none());
        check(&(0..100_000u64).map(|i| (i % 20_000).wrapping_mul(5)).collect::<Vec<_>>());
    }
}
