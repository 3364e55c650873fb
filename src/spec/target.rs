//! Reading target specs.

use anyhow::{Context, Result, bail, ensure};

use super::TargetSpec;
use super::expand::{Step, expand};

type Maker = fn(f64) -> TargetSpec;

/// Name, constructor, the step of a range, whether zero is allowed.
const NUMBERED: [(&str, Maker, Step, bool); 9] = [
    ("abs", TargetSpec::Abs, Step::Decade, true),
    ("rel", TargetSpec::Rel, Step::Decade, true),
    ("pwrel", TargetSpec::Pwrel, Step::Decade, true),
    ("psnr", TargetSpec::Psnr, Step::Add(10.0), false),
    ("l2", TargetSpec::L2, Step::Decade, true),
    ("rmse", TargetSpec::Rmse, Step::Decade, true),
    ("moments", TargetSpec::Moments, Step::Decade, false),
    ("bpv", TargetSpec::Bpv, Step::Add(1.0), false),
    ("ratio", TargetSpec::Ratio, Step::Add(10.0), false),
];

impl TargetSpec {
    /// Reads `lossless`, `native` or `name=values`; values are a list of numbers and ranges.
    ///
    /// A range walks by decades for bounds (`rel=1e-1..1e-6`), by 10 dB for `psnr`, by 1 for `bpv` and by 10 for
    /// `ratio`; another step stands behind it: `psnr=40..80..5`.
    ///
    /// # Errors
    /// An unknown name (the known ones are listed), a missing, superfluous or malformed number, and a number that is
    /// not finite, negative, or zero where zero makes no sense.
    pub fn parse(text: &str) -> Result<Vec<TargetSpec>> {
        let text = text.trim();
        let (name, values) = match text.split_once('=') {
            Some((name, values)) => (name.trim(), Some(values)),
            None => (text, None),
        };
        if let Some(spec) = unnumbered(name) {
            ensure!(values.is_none(), "target `{name}` takes no number, got {text:?}");
            return Ok(vec![spec]);
        }
        let Some(&(_, maker, step, zero)) = NUMBERED.iter().find(|row| row.0 == name) else {
            let known: Vec<_> = NUMBERED.iter().map(|row| format!("{}=", row.0)).collect();
            bail!("unknown target {text:?}; known: lossless, native, {}", known.join(", "));
        };
        let values = values.with_context(|| format!("target `{name}` needs a number: `{name}=VALUE`"))?;
        let values = expand(values, step).with_context(|| format!("target {text:?}"))?;
        values.iter().map(|value| Ok(maker(number(name, value, zero)?))).collect()
    }

    /// Reads a spec that stands for one target.
    ///
    /// # Errors
    /// As [`TargetSpec::parse`], and a list or range.
    pub fn parse_one(text: &str) -> Result<TargetSpec> {
        let specs = TargetSpec::parse(text)?;
        ensure!(specs.len() == 1, "target {text:?} stands for {} targets, expected one", specs.len());
        Ok(specs[0])
    }

    /// Rebuilds a spec from the columns `target` and `target_value`.
    ///
    /// # Errors
    /// As [`TargetSpec::parse`].
    pub fn from_parts(name: &str, value: Option<f64>) -> Result<TargetSpec> {
        match value {
            Some(value) => TargetSpec::parse_one(&format!("{name}={}", super::number_text(value))),
            None => TargetSpec::parse_one(name),
        }
    }
}

fn unnumbered(name: &str) -> Option<TargetSpec> {
    match name {
        "lossless" => Some(TargetSpec::Lossless),
        "native" => Some(TargetSpec::Native),
        _ => None,
    }
}

fn number(name: &str, text: &str, zero: bool) -> Result<f64> {
    let value: f64 = text.parse().ok().with_context(|| format!("target `{name}={text}`: {text:?} is not a number"))?;
    ensure!(value.is_finite(), "target `{name}={text}`: the number must be finite");
    ensure!(value >= 0.0, "target `{name}={text}`: the number must not be negative");
    ensure!(zero || value > 0.0, "target `{name}={text}`: the number must be above zero");
    // A negative zero would be a second name for the same target.
    Ok(value + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_contract_is_read() {
        let text = [
            "lossless",
            "abs=1e-3",
            "rel=1e-4",
            "pwrel=1e-3",
            "psnr=60",
            "l2=.02",
            "bpv=2",
            "ratio=20",
            "native",
            "moments=1e-3",
        ];
        let specs: Vec<_> = text.iter().map(|text| TargetSpec::parse_one(text).expect("in the contract")).collect();
        assert_eq!((specs[5], specs[8]), (TargetSpec::L2(0.02), TargetSpec::Native));
        for spec in specs {
            assert_eq!(TargetSpec::from_parts(spec.name(), spec.value()).ok(), Some(spec));
        }
    }

    #[test]
    fn lists_and_ranges_stand_for_one_target_each() {
        let specs = TargetSpec::parse("rel=1e-1..1e-6").expect("in the contract");
        let expected = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6].map(TargetSpec::Rel);
        assert_eq!(specs, expected);
        assert_eq!(TargetSpec::parse("psnr=40..80").map(|specs| specs.len()).ok(), Some(5));
        assert_eq!(TargetSpec::parse("rel=1e-2,1e-3").map(|specs| specs.len()).ok(), Some(2));
    }

    #[test]
    fn nonsense_is_refused_with_the_target_named() {
        for text in ["rel=nan", "abs=-1", "abs=inf", "rel", "rel=", "lossless=1", "psnr=0", "bpv=0", "rel=x", "best=1"]
        {
            let error = TargetSpec::parse(text).expect_err(text);
            let name = text.split('=').next().unwrap_or_default();
            assert!(format!("{error:#}").contains(name), "{error:#}");
        }
        let error = TargetSpec::parse("best").expect_err("unknown");
        assert!(error.to_string().contains("rel="), "{error}");
    }
}
