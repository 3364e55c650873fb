//! Inside its capabilities a method works, outside it says `Unsupported` and nothing else; both are on record.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use codecbench_methods::api::{DType, Entry, Error, ParamsJson, TargetKind, Tensor};

use crate::cases::{Failures, Setting, built, params_of, targets};
use crate::snapshot;
use crate::values::{self, Pattern};

/// Ranks tried; more axes than this no method treats in a way of its own.
const RANKS: std::ops::RangeInclusive<usize> = 0..=6;

/// What came of compressing and decompressing a small tensor.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Success(String),
    Unsupported(String),
    Failure(String),
}

fn outcome(setting: &Setting, dtype: DType, rank: usize) -> Outcome {
    let tensor = values::tensor(dtype, &[2, 3, 2, 1, 2, 2][..rank], Pattern::Noisy);
    let payload = match setting.compress(&tensor, None) {
        Err(Error::Unsupported(reason)) => return Outcome::Unsupported(reason),
        Err(error) => return Outcome::Failure(error.to_string()),
        Ok(payload) => payload,
    };
    match (setting.decompress(&payload, &tensor, None), setting.promise(dtype, rank)) {
        (Ok(_), Ok(promise)) => Outcome::Success(promise.name().to_string()),
        (Ok(_), Err(_)) => Outcome::Failure("works outside the capabilities".to_string()),
        (Err(error), _) => Outcome::Failure(format!("decompress: {error}")),
    }
}

/// A number to ask for that suits most methods.
fn setting(entry: &'static Entry, params: ParamsJson, kind: TargetKind, dtype: DType) -> Setting {
    let target = targets(kind, dtype).into_iter().find(|target| target.value().is_none_or(|value| value >= 0.1));
    Setting { entry, params, target: target.expect("every kind has a sensible number") }
}

#[test]
fn a_method_works_inside_its_capabilities_and_is_unsupported_outside() {
    let mut failures = Failures::default();
    for entry in built() {
        for params in params_of(entry) {
            for kind in TargetKind::ALL {
                for dtype in DType::ALL {
                    let setting = setting(entry, params.clone(), kind, dtype);
                    for rank in RANKS {
                        failures.check(&setting, || inside_or_out(&setting, dtype, rank));
                    }
                }
            }
        }
    }
    failures.report();
}

fn inside_or_out(setting: &Setting, dtype: DType, rank: usize) -> Result<(), String> {
    let refuses_target = matches!(setting.compressor(None), Err(Error::Unsupported(_)));
    match (setting.promise(dtype, rank), outcome(setting, dtype, rank)) {
        (Ok(_), Outcome::Success(_)) | (Err(_), Outcome::Unsupported(_)) => Ok(()),
        // Parameters may narrow what the method can do, and say so when the compressor is built.
        (Ok(_), Outcome::Unsupported(_)) if refuses_target && !setting.params.is_empty() => Ok(()),
        (Ok(_), Outcome::Unsupported(reason)) => {
            Err(format!("{dtype} rank {rank} is declared, but unsupported: {reason}"))
        }
        (_, Outcome::Failure(reason)) => Err(format!("{dtype} rank {rank} failed: {reason}")),
        (Err(reason), Outcome::Success(_)) => Err(format!("{dtype} rank {rank} works, though {reason}")),
    }
}

#[test]
fn a_decoder_refuses_what_its_encoder_refuses() {
    let mut failures = Failures::default();
    for entry in built() {
        for kind in TargetKind::ALL {
            for dtype in DType::ALL {
                let setting = setting(entry, ParamsJson::new(), kind, dtype);
                let like = Tensor::zeros(dtype, &[2, 3]);
                if setting.promise(dtype, 2).is_err() {
                    failures.check(&setting, || match setting.decompress(&[0; 40], &like, None) {
                        Err(_) => Ok(()),
                        Ok(_) => Err(format!("decodes {dtype}, which it cannot encode")),
                    });
                }
            }
        }
    }
    // A method that supports everything refuses nothing, so that nothing may have been tried for some.
    failures.report();
}

#[test]
fn what_works_is_what_was_on_record() {
    let mut failures = Failures::default();
    for entry in built() {
        failures.check(&entry.id(), || snapshot::compare(entry.id(), "capabilities.txt", &record(entry)?));
    }
    failures.report();
}

/// One line per target and outcome, with the element types that share it.
fn record(entry: &'static Entry) -> Result<String, String> {
    let capabilities = entry.capabilities().map_err(|error| error.to_string())?;
    let mut text = format!("{}\n", capabilities.summary);
    let most = if capabilities.max_rank == usize::MAX { "any".to_string() } else { capabilities.max_rank.to_string() };
    let _ = writeln!(text, "ranks {} to {most}", capabilities.min_rank);
    let _ = writeln!(text, "NaN and infinities without the mask: {}", capabilities.non_finite);
    let _ = writeln!(text, "deterministic: {}", capabilities.deterministic);
    for kind in TargetKind::ALL {
        let mut by_outcome = BTreeMap::<Outcome, Vec<&str>>::new();
        for dtype in DType::ALL {
            let setting = setting(entry, ParamsJson::new(), kind, dtype);
            let rank = capabilities.min_rank.max(2).min(capabilities.max_rank);
            by_outcome.entry(outcome(&setting, dtype, rank)).or_default().push(dtype.name());
        }
        for (outcome, dtypes) in by_outcome {
            let (word, reason) = match &outcome {
                Outcome::Success(promise) => ("success", promise),
                Outcome::Unsupported(reason) => ("unsupported", reason),
                Outcome::Failure(reason) => ("failure", reason),
            };
            let _ = writeln!(text, "{kind}: {word} ({reason}): {}", dtypes.join(" "));
        }
    }
    Ok(text)
}
