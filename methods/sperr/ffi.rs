//! The library SPERR 0.8 (Li, Lindstrom, Clyne 2023, doi:10.1109/IPDPS54959.2023.00104) behind two functions.
#![expect(unsafe_code, reason = "SPERR is a C++ library with a C interface")]

use std::ffi::{c_int, c_void};
use std::ptr;

use crate::api::{Element, Error};

/// The library's number for a bound on every value.
const POINTWISE_ERROR: c_int = 3;
/// Length of the chunks that volumes are cut into, along each axis: the default of the library's own programs.
const CHUNK: usize = 256;
/// Bits of the second byte of a volume's header: a volume, of `float32`. More are set if there is more than one chunk.
const VOLUME: u8 = 1 << 6;
const SINGLE: u8 = 1 << 5;
/// Version, bits, three lengths and, of a single chunk, the length of its stream.
const HEADER: usize = 2 + 3 * 4 + 4;
/// What stands for the header of a single chunk.
const ONE_CHUNK: u8 = 0;
/// What stands before a stream that is as the library wrote it.
const AS_WRITTEN: u8 = 1;

/// A type that SPERR takes.
pub trait Scalar: Element {
    /// How the library is told the type: 1 for `float`, 0 for `double`.
    const IS_FLOAT: c_int;
}

impl Scalar for f32 {
    const IS_FLOAT: c_int = 1;
}

impl Scalar for f64 {
    const IS_FLOAT: c_int = 0;
}

/// Memory that the library allocated.
struct Owned(*mut c_void);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the library allocated it with `malloc` and handed it over; it is freed once, here. Null is allowed.
        unsafe { sperr_sys::free_dst(self.0) }
    }
}

/// The stream of finite `values`, C order of two or three `axes`, in which no value is off by more than about `bound`, which
/// is above zero.
///
/// # Errors
/// `Backend` if the library refuses, as it does where values are too large for the bound.
///
/// # Panics
/// If `axes` do not fit `values`.
pub fn compress<T: Scalar>(values: &[T], axes: &[usize], bound: f64) -> Result<Vec<u8>, Error> {
    assert!(axes.iter().product::<usize>() == values.len() && !values.is_empty(), "{axes:?} for {}", values.len());
    let (mut stream, mut length) = (Owned(ptr::null_mut()), 0usize);
    let data = values.as_ptr().cast::<c_void>();
    // SAFETY: the library reads as many values as the axes say, which was compared with the slice, writes a pointer to
    // memory of its own and that memory's length to the two places given, and keeps nothing. Values are finite and the
    // bound is above zero, which it needs.
    let status = unsafe {
        match *axes {
            [y, x] => {
                sperr_sys::sperr_comp_2d(data, T::IS_FLOAT, x, y, POINTWISE_ERROR, bound, 0, &mut stream.0, &mut length)
            }
            [z, y, x] => sperr_sys::sperr_comp_3d(
                data,
                T::IS_FLOAT,
                x,
                y,
                z,
                CHUNK,
                CHUNK,
                CHUNK,
                POINTWISE_ERROR,
                bound,
                1,
                &mut stream.0,
                &mut length,
            ),
            _ => return Err(Error::backend(format!("{} axes for SPERR", axes.len()))),
        }
    };
    if status != 0 || stream.0.is_null() {
        return Err(Error::backend(format!("SPERR refuses with status {status}")));
    }
    // SAFETY: the library said that so many bytes are there; they are copied before `stream` frees them.
    let bytes = unsafe { std::slice::from_raw_parts(stream.0.cast::<u8>(), length) };
    Ok(match axes.len() {
        3 if bytes.len() >= HEADER && bytes[..HEADER] == header::<T>(axes, bytes.len() - HEADER) => {
            [&[ONE_CHUNK][..], &bytes[HEADER..]].concat()
        }
        3 => [&[AS_WRITTEN][..], bytes].concat(),
        _ => bytes.to_vec(),
    })
}

/// The header of a volume of one chunk, whose stream has `length` bytes.
fn header<T: Scalar>(axes: &[usize], length: usize) -> Vec<u8> {
    let single = if T::IS_FLOAT == 1 { SINGLE } else { 0 };
    let numbers = axes.iter().rev().chain([&length]).flat_map(|&number| (number as u32).to_le_bytes());
    [0, VOLUME | single].into_iter().chain(numbers).collect()
}

/// Fills `values` from what [`compress`] wrote for the same type and axes. The library trusts the bytes: nothing else may
/// come here.
///
/// # Errors
/// `Corrupt` if the library refuses.
///
/// # Panics
/// As [`compress`].
pub fn decompress<T: Scalar>(stream: &[u8], axes: &[usize], values: &mut [T]) -> Result<(), Error> {
    assert!(axes.iter().product::<usize>() == values.len() && !values.is_empty(), "{axes:?} for {}", values.len());
    let whole = match (axes.len(), stream.split_first()) {
        (3, Some((&ONE_CHUNK, rest))) => [&header::<T>(axes, rest.len())[..], rest].concat(),
        (3, Some((_, rest))) => rest.to_vec(),
        _ => stream.to_vec(),
    };
    let mut output = Owned(ptr::null_mut());
    let (mut x, mut y, mut z) = (0usize, 0usize, 1usize);
    let (data, size) = (whole.as_ptr().cast::<c_void>(), whole.len());
    // SAFETY: the library reads at most the bytes given, which its own encoder wrote (the caller's seal says so), writes a
    // pointer to memory of its own with as many values as the three lengths say, and keeps nothing.
    let status = unsafe {
        match *axes {
            [rows, columns] => {
                (y, x) = (rows, columns);
                sperr_sys::sperr_decomp_2d(data, size, T::IS_FLOAT, x, y, &mut output.0)
            }
            _ => sperr_sys::sperr_decomp_3d(data, size, T::IS_FLOAT, 1, &mut x, &mut y, &mut z, &mut output.0),
        }
    };
    if status != 0 || output.0.is_null() || [z, y, x][3 - axes.len()..] != *axes {
        return Err(Error::corrupt(0, format!("no SPERR stream of these axes (status {status})")));
    }
    // SAFETY: the lengths that the library gave are the axes, and so many values are there; `output` frees them afterwards.
    values.copy_from_slice(unsafe { std::slice::from_raw_parts(output.0.cast::<T>(), values.len()) });
    Ok(())
}
