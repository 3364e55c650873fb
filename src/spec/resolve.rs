//! From what the user asked to what a method is told.

use codecbench_methods::api::Target;

use super::TargetSpec;
use crate::metrics::Summary;

/// What a cell aims at, in the unit of its data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// A target in the vocabulary of the methods.
    Target(Target),
    /// Largest relative error of density and temperature of a VDF: reached by search.
    Moments(f64),
    /// A compression ratio: reached by search, or as bits per value where the method has that target.
    Ratio(f64),
}

/// Resolves a spec against the summary of the original: `rel` by the value range R, `psnr` to an RMS error of
/// R * 10^(-p / 20), `l2` by the RMS of the original. Data without a finite value has R = 0 and RMS = 0.
///
/// # Errors
/// The reason, if the resolved number overflows.
pub fn resolve(spec: TargetSpec, summary: &Summary) -> Result<Goal, String> {
    let range = summary.range.unwrap_or(0.0);
    // The range may overflow where a fraction of it does not.
    let of_range = |fraction: f64| match (range.is_finite(), summary.max.zip(summary.min)) {
        (false, Some((max, min))) => fraction * max - fraction * min,
        _ => fraction * range,
    };
    let target = match spec {
        TargetSpec::Lossless => Target::Lossless,
        TargetSpec::Native => Target::Native,
        TargetSpec::Abs(value) => Target::MaxAbs(value),
        TargetSpec::Rel(value) => Target::MaxAbs(of_range(value)),
        TargetSpec::Pwrel(value) => Target::PointwiseRel(value),
        TargetSpec::Psnr(value) => Target::Rmse(of_range(libm::pow(10.0, -value / 20.0))),
        TargetSpec::L2(value) => Target::Rmse(value * summary.rms.unwrap_or(0.0)),
        TargetSpec::Rmse(value) => Target::Rmse(value),
        TargetSpec::Bpv(value) => Target::BitsPerValue(value),
        TargetSpec::Moments(value) => return Ok(Goal::Moments(value)),
        TargetSpec::Ratio(value) => return Ok(Goal::Ratio(value)),
    };
    match target.validate() {
        Ok(()) => Ok(Goal::Target(target)),
        Err(_) => Err(format!("target `{spec}` overflows on this data: its value range is {range:e}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_targets_become_absolute_ones() {
        let summary = Summary { range: Some(200.0), rms: Some(50.0), ..Summary::default() };
        let goal = |spec| resolve(spec, &summary);
        assert_eq!(goal(TargetSpec::Rel(1e-2)), Ok(Goal::Target(Target::MaxAbs(2.0))));
        assert_eq!(goal(TargetSpec::Psnr(40.0)), Ok(Goal::Target(Target::Rmse(2.0))));
        assert_eq!(goal(TargetSpec::L2(0.5)), Ok(Goal::Target(Target::Rmse(25.0))));
        assert_eq!(goal(TargetSpec::Ratio(20.0)), Ok(Goal::Ratio(20.0)));
    }

    #[test]
    fn data_without_a_range_gets_a_bound_of_zero_and_a_bound_that_overflows_is_a_reason() {
        let goal = resolve(TargetSpec::Rel(1e-2), &Summary::default());
        assert_eq!(goal, Ok(Goal::Target(Target::MaxAbs(0.0))));
        let (max, min) = (Some(1.5e308), Some(-1.5e308));
        let endless = Summary { range: Some(f64::INFINITY), max, min, ..Summary::default() };
        assert_eq!(resolve(TargetSpec::Rel(0.5), &endless), Ok(Goal::Target(Target::MaxAbs(1.5e308))));
        assert!(resolve(TargetSpec::Rel(1.0), &endless).is_err_and(|reason| reason.contains("range")));
    }
}
