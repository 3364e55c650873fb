//! A map of classes: regions with wavy borders, as a segmentation or a land-use map has them.

use codecbench_methods::api::DType;

use super::lattice::{Lattice, Octaves};
use super::random::Random;
use super::{Generated, Generator, Request, tensor};
use crate::dataset::Kind;

/// Class numbers; two or three spatial axes.
pub const LABELS: Generator = Generator {
    id: "labels",
    kind: Kind::Labels,
    summary: "class numbers: Voronoi regions with wavy borders",
    variants: &[],
    dtypes: &[DType::U8, DType::I8, DType::U16, DType::I16, DType::I32, DType::U32],
    ranks: 2..=3,
    make,
};

/// Regions, and classes they share.
const REGIONS: usize = 60;
const CLASSES: usize = 24;

fn make(request: &Request<'_>) -> Generated {
    let longest = request.shape.iter().copied().max().unwrap_or(1).max(1) as f64;
    let rank = request.shape.len();
    let mut random = Random::new(request.seed, 0);
    let regions: Vec<([f64; 3], f64)> =
        (0..REGIONS).map(|_| (std::array::from_fn(|_| random.unit()), random.below(CLASSES) as f64)).collect();
    let warp = Lattice::new(request.seed);
    let class = |flat: usize| {
        let (mut rest, mut point) = (flat, [0.0; 3]);
        for axis in (0..rank).rev() {
            point[axis] = (rest % request.shape[axis]) as f64 / longest;
            rest /= request.shape[axis];
        }
        let octaves = Octaves { count: 4, gain: 0.5 };
        let bend: [f64; 3] = std::array::from_fn(|axis| {
            let shifted = point.map(|x| 5.0 * x + 11.0 * axis as f64);
            0.06 * warp.fractal(&shifted[..rank], octaves)
        });
        let distance = |centre: &[f64; 3]| -> f64 {
            (0..rank).map(|axis| point[axis] + bend[axis] - centre[axis]).map(|d| d * d).sum()
        };
        let nearest = regions.iter().min_by(|a, b| distance(&a.0).total_cmp(&distance(&b.0)));
        nearest.map_or(0.0, |region| region.1)
    };
    tensor(request, (0..request.len()).map(class)).into()
}
