//! Where everything stands in the picture of a volume.

use super::super::canvas::{Align, Canvas, Colour, Font, GRID, INK, MUTED, Point};
use super::grid::{Volume, others};
use super::panel::{BELOW, NOTHING, Scale, short, square};
use super::project::View;
use super::surface::surface;
use super::{Comparison, Decades, largest};

/// Width and height of the picture, logical pixels.
pub const SIZE: (u32, u32) = (1000, 884);
/// Side of a panel, logical pixels; a pixel of a panel is half of one.
const SIDE: f64 = 172.0;
const PIXELS: usize = 344;
const LEFT: f64 = 46.0;
const TOP: f64 = 58.0;
const GAP: f64 = 16.0;
const COLUMNS: [&str; 5] = ["original", "reconstruction", "|error|", "Laplacian, original", "Laplacian, reconstr."];
/// Most cells per axis that a surface is drawn from.
const SURFACE: usize = 96;
/// Where between the ends of the decades the two surfaces lie.
const LEVELS: [f64; 2] = [0.35, 0.75];

const HEAD: Font = Font { size: 15.0, bold: true, colour: INK };
const LABEL: Font = Font { size: 11.5, bold: true, colour: INK };
const SMALL: Font = Font { size: 10.0, bold: false, colour: MUTED };
const FACT: Font = Font { size: 11.0, bold: false, colour: INK };

type Pixels = Vec<Option<Colour>>;

/// A picture, all but drawn.
pub struct Page<'a> {
    comparison: &'a Comparison<'a>,
    /// Row by row of planes, the five columns of each.
    planes: Vec<[Pixels; 5]>,
    /// What each row is a plane of.
    rows: Vec<String>,
    scales: [Scale; 3],
    /// For each level: its value, and the surfaces of original and reconstruction.
    surfaces: Vec<(f64, [Pixels; 2])>,
    view: View,
}

impl<'a> Page<'a> {
    /// Computes every panel.
    pub fn new(comparison: &'a Comparison<'a>) -> Self {
        let shape = comparison.shape;
        let original = Volume { shape, values: comparison.original };
        let decoded = Volume { shape, values: comparison.decoded };
        let errors: Vec<f64> = comparison.original.iter().zip(comparison.decoded).map(|(x, y)| (y - x).abs()).collect();
        let error = Volume { shape, values: &errors };
        let place = original.largest();
        let decades = Decades::of(comparison);
        let bends = [0, 1, 2].map(|axis| original.laplacian_plane(axis, place[axis]));
        let steepest = largest(bends.iter().flat_map(|plane| plane.values.iter().map(|value| value.abs())));
        let scales = [Scale::Density(decades), Scale::Error(largest(errors.iter().copied())), Scale::Signed(steepest)];
        let row = |axis: usize| {
            let at = place[axis];
            [
                square(&original.plane(axis, at), &scales[0], PIXELS),
                square(&decoded.plane(axis, at), &scales[0], PIXELS),
                square(&error.plane(axis, at), &scales[1], PIXELS),
                square(&bends[axis], &scales[2], PIXELS),
                square(&decoded.laplacian_plane(axis, at), &scales[2], PIXELS),
            ]
        };
        let label = |axis: usize| {
            let (up, right) = others(axis);
            let names = &comparison.axes;
            format!("{} = {}:  {} →,  {} ↑", names[axis], place[axis], names[right], names[up])
        };
        let (view, surfaces) = surfaces(comparison, decades);
        let (planes, rows) = ([0, 1, 2].map(row).into(), [0, 1, 2].map(label).into());
        Page { comparison, planes, rows, scales, surfaces, view }
    }

    /// Draws the page.
    pub fn draw(&self, canvas: &mut dyn Canvas) {
        canvas.text(&self.comparison.title, (LEFT, 26.0), Align::Left, HEAD);
        for (column, name) in COLUMNS.iter().enumerate() {
            canvas.text(name, (x(column) + SIDE / 2.0, TOP - 8.0), Align::Centre, LABEL);
        }
        for (row, (panels, label)) in self.planes.iter().zip(&self.rows).enumerate() {
            canvas.text_up(label, (LEFT - 12.0, y(row) + SIDE / 2.0), SMALL);
            for (column, pixels) in panels.iter().enumerate() {
                canvas.pixels((x(column), y(row)), 0.5, PIXELS, pixels);
            }
        }
        let bars = y(3) - 4.0;
        for (scale, (first, last)) in self.scales.iter().zip([(0, 1), (2, 2), (3, 4)]) {
            scale.bar(canvas, (x(first), bars), x(last) + SIDE - x(first));
        }
        self.key(canvas, (x(0), bars + 38.0));
        self.surfaces(canvas, bars + 66.0);
    }

    /// What the two colours outside the scale mean, and how the other scales go.
    fn key(&self, canvas: &mut dyn Canvas, (left, base): Point) {
        let low = short(Decades::of(self.comparison).low);
        let entries = [(NOTHING, format!("at or below {low}")), (BELOW, format!("below -{low}"))];
        for (at, (colour, text)) in entries.into_iter().enumerate() {
            let left = left + at as f64 * 150.0;
            canvas.rect((left, base - 9.0), (left + 10.0, base + 1.0), colour);
            canvas.text(&text, (left + 15.0, base), Align::Left, SMALL);
        }
        canvas.text("four decades of the largest", (x(2), base), Align::Left, SMALL);
        canvas.text("signed square root; the original fills the scale", (x(3), base), Align::Left, SMALL);
    }

    fn surfaces(&self, canvas: &mut dyn Canvas, top: f64) {
        for (pair, (level, pictures)) in self.surfaces.iter().enumerate() {
            for (side, (pixels, of)) in pictures.iter().zip(["original", "reconstruction"]).enumerate() {
                let left = x(2 * pair + side);
                let text = format!("f = {}, {of}", short(*level));
                canvas.text(&text, (left + SIDE / 2.0, top), Align::Centre, LABEL);
                self.frame(canvas, (left, top + 8.0));
                canvas.pixels((left, top + 8.0), 0.5, PIXELS, pixels);
            }
        }
        for (line, fact) in self.comparison.facts.iter().enumerate() {
            canvas.text(fact, (x(4), top + 24.0 + line as f64 * 16.0), Align::Left, FACT);
        }
    }

    /// The edges of the box that are not in front, and the names of the axes beside it.
    fn frame(&self, canvas: &mut dyn Canvas, (left, top): Point) {
        let point = |signs: [f64; 3]| {
            let (right, down) = self.view.corner(signs, SIDE);
            (left + right, top + down)
        };
        for axis in 0..3 {
            for others in 0..4 {
                let sign = |bit: usize| if others >> bit & 1 == 1 { 1.0 } else { -1.0 };
                let mut ends = [[sign(0), sign(1), 0.0]; 2].map(|signs| rotate(signs, axis));
                (ends[0][axis], ends[1][axis]) = (-1.0, 1.0);
                if others != 3 {
                    canvas.line(&[point(ends[0]), point(ends[1])], GRID, 1.0, &[]);
                }
            }
        }
        let names = &self.comparison.axes;
        let beside =
            [([0.0, -1.0, 1.0], (-9.0, 3.0)), ([-1.0, 0.0, 1.0], (-8.0, 11.0)), ([-1.0, 1.0, 0.0], (8.0, 11.0))];
        for (axis, (signs, (right, down))) in beside.into_iter().enumerate() {
            let (at_x, at_y) = point(signs);
            canvas.text(&names[axis], (at_x + right, at_y + down), Align::Centre, SMALL);
        }
    }
}

/// Puts the third of three numbers at `axis` and the other two after it, in turn.
fn rotate([a, b, c]: [f64; 3], axis: usize) -> [f64; 3] {
    let mut turned = [0.0; 3];
    (turned[axis], turned[(axis + 1) % 3], turned[(axis + 2) % 3]) = (c, a, b);
    turned
}

fn x(column: usize) -> f64 {
    LEFT + column as f64 * (SIDE + GAP)
}

fn y(row: usize) -> f64 {
    TOP + row as f64 * (SIDE + 10.0)
}

/// The surfaces of both arrays at each level, in logarithms, and the view of them.
fn surfaces(comparison: &Comparison<'_>, decades: Decades) -> (View, Vec<(f64, [Pixels; 2])>) {
    let longest = comparison.shape.into_iter().max().unwrap_or(1);
    let step = longest.div_ceil(SURFACE);
    let logs = [comparison.original, comparison.decoded].map(|values| {
        let (shape, values) = Volume { shape: comparison.shape, values }.thinned(step);
        let log = |value: f64| if value > decades.low { decades.place(value) } else { 0.0 };
        (shape, values.into_iter().map(log).collect::<Vec<f64>>())
    });
    let view = View::new(logs[0].0, comparison.spacing);
    let drawn = |place: f64| {
        let of = |(shape, values): &([usize; 3], Vec<f64>)| {
            let triangles = surface(&Volume { shape: *shape, values }, place);
            view.picture(&triangles, PIXELS)
        };
        (decades.value(place), [of(&logs[0]), of(&logs[1])])
    };
    let drawn = LEVELS.map(drawn).into();
    (view, drawn)
}
