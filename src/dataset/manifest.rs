//! What a data set is, as a TOML file says it.

mod wire;

use std::path::{Path, PathBuf};

use codecbench_methods::api::DType;
use thiserror::Error;

use self::wire::Wire;
use super::{Kind, catalogue};

/// A data set as its manifest describes it; the bytes are elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Unique name: lower-case letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// What the array holds.
    pub kind: Kind,
    /// Element type and shape; absent only where the file describes itself.
    pub layout: Option<Layout>,
    /// Element type in the file, where it is wider than the values are.
    pub stored: Option<DType>,
    /// Where the elements come from.
    pub source: Source,
    /// SHA-256 of the file, or of the elements (little endian, C order) where they are generated; lower-case hex.
    pub sha256: Option<String>,
    /// Size of the file, bytes.
    pub bytes: Option<u64>,
    /// Where the file can be downloaded.
    pub url: Option<String>,
    /// SHA-256 of what `url` serves, where that is the same array in the other byte order.
    pub swapped_sha256: Option<String>,
    /// The public place the data was taken from: repository, commit and path.
    pub origin: Option<String>,
    /// Value that stands for "no data".
    pub fill_value: Option<f64>,
    /// Spacing of the velocity grid per axis (VDF).
    pub velocity_spacing: Option<Vec<f64>>,
    /// Values at or below this count as empty (VDF).
    pub sparsity_threshold: Option<f64>,
    /// Whether the first axis numbers distributions (VDF).
    pub stack: bool,
    /// Rows of a frame that are luma, where chroma stands below (video).
    pub luma_rows: Option<usize>,
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
    /// Velocity distributions of a Vlasiator simulation.
    Vlsv(VlsvView),
}

/// What to take from a VLSV file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VlsvView {
    /// The particle population; the only one if absent.
    pub population: Option<String>,
    /// The spatial cell; all that have a distribution if absent.
    pub cell: Option<u64>,
    /// Whether to leave the blocks as they are stored, and not to make them a dense box.
    pub blocks: bool,
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

impl Manifest {
    /// Reads a manifest. `place` names it in errors; `folder` is where its paths start, if it is a file on disk.
    ///
    /// # Errors
    /// A syntax error or unknown key (the known ones are listed), or a value that makes no sense.
    pub fn parse(text: &str, place: &str, folder: Option<&Path>) -> Result<Self, ManifestError> {
        let wire: Wire = toml::from_str(text).map_err(|error| syntax(place, text, &error))?;
        let place = place.to_string();
        wire.into_manifest(folder).map_err(|(key, reason)| ManifestError::Value { place, key, reason })
    }

    /// What names the data: the SHA-256 of the file, or, where the data set is one of several views of that file, the
    /// SHA-256 of that hash and what is taken from it. `sha256` is that of the file; absent if unknown.
    pub fn identity(&self, sha256: Option<&str>) -> Option<String> {
        let view = self.view();
        let named = |sha256: &str| catalogue::hash(format!("{sha256}\n{view}").as_bytes());
        sha256.map(|sha256| if view.is_empty() { sha256.to_string() } else { named(sha256) })
    }

    /// What is taken from the file, and as what; empty where that is all of it as it is.
    fn view(&self) -> String {
        let Source::File { format, .. } = &self.source else { return String::new() };
        let narrowed = self.stored.is_some().then(|| self.layout.as_ref().map(|layout| layout.dtype.name()));
        let part = match format {
            Format::Vlsv(VlsvView { population, cell, blocks }) => {
                let cell = cell.map(|cell| cell.to_string()).unwrap_or_default();
                Some(format!("vlsv {} {cell} {blocks}", population.as_deref().unwrap_or_default()))
            }
            Format::Npz { member } => member.as_ref().map(|member| format!("npz {member}")),
            _ => None,
        };
        [part.as_deref(), narrowed.flatten()].into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    /// Element type and shape in the file.
    pub fn file_layout(&self) -> Option<Layout> {
        let layout = self.layout.clone()?;
        Some(Layout { dtype: self.stored.unwrap_or(layout.dtype), ..layout })
    }

    /// Whether this program makes the data itself.
    pub fn is_generated(&self) -> bool {
        matches!(self.source, Source::Generator { .. })
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
            "vlsv" => Some(Format::Vlsv(VlsvView::default())),
            _ => None,
        }
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
    fn a_source_in_the_other_byte_order_keeps_its_own_hash() {
        let hash = "AB".repeat(32);
        let text = format!("{RAW}source_sha256 = \"{hash}\"\nsource_byteorder = \"little\"\n");
        assert_eq!(parse(&text).ok().and_then(|manifest| manifest.swapped_sha256), Some("ab".repeat(32)));
        let same = text.replace("\"little\"", "\"big\"");
        assert_eq!(parse(&same).expect("a valid manifest").swapped_sha256, None);
    }

    #[test]
    fn the_shape_of_a_video_is_left_to_the_file_where_it_says_one() {
        let text = "name = \"v\"\nkind = \"video\"\nfile = \"v.y4m\"\nshape = [1]\ndtype = \"uint16\"";
        assert_eq!(parse(text).expect("a valid manifest").layout, None);
    }

    #[test]
    fn two_views_of_one_file_have_two_identities_and_the_whole_file_has_its_own() {
        let hash = "ab".repeat(32);
        let whole = parse(RAW).expect("a valid manifest");
        assert_eq!(whole.identity(Some(&hash)), Some(hash.clone()));
        let wide = RAW.replace("int16", "float64");
        let narrow = parse(&format!("{wide}as_dtype = \"float32\"\n")).expect("a valid manifest");
        assert_eq!(
            (narrow.layout.as_ref().map(|layout| layout.dtype), narrow.stored),
            (Some(DType::F32), Some(DType::F64))
        );
        assert_eq!(narrow.file_layout(), parse(&wide).expect("a valid manifest").layout);
        let file = "name = \"a\"\nkind = \"vdf\"\nfile = \"a.vlsv\"\n";
        let part = |more: &str| parse(&format!("{file}{more}")).expect("a valid manifest").identity(Some(&hash));
        let parts = [Some(hash.clone()), narrow.identity(Some(&hash)), part("population = \"p\""), part("cell = 1")];
        assert!((1..parts.len()).all(|at| !parts[..at].contains(&parts[at])), "{parts:?}");
        assert_eq!(narrow.identity(None), None);
    }

    #[test]
    fn nonsense_is_refused_by_its_key() {
        for (from, to, key) in [
            ("\"a\"", "\"A b\"", "name"),
            ("\"a\"", "\"..\"", "name"),
            ("mri", "container", "kind"),
            ("byteorder", "bytes = 13\nbyteorder", "bytes"),
            ("byteorder", "axes = [\"x\"]\nbyteorder", "axes"),
            ("byteorder", "velocity_spacing = [1.0, 0.0]\nbyteorder", "velocity_spacing"),
            ("byteorder", "format = \"gif\"\nbyteorder", "format"),
            ("byteorder", "format = \"yuv420p\"\nwidth = 2\nheight = 2\nframes = 2\nbyteorder", "frames"),
            ("byteorder", "source_byteorder = \"little\"\nbyteorder", "source_byteorder"),
            ("[2, 3]", "[9223372036854775807, 3]", "shape"),
            ("int16", "int17", "dtype"),
            ("mri", "soup", "kind"),
            ("\"big\"", "\"middle\"", "byteorder"),
            ("shape = [2, 3]\n", "", "shape"),
            ("file = \"a.i16\"\n", "", "file"),
            ("byteorder", "sha256 = \"12\"\nbyteorder", "sha256"),
            ("byteorder", "as_dtype = \"float32\"\nbyteorder", "as_dtype"),
            ("[2, 3]", "[2]\nstack = true", "stack"),
            ("byteorder", "population = \"proton\"\nbyteorder", "population"),
            ("byteorder", "format = \"vlsv\"\nview = \"rows\"\nbyteorder", "view"),
            ("byteorder", "generator = \"vdf\"\nbyteorder", "generator"),
        ] {
            let message = parse(&RAW.replacen(from, to, 1)).expect_err(key).to_string();
            assert!(message.contains(&format!("`{key}`")), "{message}");
        }
    }
}
