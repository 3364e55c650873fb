//! LZMA over the elements' bytes, with or without a byte or bit shuffle before it.

use liblzma::stream::{Action, Filters, LzmaOptions, PRESET_EXTREME, Status, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Target, TargetKind, TargetRow, TensorMut, TensorRef,
};
use crate::shared::shuffle::Shuffle;

/// Highest preset of the library.
const MAX_LEVEL: u8 = 9;
/// Smallest dictionary of the format, bytes.
const LEAST_DICTIONARY: u32 = 1 << 12;
/// Largest dictionary of any preset, bytes: that of level 9.
const LARGEST_DICTIONARY: u32 = 1 << 26;

/// Parameters of `lzma`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// Effort: 0 is fastest, 9 is smallest on large arrays.
    #[schemars(range(min = 0, max = 9))]
    pub level: u8,
    /// Search longer for the same level.
    pub extreme: bool,
    /// Order of the bytes: `none`, `byte` for bytes of equal place together, or `bit` for bits of equal place together.
    pub shuffle: Shuffle,
}

impl Default for Params {
    fn default() -> Self {
        Params { level: 6, extreme: false, shuffle: Shuffle::Byte }
    }
}

/// The elements' little-endian bytes through LZMA.
#[derive(Debug)]
pub struct Lzma(Params);

impl Method for Lzma {
    const ID: &'static str = "lzma";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "LZMA over the elements' bytes, bytes of equal place together unless told otherwise",
        &[TargetRow::new(TargetKind::Lossless, Promise::Exact, &DType::ALL)],
    )
    .with_non_finite();
    type Params = Params;

    fn new(params: Params, _: Target) -> Result<Self, Error> {
        if params.level > MAX_LEVEL {
            return Err(Error::invalid("level", format!("{}; it must be 0 to {MAX_LEVEL}", params.level)));
        }
        Ok(Lzma(params))
    }

    fn grid() -> Vec<Params> {
        [Shuffle::Byte, Shuffle::Bit, Shuffle::None].map(|shuffle| Params { shuffle, ..Params::default() }).into()
    }
}

impl Lzma {
    /// The one filter, LZMA2, with a dictionary that is no larger than the `length` bytes it can refer to.
    fn filters(&self, length: usize) -> Result<Filters, Error> {
        let extreme = if self.0.extreme { PRESET_EXTREME } else { 0 };
        let mut options = LzmaOptions::new_preset(u32::from(self.0.level) | extreme).map_err(Error::backend)?;
        let most = u32::try_from(length).unwrap_or(u32::MAX).min(LARGEST_DICTIONARY);
        options.dict_size(most.max(LEAST_DICTIONARY));
        let mut filters = Filters::new();
        filters.lzma2(&options);
        Ok(filters)
    }

    fn unpacked(&self, payload: &[u8], length: usize) -> Result<Vec<u8>, Error> {
        let mut stream = Stream::new_raw_decoder(&self.filters(length)?).map_err(Error::backend)?;
        // One byte more than needed shows a stream that holds more.
        let mut bytes = vec![0; length + 1];
        loop {
            let (read, written) = (stream.total_in() as usize, stream.total_out() as usize);
            let status = stream
                .process(&payload[read..], &mut bytes[written..], Action::Finish)
                .map_err(|error| Error::corrupt(read, format!("no LZMA2 stream: {error}")))?;
            let (now_read, now_written) = (stream.total_in() as usize, stream.total_out() as usize);
            if status == Status::StreamEnd {
                if (now_read, now_written) == (payload.len(), length) {
                    bytes.truncate(length);
                    return Ok(bytes);
                }
                let reason = format!("the LZMA2 stream holds {now_written} bytes, {length} are needed");
                return Err(Error::corrupt(now_read, reason));
            }
            if (now_read, now_written) == (read, written) {
                return Err(Error::corrupt(now_read, "the LZMA2 stream is cut short or holds too much"));
            }
        }
    }
}

impl Compressor for Lzma {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let mut bytes = Vec::new();
        input.write_le(&mut bytes);
        let bytes = self.0.shuffle.apply(bytes, input.dtype().size());
        let mut stream = Stream::new_raw_encoder(&self.filters(bytes.len())?).map_err(Error::backend)?;
        loop {
            // The library divides its work by the bytes it is given, not by the room it has to write them.
            payload.reserve(1 << 16);
            let rest = &bytes[stream.total_in() as usize..];
            if stream.process_vec(rest, payload, Action::Finish).map_err(Error::backend)? == Status::StreamEnd {
                return Ok(());
            }
        }
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let size = output.dtype().size();
        let bytes = self.unpacked(payload, output.len() * size)?;
        output.read_le(&self.0.shuffle.undo(bytes, size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Tensor;

    #[test]
    fn wrong_levels_are_refused_and_extreme_is_a_level_of_its_own() {
        let params = Params { level: 10, ..Params::default() };
        assert!(Lzma::new(params, Target::Lossless).expect_err("level").to_string().contains("`level`"));
        let extreme = Params { extreme: true, ..Params::default() };
        assert!(Lzma::new(extreme, Target::Lossless).is_ok());
    }

    #[test]
    fn a_stream_of_more_bytes_of_fewer_and_with_bytes_behind_it_is_corrupt() {
        let method = Lzma::new(Params { level: 1, ..Params::default() }, Target::Lossless).expect("valid");
        let bytes: Vec<u8> = (0..100_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        let tensor = Tensor::from_le_bytes(DType::U8, &[bytes.len()], &bytes).expect("the length fits");
        let mut payload = Vec::new();
        method.compress(tensor.view(), &mut payload).expect("compresses");
        for length in [1, 99_999, 100_001] {
            let mut output = Tensor::zeros(DType::U8, &[length]);
            assert!(method.decompress(&payload, output.view_mut()).is_err(), "{length} bytes");
        }
        let mut output = Tensor::zeros(DType::U8, &[bytes.len()]);
        method.decompress(&payload, output.view_mut()).expect("decompresses");
        assert_eq!(output, tensor);
        payload.push(0);
        assert!(method.decompress(&payload, output.view_mut()).is_err(), "a byte behind the end");
    }
}
