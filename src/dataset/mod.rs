//! Data sets: what they are, where their bytes come from.

mod adhoc;
pub mod catalogue;
pub mod fetch;
pub mod generate;
mod index;
pub mod load;
pub mod manifest;

use std::fmt;
use std::str::FromStr;

use codecbench_methods::api::Tensor;
use serde::{Deserialize, Serialize};

/// What an array holds; decides which metrics apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A physical quantity on a grid.
    Field,
    /// A velocity distribution function.
    Vdf,
    /// A picture: rows, columns, then channels if any.
    Image,
    /// A sequence of pictures.
    Video,
    /// Samples over time: time first, then channels if any.
    Series,
    /// Voxels of a scan.
    Volume,
    /// Classes or identifiers: no order, no arithmetic.
    Labels,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 7] =
        [Kind::Field, Kind::Vdf, Kind::Image, Kind::Video, Kind::Series, Kind::Volume, Kind::Labels];

    /// The name in manifests and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Field => "field",
            Kind::Vdf => "vdf",
            Kind::Image => "image",
            Kind::Video => "video",
            Kind::Series => "series",
            Kind::Volume => "volume",
            Kind::Labels => "labels",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            format!("unknown kind {name:?}; known: {}", known.join(", "))
        })
    }
}

/// A data set in memory.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Unique name.
    pub name: String,
    /// What the array holds.
    pub kind: Kind,
    /// The elements in their true type.
    pub tensor: Tensor,
    /// The value that stands for "no data", if the data set has one.
    pub fill_value: Option<f64>,
    /// SHA-256, lower-case hex: of the file the manifest names, of the elements (little endian, C order) of a generated one,
    /// or of the file's hash and what is taken from the file (see [`manifest::Manifest::identity`]).
    pub sha256: String,
    /// Spacing of the velocity grid per axis (VDF only), in the unit of the grid.
    pub velocity_spacing: Option<Vec<f64>>,
    /// Velocity of the lower corner of the first cell per axis (VDF only), in the unit of the grid.
    pub velocity_origin: Option<Vec<f64>>,
    /// Values at or below this count as empty (VDF only), in the unit of the data.
    pub sparsity_threshold: Option<f64>,
    /// Whether the first axis numbers distributions (VDF only).
    pub stack: bool,
    /// Rows of a frame that are luma, where chroma stands below (video only).
    pub luma_rows: Option<usize>,
}

impl Dataset {
    /// An array with a name, of which nothing else is known; its hash is empty.
    pub fn plain(name: &str, kind: Kind, tensor: Tensor) -> Self {
        Dataset {
            name: name.to_string(),
            kind,
            tensor,
            fill_value: None,
            sha256: String::new(),
            velocity_spacing: None,
            velocity_origin: None,
            sparsity_threshold: None,
            stack: false,
            luma_rows: None,
        }
    }
}
