//! The library fpzip 1.3 (Lindstrom) behind two functions. `build.rs` compiles it.
#![expect(unsafe_code, reason = "fpzip is a C++ library with a C interface")]

use std::ffi::{c_int, c_void};

use crate::api::{Element, Error};

/// What the decoder may read behind a stream: it keeps no count of the bytes that are left.
const MARGIN: usize = 64;

/// The library's `FPZ`: the public front of a stream.
#[repr(C)]
struct Fpz {
    dtype: c_int,
    precision: c_int,
    lengths: [c_int; 4],
}

// SAFETY: as `fpzip.h` declares them.
unsafe extern "C" {
    fn fpzip_write_to_buffer(buffer: *mut c_void, size: usize) -> *mut Fpz;
    fn fpzip_write(stream: *mut Fpz, data: *const c_void) -> usize;
    fn fpzip_write_close(stream: *mut Fpz);
    fn fpzip_read_from_buffer(buffer: *const c_void) -> *mut Fpz;
    fn fpzip_read(stream: *mut Fpz, data: *mut c_void) -> usize;
    fn fpzip_read_close(stream: *mut Fpz);
}

/// A type that fpzip takes.
pub trait Scalar: Element {
    /// How the library is told the type: 0 for `float`, 1 for `double`.
    const TYPE: c_int;
    /// Bits that a value takes.
    const BITS: u32;
    /// Bits of sign and exponent.
    const FRONT: u32;
    /// Steps in which precisions come.
    const STEP: u32;
}

impl Scalar for f32 {
    const TYPE: c_int = 0;
    const BITS: u32 = 32;
    const FRONT: u32 = 9;
    const STEP: u32 = 1;
}

impl Scalar for f64 {
    const TYPE: c_int = 1;
    const BITS: u32 = 64;
    const FRONT: u32 = 12;
    const STEP: u32 = 2;
}

/// What the library is to know of an array: at most four axes, the last of which is its x.
///
/// # Panics
/// If `axes` do not fit `count` values.
fn front<T: Scalar>(axes: &[usize], count: usize, precision: u32) -> Result<Fpz, Error> {
    assert!(axes.len() <= 4 && axes.iter().product::<usize>() == count && count > 0, "{axes:?} for {count}");
    let mut lengths = [1; 4];
    for (length, axis) in lengths.iter_mut().zip(axes.iter().rev()) {
        *length = c_int::try_from(*axis).map_err(|_| Error::backend("an axis too long for fpzip"))?;
    }
    // The library multiplies three of them in 32 bits.
    if count > c_int::MAX as usize {
        return Err(Error::backend("an array too large for fpzip"));
    }
    Ok(Fpz { dtype: T::TYPE, precision: precision as c_int, lengths })
}

/// The stream, without its header, of `values`, C order of at most four `axes`, with the first `precision` bits of each.
///
/// # Errors
/// `Backend` if the library refuses.
pub fn compress<T: Scalar>(values: &[T], axes: &[usize], precision: u32) -> Result<Vec<u8>, Error> {
    let front = front::<T>(axes, values.len(), precision)?;
    let mut buffer = vec![0u8; size_of_val(values) + size_of_val(values) / 4 + 1024];
    // SAFETY: the library makes a stream over the buffer, whose public front is as declared above, writes at most as many bytes
    // as the buffer has, reads as many values as the front says, which were compared with the slice, and frees the stream.
    let written = unsafe {
        let stream = fpzip_write_to_buffer(buffer.as_mut_ptr().cast(), buffer.len());
        if stream.is_null() {
            return Err(Error::backend("fpzip is out of memory"));
        }
        *stream = front;
        let written = fpzip_write(stream, values.as_ptr().cast());
        fpzip_write_close(stream);
        written
    };
    if written == 0 || written > buffer.len() {
        return Err(Error::backend("fpzip cannot write its stream"));
    }
    buffer.truncate(written);
    Ok(buffer)
}

/// Fills `values` from what [`compress`] wrote for the same type, axes and precision. Nothing else may come here.
///
/// # Errors
/// `Corrupt` if the library refuses.
pub fn decompress<T: Scalar>(bytes: &[u8], axes: &[usize], precision: u32, values: &mut [T]) -> Result<(), Error> {
    let front = front::<T>(axes, values.len(), precision)?;
    let padded = [bytes, &[0; MARGIN][..]].concat();
    // SAFETY: the library makes a stream over the bytes, which its own encoder wrote (the caller's seal says so) and behind which
    // it reads no more than its range coder holds, writes as many values as the front says, and frees the stream.
    let read = unsafe {
        let stream = fpzip_read_from_buffer(padded.as_ptr().cast());
        if stream.is_null() {
            return Err(Error::backend("fpzip is out of memory"));
        }
        *stream = front;
        let read = fpzip_read(stream, values.as_mut_ptr().cast());
        fpzip_read_close(stream);
        read
    };
    if read == 0 { Err(Error::corrupt(0, "no fpzip stream of these axes")) } else { Ok(()) }
}
