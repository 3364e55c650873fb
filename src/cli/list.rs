//! `codecbench list`: what there is.

use std::fmt::Write;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
use codecbench_methods::METHODS;
use codecbench_methods::api::{Capabilities, DType, Entry};
use serde_json::{Value, json};

use super::print;
use crate::dataset::catalogue::Catalogue;
use crate::dataset::manifest::Manifest;
use crate::metrics::Metric;

/// Show the methods, data sets or metrics there are
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench list methods adaptive-grid")]
pub struct ListArgs {
    /// What to list
    what: What,
    /// Show this one in full
    id: Option<String>,
    /// Print an array of objects
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Methods,
    Datasets,
    Metrics,
}

/// Lists.
///
/// # Errors
/// An unknown id, a broken manifest, or a stdout that cannot be written.
pub fn run(args: &ListArgs) -> Result<ExitCode> {
    let rows = match args.what {
        What::Methods => METHODS.iter().map(method).collect(),
        What::Datasets => {
            let catalogue = Catalogue::open()?;
            catalogue.manifests().iter().map(|manifest| dataset(&catalogue, manifest)).collect()
        }
        What::Metrics => {
            Metric::ALL.iter().map(|metric| json!({"id": metric.name(), "meaning": metric.meaning()})).collect()
        }
    };
    let rows: Vec<Value> = select(rows, args.id.as_deref())?;
    let text = match (args.json, &args.id, args.what) {
        (true, _, _) => format!("{:#}\n", Value::Array(rows)),
        (false, Some(id), What::Methods) => method_page(id)?,
        (false, Some(_), _) => rows.first().map(object_page).unwrap_or_default(),
        (false, None, What::Methods) => columns(&rows, &["id", "format", "built", "summary"]),
        (false, None, What::Datasets) => columns(&rows, &["id", "kind", "dtype", "shape", "why"]),
        (false, None, What::Metrics) => columns(&rows, &["id", "meaning"]),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn select(rows: Vec<Value>, id: Option<&str>) -> Result<Vec<Value>> {
    let Some(id) = id else { return Ok(rows) };
    let known: Vec<String> = rows.iter().filter_map(|row| Some(row["id"].as_str()?.to_string())).collect();
    let found: Vec<_> = rows.into_iter().filter(|row| row["id"] == id).collect();
    if found.is_empty() {
        bail!("unknown id {id:?}; known: {}", known.join(", "));
    }
    Ok(found)
}

fn method(entry: &Entry) -> Value {
    let capabilities = entry.capabilities().ok();
    let absent = || entry.feature().map(|feature| format!("not in this build: add `--features {feature}`"));
    json!({
        "id": entry.id(),
        "format": entry.format().ok(),
        "feature": entry.feature(),
        "built": entry.is_built(),
        "summary": capabilities.map(|capabilities| capabilities.summary.to_string()).or_else(absent),
        "capabilities": capabilities.map(capabilities_json),
        "schema": entry.schema().ok(),
    })
}

fn capabilities_json(capabilities: &Capabilities) -> Value {
    let targets = capabilities
        .targets
        .iter()
        .map(|row| json!({"target": row.target.name(), "promise": row.promise.name(), "dtypes": row.dtypes}));
    json!({
        "targets": targets.collect::<Vec<_>>(),
        "min_rank": capabilities.min_rank,
        "max_rank": if capabilities.max_rank == usize::MAX { None } else { Some(capabilities.max_rank) },
        "non_finite": capabilities.non_finite,
        "deterministic": capabilities.deterministic,
    })
}

fn dataset(catalogue: &Catalogue, manifest: &Manifest) -> Value {
    let layout = manifest.layout.as_ref();
    let shape = layout.map(|layout| layout.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x"));
    json!({
        "id": manifest.name,
        "kind": manifest.kind.name(),
        "dtype": layout.map(|layout| layout.dtype.name()),
        "shape": shape,
        "units": manifest.units,
        "axes": manifest.axes,
        "description": manifest.description,
        "why": manifest.why,
        "licence": manifest.licence,
        "bytes": manifest.bytes,
        "fill_value": manifest.fill_value,
        "velocity_spacing": manifest.velocity_spacing,
        "sparsity_threshold": manifest.sparsity_threshold,
        "sha256": manifest.sha256,
        "url": manifest.url,
        "origin": manifest.origin,
        "generated": manifest.is_generated(),
        "present": manifest.is_generated() || catalogue.find(manifest).is_some(),
    })
}

fn method_page(id: &str) -> Result<String> {
    let entry = METHODS.iter().find(|entry| entry.id() == id).ok_or_else(|| anyhow!("unknown method {id:?}"))?;
    let capabilities = entry.capabilities()?;
    let mut page = format!("{id}, format {}: {}\n\ntargets\n", entry.format()?, capabilities.summary);
    for row in capabilities.targets {
        let dtypes = if row.dtypes.len() == DType::ALL.len() {
            "every dtype".to_string()
        } else {
            row.dtypes.iter().map(|dtype| dtype.name()).collect::<Vec<_>>().join(", ")
        };
        writeln!(page, "  {:<10} {:<12} {dtypes}", row.target, row.promise)?;
    }
    page.push_str("\nparameters\n");
    let schema = entry.schema()?;
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    if properties.is_empty() {
        page.push_str("  none\n");
    }
    for (name, property) in &properties {
        let meaning = property["description"].as_str().unwrap_or_default().replace('\n', " ");
        writeln!(page, "  {name}={} ({})\n      {meaning}", plain(&property["default"]), kind(property, &schema))?;
    }
    Ok(page)
}

/// Type and range of a parameter in a few words.
fn kind(property: &Value, schema: &Value) -> String {
    let target = property["$ref"].as_str().or_else(|| property["allOf"][0]["$ref"].as_str());
    if let Some(definition) = target.and_then(|path| schema.pointer(path.trim_start_matches('#'))) {
        return kind(definition, schema);
    }
    for list in ["oneOf", "anyOf"] {
        if let Some(choices) = property[list].as_array() {
            let choices: Vec<_> = choices.iter().map(|choice| kind(choice, schema)).collect();
            return choices.join(" | ");
        }
    }
    if let Some(choices) = property["enum"].as_array() {
        return choices.iter().map(plain).collect::<Vec<_>>().join(" | ");
    }
    if !property["const"].is_null() {
        return plain(&property["const"]);
    }
    let name = match &property["type"] {
        Value::Array(names) => names.iter().map(plain).collect::<Vec<_>>().join(" or "),
        name => plain(name),
    };
    match (&property["minimum"], &property["maximum"]) {
        (Value::Null, Value::Null) => name,
        (low, Value::Null) => format!("{name} from {low}"),
        (Value::Null, high) => format!("{name} up to {high}"),
        (low, high) => format!("{name} {low} to {high}"),
    }
}

fn object_page(row: &Value) -> String {
    let fields = row.as_object().cloned().unwrap_or_default();
    fields.iter().map(|(name, value)| format!("{name:<18} {}\n", plain(value))).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Aligned columns; the last one runs free.
fn columns(rows: &[Value], names: &[&str]) -> String {
    let cell = |row: &Value, name: &str| plain(&row[name]);
    let width = |name: &str| rows.iter().map(|row| cell(row, name).chars().count()).max().unwrap_or(0).max(name.len());
    let widths: Vec<_> = names.iter().map(|name| width(name)).collect();
    let line = |cells: Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    let head = line(names.iter().map(ToString::to_string).collect());
    rows.iter().fold(head, |text, row| text + &line(names.iter().map(|name| cell(row, name)).collect()))
}
