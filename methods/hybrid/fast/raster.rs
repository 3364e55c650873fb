//! Integers in raster order, predicted by Lorenzo's rule over any subset of the axes (Ibarria et al., "Out-of-core
//! compression and decompression of large n-dimensional scalar fields", 2003).

use super::band::Band;
use super::context::{Around, KINDS};
use super::field::{Field, RANK};
use super::side::{Decoder, Outlook, Place, Residual};
use super::tokens::{LANES, padded};
use crate::shared::simd::{self, Kernel};

/// The axis of the rows.
const LAST: usize = RANK - 1;
/// The kind of points of which nothing is known.
const FIRST: u8 = KINDS - 1;
/// An array of one axis is cut into so many strands, the longest first, which are coded side by side.
const STRANDS: [usize; 2] = [64, 16];

/// The length of a strand of an array of one axis, if it is long enough: rows take one point from each.
fn strands(len: usize) -> Option<usize> {
    STRANDS.into_iter().find(|count| len >= 4 * count * count).map(|count| len.div_ceil(count))
}

/// The sum of rows that Lorenzo's rule adds and takes away, which are already known.
struct Outer<'a> {
    /// Rows to be added, and those to be taken away.
    rows: [(&'a [i32], i32); 8],
    count: usize,
}

impl<'a> Outer<'a> {
    fn of(band: &'a [i32], starts: &Band<i32>, axes: u8, at: [usize; LAST]) -> Self {
        let mut outer = Outer { rows: [(&[], 0); 8], count: 0 };
        let present =
            (0..LAST).filter(|&axis| axes >> axis & 1 == 1 && at[axis] > 0).fold(0, |set, axis| set | 1 << axis);
        for set in (1..1usize << LAST).filter(|set| set & !present == 0) {
            let from = std::array::from_fn(|axis| at[axis] - (set >> axis & 1));
            let sign = if set.count_ones() % 2 == 1 { 1 } else { -1 };
            outer.rows[outer.count] = (&band[starts.row(from)..], sign);
            outer.count += 1;
        }
        outer
    }
}

/// `sums` become those of the rows.
struct Sum<'a, 'b> {
    outer: Outer<'a>,
    sums: &'b mut [i32],
}

impl Kernel for Sum<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (chunk, sums) in self.sums.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            *sums = [0; LANES];
            for (row, sign) in &self.outer.rows[..self.outer.count] {
                let Some(row) = row[chunk * LANES..].first_chunk::<LANES>() else { return };
                for lane in 0..LANES {
                    // The sign is a mask: no multiplication.
                    sums[lane] = sums[lane].wrapping_add((row[lane] ^ (sign >> 1)).wrapping_sub(sign >> 1));
                }
            }
        }
    }
}

/// `residuals` become what is left of `row` without `outer`, and without the point before if the rule runs `along`.
struct Differ<'a> {
    row: &'a [i32],
    outer: &'a [i32],
    along: bool,
    /// With room for a zero before the first difference.
    rest: &'a mut [i32],
    residuals: &'a mut [i32],
}

impl Kernel for Differ<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Differ { row, outer, along, rest, residuals } = self;
        let chunks = row.as_chunks::<LANES>().0.iter().zip(outer.as_chunks::<LANES>().0);
        for ((row, outer), rest) in chunks.zip(rest[LANES..].as_chunks_mut::<LANES>().0) {
            for lane in 0..LANES {
                rest[lane] = row[lane].wrapping_sub(outer[lane]);
            }
        }
        let before = if along { &rest[LANES - 1..] } else { &[] };
        let chunks = residuals.as_chunks_mut::<LANES>().0.iter_mut().zip(rest[LANES..].as_chunks::<LANES>().0);
        for (chunk, (residuals, rest)) in chunks.enumerate() {
            *residuals = *rest;
            if let Some(before) = before.get(chunk * LANES..).and_then(|before| before.first_chunk::<LANES>()) {
                for lane in 0..LANES {
                    residuals[lane] = rest[lane].wrapping_sub(before[lane]);
                }
            }
        }
    }
}

/// What is known about the row `at`.
#[inline(always)]
fn outlook<'a>(sizes: &'a [u8], band: &Band<i32>, at: [usize; LAST]) -> Outlook<'a> {
    let mut around = Around::new();
    let (up, back, far) = (band.before(at, 2), band.before(at, 1), band.before(at, 0));
    if let Some(up) = up {
        around.look(&sizes[up..], 6);
        around.look(&sizes[up - 1..], 2);
        around.look(&sizes[up + 1..], 2);
        if at[2] > 1 && back.is_none() {
            around.look(&sizes[band.row([at[0], at[1], at[2] - 2])..], 2);
        }
    }
    for start in [back, far].into_iter().flatten() {
        around.look(&sizes[start..], 4);
        around.look(&sizes[start + 1..], 2);
    }
    let kind = match (up, back.or(far)) {
        (Some(_), Some(_)) => 0,
        (Some(_), None) => 1,
        (None, Some(_)) => 2,
        (None, None) => FIRST,
    };
    Outlook { kind, around }
}

/// What is known about the next row of strands, of which the two before had these sizes.
#[inline(always)]
fn strand_outlook<'a>(before: [&'a [u8]; 2], rows: usize) -> Outlook<'a> {
    let mut around = Around::new();
    before.into_iter().zip([3, 1]).take(rows).for_each(|(sizes, weight)| around.look(sizes, weight));
    Outlook { kind: if rows == 0 { FIRST } else { 1 }, around }
}

/// How many points of each kind `field` has.
pub(super) fn points(field: &Field) -> [usize; KINDS as usize] {
    let [first, second, third, len] = field.shape;
    let mut points = [0; KINDS as usize];
    if let Some(length) = strands(len).filter(|_| field.shape[..LAST] == [1; LAST]) {
        let row = len.div_ceil(length);
        (points[usize::from(FIRST)], points[1]) = (row, len - row);
        return points;
    }
    let rows = first * second * third;
    points[1] = (third - 1) * len;
    points[2] = (first * second - 1) * len;
    points[usize::from(FIRST)] = len;
    points[0] = rows * len - points[1] - points[2] - len;
    points
}

/// Codes the numbers of `band` as residuals of Lorenzo's rule over `axes`.
pub(super) fn encode(mut band: Band<i32>, axes: u8, coded: &mut Residual) {
    let (len, fill) = (band.len(), padded(band.len()));
    let along = axes >> LAST & 1 == 1;
    let (mut outer, mut rest) = (vec![0; fill], vec![0; fill + LANES]);
    let lone = band.counts[..LAST] == [1; LAST];
    let mut sizes = std::mem::take(&mut band.sizes);
    Band::<i32>::places(band.counts, |at| {
        simd::run(Sum { outer: Outer::of(&band.values, &band, axes, at), sums: &mut outer });
        let start = band.row(at);
        let row = &band.values[start..start + fill];
        coded.make_room(fill);
        simd::run(Differ { row, outer: &outer, along, rest: &mut rest, residuals: &mut coded.residuals[..fill] });
        if lone && let Some(length) = strands(len) {
            return encode_strands(length, len, coded);
        }
        let (before, sizes) = sizes.split_at_mut(start);
        coded.code(&mut outlook(before, &band, at), &Place::row(len), &mut sizes[..fill], |_| (0, 0));
    });
}

fn encode_strands(length: usize, len: usize, coded: &mut Residual) {
    let all = coded.residuals[..len].to_vec();
    let mut sizes = [[0; STRANDS[0] + LANES]; 3];
    for i in 0..length {
        let row = all[i..].iter().step_by(length);
        let points = row.len();
        coded.residuals.iter_mut().zip(row).for_each(|(residual, known)| *residual = *known);
        let [new, one, two] = &mut sizes;
        coded.code(&mut strand_outlook([one, two], i), &Place::row(points), &mut new[..padded(points)], |_| (0, 0));
        sizes.rotate_right(1);
    }
}

/// Finds the numbers of an array of this shape.
pub(super) fn decode(field: &Field, axes: u8, source: &mut Decoder<'_>) -> Band<i32> {
    let mut band = Band::<i32>::new(field.shape);
    let (len, fill) = (band.len(), padded(band.len()));
    let along = axes >> LAST & 1 == 1;
    let mut outer = vec![0; fill];
    let lone = band.counts[..LAST] == [1; LAST];
    let mut sizes = std::mem::take(&mut band.sizes);
    Band::<i32>::places(field.shape, |at| {
        let start = band.row(at);
        if lone && let Some(length) = strands(len) {
            decode_strands(length, len, source);
        } else {
            let (before, sizes) = sizes.split_at_mut(start);
            source.find(&mut outlook(before, &band, at), &Place::row(len), 0, &mut sizes[..fill]);
        }
        simd::run(Sum { outer: Outer::of(&band.values, &band, axes, at), sums: &mut outer });
        let (row, residuals) = (&mut band.values[start..start + len], &source.residuals[..len]);
        let mut before = 0i32;
        for ((value, residual), outer) in row.iter_mut().zip(residuals).zip(&outer) {
            before = if along { before.wrapping_add(*residual) } else { *residual };
            *value = before.wrapping_add(*outer);
        }
    });
    band
}

fn decode_strands(length: usize, len: usize, source: &mut Decoder<'_>) {
    let mut all = vec![0; len];
    let mut sizes = [[0; STRANDS[0] + LANES]; 3];
    for i in 0..length {
        let row = all[i..].iter_mut().step_by(length);
        let [new, one, two] = &mut sizes;
        source.find(&mut strand_outlook([one, two], i), &Place::row(row.len()), 0, &mut new[..padded(row.len())]);
        row.zip(&source.residuals).for_each(|(value, known)| *value = *known);
        sizes.rotate_right(1);
    }
    source.residuals.resize(len.max(source.residuals.len()), 0);
    source.residuals[..len].copy_from_slice(&all);
}
