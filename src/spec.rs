//! What users write for methods and targets: `adaptive-grid:predictor=cubic`, `rel=1e-2,1e-3`.

use std::fmt;

use codecbench_methods::api::ParamsJson;

/// A method and its parameters, as written.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodSpec {
    /// The method's name.
    pub id: String,
    /// Parameters that were given.
    pub params: ParamsJson,
}

/// A target as users write it; the harness resolves it against the data to a method's `Target`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TargetSpec {
    /// Bit for bit.
    Lossless,
    /// Absolute bound, in the unit of the data.
    Abs(f64),
    /// Absolute bound as a fraction of the value range.
    Rel(f64),
    /// Bound relative to each value.
    Pwrel(f64),
    /// Peak signal-to-noise ratio over the value range, dB.
    Psnr(f64),
    /// RMS error over the RMS of the original.
    L2(f64),
    /// Root mean square error, in the unit of the data.
    Rmse(f64),
    /// Payload bits per value.
    Bpv(f64),
    /// Compression ratio.
    Ratio(f64),
    /// Whatever the method's own parameters say.
    Native,
}

impl TargetSpec {
    /// The name before the `=`.
    pub const fn name(self) -> &'static str {
        match self {
            TargetSpec::Lossless => "lossless",
            TargetSpec::Abs(_) => "abs",
            TargetSpec::Rel(_) => "rel",
            TargetSpec::Pwrel(_) => "pwrel",
            TargetSpec::Psnr(_) => "psnr",
            TargetSpec::L2(_) => "l2",
            TargetSpec::Rmse(_) => "rmse",
            TargetSpec::Bpv(_) => "bpv",
            TargetSpec::Ratio(_) => "ratio",
            TargetSpec::Native => "native",
        }
    }

    /// The number after the `=`, if any.
    pub const fn value(self) -> Option<f64> {
        match self {
            TargetSpec::Lossless | TargetSpec::Native => None,
            TargetSpec::Abs(value)
            | TargetSpec::Rel(value)
            | TargetSpec::Pwrel(value)
            | TargetSpec::Psnr(value)
            | TargetSpec::L2(value)
            | TargetSpec::Rmse(value)
            | TargetSpec::Bpv(value)
            | TargetSpec::Ratio(value) => Some(value),
        }
    }
}

impl fmt::Display for TargetSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Some(value) => write!(f, "{}={value:e}", self.name()),
            None => f.write_str(self.name()),
        }
    }
}
