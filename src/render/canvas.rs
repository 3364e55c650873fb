//! A drawing surface that gives SVG and PNG from one set of calls.
//!
//! Coordinates are logical pixels, the origin at the upper left. Plotters draws on whole pixels and without smoothing, so
//! both pictures are drawn [`SCALE`] times larger: the SVG is shown smaller, the PNG is averaged down.

use std::sync::Once;

use super::raster;
use plotters::backend::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle, register_font,
};

/// Backend pixels per logical pixel.
const SCALE: f64 = 4.0;
/// The name under which the embedded font is registered; in an SVG it is the list of fonts the viewer looks for.
const FAMILY: &str = "DejaVu Sans, Verdana, Arial, sans-serif";

/// A colour.
pub type Colour = RGBColor;

/// Text and axes.
pub const INK: Colour = RGBColor(0x22, 0x22, 0x22);
/// Text that stays in the background.
pub const MUTED: Colour = RGBColor(0x66, 0x66, 0x66);
/// Grid lines.
pub const GRID: Colour = RGBColor(0xe3, 0xe3, 0xe3);
/// Areas set apart.
pub const SHADE: Colour = RGBColor(0xf4, 0xf4, 0xf4);
/// The paper.
pub const PAPER: Colour = RGBColor(0xff, 0xff, 0xff);

/// A point in logical pixels: right, down.
pub type Point = (f64, f64);

/// Where a text stands relative to its point: the point lies on the base line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// The text starts at the point.
    Left,
    /// The text is centred on the point.
    Centre,
    /// The text ends at the point.
    Right,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub struct Font {
    /// Height of the font, logical pixels.
    pub size: f64,
    /// Bold instead of regular.
    pub bold: bool,
    /// Colour.
    pub colour: Colour,
}

/// What figures draw on.
pub trait Canvas {
    /// A connected line; `dash` holds lengths of strokes and gaps in turn, empty for a solid line.
    fn line(&mut self, points: &[Point], colour: Colour, width: f64, dash: &[f64]);
    /// A filled polygon.
    fn polygon(&mut self, points: &[Point], colour: Colour);
    /// A filled circle.
    fn disc(&mut self, centre: Point, radius: f64, colour: Colour);
    /// A text from left to right.
    fn text(&mut self, text: &str, at: Point, align: Align, font: Font);
    /// A text from bottom to top, centred on the point.
    fn text_up(&mut self, text: &str, at: Point, font: Font);

    /// A picture: rows of squares of side `size`, `columns` in each; what is `None` lets shine through what is below.
    fn pixels(&mut self, corner: Point, size: f64, columns: usize, colours: &[Option<Colour>]);

    /// A filled rectangle between two corners.
    fn rect(&mut self, (left, top): Point, (right, bottom): Point, colour: Colour) {
        self.polygon(&[(left, top), (right, top), (right, bottom), (left, bottom)], colour);
    }
}

/// What draws a figure.
pub type Draw<'a> = Box<dyn Fn(&mut dyn Canvas) + Sync + 'a>;

/// A figure: its size in logical pixels, and what draws it.
pub struct Figure<'a> {
    /// Width and height.
    pub size: (u32, u32),
    /// Draws the figure on a white canvas.
    pub draw: Draw<'a>,
}

impl Figure<'_> {
    /// The figure as SVG.
    pub fn svg(&self) -> Vec<u8> {
        embed_font();
        let (width, height) = self.size;
        let large = (width * SCALE as u32, height * SCALE as u32);
        let mut text = String::new();
        let mut surface = Surface {
            backend: plotters::backend::SVGBackend::with_string(&mut text, large),
            // The SVG backend places a top-anchored text by dy = 0.76 em at a font size of size / 1.24.
            base_line: 0.76 / 1.24,
        };
        self.paint(&mut surface);
        drop(surface);
        let shown = format!("<svg width=\"{width}\" height=\"{height}\"");
        let drawn = format!("<svg width=\"{}\" height=\"{}\"", large.0, large.1);
        text.replacen(&drawn, &shown, 1).into_bytes()
    }

    /// The figure as PNG, two pixels per logical pixel and axis.
    pub fn png(&self) -> Vec<u8> {
        embed_font();
        let large = (self.size.0 * SCALE as u32, self.size.1 * SCALE as u32);
        let mut pixels = vec![0; large.0 as usize * large.1 as usize * 3];
        let mut surface = Surface {
            backend: plotters::backend::BitMapBackend::with_buffer(&mut pixels, large),
            // The bitmap backend draws the base line half a font size below a top-anchored position.
            base_line: 0.5,
        };
        self.paint(&mut surface);
        drop(surface);
        raster::png(&pixels, large.0 as usize)
    }

    fn paint<B: DrawingBackend>(&self, surface: &mut Surface<B>) {
        surface.rect((0.0, 0.0), (f64::from(self.size.0), f64::from(self.size.1)), PAPER);
        (self.draw)(surface);
        surface.backend.present().expect("drawing into memory does not fail");
    }
}

/// Width of a text, logical pixels.
pub fn text_width(text: &str, font: Font) -> f64 {
    embed_font();
    let style = style(font, Align::Left, FontTransform::None);
    // Measured large, because the answer comes in whole pixels.
    let large = TextStyle { font: style.font.resize(font.size * SCALE), ..style };
    let ((left, _), (right, _)) = large.font.layout_box(text).expect("the font is embedded");
    f64::from(right - left) / SCALE
}

/// Registers the font that the crate `dejavu` carries, once.
fn embed_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())] {
            assert!(register_font(FAMILY, style, bytes).is_ok(), "the crate `dejavu` carries a valid font");
        }
    });
}

fn style(font: Font, align: Align, turn: FontTransform) -> TextStyle<'static> {
    let weight = if font.bold { FontStyle::Bold } else { FontStyle::Normal };
    let horizontal = match align {
        Align::Left => HPos::Left,
        Align::Centre => HPos::Center,
        Align::Right => HPos::Right,
    };
    let colour = font.colour;
    let face = FontDesc::new(FontFamily::Name(FAMILY), font.size * SCALE, weight).transform(turn);
    TextStyle { font: face, color: colour.to_backend_color(), pos: Pos::new(horizontal, VPos::Top) }
}

/// A plotters backend, drawn on in logical pixels.
struct Surface<B> {
    backend: B,
    /// From the top anchor of a text down to its base line, in font sizes.
    base_line: f64,
}

fn at((x, y): Point) -> (i32, i32) {
    ((x * SCALE).round() as i32, (y * SCALE).round() as i32)
}

fn filled(colour: Colour) -> ShapeStyle {
    ShapeStyle { color: colour.into(), filled: true, stroke_width: 0 }
}

impl<B: DrawingBackend> Canvas for Surface<B> {
    fn line(&mut self, points: &[Point], colour: Colour, width: f64, dash: &[f64]) {
        let stroke_width = (width * SCALE).round().max(1.0) as u32;
        let style = ShapeStyle { color: colour.into(), filled: false, stroke_width };
        for stroke in dashes(points, dash) {
            self.backend.draw_path(stroke.into_iter().map(at), &style).expect("drawing into memory does not fail");
        }
    }

    fn polygon(&mut self, points: &[Point], colour: Colour) {
        let points = points.iter().copied().map(at);
        self.backend.fill_polygon(points, &filled(colour)).expect("drawing into memory does not fail");
    }

    fn disc(&mut self, centre: Point, radius: f64, colour: Colour) {
        let radius = (radius * SCALE).round() as u32;
        self.backend.draw_circle(at(centre), radius, &filled(colour), true).expect("drawing into memory does not fail");
    }

    fn pixels(&mut self, (left, top): Point, size: f64, columns: usize, colours: &[Option<Colour>]) {
        for (row, colours) in colours.chunks_exact(columns.max(1)).enumerate() {
            let mut from = 0;
            for run in colours.chunk_by(|a, b| a == b) {
                let to = from + run.len();
                let upper = at((left + from as f64 * size, top + row as f64 * size));
                let lower = at((left + to as f64 * size, top + (row + 1) as f64 * size));
                if let Some(colour) = run[0] {
                    let drawn = self.backend.draw_rect(upper, lower, &filled(colour), true);
                    drawn.expect("drawing into memory does not fail");
                }
                from = to;
            }
        }
    }

    fn text(&mut self, text: &str, (x, y): Point, align: Align, font: Font) {
        let style = style(font, align, FontTransform::None);
        let top = at((x, y - self.base_line * font.size));
        self.backend.draw_text(text, &style, top).expect("the font is embedded");
    }

    fn text_up(&mut self, text: &str, (x, y): Point, font: Font) {
        let style = style(font, Align::Centre, FontTransform::Rotate270);
        let top = at((x - self.base_line * font.size, y));
        self.backend.draw_text(text, &style, top).expect("the font is embedded");
    }
}

/// Cuts a connected line into strokes.
fn dashes(points: &[Point], dash: &[f64]) -> Vec<Vec<Point>> {
    if dash.is_empty() || points.len() < 2 {
        return vec![points.to_vec()];
    }
    let (mut strokes, mut stroke) = (Vec::new(), vec![points[0]]);
    let (mut turn, mut left) = (0, dash[0]);
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length = ((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)).sqrt();
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let point = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length);
            stroke.push(point);
            if turn % 2 == 0 {
                strokes.push(std::mem::take(&mut stroke));
            }
            turn += 1;
            left = dash[turn % dash.len()];
            stroke = vec![point];
        }
        left -= length - done;
        stroke.push((x1, y1));
    }
    if turn % 2 == 0 {
        strokes.push(stroke);
    }
    strokes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashed_line_is_cut_at_the_right_lengths_round_a_corner() {
        let strokes = dashes(&[(0.0, 0.0), (5.0, 0.0), (5.0, 6.0)], &[4.0, 2.0]);
        assert_eq!(strokes, [vec![(0.0, 0.0), (4.0, 0.0)], vec![(5.0, 1.0), (5.0, 5.0)]]);
    }

    #[test]
    fn both_pictures_are_the_same_bytes_twice_and_have_the_size_asked_for() {
        let font = Font { size: 12.0, bold: false, colour: INK };
        let draw = move |canvas: &mut dyn Canvas| canvas.text("ratio", (4.0, 20.0), Align::Left, font);
        let figure = Figure { size: (60, 30), draw: Box::new(draw) };
        assert_eq!((figure.svg(), figure.png()), (figure.svg(), figure.png()));
        let svg = String::from_utf8(figure.svg()).expect("SVG is text");
        assert!(svg.starts_with("<svg width=\"60\" height=\"30\" viewBox=\"0 0 240 120\""), "{svg}");
        assert!(figure.png().windows(8).any(|bytes| bytes == [0, 0, 0, 120, 0, 0, 0, 60]));
    }
}
