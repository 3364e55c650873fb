//! How finely tiles are coded, and the encoder's search for it.

use crate::shared::mixing::Cost;
use crate::shared::range::BitCoder;
use crate::shared::tucker::{Analysis, BIT, Choice, Effort, Models, ROUNDINGS, SCALES};

/// Bits of the index of a step: 16 octaves up from a quarter of the unit, in 1/64 octaves.
const STEP_BITS: u32 = 10;
/// Values of the tiles that a search looks at.
const SAMPLE: usize = 1 << 20;

/// Indices of a step, of the scale of factors and of the rounding: the same for every tile.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Fine {
    pub step: usize,
    pub scale: usize,
    pub rounding: usize,
}

impl Fine {
    /// Writes, reads or costs it.
    pub fn code(&mut self, coder: &mut impl BitCoder) {
        self.step = coder.plain(self.step as u64, STEP_BITS) as usize;
        self.scale = coder.plain(self.scale as u64, 3) as usize % SCALES.len();
        self.rounding = coder.plain(self.rounding as u64, 2) as usize;
    }

    /// What the indices stand for.
    pub fn choice(self) -> Choice {
        let step = libm::exp2(self.step as f64 / 64.0 - 2.0);
        Choice { step, scale: self.scale, rounding: self.rounding }
    }
}

/// One way to code the tiles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    pub fine: Fine,
    pub effort: Effort,
    bits: f64,
}

/// Squared error of all tiles, or nothing if integers overflow.
fn error(tiles: &[&Analysis], fine: Fine, effort: Effort) -> Option<f64> {
    tiles.iter().map(|tile| tile.quantise(fine.choice(), effort).map(|coded| coded.error)).sum()
}

/// Bits that the tiles take, if integers do not overflow.
pub(super) fn cost(tiles: &[&Analysis], fine: Fine, effort: Effort) -> Option<f64> {
    let (mut models, mut cost) = (Models::default(), Cost::default());
    for tile in tiles {
        tile.quantise(fine.choice(), effort)?.code(SCALES[fine.scale], &mut models, &mut cost);
    }
    Some(cost.bits)
}

/// The widest step, about, that keeps the squared error at `goal`, sought from that of `fine` on.
pub(super) fn settle(tiles: &[&Analysis], fine: Fine, effort: Effort, goal: f64) -> Option<Fine> {
    let most = (1 << STEP_BITS) - 1;
    let keeps = |step: usize| error(tiles, Fine { step, ..fine }, effort).is_some_and(|error| error <= goal);
    let (mut good, mut bad, mut stride) = (None, None, 8);
    let mut at = fine.step;
    while good.is_none() || bad.is_none() {
        if keeps(at) {
            good = Some(at);
            if at == most {
                return Some(Fine { step: at, ..fine });
            }
            at = bad.map_or((at + stride).min(most), |_| at);
        } else {
            bad = Some(at);
            if at == 0 {
                return None;
            }
            at = at.saturating_sub(stride);
        }
        stride *= 2;
    }
    let (mut good, mut bad) = (good?, bad?);
    while bad > good + 1 {
        let middle = (good + bad) / 2;
        *(if keeps(middle) { &mut good } else { &mut bad }) = middle;
    }
    Some(Fine { step: good, ..fine })
}

/// The cheapest of the ways tried to code `tiles` with a squared error of at most `goal`, if there is any; `most` is the
/// most columns of a mode.
pub(super) fn search(tiles: &[Analysis], goal: f64, most: usize) -> Option<Trial> {
    let (sample, share) = sample(tiles);
    let try_it = |fine: Fine, least: f64| {
        let effort = Effort { least, most };
        let fine = settle(&sample, fine, effort, goal * share)?;
        Some(Trial { fine, effort, bits: cost(&sample, fine, effort)? })
    };
    let mut best = try_it(Fine { step: 512, scale: 3, rounding: 1 }, 5.0)?;
    if sample.iter().all(|tile| !tile.adapts()) {
        return Some(best);
    }
    for up in [true, false] {
        loop {
            let scale = if up { best.fine.scale + 1 } else { best.fine.scale.wrapping_sub(1) };
            let Some(trial) = (scale < SCALES.len()).then(|| try_it(Fine { scale, ..best.fine }, best.effort.least))
            else {
                break;
            };
            if !keep(&mut best, trial) {
                break;
            }
        }
    }
    for least in [3.5, 7.0, 2.5, 9.5] {
        let trial = try_it(best.fine, least);
        keep(&mut best, trial);
    }
    for rounding in [0, 2].into_iter().filter(|&rounding| rounding < ROUNDINGS.len()) {
        let trial = try_it(Fine { rounding, ..best.fine }, best.effort.least);
        keep(&mut best, trial);
    }
    Some(best)
}

/// Takes a cheaper trial; returns whether it was.
fn keep(best: &mut Trial, trial: Option<Trial>) -> bool {
    let cheaper = trial.filter(|trial| trial.bits < best.bits);
    *best = cheaper.unwrap_or(*best);
    cheaper.is_some()
}

impl Trial {
    /// Whether it is cheaper than another.
    pub fn beats(&self, other: &Trial) -> bool {
        self.bits < other.bits
    }
}

/// Bits that tiles take when coded as in `trial`, and as many as the error is worth at that step.
pub(super) fn worth(tiles: &[Analysis], trial: &Trial) -> f64 {
    let ((sample, _), choice) = (sample(tiles), trial.fine.choice());
    let bits = cost(&sample, trial.fine, trial.effort).unwrap_or(f64::INFINITY);
    let error = error(&sample, trial.fine, trial.effort).unwrap_or(f64::INFINITY);
    bits + error / (BIT * choice.step * choice.step)
}

/// Tiles from all over the array, and their share of the values.
pub(super) fn sample(tiles: &[Analysis]) -> (Vec<&Analysis>, f64) {
    let all: usize = tiles.iter().map(Analysis::count).sum();
    let every = all.div_ceil(SAMPLE).max(1);
    let chosen: Vec<&Analysis> = tiles.iter().step_by(every).collect();
    let share = chosen.iter().map(|tile| tile.count()).sum::<usize>() as f64 / all as f64;
    (chosen, share)
}
