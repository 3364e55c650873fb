//! zfp: blocks of four along each axis, a decorrelating transform, and bit planes of its coefficients.
//!
//! The library does the work (`ffi.rs`); here its modes are tied to targets and its promises are checked.

mod bounded;
mod ffi;
mod native;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::{
    Capabilities, Compressor, DType, Error, Method, Promise, Section, Target, TargetKind, TargetRow, TensorMut,
    TensorRef,
};
use ffi::Limits;
use native::Native;

/// Parameters of `zfp`. All but `search` are for the native target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    /// What the native target fixes: `accuracy`, `precision`, `rate`, or nothing (`reversible`).
    pub mode: Mode,
    /// Absolute error aimed at by `mode=accuracy`, in the unit of the data.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub tolerance: f64,
    /// Bit planes kept of each block by `mode=precision`.
    #[schemars(range(min = 1, max = 64))]
    pub precision: u32,
    /// Bits per value, of whole blocks, taken by `mode=rate`.
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 64))]
    pub rate: f64,
    /// Raise the tolerance, by factors of two, as long as no error exceeds the bound (or `tolerance`).
    pub search: bool,
}

/// A mode of zfp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A tolerance for the absolute error.
    #[default]
    Accuracy,
    /// A number of bit planes.
    Precision,
    /// A number of bits.
    Rate,
    /// Every bit.
    Reversible,
}

impl Default for Params {
    fn default() -> Self {
        Params { mode: Mode::Accuracy, tolerance: 1e-3, precision: 16, rate: 8.0, search: false }
    }
}

/// Element types that zfp has, or that have an exact place in one it has.
const DTYPES: &[DType] =
    &[DType::F32, DType::F64, DType::I8, DType::U8, DType::I16, DType::U16, DType::I32, DType::U32, DType::I64];

/// zfp with target and parameters fixed.
#[derive(Debug)]
pub struct Zfp {
    plan: Plan,
    search: bool,
}

/// What is to be done, target and mode taken together.
#[derive(Clone, Copy, Debug)]
enum Plan {
    /// Every bit; a first byte.
    Exact,
    /// Every value within the bound, or as near as can be seen; a first byte.
    Bounded(f64),
    /// zfp's own accuracy mode and nothing else.
    Accuracy(f64),
    /// zfp's own precision mode.
    Precision(u32),
    /// zfp's own rate mode: bits per value of whole blocks.
    Rate(f64),
    /// Bits per value of the tensor.
    Size(f64),
}

impl Method for Zfp {
    const ID: &'static str = "zfp";
    const FORMAT: u8 = 1;
    const CAPABILITIES: Capabilities = Capabilities::new(
        "zfp: block transform and bit planes, with the bound checked on what comes back",
        &[
            TargetRow::new(TargetKind::Lossless, Promise::Exact, DTYPES),
            TargetRow::new(TargetKind::MaxAbs, Promise::Bounded, DTYPES),
            TargetRow::new(TargetKind::BitsPerValue, Promise::Approximate, DTYPES),
            TargetRow::new(TargetKind::Native, Promise::None, DTYPES),
        ],
    )
    .with_logarithms();
    type Params = Params;

    fn new(params: Params, target: Target) -> Result<Self, Error> {
        check(&params)?;
        let plan = match (target, params.mode) {
            (Target::Native, Mode::Accuracy) if params.search => Plan::Bounded(params.tolerance),
            (Target::Native, Mode::Accuracy) => Plan::Accuracy(params.tolerance),
            (Target::Native, Mode::Precision) => Plan::Precision(params.precision),
            (Target::Native, Mode::Rate) => Plan::Rate(params.rate),
            (Target::Native | Target::Lossless, Mode::Reversible) => Plan::Exact,
            (_, Mode::Precision | Mode::Rate | Mode::Reversible) => {
                let reason = format!("target `{}` with this `mode`; modes are for the native target", target.kind());
                return Err(Error::unsupported(reason));
            }
            (Target::Lossless, _) => Plan::Exact,
            (Target::MaxAbs(bound), _) => Plan::Bounded(bound),
            (Target::BitsPerValue(bits), _) => Plan::Size(bits),
            (other, _) => return Err(Error::unsupported(format!("target `{}` with zfp", other.kind()))),
        };
        Ok(Zfp { plan, search: params.search })
    }

    fn grid() -> Vec<Params> {
        [false, true].map(|search| Params { search, ..Params::default() }).into()
    }
}

fn check(params: &Params) -> Result<(), Error> {
    if !(params.tolerance > 0.0 && params.tolerance.is_finite()) {
        return Err(Error::invalid("tolerance", format!("{}; it must be a number above zero", params.tolerance)));
    }
    if !(1..=64).contains(&params.precision) {
        return Err(Error::invalid("precision", format!("{}; it must be 1 to 64", params.precision)));
    }
    if !(params.rate > 0.0 && params.rate <= 64.0) {
        return Err(Error::invalid("rate", format!("{}; it must be above 0 and at most 64", params.rate)));
    }
    Ok(())
}

/// One generic expression for the element types zfp takes.
macro_rules! for_native {
    ($kind:ident, $tensor:expr, $view:pat => $body:expr) => {
        match $tensor {
            $kind::F32($view) => $body,
            $kind::F64($view) => $body,
            $kind::I8($view) => $body,
            $kind::U8($view) => $body,
            $kind::I16($view) => $body,
            $kind::U16($view) => $body,
            $kind::I32($view) => $body,
            $kind::U32($view) => $body,
            $kind::I64($view) => $body,
            $kind::U64(_) => Err(Error::unsupported("dtype uint64; zfp has no type that holds it")),
        }
    };
}

impl Compressor for Zfp {
    fn compress(&self, input: TensorRef<'_>, payload: &mut Vec<u8>) -> Result<(), Error> {
        let shape = axes_for_zfp(input.shape());
        for_native!(TensorRef, input, view => self.encode(view.data(), &shape, payload))
    }

    fn decompress(&self, payload: &[u8], output: TensorMut<'_>) -> Result<(), Error> {
        let shape = axes_for_zfp(output.shape());
        match bounded::raw(payload) {
            Some(raw) if self.has_first_byte() => output.read_le(raw),
            _ => for_native!(TensorMut, output, view => self.decode(payload, &shape, view.into_data())),
        }
    }

    fn sections(&self, _: DType, payload: &[u8]) -> Result<Vec<Section>, Error> {
        let first = usize::from(self.has_first_byte());
        Ok(vec![("what was kept", first), ("blocks", payload.len() - first)])
    }
}

/// One to four axes: those of length one are left out, and the slowest become one where there are more than four.
fn axes_for_zfp(shape: &[usize]) -> Vec<usize> {
    let mut axes: Vec<usize> = shape.iter().copied().filter(|&length| length != 1).collect();
    if axes.is_empty() {
        return vec![1];
    }
    let fastest = axes.split_off(axes.len().saturating_sub(3));
    match axes.len() {
        0 => fastest,
        _ => [&[axes.iter().product()], &fastest[..]].concat(),
    }
}

impl Zfp {
    fn has_first_byte(&self) -> bool {
        matches!(self.plan, Plan::Exact | Plan::Bounded(_))
    }

    fn encode<T: Native>(&self, data: &[T], shape: &[usize], payload: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(index) = data.iter().position(|value| !value.is_finite()) {
            return Err(Error::unsupported(format!("{} at flat index {index}; zfp takes finite values", data[index])));
        }
        let job = bounded::Job { data, promoted: data.iter().map(|value| value.promoted()).collect(), shape };
        match self.plan {
            Plan::Exact => job.exact(payload),
            Plan::Bounded(bound) => job.bounded(bound, self.search, payload),
            _ => {
                payload.extend_from_slice(&ffi::compress(&job.promoted, shape, self.limits::<T>(data.len(), shape))?);
                Ok(())
            }
        }
    }

    fn decode<T: Native>(&self, payload: &[u8], shape: &[usize], data: &mut [T]) -> Result<(), Error> {
        let (limits, stream) = match self.plan {
            Plan::Exact => bounded::open::<T>(payload, None, shape.len())?,
            Plan::Bounded(bound) => bounded::open::<T>(payload, Some(bound), shape.len())?,
            _ => (self.limits::<T>(data.len(), shape), payload),
        };
        let mut values = vec![T::Scalar::default(); data.len()];
        ffi::decompress(stream, shape, limits, &mut values)?;
        data.iter_mut().zip(values).for_each(|(element, value)| *element = T::demoted(value));
        Ok(())
    }

    /// What is kept where no first byte says it.
    fn limits<T: Native>(&self, count: usize, shape: &[usize]) -> Limits {
        match self.plan {
            Plan::Accuracy(tolerance) => bounded::limits::<T>(bounded::exponent(tolerance), shape.len()),
            Plan::Precision(planes) => Limits::precision(planes),
            Plan::Rate(bits) => Limits::rate::<T::Scalar>((bits * block_len(shape) + 0.5).floor(), shape.len()),
            Plan::Size(bits) => {
                let of_block = bits * count as f64 / ffi::blocks(shape) as f64;
                Limits::rate::<T::Scalar>(of_block.floor(), shape.len())
            }
            Plan::Exact | Plan::Bounded(_) => Limits::REVERSIBLE,
        }
    }
}

/// Values in a block.
fn block_len(shape: &[usize]) -> f64 {
    (1u32 << (2 * shape.len())) as f64
}
