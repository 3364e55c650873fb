//! From records to the pages and pictures of a report. Pure functions: equal records give equal bytes, and the caller writes them.

mod canvas;
mod coherence;
mod details;
mod grid;
mod illustrations;
mod legend;
mod moments;
mod overview;
mod panel;

mod published;
mod raster;
mod rate;
mod readme;
mod relative;
mod scale;
mod speed;
mod stacks;
mod style;
#[cfg(test)]
mod tests;
mod text;
pub mod volume;

use rayon::prelude::*;

use crate::analyze::Study;
use crate::plan::{Illustration, Published, Relative};
use crate::record::{Record, TimingRecord};
use canvas::Figure;
use grid::Grid;

pub use text::significant;

/// What a picture is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// Pixels, two per logical pixel.
    Png,
    /// Lines and letters.
    Svg,
}

/// The page of pictures of a study.
pub fn coherence(study: &Study, picture: Picture) -> Vec<u8> {
    let figure = coherence::figure(study);
    match picture {
        Picture::Png => figure.png(),
        Picture::Svg => figure.svg(),
    }
}

/// The folder of the figures inside a report's folder.
pub const FIGURES: &str = "figures";

/// The name of the page.
pub const PAGE: &str = "README.md";

/// What a report says about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heading {
    /// Title; a plain one stands in if it is empty.
    pub title: String,
    /// What the report is for.
    pub description: String,
    /// What others published.
    pub published: Vec<Published>,
    /// Pictures that stand beside the page.
    pub illustrations: Vec<Illustration>,
    /// What the methods are compared with.
    pub relative: Option<Relative>,
}

/// A file of a report: its name inside the report's folder, and its bytes.
pub type File = (String, Vec<u8>);

/// Every page and picture of a report: `README.md` and what is under `figures/`, sorted by name.
pub fn report(heading: &Heading, records: &[Record], timings: &[TimingRecord]) -> Vec<File> {
    let grid = Grid::new(records);
    let figures = figures(heading, &grid, timings);
    let names: Vec<String> = figures.iter().map(|(name, _)| name.clone()).collect();
    let page = readme::page(heading, &grid, records, timings, &names);
    let mut files: Vec<File> = figures
        .par_iter()
        .flat_map_iter(|(name, figure)| [(format!("{name}.png"), figure.png()), (format!("{name}.svg"), figure.svg())])
        .map(|(name, bytes)| (format!("{FIGURES}/{name}"), bytes))
        .collect();
    files.push((PAGE.to_string(), page.into_bytes()));
    files.sort();
    files
}

/// Whether a file under `figures/` is one that [`report`] names, in this report or in an earlier one.
pub fn is_ours(name: &str) -> bool {
    let Some((stem, "png" | "svg")) = name.rsplit_once('.') else { return false };
    stem == "overview" || stem.starts_with("relative-") || stem.starts_with("rate-") || stem.starts_with("speed-")
}

/// Every figure with its name, without folder and ending.
fn figures<'a>(heading: &Heading, grid: &'a Grid<'a>, timings: &[TimingRecord]) -> Vec<(String, Figure<'a>)> {
    let overview = overview::figure(grid, &title(heading)).map(|figure| ("overview".to_string(), figure));
    let relative = heading.relative.as_ref().map(|relative| relative::figures(grid, relative, timings));
    let of_dataset = |dataset: usize| {
        let name = file_name(grid.datasets[dataset]);
        let rate = rate::figure(grid, dataset).map(|figure| (format!("rate-{name}"), figure));
        let speed = speed::figure(grid, timings, dataset).map(|figure| (format!("speed-{name}"), figure));
        rate.into_iter().chain(speed)
    };
    overview
        .into_iter()
        .chain(relative.into_iter().flatten())
        .chain((0..grid.datasets.len()).flat_map(of_dataset))
        .collect()
}

fn title(heading: &Heading) -> String {
    if heading.title.is_empty() { "Sweep".to_string() } else { heading.title.clone() }
}

/// A data set's name as part of a file name. What no file name should hold becomes `_`, and a piece of the name's hash
/// keeps two such names apart.
fn file_name(dataset: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    if dataset.chars().all(plain) && !dataset.is_empty() {
        return dataset.to_string();
    }
    let safe: String = dataset.chars().map(|char| if plain(char) { char } else { '_' }).collect();
    format!("{safe}-{}", &blake3::hash(dataset.as_bytes()).to_hex()[..8])
}
