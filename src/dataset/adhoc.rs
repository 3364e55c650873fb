//! Data sets that are named by the path of a file, and names that look like one.

use std::fs;
use std::path::{Path, PathBuf};

use super::Kind;
use super::catalogue::{RawHint, SelectError};
use super::load;
use super::manifest::{Format, Layout, Manifest, Source, VlsvView};

/// Extensions of formats that describe themselves and that we do not read.
const NOT_READ: [&str; 8] = ["tif", "tiff", "h5", "hdf5", "nc", "fits", "mp4", "mkv"];
/// Most edits between a name and a misspelling of it.
const FAR: usize = 3;
/// Most names offered for a misspelt one.
const OFFERED: usize = 5;

/// Manifests for a path: that of a manifest, of a file that describes itself, or of a raw file whose layout is `raw`. A
/// VLSV file gives one per population.
///
/// # Errors
/// A broken manifest or VLSV file, a format we do not read, a raw file without a layout.
pub fn from_path(path: &Path, raw: &RawHint) -> Result<Vec<Manifest>, SelectError> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    if extension.as_deref() == Some("toml") {
        let text = fs::read_to_string(path).map_err(|source| SelectError::Io { path: path.to_path_buf(), source })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        return Ok(vec![Manifest::parse(&text, &path.display().to_string(), Some(folder))?]);
    }
    let layout = raw.shape.clone().zip(raw.dtype).map(|(shape, dtype)| Layout { shape, dtype });
    let (format, layout) = match (Format::of(path), layout) {
        (Some(Format::Vlsv(_)), _) => return populations(path),
        (Some(format), _) => (format, None),
        (None, Some(layout)) => (Format::Raw { big_endian: false }, Some(layout)),
        (None, None) if extension.as_deref().is_some_and(|extension| NOT_READ.contains(&extension)) => {
            return Err(SelectError::NotRead(path.to_path_buf()));
        }
        (None, None) => return Err(SelectError::Raw(path.to_path_buf())),
    };
    let kind = match format {
        Format::Png => Kind::Image,
        Format::Y4m => Kind::Video,
        _ => Kind::Field,
    };
    Ok(vec![bare(name(path), kind, layout, beside(path, format))])
}

/// The part of a VLSV file that `FILE.vlsv:POPULATION` or `FILE.vlsv:POPULATION:CELL` names; `None` for other text.
pub fn part_of_vlsv(text: &str) -> Option<Manifest> {
    let end = text.to_ascii_lowercase().rfind(".vlsv:")? + ".vlsv".len();
    let (path, rest) = (Path::new(&text[..end]), &text[end + 1..]);
    let (population, cell) = match rest.split_once(':') {
        Some((population, cell)) => (population, Some(cell.parse().ok()?)),
        None => (rest, None),
    };
    path.is_file().then(|| vlsv(path, population, cell))
}

fn populations(path: &Path) -> Result<Vec<Manifest>, SelectError> {
    let bytes = fs::read(path).map_err(|source| SelectError::Io { path: path.to_path_buf(), source })?;
    let names = load::vlsv::populations(&bytes);
    let names = names.map_err(|source| SelectError::Format { path: path.to_path_buf(), source })?;
    Ok(names.iter().map(|population| vlsv(path, population, None)).collect())
}

fn vlsv(path: &Path, population: &str, cell: Option<u64>) -> Manifest {
    let cell_text = cell.map(|cell| cell.to_string()).unwrap_or_default();
    let parts = [population, &cell_text].into_iter().filter(|part| !part.is_empty());
    let full = parts.fold(name(path), |name, part| format!("{name}_{}", fitting(part)));
    let view = VlsvView { population: Some(population.to_string()), cell, blocks: false };
    bare(full, Kind::Vdf, None, beside(path, Format::Vlsv(view)))
}

fn beside(path: &Path, format: Format) -> Source {
    let file = PathBuf::from(path.file_name().unwrap_or_default());
    Source::File { name: file, folder: path.parent().map(Path::to_path_buf), format }
}

/// A name for tables and files: the file's own, where it has only what a manifest's `name` may have.
fn name(path: &Path) -> String {
    let name = fitting(&path.file_stem().unwrap_or_default().to_string_lossy());
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) { name } else { format!("file{name}") }
}

fn fitting(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    text.to_ascii_lowercase().chars().map(|c| if fits(c) { c } else { '_' }).collect()
}

fn bare(name: String, kind: Kind, layout: Option<Layout>, source: Source) -> Manifest {
    Manifest {
        name,
        kind,
        layout,
        stored: None,
        source,
        sha256: None,
        bytes: None,
        url: None,
        swapped_sha256: None,
        origin: None,
        fill_value: None,
        velocity_spacing: None,
        sparsity_threshold: None,
        stack: false,
        luma_rows: None,
        units: String::new(),
        axes: Vec::new(),
        description: String::new(),
        why: String::new(),
        licence: String::new(),
    }
}

/// The names nearest to `wanted`: those that hold it, then those a few edits away, nearest first.
pub fn near<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_ascii_lowercase();
    let far = FAR.min(wanted.chars().count() / 2);
    let mut found: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let distance = if name.contains(&wanted) { 0 } else { edits(&wanted, name) };
            (distance <= far).then_some((distance, name))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).take(OFFERED).collect()
}

/// Levenshtein's distance: insertions, deletions and substitutions of one character.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::DType;

    use super::*;

    #[test]
    fn names_are_offered_for_a_misspelling_and_none_for_nonsense() {
        let names = ["camera", "chelsea", "cesm_ts", "kodim01", "kodim13"];
        assert_eq!(near("camara", names.into_iter()), ["camera"]);
        assert_eq!(near("kodim", names.into_iter()), ["kodim01", "kodim13"]);
        assert!(near("xyzzy", names.into_iter()).is_empty());
        assert_eq!(edits("kitten", "sitting"), 3);
    }

    #[test]
    fn a_path_becomes_a_data_set_with_a_name_that_fits() {
        let hint = RawHint { shape: Some(vec![2]), dtype: Some(DType::U8) };
        let one = |path: &str, hint: &RawHint| from_path(Path::new(path), hint).ok().and_then(|mut found| found.pop());
        let manifest = one("some/My Scan (2).bin", &hint).expect("a raw file with a layout");
        assert_eq!(manifest.name, "my_scan__2_");
        assert!(matches!(manifest.source, Source::File { format: Format::Raw { .. }, .. }));
        let picture = one("_.png", &RawHint::default()).expect("a file that describes itself");
        assert_eq!((picture.name.as_str(), picture.kind, picture.layout), ("file_", Kind::Image, None));
    }

    #[test]
    fn formats_that_are_not_read_are_told_from_raw_files() {
        let refusal = |path: &str| from_path(Path::new(path), &RawHint::default()).expect_err(path).to_string();
        assert!(refusal("a.h5").contains("npy") && refusal("b.TIF").contains("npy"));
        assert!(refusal("c.bin").contains("--shape"));
    }
}
