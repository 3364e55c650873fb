//! Heights of a landscape: fractional Brownian hills with ridges, plains and a sea.

use codecbench_methods::api::DType;

use super::lattice::{Lattice, mix, octaves};
use super::{Generated, Generator, Request, tensor};
use crate::dataset::Kind;

/// Heights above the sea, m; axes row, column.
pub const TERRAIN: Generator = Generator {
    id: "terrain",
    kind: Kind::Field,
    summary: "terrain: fractional Brownian hills, ridges in the mountains, a flat sea; metres, whole ones for integers",
    variants: &["coast", "inland"],
    dtypes: &[DType::F32, DType::F64, DType::I16, DType::I32],
    ranks: 2..=2,
    make,
};

/// Amplitude ratio of octaves: 2^-H with H = 0.9, as measured for mountains.
const GAIN: f64 = 0.536;
/// Lattice cells across the longest axis at the coarsest octave.
const CELLS: f64 = 4.0;

fn make(request: &Request<'_>) -> Generated {
    let longest = request.shape.iter().copied().max().unwrap_or(1).max(1);
    let octaves = octaves(longest, CELLS, GAIN);
    let (hills, ridges, belts) =
        (Lattice::new(request.seed), Lattice::new(mix(request.seed)), Lattice::new(mix(request.seed ^ 1)));
    let sea = if request.is("inland") { -1e9 } else { -80.0 };
    let height = |row: usize, column: usize| {
        let point = [row as f64, column as f64].map(|index| index / longest as f64 * CELLS);
        let hill = hills.fractal(&point, octaves);
        let belt = (0.5 + 0.9 * belts.at(&point.map(|x| x / 2.0))).clamp(0.0, 1.0);
        let ridge = ridges.ridged(&point, octaves);
        (300.0 + 1500.0 * hill + 1800.0 * belt * (ridge - 0.35)).max(sea)
    };
    let columns = request.shape[1];
    let heights = (0..request.shape[0]).flat_map(|row| (0..columns).map(move |column| (row, column)));
    tensor(request, heights.map(|(row, column)| height(row, column))).into()
}
