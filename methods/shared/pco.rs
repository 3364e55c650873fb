//! Numbers through Pco's wrapped format (pcodec, `docs/format.md`, format 4.1) and back, the count being known.
//!
//! Only what varies is kept: for each chunk its metadata and its one page. Neither magic number, version, type nor counts.

use pco::data_types::Number;
use pco::errors::PcoResult;
use pco::metadata::DeltaEncoding;
use pco::wrapped::{FileCompressor, FileDecompressor, PageDecompressor};
use pco::{ChunkConfig, DEFAULT_MAX_PAGE_N, PagingSpec};

use crate::api::Error;

/// Highest compression level.
pub const MAX_LEVEL: u8 = 12;
/// The header of the wrapped format, which the version of the method's own format stands for.
const HEADER: [u8; 2] = [4, 1];
/// Low bits of a chunk's first byte that say its mode.
const MODE: u8 = 0x0f;
/// The mode that keeps a table of values. The encoder does not try it, and its table would be allocated before it is read.
const DICTIONARY: u8 = 4;
/// Largest window that the encoder looks back in, as a power of two. The decoder allocates what a chunk claims.
const WINDOW: u32 = 15;
/// Numbers handed out at once: they stay in the first cache. A multiple of the 256 that the library decodes together.
const BATCH: usize = 2048;

/// Lengths of the chunks of `count` numbers: as few as can be, and as equal as can be, the longer ones first.
pub fn chunks(count: usize) -> impl Iterator<Item = usize> {
    let chunks = count.div_ceil(DEFAULT_MAX_PAGE_N);
    (0..chunks).map(move |index| count / chunks + usize::from(index < count % chunks))
}

/// Appends `values`. `level` is 0 (fastest) to 12 (smallest).
///
/// # Errors
/// `Backend` if the library fails, which no input makes it do.
pub fn compress<T: Number>(values: &[T], level: u8, payload: &mut Vec<u8>) -> Result<(), Error> {
    let file = FileCompressor::default();
    let mut rest = values;
    for count in chunks(values.len()) {
        let chunk;
        (chunk, rest) = rest.split_at(count);
        let config = ChunkConfig::default()
            .with_compression_level(level.into())
            .with_paging_spec(PagingSpec::Exact(vec![count]))
            .with_enable_8_bit(true);
        let mut compressor = file.chunk_compressor(chunk, &config).map_err(Error::backend)?;
        compressor.write_meta(&mut *payload).map_err(Error::backend)?;
        compressor.write_page(0, &mut *payload).map_err(Error::backend)?;
    }
    Ok(())
}

/// Fills `values` with what [`compress`] wrote, which must be all of `payload`.
///
/// # Errors
/// `Corrupt` if the chunks are damaged, or if they do not end where the payload does.
pub fn decompress<T: Number>(payload: &[u8], values: &mut [T]) -> Result<(), Error> {
    let mut rest = values;
    pages(payload, rest.len(), |page, count| {
        let numbers;
        (numbers, rest) = std::mem::take(&mut rest).split_at_mut(count);
        let progress = page.read(numbers)?;
        Ok(progress.n_processed == count && progress.finished)
    })
}

/// Hands the `count` numbers that [`compress`] wrote to `take`, some at a time, in order. Damage may show only when many
/// have been handed over.
///
/// # Errors
/// As [`decompress`].
pub fn decompress_by<T: Number + Default>(
    payload: &[u8],
    count: usize,
    mut take: impl FnMut(&[T]),
) -> Result<(), Error> {
    let mut batch = vec![T::default(); BATCH.min(count)];
    pages(payload, count, |page, count| {
        let (mut left, mut finished) = (count, false);
        while left > 0 {
            let numbers = &mut batch[..BATCH.min(left)];
            let progress = page.read(numbers)?;
            if progress.n_processed != numbers.len() {
                return Ok(false);
            }
            take(numbers);
            (left, finished) = (left - numbers.len(), progress.finished);
        }
        Ok(finished)
    })
}

/// Has `read` read every page of `count` numbers in all, and say whether it found all of them; it is told how many the page has.
fn pages<T: Number>(
    payload: &[u8],
    count: usize,
    mut read: impl FnMut(&mut PageDecompressor<'_, T, &[u8]>, usize) -> PcoResult<bool>,
) -> Result<(), Error> {
    let (file, _) = FileDecompressor::new(&HEADER[..]).map_err(Error::backend)?;
    let mut bytes = payload;
    for count in chunks(count) {
        let at = payload.len() - bytes.len();
        let corrupt = |error| Error::corrupt(at, format!("no Pco chunk: {error}"));
        if bytes.first().is_none_or(|first| first & MODE == DICTIONARY) {
            return Err(Error::corrupt(at, "no Pco chunk of a mode that is written"));
        }
        let (mut chunk, behind) = file.chunk_decompressor::<T, _>(bytes).map_err(corrupt)?;
        if let DeltaEncoding::Lookback { config, .. } = chunk.meta().delta_encoding
            && config.window_n_log > WINDOW
        {
            return Err(Error::corrupt(at, "a Pco chunk looks back further than is written"));
        }
        let mut page = chunk.page_decompressor(behind, count).map_err(corrupt)?;
        if !read(&mut page, count).map_err(corrupt)? {
            return Err(Error::corrupt(at, "a Pco page ends too soon"));
        }
        bytes = page.into_src();
    }
    match bytes.len() {
        0 => Ok(()),
        left => Err(Error::corrupt(payload.len() - left, format!("{left} bytes are left over behind the last chunk"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_few_and_equal() {
        assert_eq!(chunks(0).count(), 0);
        assert_eq!(chunks(1).collect::<Vec<_>>(), [1]);
        assert_eq!(chunks(DEFAULT_MAX_PAGE_N + 2).collect::<Vec<_>>(), [DEFAULT_MAX_PAGE_N / 2 + 1; 2]);
        assert_eq!(chunks(2 * DEFAULT_MAX_PAGE_N + 1).map(|n| n as u64).sum::<u64>(), 524_289);
    }

    #[test]
    fn numbers_of_several_chunks_come_back_and_what_was_there_stays() {
        let values: Vec<i32> = (0..600_000).map(|i| (i / 7) * 3 - (i % 11)).collect();
        for level in [0, 8, MAX_LEVEL] {
            let mut payload = vec![9];
            compress(&values, level, &mut payload).expect("compresses");
            assert_eq!(payload[0], 9);
            let mut back = vec![0; values.len()];
            decompress(&payload[1..], &mut back).expect("decompresses");
            assert_eq!(back, values);
            let mut taken = Vec::new();
            decompress_by(&payload[1..], values.len(), |some: &[i32]| taken.extend_from_slice(some))
                .expect("decompresses");
            assert_eq!(taken, values);
            let half = decompress_by::<i32>(&payload[1..], values.len() / 2, |_| {});
            assert!(half.is_err(), "fewer numbers than there are");
            payload.push(0);
            assert!(decompress(&payload[1..], &mut back).is_err(), "a byte behind the end");
            assert!(decompress_by::<i32>(&payload[1..], values.len(), |_| {}).is_err(), "a byte behind the end");
        }
    }

    #[test]
    fn a_dictionary_and_a_window_without_end_are_refused_before_they_are_allocated() {
        let mut values = [0u64; 300];
        let dictionary = [&[4, 0xff, 0xff, 0xff][..], &[0; 100]].concat();
        assert!(decompress(&dictionary, &mut values).expect_err("refused").to_string().contains("mode"));
    }
}
