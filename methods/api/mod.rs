//! The vocabulary shared by every method and by the harness: tensors, targets, promises, errors and the [`Compressor`] trait.
//!
//! Nothing here knows a clock, a file, a metric or a data set.

mod checked;
mod dtype;
mod entry;
mod error;
mod method;
mod target;
mod tensor;
mod view;

pub use checked::Checked;
pub use dtype::{DType, Element};
pub use entry::{Entry, ParamsJson};
pub use error::Error;
pub use method::{Capabilities, Compressor, Method, Section, TargetRow};
pub use target::{Promise, Target, TargetKind};
pub use tensor::{Tensor, TensorMut, TensorRef};
pub use view::{View, ViewMut};
