//! Prediction of a row from neighbours that are known.

use super::grid::{Class, Grid, Row};
use super::quantiser::{Quantiser, Sample};

/// How points are predicted from the next coarser grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The coarser point at or before, along every axis.
    NearestLeft,
    /// The coarser point at or behind, along every axis; at the far edge the last one.
    NearestRight,
    /// The mean of the two neighbours, averaged over the odd axes.
    Linear,
    /// Four points, weights -1 9 9 -1 over 16 (three or two near edges), averaged over the odd axes.
    Cubic,
}

/// Points and weights along one axis; offsets in units of the level's stride.
type Taps = &'static [(i8, f64)];

const LEFT: Taps = &[(-1, 1.0)];
const RIGHT: Taps = &[(1, 1.0)];
const LINEAR: Taps = &[(-1, 0.5), (1, 0.5)];
const CUBIC: Taps = &[(-3, -0.0625), (-1, 0.5625), (1, 0.5625), (3, -0.0625)];
/// Parabola through the three points that exist.
const AT_LEFT: Taps = &[(-1, 0.375), (1, 0.75), (3, -0.125)];
const AT_RIGHT: Taps = &[(-3, -0.125), (-1, 0.75), (1, 0.375)];
/// A straight line through the last two points.
const BEYOND: Taps = &[(-3, -0.5), (-1, 1.5)];

/// The points to use `at` a coordinate of an axis of `length`, with `stride` between the grids.
///
/// Where nothing follows, `beyond` replaces the rule, if there are two points before.
fn taps(rule: Rule, beyond: Taps, at: usize, stride: usize, length: usize) -> Taps {
    let (far_left, right, far_right) = (at >= 3 * stride, at + stride < length, at + 3 * stride < length);
    match (rule, right) {
        (Rule::NearestLeft, _) | (Rule::NearestRight, false) => LEFT,
        (Rule::NearestRight, true) => RIGHT,
        (Rule::Linear, true) => LINEAR,
        (Rule::Cubic, true) => match (far_left, far_right) {
            (true, true) => CUBIC,
            (false, true) => AT_LEFT,
            (true, false) => AT_RIGHT,
            (false, false) => LINEAR,
        },
        (Rule::Linear | Rule::Cubic, false) if far_left => beyond,
        (Rule::Linear | Rule::Cubic, false) => LEFT,
    }
}

/// Predicts the points of `row` from `data` into `prediction`, one number per point.
pub fn predict<T: Sample>(grid: &Grid, rule: Rule, row: &Row<'_>, data: &[T], prediction: &mut [f64]) {
    prediction.fill(0.0);
    if matches!(rule, Rule::NearestLeft | Rule::NearestRight) {
        return nearest(grid, rule, row, data, prediction);
    }
    let stride = row.class.stride;
    let two_sided = |axis: &&usize| row.coordinate[**axis] + stride < grid.shape[**axis];
    let across = || row.class.odd.iter().filter(|axis| **axis != grid.row_axis);
    let along = row.class.odd.contains(&grid.row_axis);
    // Axes with a neighbour on one side only stand back where another has two.
    let complete = across().filter(two_sided).count() + usize::from(along);
    let used = if complete > 0 { complete } else { across().count() };
    let share = 1.0 / used as f64;
    for &axis in across().filter(|axis| complete == 0 || two_sided(axis)) {
        let taps = taps(rule, BEYOND, row.coordinate[axis], stride, grid.shape[axis]);
        add(taps, stride * grid.strides[axis], share, row.base, row.step, data, prediction);
    }
    if along {
        add_along(grid, rule, BEYOND, row, share, data, prediction);
    }
}

/// Predicts the points of `row` from the next coarser grid alone: the rule along every odd axis, one after the other.
/// Linear repeats the last point at the far edge, as the seed does.
pub fn predict_from_coarse<T: Sample>(grid: &Grid, rule: Rule, row: &Row<'_>, data: &[T], prediction: &mut [f64]) {
    prediction.fill(0.0);
    if matches!(rule, Rule::NearestLeft | Rule::NearestRight) {
        return nearest(grid, rule, row, data, prediction);
    }
    let stride = row.class.stride;
    let beyond = if rule == Rule::Linear { LEFT } else { BEYOND };
    let mut corners = vec![(row.base, 1.0)];
    for &axis in row.class.odd.iter().filter(|axis| **axis != grid.row_axis) {
        let taps = taps(rule, beyond, row.coordinate[axis], stride, grid.shape[axis]);
        let unit = (stride * grid.strides[axis]) as isize;
        let spread = |&(base, weight): &(usize, f64)| {
            taps.iter()
                .map(move |&(offset, share)| (base.wrapping_add_signed(isize::from(offset) * unit), weight * share))
        };
        corners = corners.iter().flat_map(spread).collect();
    }
    let along = row.class.odd.contains(&grid.row_axis);
    for (base, weight) in corners {
        if along {
            add_along(grid, rule, beyond, &Row { base, ..row.clone() }, weight, data, prediction);
        } else {
            add(&[(0, 1.0)], 0, weight, base, row.step, data, prediction);
        }
    }
}

/// The part along the row axis, where points near the two ends have fewer neighbours.
fn add_along<T: Sample>(
    grid: &Grid,
    rule: Rule,
    beyond: Taps,
    row: &Row<'_>,
    share: f64,
    data: &[T],
    prediction: &mut [f64],
) {
    let (stride, length) = (row.class.stride, grid.shape[grid.row_axis]);
    let unit = stride * grid.strides[grid.row_axis];
    let (first, reach) = if rule == Rule::Cubic { (1, 3) } else { (0, 1) };
    // Point i has the coordinate (2i + 1) stride: the last one whose right neighbours all exist.
    let last = (((length - 1) / stride).saturating_sub(reach - 1) / 2).clamp(first, row.len.max(first));
    for i in (0..first.min(row.len)).chain(last..row.len) {
        let taps = taps(rule, beyond, (2 * i + 1) * stride, stride, length);
        add(taps, unit, share, row.base + i * row.step, row.step, data, &mut prediction[i..=i]);
    }
    if first < last {
        let taps = if rule == Rule::Cubic { CUBIC } else { LINEAR };
        add(taps, unit, share, row.base + first * row.step, row.step, data, &mut prediction[first..last]);
    }
}

fn nearest<T: Sample>(grid: &Grid, rule: Rule, row: &Row<'_>, data: &[T], prediction: &mut [f64]) {
    let stride = row.class.stride;
    let mut base = row.base;
    for &axis in row.class.odd.iter().filter(|axis| **axis != grid.row_axis) {
        let offset = stride * grid.strides[axis];
        let right = rule == Rule::NearestRight && row.coordinate[axis] + stride < grid.shape[axis];
        base = if right { base + offset } else { base - offset };
    }
    if !row.class.odd.contains(&grid.row_axis) {
        return add(&[(0, 1.0)], 0, 1.0, base, row.step, data, prediction);
    }
    let unit = stride * grid.strides[grid.row_axis];
    let length = grid.shape[grid.row_axis];
    let right = (0..row.len).take_while(|&i| rule == Rule::NearestRight && (2 * i + 2) * stride < length).count();
    add(RIGHT, unit, 1.0, base, row.step, data, &mut prediction[..right]);
    add(LEFT, unit, 1.0, base + right * row.step, row.step, data, &mut prediction[right..]);
}

/// Adds `share` of the weighted sum of the taps to each point's prediction.
fn add<T: Sample>(taps: Taps, unit: usize, share: f64, base: usize, step: usize, data: &[T], prediction: &mut [f64]) {
    match step {
        1 => add_every::<T, 1>(taps, unit, share, base, step, data, prediction),
        2 => add_every::<T, 2>(taps, unit, share, base, step, data, prediction),
        _ => add_every::<T, 0>(taps, unit, share, base, step, data, prediction),
    }
}

/// `STEP` is `step` where that is known to the compiler, else 0.
fn add_every<T: Sample, const STEP: usize>(
    taps: Taps,
    unit: usize,
    share: f64,
    base: usize,
    step: usize,
    data: &[T],
    prediction: &mut [f64],
) {
    let step = if STEP == 0 { step } else { STEP };
    let Some(last) = prediction.len().checked_sub(1) else { return };
    let points = |tap: usize| {
        let (offset, weight) = taps[tap];
        let start = base.wrapping_add_signed(isize::from(offset) * unit as isize);
        (&data[start..=start + last * step], weight)
    };
    match taps.len() {
        4 => {
            let ((a, outer), (b, inner), (c, _), (d, _)) = (points(0), points(1), points(2), points(3));
            for (i, sum) in prediction.iter_mut().enumerate() {
                let near = (b[i * step].to_f64() + c[i * step].to_f64()) * inner;
                let far = (a[i * step].to_f64() + d[i * step].to_f64()) * outer;
                *sum += (near + far) * share;
            }
        }
        2 => {
            let ((a, left), (b, right)) = (points(0), points(1));
            for (i, sum) in prediction.iter_mut().enumerate() {
                *sum += (a[i * step].to_f64() * left + b[i * step].to_f64() * right) * share;
            }
        }
        _ => {
            for tap in 0..taps.len() {
                let (a, weight) = points(tap);
                for (i, sum) in prediction.iter_mut().enumerate() {
                    *sum += a[i * step].to_f64() * weight * share;
                }
            }
        }
    }
}

/// Compares cubic with linear on some rows of a level, along single axes, where the neighbours are known already.
pub fn better_rule<T: Sample>(data: &[T], grid: &Grid, classes: &[Class], quantiser: &Quantiser) -> Rule {
    let mut prediction = Vec::new();
    let mut costs = [0u64; 2];
    for class in classes.iter().filter(|class| class.odd.len() == 1) {
        prediction.resize(class.count[grid.row_axis], 0.0);
        let rows = class.count.iter().product::<usize>() / prediction.len().max(1);
        let (every, mut number) = (rows.div_ceil(64), 0);
        grid.rows(class, |row| {
            number += 1;
            if number % every != 0 {
                return;
            }
            for (cost, rule) in costs.iter_mut().zip([Rule::Linear, Rule::Cubic]) {
                predict(grid, rule, row, data, &mut prediction);
                let bits = |(i, &prediction): (usize, &f64)| quantiser.cost(data[row.base + i * row.step], prediction);
                *cost += prediction.iter().enumerate().map(|point| u64::from(bits(point))).sum::<u64>();
            }
        });
    }
    if costs[0] < costs[1] { Rule::Linear } else { Rule::Cubic }
}
