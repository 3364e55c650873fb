//! The closed loop: every point is predicted from reconstructed ones, and its quantised residual coded.

use super::context::{Contexts, Detail};
use crate::shared::multilevel::{self, Class, ESCAPE, Errors, Feedback, Grid, Quantiser, Row, Rule, Sample, predict};

/// What the encoder produced.
#[derive(Debug, Default)]
pub(super) struct Stream<T> {
    /// Residuals in steps, [`ESCAPE`] where the value itself is in `escaped`.
    pub symbols: Vec<i32>,
    /// The context of each symbol.
    pub contexts: Vec<u8>,
    /// Values that no residual keeps within the bound, in order.
    pub escaped: Vec<T>,
    /// How the anchors were predicted.
    pub anchors: Feedback,
    /// How each level was predicted, finest first.
    pub levels: Vec<Level>,
}

/// How a level is predicted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Level {
    pub rule: Rule,
    /// For each class in coding order.
    pub feedback: Vec<Feedback>,
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
    quantisers: &[Quantiser],
    detail: Detail,
) -> Stream<T> {
    let mut stream = Stream {
        symbols: Vec::with_capacity(data.len()),
        contexts: Vec::with_capacity(data.len()),
        escaped: Vec::new(),
        anchors: Feedback::default(),
        levels: Vec::new(),
    };
    let mut contexts = Contexts::new(data.len(), detail);
    let quantiser = &quantisers[grid.levels as usize];
    let anchors = grid.anchors();
    // A few values tell nothing about their likeness; they are taken to be alike.
    stream.anchors = match anchors.count.iter().product() {
        0..64usize => Feedback::LORENZO,
        _ => Feedback::estimate(grid, &anchors, data, quantiser, |_, prediction| prediction.fill(0.0)),
    };
    code_anchors(data, grid, stream.anchors, quantiser, &mut contexts, &mut stream);
    for number in (0..grid.levels).rev() {
        let quantiser = &quantisers[number as usize];
        let classes = grid.classes(number);
        let rule = if rule == Rule::Cubic { multilevel::better_rule(data, grid, &classes, quantiser) } else { rule };
        let estimate = |class: &Class| {
            Feedback::estimate(grid, class, data, quantiser, |row, prediction| {
                predict(grid, rule, row, data, prediction)
            })
        };
        let level = Level { rule, feedback: classes.iter().map(estimate).collect() };
        code_level(data, grid, &classes, &level, quantiser, &mut contexts, &mut stream);
        stream.levels.insert(0, level);
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

/// Decodes into `data`. `levels` has an entry for every level, finest first.
pub(super) fn decode<T: Sample, F: FnMut(u8) -> i32>(
    data: &mut [T],
    grid: &Grid,
    anchors: Feedback,
    levels: &[Level],
    quantisers: &[Quantiser],
    detail: Detail,
    source: &mut Source<'_, T, F>,
) {
    let mut contexts = Contexts::new(data.len(), detail);
    code_anchors(data, grid, anchors, &quantisers[grid.levels as usize], &mut contexts, source);
    for number in (0..grid.levels).rev() {
        let (level, quantiser) = (&levels[number as usize], &quantisers[number as usize]);
        code_level(data, grid, &grid.classes(number), level, quantiser, &mut contexts, source);
    }
}

/// Anchors have nothing to be predicted from but each other.
fn code_anchors<T: Sample>(
    data: &mut [T],
    grid: &Grid,
    feedback: Feedback,
    quantiser: &Quantiser,
    contexts: &mut Contexts,
    coder: &mut impl Coder<T>,
) {
    let anchors = grid.anchors();
    let zeros = vec![0.0; anchors.count.get(grid.row_axis).copied().unwrap_or(1)];
    let mut errors = Errors::default();
    grid.rows(&anchors, |row| code_row(data, grid, row, &zeros, feedback, &mut errors, quantiser, contexts, coder));
}

fn code_level<T: Sample>(
    data: &mut [T],
    grid: &Grid,
    classes: &[Class],
    level: &Level,
    quantiser: &Quantiser,
    contexts: &mut Contexts,
    coder: &mut impl Coder<T>,
) {
    let (mut prediction, mut errors) = (Vec::new(), Errors::default());
    for (class, &feedback) in classes.iter().zip(&level.feedback) {
        prediction.resize(class.count[grid.row_axis], 0.0);
        grid.rows(class, |row| {
            predict(grid, level.rule, row, data, &mut prediction);
            code_row(data, grid, row, &prediction, feedback, &mut errors, quantiser, contexts, coder);
        });
    }
}

#[expect(clippy::too_many_arguments, reason = "everything a row needs, from three owners")]
fn code_row<T: Sample>(
    data: &mut [T],
    grid: &Grid,
    row: &Row<'_>,
    prediction: &[f64],
    feedback: Feedback,
    errors: &mut Errors,
    quantiser: &Quantiser,
    contexts: &mut Contexts,
    coder: &mut impl Coder<T>,
) {
    let mut trail = contexts.enter(grid, row);
    let mut code = |i: usize, prediction: f64| {
        let index = row.base + i * row.step;
        let (symbol, value) = coder.code(data[index], contexts.of(i, trail), prediction, quantiser);
        data[index] = value;
        contexts.note(index, symbol, &mut trail);
        value.to_f64()
    };
    if feedback.is_none() {
        for (i, &prediction) in prediction.iter().enumerate() {
            code(i, prediction);
        }
    } else {
        feedback.along(grid, row, prediction, errors, code);
    }
}
