//! From patterns to data sets, and from data sets to their bytes.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use globset::Glob;

use super::SweepArgs;
use crate::dataset::catalogue::{Catalogue, LoadError, RawHint};
use crate::dataset::fetch::{FetchError, fetch};
use crate::dataset::manifest::Manifest;
use crate::plan::Subject;
use crate::run::Load;

/// The catalogue, and the data sets of this sweep.
pub struct Data {
    catalogue: Catalogue,
    raw: RawHint,
    fetch: bool,
    manifests: BTreeMap<String, Manifest>,
}

impl Data {
    /// Opens the catalogue.
    ///
    /// # Errors
    /// A broken manifest, or a `--shape` or `--dtype` that does not read.
    pub fn open(args: &SweepArgs) -> Result<Self> {
        Ok(Data { catalogue: Catalogue::open()?, raw: args.raw.hint()?, fetch: args.fetch, manifests: BTreeMap::new() })
    }

    /// The data sets that a recipe names, narrowed by flags: a flag that matches names of the recipe keeps those, any
    /// other adds what it selects. Paths in a recipe start at its `folder`.
    ///
    /// # Errors
    /// A pattern that selects nothing, or two data sets of one name.
    pub fn subjects(&mut self, recipe: &[String], folder: &Path, flags: &[String]) -> Result<Vec<Subject>> {
        let recipe: Vec<String> = recipe.iter().map(|pattern| at_folder(folder, pattern)).collect();
        let named = self.select(&recipe)?;
        let mut chosen = if flags.is_empty() { named.clone() } else { Vec::new() };
        for flag in flags {
            let narrowed: Vec<Manifest> = match Glob::new(flag) {
                Ok(glob) => {
                    let matcher = glob.compile_matcher();
                    named.iter().filter(|manifest| matcher.is_match(&manifest.name)).cloned().collect()
                }
                Err(_) => Vec::new(),
            };
            let more = if narrowed.is_empty() { self.select(std::slice::from_ref(flag))? } else { narrowed };
            merge(&mut chosen, more)?;
        }
        self.manifests = chosen.iter().map(|manifest| (manifest.name.clone(), manifest.clone())).collect();
        chosen.iter().map(|manifest| self.subject(manifest)).collect()
    }

    fn select(&self, patterns: &[String]) -> Result<Vec<Manifest>> {
        let mut selected = Vec::new();
        for pattern in patterns {
            merge(&mut selected, self.catalogue.select(std::slice::from_ref(pattern), &self.raw)?)?;
        }
        Ok(selected)
    }

    fn subject(&self, manifest: &Manifest) -> Result<Subject> {
        let here = manifest.is_generated() || self.fetch || self.catalogue.find(manifest).is_some();
        let absent = match here {
            true => None,
            // Loading fails early and says how to get the bytes.
            false => self.catalogue.load(manifest).err().map(|error| error.to_string()),
        };
        Ok(Subject {
            name: manifest.name.clone(),
            kind: Some(manifest.kind),
            dtype: manifest.layout.as_ref().map(|layout| layout.dtype),
            shape: manifest.layout.as_ref().map(|layout| layout.shape.clone()),
            stack: manifest.stack,
            sha256: manifest.identity(manifest.sha256.as_deref()),
            generated: manifest.is_generated(),
            absent,
        })
    }

    /// What a manifest says that decides the numbers of a row and is not in the data's hash; `None` for a data set that is
    /// not part of this sweep.
    pub fn facts(&self, dataset: &str) -> Option<String> {
        let Manifest { kind, fill_value, velocity_spacing, sparsity_threshold, stack, .. } =
            self.manifests.get(dataset)?;
        Some(format!("{kind} {fill_value:?} {velocity_spacing:?} {sparsity_threshold:?} {stack}"))
    }

    /// Reads or generates a data set.
    ///
    /// # Errors
    /// Bytes that are not what the manifest says. Bytes that are nowhere are a reason, not an error.
    pub fn load(&mut self, subject: &Subject) -> Result<Load> {
        let manifest = self.manifests.get(&subject.name).context("no such data set in this sweep")?;
        match self.catalogue.load(manifest) {
            Ok(dataset) => Ok(Ok(dataset)),
            Err(LoadError::NotPresent(_)) if self.fetch => {
                match fetch(manifest, self.catalogue.cache(), &mut |_, _| {}) {
                    Ok(_) => Ok(Ok(self.catalogue.load(manifest)?)),
                    Err(error @ (FetchError::Network { .. } | FetchError::NoAddress { .. })) => {
                        Ok(Err(format!("data not present: {error}")))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Err(error @ LoadError::NotPresent(_)) => Ok(Err(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}

/// A path of a recipe as seen from here; a pattern that names no file there stays as it is.
fn at_folder(folder: &Path, pattern: &str) -> String {
    let path = folder.join(pattern);
    if path.is_file() { path.to_string_lossy().into_owned() } else { pattern.to_string() }
}

fn merge(selected: &mut Vec<Manifest>, more: Vec<Manifest>) -> Result<()> {
    for manifest in more {
        match selected.iter().find(|known| known.name == manifest.name) {
            None => selected.push(manifest),
            Some(known) => ensure!(*known == manifest, "two data sets are called {}; rename one", manifest.name),
        }
    }
    Ok(())
}
