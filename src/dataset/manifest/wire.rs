//! The manifest as written: TOML keys and what they may hold.

use std::path::{Path, PathBuf};

use codecbench_methods::api::DType;
use serde::Deserialize;

use super::{Format, Layout, Manifest, Source, VlsvView};
use crate::dataset::Kind;

/// The file as written. Facts that only people read are accepted and dropped.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "keys for people: known, so that a typo is told from them")]
pub(super) struct Wire {
    name: String,
    kind: String,
    file: Option<PathBuf>,
    member: Option<String>,
    population: Option<String>,
    cell: Option<u64>,
    view: Option<String>,
    generator: Option<String>,
    variant: Option<String>,
    seed: Option<u64>,
    shape: Option<Vec<usize>>,
    dtype: Option<String>,
    as_dtype: Option<String>,
    byteorder: Option<String>,
    sha256: Option<String>,
    bytes: Option<u64>,
    url: Option<String>,
    fill_value: Option<f64>,
    velocity_spacing: Option<Vec<f64>>,
    sparsity_threshold: Option<f64>,
    #[serde(default)]
    stack: bool,
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
    source_byteorder: Option<String>,
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

/// A key, and what is wrong with its value.
pub(super) type Refusal = (&'static str, String);

impl Wire {
    /// Checks each value, then the values against each other.
    pub(super) fn into_manifest(self, folder: Option<&Path>) -> Result<Manifest, Refusal> {
        let kind = kind(&self.kind)?;
        self.check()?;
        let format = self.format()?;
        let layout = self.layout(format.as_ref())?;
        let source = self.source(folder, format, layout.is_some())?;
        self.check_size(&source, layout.as_ref())?;
        self.check_axes(layout.as_ref())?;
        let swapped_sha256 = self.swapped(&source)?;
        let planar = self.format.as_deref() == Some("yuv420p");
        let luma_rows = self.height.filter(|_| planar).and_then(|height| usize::try_from(height).ok());
        let (layout, stored) = self.narrowed(layout)?;
        let origin = self.source_repo.as_ref().map(|repo| {
            let (commit, path) = (self.source_commit.as_deref(), self.source_path.as_deref());
            format!("{repo} at {}: {}", commit.unwrap_or("?"), path.unwrap_or("?"))
        });
        Ok(Manifest {
            name: self.name,
            kind,
            layout,
            stored,
            source,
            sha256: self.sha256.map(|hash| hash.to_ascii_lowercase()),
            bytes: self.bytes,
            url: self.url,
            swapped_sha256,
            origin,
            fill_value: self.fill_value,
            velocity_spacing: self.velocity_spacing,
            sparsity_threshold: self.sparsity_threshold,
            stack: self.stack,
            luma_rows,
            units: self.units,
            axes: self.axes,
            description: self.description,
            why: self.why,
            licence: self.licence,
        })
    }

    fn check(&self) -> Result<(), Refusal> {
        let starts = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if !self.name.starts_with(starts) || !self.name.chars().all(|c| starts(c) || "_-.".contains(c)) {
            return Err(("name", format!("{:?} must match [a-z0-9][a-z0-9_.-]*", self.name)));
        }
        for (key, hash) in [("sha256", &self.sha256), ("source_sha256", &self.source_sha256)] {
            if hash.as_ref().is_some_and(|hash| hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit())) {
                return Err((key, "must be 64 hexadecimal digits".to_string()));
            }
        }
        if self.sparsity_threshold.is_some_and(|threshold| threshold.is_nan() || threshold < 0.0) {
            return Err(("sparsity_threshold", "must not be negative".to_string()));
        }
        match (&self.generator, &self.file) {
            (Some(_), Some(_)) => Err(("generator", "give `generator` or `file`, not both".to_string())),
            (None, None) => Err(("file", "give the `file` that holds the elements, or a `generator`".to_string())),
            _ => Ok(()),
        }
    }

    /// The format of a file that describes itself: from the key `format`, else from the extension. `None` is raw.
    fn format(&self) -> Result<Option<Format>, Refusal> {
        let format = match self.format.as_deref() {
            None => self.file.as_deref().and_then(Format::of),
            Some("raw" | "yuv420p") => None,
            Some(name) => Some(Format::of(&Path::new("x").with_extension(name)).ok_or_else(|| {
                ("format", format!("{name:?} is not read; known: raw, yuv420p, npy, npz, png, y4m, vlsv"))
            })?),
        };
        let selects = self.population.is_some() || self.cell.is_some() || self.view.is_some();
        if selects && !matches!(format, Some(Format::Vlsv(_))) {
            return Err(("population", "`population`, `cell` and `view` select from a VLSV file".to_string()));
        }
        Ok(match format {
            Some(Format::Npz { .. }) => Some(Format::Npz { member: self.member.clone() }),
            Some(Format::Vlsv(_)) => Some(Format::Vlsv(self.vlsv_view()?)),
            format => format,
        })
    }

    fn vlsv_view(&self) -> Result<VlsvView, Refusal> {
        let blocks = match self.view.as_deref() {
            None | Some("dense") => false,
            Some("blocks") => true,
            Some(other) => return Err(("view", format!("{other:?}; known: dense, blocks"))),
        };
        Ok(VlsvView { population: self.population.clone(), cell: self.cell, blocks })
    }

    fn layout(&self, format: Option<&Format>) -> Result<Option<Layout>, Refusal> {
        match (&self.shape, &self.dtype) {
            // The sidecars of video write [1] where they leave the shape to the file.
            (Some(shape), _) if format == Some(&Format::Y4m) && shape == &[1] => Ok(None),
            (Some(shape), Some(dtype)) => {
                let dtype = dtype.parse().map_err(|reason| ("dtype", reason))?;
                Ok(Some(Layout { shape: shape.clone(), dtype }))
            }
            (None, None) => Ok(None),
            (None, Some(_)) => Err(("shape", "give the axis lengths, slowest first".to_string())),
            (Some(_), None) => Err(("dtype", "give the element type, for instance \"float32\"".to_string())),
        }
    }

    /// The layout as the data set has it, and the wider type in the file where there is one.
    fn narrowed(&self, layout: Option<Layout>) -> Result<(Option<Layout>, Option<DType>), Refusal> {
        let Some(name) = self.as_dtype.as_deref() else { return Ok((layout, None)) };
        let dtype: DType = name.parse().map_err(|reason| ("as_dtype", reason))?;
        match layout {
            Some(Layout { shape, dtype: stored @ DType::F64 }) if dtype == DType::F32 && self.file.is_some() => {
                Ok((Some(Layout { shape, dtype }), Some(stored)))
            }
            _ => Err(("as_dtype", "only a float64 `file` can be taken as float32".to_string())),
        }
    }

    fn source(&self, folder: Option<&Path>, format: Option<Format>, has_layout: bool) -> Result<Source, Refusal> {
        if let Some(id) = &self.generator {
            if !has_layout {
                return Err(("shape", "a generated data set needs `shape` and `dtype`".to_string()));
            }
            let (id, variant) = (id.clone(), self.variant.clone());
            return Ok(Source::Generator { id, variant, seed: self.seed.unwrap_or(0) });
        }
        let big_endian = big_endian("byteorder", self.byteorder.as_deref())?;
        let format = match format {
            Some(format) => format,
            None if has_layout => Format::Raw { big_endian },
            None => return Err(("shape", "a raw file needs `shape` and `dtype`".to_string())),
        };
        let name = self.file.clone().unwrap_or_default();
        Ok(Source::File { name, folder: folder.map(Path::to_path_buf), format })
    }

    /// Sizes that a manifest states twice must agree.
    fn check_size(&self, source: &Source, layout: Option<&Layout>) -> Result<(), Refusal> {
        let Some(Layout { shape, dtype }) = layout else { return Ok(()) };
        let product = |lengths: &[u64]| lengths.iter().try_fold(1u64, |product, &length| product.checked_mul(length));
        let lengths: Vec<u64> = shape.iter().map(|&length| length as u64).chain([dtype.size() as u64]).collect();
        let Some(needed) = product(&lengths) else {
            return Err(("shape", format!("{shape:?} of {dtype} overflows")));
        };
        let raw = matches!(source, Source::File { format: Format::Raw { .. }, .. });
        if let Some(bytes) = self.bytes.filter(|&bytes| raw && bytes != needed) {
            return Err(("bytes", format!("{shape:?} of {dtype} takes {needed} bytes, not {bytes}")));
        }
        if self.format.as_deref() != Some("yuv420p") {
            return Ok(());
        }
        let (Some(width), Some(height), Some(frames)) = (self.width, self.height, self.frames) else {
            return Err(("format", "yuv420p needs `width`, `height` and `frames`".to_string()));
        };
        let chroma = product(&[2, width.div_ceil(2), height.div_ceil(2)]);
        let frame = chroma.zip(product(&[width, height])).and_then(|(chroma, luma)| luma.checked_add(chroma));
        match frame.and_then(|frame| product(&[frames, frame, dtype.size() as u64])) {
            Some(stated) if stated == needed => Ok(()),
            _ => Err(("frames", format!("{frames} frames of {width}x{height} in yuv420p are not {needed} bytes"))),
        }
    }

    fn check_axes(&self, layout: Option<&Layout>) -> Result<(), Refusal> {
        let Some(rank) = layout.map(|layout| layout.shape.len()) else { return Ok(()) };
        if !self.axes.is_empty() && self.axes.len() != rank {
            return Err(("axes", format!("{} names for {rank} axes", self.axes.len())));
        }
        if self.stack && rank < 2 {
            return Err(("stack", "the first of at least two axes numbers the distributions".to_string()));
        }
        match &self.velocity_spacing {
            Some(spacing) if spacing.len() != rank => {
                Err(("velocity_spacing", format!("{} numbers for {rank} axes; one each", spacing.len())))
            }
            Some(spacing) if !spacing.iter().all(|step| step.is_finite() && *step > 0.0) => {
                Err(("velocity_spacing", "each must be a finite number above zero".to_string()))
            }
            _ => Ok(()),
        }
    }

    /// The hash of what `url` serves, where that is in the other byte order.
    fn swapped(&self, source: &Source) -> Result<Option<String>, Refusal> {
        let Some(order) = self.source_byteorder.as_deref() else { return Ok(None) };
        let at_source = big_endian("source_byteorder", Some(order))?;
        match (source, &self.source_sha256) {
            (Source::File { format: Format::Raw { big_endian }, .. }, Some(hash)) => {
                Ok((*big_endian != at_source).then(|| hash.to_ascii_lowercase()))
            }
            _ => Err(("source_byteorder", "needs a raw `file` and its `source_sha256`".to_string())),
        }
    }
}

fn big_endian(key: &'static str, order: Option<&str>) -> Result<bool, Refusal> {
    match order {
        None | Some("little") => Ok(false),
        Some("big") => Ok(true),
        Some(other) => Err((key, format!("{other:?}; known: little, big"))),
    }
}

/// Kinds as manifests in the wild name them; several of theirs are one of ours.
fn kind(name: &str) -> Result<Kind, Refusal> {
    match name {
        "seismic" | "elevation" => Ok(Kind::Field),
        "mri" => Ok(Kind::Volume),
        "particles" => Ok(Kind::Series),
        "index" => Ok(Kind::Labels),
        "container" => Err((
            "kind",
            "a container (VLSV) holds several arrays; write a manifest for one (`population`, `cell`)".to_string(),
        )),
        _ => name.parse().map_err(|reason| ("kind", reason)),
    }
}
