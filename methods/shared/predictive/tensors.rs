//! Tensors of every type that a bound holds for: floats as they are, integers as `i32`.

use super::{Predictors, Setting, encode, payload};
use crate::api::{DType, Element, Error, TensorMut, TensorRef};

/// Runs one generic expression of type `Result<(), Error>` for a tensor's elements, integers of every type as `i32`;
/// `Unsupported` for types of which not all values are exact in double precision.
///
/// `for_wide!(TensorRef, input, data => expression)`, `for_wide!(TensorMut, output, data => expression)`.
#[macro_export]
macro_rules! for_wide {
    (TensorRef, $tensor:expr, $data:ident => $body:expr) => {
        match $tensor {
            TensorRef::F32(view) => {
                let $data = view.data();
                $body
            }
            TensorRef::F64(view) => {
                let $data = view.data();
                $body
            }
            integers => $crate::for_exact!(TensorRef, integers, view => {
                let wide = $crate::shared::predictive::widen(view.data());
                let $data = &wide[..];
                $body
            }),
        }
    };
    (TensorMut, $tensor:expr, $data:ident => $body:expr) => {
        match $tensor {
            TensorMut::F32(view) => {
                let $data = view.into_data();
                $body
            }
            TensorMut::F64(view) => {
                let $data = view.into_data();
                $body
            }
            integers => $crate::for_exact!(TensorMut, integers, view => {
                let values = view.into_data();
                let mut wide = vec![0i32; values.len()];
                let $data = &mut wide[..];
                $body?;
                $crate::shared::predictive::narrow(&wide, values);
                Ok(())
            }),
        }
    };
}

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
    for_wide!(TensorRef, input, data => {
        encode::write(data, setting, predictors, bytes);
        Ok(())
    })
}

/// Fills `output` with what [`compress`] wrote.
///
/// # Errors
/// `Corrupt` if `bytes` are nothing that it writes.
pub fn decompress(bytes: &[u8], setting: &Setting<'_>, output: TensorMut<'_>) -> Result<(), Error> {
    for_wide!(TensorMut, output, data => payload::read(bytes, setting, data))
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
