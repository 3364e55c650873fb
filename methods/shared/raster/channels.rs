//! Planes that are channels of one picture: neighbours and weights of least squares among them.
//!
//! A channel is predicted by how it and those before it change from point to point, whatever their levels; which takes the
//! place of a transform of the colours.

use super::neighbours::Neighbour;

/// Most planes that are taken for channels.
pub const MOST: usize = 4;
/// Neighbours besides the ones that the others are taken relative to, the points before in each plane.
pub const INPUTS: usize = 28;
/// What a value counts for after one more, in the sight of least squares: about a row of a picture.
pub const MEMORY: f64 = 0.999;
/// The doubt, summed over weights, above which nothing more is forgotten: neighbours of a picture are much alike, so that
/// each of their weights is in doubt where the prediction is not.
pub const DOUBT: f64 = 1000.0;

/// In the plane itself, and in the two before.
pub const NEIGHBOURS: [Neighbour; INPUTS] = [
    (0, 0, 0, -2),
    (1, 0, 0, 0),
    (1, 0, 0, -1),
    (1, 0, 0, 1),
    (2, 0, 0, 0),
    (0, 0, 0, -3),
    (1, 0, 0, -2),
    (1, 0, 0, 2),
    (2, 0, 0, -1),
    (2, 0, 0, 1),
    (3, 0, 0, 0),
    (1, 0, 0, 3),
    (2, 0, 0, 2),
    (2, 0, 0, -2),
    (0, 1, 0, 0),
    (0, 1, 0, 1),
    (-1, 1, 0, 0),
    (1, 1, 0, 0),
    (1, 1, 0, -1),
    (1, 1, 0, 1),
    (-1, 1, 0, -1),
    (-1, 1, 0, 1),
    (0, 2, 0, 0),
    (0, 2, 0, 1),
    (-1, 2, 0, 0),
    (1, 2, 0, 0),
    (1, 2, 0, -1),
    (1, 2, 0, 1),
];

/// What the neighbours weigh at the start.
pub fn start() -> [f64; INPUTS] {
    NEIGHBOURS.map(|neighbour| match neighbour {
        (1, 0, 0, 0) | (0, 1, 0, 0) => 0.6,
        (1, 0, 0, -1) => -0.6,
        (1, 1, 0, 0) => -0.36,
        (1, 1, 0, -1) => 0.36,
        _ => 0.0,
    })
}
