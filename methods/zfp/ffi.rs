//! The library zfp 1.0 (Lindstrom 2014, doi:10.1109/TVCG.2014.2346458) behind two safe functions.
#![expect(unsafe_code, reason = "zfp is a C library")]

use std::ffi::c_void;
use std::ptr::NonNull;

use zfp_sys as c;

use crate::api::{Element, Error};

/// What zfp keeps of each block: the four numbers of its expert mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    bits: Option<u32>,
    planes: u32,
    exponent: i32,
}

/// Most bits that come before the coefficients of a block, in any mode.
const BLOCK_HEADER: usize = 32;

impl Limits {
    /// Everything: bit for bit.
    pub const REVERSIBLE: Limits = Limits { bits: None, planes: c::ZFP_MAX_PREC, exponent: c::ZFP_MIN_EXP - 1 };

    /// Bit planes down to about `2^exponent`; floats only. Below the smallest number that counts as all planes.
    pub fn accuracy(exponent: i32) -> Self {
        Limits { bits: None, planes: c::ZFP_MAX_PREC, exponent: exponent.max(c::ZFP_MIN_EXP) }
    }

    /// The first `planes` bit planes of each block, 1 to 64.
    pub fn precision(planes: u32) -> Self {
        Limits { bits: None, planes: planes.clamp(1, c::ZFP_MAX_PREC), exponent: c::ZFP_MIN_EXP }
    }

    /// Exactly `bits` bits for each block, but always enough for an exponent and never more than all there is.
    pub fn rate<T: Scalar>(bits: f64, rank: usize) -> Self {
        let most = (T::DTYPE.size() * 8) << (2 * rank);
        let bits = (bits as usize).clamp(T::LEAST_BITS, most) as u32;
        Limits { bits: Some(bits), planes: c::ZFP_MAX_PREC, exponent: c::ZFP_MIN_EXP }
    }
}

/// A type that zfp compresses.
pub trait Scalar: Element {
    /// The library's name of the type.
    const TYPE: c::zfp_type;
    /// Fewest bits a block of fixed size can have.
    const LEAST_BITS: usize;
}

impl Scalar for f32 {
    const TYPE: c::zfp_type = c::zfp_type_zfp_type_float;
    const LEAST_BITS: usize = 1 + 8;
}

impl Scalar for f64 {
    const TYPE: c::zfp_type = c::zfp_type_zfp_type_double;
    const LEAST_BITS: usize = 1 + 11;
}

impl Scalar for i32 {
    const TYPE: c::zfp_type = c::zfp_type_zfp_type_int32;
    const LEAST_BITS: usize = 1;
}

impl Scalar for i64 {
    const TYPE: c::zfp_type = c::zfp_type_zfp_type_int64;
    const LEAST_BITS: usize = 1;
}

/// Blocks of four along each axis that cover `shape`.
pub fn blocks(shape: &[usize]) -> usize {
    shape.iter().map(|length| length.div_ceil(4)).product()
}

/// Words of 64 bits that no encoder or decoder of `shape` gets beyond, whatever the bits are.
///
/// Of a bit plane of `n` coefficients at most `n + 1` bits are read, and over all planes of a block at most two more
/// per coefficient while they become significant.
fn room<T: Scalar>(shape: &[usize], limits: Limits) -> Option<usize> {
    let values = 1usize << (2 * shape.len());
    let free = BLOCK_HEADER + T::DTYPE.size() * 8 * (values + 1) + 2 * values;
    let block = limits.bits.map_or(free, |bits| free.max(bits as usize));
    blocks(shape).checked_mul(block)?.checked_add(4 * 64).map(|bits| bits.div_ceil(64))
}

fn checked_room<T: Scalar>(count: usize, shape: &[usize], limits: Limits) -> Result<usize, Error> {
    assert!((1..=4).contains(&shape.len()) && shape.iter().product::<usize>() == count && count > 0, "a shape for zfp");
    room::<T>(shape, limits).ok_or(Error::LimitExceeded {
        what: "zfp blocks",
        needed: blocks(shape) as u64,
        allowed: (usize::MAX >> 16) as u64,
    })
}

/// The stream of `values`, C order of `shape` (1 to 4 axes, none empty), without the zero bytes at its end.
///
/// # Errors
/// `Backend` if the library fails.
///
/// # Panics
/// If `shape` is not as said or does not fit `values`.
pub fn compress<T: Scalar>(values: &[T], shape: &[usize], limits: Limits) -> Result<Vec<u8>, Error> {
    let mut words = vec![0u64; checked_room::<T>(values.len(), shape, limits)?];
    let session = Session::new(values.as_ptr().cast_mut().cast(), T::TYPE, shape, &mut words, limits)?;
    // SAFETY: stream and field are alive. zfp reads the values that the field describes, which `checked_room` compared
    // with the slice, and writes at most `room` words, the library's own bound being below it (checked in `new`).
    let length = unsafe { c::zfp_compress(session.stream.as_ptr(), session.field.as_ptr()) };
    drop(session);
    if length == 0 {
        return Err(Error::backend("zfp did not compress"));
    }
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).take(length).collect();
    bytes.truncate(bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1));
    Ok(bytes)
}

/// Fills `values` from a stream that [`compress`] wrote for the same shape and limits.
///
/// # Errors
/// `Corrupt` if the stream is longer than what was read of it. Other damage gives any values.
///
/// # Panics
/// As [`compress`].
pub fn decompress<T: Scalar>(stream: &[u8], shape: &[usize], limits: Limits, values: &mut [T]) -> Result<(), Error> {
    let mut words = vec![0u64; checked_room::<T>(values.len(), shape, limits)?];
    if stream.len() > words.len() * 8 {
        return Err(Error::corrupt(words.len() * 8, "the zfp stream goes on beyond any block"));
    }
    for (word, chunk) in words.iter_mut().zip(stream.chunks(8)) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_le_bytes(bytes);
    }
    let session = Session::new(values.as_mut_ptr().cast(), T::TYPE, shape, &mut words, limits)?;
    // SAFETY: stream and field are alive. zfp writes the values that the field describes, which `checked_room` compared
    // with the slice, and whatever the bits are it reads less than `room` words, all of which exist.
    let length = unsafe { c::zfp_decompress(session.stream.as_ptr(), session.field.as_ptr()) };
    drop(session);
    match length {
        0 => Err(Error::backend("zfp did not decompress")),
        read if read < stream.len() => Err(Error::corrupt(read, "bytes are left over behind the last zfp block")),
        _ => Ok(()),
    }
}

/// A zfp stream over a buffer and a field over values, freed together.
struct Session {
    bits: NonNull<c::bitstream>,
    stream: NonNull<c::zfp_stream>,
    field: NonNull<c::zfp_field>,
}

impl Session {
    /// `values` must be valid for all elements of `shape`, and `words` and `values` must outlive the session.
    fn new(
        values: *mut c_void,
        kind: c::zfp_type,
        shape: &[usize],
        words: &mut [u64],
        limits: Limits,
    ) -> Result<Self, Error> {
        let memory = || Error::backend("zfp is out of memory");
        let (least, most) = limits.bits.map_or((c::ZFP_MIN_BITS, c::ZFP_MAX_BITS), |bits| (bits, bits));
        // SAFETY: these calls allocate small structs and store the pointers they are given; nothing is read through
        // them yet. What was allocated is freed by `Drop`, or leaks if the next small allocation fails.
        unsafe {
            let bits =
                NonNull::new(c::stream_open(words.as_mut_ptr().cast(), size_of_val(words))).ok_or_else(memory)?;
            let stream = NonNull::new(c::zfp_stream_open(bits.as_ptr())).ok_or_else(memory)?;
            let field = match *shape {
                [x] => c::zfp_field_1d(values, kind, x),
                [y, x] => c::zfp_field_2d(values, kind, x, y),
                [z, y, x] => c::zfp_field_3d(values, kind, x, y, z),
                [w, z, y, x] => c::zfp_field_4d(values, kind, x, y, z, w),
                _ => std::ptr::null_mut(),
            };
            let field = NonNull::new(field).ok_or_else(memory)?;
            let session = Session { bits, stream, field };
            if c::zfp_stream_set_params(stream.as_ptr(), least, most, limits.planes, limits.exponent) == 0 {
                return Err(Error::backend(format!("zfp refuses {limits:?}")));
            }
            let needed = c::zfp_stream_maximum_size(stream.as_ptr(), field.as_ptr());
            assert!((1..=size_of_val(words)).contains(&needed), "{needed} bytes needed, {} there", size_of_val(words));
            c::zfp_stream_rewind(stream.as_ptr());
            Ok(session)
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: all three were allocated by the library in `new` and are freed once, here.
        unsafe {
            c::zfp_field_free(self.field.as_ptr());
            c::zfp_stream_close(self.stream.as_ptr());
            c::stream_close(self.bits.as_ptr());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(count: usize) -> Vec<f64> {
        (0..count).map(|i| libm::sin(i as f64 * 0.05) * 7.0).collect()
    }

    #[test]
    fn reversible_streams_of_every_rank_and_type_come_back() {
        for shape in [&[1][..], &[7], &[5, 6], &[3, 4, 5], &[2, 3, 2, 5]] {
            let values = wave(shape.iter().product());
            fn check<T: Scalar>(values: &[f64], shape: &[usize]) {
                let values: Vec<T> = values.iter().map(|&value| T::from_f64(value * 1e6)).collect();
                let stream = compress(&values, shape, Limits::REVERSIBLE).expect("compresses");
                let mut back = vec![T::default(); values.len()];
                decompress(&stream, shape, Limits::REVERSIBLE, &mut back).expect("decompresses");
                assert_eq!(back, values);
            }
            check::<f32>(&values, shape);
            check::<f64>(&values, shape);
            check::<i32>(&values, shape);
            check::<i64>(&values, shape);
        }
    }

    #[test]
    fn a_rate_fixes_the_size_and_is_kept_within_sense() {
        let values = wave(64);
        let stream = |bits| compress(&values, &[4, 4, 4], Limits::rate::<f64>(bits, 3)).expect("compresses").len();
        assert!(stream(256.0) <= 32 && stream(256.0) > 28);
        assert!(stream(0.0) <= 2 && stream(1e300) <= 512);
    }

    #[test]
    fn no_bits_make_the_decoder_read_beyond_its_room() {
        for fill in [0x00u8, 0xff, 0x55, 0xaa, 0xfe, 0x7f] {
            for limits in
                [Limits::REVERSIBLE, Limits::accuracy(-1074), Limits::precision(64), Limits::rate::<f64>(99.0, 4)]
            {
                let shape = [2, 5, 3, 9];
                let words = room::<f64>(&shape, limits).expect("small");
                let stream = vec![fill; words * 8];
                let mut back = vec![0.0f64; 270];
                // Filled to the last byte: either all of it was read, which must not happen, or some is left over.
                assert!(decompress(&stream, &shape, limits, &mut back).is_err(), "{fill:x} {limits:?}");
                assert!(decompress(&[&stream[..], &[1]].concat(), &shape, limits, &mut back).is_err());
            }
        }
    }
}
