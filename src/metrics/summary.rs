//! Statistics of an original.

/// Statistics over the values that are not missing. Absent over an empty set.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Values that are finite and not the fill value.
    pub valid: usize,
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// R = max - min; infinite where that overflows.
    pub range: Option<f64>,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation (divided by the number of values, not by one less).
    pub sigma: Option<f64>,
    /// Root mean square.
    pub rms: Option<f64>,
}
