//! Borrowed n-dimensional data in C order.

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};

use super::Error;

/// A read-only n-dimensional view in C order (last axis fastest), contiguous by construction.
#[derive(Clone, Debug)]
pub struct View<'a, T>(ArrayViewD<'a, T>);

/// A writable n-dimensional view in C order (last axis fastest), contiguous by construction.
#[derive(Debug)]
pub struct ViewMut<'a, T>(ArrayViewMutD<'a, T>);

impl<'a, T> View<'a, T> {
    /// Wraps an array view.
    ///
    /// # Errors
    /// `InvalidParam` if the view is not contiguous in C order: copy it with `as_standard_layout` first.
    pub fn new(array: ArrayViewD<'a, T>) -> Result<Self, Error> {
        if array.is_standard_layout() { Ok(View(array)) } else { Err(not_c_order()) }
    }

    /// Sees `data` as an array of shape `shape`.
    ///
    /// # Errors
    /// `InvalidParam` if the shape does not have as many elements as `data`.
    pub fn from_slice(shape: &[usize], data: &'a [T]) -> Result<Self, Error> {
        ArrayViewD::from_shape(IxDyn(shape), data).map(View).map_err(|_| wrong_length(shape, data.len()))
    }

    /// Axis lengths, slowest axis first.
    pub fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    /// Number of elements; 1 for a 0-dimensional array.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no element at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The elements in C order.
    pub fn data(&self) -> &'a [T] {
        self.0.to_slice().unwrap_or(&[])
    }

    /// The underlying array view.
    pub fn array(&self) -> ArrayViewD<'a, T> {
        self.0.clone()
    }
}

impl<'a, T> ViewMut<'a, T> {
    /// Wraps a writable array view.
    ///
    /// # Errors
    /// `InvalidParam` if the view is not contiguous in C order.
    pub fn new(array: ArrayViewMutD<'a, T>) -> Result<Self, Error> {
        if array.is_standard_layout() { Ok(ViewMut(array)) } else { Err(not_c_order()) }
    }

    /// Sees `data` as a writable array of shape `shape`.
    ///
    /// # Errors
    /// `InvalidParam` if the shape does not have as many elements as `data`.
    pub fn from_slice(shape: &[usize], data: &'a mut [T]) -> Result<Self, Error> {
        let length = data.len();
        ArrayViewMutD::from_shape(IxDyn(shape), data).map(ViewMut).map_err(|_| wrong_length(shape, length))
    }

    /// Axis lengths, slowest axis first.
    pub fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    /// Number of elements; 1 for a 0-dimensional array.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no element at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The elements in C order.
    pub fn data(&mut self) -> &mut [T] {
        self.0.as_slice_mut().unwrap_or(&mut [])
    }

    /// The elements in C order, for as long as the view itself lived.
    pub fn into_data(self) -> &'a mut [T] {
        self.0.into_slice().unwrap_or(&mut [])
    }

    /// A shorter-lived writable view of the same data.
    pub fn reborrow(&mut self) -> ViewMut<'_, T> {
        ViewMut(self.0.view_mut())
    }
}

fn not_c_order() -> Error {
    Error::invalid("tensor", "the view is not contiguous in C order; copy it with `as_standard_layout` first")
}

fn wrong_length(shape: &[usize], length: usize) -> Error {
    Error::invalid("shape", format!("{shape:?} does not have the {length} elements given"))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, arr0};

    use super::*;

    #[test]
    fn a_transposed_view_is_refused() {
        let array = Array2::<f32>::zeros((2, 3));
        assert!(View::new(array.t().into_dyn()).is_err());
        assert!(View::new(array.view().into_dyn()).is_ok());
    }

    #[test]
    fn zero_dimensional_and_empty_arrays_are_views_too() {
        let scalar = arr0(7i32);
        assert_eq!(View::new(scalar.view().into_dyn()).map(|view| view.data().to_vec()).ok(), Some(vec![7]));
        let empty = Array3::<u8>::zeros((4, 0, 2));
        let view = View::new(empty.view().into_dyn()).expect("an empty array is in C order");
        assert_eq!((view.shape(), view.data().len()), (&[4, 0, 2][..], 0));
    }
}
