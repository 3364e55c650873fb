//! From large RGB pixels to a small PNG.

use std::collections::BTreeMap;

/// Pixels averaged into one, per axis.
const SHRINK: usize = 2;
/// Colours that an indexed PNG can hold.
const PALETTE: usize = 256;

type Rgb = [u8; 3];

/// An indexed PNG of the pixels averaged in blocks of 2 x 2: smooth edges, and a quarter of the bytes of full colour.
///
/// `pixels` are rows of `width` RGB triples; both sides are even.
pub fn png(pixels: &[u8], width: usize) -> Vec<u8> {
    let small = shrink(pixels, width);
    let (width, height) = (width / SHRINK, small.len() * SHRINK / width);
    let (palette, indices) = index(&small);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    // Neighbouring indices mean nothing as numbers: filters would only spoil the repetitions.
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().expect("writing to memory does not fail");
    writer.write_image_data(&indices).expect("the buffer has the size of the picture");
    writer.finish().expect("writing to memory does not fail");
    bytes
}

fn shrink(pixels: &[u8], width: usize) -> Vec<Rgb> {
    let rows: Vec<&[u8]> = pixels.chunks_exact(width * 3).collect();
    let mut small = Vec::with_capacity(pixels.len() / (3 * SHRINK * SHRINK));
    for block in rows.chunks_exact(SHRINK) {
        small.extend((0..width / SHRINK).map(|column| [0, 1, 2].map(|channel| mean(block, column, channel))));
    }
    small
}

fn mean(block: &[&[u8]], column: usize, channel: usize) -> u8 {
    let places = (0..SHRINK).map(|step| (column * SHRINK + step) * 3 + channel);
    let sum: usize = places.map(|place| block.iter().map(|row| usize::from(row[place])).sum::<usize>()).sum();
    ((sum + SHRINK * SHRINK / 2) / (SHRINK * SHRINK)) as u8
}

/// The most frequent colours, and for each pixel the nearest of them.
fn index(pixels: &[Rgb]) -> (Vec<Rgb>, Vec<u8>) {
    let mut counts: BTreeMap<Rgb, usize> = BTreeMap::new();
    for pixel in pixels {
        *counts.entry(*pixel).or_default() += 1;
    }
    let mut palette: Vec<(Rgb, usize)> = counts.iter().map(|(colour, count)| (*colour, *count)).collect();
    palette.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    palette.truncate(PALETTE);
    let palette: Vec<Rgb> = palette.into_iter().map(|(colour, _)| colour).collect();
    let nearest: BTreeMap<Rgb, u8> = counts.keys().map(|colour| (*colour, nearest(&palette, *colour))).collect();
    let indices = pixels.iter().map(|pixel| nearest[pixel]).collect();
    (palette, indices)
}

fn nearest(palette: &[Rgb], colour: Rgb) -> u8 {
    let distance = |known: &Rgb| known.iter().zip(colour).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>();
    let place = (0..palette.len()).min_by_key(|&place| distance(&palette[place]));
    place.expect("a picture has a colour") as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_averages_each_channel() {
        let row = [0, 10, 20, 4, 30, 20, 9, 9, 9, 9, 9, 9];
        assert_eq!(shrink(&[row, row].concat(), 4), [[2, 20, 20], [9, 9, 9]]);
    }

    #[test]
    fn rare_colours_become_the_nearest_frequent_one() {
        let frequent = (0..=255).flat_map(|grey| [[grey, 0, 0]; 2]);
        let pixels: Vec<Rgb> = frequent.chain([[200, 3, 0]]).collect();
        let (palette, indices) = index(&pixels);
        assert_eq!((palette.len(), palette[usize::from(indices[512])]), (256, [200, 0, 0]));
    }
}
