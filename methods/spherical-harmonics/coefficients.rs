//! Quantised coefficients of one frame, coded under contexts of their degree, order, mode and neighbours.

use super::frame::Frame;
use super::harmonics;
use crate::shared::mixing::{Cost, Integers, Place};
use crate::shared::range::BitCoder;

/// Kinds of contexts.
const KINDS: usize = 7;
/// Classes of a sum of magnitudes.
const SUMS: usize = 7;
/// Classes of a mode's number.
const PARTS: usize = 8;
/// Pairs of degrees that are told apart; later ones are like the last.
const DEGREES: usize = 6;
/// Orders that are told apart.
const ORDERS: usize = 6;

/// Larger magnitudes are taken for this in sums.
const LARGEST: u32 = 1 << 20;
/// Magnitudes whose costs are told apart.
const COSTED: usize = 15;

/// Shells, as those of the harmonic oscillator: the degree plus twice the mode.
const SHELLS: usize = 20;

/// Models of coefficients, which learn from one to the next.
#[derive(Clone, Debug)]
pub struct Models(Integers<KINDS>);

impl Default for Models {
    fn default() -> Self {
        let counts = [SUMS * 4, SUMS * 4, SUMS * 4, DEGREES * PARTS, ORDERS * PARTS, 16, SHELLS * 3];
        Models(Integers::new(counts, 9, 2))
    }
}

fn class(sum: u32) -> usize {
    match sum {
        0..=3 => sum as usize,
        4..=5 => 4,
        6..=9 => 5,
        _ => 6,
    }
}

fn part(mode: usize) -> usize {
    match mode {
        0..=3 => mode,
        4..=5 => 4,
        6..=8 => 5,
        9..=13 => 6,
        _ => 7,
    }
}

/// The harmonics of all degrees in the order of coding: rising degree, rising magnitude of the order.
pub fn order(degree: usize) -> impl Iterator<Item = (usize, isize)> {
    (0..=degree).flat_map(|l| {
        (0..=2 * l).map(move |i| (l, if i % 2 == 1 { i.div_ceil(2) as isize } else { -(i as isize / 2) }))
    })
}

/// The place of the coefficient of degree `l`, order `m` and `mode`, whose predecessors are in `values`.
fn place(values: &[i32], modes: usize, (l, m): (usize, isize), mode: usize) -> Place<KINDS> {
    let value = |l: usize, m: isize, mode: usize| {
        if m.unsigned_abs() <= l && mode < modes { values[harmonics::index(l, m) * modes + mode] } else { 0 }
    };
    let size = |l: usize, m: isize, mode: usize| value(l, m, mode).unsigned_abs().min(LARGEST);
    let around = |l: usize, m: isize| {
        let below = if mode > 0 { size(l, m, mode - 1) } else { 0 };
        2 * size(l, m, mode) + below + size(l, m, mode + 1)
    };
    let back = |by: usize| if mode >= by { size(l, m, mode - by) } else { 0 };
    let own = 2 * back(1) + back(2);
    let lower = if l >= 2 { around(l - 2, m) } else { 0 };
    let next = if l >= 1 { around(l - 1, m) } else { 0 };
    // Known by now: the order of opposite sign, if this one is negative, and the next smaller of the same sign.
    let toward = m - m.signum();
    let beside = if m < 0 { around(l, -m) } else { 0 } + if m != 0 { around(l, toward) } else { 0 };
    let all = 2 * own + lower + next + beside;
    let few = |sum: u32| (sum as usize).min(3);
    let previous = if mode > 0 { value(l, m, mode - 1) } else { 0 };
    let under = if l >= 2 { value(l - 2, m, mode) } else { 0 };
    let contexts = [
        class(own) * 4 + few(beside),
        class(lower) * 4 + few(own),
        class(next + beside) * 4 + few(lower),
        (l / 2).min(DEGREES - 1) * PARTS + part(mode),
        m.unsigned_abs().min(ORDERS - 1) * PARTS + part(mode),
        (all as usize).min(7) + (all.max(8).ilog2() as usize - 3).min(8),
        (l + 2 * mode).min(SHELLS - 1) * 3 + (all as usize).min(2),
    ];
    let sign = ((previous.signum() + 1) * 3 + under.signum() + 1) as usize;
    Place { contexts, sign, set: usize::from(all == 0) }
}

/// Codes all coefficients of a frame; a decoder fills `values` in.
pub fn code(frame: &Frame, values: &mut [i32], models: &mut Models, coder: &mut impl BitCoder) {
    for (l, m) in order(frame.degree) {
        for mode in 0..frame.modes {
            let place = place(values, frame.modes, (l, m), mode);
            let value = &mut values[harmonics::index(l, m) * frame.modes + mode];
            *value = models.0.code(*value, &place, coder);
        }
    }
}

/// Integers near `wanted` with little of the sum of squared errors plus `price` times bits. Each is chosen for itself,
/// by what it costs under the models as they are by then.
pub fn choose(frame: &Frame, wanted: &[f64], price: f64, models: &mut Models) -> Vec<i32> {
    let mut values = vec![0; wanted.len()];
    for (l, m) in order(frame.degree) {
        for mode in 0..frame.modes {
            let place = place(&values, frame.modes, (l, m), mode);
            let at = harmonics::index(l, m) * frame.modes + mode;
            values[at] = cheapest(wanted[at], price, &place, models);
        }
    }
    values
}

/// The integer near `wanted` of the least cost, from which the models have learnt.
fn cheapest(wanted: f64, price: f64, place: &Place<KINDS>, models: &mut Models) -> i32 {
    let size = wanted.abs().min(1e9);
    let nearest = size.round() as usize;
    let mut best = (f64::INFINITY, nearest);
    if nearest > 0 {
        let costs: [f32; COSTED] = models.0.costs(place);
        for candidate in (0..=nearest).rev().take(3) {
            let error = size - candidate as f64;
            let sign = if candidate > 0 { 1.0 } else { 0.0 };
            let sum = error * error + price * (f64::from(costs[candidate.min(COSTED - 1)]) + sign);
            if sum < best.0 {
                best = (sum, candidate);
            }
        }
    }
    let value = if wanted < 0.0 { -(best.1 as i32) } else { best.1 as i32 };
    models.0.code(value, place, &mut Cost::default())
}
