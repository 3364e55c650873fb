//! Bytes of a file -> tensor, one file per format. Sizes that a file states are never believed before they are checked.

mod npy;
mod png;
mod raw;
pub mod vlsv;
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

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The elements.
    pub tensor: Tensor,
    /// Spacing of the velocity grid per axis (VDF), m/s; 1 for an axis that is no velocity.
    pub velocity_spacing: Option<Vec<f64>>,
    /// Velocity of the lower corner of the first cell per axis (VDF), m/s.
    pub velocity_origin: Option<Vec<f64>>,
    /// Values at or below this count as empty (VDF).
    pub sparsity_threshold: Option<f64>,
    /// Whether the first axis numbers distributions (VDF).
    pub stack: bool,
    /// Rows of a frame that are luma, where chroma stands below (video).
    pub luma_rows: Option<usize>,
}

impl From<Tensor> for Parsed {
    fn from(tensor: Tensor) -> Self {
        Parsed {
            tensor,
            velocity_spacing: None,
            velocity_origin: None,
            sparsity_threshold: None,
            stack: false,
            luma_rows: None,
        }
    }
}

/// Reads a file's bytes in the format given.
///
/// # Errors
/// `Malformed` for truncated, over-long or contradictory bytes, `Unsupported` for element types and features we don't read.
pub fn parse(bytes: &[u8], format: &Format, layout: Option<&Layout>) -> Result<Parsed, FormatError> {
    let parsed: Parsed = match format {
        Format::Raw { big_endian } => {
            let layout = layout.ok_or_else(|| malformed("a raw file needs `shape` and `dtype`"))?;
            raw::parse(bytes, layout, *big_endian)?.into()
        }
        Format::Npy => npy::parse(bytes)?.into(),
        Format::Npz { member } => npy::parse_member(bytes, member.as_deref())?.into(),
        Format::Png => png::parse(bytes)?.into(),
        Format::Y4m => y4m::parse(bytes)?,
        Format::Vlsv(view) => vlsv::parse(bytes, view)?,
    };
    let tensor = &parsed.tensor;
    match layout {
        Some(layout) if layout.dtype != tensor.dtype() || layout.shape != tensor.shape() => Err(malformed(format!(
            "the manifest says {:?} of {}, the file holds {:?} of {}",
            layout.shape,
            layout.dtype,
            tensor.shape(),
            tensor.dtype()
        ))),
        _ => Ok(parsed),
    }
}

/// Float64 values as float32, where that changes no bit of any value.
///
/// # Errors
/// `Unsupported` for another element type; `Malformed` for a value that float32 cannot hold, with its place.
pub fn narrowed(tensor: &Tensor) -> Result<Tensor, FormatError> {
    let Tensor::F64(wide) = tensor else {
        return Err(unsupported(format!("`as_dtype`: only float64 is taken as float32, not {}", tensor.dtype())));
    };
    let narrow = wide.mapv(|value| value as f32);
    let changed = wide.iter().zip(&narrow).position(|(wide, &narrow)| f64::from(narrow).to_bits() != wide.to_bits());
    match changed {
        Some(at) => Err(malformed(format!("`as_dtype`: element {at} is not exact in float32"))),
        None => Ok(Tensor::from(narrow)),
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
    use codecbench_methods::api::DType;

    use super::*;

    #[test]
    fn doubles_become_singles_only_where_nothing_is_lost() {
        let wide = |values: Vec<f64>| Tensor::from(ndarray::Array1::from(values).into_dyn());
        let exact = narrowed(&wide(vec![0.5, -0.0, f64::INFINITY, f64::NAN, f64::from(f32::MIN_POSITIVE)]));
        assert_eq!(exact.ok().map(|tensor| (tensor.dtype(), tensor.len())), Some((DType::F32, 5)));
        for lost in [0.1, 1e300, 1e-300] {
            assert!(narrowed(&wide(vec![1.0, lost])).expect_err("lost").to_string().contains("element 1"));
        }
        assert!(narrowed(&Tensor::zeros(DType::I16, &[1])).is_err());
    }

    #[test]
    fn an_empty_array_whose_other_axes_overflow_is_refused() {
        assert_eq!(byte_len(&[3, 0, 7], 8), Some(0));
        assert_eq!(byte_len(&[0, 1 << 62, 8], 1), None);
        assert_eq!(byte_len(&[], 4), Some(4));
    }
}
