//! The library OpenZL 0.3 (Meta) behind two functions.
#![expect(unsafe_code, reason = "OpenZL is a C library")]

use std::ffi::c_void;

use openzl_sys as zl;

use super::Graph;
use crate::api::{Element, Error};

/// The format that is written, whatever a later library would write by itself.
const FORMAT: i32 = 27;
/// The library's own number for a switch that is off.
const OFF: i32 = 2;

/// Something that the library made, and how it is freed.
struct Owned<T>(*mut T, unsafe extern "C" fn(*mut T));

impl<T> Owned<T> {
    fn new(pointer: *mut T, free: unsafe extern "C" fn(*mut T)) -> Result<Self, Error> {
        if pointer.is_null() { Err(Error::backend("OpenZL is out of memory")) } else { Ok(Owned(pointer, free)) }
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: the library made the object, which is freed once, here, by the function that belongs to it.
        unsafe { (self.1)(self.0) }
    }
}

/// The number in a report.
fn value(report: zl::ZL_Report) -> Result<usize, Error> {
    // SAFETY: both functions look at a value that was passed by copy.
    unsafe {
        match zl::ZL_isError(report) {
            0 => Ok(zl::ZL_validResult(report)),
            _ => Err(Error::backend(format!("OpenZL fails with code {}", zl::ZL_errorCode(report)))),
        }
    }
}

/// The frame of `values`, of which there is at least one, without checksums.
///
/// # Errors
/// `Backend` if the library refuses.
pub fn compress<T: Element>(values: &[T], graph: Graph) -> Result<Vec<u8>, Error> {
    // SAFETY: every object lives until the end of this function and is used with no other. The library reads as many numbers
    // of as many bytes as the slice has, writes at most as many bytes as the frame has, and keeps nothing.
    unsafe {
        let compressor = Owned::new(zl::ZL_Compressor_create(), zl::ZL_Compressor_free)?;
        let settings = [
            (zl::ZL_CParam_formatVersion, FORMAT),
            (zl::ZL_CParam_compressedChecksum, OFF),
            (zl::ZL_CParam_contentChecksum, OFF),
        ];
        for (name, setting) in settings {
            value(zl::ZL_Compressor_setParameter(compressor.0, name, setting))?;
        }
        value(zl::ZL_Compressor_selectStartingGraphID(compressor.0, zl::ZL_GraphID { gid: graph.id() }))?;
        let context = Owned::new(zl::ZL_CCtx_create(), zl::ZL_CCtx_free)?;
        value(zl::ZL_CCtx_refCompressor(context.0, compressor.0))?;
        let data = values.as_ptr().cast::<c_void>();
        let numbers = zl::ZL_TypedRef_createNumeric(data, size_of::<T>(), values.len());
        let numbers = Owned::new(numbers, zl::ZL_TypedRef_free)?;
        let mut frame = vec![0u8; zl::ZL_compressBound(size_of_val(values))];
        let target = frame.as_mut_ptr().cast::<c_void>();
        let length = value(zl::ZL_CCtx_compressTypedRef(context.0, target, frame.len(), numbers.0))?;
        frame.truncate(length);
        Ok(frame)
    }
}

/// Fills `values` from a frame of [`compress`].
///
/// # Errors
/// `Corrupt` if the library refuses or the frame holds other numbers.
pub fn decompress<T: Element>(frame: &[u8], values: &mut [T]) -> Result<(), Error> {
    let size = size_of_val(values);
    // SAFETY: the context lives until the end of this function. The library reads at most as many bytes as the frame has and
    // writes at most `size` bytes, any of which are elements: they are numbers. The information is plain numbers, too.
    unsafe {
        let context = Owned::new(zl::ZL_DCtx_create(), zl::ZL_DCtx_free)?;
        let mut information: zl::ZL_OutputInfo = std::mem::zeroed();
        let (target, source) = (values.as_mut_ptr().cast::<c_void>(), frame.as_ptr().cast::<c_void>());
        let report = zl::ZL_DCtx_decompressTyped(context.0, &mut information, target, size, source, frame.len());
        match value(report) {
            Ok(length) if length == size => Ok(()),
            Ok(length) => Err(Error::corrupt(0, format!("{length} bytes in the OpenZL frame, {size} expected"))),
            Err(error) => Err(Error::corrupt(0, error.to_string())),
        }
    }
}
