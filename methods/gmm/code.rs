//! The bytes of components: loudest first, numbers in steps that weigh alike, each under a distribution learnt from the
//! components before.

use super::component::{Component, MEAN, NUMBERS, SCALES, SHEARS};
use super::field::Lattice;
use crate::shared::mixing::Cost;
use crate::shared::range::{Bit, BitCoder};

/// Most components, and the bits of their number.
pub(super) const MOST: usize = 127;
pub(super) const COUNT_BITS: u32 = 7;
/// Bits of the number of the step.
pub(super) const STEP_BITS: u32 = 6;
/// Numbers in the order in which they are coded: what is coded first helps with the rest.
pub(super) const ORDER: [usize; NUMBERS] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0];
/// Steps are counted to less than twice this.
const FARTHEST: i32 = (1 << 24) - 1;
/// What the start of a distribution counts for, in values.
const PRIOR: f64 = 1.5;
/// Scale of a logistic distribution for its mean absolute deviation: 1 / (2 ln 2).
const SPREAD: f64 = 0.721_347_520_444_481_7;
/// How much of the earlier axes' deviations a scale is expected to share.
const SHARED: f64 = 0.4;

/// The distribution of a number: logistic, cut into steps, one of which is centred.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bins {
    pub centre: f64,
    pub spread: f64,
    pub step: f64,
}

impl Bins {
    pub fn value(&self, steps: i32) -> f64 {
        self.centre + f64::from(steps) * self.step
    }

    /// The probability that a magnitude is above `size`, but for a factor.
    fn tail(&self, size: i32) -> f64 {
        1.0 / (1.0 + libm::exp(((f64::from(size) + 0.5) * self.step / self.spread).min(600.0)))
    }

    /// Codes a number of steps: the magnitude's octave, then halves of what is left, then the sign.
    pub fn code(&self, steps: i32, coder: &mut impl BitCoder) -> i32 {
        let size = steps.abs();
        // The magnitude is above `low`, and not above `high`; at 0 either side of the distribution counts.
        let (mut low, mut above) = (-1, 0.5);
        let mut high = 0;
        while low < FARTHEST {
            let beyond = self.tail(high);
            if !coder.code(size > high, part(beyond, above)) {
                break;
            }
            (low, above, high) = (high, beyond, 2 * high + 1);
        }
        while high - low > 1 {
            let (middle, least) = ((low + high) / 2, self.tail(high));
            let upper = self.tail(middle);
            if coder.code(size > middle, part(upper - least, above - least)) {
                (low, above) = (middle, upper);
            } else {
                high = middle;
            }
        }
        if high > 0 && coder.code(steps < 0, 1 << 15) { -high } else { high }
    }

    /// The length of that code, bits.
    pub fn bits(&self, steps: i32) -> f64 {
        let mut cost = Cost::default();
        self.code(steps, &mut cost);
        cost.bits
    }
}

/// A part of a whole in 1/65536, never nothing and never all of it; one half where both vanish.
fn part(part: f64, whole: f64) -> u32 {
    if whole > 0.0 { (part / whole * 65536.0).clamp(64.0, 65472.0) as u32 } else { 1 << 15 }
}

/// What is known about a kind of number.
#[derive(Clone, Copy, Debug)]
struct Kind {
    centre: f64,
    spread: f64,
    sum: f64,
    deviations: f64,
    count: f64,
    moves: bool,
}

impl Kind {
    fn new(centre: f64, spread: f64, moves: bool) -> Self {
        Kind { centre, spread, sum: 0.0, deviations: 0.0, count: 0.0, moves }
    }

    fn centre(&self) -> f64 {
        if self.moves { (PRIOR * self.centre + self.sum) / (PRIOR + self.count) } else { self.centre }
    }

    fn bins(&self, shift: f64, step: f64) -> Bins {
        let spread = (PRIOR * self.spread + SPREAD * self.deviations) / (PRIOR + self.count);
        Bins { centre: self.centre() + shift, spread, step }
    }

    fn learn(&mut self, value: f64, centre: f64, step: f64) {
        self.sum += value;
        self.deviations += (value - centre).abs().max(0.25 * step);
        self.count += 1.0;
    }
}

/// Chooses, writes or reads what describes a component.
pub(super) trait Pick {
    /// The level of a component: not above that of the one before, if there is one.
    fn level(&mut self, before: Option<i32>, models: &mut [Bit; 3]) -> i32;
    /// Whether the component is negative.
    fn negative(&mut self, model: &mut Bit) -> bool;
    /// The steps of number `number`.
    fn steps(&mut self, number: usize, bins: &Bins) -> i32;
}

/// The state from which components are coded, one after another.
#[derive(Clone, Debug)]
pub(super) struct Code {
    active: [bool; 3],
    /// The step of a component whose level is 0.
    step: f64,
    root: f64,
    kinds: [Kind; NUMBERS],
    levels: [Bit; 3],
    signs: Bit,
    before: Option<i32>,
}

/// Steps of each kind of number, for an equal effect: the inverse of the norm of the derivative by it, relative to that
/// of the component itself.
fn width(number: usize) -> f64 {
    match number {
        0 => 1.0,
        SCALES..SHEARS => 1.155,
        SHEARS..MEAN => 2.0,
        _ => 1.414,
    }
}

impl Code {
    /// For components in an array; `step` is the number of the step, a quarter of an octave each.
    pub fn new(lattice: &Lattice, step: u32) -> Self {
        let kind = |number: usize| match number {
            0 => Kind::new(0.0, 0.1, false),
            SCALES..SHEARS => Kind::new(libm::log(8.0 / lattice.shape[number - SCALES] as f64), 0.4, true),
            SHEARS..MEAN => Kind::new(0.0, 0.3, false),
            _ => {
                let length = lattice.shape[number - MEAN] as f64;
                Kind::new(length / 2.0, length / 8.0, true)
            }
        };
        let count = lattice.shape.iter().product::<usize>() as f64;
        Code {
            active: lattice.active(),
            step: libm::exp2(2.0 - f64::from(step) / 4.0),
            root: 0.5 * libm::log(count),
            kinds: std::array::from_fn(kind),
            levels: [Bit::default(); 3],
            signs: Bit::default(),
            before: None,
        }
    }

    /// The step of a component of level 0.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// The level of a norm, given its logarithm: half octaves of its ratio to that of an array of ones.
    pub fn level_of(&self, log_norm: f64) -> i32 {
        ((log_norm - self.root) * 2.0 * std::f64::consts::LOG2_E).round().clamp(-900.0, 900.0) as i32
    }

    /// The next component: `pick` is asked for everything in order.
    pub fn next(&mut self, pick: &mut impl Pick) -> Component {
        let level = pick.level(self.before, &mut self.levels).clamp(-1000, 1000);
        self.before = Some(level);
        let negative = pick.negative(&mut self.signs);
        let mut component = Component { negative, numbers: [0.0; NUMBERS] };
        let unit = self.step * libm::exp2(-f64::from(level) / 2.0);
        let (mut shift, mut axes) = (0.0, 0.0);
        for number in ORDER {
            if !is_coded(number, self.active) {
                continue;
            }
            let mut step = (unit * width(number)).min(1e6);
            let mut centre = 0.0;
            match number {
                0 => {
                    centre =
                        self.root + f64::from(level) * 0.5 * std::f64::consts::LN_2 - component.log_width(self.active)
                }
                SCALES..SHEARS if axes > 0.0 => centre = SHARED * shift / axes,
                MEAN.. => step *= libm::exp(-component.numbers[SCALES + number - MEAN].clamp(-50.0, 50.0)),
                _ => {}
            }
            let bins = self.kinds[number].bins(centre, step);
            let value = bins.value(pick.steps(number, &bins));
            if (SCALES..SHEARS).contains(&number) {
                shift += value - self.kinds[number].centre();
                axes += 1.0;
            }
            self.kinds[number].learn(value, bins.centre, step);
            component.numbers[number] = value;
        }
        component
    }
}

/// Whether an array with these axes has such a number.
pub(super) fn is_coded(number: usize, active: [bool; 3]) -> bool {
    match number {
        0 => true,
        SCALES..SHEARS => active[number - SCALES],
        4 => active[0] && active[1],
        5 => active[0] && active[2],
        6 => active[1] && active[2],
        _ => active[number - MEAN],
    }
}

/// Everything that describes a component, as integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Described {
    pub level: i32,
    pub negative: bool,
    pub steps: [i32; NUMBERS],
}

/// Writes, costs or reads: what is given is coded, what is read is given back.
pub(super) struct Through<'a, C> {
    pub given: Described,
    pub coder: &'a mut C,
}

impl<C: BitCoder> Pick for Through<'_, C> {
    fn level(&mut self, before: Option<i32>, models: &mut [Bit; 3]) -> i32 {
        let Some(before) = before else {
            return Bins { centre: 0.0, spread: 4.0, step: 1.0 }.code(self.given.level - 6, self.coder) + 6;
        };
        let mut drop = 0;
        while drop < 1000 && self.coder.learnt(before - self.given.level > drop, &mut models[drop.min(2) as usize]) {
            drop += 1;
        }
        before - drop
    }

    fn negative(&mut self, model: &mut Bit) -> bool {
        self.coder.learnt(self.given.negative, model)
    }

    fn steps(&mut self, number: usize, bins: &Bins) -> i32 {
        bins.code(self.given.steps[number], self.coder)
    }
}

/// Codes the number of components, then the step and the components if there are any; returns the components.
pub(super) fn components<C: BitCoder>(
    described: &[Described],
    step: u32,
    lattice: &Lattice,
    coder: &mut C,
) -> Vec<Component> {
    let count = coder.plain(described.len() as u64, COUNT_BITS) as usize;
    if count == 0 {
        return Vec::new();
    }
    let mut code = Code::new(lattice, coder.plain(u64::from(step), STEP_BITS) as u32);
    let next = |at: usize| {
        let given = described.get(at).copied().unwrap_or_default();
        code.next(&mut Through { given, coder: &mut *coder })
    };
    (0..count).map(next).collect()
}
