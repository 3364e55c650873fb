//! `codecbench fetch`: download public data.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{one_line, print};
use crate::dataset::catalogue::{Catalogue, RawHint};
use crate::dataset::fetch::{FetchError, fetch, host};
use crate::dataset::manifest::Manifest;

/// Download data sets, check their hashes, put them into the cache
///
/// Without names: every data set that has a public address and is not here yet. A partial download is resumed.
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench fetch camera 'kodim*'")]
pub struct FetchArgs {
    /// Names or globs
    names: Vec<String>,
    /// Print errors only
    #[arg(long, short)]
    quiet: bool,
}

/// Fetches; goes on after a failure and reports all of them.
///
/// # Errors
/// An unknown name, or any data set that could not be fetched.
pub fn run(args: &FetchArgs) -> Result<ExitCode> {
    let catalogue = Catalogue::open()?;
    let wanted = if args.names.is_empty() {
        catalogue.manifests().iter().filter(|manifest| manifest.url.is_some()).cloned().collect()
    } else {
        catalogue.select(&args.names, &RawHint::default())?
    };
    let (mut failures, mut silent) = (Vec::new(), Vec::new());
    for manifest in wanted {
        // A server that does not answer is not asked again for the next file: each attempt may take its time.
        if manifest.url.as_deref().map(host).is_some_and(|host| silent.contains(&host)) && !here(&catalogue, &manifest)
        {
            failures.push((manifest.name, None));
            continue;
        }
        match one(&catalogue, &manifest, args.quiet) {
            Ok(line) if args.quiet => drop(line),
            Ok(line) => print(&format!("{}: {line}\n", manifest.name))?,
            Err(error) => {
                if let Some(FetchError::Network { host, reached: false, .. }) = error.downcast_ref() {
                    silent.push(host.clone());
                }
                failures.push((manifest.name, Some(one_line(&error))));
            }
        }
    }
    summary(&failures)
}

fn here(catalogue: &Catalogue, manifest: &Manifest) -> bool {
    manifest.is_generated() || catalogue.find(manifest).is_some()
}

/// Every reason that was found, then the names that were not tried.
fn summary(failures: &[(String, Option<String>)]) -> Result<ExitCode> {
    let reasons: Vec<_> = failures.iter().filter_map(|(_, reason)| reason.as_deref()).collect();
    let untried: Vec<_> =
        failures.iter().filter(|(_, reason)| reason.is_none()).map(|(name, _)| name.as_str()).collect();
    match (reasons.len(), untried.len()) {
        (0, _) => Ok(ExitCode::SUCCESS),
        (_, 0) => bail!("{}", reasons.join("; ")),
        (_, count) => bail!("{}; {count} more from there were not tried: {}", reasons.join("; "), untried.join(", ")),
    }
}

/// Fetches one data set unless it is here, and says where it is.
///
/// # Errors
/// If it cannot be fetched.
fn one(catalogue: &Catalogue, manifest: &Manifest, quiet: bool) -> Result<String> {
    if manifest.is_generated() {
        return Ok("generated, needs no download".to_string());
    }
    if let Some(path) = catalogue.find(manifest) {
        return Ok(format!("already in {}", path.display()));
    }
    let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::no_length() };
    bar.set_style(ProgressStyle::with_template("{msg} {bytes}/{total_bytes} {bytes_per_sec} {eta}")?);
    bar.set_message(manifest.name.clone());
    let path = fetch(manifest, catalogue.cache(), &mut |so_far, total| {
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(so_far);
    });
    bar.finish_and_clear();
    Ok(format!("fetched into {}", path?.display()))
}
