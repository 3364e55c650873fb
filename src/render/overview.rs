//! Every method under every target at a glance: ratios on all common data sets and their geometric mean.

use super::canvas::{Align, Canvas, Figure, Font, GRID, INK, MUTED, text_width};
use super::grid::Grid;
use super::legend::short;
use super::panel::NAME;
use super::rate::{SUBTITLE, TITLE};
use super::scale::{Scale, tick_text};
use super::text::significant;

const TOP: f64 = 92.0;
const ROW: f64 = 22.0;
const BETWEEN: f64 = NUMBER + 20.0;
/// Room for a panel and for its numbers, so that all of them fit a page.
const PAGE: f64 = 980.0;
const LABEL: Font = Font { size: 11.5, bold: false, colour: INK };
/// Room right of a panel for the means in figures.
const NUMBER: f64 = 38.0;
const TICK: Font = Font { size: 10.5, bold: false, colour: MUTED };

/// The overview. `None` if no target has a common data set.
pub fn figure<'a>(grid: &'a Grid<'a>, heading: &str) -> Option<Figure<'a>> {
    let targets = grid.shared_targets();
    let rows: Vec<usize> = (0..grid.series.len())
        .filter(|series| targets.iter().any(|&target| grid.taking_part(target).contains(series)))
        .collect();
    let x = scale(grid, &targets)?;
    let labels = rows.iter().map(|&series| text_width(&short(&grid.series[series].label()), LABEL)).fold(0.0, f64::max);
    let left = 20.0 + labels * 1.08 + 12.0;
    let panel = ((PAGE - left) / targets.len() as f64 - BETWEEN).max(110.0);
    let width = left + (panel + BETWEEN) * targets.len() as f64 + 10.0;
    let height = TOP + ROW * rows.len() as f64 + 52.0;
    let heading = heading.to_string();
    let draw = move |canvas: &mut dyn Canvas| {
        canvas.text(&heading, (20.0, 26.0), Align::Left, TITLE);
        let explained = "a pale dot per data set (▸ beyond the axis); the mark and the number are the geometric mean, the best in bold";
        canvas.text(explained, (20.0, 45.0), Align::Left, SUBTITLE);
        for (row, &series) in rows.iter().enumerate() {
            let y = TOP + ROW * (row as f64 + 0.5) + 4.0;
            canvas.text(&short(&grid.series[series].label()), (left - 12.0, y), Align::Right, LABEL);
        }
        for (place, &target) in targets.iter().enumerate() {
            let from = left + place as f64 * (panel + BETWEEN);
            let column = Column { grid, target, rows: &rows, x, from, width: panel };
            column.frame(canvas);
            column.data(canvas);
        }
        canvas.text("compression ratio", (left + (width - left - BETWEEN) / 2.0, height - 10.0), Align::Centre, NAME);
    };
    Some(Figure { size: (width.ceil() as u32, height.ceil() as u32), draw: Box::new(draw) })
}

/// One axis for all targets. It ends well above the largest mean: what lies beyond stands at the edge.
fn scale(grid: &Grid<'_>, targets: &[usize]) -> Option<Scale> {
    let (mut ratios, mut largest) = (Vec::new(), 1.0f64);
    for &target in targets {
        let common = grid.common(target);
        for series in grid.taking_part(target) {
            ratios.extend(common.iter().filter_map(|&dataset| grid.ratio(dataset, series, target)));
            largest = grid.mean_ratio(&common, series, target).map_or(largest, |mean| largest.max(mean));
        }
    }
    let end = (largest * 8.0).max(20.0);
    Scale::log(ratios.into_iter().map(|ratio| ratio.min(end)))
}

/// The panel of one target.
struct Column<'a> {
    grid: &'a Grid<'a>,
    target: usize,
    rows: &'a [usize],
    x: Scale,
    from: f64,
    width: f64,
}

impl Column<'_> {
    fn bottom(&self) -> f64 {
        TOP + ROW * self.rows.len() as f64
    }

    fn frame(&self, canvas: &mut dyn Canvas) {
        let (left, right, bottom) = (self.from, self.from + self.width, self.bottom());
        let count = self.grid.common(self.target).len();
        canvas.text(&self.grid.targets[self.target], (left, TOP - 22.0), Align::Left, Font { bold: true, ..LABEL });
        let sets = if count == 1 { "1 data set".to_string() } else { format!("{count} data sets") };
        canvas.text(&sets, (left, TOP - 8.0), Align::Left, TICK);
        for row in 0..self.rows.len() {
            let y = TOP + ROW * (row as f64 + 0.5);
            canvas.line(&[(left, y), (right, y)], GRID, 0.6, &[]);
        }
        for tick in self.x.ticks(((self.width / 34.0) as usize).max(2)) {
            let x = left + self.x.place(tick) * self.width;
            canvas.line(&[(x, TOP), (x, bottom)], GRID, 0.75, &[]);
            canvas.text(&tick_text(tick), (x, bottom + 14.0), Align::Centre, TICK);
        }
        let frame = [(left, TOP), (right, TOP), (right, bottom), (left, bottom), (left, TOP)];
        canvas.line(&frame, MUTED, 0.75, &[]);
    }

    fn data(&self, canvas: &mut dyn Canvas) {
        let common = self.grid.common(self.target);
        let means = self.rows.iter().filter_map(|&series| self.grid.mean_ratio(&common, series, self.target));
        let best = significant(means.fold(0.0, f64::max), 3);
        for (row, &series) in self.rows.iter().enumerate() {
            let y = TOP + ROW * (row as f64 + 0.5);
            let style = self.grid.series[series].style;
            for ratio in common.iter().filter_map(|&dataset| self.grid.ratio(dataset, series, self.target)) {
                self.dot(canvas, ratio, y, style.pale());
            }
            if let Some(mean) = self.grid.mean_ratio(&common, series, self.target) {
                style.mark(canvas, (self.from + self.x.place(mean) * self.width, y), 4.6);
                let text = significant(mean, 3);
                let number = Font { bold: text == best, ..LABEL };
                canvas.text(&text, (self.from + self.width + 6.0, y + 4.0), Align::Left, number);
            }
        }
    }

    fn dot(&self, canvas: &mut dyn Canvas, ratio: f64, y: f64, colour: super::canvas::Colour) {
        let share = self.x.place(ratio);
        let (x, right) = (self.from + share * self.width, self.from + self.width);
        if share <= 1.0 {
            return canvas.disc((x, y), 2.1, colour);
        }
        // Beyond the end of the axis: an arrow head at the edge.
        canvas.polygon(&[(right - 6.0, y - 3.0), (right - 0.8, y), (right - 6.0, y + 3.0)], colour);
    }
}
