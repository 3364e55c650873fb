//! Speed against ratio of one data set.

use super::canvas::{Canvas, Figure};
use super::grid::{Grid, Series};
use super::legend;
use super::panel::{Area, Panel, Strip};
use super::rate::{LEFT, title};
use super::scale::Scale;
use crate::record::TimingRecord;

const PANEL: (f64, f64) = (300.0, 280.0);
const TOP: f64 = 76.0;
const BETWEEN: f64 = 78.0;

/// A cell that was timed: ratio, then speed of encoding and of decoding, MB/s.
struct Timed {
    /// Cells under targets of one kind are joined.
    kind: String,
    ratio: f64,
    speeds: [f64; 2],
}

/// Ratio against the speed of encoding and of decoding, a curve through the targets of each series. `None` if no cell of
/// the data set that is `ok` was timed.
pub fn figure<'a>(grid: &'a Grid<'a>, timings: &[TimingRecord], dataset: usize) -> Option<Figure<'a>> {
    let mut curves: Vec<(&Series, Vec<Timed>)> = Vec::new();
    for (at, series) in grid.series.iter().enumerate() {
        let points = points(grid, timings, dataset, at);
        if !points.is_empty() {
            curves.push((series, points));
        }
    }
    let best = |points: &[Timed]| points.iter().map(|point| point.speeds[0]).fold(0.0, f64::max);
    curves.sort_by(|a, b| best(&b.1).total_cmp(&best(&a.1)));
    let points = || curves.iter().flat_map(|(_, points)| points);
    let x = Scale::log(points().map(|point| point.ratio))?;
    // One axis for both, so that they compare at a glance.
    let y = Scale::log(points().flat_map(|point| point.speeds))?;
    let legend_left = LEFT + 2.0 * PANEL.0 + BETWEEN + 18.0;
    let width = legend_left + legend::width(curves.iter().map(|(series, _)| *series)) + 14.0;
    let height = (TOP + PANEL.1 + 48.0).max(TOP + legend::LINE * curves.len() as f64 + 14.0);
    let draw = move |canvas: &mut dyn Canvas| {
        title(canvas, grid, dataset);
        for direction in 0..2 {
            let panel = panel(direction, x, y);
            panel.frame(canvas);
            draw_curves(canvas, &panel, &curves, direction);
        }
        legend::draw(canvas, (legend_left, TOP), curves.iter().map(|(series, _)| *series));
    };
    Some(Figure { size: (width.ceil() as u32, height.ceil() as u32), draw: Box::new(draw) })
}

fn points(grid: &Grid<'_>, timings: &[TimingRecord], dataset: usize, series: usize) -> Vec<Timed> {
    let name = grid.datasets[dataset];
    let of = |cell: &str| timings.iter().find(|timing| timing.name.dataset == name && timing.name.cell == cell);
    let timed = (0..grid.targets.len()).filter_map(|target| {
        let record = grid.ok(dataset, series, target)?;
        let timing = of(&record.cell)?;
        let speeds = [timing.encode.mb_s, timing.decode.mb_s];
        Some(Timed { kind: record.target.clone(), ratio: grid.ratio(dataset, series, target)?, speeds })
    });
    timed.collect()
}

fn panel<'a>(direction: usize, x: Scale, y: Scale) -> Panel<'a> {
    let left = LEFT + direction as f64 * (PANEL.0 + BETWEEN);
    let area = Area { left, top: TOP, right: left + PANEL.0, bottom: TOP + PANEL.1 };
    let heading = ["Encoding", "Decoding"][direction];
    let y_name = "speed (MB/s of raw data)";
    Panel { area, x, y: Some(y), x_name: "compression ratio", y_name, heading, strip: Strip::None }
}

fn draw_curves(canvas: &mut dyn Canvas, panel: &Panel<'_>, curves: &[(&Series, Vec<Timed>)], direction: usize) {
    let places = |points: &[Timed]| -> Vec<_> {
        points.iter().filter_map(|point| panel.at(point.ratio, point.speeds[direction])).collect()
    };
    for (series, points) in curves {
        for joined in points.chunk_by(|a, b| a.kind == b.kind) {
            canvas.line(&places(joined), series.style.colour, 1.5, series.style.dash);
        }
    }
    for (series, points) in curves {
        for place in places(points) {
            series.style.mark(canvas, place, 3.6);
        }
    }
}
