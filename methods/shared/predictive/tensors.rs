//! Tensors of every type that a bound holds for: floats as they are, integers as `i32`.

use super::{Predictors, Setting, encode, payload};
use crate::api::{DType, Element, Error, TensorMut, TensorRef};
use crate::for_exact;

/// Appends the payload of `input`, whose shape without axes of length 1 is that of the setting.
///
/// # Errors
/// `Unsupported` if `input` is of none of the types of [`crate::shared::exact::TYPES`].
pub fn compress(
    input: TensorRef<'_>,
    setting: &Setting<'_>,
    predictors: Predictors<'_>,
    bytes: &mut Vec<u8>,
) -> Result<(), Error> {
    match input {
        TensorRef::F32(view) => encode::write(view.data(), setting, predictors, bytes),
        TensorRef::F64(view) => encode::write(view.data(), setting, predictors, bytes),
        integers => {
            return for_exact!(TensorRef, integers, view => {
                encode::write(&widen(view.data()), setting, predictors, bytes);
                Ok(())
            });
        }
    }
    Ok(())
}

/// Fills `output` with what [`compress`] wrote.
///
/// # Errors
/// `Corrupt` if `bytes` are nothing that it writes.
pub fn decompress(bytes: &[u8], setting: &Setting<'_>, output: TensorMut<'_>) -> Result<(), Error> {
    match output {
        TensorMut::F32(view) => payload::read(bytes, setting, view.into_data()),
        TensorMut::F64(view) => payload::read(bytes, setting, view.into_data()),
        integers => for_exact!(TensorMut, integers, view => {
            let data = view.into_data();
            let mut wide = vec![0i32; data.len()];
            payload::read(bytes, setting, &mut wide)?;
            narrow(&wide, data);
            Ok(())
        }),
    }
}

/// Integers of any type as `i32`, where all of them fit: the unsigned 32-bit ones moved down by half their range.
pub fn widen<T: Element>(data: &[T]) -> Vec<i32> {
    let down = if T::DTYPE == DType::U32 { 2147483648.0 } else { 0.0 };
    data.iter().map(|value| (value.to_f64() - down) as i32).collect()
}

/// The way back; what leaves the type saturates.
pub fn narrow<T: Element>(integers: &[i32], data: &mut [T]) {
    let up = if T::DTYPE == DType::U32 { 2147483648.0 } else { 0.0 };
    for (value, &integer) in data.iter_mut().zip(integers) {
        *value = T::from_f64(f64::from(integer) + up);
    }
}
