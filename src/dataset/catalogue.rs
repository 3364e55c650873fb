//! All data sets by name, and the way from a name to its bytes.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use codecbench_methods::api::{DType, Tensor};
use globset::Glob;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::Dataset;
use super::adhoc;
use super::generate::{self, Generated, Request};
use super::index::Index;
use super::load::{self, FormatError, Parsed};
use super::manifest::{Manifest, ManifestError, Source};

/// The manifests of `datasets/`, as of the build.
#[derive(RustEmbed)]
#[folder = "datasets/"]
#[include = "*.toml"]
#[exclude = "cache/*"]
struct Embedded;

/// Folders with data, separated by colons.
pub const DATA_VARIABLE: &str = "CODECBENCH_DATA";
/// Overrides the folder that downloads go to.
pub const CACHE_VARIABLE: &str = "CODECBENCH_CACHE";
/// The folder of manifests in a checkout; downloads go into a folder of it.
const FOLDER: &str = "datasets";

/// All known data sets, and the places where their bytes may be.
#[derive(Debug)]
pub struct Catalogue {
    manifests: Vec<Manifest>,
    cache: PathBuf,
    index: Index,
}

/// Shape and element type for raw files named on the command line.
#[derive(Clone, Debug, Default)]
pub struct RawHint {
    /// Axis lengths, slowest first.
    pub shape: Option<Vec<usize>>,
    /// Element type.
    pub dtype: Option<DType>,
}

/// Why a pattern selects nothing.
#[derive(Debug, Error)]
pub enum SelectError {
    /// A manifest is broken.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Neither a known name nor a file.
    #[error("no data set matches {pattern:?}{near}; `codecbench list datasets` names them all")]
    NoMatch {
        /// What was asked for.
        pattern: String,
        /// Names that look like it, as text.
        near: String,
    },
    /// The pattern is no glob.
    #[error("{pattern:?} is no glob: {reason}")]
    Glob {
        /// What was asked for.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A raw file without its layout.
    #[error("{0} does not describe itself: add `--shape 50x100x100 --dtype float32`, or write a manifest")]
    Raw(PathBuf),
    /// A file in a format we do not read.
    #[error("{0} is in a format that is not read yet; convert it to npy, or give `--shape` and `--dtype` if it is raw")]
    NotRead(PathBuf),
    /// A file that is not what its extension says.
    #[error("{path}: {source}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: FormatError,
    },
    /// A path without a file.
    #[error("there is no file {0}; to name a data set, see `codecbench list datasets`")]
    NoFile(PathBuf),
    /// A manifest that cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why a data set cannot be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The bytes are nowhere; the message says how to get them.
    #[error("data not present: {0}")]
    NotPresent(String),
    /// The bytes are not those the manifest names.
    #[error("{place}: sha256 is {found}, the manifest says {expected}; remove the file and fetch it again")]
    WrongHash {
        /// The file or generator.
        place: String,
        /// What the manifest says.
        expected: String,
        /// What the bytes are.
        found: String,
    },
    /// The bytes are not what their format says.
    #[error("{place}: {source}")]
    Format {
        /// The file.
        place: String,
        /// What is wrong.
        source: FormatError,
    },
    /// The generator refuses.
    #[error("{name}: {source}")]
    Generate {
        /// The data set.
        name: String,
        /// Why.
        source: generate::GenerateError,
    },
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Catalogue {
    /// The embedded manifests, with the cache and the folders of `CODECBENCH_DATA` to look for bytes.
    ///
    /// # Errors
    /// A broken manifest.
    pub fn open() -> Result<Self, ManifestError> {
        let folders =
            env::var_os(DATA_VARIABLE).map(|folders| env::split_paths(&folders).collect()).unwrap_or_default();
        let cache = env::var_os(CACHE_VARIABLE).map_or_else(default_cache, PathBuf::from);
        Catalogue::with(cache, folders)
    }

    /// The embedded manifests, with the cache folder and the data folders given.
    ///
    /// # Errors
    /// A broken manifest.
    pub fn with(cache: PathBuf, folders: Vec<PathBuf>) -> Result<Self, ManifestError> {
        let mut names: Vec<_> = Embedded::iter().collect();
        names.sort();
        let text = |name: &str| Embedded::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned());
        let manifests = names
            .iter()
            .map(|name| Manifest::parse(&text(name).unwrap_or_default(), &format!("datasets/{name}"), None))
            .collect::<Result<_, _>>()?;
        Ok(Catalogue { manifests, cache, index: Index::new(folders) })
    }

    /// Every embedded manifest, by name.
    pub fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }

    /// The folder that downloads go to.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// The data sets that patterns select, each once, in the order of the patterns.
    ///
    /// A pattern is a name, a glob over names, or a path: of a manifest, of a file that describes itself, or of a raw file whose
    /// layout is `raw`. A VLSV file gives every population, `FILE.vlsv:POPULATION[:CELL]` one.
    ///
    /// # Errors
    /// A pattern that selects nothing, a broken manifest, a raw file without a layout.
    pub fn select(&self, patterns: &[String], raw: &RawHint) -> Result<Vec<Manifest>, SelectError> {
        let mut selected: Vec<Manifest> = Vec::new();
        for pattern in patterns {
            for manifest in self.matching(pattern, raw)? {
                if selected.iter().all(|known| known.name != manifest.name) {
                    selected.push(manifest);
                }
            }
        }
        Ok(selected)
    }

    fn matching(&self, pattern: &str, raw: &RawHint) -> Result<Vec<Manifest>, SelectError> {
        if let Some(known) = self.manifests.iter().find(|manifest| manifest.name == pattern) {
            return Ok(vec![known.clone()]);
        }
        let path = Path::new(pattern);
        if path.is_file() {
            return adhoc::from_path(path, raw);
        }
        if let Some(part) = adhoc::part_of_vlsv(pattern) {
            return Ok(vec![part]);
        }
        if path.components().count() > 1 {
            return Err(SelectError::NoFile(path.to_path_buf()));
        }
        let glob = Glob::new(pattern)
            .map_err(|error| SelectError::Glob { pattern: pattern.to_string(), reason: error.kind().to_string() })?
            .compile_matcher();
        let found: Vec<_> = self.manifests.iter().filter(|manifest| glob.is_match(&manifest.name)).cloned().collect();
        if found.is_empty() {
            return Err(SelectError::NoMatch { pattern: pattern.to_string(), near: self.near(pattern) });
        }
        Ok(found)
    }

    fn near(&self, pattern: &str) -> String {
        let near = adhoc::near(pattern, self.manifests.iter().map(|manifest| manifest.name.as_str()));
        if near.is_empty() { String::new() } else { format!(" (did you mean {}?)", near.join(", ")) }
    }

    /// Reads or generates a data set and checks its hash.
    ///
    /// # Errors
    /// See [`LoadError`]; data that is not here is `NotPresent` and says how to get it.
    pub fn load(&self, manifest: &Manifest) -> Result<Dataset, LoadError> {
        match &manifest.source {
            Source::Generator { id, variant, seed } => generated(manifest, id, variant.as_deref(), *seed),
            Source::File { format, .. } => {
                let path = self.find(manifest).ok_or_else(|| LoadError::NotPresent(how_to_get(manifest)))?;
                let bytes = fs::read(&path).map_err(|source| LoadError::Io { path: path.clone(), source })?;
                let place = path.display().to_string();
                let sha256 = check_hash(manifest, place.clone(), hash(&bytes))?;
                let mut parsed = load::parse(&bytes, format, manifest.file_layout().as_ref())
                    .map_err(|source| LoadError::Format { place: place.clone(), source })?;
                if manifest.stored.is_some() {
                    parsed.tensor =
                        load::narrowed(&parsed.tensor).map_err(|source| LoadError::Format { place, source })?;
                }
                Ok(read(manifest, parsed, &sha256))
            }
        }
    }

    /// The file of a data set, if it is on this machine: beside its manifest, in the cache, or in a data folder.
    pub fn find(&self, manifest: &Manifest) -> Option<PathBuf> {
        let Source::File { name, folder, .. } = &manifest.source else { return None };
        if let Some(beside) = folder.as_ref().map(|folder| folder.join(name)).filter(|path| path.is_file()) {
            return Some(beside);
        }
        let sha256 = manifest.sha256.as_ref()?;
        let cached = self.cache.join(sha256);
        if cached.is_file() { Some(cached) } else { self.index.find(sha256, manifest.bytes) }
    }
}

/// `datasets/cache` in a checkout; elsewhere the user's cache folder (XDG Base Directory Specification).
fn default_cache() -> PathBuf {
    let checkout = Path::new(FOLDER);
    let of_user = || {
        let named = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        Some(named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?.join("codecbench"))
    };
    let local = || checkout.join("cache");
    if checkout.is_dir() { local() } else { of_user().unwrap_or_else(local) }
}

fn generated(manifest: &Manifest, id: &str, variant: Option<&str>, seed: u64) -> Result<Dataset, LoadError> {
    let layout = manifest.layout.as_ref().ok_or_else(|| LoadError::NotPresent("no shape in the manifest".into()))?;
    let request = Request { shape: &layout.shape, seed, dtype: layout.dtype, variant };
    let made = generate::generate(id, &request)
        .map_err(|source| LoadError::Generate { name: manifest.name.clone(), source })?;
    let Generated { tensor, fill_value, velocity_spacing, sparsity_threshold, .. } = made;
    let mut bytes = Vec::new();
    tensor.view().write_le(&mut bytes);
    let sha256 = check_hash(manifest, format!("generator {id} for {}", manifest.name), hash(&bytes))?;
    let mut dataset = dataset(manifest, tensor, sha256);
    dataset.fill_value = dataset.fill_value.or(fill_value);
    dataset.velocity_spacing = dataset.velocity_spacing.or(velocity_spacing);
    dataset.sparsity_threshold = dataset.sparsity_threshold.or(sparsity_threshold);
    Ok(dataset)
}

/// A data set from a file with this hash; what the manifest says goes before what the file says.
fn read(manifest: &Manifest, parsed: Parsed, sha256: &str) -> Dataset {
    let Parsed { tensor, velocity_spacing, velocity_origin, sparsity_threshold, stack, luma_rows } = parsed;
    let mut dataset = dataset(manifest, tensor, manifest.identity(Some(sha256)).unwrap_or_default());
    dataset.velocity_spacing = dataset.velocity_spacing.or(velocity_spacing);
    dataset.velocity_origin = velocity_origin;
    dataset.stack |= stack;
    dataset.luma_rows = dataset.luma_rows.or(luma_rows);
    dataset.sparsity_threshold = dataset.sparsity_threshold.or(sparsity_threshold);
    dataset
}

fn dataset(manifest: &Manifest, tensor: Tensor, sha256: String) -> Dataset {
    Dataset {
        name: manifest.name.clone(),
        kind: manifest.kind,
        tensor,
        fill_value: manifest.fill_value,
        sha256,
        velocity_spacing: manifest.velocity_spacing.clone(),
        velocity_origin: None,
        sparsity_threshold: manifest.sparsity_threshold,
        stack: manifest.stack,
        luma_rows: manifest.luma_rows,
    }
}

fn check_hash(manifest: &Manifest, place: String, found: String) -> Result<String, LoadError> {
    match &manifest.sha256 {
        Some(expected) if *expected != found => Err(LoadError::WrongHash { place, expected: expected.clone(), found }),
        _ => Ok(found),
    }
}

/// SHA-256 as lower-case hex.
pub fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn how_to_get(manifest: &Manifest) -> String {
    let name = &manifest.name;
    match (&manifest.url, &manifest.origin) {
        (Some(_), _) => format!("`codecbench fetch {name}` gets it"),
        (None, Some(origin)) => format!("taken from {origin}; put the file into a folder of {DATA_VARIABLE}"),
        (None, None) => format!("put the file of {name} beside its manifest or into a folder of {DATA_VARIABLE}"),
    }
}
