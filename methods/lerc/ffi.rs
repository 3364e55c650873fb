//! The library LERC 4 (Esri) behind two functions.
#![expect(unsafe_code, reason = "LERC is a C++ library with a C interface")]

use std::ffi::{c_int, c_uint};
use std::ptr;

use lerc_sys::ffi;

use crate::api::{DType, Element, Error};

/// Room for the headers of a band, bytes.
const HEADER: usize = 1024;

/// Columns, rows and bands of three axes.
struct Sizes([c_int; 3]);

impl Sizes {
    /// # Panics
    /// If `axes` do not fit `count` values.
    fn new(axes: &[usize], count: usize) -> Result<Self, Error> {
        assert!(axes.len() == 3 && axes.iter().product::<usize>() == count && count > 0, "{axes:?} for {count}");
        let size = |axis: usize| c_int::try_from(axes[axis]).map_err(|_| Error::backend("an axis too long for LERC"));
        Ok(Sizes([size(2)?, size(1)?, size(0)?]))
    }
}

/// The library's number of an element type.
fn type_of<T: Element>() -> Result<c_uint, Error> {
    let types = [DType::I8, DType::U8, DType::I16, DType::U16, DType::I32, DType::U32, DType::F32, DType::F64];
    let place = types.iter().position(|dtype| *dtype == T::DTYPE);
    place.map(|place| place as c_uint).ok_or_else(|| Error::unsupported(format!("dtype {}", T::DTYPE)))
}

/// The blob of finite `values`, C order of three `axes` (band, row, column), in which no value is off by more than about
/// `bound`.
///
/// # Errors
/// `Backend` if the library refuses, or if the array is beyond the 32-bit lengths of its interface.
pub fn compress<T: Element>(values: &[T], axes: &[usize], bound: f64) -> Result<Vec<u8>, Error> {
    let Sizes([columns, rows, bands]) = Sizes::new(axes, values.len())?;
    // Where nothing pays, a band is its values behind a header.
    let capacity = size_of_val(values) + values.len() / 8 + HEADER * axes[0];
    let capacity = c_uint::try_from(capacity).map_err(|_| Error::backend("an array too large for LERC"))?;
    let (mut blob, mut written) = (vec![0u8; capacity as usize], 0);
    // SAFETY: the library reads as many values as columns, rows and bands say, which were compared with the slice, takes no
    // mask, writes at most `capacity` bytes to the blob and their number to `written`, and keeps nothing.
    let status = unsafe {
        let (data, target) = (values.as_ptr().cast(), blob.as_mut_ptr());
        let (dtype, mask) = (type_of::<T>()?, ptr::null());
        ffi::lerc_encode(data, dtype, 1, columns, rows, bands, 0, mask, bound, target, capacity, &mut written)
    };
    if status != 0 || written == 0 {
        return Err(Error::backend(format!("LERC refuses with status {status}")));
    }
    blob.truncate(written as usize);
    Ok(blob)
}

/// Fills `values` from what [`compress`] wrote for the same type and axes. Nothing else may come here.
///
/// # Errors
/// `Corrupt` if the library refuses.
pub fn decompress<T: Element>(blob: &[u8], axes: &[usize], values: &mut [T]) -> Result<(), Error> {
    let Sizes([columns, rows, bands]) = Sizes::new(axes, values.len())?;
    let length = c_uint::try_from(blob.len()).map_err(|_| Error::corrupt(0, "a blob too long for LERC"))?;
    // SAFETY: the library reads at most the bytes given, which its own encoder wrote (the caller's seal says so), compares the
    // lengths in them with the three given, writes as many values, and keeps nothing.
    let status = unsafe {
        let (source, target) = (blob.as_ptr(), values.as_mut_ptr().cast());
        ffi::lerc_decode(source, length, 0, ptr::null_mut(), 1, columns, rows, bands, type_of::<T>()?, target)
    };
    if status != 0 {
        return Err(Error::corrupt(0, format!("no LERC blob of these axes (status {status})")));
    }
    Ok(())
}
