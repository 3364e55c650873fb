//! SZ3's stream without what the frame knows, and back: its header and the front of its trailing configuration.
//!
//! The library's layout (`SZ3/api/sz.hpp`, `Config::save`): magic number, version and length of the data (16 bytes); the data;
//! the configuration: its length, the number of axes, their lengths as packed bits, the number of values, then the rest.

use tensogram_sz3::{CompressionAlgorithm, Config, DimensionedData, ErrorBound, SZ3Compressible};

use super::Algorithm;
use crate::api::Error;

/// Most axes that the library takes.
pub const MOST_AXES: usize = 4;
/// Magic number 0xf342f310 and version 3.3.2.
const START: [u8; 8] = [0x10, 0xf3, 0x42, 0xf3, 0, 2, 3, 3];
/// The start and the length of the data.
const HEADER: usize = START.len() + 8;
/// What the configuration ends with: algorithm, kind of bound, bound, switches, type, bins, block size, dimensions of prediction.
pub const TAIL: usize = 1 + 1 + 8 + 1 + 1 + 4 + 4 + 1;

/// The stream of `values`, C order of `axes`, none of which is empty or, unless alone, of length one.
///
/// # Errors
/// `Backend` if the library refuses or does not write the layout above.
pub fn compress<T: SZ3Compressible>(
    values: &[T],
    axes: &[usize],
    bound: f64,
    algorithm: Algorithm,
) -> Result<Vec<u8>, Error> {
    let mut data = DimensionedData::<T, _>::build(&values);
    for &length in axes {
        data = data.dim(length).map_err(Error::backend)?;
    }
    let algorithm = match algorithm {
        Algorithm::InterpolationLorenzo => CompressionAlgorithm::interpolation_lorenzo(),
        Algorithm::Interpolation => CompressionAlgorithm::interpolation(),
    };
    let config = Config::new(ErrorBound::Absolute(bound)).compression_algorithm(algorithm);
    let whole = tensogram_sz3::compress_with_config(&data.finish().map_err(Error::backend)?, &config)
        .map_err(Error::backend)?;
    let front = front(axes);
    let data_end = whole.len().checked_sub(front.len() + TAIL).filter(|&end| end >= HEADER);
    let end = data_end.ok_or_else(|| Error::backend("SZ3 wrote less than its header"))?;
    let stream = [&whole[HEADER..end], &whole[end + front.len()..]].concat();
    match restored(&stream, axes) == whole {
        true => Ok(stream),
        false => Err(Error::backend("SZ3 wrote another layout than that of version 3.3.2")),
    }
}

/// Fills `values` from what [`compress`] wrote. The library trusts the bytes: nothing else may come here.
///
/// # Errors
/// `Corrupt` if the library says that it is not for this type and these axes.
pub fn decompress<T: SZ3Compressible>(stream: &[u8], axes: &[usize], values: &mut [T]) -> Result<(), Error> {
    if stream.len() < TAIL {
        return Err(Error::corrupt(stream.len(), "the SZ3 stream has no end"));
    }
    let mut values = values;
    let mut data = DimensionedData::<T, _>::build_mut(&mut values);
    for &length in axes {
        data = data.dim(length).map_err(Error::backend)?;
    }
    let mut data = data.finish().map_err(Error::backend)?;
    tensogram_sz3::decompress_into_dimensioned(restored(stream, axes), &mut data)
        .map(drop)
        .map_err(|error| Error::corrupt(0, format!("no SZ3 stream: {error}")))
}

/// The stream as the library wrote it. At least [`TAIL`] bytes.
fn restored(stream: &[u8], axes: &[usize]) -> Vec<u8> {
    let (data, tail) = stream.split_at(stream.len() - TAIL);
    let length = (data.len() as u64).to_le_bytes();
    [&START[..], &length, data, &front(axes), tail].concat()
}

/// The front of the configuration, which `axes` determine.
fn front(axes: &[usize]) -> Vec<u8> {
    let longest = axes.iter().copied().max().unwrap_or(0);
    let width = longest.checked_ilog2().map_or(0, |bits| bits as usize + 1);
    let mut packed = vec![0u8; (width * axes.len()).div_ceil(8)];
    for (index, &length) in axes.iter().enumerate() {
        for bit in (0..width).filter(|bit| length >> bit & 1 == 1) {
            let at = index * width + bit;
            packed[at / 8] |= 1 << (at % 8);
        }
    }
    let count = (axes.iter().product::<usize>() as u64).to_le_bytes();
    let size = 3 + packed.len() + count.len() + TAIL;
    [&[size as u8, axes.len() as u8, width as u8][..], &packed, &count].concat()
}
