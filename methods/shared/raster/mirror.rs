//! Arrays that are mirror images of themselves, with the sign kept or turned.

use super::neighbours::{At, Rows};

/// Points looked at along every axis.
const LOOKED_AT: usize = 2048;
/// An axis shorter than this is not looked at.
const SHORTEST: usize = 4;
/// How much nearer the image has to be than the point before, for more than half of the points.
const NEARER: f64 = 32.0;

/// An axis, counted from the last, along which there is a mirror in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// 0 for the last axis, at most 3.
    pub axis: usize,
    /// Whether the image has the other sign.
    pub negated: bool,
}

impl Mirror {
    /// Rows and points to the image of point `x` of a row, if it comes before.
    #[inline(always)]
    fn image(&self, rows: &Rows, at: &At, x: usize) -> Option<(usize, usize)> {
        let (place, length) = if self.axis == 0 { (x, rows.len) } else { (at[self.axis - 1][0], at[self.axis - 1][1]) };
        let back = (2 * place + 1).checked_sub(length).filter(|&back| back > 0)?;
        Some(if self.axis == 0 { (0, back) } else { (back * rows.steps[self.axis - 1], 0) })
    }
}

/// The image of point `x` of a row under the first mirror before which it has one: elements back, without margins and
/// with them, and whether its sign is turned.
#[inline(always)]
pub fn image(mirrors: &[Mirror], rows: &Rows, at: &At, x: usize) -> Option<([usize; 2], bool)> {
    mirrors.iter().find_map(|mirror| {
        let (back, points) = mirror.image(rows, at, x)?;
        Some(([back * rows.len + points, back * rows.pitch + points], mirror.negated))
    })
}

/// The mirrors of an array of `shape`, whose elements have these places.
pub fn find(shape: &[usize], place: &dyn Fn(usize) -> f64) -> Vec<Mirror> {
    let rows = Rows::new(shape);
    let axes = (0..shape.len().min(4)).filter(|&axis| shape[shape.len() - 1 - axis] >= SHORTEST);
    let both = axes.flat_map(|axis| [false, true].map(|negated| Mirror { axis, negated }));
    let mut found: Vec<Mirror> = both.filter(|mirror| is_mirrored(&rows, place, mirror)).collect();
    // What equals its negative is zero: one of both is enough.
    found.dedup_by_key(|mirror| mirror.axis);
    found
}

/// Whether more than half of some points are much nearer to their image than to the point before.
fn is_mirrored(rows: &Rows, place: &dyn Fn(usize) -> f64, mirror: &Mirror) -> bool {
    let len = rows.count * rows.len;
    let (mut seen, mut near, mut different) = (0usize, 0usize, 0usize);
    let step = (len / LOOKED_AT).max(1) | 1;
    for index in (step / 2..len).step_by(step) {
        let (row, x) = (index / rows.len, index % rows.len);
        let Some((back, points)) = mirror.image(rows, &rows.at(row), x) else { continue };
        let (here, image) = (place(index), place(index - back * rows.len - points));
        let image = if mirror.negated { -image } else { image };
        let before = if index > 0 { place(index - 1) } else { 0.0 };
        seen += 1;
        different += usize::from(here != before);
        near += usize::from(here != before && (here - image).abs() * NEARER <= (here - before).abs());
    }
    // Of a field that is mostly constant nothing can be told.
    different * 8 > seen && near * 2 > different
}

/// Elements of a margin and of the rows before `row`.
pub fn base(rows: &Rows, row: usize) -> usize {
    row * rows.pitch + rows.margin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_found_along_every_axis_and_with_either_sign() {
        let noise = |i: usize| (i.wrapping_mul(0x9e37_79b9) >> 7 & 0xffff) as i64 - 30_000;
        let fold = |i: usize, n: usize| i.min(n - 1 - i);
        let shape = [6, 20, 9];
        let at = |i: usize| [i / 180, i / 9 % 20, i % 9];
        let along = |axis: usize, sign: i64| -> Vec<i64> {
            let value = |i: usize| {
                let mut place = at(i);
                let turned = place[axis] > shape[axis] - 1 - place[axis];
                place[axis] = fold(place[axis], shape[axis]);
                noise((place[0] * 20 + place[1]) * 9 + place[2]) * if turned { sign } else { 1 }
            };
            (0..1080).map(value).collect()
        };
        let found = |ranks: &[i64]| find(&shape, &|i| ranks[i] as f64);
        for (axis, back) in [(0, 2), (1, 1), (2, 0)] {
            assert_eq!(found(&along(axis, 1)), [Mirror { axis: back, negated: false }]);
            assert_eq!(found(&along(axis, -1)), [Mirror { axis: back, negated: true }]);
        }
        let plain: Vec<i64> = (0..1080).map(noise).collect();
        assert!(found(&plain).is_empty() && found(&[5; 1080]).is_empty());
    }
}
