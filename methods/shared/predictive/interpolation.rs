//! Multilevel interpolation in a closed loop: the walk that encodes, decodes and estimates.

use super::around::{Around, Spot, slope_of};
use super::symbols::Symbols;
use crate::shared::multilevel::{
    Class, Errors, Feedback, Grid, Quantiser, Row, Rule, SHARE_BITS, Sample, better_rule, predict,
};

/// The state of a walk.
struct Walk<'a, T, S> {
    data: &'a mut [T],
    grid: &'a Grid,
    symbols: &'a mut S,
    around: Around,
    prediction: Vec<f64>,
    offsets: [Vec<(isize, u32)>; 2],
}

/// Runs over `data`, which becomes what a decoder has. `quantisers` are those of the levels, finest first, and of the
/// anchors.
pub(super) fn run<T: Sample, S: Symbols<T>>(data: &mut [T], grid: &Grid, quantisers: &[Quantiser], symbols: &mut S) {
    let around = Around::new(data.len());
    let mut walk = Walk { data, grid, symbols, around, prediction: Vec::new(), offsets: Default::default() };
    let (anchors, top) = (grid.anchors(), &quantisers[grid.levels as usize]);
    walk.class(&anchors, None, top, grid.levels);
    for level in (0..grid.levels).rev() {
        let (classes, quantiser) = (grid.classes(level), &quantisers[level as usize]);
        let knows = walk.symbols.knows();
        let linear = knows && better_rule(walk.data, grid, &classes, quantiser) == Rule::Linear;
        let rule = if walk.symbols.state(u64::from(linear), 1) == 1 { Rule::Linear } else { Rule::Cubic };
        for class in &classes {
            walk.class(class, Some(rule), quantiser, level);
        }
    }
}

impl<T: Sample, S: Symbols<T>> Walk<'_, T, S> {
    /// Codes the points of a class; anchors have no rule, and nothing to be predicted from but each other.
    fn class(&mut self, class: &Class, rule: Option<Rule>, quantiser: &Quantiser, level: u32) {
        let feedback = self.feedback(class, rule, quantiser);
        let (grid, mut errors) = (self.grid, Errors::default());
        let mut prediction = std::mem::take(&mut self.prediction);
        prediction.clear();
        prediction.resize(class.count.get(grid.row_axis).copied().unwrap_or(1), 0.0);
        grid.rows(class, |row| {
            if let Some(rule) = rule {
                predict(grid, rule, row, self.data, &mut prediction);
            }
            self.row(row, &prediction, feedback, &mut errors, quantiser, level);
        });
        self.prediction = prediction;
    }

    /// How errors are fed back in a class: estimated and stated, or read.
    fn feedback(&mut self, class: &Class, rule: Option<Rule>, quantiser: &Quantiser) -> Feedback {
        let (grid, count) = (self.grid, class.count.iter().product::<usize>());
        if count < 64 {
            // A few values tell nothing about their likeness: anchors are taken to be alike, errors not to be.
            return if rule.is_none() { Feedback::LORENZO } else { Feedback::default() };
        }
        let found = if self.symbols.knows() {
            Feedback::estimate(grid, class, self.data, quantiser, |row, prediction| match rule {
                Some(rule) => predict(grid, rule, row, self.data, prediction),
                None => prediction.fill(0.0),
            })
        } else {
            Feedback::default()
        };
        if self.symbols.state(u64::from(!found.is_none()), 1) == 0 {
            return Feedback::default();
        }
        let mut number = |share: u8| self.symbols.state(u64::from(share), SHARE_BITS) as u8;
        Feedback { x: number(found.x), y: number(found.y) }
    }

    fn row(
        &mut self,
        row: &Row<'_>,
        prediction: &[f64],
        feedback: Feedback,
        errors: &mut Errors,
        quantiser: &Quantiser,
        level: u32,
    ) {
        neighbours(self.grid, row, &mut self.offsets);
        let kind = row.class.odd.len().min(3) as u8;
        let spot =
            Spot { kind, level: level.min(255) as u8, place: [0, place(self.grid, row)], tilt: 2, ..Spot::default() };
        self.around.enter([row.base, row.step, row.len], &self.offsets[0], &self.offsets[1], spot);
        let mut code = |i: usize, corrected: f64| {
            let index = row.base + i * row.step;
            let next = prediction[(i + 1).min(prediction.len() - 1)];
            let slope = slope_of(next - prediction[i.saturating_sub(1)], quantiser);
            let spot = Spot { slope, ..self.around.spot(i) };
            let (symbol, value) = self.symbols.code(self.data[index], corrected, quantiser, &spot);
            self.data[index] = value;
            self.around.note(index, symbol);
            value.to_f64()
        };
        if feedback.is_none() {
            for (i, &prediction) in prediction.iter().enumerate() {
                code(i, prediction);
            }
        } else {
            feedback.along(self.grid, row, prediction, errors, code);
        }
    }
}

/// Where a row lies along the longest of the other axes, 0 to 31.
fn place(grid: &Grid, row: &Row<'_>) -> u8 {
    let others = (0..grid.shape.len()).filter(|&axis| axis != grid.row_axis);
    let longest = others.max_by_key(|&axis| grid.shape[axis]);
    longest.map_or(0, |axis| (row.coordinate[axis] * 32 / grid.shape[axis]) as u8)
}

/// Points coded before a row, and their weights: in rows of its class before it, and in coarser classes around.
fn neighbours(grid: &Grid, row: &Row<'_>, [across, around]: &mut [Vec<(isize, u32)>; 2]) {
    let class = row.class;
    let before =
        (0..grid.shape.len()).rev().filter(|&axis| axis != grid.row_axis && row.coordinate[axis] > class.start[axis]);
    let offset = |axis: usize| -((class.step[axis] * grid.strides[axis]) as isize);
    across.clear();
    across.extend(before.zip([6, 4]).map(|(axis, weight)| (offset(axis), weight)));
    around.clear();
    for &axis in &class.odd {
        let offset = (class.stride * grid.strides[axis]) as isize;
        around.push((-offset, 1));
        if axis == grid.row_axis || row.coordinate[axis] + class.stride < grid.shape[axis] {
            around.push((offset, 1));
        }
    }
}
