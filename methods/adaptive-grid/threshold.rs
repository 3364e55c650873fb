//! The grid of the seed: residuals above a threshold are kept as they are, the others dropped.
//!
//! A level is predicted from the next coarser grid alone, by the same rule along every axis (the tensor product of
//! the one-dimensional rules), as in jenkspt/xtensor. In the open loop the encoder predicts from the original values
//! and the decoder from its own, so that errors add up over the levels; in the closed loop both predict from what the
//! decoder has, a kept point comes back exactly, and no error exceeds the threshold.

use crate::api::Element;
use crate::shared::multilevel::{Class, Grid, Row, Rule, Sample, predict_from_coarse};

/// Which residuals are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Keep {
    /// Those whose magnitude is above this.
    Above(f64),
    /// All that are not zero, to the bit.
    Different,
}

/// A point that the decoder reaches: how it is told what was kept.
pub(super) trait Source<T: Sample> {
    /// Before the points of a row.
    fn enter(&mut self, grid: &Grid, row: &Row<'_>);
    /// The residual kept at the element `index`, point `i` of its row, if one was (open loop).
    fn residual(&mut self, i: usize, index: usize) -> Option<T::Residual>;
    /// The value kept there, if one was (closed loop).
    fn value(&mut self, i: usize, index: usize) -> Option<T>;
}

/// What an encoder is handed, in coding order.
pub(super) trait Sink<T: Sample> {
    /// Before the points of a row.
    fn enter(&mut self, grid: &Grid, row: &Row<'_>);
    /// Point `i` of the row, the element `index`: the residual to keep, if any (open loop).
    fn residual(&mut self, i: usize, index: usize, kept: Option<T::Residual>);
    /// The same for the closed loop: the value to keep.
    fn value(&mut self, i: usize, index: usize, kept: Option<T>);
}

/// Calls `visit` for the rows of all levels, coarse to fine, with their predictions from `data` as it then is.
fn walk<T: Sample>(data: &mut [T], grid: &Grid, rule: Rule, mut visit: impl FnMut(&mut [T], &Row<'_>, &[f64])) {
    let mut prediction = Vec::new();
    for level in (0..grid.levels).rev() {
        for class in grid.classes(level) {
            prediction.resize(class.count[grid.row_axis], 0.0);
            grid.rows(&class, |row| {
                predict_from_coarse(grid, rule, row, data, &mut prediction);
                visit(data, row, &prediction);
            });
        }
    }
}

/// The anchors' values in C order.
pub(super) fn anchors<T: Sample>(data: &[T], grid: &Grid) -> Vec<T> {
    let mut values = Vec::new();
    grid.rows(&grid.anchors(), |row| values.extend((0..row.len).map(|i| data[row.base + i * row.step])));
    values
}

/// Number of anchors.
pub(super) fn anchor_count(grid: &Grid) -> usize {
    let Class { count, .. } = grid.anchors();
    count.iter().product()
}

/// Puts the anchors into `data`.
pub(super) fn set_anchors<T: Sample>(data: &mut [T], grid: &Grid, mut values: impl Iterator<Item = T>) {
    grid.rows(&grid.anchors(), |row| {
        for i in 0..row.len {
            data[row.base + i * row.step] = values.next().unwrap_or_default();
        }
    });
}

/// The open loop's encoder. `data` stays as it is.
pub(super) fn encode_open<T: Sample>(data: &mut [T], grid: &Grid, rule: Rule, keep: Keep, sink: &mut impl Sink<T>) {
    walk(data, grid, rule, |data, row, prediction| {
        sink.enter(grid, row);
        for (i, &prediction) in prediction.iter().enumerate() {
            let index = row.base + i * row.step;
            let settled = T::restore(T::settle(prediction));
            let residual = T::Residual::from_f64(data[index].to_f64() - settled.to_f64());
            let kept = match keep {
                // The threshold in the type of the data: in the seed, both sides are of that type.
                // What is not finite is kept.
                Keep::Above(eps) => !T::Residual::from_f64(0.0).within(residual, T::Residual::from_f64(eps).to_f64()),
                Keep::Different => residual.to_bits() != 0,
            };
            sink.residual(i, index, kept.then_some(residual));
        }
    });
}

/// The open loop's decoder. `data` holds the anchors.
pub(super) fn decode_open<T: Sample>(data: &mut [T], grid: &Grid, rule: Rule, source: &mut impl Source<T>) {
    walk(data, grid, rule, |data, row, prediction| {
        source.enter(grid, row);
        for (i, &prediction) in prediction.iter().enumerate() {
            let index = row.base + i * row.step;
            let settled = T::restore(T::settle(prediction));
            data[index] = match source.residual(i, index) {
                Some(residual) => T::restore(settled.to_f64() + residual.to_f64()),
                None => settled,
            };
        }
    });
}

/// The closed loop's encoder: `data` becomes what the decoder will see.
pub(super) fn encode_closed<T: Sample>(data: &mut [T], grid: &Grid, rule: Rule, keep: Keep, sink: &mut impl Sink<T>) {
    walk(data, grid, rule, |data, row, prediction| {
        sink.enter(grid, row);
        for (i, &prediction) in prediction.iter().enumerate() {
            let index = row.base + i * row.step;
            let (value, settled) = (data[index], T::restore(T::settle(prediction)));
            let kept = match keep {
                Keep::Above(eps) => !settled.within(value, eps),
                Keep::Different => settled.to_bits() != value.to_bits(),
            };
            sink.value(i, index, kept.then_some(value));
            data[index] = if kept { value } else { settled };
        }
    });
}

/// The closed loop's decoder. `data` holds the anchors.
pub(super) fn decode_closed<T: Sample>(data: &mut [T], grid: &Grid, rule: Rule, source: &mut impl Source<T>) {
    walk(data, grid, rule, |data, row, prediction| {
        source.enter(grid, row);
        for (i, &prediction) in prediction.iter().enumerate() {
            let index = row.base + i * row.step;
            data[index] = source.value(i, index).unwrap_or_else(|| T::restore(T::settle(prediction)));
        }
    });
}
