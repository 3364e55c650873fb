//! Iso-surfaces by marching tetrahedra.
//!
//! Each cube of eight neighbouring values is cut into six tetrahedra round one diagonal; a plane cuts a tetrahedron in one
//! triangle or two (Doi and Koide, "An efficient method of triangulating equi-valued surfaces by using tetrahedral
//! cells", 1991). Neighbouring cubes agree on their common faces, so the surface has no holes, and no table is needed.

use super::grid::Volume;

/// A point of a surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vertex {
    /// Place in units of cells, in the order of the axes.
    pub place: [f64; 3],
    /// Direction in which the values fall, not of unit length.
    pub normal: [f64; 3],
}

/// Orders in which three axes are stepped along from one corner of a cube to the opposite one.
const PATHS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// The triangles between the values above `level` and the rest.
pub fn surface(volume: &Volume<'_>, level: f64) -> Vec<[Vertex; 3]> {
    let mut triangles = Vec::new();
    let [a, b, c] = volume.shape.map(|length| length.saturating_sub(1));
    for i in 0..a {
        for j in 0..b {
            for k in 0..c {
                cube(volume, level, [i, j, k], &mut triangles);
            }
        }
    }
    triangles
}

fn cube(volume: &Volume<'_>, level: f64, base: [usize; 3], triangles: &mut Vec<[Vertex; 3]>) {
    let corner = |bits: usize| [0, 1, 2].map(|axis| base[axis] + (bits >> axis & 1));
    let above = (0..8).filter(|&bits| volume.at(corner(bits)) > level).count();
    if above == 0 || above == 8 {
        return;
    }
    for path in PATHS {
        let second = 1 << path[0];
        let third = second | 1 << path[1];
        tetrahedron(volume, level, [0, second, third, 7].map(corner), triangles);
    }
}

fn tetrahedron(volume: &Volume<'_>, level: f64, corners: [[usize; 3]; 4], triangles: &mut Vec<[Vertex; 3]>) {
    let (mut inside, mut outside) = (Vec::with_capacity(4), Vec::with_capacity(4));
    for corner in corners {
        if volume.at(corner) > level { inside.push(corner) } else { outside.push(corner) }
    }
    let cut = |a: usize, b: usize| between(volume, level, inside[a], outside[b]);
    match (inside.len(), outside.len()) {
        (1, 3) => triangles.push([cut(0, 0), cut(0, 1), cut(0, 2)]),
        (3, 1) => triangles.push([cut(0, 0), cut(1, 0), cut(2, 0)]),
        (2, 2) => {
            let (a, b, c, d) = (cut(0, 0), cut(0, 1), cut(1, 1), cut(1, 0));
            triangles.extend([[a, b, c], [a, c, d]]);
        }
        _ => {}
    }
}

/// Where the level lies between a corner above it and one that is not.
fn between(volume: &Volume<'_>, level: f64, inside: [usize; 3], outside: [usize; 3]) -> Vertex {
    let (high, low) = (volume.at(inside), volume.at(outside));
    let part = if high > low { ((high - level) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
    let mix = |a: f64, b: f64| a + (b - a) * part;
    let (from, to) = (fall(volume, inside), fall(volume, outside));
    Vertex {
        place: [0, 1, 2].map(|axis| mix(inside[axis] as f64, outside[axis] as f64)),
        normal: [0, 1, 2].map(|axis| mix(from[axis], to[axis])),
    }
}

/// Minus the gradient, by central differences; one-sided at the edges.
fn fall(volume: &Volume<'_>, place: [usize; 3]) -> [f64; 3] {
    [0, 1, 2].map(|axis| {
        let at = |index: usize| {
            let mut place = place;
            place[axis] = index;
            volume.at(place)
        };
        let (before, after) = (place[axis].saturating_sub(1), (place[axis] + 1).min(volume.shape[axis] - 1));
        if after == before { 0.0 } else { (at(before) - at(after)) / (after - before) as f64 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ball(n: usize) -> Vec<f64> {
        let centre = (n - 1) as f64 / 2.0;
        let square = |at: usize| (at as f64 - centre).powi(2);
        (0..n * n * n).map(|at| -(square(at / n / n) + square(at / n % n) + square(at % n)).sqrt()).collect()
    }

    #[test]
    fn a_ball_has_the_area_of_a_ball_and_normals_that_point_out_of_it() {
        let values = ball(25);
        let triangles = surface(&Volume { shape: [25; 3], values: &values }, -8.0);
        let mut area = 0.0;
        for triangle in &triangles {
            let edge = |to: usize| [0, 1, 2].map(|axis| triangle[to].place[axis] - triangle[0].place[axis]);
            let (a, b) = (edge(1), edge(2));
            let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
            area += cross.iter().map(|part| part * part).sum::<f64>().sqrt() / 2.0;
            for vertex in triangle {
                let out = [0, 1, 2].map(|axis| vertex.place[axis] - 12.0);
                let radius = out.iter().map(|part| part * part).sum::<f64>().sqrt();
                assert!((radius - 8.0).abs() < 0.05, "{radius}");
                assert!(out.iter().zip(vertex.normal).map(|(a, b)| a * b).sum::<f64>() > 0.9 * radius);
            }
        }
        let expected = 4.0 * std::f64::consts::PI * 64.0;
        assert!((area / expected - 1.0).abs() < 0.02, "{area} of {expected}");
    }

    #[test]
    fn every_edge_of_a_closed_surface_belongs_to_two_triangles() {
        let values = ball(9);
        let triangles = surface(&Volume { shape: [9; 3], values: &values }, -3.1);
        let mut edges = std::collections::BTreeMap::new();
        for triangle in &triangles {
            let key = |at: usize| triangle[at].place.map(|part| (part * 1e6).round() as i64);
            for (a, b) in [(0, 1), (1, 2), (2, 0)] {
                let edge = (key(a).min(key(b)), key(a).max(key(b)));
                *edges.entry(edge).or_insert(0) += usize::from(edge.0 != edge.1);
            }
        }
        assert!(!edges.is_empty() && edges.values().all(|&count| count % 2 == 0));
    }

    #[test]
    fn a_level_that_nothing_crosses_has_no_surface() {
        let values = [1.0; 8];
        let volume = Volume { shape: [2; 3], values: &values };
        assert!(surface(&volume, 2.0).is_empty() && surface(&volume, 0.5).is_empty());
        assert!(surface(&Volume { shape: [1, 2, 2], values: &values[..4] }, 0.5).is_empty());
    }
}
