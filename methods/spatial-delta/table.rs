//! Few distinct values: the numbers of entries of a table.

use super::kernel::Word;
use crate::api::Error;
use crate::shared::{pco, varint};

/// Values looked at before the trouble of sorting all is taken.
const LOOKED_AT: usize = 1 << 12;
/// Most entries.
const MOST: usize = 1 << 16;

/// The distinct words, ascending, and for each value the number of its own; `None` if they are not few.
fn find<T: Word>(data: &[T]) -> Option<(Vec<u64>, Vec<u16>)> {
    let key = |value: &T| value.ordered().to_bits();
    let distinct = |mut keys: Vec<u64>| {
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    let most = (data.len() / 4).min(MOST);
    let few: Vec<u64> = data.iter().step_by((data.len() / LOOKED_AT).max(1)).map(key).collect();
    let looked_at = few.len();
    if size_of::<T>() < 2 || distinct(few).len() > most.min(looked_at * 3 / 4) {
        return None;
    }
    let entries = distinct(data.iter().map(key).collect());
    if entries.len() > most {
        return None;
    }
    let numbers = data.iter().map(|value| entries.partition_point(|&entry| entry < key(value)) as u16).collect();
    Some((entries, numbers))
}

/// About the bytes of a payload, if there is a table.
///
/// # Errors
/// Those of `pieces`.
pub fn estimate<T: Word>(data: &[T], pieces: impl Fn(&[u16]) -> Result<f64, Error>) -> Result<Option<f64>, Error> {
    let Some((entries, numbers)) = find(data) else { return Ok(None) };
    let mut taken = Vec::new();
    pco::compress(&entries, 8, &mut taken)?;
    Ok(Some(pieces(&numbers)? + taken.len() as f64))
}

/// Appends the table and the numbers of the values: entries - 1 and bytes of the table as varints, the table, the numbers.
///
/// # Errors
/// `Backend` if the library fails, which no input makes it do.
///
/// # Panics
/// If there are too many entries for a table.
pub fn write<T: Word>(data: &[T], level: u8, payload: &mut Vec<u8>) -> Result<(), Error> {
    let (entries, numbers) = find(data).expect("a table was chosen");
    let mut table = Vec::new();
    pco::compress(&entries, level, &mut table)?;
    varint::write(entries.len() as u64 - 1, payload);
    varint::write(table.len() as u64, payload);
    payload.extend_from_slice(&table);
    pco::compress(&numbers, level, payload)
}

/// Fills `data` with what [`write`] wrote.
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
    let mut numbers = vec![0u16; data.len()];
    pco::decompress(&payload[at + length..], &mut numbers)?;
    let largest = numbers.iter().fold(0, |largest, &number| largest.max(number));
    if usize::from(largest) >= count {
        return Err(Error::corrupt(at + length, "the number of an entry that the table has not"));
    }
    data.iter_mut().zip(&numbers).for_each(|(value, &number)| *value = entries[usize::from(number)]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Word>(data: &[T]) -> usize {
        let mut payload = Vec::new();
        write(data, 8, &mut payload).expect("writes");
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
        assert!(find(&(0..5000).map(|i| i as f32).collect::<Vec<_>>()).is_none());
    }
}
