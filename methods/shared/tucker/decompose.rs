//! A tile as a core and orthonormal factors: analysis in the encoder, and what the decoder rebuilds.

use super::coding::{Mode, Models, cut};
use super::frame::Frame;
use super::modes::{cosines, gram, multiply, multiply_transposed, transpose};
use crate::shared::linalg::symmetric_eigen;
use crate::shared::range::BitCoder;

/// Steps of factors, in steps of the core.
pub const SCALES: [f64; 7] = [0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0];
/// Fractions of a step that are added before magnitudes are cut to integers, and by which the restored ones are pulled
/// to zero.
pub const ROUNDINGS: [(f64, f64); 4] = [(0.5, 0.0), (0.45, 0.01), (0.4, 0.04), (0.33, 0.07)];
/// Fraction of a step that is added to magnitudes of factors.
const FACTOR_UP: f64 = 0.38;
/// Magnitudes in steps that integers hold.
const LARGEST: f64 = 5e8;

/// How finely a tile is coded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Step of the core, in the unit of the values.
    pub step: f64,
    /// Index into [`SCALES`].
    pub scale: usize,
    /// Index into [`ROUNDINGS`].
    pub rounding: usize,
}

/// What only the encoder decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Columns whose norm is below this many steps are left out.
    pub least: f64,
    /// Most columns of a mode.
    pub most: usize,
}

/// The principal axes of a tile along each mode.
pub struct Analysis {
    values: Vec<f64>,
    shape: Vec<usize>,
    energy: f64,
    /// Of each mode, principal axes in cosines, each times its singular value; column after column. Empty where a mode
    /// stays in cosines.
    axes: Vec<Vec<f64>>,
    sizes: Vec<Vec<f64>>,
}

impl Analysis {
    /// Of `values`, an array of `shape`; `adapted` says which modes get axes of their own.
    pub fn new(values: Vec<f64>, shape: &[usize], adapted: &[bool]) -> Self {
        let energy = values.iter().map(|x| x * x).sum();
        let (mut axes, mut sizes) = (Vec::new(), Vec::new());
        for (mode, &n) in shape.iter().enumerate() {
            if !adapted[mode] {
                axes.push(Vec::new());
                sizes.push(Vec::new());
                continue;
            }
            let (squares, vectors) = symmetric_eigen(&gram(&values, shape, mode), n);
            let size: Vec<f64> = squares.iter().map(|square| square.max(0.0).sqrt()).collect();
            let mut columns = multiply(&vectors, &[n, n], 1, &cosines(n), n);
            columns
                .chunks_exact_mut(n)
                .zip(&size)
                .for_each(|(column, size)| column.iter_mut().for_each(|x| *x *= size));
            axes.push(columns);
            sizes.push(size);
        }
        Analysis { values, shape: shape.to_vec(), energy, axes, sizes }
    }

    /// Number of values.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// Whether any mode has axes of its own.
    pub fn adapts(&self) -> bool {
        self.axes.iter().any(|axes| !axes.is_empty())
    }

    /// What is left to code under `choice`, or nothing if integers overflow.
    pub fn quantise(&self, choice: Choice, effort: Effort) -> Option<Coded> {
        let steps = |sizes: &Vec<f64>| sizes.first().is_none_or(|&largest| largest < LARGEST * choice.step);
        if !self.sizes.iter().all(steps) {
            return None;
        }
        let mut modes = self.modes(choice, effort);
        let mut shape = self.shape.clone();
        let mut core = Vec::new();
        for mode in 0..shape.len() {
            let from = if mode == 0 { &self.values } else { &core };
            let next = multiply(from, &shape, mode, &basis(&modes[mode]), modes[mode].rank);
            (core, shape[mode]) = (next, modes[mode].rank);
        }
        let (up, pull) = ROUNDINGS[choice.rounding];
        if core.iter().any(|value| value.abs() / choice.step >= LARGEST) {
            return None;
        }
        let steps: Vec<f64> = core.iter().map(|value| value / choice.step).collect();
        let mut symbols = cut(&steps, &modes, SCALES[choice.scale], up);
        let gain = |(&symbol, &value): (&i32, &f64)| {
            let restored = restore(symbol, choice.step, pull);
            restored * (restored - 2.0 * value)
        };
        let error = self.energy + symbols.iter().zip(&core).map(gain).sum::<f64>();
        trim(&mut symbols, &mut modes);
        Some(Coded { modes, core: symbols, error: error.max(0.0) })
    }

    fn modes(&self, choice: Choice, effort: Effort) -> Vec<Mode> {
        let mode = |(mode, &length): (usize, &usize)| {
            if self.axes[mode].is_empty() {
                return Mode { length, rank: length.min(effort.most), adapted: false, symbols: Vec::new() };
            }
            let kept = self.sizes[mode].iter().take_while(|&&size| size >= effort.least * choice.step);
            let rank = kept.count().min(effort.most);
            let symbols = factor(&self.axes[mode][..rank * length], length, choice.step * SCALES[choice.scale]);
            Mode { length, rank: symbols.len() / length, adapted: true, symbols }
        };
        self.shape.iter().enumerate().map(mode).collect()
    }
}

/// Columns of `length`, turned and quantised one after another, up to the first that vanishes.
fn factor(axes: &[f64], length: usize, step: f64) -> Vec<i32> {
    let (mut frame, mut symbols) = (Frame::new(length), Vec::new());
    for axis in axes.chunks_exact(length) {
        let mut axis = axis.to_vec();
        frame.turn(&mut axis);
        let cut = |value: &f64| (value.abs() / step + FACTOR_UP) as i32 * if *value < 0.0 { -1 } else { 1 };
        let mut column: Vec<i32> = axis.iter().map(cut).collect();
        let Some(&first) = column.iter().find(|&&symbol| symbol != 0) else { break };
        // Either sign will do: that whose first number is positive.
        column.iter_mut().for_each(|symbol| *symbol *= first.signum());
        frame.push(&column);
        symbols.extend(column);
    }
    symbols
}

/// The integers of a tile.
#[derive(Clone, Debug, Default)]
pub struct Coded {
    /// How each mode is represented.
    pub modes: Vec<Mode>,
    /// The core in C order; its shape is the ranks of `modes`.
    pub core: Vec<i32>,
    /// The squared error that quantisation left.
    pub error: f64,
}

impl Coded {
    /// A tile of `shape`, to be read.
    pub fn empty(shape: &[usize]) -> Self {
        let modes = shape.iter().map(|&length| Mode { length, ..Mode::default() }).collect();
        Coded { modes, ..Coded::default() }
    }

    /// Writes, reads or costs the tile. `scale` is the step of factors in steps of the core.
    pub fn code(&mut self, scale: f64, models: &mut Models, coder: &mut impl BitCoder) {
        self.modes.iter_mut().for_each(|mode| models.mode(mode, coder));
        self.core.resize(self.modes.iter().map(|mode| mode.rank).product(), 0);
        models.core(&mut self.core, &self.modes, scale, coder);
    }

    /// The values that the integers stand for.
    pub fn values(&self, choice: Choice) -> Vec<f64> {
        let pull = ROUNDINGS[choice.rounding].1;
        let mut shape: Vec<usize> = self.modes.iter().map(|mode| mode.rank).collect();
        let mut values: Vec<f64> = self.core.iter().map(|&symbol| restore(symbol, choice.step, pull)).collect();
        for (number, mode) in self.modes.iter().enumerate() {
            values = multiply_transposed(&values, &shape, number, &basis(mode), mode.length);
            shape[number] = mode.length;
        }
        values
    }
}

/// The value of a symbol of the core.
pub fn restore(symbol: i32, step: f64, pull: f64) -> f64 {
    let pull = if symbol == 0 { 0.0 } else { pull * f64::from(symbol.signum()) };
    (f64::from(symbol) - pull) * step
}

/// The orthonormal columns of a mode: `length` rows, `rank` columns.
pub fn basis(mode: &Mode) -> Vec<f64> {
    let (n, rank) = (mode.length, mode.rank);
    let cosines = cosines(n);
    if !mode.adapted {
        return cosines.chunks_exact(n.max(1)).flat_map(|row| row[..rank].to_vec()).collect();
    }
    let mut frame = Frame::new(n);
    mode.symbols.chunks_exact(n).for_each(|column| frame.push(column));
    let columns = transpose(&frame.columns(), rank, n);
    multiply_transposed(&columns, &[n, rank], 0, &cosines, n)
}

/// Leaves out trailing slices of the core that hold zeros alone, and their columns.
fn trim(core: &mut Vec<i32>, modes: &mut [Mode]) {
    for mode in 0..modes.len() {
        let (rank, inner) = (modes[mode].rank, modes[mode + 1..].iter().map(|mode| mode.rank).product::<usize>());
        if rank * inner == 0 {
            continue;
        }
        let last =
            core.iter().enumerate().filter(|(_, symbol)| **symbol != 0).map(|(at, _)| at / inner % rank + 1).max();
        let keep = last.unwrap_or(0);
        let mut at = 0;
        core.retain(|_| {
            at += 1;
            (at - 1) / inner % rank < keep
        });
        modes[mode].rank = keep;
        let length = modes[mode].length;
        modes[mode].symbols.truncate(keep * length);
    }
}
