//! Interpolation between ever finer grids in a closed loop, over any subset of the axes.
//!
//! Level `l` has stride `2^l`. Its points fall into classes by the axes along which their coordinate is an odd multiple
//! of the stride, those with fewer odd axes first, so that a point finds its neighbours along each odd axis known. Every
//! class is an array of its own: whatever the stride, rows are contiguous.

use super::band::Band;
use super::context::{Around, KINDS};
use super::field::{Field, RANK};
use super::lane::{Lane, Quantiser};
use super::level::{Classes, Grid, LAST, Level};
use super::predict::{CUBIC, LINEAR, Predict, Taps, continue_row, weights};
use super::side::{Outlook, Place, Side};
use super::tokens::padded;
use crate::shared::multilevel::TIGHTENING;
use crate::shared::simd;

/// Rows that are worked on together take so much, or are alone.
const STRIP: usize = 2048;
/// The kind of the coarsest points.
const ANCHORS: u8 = KINDS - 2;

/// How points are predicted from coarser grids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pyramid {
    /// Axes that every level halves, a bit for each.
    pub axes: u8,
    /// From two neighbours along each axis, not four.
    pub linear: bool,
    /// How much tighter coarse levels are kept: an index into [`TIGHTENING`].
    pub tightening: usize,
}

/// The kind of the points of a class.
fn kind(level: u32, odd: usize) -> u8 {
    let axes = odd.count_ones() as u8;
    match level {
        0 => axes.min(3) - 1,
        1 => 2 + axes.min(2),
        _ => 5,
    }
}

impl Pyramid {
    /// How many points of each kind `field` has.
    pub fn points(&self, field: &Field) -> [usize; KINDS as usize] {
        let mut points = [0; KINDS as usize];
        let levels = self.levels(field);
        points[usize::from(ANCHORS)] = self.grid(field, levels).shape.iter().product();
        for grid in (0..levels).map(|level| self.grid(field, level)) {
            for odd in grid.classes() {
                points[usize::from(kind(grid.level, odd))] += grid.counts(odd).iter().product::<usize>();
            }
        }
        points
    }

    /// Levels above which one point along each axis is left.
    fn levels(&self, field: &Field) -> u32 {
        let longest =
            (0..RANK).filter(|axis| self.axes >> axis & 1 == 1).map(|axis| field.shape[axis]).max().unwrap_or(1);
        usize::BITS - (longest.max(1) - 1).leading_zeros()
    }

    fn grid(&self, field: &Field, level: u32) -> Grid {
        let is_chosen = |axis: usize| self.axes >> axis & 1 == 1;
        let length =
            |axis: usize| if is_chosen(axis) { field.shape[axis].div_ceil(1 << level) } else { field.shape[axis] };
        let shape = std::array::from_fn(length);
        Grid { level, shape, halved: std::array::from_fn(|axis| is_chosen(axis) && shape[axis] > 1) }
    }

    /// Codes all values of `field`, which is in C order, and returns what is known then.
    pub fn run<R: Lane, S: Side<R>>(&self, field: &Field, step: f64, bound: f64, side: &mut S) -> Level<R> {
        let levels = self.levels(field);
        let (growth, limit) = TIGHTENING[self.tightening];
        let mut factors = vec![1.0f64];
        for level in 0..levels as usize {
            factors.push((factors[level] * growth).min(limit));
        }
        let quantiser = |level: u32| Quantiser::<R>::new(step / factors[level as usize], bound);
        let top = self.grid(field, levels);
        let mut known = Level { grid: top, classes: vec![Some(anchors(field, &top, &quantiser(levels), side))] };
        for level in (0..levels).rev() {
            let grid = self.grid(field, level);
            let mut walk =
                Walk { field, grid, linear: self.linear, quantiser: quantiser(level), prediction: Vec::new() };
            known = Level { grid, classes: walk.classes(known.merge(), side) };
        }
        known
    }
}

/// Codes the coarsest points.
fn anchors<R: Lane, S: Side<R>>(field: &Field, grid: &Grid, quantiser: &Quantiser<R>, side: &mut S) -> Band<R> {
    let mut band = Band::new(grid.shape);
    let len = band.len();
    Band::<R>::places(grid.shape, |at| {
        let (row, place) = (band.row(at), place(field, grid, 0, at, Place::row(len)));
        let above = (0..LAST).rev().find_map(|axis| band.before(at, axis));
        let (known, values) = band.values.split_at_mut(row);
        let (sizes_before, sizes) = band.sizes.split_at_mut(row);
        let mut around = Around::new();
        if let Some(above) = above {
            around.look(&sizes_before[above..], 1);
        }
        let outlook = &mut Outlook { kind: ANCHORS, around };
        let above = above.map(|above| &known[above..]);
        let fill = padded(len);
        side.chain(place, outlook, quantiser, above, &mut values[..fill], &mut sizes[..fill]);
    });
    band
}

/// Where the first of some rows of a class stands among all values, and the others; `odd` are the class's odd axes.
fn place(field: &Field, grid: &Grid, odd: usize, at: [usize; LAST], rows: Place) -> Place {
    let mut place = rows;
    for axis in 0..RANK {
        let (mut start, mut spacing) = (0, 1);
        if field.shape[axis] != grid.shape[axis] || grid.halved[axis] {
            spacing = 1 << grid.level;
            if grid.halved[axis] {
                start = if odd >> axis & 1 == 1 { spacing } else { 0 };
                spacing *= 2;
            }
        }
        place.base += start * field.strides[axis];
        match at.get(axis) {
            None => place.step = spacing * field.strides[axis],
            Some(at) => place.base += at * spacing * field.strides[axis],
        }
        if axis == LAST - 1 {
            place.stride = spacing * field.strides[axis];
        }
    }
    place
}

/// The class that one with these `odd` axes is predicted from along `axis`.
fn source<R>(classes: &Classes<R>, odd: usize, axis: usize) -> Option<&Band<R>> {
    classes[odd ^ (1 << axis)].as_ref()
}

/// The work on one level.
struct Walk<'a, R> {
    field: &'a Field,
    grid: Grid,
    linear: bool,
    quantiser: Quantiser<R>,
    prediction: Vec<R>,
}

impl<R: Lane> Walk<'_, R> {
    /// Codes all classes of the level above which `coarse` is known.
    fn classes<S: Side<R>>(&mut self, coarse: Band<R>, side: &mut S) -> Classes<R> {
        let mut classes: Classes<R> = (0..1 << RANK).map(|_| None).collect();
        classes[0] = Some(self.continued(coarse, 0));
        for odd in self.grid.classes() {
            let band = self.class(&classes, odd, side);
            classes[odd] = Some(self.continued(band, odd));
        }
        classes
    }

    /// Continues the rows of a class that others are predicted from along them.
    fn continued(&self, mut band: Band<R>, odd: usize) -> Band<R> {
        if self.grid.halved[LAST] && odd >> LAST & 1 == 0 {
            let goes_on = self.grid.shape[LAST].is_multiple_of(2);
            let len = band.len();
            Band::<R>::places(band.counts, |at| {
                let row = band.row(at);
                continue_row(&mut band.values, row, len, goes_on);
            });
        }
        band
    }

    fn class<S: Side<R>>(&mut self, classes: &Classes<R>, odd: usize, side: &mut S) -> Band<R> {
        let counts = self.grid.counts(odd);
        let longest = if self.grid.halved[LAST] { self.grid.shape[LAST].div_ceil(2) } else { counts[LAST] };
        let mut band = Band::with_rows_of(longest, counts);
        for first in 0..counts[0] {
            for second in 0..counts[1] {
                let mut third = 0;
                while third < counts[2] {
                    let at = [first, second, third];
                    let rows = self.alike(classes, odd, at, &band);
                    self.strip(classes, odd, at, rows, &mut band, side);
                    third += rows;
                }
            }
        }
        band
    }

    /// How many rows from the one `at` on are predicted in the same way, and are few enough.
    fn alike(&self, classes: &Classes<R>, odd: usize, at: [usize; LAST], band: &Band<R>) -> usize {
        let axis = LAST - 1;
        let most = (band.counts[axis] - at[axis]).min((STRIP / band.pitch).max(1));
        match source(classes, odd, axis) {
            Some(source) if odd >> axis & 1 == 1 => {
                let of = |row: usize| weights(self.linear, row, source.counts[axis]);
                (1..most).find(|rows| of(at[axis] + rows) != of(at[axis])).unwrap_or(most)
            }
            _ => most,
        }
    }

    /// Codes `rows` rows of a class.
    fn strip<S: Side<R>>(
        &mut self,
        classes: &Classes<R>,
        odd: usize,
        at: [usize; LAST],
        rows: usize,
        band: &mut Band<R>,
        side: &mut S,
    ) {
        let place = place(self.field, &self.grid, odd, at, Place { rows, pitch: band.pitch, ..Place::row(band.len()) });
        let lanes = place.lanes();
        self.predict(classes, odd, at, lanes);
        let (start, back) = (band.row(at), band.before(at, 1));
        let (before, sizes) = band.sizes.split_at_mut(start);
        let mut around = Around::new();
        if let Some(back) = back {
            around.look(&before[back..], 2);
        }
        parents(classes, odd, at, &mut around);
        let kind = kind(self.grid.level, odd);
        let values = &mut band.values[start..start + lanes];
        let outlook = &mut Outlook { kind, around };
        side.rows(place, outlook, &self.quantiser, &self.prediction[..lanes], values, &mut sizes[..lanes]);
    }

    /// Predicts rows of a class that are predicted alike.
    fn predict(&mut self, classes: &Classes<R>, odd: usize, at: [usize; LAST], lanes: usize) {
        let is_odd = |axis: &usize| odd >> axis & 1 == 1;
        let across = (0..LAST).filter(is_odd).filter_map(|axis| Some((axis, source(classes, odd, axis)?)));
        let two_sided = |&(axis, band): &(usize, &Band<R>)| at[axis] + 1 < band.counts[axis];
        let along = source(classes, odd, LAST).filter(|_| is_odd(&LAST));
        // Axes with a neighbour on one side only stand back where another has two.
        let complete = across.clone().filter(two_sided).count() + usize::from(along.is_some());
        let used = if complete > 0 { complete } else { across.clone().count() };
        let share = 1.0 / used.max(1) as f64;
        let mut taps = Taps::new();
        for (axis, band) in across.filter(|source| complete == 0 || two_sided(source)) {
            let weights = weights(self.linear, at[axis], band.counts[axis]);
            for (offset, weight) in weights.into_iter().enumerate().filter(|tap| tap.1 != 0.0) {
                let mut from = at;
                from[axis] = at[axis] + offset - 1;
                taps.add(&band.values[band.row(from)..], weight * share);
            }
        }
        if let Some(band) = along {
            let weights = if self.linear { LINEAR } else { CUBIC };
            for (offset, weight) in weights.into_iter().enumerate().filter(|tap| tap.1 != 0.0) {
                taps.add(&band.values[band.row(at) + offset - 1..], weight * share);
            }
        }
        self.prediction.resize(lanes.max(self.prediction.len()), R::default());
        simd::run(Predict { taps: &taps, prediction: &mut self.prediction[..lanes] });
    }
}

/// Looks at the points that rows are predicted from.
fn parents<'a, R: Lane>(classes: &'a Classes<R>, odd: usize, at: [usize; LAST], around: &mut Around<'a>) {
    let weight = [0, 5, 3, 2, 1][odd.count_ones() as usize];
    for axis in (0..RANK).filter(|axis| odd >> axis & 1 == 1) {
        let Some(band) = source(classes, odd, axis) else { continue };
        let row = band.row(at);
        around.look(&band.sizes[row..], weight);
        if axis == LAST {
            around.look(&band.sizes[row + 1..], weight);
        } else if at[axis] + 1 < band.counts[axis] {
            let mut next = at;
            next[axis] += 1;
            around.look(&band.sizes[band.row(next)..], weight);
        }
    }
}
