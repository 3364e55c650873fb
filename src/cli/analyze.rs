//! `codecbench analyze`: what an array is like, and which methods that speaks for.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use super::compress::{load, refuse_same_file};
use super::print;
use super::raw::RawArgs;
use crate::analyze::{AxisStudy, Study, study};
use crate::record::write_atomically;
use crate::render::{Picture, coherence, significant};

/// Study the spatial coherence of an array, and which methods it speaks for
///
/// Per axis: how alike neighbours are, where the energy of pairs goes under a change of basis, what dropping half of the
/// numbers costs in either basis, and the entropy of values and differences.
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench analyze gen-turbulence-64 --out coherence.png")]
pub struct AnalyzeArgs {
    /// What to study: the name of a data set, a manifest, or a file (npy, npz, PNG, y4m, raw)
    #[arg(value_name = "DATASET")]
    input: String,
    #[command(flatten)]
    raw: RawArgs,
    /// Print an object
    #[arg(long)]
    json: bool,
    /// Draw a page of pictures too: a name that ends in .png or .svg
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Analyzes.
///
/// # Errors
/// An input that does not read, a picture that is neither PNG nor SVG or cannot be written.
pub fn run(args: &AnalyzeArgs) -> Result<ExitCode> {
    let out = args.out.as_deref().map(|path| Ok::<_, anyhow::Error>((path, picture(path)?))).transpose()?;
    if let Some((path, _)) = out {
        refuse_same_file(Path::new(&args.input), path)?;
    }
    let study = study(&load(&args.input, &args.raw)?);
    if let Some((path, picture)) = out {
        write_atomically(path, &coherence(&study, picture))?;
    }
    print(&if args.json { format!("{}\n", serde_json::to_string_pretty(&study)?) } else { page(&study) })?;
    Ok(ExitCode::SUCCESS)
}

fn picture(path: &Path) -> Result<Picture> {
    match path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("png") => Ok(Picture::Png),
        Some("svg") => Ok(Picture::Svg),
        _ => bail!("--out {}: a picture's name ends in .png or .svg", path.display()),
    }
}

fn percent(share: f64) -> String {
    format!("{} %", significant(100.0 * share, 3))
}

/// A number without zeros at its end that say nothing.
fn number(value: Option<f64>, digits: usize) -> String {
    let text = value.map_or("-".to_string(), |value| significant(value, digits));
    if text.contains('.') && !text.contains('e') {
        return text.trim_end_matches('0').trim_end_matches('.').to_string();
    }
    text
}

fn page(study: &Study) -> String {
    let mut lines = values(study);
    if !study.axes.is_empty() {
        lines.push(String::new());
        lines.extend(columns(&table(&study.axes)));
        lines.push(
            "  energy: share in c0 = (a + b) / sqrt 2 of pairs (a, b); PSNR over the value range; entropies in bits"
                .into(),
        );
    }
    lines.push(String::new());
    lines.push(if study.advice.is_empty() { "Nothing stands out." } else { "Worth trying:" }.to_string());
    let wide = study.advice.iter().map(|advice| advice.method.len()).max().unwrap_or(0);
    let target = study.advice.iter().map(|advice| advice.target.len()).max().unwrap_or(0);
    let advice = study.advice.iter();
    lines.extend(advice.map(|one| format!("  {:<wide$}  {:<target$}  {}", one.method, one.target, one.reason)));
    lines.join("\n") + "\n"
}

/// What the values are like, a fact per line.
fn values(study: &Study) -> Vec<String> {
    let (values, shape) = (&study.values, study.shape.iter().map(usize::to_string).collect::<Vec<_>>());
    let mut lines = vec![
        study.name.clone(),
        format!("  array      {} of {}, {} values ({})", shape.join("x"), study.dtype, study.elements, study.kind),
    ];
    if values.looked_at < study.elements {
        lines.push(format!("  looked at  {} of them, at regular places", values.looked_at));
    }
    let [low, high, mean, std] = [values.minimum, values.maximum, values.mean, values.std].map(|x| number(x, 6));
    lines.push(format!("  values     {low} to {high}, mean {mean}, deviation {std}"));
    let near = if values.distinct > 1 && values.entropy > values.entropy_ceiling - 1.0 {
        " (as many as there are values to tell: more would show more)"
    } else {
        ""
    };
    lines.push(format!("  distinct   {}, entropy {:.5} bits{near}", values.distinct, values.entropy));
    if let Some(lattice) = values.lattice {
        let offset =
            if lattice.offset == 0.0 { String::new() } else { format!(" from {}", significant(lattice.offset, 6)) };
        lines.push(format!(
            "  lattice    multiples of {}{offset}, {} of them",
            significant(lattice.step, 7),
            lattice.steps + 1
        ));
    }
    let shares = [
        ("zeros", Some(values.zeros)),
        ("below zero", Some(values.negative)),
        ("fill", Some(values.fill)),
        ("NaN", Some(values.nan)),
        ("infinite", Some(values.infinite)),
        ("at or below the threshold", values.below_threshold),
        ("rows equal to the one before", values.repeated_rows),
    ];
    let there = shares.iter().filter_map(|(name, share)| Some((name, share.filter(|&share| share > 0.0)?)));
    let text: Vec<String> = there.map(|(name, share)| format!("{name} {}", percent(share))).collect();
    lines.push(format!(
        "  shares     {}",
        if text.is_empty() { "no zeros, nothing missing".into() } else { text.join(", ") }
    ));
    lines
}

fn table(axes: &[AxisStudy]) -> Vec<Vec<String>> {
    let header = [
        "axis",
        "length",
        "correlation",
        "length of it",
        "energy",
        "PSNR without c1",
        "without b",
        "entropy a - b",
        "S-transform",
        "equal",
    ];
    let row = |axis: &AxisStudy| {
        let far = match axis.correlation_length {
            None if !axis.autocorrelation.is_empty() => format!("> {}", axis.length / 2),
            length => number(length, 3),
        };
        vec![
            axis.axis.to_string(),
            axis.length.to_string(),
            number(axis.correlation, 5),
            far,
            axis.energy_after.map_or("-".into(), |share| format!("{share:.6}")),
            number(axis.without_c1.psnr_range, 4),
            number(axis.without_second.psnr_range, 4),
            format!("{:.4}", axis.difference_entropy),
            format!("{:.4}", axis.s_transform_entropy),
            percent(axis.equal),
        ]
    };
    std::iter::once(header.map(str::to_string).to_vec()).chain(axes.iter().map(row)).collect()
}

/// Rows as lines, every column as wide as its widest cell, aligned right.
fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
        format!("  {}", cells.join("  "))
    };
    rows.iter().map(line).collect()
}
