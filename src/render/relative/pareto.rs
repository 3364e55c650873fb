//! Speed against size, both over the reference's, with the front that nothing beats in both.

use super::super::canvas::{Canvas, Figure, MUTED};
use super::super::grid::Series;
use super::super::legend;
use super::super::panel::{Area, Panel, Strip};
use super::super::rate::{LEFT, SUBTITLE, TITLE};
use super::super::scale::Scale;
use super::Comparison;
use super::speeds::Speeds;
use crate::record::TimingRecord;
use crate::render::canvas::Align;

const PANEL: (f64, f64) = (210.0, 210.0);
const TOP: f64 = 88.0;
const ACROSS: f64 = PANEL.0 + 66.0;
const DOWN: f64 = PANEL.1 + 76.0;

/// A series under one target: size over the reference's, then speed of encoding and of decoding over the reference's.
#[derive(Clone, Copy)]
struct Point {
    series: usize,
    size: f64,
    speeds: [f64; 2],
}

/// The figure: a column per target, encoding above decoding. `None` of a report that was not timed.
pub fn figure<'a>(comparison: &Comparison<'a>, timings: &[TimingRecord]) -> Option<Figure<'a>> {
    let speeds = Speeds::new(comparison, timings);
    let point = |series: usize, target: usize| {
        Some(Point { series, size: speeds.size(series, target)?, speeds: speeds.median(series, target)? })
    };
    let grid = comparison.grid;
    let of_target = |&target: &usize| {
        let points: Vec<Point> = (0..grid.series.len()).filter_map(|series| point(series, target)).collect();
        (grid.targets[target].as_str(), points)
    };
    let columns: Vec<(&str, Vec<Point>)> = comparison.targets.iter().map(of_target).collect();
    let all = || columns.iter().flat_map(|(_, points)| points);
    let x = Scale::log(all().map(|point| point.size))?;
    let y = Scale::log(all().flat_map(|point| point.speeds))?;
    let seen: Vec<&Series> = (0..grid.series.len())
        .filter(|series| all().any(|point| point.series == *series))
        .map(|series| &grid.series[series])
        .collect();
    let legend_left = LEFT + ACROSS * columns.len() as f64 - 30.0;
    let width = legend_left + legend::width(seen.iter().copied()) + 14.0;
    let height = (TOP + 2.0 * DOWN).max(TOP + legend::LINE * seen.len() as f64 + 14.0);
    let (sets, reference) = (speeds.datasets(), grid.series[comparison.reference].label());
    let draw = move |canvas: &mut dyn Canvas| {
        canvas.text(&format!("Speed against size, over {reference} = 1"), (20.0, 26.0), Align::Left, TITLE);
        let explained = format!(
            "median speed and geometric mean of size over {sets} data sets; further up is faster, further left smaller; \
             dashed: nothing is both faster and smaller"
        );
        canvas.text(&explained, (20.0, 45.0), Align::Left, SUBTITLE);
        for (column, (target, points)) in columns.iter().enumerate() {
            for direction in 0..2 {
                draw_panel(canvas, (column, direction), (x, y), target, points, &grid.series);
            }
        }
        legend::draw(canvas, (legend_left, TOP), seen.iter().copied());
    };
    Some(Figure { size: (width.ceil() as u32, height.ceil() as u32), draw: Box::new(draw) })
}

fn draw_panel(
    canvas: &mut dyn Canvas,
    (column, direction): (usize, usize),
    (x, y): (Scale, Scale),
    target: &str,
    points: &[Point],
    series: &[Series],
) {
    let (left, top) = (LEFT + column as f64 * ACROSS, TOP + direction as f64 * DOWN);
    let area = Area { left, top, right: left + PANEL.0, bottom: top + PANEL.1 };
    let heading = format!("{target}, {}", ["encoding", "decoding"][direction]);
    let y_name = if column == 0 { "speed over the reference's" } else { "" };
    let x_name = if direction == 1 { "size over the reference's" } else { "" };
    let panel = Panel { area, x, y: Some(y), x_name, y_name, heading: &heading, strip: Strip::None };
    panel.frame(canvas);
    let front: Vec<_> = front(points, direction)
        .into_iter()
        .filter_map(|point| panel.at(point.size, point.speeds[direction]))
        .collect();
    canvas.line(&front, MUTED, 1.2, &[4.0, 3.0]);
    for point in points {
        if let Some(place) = panel.at(point.size, point.speeds[direction]) {
            series[point.series].style.mark(canvas, place, 4.0);
        }
    }
}

/// The points that none is both faster and smaller than, by size.
fn front(points: &[Point], direction: usize) -> Vec<Point> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.size.total_cmp(&b.size).then(b.speeds[direction].total_cmp(&a.speeds[direction])));
    let mut fastest = 0.0;
    sorted.retain(|point| {
        let better = point.speeds[direction] > fastest;
        fastest = point.speeds[direction].max(fastest);
        better
    });
    sorted
}
