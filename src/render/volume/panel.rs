//! Square pictures of planes, and the bars that explain their colours.

use super::super::canvas::{Align, Canvas, Colour, Font, MUTED, Point};
use super::Decades;
use super::colour::{DENSITY, ERROR, Ramp, SIGNED};
use super::grid::Plane;

/// Where there is nothing: at or below the threshold, or no error.
pub const NOTHING: Colour = Colour { 0: 0xee, 1: 0xee, 2: 0xee };
/// Below minus the threshold, where a density cannot be.
pub const BELOW: Colour = Colour { 0: 0xf0, 1: 0x50, 2: 0xb4 };
/// Not a number.
const INVALID: Colour = Colour { 0: 0xff, 1: 0xff, 2: 0xff };
/// Decades of the error that have a colour.
const ERROR_DECADES: f64 = 4.0;
/// Height of a bar, logical pixels.
const BAR: f64 = 9.0;

/// How numbers become colours.
#[derive(Clone, Copy, Debug)]
pub enum Scale {
    /// Phase-space density.
    Density(Decades),
    /// Size of the error, up to this.
    Error(f64),
    /// Signed, between minus and plus this; the square root is drawn.
    Signed(f64),
}

impl Scale {
    fn colour(&self, value: f64) -> Colour {
        if value.is_nan() {
            return INVALID;
        }
        match *self {
            Scale::Density(decades) if value > decades.low => DENSITY.at(decades.place(value)),
            Scale::Density(decades) if value < -decades.low => BELOW,
            Scale::Density(_) => NOTHING,
            Scale::Error(high) if value.abs() > 0.0 && high > 0.0 => {
                ERROR.at(1.0 + libm::log10(value.abs() / high) / ERROR_DECADES)
            }
            Scale::Error(_) => NOTHING,
            Scale::Signed(high) if high > 0.0 => {
                let size = (value.abs() / high).min(1.0).sqrt();
                SIGNED.at(0.5 + size.copysign(value) / 2.0)
            }
            Scale::Signed(_) => SIGNED.at(0.5),
        }
    }

    fn ramp(&self) -> Ramp {
        match self {
            Scale::Density(_) => DENSITY,
            Scale::Error(_) => ERROR,
            Scale::Signed(_) => SIGNED,
        }
    }

    /// What stands at the left end, in the middle and at the right end of the bar.
    fn marks(&self) -> [f64; 3] {
        match *self {
            Scale::Density(decades) => [decades.low, decades.value(0.5), decades.high],
            Scale::Error(high) => [-1.0, -0.5, 0.0].map(|place| high * libm::exp10(place * ERROR_DECADES)),
            Scale::Signed(high) => [-high, 0.0, high],
        }
    }

    /// A bar with its numbers below, in a place of this width.
    pub fn bar(&self, canvas: &mut dyn Canvas, (left, top): Point, width: f64) {
        let (columns, rows) = ((width * 2.0) as usize, (BAR * 2.0) as usize);
        let row = (0..columns).map(|column| Some(self.ramp().at((column as f64 + 0.5) / columns as f64)));
        let pixels: Vec<Option<Colour>> = row.cycle().take(columns * rows).collect();
        canvas.pixels((left, top), 0.5, columns, &pixels);
        let font = Font { size: 9.5, bold: false, colour: MUTED };
        let places = [(0.0, Align::Left), (0.5, Align::Centre), (1.0, Align::Right)];
        for (value, (place, align)) in self.marks().into_iter().zip(places) {
            canvas.text(&short(value), (left + place * width, top + BAR + 12.0), align, font);
        }
    }
}

/// A number in few characters.
pub fn short(value: f64) -> String {
    if value == 0.0 { "0".into() } else { format!("{value:.1e}") }
}

/// A plane as a square of `side` pixels, the first row at the bottom; cells are squares, `None` is beside the plane.
pub fn square(plane: &Plane, scale: &Scale, side: usize) -> Vec<Option<Colour>> {
    let (columns, rows) = (plane.columns, plane.values.len() / plane.columns.max(1));
    let longest = columns.max(rows).max(1) as f64;
    let index = |pixel: usize, length: usize| {
        let margin = (longest - length as f64) / 2.0;
        let at = (pixel as f64 + 0.5) / side as f64 * longest - margin;
        (at >= 0.0 && at < length as f64).then_some(at as usize)
    };
    let mut pixels = Vec::with_capacity(side * side);
    for down in 0..side {
        let row = index(side - 1 - down, rows);
        for right in 0..side {
            let place = row.zip(index(right, columns));
            pixels.push(place.map(|(row, column)| scale.colour(plane.values[row * columns + column])));
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_stands_on_its_first_row_and_in_the_middle() {
        let plane = Plane { columns: 2, values: vec![1.0, 10.0, 100.0, 1000.0, 1.0, 1.0, 1.0, 1.0] };
        let scale = Scale::Density(Decades { low: 0.5, high: 1000.0 });
        let pixels = square(&plane, &scale, 4);
        assert_eq!([pixels[12], pixels[15]], [None, None], "two columns in a square of four rows");
        assert_eq!([pixels[13], pixels[14]], [1.0, 10.0].map(|value| Some(scale.colour(value))));
        assert_eq!(pixels[9], Some(scale.colour(100.0)));
    }

    #[test]
    fn empty_and_negative_values_do_not_look_like_small_ones() {
        let scale = Scale::Density(Decades { low: 1.0, high: 100.0 });
        let colours = [scale.colour(1.0), scale.colour(-2.0), scale.colour(1.1)].map(|c| (c.0, c.1, c.2));
        assert_eq!((colours[0], colours[1]), ((0xee, 0xee, 0xee), (0xf0, 0x50, 0xb4)));
        assert!(colours[2] != colours[0]);
        assert_eq!(Scale::Error(1.0).colour(0.0), NOTHING);
        assert_eq!(Scale::Signed(2.0).colour(-9.0), SIGNED.at(0.0));
    }
}
