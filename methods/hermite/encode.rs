//! The encoder under a mean error: centres, step and quantised coefficients of the fewest bytes that meet it.

use super::basis::Basis;
use super::coefficients::{Costs, HIGHEST, Models, Simplex};
use super::search::{self, Fit};
use super::stream::{self, Centre};
use crate::api::Error;
use crate::shared::mixing::Cost;
use crate::shared::range::BitCoder;

/// What a bit is worth, in squared steps: tried in turn.
const WORTHS: [f64; 3] = [0.1, 0.14, 0.07];
/// Above this many coefficients they are rounded, not weighed one by one.
const WEIGHED: usize = 200_000;

/// Bits up to which frames are worth a last descent.
const SMALL: f64 = 16_000.0;
/// Bits a value above which data is no distribution.
const FOREIGN: f64 = 0.5;

/// Data in units of the error asked for, and what it is to be coded with.
pub struct Job<'a> {
    /// Axis lengths.
    pub shape: [usize; 3],
    /// Values over the root mean square error asked for.
    pub data: &'a [f64],
    /// Squared error allowed in all.
    pub goal: f64,
    /// Bits from which on an expansion is of no use.
    pub most: f64,
}

/// Quantised coefficients of all centres.
#[derive(Clone, Debug)]
pub struct Coded {
    /// Bits, about.
    pub bits: f64,
    /// Squared error that is left.
    pub error: f64,
    index: u32,
    centres: Vec<Centre>,
    values: Vec<Vec<i32>>,
}

impl Coded {
    /// Codes the expansion and returns what it stands for, in units of the error asked for.
    pub fn write(&self, shape: [usize; 3], coder: &mut impl BitCoder) -> Result<Vec<f64>, Error> {
        Ok(stream::code(self.index, &self.centres, shape, &self.values, coder)?.2)
    }
}

/// Bases and simplices of some centres, with their coefficients before quantisation.
struct Plan<'a> {
    job: &'a Job<'a>,
    centres: Vec<Centre>,
    parts: Vec<(Simplex, Basis)>,
    /// The data without what later centres stand for, for each centre.
    rests: Vec<Vec<f64>>,
    first: Vec<f64>,
}

impl<'a> Plan<'a> {
    fn new(job: &'a Job<'a>, centres: Vec<Centre>, coarse: bool) -> Option<Self> {
        let part = |centre: &Centre| {
            let simplex = Simplex::new(job.shape, centre.reach);
            let basis = Basis::new(job.shape, simplex.orders, &centre.lattice.frame())?;
            Some((simplex, if coarse { basis.coarse() } else { basis }))
        };
        let parts: Vec<_> = centres.iter().map(part).collect::<Option<_>>()?;
        let fits = search::settle(job.data, &parts);
        let mut rests = vec![job.data.to_vec(); centres.len()];
        for (later, ((_, basis), values)) in parts.iter().zip(&fits).enumerate() {
            rests[..later].iter_mut().for_each(|rest| basis.inverse(values, -1.0, rest));
        }
        let first = fits.into_iter().next().unwrap_or_default();
        Some(Plan { job, centres, parts, rests, first })
    }

    /// Quantises with the step of `index`, each bit being worth `worth` squared steps.
    fn quantise(&self, index: u32, worth: f64) -> Coded {
        let step = stream::step(index);
        let mut cost = Cost::default();
        stream::code_head(index, &self.centres, self.job.shape, &mut cost);
        let mut models = Models::default();
        let mut all = Vec::new();
        let mut coded = vec![0.0; if self.parts.len() > 1 { self.job.data.len() } else { 0 }];
        let mut error = 0.0;
        for (number, (simplex, basis)) in self.parts.iter().enumerate() {
            let rest: Vec<f64>;
            let (target, exact) = if number == 0 {
                (&self.rests[0], self.first.clone())
            } else {
                rest = self.rests[number].iter().zip(&coded).map(|(x, y)| x - y).collect();
                let exact = basis.forward(&rest);
                (&rest, exact)
            };
            let values = quantise(simplex, &exact, step, worth, &mut models, &mut cost);
            if number + 1 < self.parts.len() {
                let back: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
                basis.inverse(&back, step, &mut coded);
            } else {
                error = energy(target) + change(&exact, &values, step);
            }
            all.push(values);
        }
        Coded { bits: cost.bits, error, index, centres: self.centres.clone(), values: all }
    }

    /// The largest step that meets the goal, from `index` on.
    fn meet(&self, index: u32, worth: f64) -> Option<Coded> {
        let mut best = None;
        let (mut low, mut high) = (0, stream::LAST_STEP);
        let (mut at, mut stride) = (index, 8);
        while low < high {
            let coded = self.quantise(at, worth);
            if coded.error <= self.job.goal {
                best = Some(coded);
                low = at + 1;
                at = if high == stream::LAST_STEP { at + stride } else { (low + high) / 2 };
            } else if best.is_none() && coded.bits > self.job.most {
                // Finer steps take more.
                return None;
            } else {
                high = at;
                at = if low == 0 { at.saturating_sub(stride) } else { (low + high) / 2 };
            }
            stride *= 2;
            at = at.clamp(low, high.saturating_sub(1).max(low));
        }
        best
    }
}

fn energy(data: &[f64]) -> f64 {
    data.iter().map(|value| value * value).sum()
}

/// What quantising changes in the squared error of data that is left as it is where nothing is coded.
fn change(exact: &[f64], values: &[i32], step: f64) -> f64 {
    let pairs = exact.iter().zip(values).filter(|(_, value)| **value != 0);
    pairs
        .map(|(exact, &value)| {
            let left = exact - f64::from(value) * step;
            left * left - exact * exact
        })
        .sum()
}

fn quantise(simplex: &Simplex, exact: &[f64], step: f64, worth: f64, models: &mut Models, cost: &mut Cost) -> Vec<i32> {
    let mut values = vec![0; exact.len()];
    let weighed = simplex.len() <= WEIGHED;
    simplex.code(models, cost, &mut values, |at, costs| {
        let ratio = exact[at] / step;
        let nearest = (ratio.abs() + if weighed { 0.5 } else { 0.4 }).floor().min(f64::from(1 << 30)) as i32;
        let chosen = if nearest == 0 || !weighed { nearest } else { weigh(ratio.abs(), nearest, worth, &costs()) };
        if ratio < 0.0 { -chosen } else { chosen }
    });
    values
}

/// The size at which squared error and bits together are least: the nearest, one less, or nothing.
fn weigh(ratio: f64, nearest: i32, worth: f64, costs: &Costs) -> i32 {
    let loss = |size: i32| {
        let left = ratio - f64::from(size);
        let bits = f64::from(costs[(size as usize).min(costs.len() - 1)]) + if size > 0 { 1.0 } else { 0.0 };
        left * left + worth * bits
    };
    let less = [nearest - 1, 0].into_iter().filter(|&size| size < nearest);
    less.fold((loss(nearest), nearest), |best, size| if loss(size) < best.0 { (loss(size), size) } else { best }).1
}

/// The fewest bytes that meet the goal, or nothing where no expansion does.
pub fn encode(job: &Job<'_>) -> Option<Coded> {
    let fits = search::fits(job);
    let best = fits.iter().filter_map(|fit| shaped(job, fit)).min_by(|a, b| a.bits.total_cmp(&b.bits));
    let small = |coded: &Coded| coded.bits < SMALL && job.data.len() >= search::SEARCHED;
    let best = best.map(|coded| if small(&coded) { polished(job, coded) } else { coded });
    match best {
        Some(best) if best.bits < job.data.len() as f64 * FOREIGN => Some(best),
        // No distribution: higher orders of polynomials that reach everywhere may do better.
        best => {
            let wide = shaped(job, &search::wide(job));
            best.into_iter().chain(wide).min_by(|a, b| a.bits.total_cmp(&b.bits))
        }
    }
}

/// A last descent of the frames, by the bits that the coder itself takes.
fn polished(job: &Job<'_>, mut coded: Coded) -> Coded {
    let index = coded.index;
    let price = WORTHS[0] * stream::step(index) * stream::step(index);
    let loss = |centres: Vec<Centre>| {
        let plan = Plan::new(job, centres, true)?;
        let coded = plan.quantise(index, WORTHS[0]);
        Some(coded.bits + coded.error / price)
    };
    let mut best = loss(coded.centres.clone()).unwrap_or(f64::MAX);
    let start = coded.centres.clone();
    let mut centres = start.clone();
    for number in 0..centres.len() {
        for kind in 1..10 {
            for by in [1, -1] {
                let mut next = centres.clone();
                let Some(lattice) = search::step_of(&centres[number].lattice, kind, by, job.shape) else { continue };
                next[number].lattice = lattice;
                let found = loss(next.clone()).unwrap_or(f64::MAX);
                if found < best {
                    (best, centres) = (found, next);
                    break;
                }
            }
        }
    }
    if centres != start
        && let Some(next) = Plan::new(job, centres, false).and_then(|plan| plan.meet(index, WORTHS[0]))
        && next.bits < coded.bits
    {
        coded = next;
    }
    coded
}

/// The best simplex for a fit: all sides together, then each.
fn shaped(job: &Job<'_>, fit: &Fit) -> Option<Coded> {
    let mut index = stream::step_index(fit.step);
    let mut code = |centres: Vec<Centre>, worth: f64| {
        let coded = Plan::new(job, centres, false)?.meet(index, worth)?;
        index = coded.index;
        Some(coded)
    };
    let centres = |reach: [usize; 3]| -> Vec<Centre> {
        let reach = std::array::from_fn(|axis| reach[axis].clamp(1, 3 * job.shape[axis]));
        fit.lattices.iter().map(|&lattice| Centre { lattice, reach }).collect()
    };
    let mut best: Option<(Coded, [usize; 3])> = None;
    let mut consider = |best: &mut Option<(Coded, [usize; 3])>, reach: [usize; 3], worth: f64| {
        let Some(coded) = code(centres(reach), worth) else { return false };
        let better = best.as_ref().is_none_or(|(best, _)| coded.bits < best.bits);
        if better {
            *best = Some((coded, reach));
        }
        better
    };
    let mut side = fit.reach;
    let longest = 3 * job.shape.iter().map(|&length| length.min(HIGHEST)).max().unwrap_or(1);
    loop {
        let better = consider(&mut best, [side; 3], WORTHS[0]);
        if side >= longest || (best.is_some() && !better) {
            break;
        }
        side = (side * 4 / 3 + 1).min(longest);
    }
    let mut reach = best.as_ref()?.1;
    for axis in (0..3).filter(|&axis| job.shape[axis] > 1) {
        let mut next = reach;
        next[axis] = (reach[axis] * 3 / 4).max(1);
        if consider(&mut best, next, WORTHS[0]) {
            reach = next;
        }
    }
    for worth in &WORTHS[1..] {
        consider(&mut best, reach, *worth);
    }
    best.map(|(coded, _)| coded)
}
