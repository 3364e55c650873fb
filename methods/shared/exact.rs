//! The element types whose values are all exact in `f64`: every one but the 64-bit integers.

use crate::api::{DType, Promise, TargetKind, TargetRow};

/// Those types.
pub const TYPES: &[DType] =
    &[DType::F32, DType::F64, DType::I8, DType::U8, DType::I16, DType::U16, DType::I32, DType::U32];

/// What an approximation of such values offers: to keep a bound, to come near a mean error, and a mode of its own.
pub const APPROXIMATED: &[TargetRow] = &[
    TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, TYPES),
    TargetRow::new(TargetKind::Rmse, Promise::Approximate, TYPES),
    TargetRow::new(TargetKind::Native, Promise::None, TYPES),
];

/// Runs one generic expression of type `Result<_, Error>` for whichever of these types a tensor holds; `Unsupported`
/// for the others.
///
/// `for_exact!(TensorRef, input, view => expression)`.
#[macro_export]
macro_rules! for_exact {
    ($kind:ident, $tensor:expr, $view:pat => $body:expr) => {
        match $tensor {
            $crate::api::$kind::F32($view) => $body,
            $crate::api::$kind::F64($view) => $body,
            $crate::api::$kind::I8($view) => $body,
            $crate::api::$kind::U8($view) => $body,
            $crate::api::$kind::I16($view) => $body,
            $crate::api::$kind::U16($view) => $body,
            $crate::api::$kind::I32($view) => $body,
            $crate::api::$kind::U32($view) => $body,
            other => Err($crate::api::Error::unsupported(format!(
                "dtype {}; its values are not all exact in double precision",
                other.dtype()
            ))),
        }
    };
}
