//! Parameters: documented, checked, and the same after a trip through JSON.

use codecbench_methods::api::{DType, Entry, Error, ParamsJson, Target, TargetKind};
use serde_json::{Map, Value, json};

use crate::cases::{Failures, built, params_of, targets};
use crate::snapshot;

fn properties(entry: &Entry) -> Map<String, Value> {
    let schema = entry.schema().expect("built");
    schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// A target that the method serves with default parameters.
fn some_target(entry: &Entry) -> Target {
    let kind = entry.capabilities().expect("built").targets[0].target;
    targets(kind, DType::F32)[0]
}

/// Checks that `params` are refused as `InvalidParam` with a message that holds `named`.
fn refused(entry: &Entry, params: &ParamsJson, named: &str) -> Result<(), String> {
    match entry.build(params, some_target(entry)) {
        Err(error @ Error::InvalidParam { .. }) if error.to_string().contains(named) => Ok(()),
        Err(error) => Err(format!("the error does not name `{named}`: {error}")),
        Ok(_) => Err(format!("{} is accepted", Value::Object(params.clone()))),
    }
}

fn one(name: &str, value: Value) -> ParamsJson {
    ParamsJson::from_iter([(name.to_string(), value)])
}

#[test]
fn schemas_are_those_on_record_and_every_parameter_is_documented() {
    let mut failures = Failures::default();
    for entry in built() {
        failures.check(&entry.id(), || {
            let schema = entry.schema().map_err(|error| error.to_string())?;
            for (name, property) in properties(entry) {
                let described = property.get("description").and_then(Value::as_str).is_some_and(|text| text.len() > 5);
                if !described {
                    return Err(format!("parameter `{name}` has no doc comment"));
                }
                if property.get("default").is_none() {
                    return Err(format!(
                        "parameter `{name}` has no default: derive or write `Default` and use `#[serde(default)]`"
                    ));
                }
            }
            if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
                return Err("`Params` lacks `#[serde(deny_unknown_fields)]`".to_string());
            }
            let text = serde_json::to_string_pretty(&schema).map_err(|error| error.to_string())? + "\n";
            snapshot::compare(entry.id(), "schema.json", &text)
        });
    }
    failures.report();
}

#[test]
fn unknown_names_and_values_of_the_wrong_type_are_refused_by_name() {
    let mut failures = Failures::default();
    for entry in built() {
        failures.check(&entry.id(), || refused(entry, &one("no-such-parameter", json!(1)), "no-such-parameter"));
        for name in properties(entry).keys() {
            for value in [json!({}), json!([1]), Value::Null] {
                failures
                    .check(&format!("{} {name}={value}", entry.id()), || refused(entry, &one(name, value), entry.id()));
            }
        }
    }
    failures.report();
}

#[test]
fn numbers_outside_the_range_that_the_schema_states_are_refused() {
    let mut failures = Failures::default();
    for entry in built() {
        for (name, property) in properties(entry) {
            for (limit, step) in [("minimum", -1.0), ("maximum", 1.0)] {
                let Some(limit) = property.get(limit).and_then(Value::as_f64) else { continue };
                let integer = property.get("type").is_some_and(|kind| kind == "integer");
                let value = if integer { json!((limit + step) as i64) } else { json!(limit + step) };
                let case = format!("{} {name}={value}", entry.id());
                failures.check(&case, || refused(entry, &one(&name, value), ""));
            }
        }
    }
    failures.report();
}

#[test]
fn parameters_survive_json_and_have_one_canonical_form() {
    let mut failures = Failures::default();
    for entry in built() {
        for params in params_of(entry) {
            failures.check(&format!("{} {}", entry.id(), Value::Object(params.clone())), || {
                let text = serde_json::to_string(&params).map_err(|error| error.to_string())?;
                let read: ParamsJson = serde_json::from_str(&text).map_err(|error| error.to_string())?;
                let canonical = entry.canonical(&read).map_err(|error| error.to_string())?;
                if canonical == params { Ok(()) } else { Err(format!("became {}", Value::Object(canonical))) }
            });
        }
        failures.check(&entry.id(), || {
            let grid = entry.grid().map_err(|error| error.to_string())?;
            let repeats = grid.iter().enumerate().any(|(index, params)| grid[..index].contains(params));
            if grid.is_empty() || repeats { Err("the grid is empty or repeats itself".to_string()) } else { Ok(()) }
        });
    }
    failures.report();
}

#[test]
fn targets_that_make_no_sense_are_invalid_for_every_method() {
    let mut failures = Failures::default();
    for entry in built() {
        for kind in TargetKind::ALL.into_iter().filter(|&kind| Target::from_parts(kind, None).is_err()) {
            for number in [f64::NAN, f64::INFINITY, -1.0] {
                let target = match kind {
                    TargetKind::MaxAbs => Target::MaxAbs(number),
                    TargetKind::PointwiseRel => Target::PointwiseRel(number),
                    TargetKind::Rmse => Target::Rmse(number),
                    _ => Target::BitsPerValue(number),
                };
                failures.check(&format!("{} {kind}={number}", entry.id()), || {
                    match entry.build(&ParamsJson::new(), target) {
                        Err(Error::InvalidParam { name, .. }) if name == "target" => Ok(()),
                        Err(error) => Err(format!("not an invalid target: {error}")),
                        Ok(_) => Err("accepted".to_string()),
                    }
                });
            }
        }
    }
    failures.report();
}
