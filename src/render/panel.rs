//! One plot area: frame, grid, numbers and names of the axes.

use super::canvas::{Align, Canvas, Font, GRID, INK, MUTED, Point, SHADE};
use super::scale::{Scale, tick_text};

/// Numbers beside axes.
const TICK: Font = Font { size: 11.0, bold: false, colour: MUTED };
/// Names of axes.
pub const NAME: Font = Font { size: 12.0, bold: false, colour: INK };
/// Heading of a panel.
const HEADING: Font = Font { size: 12.5, bold: true, colour: INK };

/// A rectangle in logical pixels.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

/// A side of a panel set apart for exact reconstructions, which no axis reaches: their PSNR is infinite, their error zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strip {
    /// No such values.
    None,
    /// Above the panel.
    Above,
    /// Below the panel.
    Below,
}

/// Height of a strip and its distance from the panel.
const STRIP: f64 = 46.0;
const GAP: f64 = 6.0;

/// A plot area with its two axes.
pub struct Panel<'a> {
    /// Frame, strip included, without numbers and names.
    pub area: Area,
    /// Horizontal axis.
    pub x: Scale,
    /// Vertical axis; without one the panel is its strip alone.
    pub y: Option<Scale>,
    /// Name and unit of the horizontal axis.
    pub x_name: &'a str,
    /// Name and unit of the vertical axis.
    pub y_name: &'a str,
    /// What stands above the panel.
    pub heading: &'a str,
    /// Where values that came back exactly stand.
    pub strip: Strip,
}

impl Panel<'_> {
    /// Draws everything but the data.
    pub fn frame(&self, canvas: &mut dyn Canvas) {
        let whole = self.area;
        canvas.text(self.heading, (whole.left, whole.top - 9.0), Align::Left, HEADING);
        canvas.text(self.x_name, ((whole.left + whole.right) / 2.0, whole.bottom + 34.0), Align::Centre, NAME);
        if let Some(strip) = self.strip_area() {
            canvas.rect((strip.left, strip.top), (strip.right, strip.bottom), SHADE);
            let middle = (strip.top + strip.bottom) / 2.0 + 4.0;
            canvas.text("exact", (strip.left - 6.0, middle), Align::Right, TICK);
        }
        self.columns(canvas);
        if let (Some(scale), Some(area)) = (self.y, self.plot_area()) {
            canvas.text_up(self.y_name, (whole.left - 44.0, (area.top + area.bottom) / 2.0), NAME);
            rows(canvas, &scale, area);
            outline(canvas, area);
        }
        if let Some(strip) = self.strip_area() {
            outline(canvas, strip);
        }
    }

    fn columns(&self, canvas: &mut dyn Canvas) {
        let most = ((self.area.right - self.area.left) / 42.0) as usize;
        for tick in self.x.ticks(most.max(2)) {
            let x = self.x_of(tick);
            for area in [self.strip_area(), self.plot_area()].into_iter().flatten() {
                canvas.line(&[(x, area.top), (x, area.bottom)], GRID, 0.75, &[]);
            }
            canvas.text(&tick_text(tick), (x, self.area.bottom + 15.0), Align::Centre, TICK);
        }
    }

    fn strip_area(&self) -> Option<Area> {
        let area = self.area;
        match (self.strip, self.y) {
            (Strip::None, _) => None,
            (_, None) => Some(area),
            (Strip::Above, _) => Some(Area { bottom: area.top + STRIP, ..area }),
            (Strip::Below, _) => Some(Area { top: area.bottom - STRIP, ..area }),
        }
    }

    fn plot_area(&self) -> Option<Area> {
        self.y?;
        Some(match self.strip {
            Strip::None => self.area,
            Strip::Above => Area { top: self.area.top + STRIP + GAP, ..self.area },
            Strip::Below => Area { bottom: self.area.bottom - STRIP - GAP, ..self.area },
        })
    }

    fn x_of(&self, value: f64) -> f64 {
        self.area.left + self.x.place(value) * (self.area.right - self.area.left)
    }

    /// Where a point of the data stands. `None` for what the axes cannot show.
    pub fn at(&self, x: f64, y: f64) -> Option<Point> {
        let (scale, area) = (self.y?, self.plot_area()?);
        let point = (self.x_of(x), area.bottom - scale.place(y) * (area.bottom - area.top));
        (point.0.is_finite() && point.1.is_finite()).then_some(point)
    }

    /// Where a point stands in the strip; `share` between 0 and 1 spreads points that would hide each other.
    pub fn in_strip(&self, x: f64, share: f64) -> Option<Point> {
        let area = self.strip_area()?;
        let point = (self.x_of(x), area.top + 8.0 + share * (area.bottom - area.top - 16.0));
        point.0.is_finite().then_some(point)
    }
}

fn rows(canvas: &mut dyn Canvas, scale: &Scale, area: Area) {
    let height = area.bottom - area.top;
    for tick in scale.ticks(((height / 34.0) as usize).max(2)) {
        let y = area.bottom - scale.place(tick) * height;
        canvas.line(&[(area.left, y), (area.right, y)], GRID, 0.75, &[]);
        canvas.text(&tick_text(tick), (area.left - 6.0, y + 4.0), Align::Right, TICK);
    }
}

fn outline(canvas: &mut dyn Canvas, area: Area) {
    let Area { left, top, right, bottom } = area;
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    canvas.line(&corners, MUTED, 0.75, &[]);
}
