//! One page on the spatial coherence of an array: per axis the pairs, their energy before and after the change of basis, and what
//! dropping half of the numbers costs in either basis.

use super::canvas::{Align, Canvas, Colour, Figure, Font, GRID, INK, MUTED, PAPER, Point, text_width};
use super::panel::{Area, NAME, Panel, Strip};
use super::rate::{LEFT, SUBTITLE, TITLE};
use super::scale::Scale;
use super::text::significant;
use crate::analyze::{AxisStudy, BINS, Dropped, Study};

/// Most axes on the page: the most coherent ones.
const MOST: usize = 4;
const TOP: f64 = 92.0;
/// Height of a row of panels, and of its plots; the width of the density, the histogram and the bars.
const ROW: f64 = 316.0;
const PLOT: f64 = 216.0;
const HISTOGRAM: f64 = 300.0;
const BARS: f64 = 330.0;
const BETWEEN: f64 = 76.0;
const WIDTH: f64 = LEFT + PLOT + BETWEEN + HISTOGRAM + BETWEEN + BARS + 20.0;

const AXIS: Font = Font { size: 13.5, bold: true, colour: INK };
const HEADING: Font = Font { size: 12.5, bold: true, colour: INK };
const LABEL: Font = Font { size: 11.5, bold: false, colour: INK };
const SMALL: Font = Font { size: 11.0, bold: false, colour: MUTED };

/// Before and after the change of basis: told apart by brightness too.
const BEFORE: Colour = plotters::style::RGBColor(0xe6, 0x9f, 0x00);
const AFTER: Colour = plotters::style::RGBColor(0x00, 0x72, 0xb2);
/// Few and many pairs.
const DENSITY: [Colour; 4] = [
    plotters::style::RGBColor(0xdc, 0xe9, 0xf3),
    plotters::style::RGBColor(0x6b, 0xae, 0xd6),
    plotters::style::RGBColor(0x08, 0x51, 0x9c),
    plotters::style::RGBColor(0x08, 0x1d, 0x3f),
];

/// The page of a study.
pub fn figure(study: &Study) -> Figure<'_> {
    let mut axes: Vec<&AxisStudy> = study.axes.iter().filter(|axis| axis.pairs > 0).collect();
    axes.sort_by(|a, b| b.energy_after.unwrap_or(0.0).total_cmp(&a.energy_after.unwrap_or(0.0)));
    axes.truncate(MOST);
    axes.sort_by_key(|axis| axis.axis);
    let height = TOP + ROW * axes.len().max(1) as f64;
    let draw = move |canvas: &mut dyn Canvas| {
        header(canvas, study, axes.len());
        for (number, axis) in axes.iter().enumerate() {
            row(canvas, study, axis, TOP + ROW * number as f64);
        }
        if axes.is_empty() {
            canvas.text("No axis has two values that are not missing.", (LEFT, TOP + 40.0), Align::Left, NAME);
        }
    };
    Figure { size: (WIDTH.ceil() as u32, height.ceil() as u32), draw: Box::new(draw) }
}

fn header(canvas: &mut dyn Canvas, study: &Study, shown: usize) {
    let shape: Vec<String> = study.shape.iter().map(usize::to_string).collect();
    canvas.text(&format!("Spatial coherence of {}", study.name), (20.0, 28.0), Align::Left, TITLE);
    let entropy = significant(study.values.entropy, 3);
    let axes = if shown < study.axes.len() { format!("; the {shown} most coherent axes") } else { String::new() };
    let about = format!("{} of {}, entropy {entropy} bits per value{axes}", shape.join(" × "), study.dtype);
    canvas.text(&about, (20.0, 47.0), Align::Left, SUBTITLE);
    let mut left = 20.0;
    for (colour, text) in
        [(BEFORE, "before: a pair is (a, b)"), (AFTER, "after: the same pair is c0 = (a + b) / √2, c1 = (a − b) / √2")]
    {
        canvas.rect((left, 58.0), (left + 11.0, 69.0), colour);
        canvas.text(text, (left + 17.0, 68.0), Align::Left, LABEL);
        left += 17.0 + text_width(text, LABEL) + 26.0;
    }
}

fn row(canvas: &mut dyn Canvas, study: &Study, axis: &AxisStudy, top: f64) {
    let correlation = axis.correlation.map_or("not defined".to_string(), |value| format!("{value:.4}"));
    let energy = axis.energy_after.map_or("none".to_string(), |share| format!("{:.3} %", 100.0 * share));
    let far = axis.correlation_length.map_or(
        if axis.autocorrelation.is_empty() { "—".to_string() } else { format!("over {}", axis.length / 2) },
        |length| significant(length, 3),
    );
    let title = format!("Axis {} ({} values)", axis.axis, axis.length);
    canvas.text(&title, (20.0, top + 14.0), Align::Left, AXIS);
    let facts =
        format!("correlation of neighbours {correlation}   ·   energy in c0 {energy}   ·   correlation length {far}");
    canvas.text(&facts, (20.0 + text_width(&title, AXIS) + 18.0, top + 14.0), Align::Left, SUBTITLE);
    let plot = |left: f64, width: f64| Area { left, top: top + 46.0, right: left + width, bottom: top + 46.0 + PLOT };
    density(canvas, axis, plot(LEFT, PLOT));
    histogram(canvas, axis, plot(LEFT + PLOT + BETWEEN, HISTOGRAM));
    bars(canvas, study, axis, plot(LEFT + PLOT + BETWEEN + HISTOGRAM + BETWEEN, BARS));
}

/// How often values stand beside each other, dark where often, on a logarithmic scale.
fn density(canvas: &mut dyn Canvas, axis: &AxisStudy, area: Area) {
    let (low, high) = axis.density.range;
    let (power, unit) = unit(low.abs().max(high.abs()));
    let Some(scale) = Scale::linear([low / power, high / power].into_iter()) else { return };
    let (x_name, y_name) = (format!("a, first of a pair{unit}"), format!("b, second{unit}"));
    let heading = "Pairs of neighbours";
    let panel = Panel { area, x: scale, y: Some(scale), x_name: &x_name, y_name: &y_name, heading, strip: Strip::None };
    panel.frame(canvas);
    let cells = axis.density.cells;
    let most = f64::from(axis.density.counts.iter().copied().max().unwrap_or(0).max(1));
    let edge = |number: usize| (low + (high - low) * number as f64 / cells as f64) / power;
    for (number, &count) in axis.density.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (column, row) = (number % cells, number / cells);
        let corners = [(column, row + 1), (column + 1, row)].map(|(x, y)| panel.at(edge(x), edge(y)));
        if let [Some(from), Some(to)] = corners {
            canvas.rect(from, to, shade(libm::log(f64::from(count) + 1.0) / libm::log(most + 1.0)));
        }
    }
}

/// A power of ten that leaves short numbers beside the axis, and how it is written behind the axis' name.
fn unit(largest: f64) -> (f64, String) {
    if largest == 0.0 || (1e-2..1e4).contains(&largest) {
        return (1.0, String::new());
    }
    let exponent = libm::floor(libm::log10(largest));
    let power = libm::exp10(exponent);
    if power > 0.0 && power.is_finite() { (power, format!(", in 1e{exponent}")) } else { (1.0, String::new()) }
}

fn shade(share: f64) -> Colour {
    let along = share.clamp(0.0, 1.0) * (DENSITY.len() - 1) as f64;
    let from = (along as usize).min(DENSITY.len() - 2);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * (along - from as f64)).round() as u8;
    let (a, b) = (DENSITY[from], DENSITY[from + 1]);
    plotters::style::RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Which share of a pair's energy its first number holds, before and after.
fn histogram(canvas: &mut dyn Canvas, axis: &AxisStudy, area: Area) {
    let highest = axis.histogram_before.iter().chain(&axis.histogram_after).copied().fold(0.0, f64::max);
    let (Some(x), Some(y)) =
        (Scale::linear([0.0, 1.0].into_iter()), Scale::linear([0.0, highest.max(0.05)].into_iter()))
    else {
        return;
    };
    let heading = "Energy of a pair in its first number";
    let panel = Panel {
        area,
        x,
        y: Some(y),
        x_name: "share of a² in a² + b², of c0² in c0² + c1²",
        y_name: "share of all pairs",
        heading,
        strip: Strip::None,
    };
    panel.frame(canvas);
    for bin in 0..BINS {
        let place = |half: f64| (bin as f64 + half) / BINS as f64;
        for (from, share, colour) in
            [(0.08, axis.histogram_before[bin], BEFORE), (0.5, axis.histogram_after[bin], AFTER)]
        {
            let corners = [panel.at(place(from), share), panel.at(place(from + 0.42), 0.0)];
            if let ([Some(top), Some(bottom)], true) = (corners, share > 0.0) {
                canvas.rect(top, bottom, colour);
            }
        }
    }
}

/// Errors after dropping the second number of every pair, before and after.
fn bars(canvas: &mut dyn Canvas, study: &Study, axis: &AxisStudy, area: Area) {
    canvas.text("Half of the numbers dropped", (area.left, area.top - 9.0), Align::Left, HEADING);
    let range = study.values.maximum.unwrap_or(0.0) - study.values.minimum.unwrap_or(0.0);
    let of_range = |value: f64| if range > 0.0 { value / range } else { 0.0 };
    let groups = [("RMS error, of the value range", false), ("largest error, of the value range", true)];
    let value = |dropped: &Dropped, largest: bool| {
        if largest { of_range(dropped.max_abs_err) } else { dropped.nrmse.unwrap_or(0.0) }
    };
    let (dropped, mut top) = ([(&axis.without_second, BEFORE, "b"), (&axis.without_c1, AFTER, "c1")], area.top + 14.0);
    for (name, largest) in groups {
        canvas.text(name, (area.left, top + 4.0), Align::Left, LABEL);
        // All of the range, or what is more, fills what the numbers leave.
        let full = dropped.iter().map(|(dropped, ..)| value(dropped, largest)).fold(1e-300, f64::max);
        for (number, (dropped, colour, name)) in dropped.iter().enumerate() {
            let y = top + 16.0 + 24.0 * number as f64;
            bar(canvas, (area.left, y), value(dropped, largest) / full, *colour, &format!("without {name}"));
            let text = format!("{} %", significant(100.0 * value(dropped, largest), 3));
            canvas.text(&text, (area.right, y + 13.0), Align::Right, LABEL);
        }
        top += 84.0;
    }
    let [before, after] = [&axis.without_second, &axis.without_c1].map(decibels);
    let text = format!("PSNR over the range: {before} without b, {after} without c1");
    canvas.text(&text, (area.left, top + 6.0), Align::Left, SMALL);
    let bits = [axis.difference_entropy, axis.s_transform_entropy].map(|bits| significant(bits, 3));
    let text = format!("Without loss, bits per value: a − b {}, average and a − b {}", bits[0], bits[1]);
    canvas.text(&text, (area.left, top + 24.0), Align::Left, SMALL);
}

fn decibels(dropped: &Dropped) -> String {
    match dropped.psnr_range {
        Some(psnr) => format!("{psnr:.2} dB"),
        None if dropped.mse == 0.0 => "exact".to_string(),
        None => "—".to_string(),
    }
}

/// A bar beside its name, on a pale track.
fn bar(canvas: &mut dyn Canvas, (left, top): Point, share: f64, colour: Colour, name: &str) {
    const NAMES: f64 = 68.0;
    const TRACK: f64 = BARS - NAMES - 66.0;
    canvas.text(name, (left, top + 13.0), Align::Left, SMALL);
    let from = left + NAMES;
    canvas.rect((from, top + 2.0), (from + TRACK, top + 17.0), GRID);
    canvas.rect((from + 0.5, top + 2.5), (from + TRACK - 0.5, top + 16.5), PAPER);
    if share > 0.0 {
        canvas.rect((from, top + 2.0), (from + (TRACK * share).max(1.5), top + 17.0), colour);
    }
}
