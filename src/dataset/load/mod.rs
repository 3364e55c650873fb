//! Bytes of a file -> tensor, one file per format. Sizes that a file states are never believed before they are checked.

mod npy;
mod png;
mod raw;
mod y4m;

use codecbench_methods::api::Tensor;
use thiserror::Error;

use super::manifest::{Format, Layout};

/// Why bytes could not become a tensor.
#[derive(Debug, Error)]
pub enum FormatError {
    /// The bytes are not what their format or manifest says.
    #[error("{0}")]
    Malformed(String),
    /// The file is fine, but holds something that is not an array of one of our types.
    #[error("{0}")]
    Unsupported(String),
}

/// Reads a file's bytes in the format given.
///
/// # Errors
/// `Malformed` for truncated, over-long or contradictory bytes, `Unsupported` for element types and features we don't read.
pub fn parse(bytes: &[u8], format: &Format, layout: Option<&Layout>) -> Result<Tensor, FormatError> {
    let tensor = match format {
        Format::Raw { big_endian } => {
            let layout = layout.ok_or_else(|| malformed("a raw file needs `shape` and `dtype`"))?;
            return raw::parse(bytes, layout, *big_endian);
        }
        Format::Npy => npy::parse(bytes),
        Format::Npz { member } => npy::parse_member(bytes, member.as_deref()),
        Format::Png => png::parse(bytes),
        Format::Y4m => y4m::parse(bytes),
    }?;
    match layout {
        Some(layout) if layout.dtype != tensor.dtype() || layout.shape != tensor.shape() => Err(malformed(format!(
            "the manifest says {:?} of {}, the file holds {:?} of {}",
            layout.shape,
            layout.dtype,
            tensor.shape(),
            tensor.dtype()
        ))),
        _ => Ok(tensor),
    }
}

fn malformed(reason: impl Into<String>) -> FormatError {
    FormatError::Malformed(reason.into())
}

fn unsupported(reason: impl Into<String>) -> FormatError {
    FormatError::Unsupported(reason.into())
}

/// Product of axis lengths and element size, if the array can exist: `ndarray` wants even the lengths beside a zero to
/// multiply to at most `isize::MAX`.
fn byte_len(shape: &[usize], size: usize) -> Option<usize> {
    let mut lengths = shape.iter().filter(|&&length| length != 0);
    let bytes = lengths.try_fold(size, |product, &length| product.checked_mul(length))?;
    if isize::try_from(bytes).is_err() {
        return None;
    }
    Some(if shape.contains(&0) { 0 } else { bytes })
}

/// A tensor from little-endian bytes whose length was checked.
fn from_le(layout: &Layout, bytes: &[u8]) -> Result<Tensor, FormatError> {
    Tensor::from_le_bytes(layout.dtype, &layout.shape, bytes).map_err(|error| malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_array_whose_other_axes_overflow_is_refused() {
        assert_eq!(byte_len(&[3, 0, 7], 8), Some(0));
        assert_eq!(byte_len(&[0, 1 << 62, 8], 1), None);
        assert_eq!(byte_len(&[], 4), Some(4));
    }
}
