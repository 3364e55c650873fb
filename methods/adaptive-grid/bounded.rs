//! The closed loop: every point is predicted from reconstructed ones, and its quantised residual coded.

use super::context::{Contexts, Detail};
use super::grid::{Class, Grid, Row};
use super::interpolate::{Rule, predict};
use super::sample::{ESCAPE, Quantiser, Sample};

/// Quantisers of the levels, finest first; the anchors take the last.
pub(super) type Quantisers = Vec<Quantiser>;

/// What the encoder produced.
#[derive(Debug, Default)]
pub(super) struct Stream<T> {
    /// Residuals in steps, [`ESCAPE`] where the value itself is in `escaped`.
    pub symbols: Vec<i32>,
    /// The context of each symbol.
    pub contexts: Vec<u8>,
    /// Values that no residual keeps within the bound, in order.
    pub escaped: Vec<T>,
    /// The rule each level was predicted with, finest first.
    pub rules: Vec<Rule>,
}

/// What encoder and decoder do with one point: given its index, context and prediction, say its symbol and value.
trait Coder<T> {
    fn code(&mut self, current: T, context: u8, prediction: f64, quantiser: &Quantiser) -> (i32, T);
}

/// Encodes `data`, which is overwritten with what the decoder will see. `rule` is the predictor of every level;
/// cubic stands for the better of cubic and linear.
pub(super) fn encode<T: Sample>(
    data: &mut [T],
    grid: &Grid,
    rule: Rule,
    quantisers: &Quantisers,
    detail: Detail,
) -> Stream<T> {
    let mut stream = Stream {
        symbols: Vec::with_capacity(data.len()),
        contexts: Vec::with_capacity(data.len()),
        escaped: Vec::new(),
        rules: vec![rule; grid.levels as usize],
    };
    let mut contexts = Contexts::new(data.len(), detail);
    code_anchors(data, grid, &quantisers[grid.levels as usize], &mut contexts, &mut stream);
    for level in (0..grid.levels).rev() {
        let quantiser = &quantisers[level as usize];
        let classes = grid.classes(level);
        if rule == Rule::Cubic {
            stream.rules[level as usize] = better_rule(data, grid, &classes, quantiser);
        }
        let rule = stream.rules[level as usize];
        code_level(data, grid, &classes, rule, quantiser, &mut contexts, &mut stream);
    }
    stream
}

impl<T: Sample> Coder<T> for Stream<T> {
    #[inline(always)]
    fn code(&mut self, current: T, context: u8, prediction: f64, quantiser: &Quantiser) -> (i32, T) {
        let (symbol, restored) = quantiser.quantise(current, prediction);
        self.symbols.push(symbol);
        self.contexts.push(context);
        if symbol == ESCAPE {
            self.escaped.push(current);
        }
        (symbol, restored)
    }
}

/// The decoder's side: symbols from `next`, values that escaped from `escaped`.
pub(super) struct Source<'a, T, F> {
    pub next: F,
    pub escaped: std::slice::Iter<'a, T>,
    /// Whether an escape found no value left.
    pub missed: bool,
}

impl<T: Sample, F: FnMut(u8) -> i32> Coder<T> for Source<'_, T, F> {
    #[inline(always)]
    fn code(&mut self, _: T, context: u8, prediction: f64, quantiser: &Quantiser) -> (i32, T) {
        let symbol = (self.next)(context);
        if symbol != ESCAPE {
            return (symbol, quantiser.restore(symbol, prediction));
        }
        let value = self.escaped.next();
        self.missed |= value.is_none();
        (symbol, value.copied().unwrap_or_default())
    }
}

/// Decodes into `data`. `rules` has a rule for every level, finest first.
pub(super) fn decode<T: Sample, F: FnMut(u8) -> i32>(
    data: &mut [T],
    grid: &Grid,
    rules: &[Rule],
    quantisers: &Quantisers,
    detail: Detail,
    source: &mut Source<'_, T, F>,
) {
    let mut contexts = Contexts::new(data.len(), detail);
    code_anchors(data, grid, &quantisers[grid.levels as usize], &mut contexts, source);
    for level in (0..grid.levels).rev() {
        let (rule, quantiser) = (rules[level as usize], &quantisers[level as usize]);
        code_level(data, grid, &grid.classes(level), rule, quantiser, &mut contexts, source);
    }
}

/// Anchors are predicted by the one before in their row, or by the first of the row before.
fn code_anchors<T: Sample>(
    data: &mut [T],
    grid: &Grid,
    quantiser: &Quantiser,
    contexts: &mut Contexts,
    coder: &mut impl Coder<T>,
) {
    let mut row_before = T::default();
    grid.rows(&grid.anchors(), |row| {
        let mut trail = contexts.enter(grid, row);
        let mut before = row_before;
        for i in 0..row.len {
            let index = row.base + i * row.step;
            let (symbol, value) = coder.code(data[index], contexts.of(i, trail), before.to_f64(), quantiser);
            data[index] = value;
            contexts.note(index, symbol, &mut trail);
            before = value;
            if i == 0 {
                row_before = value;
            }
        }
    });
}

fn code_level<T: Sample>(
    data: &mut [T],
    grid: &Grid,
    classes: &[Class],
    rule: Rule,
    quantiser: &Quantiser,
    contexts: &mut Contexts,
    coder: &mut impl Coder<T>,
) {
    let mut prediction = Vec::new();
    for class in classes {
        prediction.resize(class.count[grid.row_axis], 0.0);
        grid.rows(class, |row| {
            predict(grid, rule, row, data, &mut prediction);
            code_row(data, row, &prediction, quantiser, contexts.enter(grid, row), contexts, coder);
        });
    }
}

fn code_row<T: Sample>(
    data: &mut [T],
    row: &Row<'_>,
    prediction: &[f64],
    quantiser: &Quantiser,
    mut trail: super::context::Trail,
    contexts: &mut Contexts,
    coder: &mut impl Coder<T>,
) {
    for (i, &prediction) in prediction.iter().enumerate() {
        let index = row.base + i * row.step;
        let (symbol, value) = coder.code(data[index], contexts.of(i, trail), prediction, quantiser);
        data[index] = value;
        contexts.note(index, symbol, &mut trail);
    }
}

/// Compares cubic with linear on some rows of a level, along single axes, where the neighbours are known already.
fn better_rule<T: Sample>(data: &[T], grid: &Grid, classes: &[Class], quantiser: &Quantiser) -> Rule {
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
