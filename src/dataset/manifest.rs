//! What a data set is, as a TOML file says it.

use std::path::{Path, PathBuf};

use codecbench_methods::api::DType;
use serde::Deserialize;
use thiserror::Error;

use super::Kind;

/// A data set as its manifest describes it; the bytes are elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Unique name: lower-case letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// What the array holds.
    pub kind: Kind,
    /// Element type and shape; absent only where the file describes itself.
    pub layout: Option<Layout>,
    /// Where the elements come from.
    pub source: Source,
    /// SHA-256 of the file, or of the elements (little endian, C order) where they are generated; lower-case hex.
    pub sha256: Option<String>,
    /// Size of the file, bytes.
    pub bytes: Option<u64>,
    /// Where the file can be downloaded.
    pub url: Option<String>,
    /// The public place the data was taken from: repository, commit and path.
    pub origin: Option<String>,
    /// Value that stands for "no data".
    pub fill_value: Option<f64>,
    /// Spacing of the velocity grid per axis (VDF).
    pub velocity_spacing: Option<Vec<f64>>,
    /// Values at or below this count as empty (VDF).
    pub sparsity_threshold: Option<f64>,
    /// Unit of the values.
    pub units: String,
    /// Names of the axes, slowest first.
    pub axes: Vec<String>,
    /// What it is.
    pub description: String,
    /// Why it is in the collection.
    pub why: String,
    /// Terms of use.
    pub licence: String,
}

/// Element type and axis lengths, slowest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Axis lengths, slowest first.
    pub shape: Vec<usize>,
    /// Element type.
    pub dtype: DType,
}

/// Where the elements of a data set come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Made by a generator of this program.
    Generator {
        /// The generator's id.
        id: String,
        /// Which of its variants.
        variant: Option<String>,
        /// Seed of its random numbers.
        seed: u64,
    },
    /// A file of this name; `folder` is where a manifest given by path lies.
    File {
        /// File name, relative to the manifest.
        name: PathBuf,
        /// Folder of the manifest, if it was given by path.
        folder: Option<PathBuf>,
        /// How to read it.
        format: Format,
    },
}

/// Format of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// Elements and nothing else, C order.
    Raw {
        /// Byte order of the elements.
        big_endian: bool,
    },
    /// NumPy array.
    Npy,
    /// Archive of NumPy arrays.
    Npz {
        /// The array in it; the only one if absent.
        member: Option<String>,
    },
    /// Picture.
    Png,
    /// Uncompressed video.
    Y4m,
}

/// Why a manifest is refused.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{place}: {message}")]
    Syntax {
        /// The manifest.
        place: String,
        /// What the parser says, on one line.
        message: String,
    },
    /// A key whose value makes no sense.
    #[error("{place}: `{key}`: {reason}")]
    Value {
        /// The manifest.
        place: String,
        /// The key.
        key: &'static str,
        /// What is wrong and what would be right.
        reason: String,
    },
}

/// The file as written. Facts that only people read are accepted and dropped.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "keys for people: known, so that a typo is told from them")]
struct Wire {
    name: String,
    kind: String,
    file: Option<PathBuf>,
    member: Option<String>,
    generator: Option<String>,
    variant: Option<String>,
    seed: Option<u64>,
    shape: Option<Vec<usize>>,
    dtype: Option<String>,
    byteorder: Option<String>,
    sha256: Option<String>,
    bytes: Option<u64>,
    url: Option<String>,
    fill_value: Option<f64>,
    velocity_spacing: Option<Vec<f64>>,
    sparsity_threshold: Option<f64>,
    #[serde(default)]
    units: String,
    #[serde(default)]
    axes: Vec<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    licence: String,
    source_repo: Option<String>,
    source_commit: Option<String>,
    source_path: Option<String>,
    source_sha256: Option<String>,
    split: Option<String>,
    format: Option<String>,
    scale_factor: Option<f64>,
    add_offset: Option<f64>,
    width: Option<u64>,
    height: Option<u64>,
    frames: Option<u64>,
    min: Option<f64>,
    max: Option<f64>,
    valid_min: Option<f64>,
    valid_max: Option<f64>,
    n_nonfinite: Option<u64>,
    n_fill: Option<u64>,
    block_origin: Option<toml::Value>,
    velocity_mesh_blocks: Option<toml::Value>,
}

impl Manifest {
    /// Reads a manifest. `place` names it in errors; `folder` is where its paths start, if it is a file on disk.
    ///
    /// # Errors
    /// A syntax error or unknown key (the known ones are listed), or a value that makes no sense.
    pub fn parse(text: &str, place: &str, folder: Option<&Path>) -> Result<Self, ManifestError> {
        let wire: Wire = toml::from_str(text).map_err(|error| syntax(place, text, &error))?;
        wire.check().and_then(|()| wire.into_manifest(folder)).map_err(|(key, reason)| ManifestError::Value {
            place: place.to_string(),
            key,
            reason,
        })
    }

    /// Whether this program makes the data itself.
    pub fn is_generated(&self) -> bool {
        matches!(self.source, Source::Generator { .. })
    }
}

type Refusal = (&'static str, String);

impl Wire {
    fn check(&self) -> Result<(), Refusal> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
        if self.name.is_empty() || !self.name.chars().all(fits) {
            return Err(("name", format!("{:?} must match [a-z0-9_.-]+", self.name)));
        }
        if self.sha256.as_ref().is_some_and(|hash| hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Err(("sha256", "must be 64 hexadecimal digits".to_string()));
        }
        match (&self.generator, &self.file) {
            (Some(_), Some(_)) => Err(("generator", "give `generator` or `file`, not both".to_string())),
            (None, None) => Err(("file", "give the `file` that holds the elements, or a `generator`".to_string())),
            _ => Ok(()),
        }
    }

    fn into_manifest(self, folder: Option<&Path>) -> Result<Manifest, Refusal> {
        let kind = kind(&self.kind)?;
        let layout = self.layout()?;
        let source = self.source(folder, layout.is_some())?;
        let origin = self.source_repo.as_ref().map(|repo| {
            let (commit, path) = (self.source_commit.as_deref(), self.source_path.as_deref());
            format!("{repo} at {}: {}", commit.unwrap_or("?"), path.unwrap_or("?"))
        });
        Ok(Manifest {
            name: self.name,
            kind,
            layout,
            source,
            sha256: self.sha256.map(|hash| hash.to_ascii_lowercase()),
            bytes: self.bytes,
            url: self.url,
            origin,
            fill_value: self.fill_value,
            velocity_spacing: self.velocity_spacing,
            sparsity_threshold: self.sparsity_threshold,
            units: self.units,
            axes: self.axes,
            description: self.description,
            why: self.why,
            licence: self.licence,
        })
    }

    fn layout(&self) -> Result<Option<Layout>, Refusal> {
        match (&self.shape, &self.dtype) {
            (Some(shape), Some(dtype)) => {
                let dtype = dtype.parse().map_err(|reason| ("dtype", reason))?;
                Ok(Some(Layout { shape: shape.clone(), dtype }))
            }
            (None, None) => Ok(None),
            (None, Some(_)) => Err(("shape", "give the axis lengths, slowest first".to_string())),
            (Some(_), None) => Err(("dtype", "give the element type, for instance \"float32\"".to_string())),
        }
    }

    fn source(&self, folder: Option<&Path>, has_layout: bool) -> Result<Source, Refusal> {
        if let Some(id) = &self.generator {
            if !has_layout {
                return Err(("shape", "a generated data set needs `shape` and `dtype`".to_string()));
            }
            let (id, variant) = (id.clone(), self.variant.clone());
            return Ok(Source::Generator { id, variant, seed: self.seed.unwrap_or(0) });
        }
        let name = self.file.clone().unwrap_or_default();
        let big_endian = match self.byteorder.as_deref() {
            None | Some("little") => false,
            Some("big") => true,
            Some(other) => return Err(("byteorder", format!("{other:?}; known: little, big"))),
        };
        let format = match Format::of(&name) {
            Some(Format::Npz { .. }) => Format::Npz { member: self.member.clone() },
            Some(format) => format,
            None if has_layout => Format::Raw { big_endian },
            None => return Err(("shape", "a raw file needs `shape` and `dtype`".to_string())),
        };
        Ok(Source::File { name, folder: folder.map(Path::to_path_buf), format })
    }
}

impl Format {
    /// The format of a file that describes itself, by its extension.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "npy" => Some(Format::Npy),
            "npz" => Some(Format::Npz { member: None }),
            "png" => Some(Format::Png),
            "y4m" => Some(Format::Y4m),
            _ => None,
        }
    }
}

/// Kinds as manifests in the wild name them; several of theirs are one of ours.
fn kind(name: &str) -> Result<Kind, Refusal> {
    match name {
        "seismic" | "elevation" => Ok(Kind::Field),
        "mri" => Ok(Kind::Volume),
        "particles" => Ok(Kind::Series),
        "index" => Ok(Kind::Labels),
        "container" => Err(("kind", "a container is no array; name a file that holds one".to_string())),
        _ => name.parse().map_err(|reason| ("kind", reason)),
    }
}

fn syntax(place: &str, text: &str, error: &toml::de::Error) -> ManifestError {
    let line = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
    let place = line.map_or(place.to_string(), |line| format!("{place}:{line}"));
    ManifestError::Syntax { place, message: error.message().replace('\n', " ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: &str =
        "name = \"a\"\nkind = \"mri\"\nfile = \"a.i16\"\nshape = [2, 3]\ndtype = \"int16\"\nbyteorder = \"big\"\n";

    fn parse(text: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(text, "a.toml", None)
    }

    #[test]
    fn a_raw_file_and_a_generator_are_read() {
        let manifest = parse(RAW).expect("a valid manifest");
        assert_eq!(manifest.kind, Kind::Volume);
        assert_eq!(manifest.layout, Some(Layout { shape: vec![2, 3], dtype: DType::I16 }));
        assert!(matches!(manifest.source, Source::File { format: Format::Raw { big_endian: true }, .. }));
        let text = "name = \"g\"\nkind = \"vdf\"\ngenerator = \"vdf\"\nseed = 3\nshape = [4]\ndtype = \"float32\"";
        assert!(parse(text).is_ok_and(|manifest| manifest.is_generated()));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_known_ones() {
        let message = parse(&format!("{RAW}colour = 1\n")).expect_err("an unknown key").to_string();
        assert!(
            message.contains("a.toml:7") && message.contains("colour") && message.contains("fill_value"),
            "{message}"
        );
    }

    #[test]
    fn nonsense_is_refused_by_its_key() {
        for (from, to, key) in [
            ("\"a\"", "\"A b\"", "name"),
            ("int16", "int17", "dtype"),
            ("mri", "soup", "kind"),
            ("\"big\"", "\"middle\"", "byteorder"),
            ("shape = [2, 3]\n", "", "shape"),
            ("file = \"a.i16\"\n", "", "file"),
            ("byteorder", "sha256 = \"12\"\nbyteorder", "sha256"),
            ("byteorder", "generator = \"vdf\"\nbyteorder", "generator"),
        ] {
            let message = parse(&RAW.replacen(from, to, 1)).expect_err(key).to_string();
            assert!(message.contains(&format!("`{key}`")), "{message}");
        }
    }
}
