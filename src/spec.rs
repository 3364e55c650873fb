//! What users write for methods and targets: `adaptive-grid:predictor=cubic`, `rel=1e-2,1e-3`.

mod expand;
mod params;
mod resolve;
mod target;

use std::fmt;

use codecbench_methods::api::ParamsJson;

pub use params::{params_text, parse_params};
pub use resolve::{Goal, resolve};

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
    /// VDF: relative errors of density and temperature, both at most this.
    Moments(f64),
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
            TargetSpec::Moments(_) => "moments",
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
            | TargetSpec::Moments(value)
            | TargetSpec::Bpv(value)
            | TargetSpec::Ratio(value) => Some(value),
        }
    }
}

impl fmt::Display for TargetSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Some(value) => write!(f, "{}={}", self.name(), number_text(value)),
            None => f.write_str(self.name()),
        }
    }
}

impl fmt::Display for MethodSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        if self.params.is_empty() { Ok(()) } else { write!(f, ":{}", params_text(&self.params)) }
    }
}

/// The shortest decimal text that reads back as the same `f64`: `1e-3`, `0.25`, `60`, `inf`.
pub fn number_text(value: f64) -> String {
    let (plain, exponent) = (format!("{value}"), format!("{value:e}"));
    if plain.len() < exponent.len() || value == 0.0 || !value.is_finite() { plain } else { exponent }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_in_their_shortest_form_and_read_back_the_same() {
        for (value, text) in [(1e-3, "1e-3"), (0.25, "0.25"), (60.0, "60"), (0.0, "0"), (-1.5e300, "-1.5e300")] {
            assert_eq!(number_text(value), text);
        }
        assert_eq!(number_text(f64::INFINITY), "inf");
        for value in [0.1 + 0.2, f64::MIN_POSITIVE, 5e-324, f64::MAX, 1.0 / 3.0, 123456789.0] {
            assert_eq!(number_text(value).parse(), Ok(value));
        }
    }

    #[test]
    fn a_spec_prints_as_it_is_written() {
        for text in ["rel=1e-3", "psnr=60", "lossless", "bpv=2", "l2=2e-2"] {
            assert_eq!(TargetSpec::parse_one(text).map(|spec| spec.to_string()).ok().as_deref(), Some(text));
        }
        let spec = MethodSpec::parse("zlib:shuffle=true:level=9").expect("well formed");
        assert_eq!(spec[0].to_string(), "zlib:level=9:shuffle=true");
    }
}
