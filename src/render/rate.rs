//! Rate against distortion of one data set.

use super::canvas::{Align, Canvas, Figure, Font, INK, MUTED};
use super::grid::{Grid, Series};
use super::legend;
use super::panel::{Area, Panel, Strip};
use super::scale::Scale;
use crate::metrics::Metric;
use crate::record::Record;

/// Title of a figure.
pub const TITLE: Font = Font { size: 15.0, bold: true, colour: INK };
/// What stands beside a title.
pub const SUBTITLE: Font = Font { size: 12.0, bold: false, colour: MUTED };

const PANEL: (f64, f64) = (300.0, 320.0);
/// Left edge of the first panel and of titles.
pub const LEFT: f64 = 70.0;
const TOP: f64 = 76.0;
const BETWEEN: f64 = 74.0;

/// One value of the vertical axis: a number, or the exact reconstruction that no such axis reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Height {
    Exact,
    At(f64),
}

/// Bits per value against PSNR, and against the largest error. `None` if no cell of the data set is `ok`.
pub fn figure<'a>(grid: &'a Grid<'a>, dataset: usize) -> Option<Figure<'a>> {
    let order = series_as_curves_end(grid, dataset);
    let records = || order.iter().flat_map(|&series| grid.along_targets(dataset, series));
    let x = Scale::log(records().filter_map(|record| record.bits_per_value))?;
    let decibels = Scale::linear(records().filter_map(|record| number(psnr(record)?)));
    let errors = Scale::log(records().filter_map(|record| number(largest(record)?)));
    let exact = records().any(is_exact);
    let shown: Vec<&Series> = order.iter().map(|&series| &grid.series[series]).collect();
    let legend_left = LEFT + 2.0 * PANEL.0 + BETWEEN + 18.0;
    let width = legend_left + legend::width(shown.iter().copied()) + 14.0;
    let height = (TOP + PANEL.1 + 48.0).max(TOP + legend::LINE * shown.len() as f64 + 14.0);
    let draw = move |canvas: &mut dyn Canvas| {
        title(canvas, grid, dataset);
        let panels = [panel(0, x, decibels, exact), panel(1, x, errors, exact)];
        for (panel, value) in panels.iter().zip([psnr, largest] as [fn(&Record) -> Option<Height>; 2]) {
            panel.frame(canvas);
            curves(canvas, panel, grid, dataset, value);
        }
        legend::draw(canvas, (legend_left, TOP), shown.iter().copied());
    };
    Some(Figure { size: (width.ceil() as u32, height.ceil() as u32), draw: Box::new(draw) })
}

/// The first or the second panel, with a strip for exact reconstructions if there are any.
fn panel<'a>(place: usize, x: Scale, y: Option<Scale>, exact: bool) -> Panel<'a> {
    let left = LEFT + place as f64 * (PANEL.0 + BETWEEN);
    let area = Area { left, top: TOP, right: left + PANEL.0, bottom: TOP + PANEL.1 };
    let (heading, y_name, strip) = match place {
        0 => ("Mean quality", "PSNR over the value range (dB)", Strip::Above),
        _ => ("Worst value", "largest error / value range", Strip::Below),
    };
    let strip = if exact { strip } else { Strip::None };
    Panel { area, x, y, x_name: "bits per value", y_name, heading, strip }
}

/// The data set's name, and what it is.
pub fn title(canvas: &mut dyn Canvas, grid: &Grid<'_>, dataset: usize) {
    let name = grid.datasets[dataset];
    canvas.text(name, (LEFT, 26.0), Align::Left, TITLE);
    canvas.text(&facts(grid, dataset), (LEFT, 44.0), Align::Left, SUBTITLE);
}

/// Kind, element type and shape.
pub fn facts(grid: &Grid<'_>, dataset: usize) -> String {
    let cells = (0..grid.series.len()).flat_map(|series| (0..grid.targets.len()).map(move |target| (series, target)));
    let record =
        cells.filter_map(|(series, target)| grid.record(dataset, series, target)).find(|r| !r.dtype.is_empty());
    let Some(record) = record else { return String::new() };
    let shape = if record.shape.is_empty() { "one value".to_string() } else { record.shape.replace('x', "×") };
    format!("{} · {} · {shape}", record.kind, record.dtype)
}

/// Series that have a cell here. Those with lossy cells come first, and those that need the fewest bits for them.
fn series_as_curves_end(grid: &Grid<'_>, dataset: usize) -> Vec<usize> {
    let bits = |series: usize, lossless: bool| {
        let records = grid.along_targets(dataset, series).filter(|record| (record.target == "lossless") == lossless);
        super::grid::geometric_mean(records.filter_map(|record| record.bits_per_value).map(Some))
    };
    let rank = |series: usize| match bits(series, false) {
        Some(lossy) => Some((false, lossy)),
        None => bits(series, true).map(|lossless| (true, lossless)),
    };
    let mut order: Vec<_> = (0..grid.series.len()).filter_map(|series| Some((rank(series)?, series))).collect();
    order.sort_by(|(a, _), (b, _)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    order.into_iter().map(|(_, series)| series).collect()
}

fn number(height: Height) -> Option<f64> {
    match height {
        Height::At(value) => Some(value),
        Height::Exact => None,
    }
}

fn is_exact(record: &Record) -> bool {
    record.metrics.get(Metric::MaxAbsErr) == Some(0.0)
}

fn psnr(record: &Record) -> Option<Height> {
    if is_exact(record) {
        return Some(Height::Exact);
    }
    record.metrics.get(Metric::PsnrRange).filter(|psnr| psnr.is_finite()).map(Height::At)
}

fn largest(record: &Record) -> Option<Height> {
    if is_exact(record) {
        return Some(Height::Exact);
    }
    relative_error(record).filter(|error| *error > 0.0).map(Height::At)
}

/// The largest error over the value range, which is `rmse / nrmse`. `None` where one of them is absent, infinite or 0 / 0.
pub fn relative_error(record: &Record) -> Option<f64> {
    let metric = |metric| record.metrics.get(metric).filter(|value: &f64| value.is_finite());
    let largest = metric(Metric::MaxAbsErr)?;
    if largest == 0.0 {
        return Some(0.0);
    }
    let relative = largest * metric(Metric::Nrmse)? / metric(Metric::Rmse)?;
    relative.is_finite().then_some(relative)
}

fn curves(
    canvas: &mut dyn Canvas,
    panel: &Panel<'_>,
    grid: &Grid<'_>,
    dataset: usize,
    value: fn(&Record) -> Option<Height>,
) {
    let count = grid.series.len().max(2) as f64 - 1.0;
    let points = |series: usize| {
        let records = grid.along_targets(dataset, series);
        records.filter_map(|record| Some((record.bits_per_value?, value(record)?))).collect::<Vec<_>>()
    };
    for (at, Series { style, .. }) in grid.series.iter().enumerate() {
        for curve in grid.curves(dataset, at) {
            let place = |record: &&Record| panel.at(record.bits_per_value?, number(value(record)?)?);
            let mut places: Vec<_> = curve.iter().filter_map(place).collect();
            // Targets need not stand in the order of their errors.
            places.sort_by(|a, b| a.0.total_cmp(&b.0));
            canvas.line(&places, style.colour, 1.75, style.dash);
        }
    }
    // The first variant of a method lies on top.
    for (at, Series { style, .. }) in grid.series.iter().enumerate().rev() {
        for (bits, height) in points(at) {
            let place = match height {
                Height::At(value) => panel.at(bits, value),
                Height::Exact => panel.in_strip(bits, at as f64 / count),
            };
            if let Some(place) = place {
                style.mark(canvas, place, 3.6);
            }
        }
    }
}
