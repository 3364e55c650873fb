//! Which curve is whose, beside the plot area and never over it.

use super::canvas::{Align, Canvas, Font, INK, Point, text_width};
use super::grid::Series;

/// Text of an entry.
const ENTRY: Font = Font { size: 11.0, bold: false, colour: INK };
/// Height of an entry.
pub const LINE: f64 = 17.0;
/// Length of the sample of a curve.
const SAMPLE: f64 = 28.0;
/// Longest text of an entry, characters; parameters beyond it are cut.
const LONGEST: usize = 34;

/// Width that a legend of these series needs.
pub fn width<'a>(series: impl Iterator<Item = &'a Series>) -> f64 {
    let widest = series.map(|series| text_width(&short(&series.label()), ENTRY)).fold(0.0, f64::max);
    // The SVG is shown in whatever font the viewer has.
    SAMPLE + 8.0 + widest * 1.08
}

/// Draws an entry per series, one below the other.
pub fn draw<'a>(canvas: &mut dyn Canvas, (left, top): Point, series: impl Iterator<Item = &'a Series>) {
    for (row, series) in series.enumerate() {
        let y = top + LINE * (row as f64 + 0.5);
        let style = series.style;
        canvas.line(&[(left, y), (left + SAMPLE, y)], style.colour, 1.75, style.dash);
        style.mark(canvas, (left + SAMPLE / 2.0, y), 3.6);
        canvas.text(&short(&series.label()), (left + SAMPLE + 8.0, y + 4.0), Align::Left, ENTRY);
    }
}

/// A label that fits.
pub fn short(label: &str) -> String {
    if label.chars().count() <= LONGEST {
        return label.to_string();
    }
    label.chars().take(LONGEST - 1).chain(['…']).collect()
}
