//! Tensors whose element type is known only at run time.

use ndarray::{ArrayD, IxDyn};

use super::{DType, Element, Error, View, ViewMut};

/// Declares one enum over the ten element types, generic in what each variant holds.
macro_rules! tensor_enum {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)?, $holds:ident) => {
        $(#[$doc])*
        #[expect(missing_docs, reason = "a variant per dtype, named like it")]
        pub enum $name $(<$life>)? {
            F32($holds<$($life,)? f32>),
            F64($holds<$($life,)? f64>),
            I8($holds<$($life,)? i8>),
            U8($holds<$($life,)? u8>),
            I16($holds<$($life,)? i16>),
            U16($holds<$($life,)? u16>),
            I32($holds<$($life,)? i32>),
            U32($holds<$($life,)? u32>),
            I64($holds<$($life,)? i64>),
            U64($holds<$($life,)? u64>),
        }
    };
}

tensor_enum! {
    /// A borrowed tensor: C order, any rank, one of ten element types.
    #[derive(Clone, Debug)]
    TensorRef<'a>, View
}

tensor_enum! {
    /// A borrowed, writable tensor: C order, any rank, one of ten element types.
    #[derive(Debug)]
    TensorMut<'a>, ViewMut
}

tensor_enum! {
    /// An owned tensor: C order, any rank, one of ten element types.
    #[derive(Clone, Debug, PartialEq)]
    Tensor, ArrayD
}

/// Runs one generic expression for whichever element type a tensor holds.
///
/// `for_dtype!(TensorRef, input, view => expression)`; the first word is the enum ([`TensorRef`], [`TensorMut`] or [`Tensor`]).
#[macro_export]
macro_rules! for_dtype {
    ($kind:ident, $tensor:expr, $inner:pat => $body:expr) => {
        match $tensor {
            $crate::api::$kind::F32($inner) => $body,
            $crate::api::$kind::F64($inner) => $body,
            $crate::api::$kind::I8($inner) => $body,
            $crate::api::$kind::U8($inner) => $body,
            $crate::api::$kind::I16($inner) => $body,
            $crate::api::$kind::U16($inner) => $body,
            $crate::api::$kind::I32($inner) => $body,
            $crate::api::$kind::U32($inner) => $body,
            $crate::api::$kind::I64($inner) => $body,
            $crate::api::$kind::U64($inner) => $body,
        }
    };
}

/// Runs one generic expression for two tensors of the same element type, and another where the types differ.
///
/// `for_pair!((TensorRef, a), (TensorRef, b), (x, y) => expression, else => expression)`.
#[macro_export]
macro_rules! for_pair {
    (($ka:ident, $a:expr), ($kb:ident, $b:expr), ($x:pat, $y:pat) => $body:expr, else => $other:expr) => {
        match ($a, $b) {
            ($crate::api::$ka::F32($x), $crate::api::$kb::F32($y)) => $body,
            ($crate::api::$ka::F64($x), $crate::api::$kb::F64($y)) => $body,
            ($crate::api::$ka::I8($x), $crate::api::$kb::I8($y)) => $body,
            ($crate::api::$ka::U8($x), $crate::api::$kb::U8($y)) => $body,
            ($crate::api::$ka::I16($x), $crate::api::$kb::I16($y)) => $body,
            ($crate::api::$ka::U16($x), $crate::api::$kb::U16($y)) => $body,
            ($crate::api::$ka::I32($x), $crate::api::$kb::I32($y)) => $body,
            ($crate::api::$ka::U32($x), $crate::api::$kb::U32($y)) => $body,
            ($crate::api::$ka::I64($x), $crate::api::$kb::I64($y)) => $body,
            ($crate::api::$ka::U64($x), $crate::api::$kb::U64($y)) => $body,
            _ => $other,
        }
    };
}

/// Runs one generic expression with a type alias for the element type that a [`DType`] names.
///
/// `with_element!(dtype, T => expression)`.
#[macro_export]
macro_rules! with_element {
    ($dtype:expr, $element:ident => $body:expr) => {
        match $dtype {
            $crate::api::DType::F32 => {
                type $element = f32;
                $body
            }
            $crate::api::DType::F64 => {
                type $element = f64;
                $body
            }
            $crate::api::DType::I8 => {
                type $element = i8;
                $body
            }
            $crate::api::DType::U8 => {
                type $element = u8;
                $body
            }
            $crate::api::DType::I16 => {
                type $element = i16;
                $body
            }
            $crate::api::DType::U16 => {
                type $element = u16;
                $body
            }
            $crate::api::DType::I32 => {
                type $element = i32;
                $body
            }
            $crate::api::DType::U32 => {
                type $element = u32;
                $body
            }
            $crate::api::DType::I64 => {
                type $element = i64;
                $body
            }
            $crate::api::DType::U64 => {
                type $element = u64;
                $body
            }
        }
    };
}

macro_rules! conversions {
    ($($variant:ident: $type:ty),*) => {$(
        impl<'a> From<View<'a, $type>> for TensorRef<'a> {
            fn from(view: View<'a, $type>) -> Self {
                TensorRef::$variant(view)
            }
        }

        impl<'a> From<ViewMut<'a, $type>> for TensorMut<'a> {
            fn from(view: ViewMut<'a, $type>) -> Self {
                TensorMut::$variant(view)
            }
        }

        impl From<ArrayD<$type>> for Tensor {
            /// Takes the array over; it is copied only if it is not in C order.
            fn from(array: ArrayD<$type>) -> Self {
                if array.is_standard_layout() {
                    Tensor::$variant(array)
                } else {
                    Tensor::$variant(array.as_standard_layout().into_owned())
                }
            }
        }
    )*};
}

conversions!(
    F32: f32, F64: f64, I8: i8, U8: u8, I16: i16, U16: u16, I32: i32, U32: u32, I64: i64, U64: u64
);

fn dtype_of<T: Element>(_: &View<'_, T>) -> DType {
    T::DTYPE
}

impl<'a> TensorRef<'a> {
    /// The element type.
    pub fn dtype(&self) -> DType {
        for_dtype!(TensorRef, self, view => dtype_of(view))
    }

    /// Axis lengths, slowest axis first; empty for a 0-dimensional tensor.
    pub fn shape(&self) -> &[usize] {
        for_dtype!(TensorRef, self, view => view.shape())
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        for_dtype!(TensorRef, self, view => view.len())
    }

    /// Whether there is no element at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size in the true element type, bytes.
    pub fn byte_len(&self) -> usize {
        self.len() * self.dtype().size()
    }

    /// The elements as little-endian bytes in C order, appended to `bytes`.
    pub fn write_le(&self, bytes: &mut Vec<u8>) {
        bytes.reserve(self.byte_len());
        for_dtype!(TensorRef, self, view => for value in view.data() {
            bytes.extend_from_slice(&value.to_le_bytes());
        });
    }

    /// An owned copy.
    pub fn to_tensor(&self) -> Tensor {
        for_dtype!(TensorRef, self, view => Tensor::from(view.array().to_owned()))
    }
}

impl<'a> TensorMut<'a> {
    /// The element type.
    pub fn dtype(&self) -> DType {
        match self {
            TensorMut::F32(_) => DType::F32,
            TensorMut::F64(_) => DType::F64,
            TensorMut::I8(_) => DType::I8,
            TensorMut::U8(_) => DType::U8,
            TensorMut::I16(_) => DType::I16,
            TensorMut::U16(_) => DType::U16,
            TensorMut::I32(_) => DType::I32,
            TensorMut::U32(_) => DType::U32,
            TensorMut::I64(_) => DType::I64,
            TensorMut::U64(_) => DType::U64,
        }
    }

    /// Axis lengths, slowest axis first; empty for a 0-dimensional tensor.
    pub fn shape(&self) -> &[usize] {
        for_dtype!(TensorMut, self, view => view.shape())
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        for_dtype!(TensorMut, self, view => view.len())
    }

    /// Whether there is no element at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A shorter-lived writable view of the same data.
    pub fn reborrow(&mut self) -> TensorMut<'_> {
        for_dtype!(TensorMut, self, view => TensorMut::from(view.reborrow()))
    }

    /// Overwrites every element from little-endian bytes in C order.
    ///
    /// # Errors
    /// `Corrupt` if `bytes` does not hold exactly the tensor's elements.
    pub fn read_le(self, bytes: &[u8]) -> Result<(), Error> {
        let size = self.dtype().size();
        if bytes.len() != self.len() * size {
            let reason = format!("expected {} bytes of elements, found {}", self.len() * size, bytes.len());
            return Err(Error::corrupt(bytes.len(), reason));
        }
        for_dtype!(TensorMut, self, view => read_values(view, bytes, size));
        Ok(())
    }
}

fn read_values<T: Element>(view: ViewMut<'_, T>, bytes: &[u8], size: usize) {
    for (value, chunk) in view.into_data().iter_mut().zip(bytes.chunks_exact(size)) {
        let mut word = [0u8; 8];
        word[..size].copy_from_slice(chunk);
        *value = T::from_bits(u64::from_le_bytes(word));
    }
}

impl Tensor {
    /// A tensor of zeros.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Self {
        with_element!(dtype, T => Tensor::from(ArrayD::<T>::zeros(IxDyn(shape))))
    }

    /// A tensor from little-endian bytes in C order.
    ///
    /// # Errors
    /// `Corrupt` if `bytes` does not hold exactly the elements of `shape`; `LimitExceeded` if the shape overflows.
    pub fn from_le_bytes(dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Self, Error> {
        let needed = shape.iter().try_fold(dtype.size(), |product, &length| product.checked_mul(length));
        match needed {
            Some(needed) if needed == bytes.len() => {}
            Some(needed) => {
                let reason = format!("shape {shape:?} of {dtype} needs {needed} bytes, found {}", bytes.len());
                return Err(Error::corrupt(bytes.len(), reason));
            }
            None => {
                return Err(Error::LimitExceeded {
                    what: "tensor bytes",
                    needed: u64::MAX,
                    allowed: usize::MAX as u64,
                });
            }
        }
        let mut tensor = Tensor::zeros(dtype, shape);
        tensor.view_mut().read_le(bytes)?;
        Ok(tensor)
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.view().dtype()
    }

    /// Axis lengths, slowest axis first.
    pub fn shape(&self) -> &[usize] {
        for_dtype!(Tensor, self, array => array.shape())
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        for_dtype!(Tensor, self, array => array.len())
    }

    /// Whether there is no element at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size in the true element type, bytes.
    pub fn byte_len(&self) -> usize {
        self.len() * self.dtype().size()
    }

    /// A read-only view.
    ///
    /// # Panics
    /// If a variant was built by hand around an array that is not in C order; the `From` conversions never do that.
    pub fn view(&self) -> TensorRef<'_> {
        for_dtype!(Tensor, self, array => TensorRef::from(View::new(array.view()).expect("an owned tensor is in C order")))
    }

    /// A writable view.
    ///
    /// # Panics
    /// As [`Tensor::view`].
    pub fn view_mut(&mut self) -> TensorMut<'_> {
        for_dtype!(Tensor, self, array => {
            TensorMut::from(ViewMut::new(array.view_mut()).expect("an owned tensor is in C order"))
        })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn little_endian_bytes_round_trip_for_every_dtype() {
        for dtype in DType::ALL {
            let bytes: Vec<u8> = (0..6 * dtype.size() as u8).collect();
            let tensor = Tensor::from_le_bytes(dtype, &[2, 3], &bytes).expect("the length fits");
            let mut back = Vec::new();
            tensor.view().write_le(&mut back);
            assert_eq!((tensor.dtype(), back), (dtype, bytes));
        }
    }

    #[test]
    fn a_wrong_length_and_an_overflowing_shape_are_errors() {
        assert!(Tensor::from_le_bytes(DType::F32, &[2, 2], &[0; 15]).is_err());
        assert!(Tensor::from_le_bytes(DType::F64, &[usize::MAX, 2], &[]).is_err());
    }

    #[test]
    fn a_transposed_array_is_brought_into_c_order() {
        let array = Array2::from_shape_fn((2, 3), |(i, j)| (i * 3 + j) as i16).reversed_axes().into_dyn();
        let tensor = Tensor::from(array);
        let mut bytes = Vec::new();
        tensor.view().write_le(&mut bytes);
        assert_eq!(bytes, [0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5, 0]);
    }

    #[test]
    fn a_scalar_has_one_element_and_no_axes() {
        let tensor = Tensor::zeros(DType::U64, &[]);
        assert_eq!((tensor.len(), tensor.shape().len(), tensor.byte_len()), (1, 0, 8));
    }
}
