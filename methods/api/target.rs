//! What a compressor is asked for, and what it promises.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Error;

/// The quality or size asked of a compressor, in one vocabulary for all methods.
///
/// Relative bounds, PSNRs, relative norms and ratios are resolved to one of these by the harness, so that every method gets the same target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Every value comes back bit for bit.
    Lossless,
    /// `|y - x| <= bound` for every value, in the unit of the data.
    MaxAbs(f64),
    /// `|y - x| <= bound * |x|` for every value; zeros come back as zeros.
    PointwiseRel(f64),
    /// Root mean square error, in the unit of the data.
    Rmse(f64),
    /// Payload bits per value.
    BitsPerValue(f64),
    /// Whatever the method's own parameters say.
    Native,
}

/// A [`Target`] without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// See [`Target::Lossless`].
    Lossless,
    /// See [`Target::MaxAbs`].
    MaxAbs,
    /// See [`Target::PointwiseRel`].
    PointwiseRel,
    /// See [`Target::Rmse`].
    Rmse,
    /// See [`Target::BitsPerValue`].
    BitsPerValue,
    /// See [`Target::Native`].
    Native,
}

/// What a method promises for a kind of target. A promise is not a measurement: the harness checks it on decoded data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// Bit for bit.
    Exact,
    /// The bound holds for every value.
    Bounded,
    /// The method aims at the target and may miss it.
    Approximate,
    /// Nothing is promised.
    None,
}

impl Target {
    /// The target without its value.
    pub fn kind(self) -> TargetKind {
        match self {
            Target::Lossless => TargetKind::Lossless,
            Target::MaxAbs(_) => TargetKind::MaxAbs,
            Target::PointwiseRel(_) => TargetKind::PointwiseRel,
            Target::Rmse(_) => TargetKind::Rmse,
            Target::BitsPerValue(_) => TargetKind::BitsPerValue,
            Target::Native => TargetKind::Native,
        }
    }

    /// The target's number, if it has one.
    pub fn value(self) -> Option<f64> {
        match self {
            Target::Lossless | Target::Native => None,
            Target::MaxAbs(value) | Target::PointwiseRel(value) | Target::Rmse(value) | Target::BitsPerValue(value) => {
                Some(value)
            }
        }
    }

    /// Rebuilds a target from its kind and number.
    ///
    /// # Errors
    /// `InvalidParam` if the number is missing, superfluous, or not a sensible target.
    pub fn from_parts(kind: TargetKind, value: Option<f64>) -> Result<Self, Error> {
        let target = match (kind, value) {
            (TargetKind::Lossless, None) => Target::Lossless,
            (TargetKind::Native, None) => Target::Native,
            (TargetKind::MaxAbs, Some(value)) => Target::MaxAbs(value),
            (TargetKind::PointwiseRel, Some(value)) => Target::PointwiseRel(value),
            (TargetKind::Rmse, Some(value)) => Target::Rmse(value),
            (TargetKind::BitsPerValue, Some(value)) => Target::BitsPerValue(value),
            (kind, Some(_)) => return Err(Error::invalid("target", format!("`{kind}` takes no number"))),
            (kind, None) => return Err(Error::invalid("target", format!("`{kind}` needs a number"))),
        };
        target.validate()?;
        Ok(target)
    }

    /// Checks that the number is finite and not negative (bits per value: above zero).
    ///
    /// # Errors
    /// `InvalidParam` naming the target.
    pub fn validate(self) -> Result<(), Error> {
        let kind = self.kind();
        match self.value() {
            Some(value) if !value.is_finite() => {
                Err(Error::invalid("target", format!("`{kind}` must be a finite number, got {value}")))
            }
            Some(value) if value < 0.0 => {
                Err(Error::invalid("target", format!("`{kind}` must not be negative, got {value}")))
            }
            Some(0.0) if kind == TargetKind::BitsPerValue => {
                Err(Error::invalid("target", format!("`{kind}` must be above zero")))
            }
            _ => Ok(()),
        }
    }
}

impl TargetKind {
    /// Every kind, in the order of the tables.
    pub const ALL: [TargetKind; 6] = [
        TargetKind::Lossless,
        TargetKind::MaxAbs,
        TargetKind::PointwiseRel,
        TargetKind::Rmse,
        TargetKind::BitsPerValue,
        TargetKind::Native,
    ];

    /// The name users write: `lossless`, `abs`, `pwrel`, `rmse`, `bpv`, `native`.
    pub const fn name(self) -> &'static str {
        match self {
            TargetKind::Lossless => "lossless",
            TargetKind::MaxAbs => "abs",
            TargetKind::PointwiseRel => "pwrel",
            TargetKind::Rmse => "rmse",
            TargetKind::BitsPerValue => "bpv",
            TargetKind::Native => "native",
        }
    }
}

impl Promise {
    /// The name in tables: `exact`, `bounded`, `approximate`, `none`.
    pub const fn name(self) -> &'static str {
        match self {
            Promise::Exact => "exact",
            Promise::Bounded => "bounded",
            Promise::Approximate => "approximate",
            Promise::None => "none",
        }
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_round_trip_and_nonsense_is_refused() {
        for target in [Target::Lossless, Target::MaxAbs(1e-3), Target::Rmse(0.0), Target::Native] {
            assert_eq!(Target::from_parts(target.kind(), target.value()).ok(), Some(target));
        }
        assert!(Target::from_parts(TargetKind::MaxAbs, None).is_err());
        assert!(Target::from_parts(TargetKind::Lossless, Some(1.0)).is_err());
        assert!(Target::MaxAbs(f64::NAN).validate().is_err());
        assert!(Target::MaxAbs(-1.0).validate().is_err());
        assert!(Target::BitsPerValue(0.0).validate().is_err());
    }
}
