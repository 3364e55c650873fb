//! How a method looks, the same in every figure of every report.

use codecbench_methods::METHODS;

use super::canvas::{Canvas, Colour, PAPER, Point};

/// Colours that people with any colour vision tell apart: Okabe and Ito, "Color Universal Design" (2008), the yellow darkened to
/// be seen on white.
const COLOURS: [Colour; 8] = [
    plotters::style::RGBColor(0x55, 0x55, 0x55),
    plotters::style::RGBColor(0xe6, 0x9f, 0x00),
    plotters::style::RGBColor(0x56, 0xb4, 0xe9),
    plotters::style::RGBColor(0x00, 0x9e, 0x73),
    plotters::style::RGBColor(0xd5, 0x5e, 0x00),
    plotters::style::RGBColor(0x00, 0x72, 0xb2),
    plotters::style::RGBColor(0xcc, 0x79, 0xa7),
    plotters::style::RGBColor(0xb8, 0xa9, 0x00),
];

/// Strokes and gaps by variant of a method, logical pixels.
const DASHES: [&[f64]; 4] = [&[], &[6.0, 3.0], &[1.6, 2.4], &[7.0, 2.5, 1.6, 2.5]];

/// Shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Circle,
    Square,
    Up,
    Diamond,
    Down,
    Pentagon,
    Hexagon,
}

const SHAPES: [Shape; 7] =
    [Shape::Square, Shape::Up, Shape::Diamond, Shape::Circle, Shape::Down, Shape::Pentagon, Shape::Hexagon];

/// Colour, marker and dashes of one curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Colour of the method.
    pub colour: Colour,
    /// Dashes of the variant.
    pub dash: &'static [f64],
    shape: Shape,
    filling: Filling,
}

/// What is inside a marker, by variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filling {
    Full,
    Open,
    Hole,
    Target,
}

const FILLINGS: [Filling; 4] = [Filling::Full, Filling::Open, Filling::Hole, Filling::Target];

impl Style {
    /// The look of a method's `variant`-th set of parameters: colour and shape by the method's place in the registry,
    /// dashes and filling by variant. A method that is not in the registry takes the place behind its end.
    pub fn new(method: &str, variant: usize) -> Self {
        let place = METHODS.iter().position(|entry| entry.id() == method).unwrap_or(METHODS.len());
        Style {
            colour: COLOURS[place % COLOURS.len()],
            shape: SHAPES[place % SHAPES.len()],
            // Shifted after every round, so that sixteen variants differ.
            dash: DASHES[(variant + variant / FILLINGS.len()) % DASHES.len()],
            filling: FILLINGS[variant % FILLINGS.len()],
        }
    }

    /// The method's colour, mixed with the paper.
    pub fn pale(&self) -> Colour {
        let mix = |own: u8, paper: u8| ((u32::from(own) * 45 + u32::from(paper) * 55) / 100) as u8;
        let (own, paper) = (self.colour, PAPER);
        plotters::style::RGBColor(mix(own.0, paper.0), mix(own.1, paper.1), mix(own.2, paper.2))
    }

    /// Draws the marker.
    pub fn mark(&self, canvas: &mut dyn Canvas, centre: Point, radius: f64) {
        let Style { shape, colour, filling, .. } = *self;
        // Open markers are larger, so that one is seen around a full one in the same place.
        let radius = if matches!(filling, Filling::Open | Filling::Target) { radius * 1.25 } else { radius };
        // A white rim keeps markers apart where they overlap.
        shape.draw(canvas, centre, radius + 0.8, PAPER);
        shape.draw(canvas, centre, radius, colour);
        if matches!(filling, Filling::Open | Filling::Target) {
            shape.draw(canvas, centre, radius - 1.4, PAPER);
        }
        match filling {
            Filling::Hole => shape.draw(canvas, centre, radius * 0.45, PAPER),
            Filling::Target => shape.draw(canvas, centre, radius * 0.4, colour),
            Filling::Full | Filling::Open => {}
        }
    }
}

impl Shape {
    fn draw(self, canvas: &mut dyn Canvas, (x, y): Point, radius: f64, colour: Colour) {
        if self == Shape::Circle {
            return canvas.disc((x, y), radius, colour);
        }
        let points: Vec<Point> =
            self.corners().iter().map(|(right, down)| (x + right * radius, y + down * radius)).collect();
        canvas.polygon(&points, colour);
    }

    /// Corners of shapes that look equally large at radius 1.
    fn corners(self) -> &'static [Point] {
        match self {
            Shape::Circle => &[],
            Shape::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Shape::Up => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
            Shape::Down => &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
            Shape::Diamond => &[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)],
            Shape::Pentagon => &[(0.0, -1.15), (1.09, -0.36), (0.68, 0.93), (-0.68, 0.93), (-1.09, -0.36)],
            Shape::Hexagon => &[(1.1, 0.0), (0.55, 0.95), (-0.55, 0.95), (-1.1, 0.0), (-0.55, -0.95), (0.55, -0.95)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_methods_and_no_two_variants_look_alike() {
        let ids: Vec<_> = METHODS.iter().map(|entry| entry.id()).chain(["another"]).collect();
        let looks: Vec<_> = ids.iter().flat_map(|id| (0..16).map(|variant| Style::new(id, variant))).collect();
        for (place, look) in looks.iter().enumerate() {
            assert!(!looks[..place].contains(look), "look {place} is not new");
        }
    }
}
