//! What a method made of an array.

use codecbench_methods::api::{DType, Tensor, TensorRef};

#[cfg(target_os = "linux")]
use super::isolate::Written;

/// A payload, and what a fresh decoder instance made of it.
#[derive(Debug)]
pub struct Product {
    made: Made,
    /// What the method wrote to stderr meanwhile, where that was seen: the first line.
    pub printed: Option<String>,
}

#[derive(Debug)]
enum Made {
    /// In this process.
    Here { payload: Vec<u8>, decoded: Tensor },
    /// By a worker, where it wrote them.
    #[cfg(target_os = "linux")]
    Away { payload: Written, decoded: Written, dtype: DType, shape: Vec<usize> },
}

impl Product {
    /// What came out without a word.
    pub fn new(payload: Vec<u8>, decoded: Tensor) -> Self {
        Product { made: Made::Here { payload, decoded }, printed: None }
    }

    /// The same with what the method wrote to stderr, if it did.
    pub(super) fn printing(self, printed: Option<String>) -> Self {
        Product { printed, ..self }
    }

    /// What a worker wrote; the decoded bytes are as many as the array has.
    #[cfg(target_os = "linux")]
    pub(super) fn written(payload: Written, decoded: Written, (dtype, shape): (DType, &[usize])) -> Self {
        Product { made: Made::Away { payload, decoded, dtype, shape: shape.to_vec() }, printed: None }
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        match &self.made {
            Made::Here { payload, .. } => payload,
            #[cfg(target_os = "linux")]
            Made::Away { payload, .. } => payload.bytes(),
        }
    }

    /// The payload where a worker wrote it, if one did.
    #[cfg(target_os = "linux")]
    pub(super) fn written_payload(&self) -> Option<&Written> {
        match &self.made {
            Made::Here { .. } => None,
            Made::Away { payload, .. } => Some(payload),
        }
    }

    /// The decoded array.
    ///
    /// # Panics
    /// If there are other bytes than the array has: our bug, since whoever makes a product counts them.
    pub fn decoded(&self) -> TensorRef<'_> {
        match &self.made {
            Made::Here { decoded, .. } => decoded.view(),
            #[cfg(target_os = "linux")]
            Made::Away { decoded, dtype, shape, .. } => {
                decoded.tensor(*dtype, shape).expect("as many bytes as the array has")
            }
        }
    }
}
