//! `codecbench inspect`: what a standalone file says, and where its bytes went.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use codecbench_methods::api::Section;
use serde_json::{Value, json};

use super::print;
use crate::frame::{self, Header};
use crate::spec::{number_text, params_text};

/// Show the header of a standalone file, and where its bytes went
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench inspect field.cbf --json")]
pub struct InspectArgs {
    /// Print an object
    #[arg(long)]
    json: bool,
    /// The file to read
    #[arg(value_name = "FRAME")]
    input: PathBuf,
}

/// Inspects.
///
/// # Errors
/// A file that cannot be read or is no intact frame.
pub fn run(args: &InspectArgs) -> Result<ExitCode> {
    let place = || args.input.display().to_string();
    let bytes = fs::read(&args.input).with_context(|| format!("cannot read {}", place()))?;
    let (header, payload) = frame::read(&bytes).with_context(place)?;
    let compressor = header.compressor().with_context(place)?;
    let sections = compressor.sections(header.dtype, payload).with_context(place)?;
    let text = if args.json {
        format!("{:#}\n", object(&header, payload.len(), bytes.len(), &sections))
    } else {
        page(&header, payload.len(), bytes.len(), &sections)
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn object(header: &Header, payload_bytes: usize, frame_bytes: usize, sections: &[Section]) -> Value {
    let sections: Vec<_> = sections.iter().map(|(name, bytes)| json!({"name": name, "bytes": bytes})).collect();
    json!({
        "method": header.method,
        "format": header.format,
        "params": params_text(&header.params),
        "target": header.target.kind().name(),
        "target_value": header.target.value(),
        "dtype": header.dtype,
        "shape": header.shape,
        "fill_value": header.fill_value,
        "input_bytes": input_bytes(header),
        "payload_bytes": payload_bytes,
        "frame_bytes": frame_bytes,
        "sections": sections,
    })
}

fn page(header: &Header, payload_bytes: usize, frame_bytes: usize, sections: &[Section]) -> String {
    let params = params_text(&header.params);
    let target = match header.target.value() {
        Some(value) => format!("{}={}", header.target.kind(), number_text(value)),
        None => header.target.kind().to_string(),
    };
    let shape: Vec<_> = header.shape.iter().map(usize::to_string).collect();
    let mut lines = vec![
        format!(
            "method     {} format {}{}{params}",
            header.method,
            header.format,
            if params.is_empty() { "" } else { ", " }
        ),
        format!("target     {target}"),
        format!("array      {} of {}, {} bytes", shape.join("x"), header.dtype, input_bytes(header)),
    ];
    lines.extend(header.fill_value.map(|fill| format!("fill value {}", number_text(fill))));
    let ratio = input_bytes(header) as f64 / payload_bytes.max(1) as f64;
    lines.push(format!("payload    {payload_bytes} bytes, ratio {ratio:.3}"));
    lines.push(format!("frame      {} bytes around it", frame_bytes - payload_bytes));
    let share = |bytes: usize| 100.0 * bytes as f64 / payload_bytes.max(1) as f64;
    lines.extend(sections.iter().map(|&(name, bytes)| format!("  {name:<16} {bytes:>12} {:>6.2} %", share(bytes))));
    lines.join("\n") + "\n"
}

/// Bytes of the decoded array; saturates for shapes that no array has.
fn input_bytes(header: &Header) -> u64 {
    header.shape.iter().fold(header.dtype.size() as u64, |product, &length| product.saturating_mul(length as u64))
}
