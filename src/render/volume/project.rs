//! A lit surface seen from a corner of its box, without perspective.

use super::super::canvas::{Colour, Point};
use super::colour::LIT;
use super::surface::Vertex;

/// Direction of view: degrees round the vertical axis and above the horizon.
const AZIMUTH: f64 = 30.0;
const ELEVATION: f64 = 25.0;
/// Half the height of the seen box whose half sides are 1.
const REACH: f64 = 1.5;
/// Where the light comes from, in the viewer's frame: right, up, towards the viewer.
const LIGHT: [f64; 3] = [-0.45, 0.55, 0.70];
/// How bright what faces away from the light is.
const AMBIENT: f64 = 0.18;

/// From cells to the viewer's frame.
pub struct View {
    /// Right, up and towards the viewer, each over the axes 2, 1, 0 (x, y, z).
    basis: [[f64; 3]; 3],
    /// Middle of the box in cells, axes 0, 1, 2.
    middle: [f64; 3],
    /// From cells to half sides of the longest extent, axes 0, 1, 2.
    scale: [f64; 3],
}

impl View {
    /// Of a box of `shape` cells of these sides.
    pub fn new(shape: [usize; 3], spacing: [f64; 3]) -> Self {
        let radians = |degrees: f64| degrees * std::f64::consts::PI / 180.0;
        let (sin_a, cos_a) = libm::sincos(radians(AZIMUTH));
        let (sin_e, cos_e) = libm::sincos(radians(ELEVATION));
        let basis =
            [[-sin_a, cos_a, 0.0], [-sin_e * cos_a, -sin_e * sin_a, cos_e], [cos_e * cos_a, cos_e * sin_a, sin_e]];
        let extent = [0, 1, 2].map(|axis| shape[axis].max(2) as f64 * spacing[axis]);
        let longest = extent.iter().copied().fold(0.0, f64::max);
        View {
            basis,
            middle: shape.map(|length| (length as f64 - 1.0) / 2.0),
            scale: spacing.map(|side| 2.0 * side / longest),
        }
    }

    fn turned(&self, [z, y, x]: [f64; 3]) -> [f64; 3] {
        self.basis.map(|[a, b, c]| a * x + b * y + c * z)
    }

    /// Right, up and depth of a place in cells, each about -1.5 to 1.5.
    fn seen(&self, place: [f64; 3]) -> [f64; 3] {
        self.turned([0, 1, 2].map(|axis| (place[axis] - self.middle[axis]) * self.scale[axis]))
    }

    /// A corner of the box as a point in a square of side `side`; `signs` are -1 or 1 along the axes 0, 1, 2.
    pub fn corner(&self, signs: [f64; 3], side: f64) -> Point {
        let place = [0, 1, 2].map(|axis| self.middle[axis] + signs[axis] * (self.middle[axis] + 0.5));
        self.point(self.seen(place), side)
    }

    fn point(&self, [right, up, _]: [f64; 3], side: f64) -> Point {
        (side / 2.0 * (1.0 + right / REACH), side / 2.0 * (1.0 - up / REACH))
    }

    /// A square picture of `side` pixels; `None` where there is nothing.
    pub fn picture(&self, triangles: &[[Vertex; 3]], side: usize) -> Vec<Option<Colour>> {
        let mut canvas =
            Depths { side, depths: vec![f64::NEG_INFINITY; side * side], colours: vec![None; side * side] };
        for triangle in triangles {
            let corners = triangle.map(|vertex| {
                let seen = self.seen(vertex.place);
                let (x, y) = self.point(seen, side as f64);
                [x, y, seen[2], self.light(vertex.normal)]
            });
            canvas.fill(corners);
        }
        canvas.colours
    }

    /// Brightness of a surface with this normal, 0 to 1.
    fn light(&self, normal: [f64; 3]) -> f64 {
        let normal = [0, 1, 2].map(|axis| if self.scale[axis] > 0.0 { normal[axis] / self.scale[axis] } else { 0.0 });
        let seen = self.turned(normal);
        let length = seen.iter().map(|part| part * part).sum::<f64>().sqrt();
        let facing = seen.iter().zip(LIGHT).map(|(a, b)| a * b).sum::<f64>();
        if length > 0.0 { AMBIENT + (1.0 - AMBIENT) * (facing / length).max(0.0) } else { AMBIENT }
    }
}

/// A picture with the depth of each pixel.
struct Depths {
    side: usize,
    depths: Vec<f64>,
    colours: Vec<Option<Colour>>,
}

impl Depths {
    /// Fills a triangle of corners (x, y, depth, brightness) where nothing nearer stands.
    fn fill(&mut self, [a, b, c]: [[f64; 4]; 3]) {
        let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        if area == 0.0 || !area.is_finite() {
            return;
        }
        let range = |axis: usize| {
            let (low, high) = (a[axis].min(b[axis]).min(c[axis]), a[axis].max(b[axis]).max(c[axis]));
            low.floor().max(0.0) as usize..(high.ceil().max(0.0) as usize + 1).min(self.side)
        };
        let (columns, rows) = (range(0), range(1));
        for row in rows {
            for column in columns.clone() {
                let (x, y) = (column as f64 + 0.5, row as f64 + 0.5);
                let second = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area;
                let third = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area;
                let first = 1.0 - second - third;
                // A little over the edge, so that rounding leaves no gaps between neighbours.
                if first.min(second).min(third) < -1e-9 {
                    continue;
                }
                let mixed = |part: usize| a[part] * first + b[part] * second + c[part] * third;
                let at = row * self.side + column;
                if mixed(2) > self.depths[at] {
                    self.depths[at] = mixed(2);
                    self.colours[at] = Some(LIT.at(mixed(3)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_fits_and_the_nearer_triangle_hides_the_farther() {
        let view = View::new([10, 10, 10], [1.0; 3]);
        for signs in 0..8 {
            let signs = [0, 1, 2].map(|axis| if signs >> axis & 1 == 1 { 1.0 } else { -1.0 });
            let (x, y) = view.corner(signs, 100.0);
            assert!((0.0..=100.0).contains(&x) && (0.0..=100.0).contains(&y), "{signs:?}: {x}, {y}");
        }
        let mut canvas = Depths { side: 4, depths: vec![f64::NEG_INFINITY; 16], colours: vec![None; 16] };
        let triangle = |depth: f64, light: f64| [[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]].map(|[x, y]| [x, y, depth, light]);
        canvas.fill(triangle(1.0, 1.0));
        canvas.fill(triangle(0.0, 0.0));
        assert!(canvas.colours.iter().all(|&colour| colour == Some(LIT.at(1.0))));
    }
}
