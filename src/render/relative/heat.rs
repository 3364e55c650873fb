//! The map of sizes: a row per data set, a column per bound of each method, and in each cell the size over the reference's.

use super::super::canvas::{Align, Canvas, Colour, Figure, Font, INK, MUTED, PAPER, SHADE, text_width};
use super::super::legend::short;
use super::super::rate::{SUBTITLE, TITLE};
use super::super::text::significant;
use super::{Comparison, matching};
use crate::plan::Relative;

const TOP: f64 = 104.0;
const ROW: f64 = 17.0;
const CELL: f64 = 31.0;
const BETWEEN: f64 = 12.0;
const LABEL: Font = Font { size: 10.5, bold: false, colour: INK };
const HEAD: Font = Font { size: 11.0, bold: true, colour: INK };
const TICK: Font = Font { size: 9.0, bold: false, colour: MUTED };
/// Share from which on a cell is as dark as it gets, and its inverse.
const DARKEST: f64 = 3.0;
const SMALLER: Colour = plotters::style::RGBColor(0x1b, 0x6f, 0xa8);
const LARGER: Colour = plotters::style::RGBColor(0xc4, 0x4e, 0x14);

/// The columns of one method.
struct Block {
    name: String,
    /// By data set, then target.
    shares: Vec<Vec<Option<f64>>>,
}

/// The map. `None` without anything to show.
pub fn figure<'a>(comparison: &Comparison<'a>, relative: &Relative) -> Option<Figure<'a>> {
    let (blocks, grid) = (blocks(comparison, relative), comparison.grid);
    let names: Vec<&str> =
        comparison.selections[0].datasets.iter().map(move |&dataset| grid.datasets[dataset]).collect();
    let targets: Vec<&str> = comparison.targets.iter().map(move |&target| grid.targets[target].as_str()).collect();
    if names.is_empty() || targets.is_empty() {
        return None;
    }
    let left = 20.0 + names.iter().map(|name| text_width(name, LABEL)).fold(0.0, f64::max) * 1.08 + 8.0;
    let block_width = CELL * targets.len() as f64 + BETWEEN;
    let size = (left + block_width * blocks.len() as f64 + 8.0, TOP + ROW * names.len() as f64 + 14.0);
    let reference = grid.series[comparison.reference].label();
    let draw = move |canvas: &mut dyn Canvas| {
        canvas.text(&format!("Size over that of {reference}"), (20.0, 26.0), Align::Left, TITLE);
        let explained = "payload bytes at the same bound; blue is smaller, orange larger; grey: no result";
        canvas.text(explained, (20.0, 45.0), Align::Left, SUBTITLE);
        for (row, name) in names.iter().enumerate() {
            canvas.text(name, (left - 8.0, TOP + ROW * (row as f64 + 0.5) + 4.0), Align::Right, LABEL);
        }
        for (place, block) in blocks.iter().enumerate() {
            draw_block(canvas, block, &targets, left + block_width * place as f64);
        }
    };
    Some(Figure { size: (size.0.ceil() as u32, size.1.ceil() as u32), draw: Box::new(draw) })
}

fn blocks(comparison: &Comparison<'_>, relative: &Relative) -> Vec<Block> {
    let shown =
        if relative.show.is_empty() { comparison.ours.clone() } else { matching(comparison.grid, &relative.show) };
    let shares = |share: &dyn Fn(usize, usize) -> Option<f64>| -> Vec<Vec<Option<f64>>> {
        let row = |&dataset: &usize| comparison.targets.iter().map(|&target| share(dataset, target)).collect();
        comparison.selections[0].datasets.iter().map(row).collect()
    };
    let smallest = |dataset, target| {
        let (_, size) = comparison.smallest(&comparison.peers, dataset, target)?;
        Some(size / comparison.size(dataset, comparison.reference, target)?)
    };
    let of = |&series: &usize| Block {
        name: comparison.grid.series[series].label(),
        shares: shares(&|dataset, target| comparison.share(dataset, series, target)),
    };
    let peers = Block { name: "smallest of all peers".into(), shares: shares(&smallest) };
    shown.iter().map(of).chain([peers]).collect()
}

fn draw_block(canvas: &mut dyn Canvas, block: &Block, targets: &[&str], left: f64) {
    canvas.text(&short(&block.name), (left, TOP - 24.0), Align::Left, HEAD);
    for (column, target) in targets.iter().enumerate() {
        let number = target.split_once('=').map_or(*target, |(_, number)| number);
        canvas.text(number, (left + CELL * (column as f64 + 0.5), TOP - 7.0), Align::Centre, TICK);
    }
    for (row, shares) in block.shares.iter().enumerate() {
        for (column, share) in shares.iter().enumerate() {
            let corner = (left + CELL * column as f64, TOP + ROW * row as f64);
            draw_cell(canvas, corner, *share);
        }
    }
}

fn draw_cell(canvas: &mut dyn Canvas, (left, top): (f64, f64), share: Option<f64>) {
    let (right, bottom) = (left + CELL - 1.0, top + ROW - 1.0);
    let Some(share) = share else { return canvas.rect((left, top), (right, bottom), SHADE) };
    let strength = (libm::log(share) / libm::log(DARKEST)).clamp(-1.0, 1.0);
    canvas.rect((left, top), (right, bottom), blend(strength));
    let colour = if strength.abs() > 0.62 { PAPER } else { INK };
    let font = Font { size: 9.5, bold: false, colour };
    let text = if share < 99.5 { significant(share, 2) } else { ">99".into() };
    canvas.text(&text, ((left + right) / 2.0, top + ROW / 2.0 + 3.0), Align::Centre, font);
}

/// From the colour of smaller (-1) through the paper (0) to that of larger (1).
fn blend(strength: f64) -> Colour {
    let end = if strength < 0.0 { SMALLER } else { LARGER };
    let mix =
        |end: u8, paper: u8| (f64::from(paper) + (f64::from(end) - f64::from(paper)) * strength.abs()).round() as u8;
    plotters::style::RGBColor(mix(end.0, PAPER.0), mix(end.1, PAPER.1), mix(end.2, PAPER.2))
}
