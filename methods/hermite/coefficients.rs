//! Quantised coefficients: which ones are coded, in which order and under which contexts.

use crate::shared::mixing::{Integers, Place};
use crate::shared::range::BitCoder;

/// Kinds of context.
const KINDS: usize = 6;
/// Contexts of each kind.
const CONTEXTS: [usize; KINDS] = [14, 12, 24, 125, 14 * 8, 64];
/// Most orders along an axis.
pub const HIGHEST: usize = 128;
/// Contexts of signs.
const SIGNS: usize = 27;

/// Models of coefficients: one set for all centres.
#[derive(Clone, Debug)]
pub struct Models(Integers<KINDS>);

impl Default for Models {
    fn default() -> Self {
        Models(Integers::new(CONTEXTS, SIGNS, 3))
    }
}

/// Bits of magnitudes 0, 1, ...; those above the last take as much as it, about.
pub type Costs = [f32; 15];

/// The orders (l, m, n) with `l/a + m/b + n/c < 1`, in rising order of that sum.
#[derive(Clone, Debug)]
pub struct Simplex {
    /// One past the largest order along each axis.
    pub orders: [usize; 3],
    /// The orders in coding order: that sum times `a b c`, and the place in an array of `orders`.
    walk: Vec<(u32, u32)>,
    reach: [usize; 3],
}

impl Simplex {
    /// The simplex whose vertices are at `reach`, each 1 to three times the length of its axis.
    pub fn new(shape: [usize; 3], reach: [usize; 3]) -> Self {
        let orders: [usize; 3] = std::array::from_fn(|axis| reach[axis].min(shape[axis]).min(HIGHEST));
        let weights = [reach[1] * reach[2], reach[0] * reach[2], reach[0] * reach[1]];
        let whole = weights[0] * reach[0];
        let mut walk = Vec::new();
        for l in 0..orders[0] {
            for m in 0..orders[1] {
                for n in 0..orders[2] {
                    let sum = l * weights[0] + m * weights[1] + n * weights[2];
                    if sum < whole {
                        walk.push((sum as u32, ((l * orders[1] + m) * orders[2] + n) as u32));
                    }
                }
            }
        }
        walk.sort_unstable();
        Simplex { orders, walk, reach }
    }

    /// How many orders there are.
    pub fn len(&self) -> usize {
        self.walk.len()
    }

    /// Places of the orders in an array of [`Simplex::orders`], in coding order.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.walk.iter().map(|&(_, place)| place as usize)
    }

    /// Where the coefficient at `own` stands among those in `values` that have been coded; the others are zero.
    fn place(&self, own: usize, values: &[i32]) -> Place<KINDS> {
        let strides = [self.orders[1] * self.orders[2], self.orders[2], 1];
        let at = [own / strides[0], own / strides[1] % self.orders[1], own % self.orders[2]];
        let back = |axis: usize, by: usize| if at[axis] >= by { values[own - by * strides[axis]] } else { 0 };
        let size = |axis: usize, by: usize| back(axis, by).unsigned_abs().min(1 << 20);
        // One order down along one axis and one up along another: of about the same sum.
        let across = |down: usize, up: usize| {
            let inside = at[down] >= 1 && at[up] + 1 < self.orders[up];
            if inside { values[own - strides[down] + strides[up]].unsigned_abs().min(1 << 20) } else { 0 }
        };
        let ones: u32 = (0..3).map(|axis| size(axis, 1)).sum();
        let twos: u32 = (0..3).map(|axis| size(axis, 2)).sum();
        let beside: u32 =
            [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)].map(|(down, up)| across(down, up)).iter().sum();
        let sum: f64 = (0..3).map(|axis| at[axis] as f64 / self.reach[axis] as f64).sum();
        let near = level(2 * ones + 2 * twos + beside, 14);
        let position = ((sum * 24.0) as usize).min(23);
        let axes = at.map(|order| order.min(4));
        let contexts = [
            near,
            level(3 * twos, 12),
            position,
            (axes[0] * 5 + axes[1]) * 5 + axes[2],
            near * 8 + position / 3,
            (size(0, 2).min(3) * 16 + size(1, 2).min(3) * 4 + size(2, 2).min(3)) as usize,
        ];
        let sign = (0..3).fold(0, |sign, axis| sign * 3 + (back(axis, 2).signum() + 1) as usize);
        Place { contexts, sign, set: (ones + twos).min(2) as usize }
    }

    /// Codes the coefficients in coding order. `choose` is told the place of each and a function for the bits of its
    /// magnitudes, and gives the value to code; a decoder's choice does not matter. What is coded is put in `values`, an
    /// array of [`Simplex::orders`], all zeros at first.
    pub fn code<C: BitCoder>(
        &self,
        models: &mut Models,
        coder: &mut C,
        values: &mut [i32],
        mut choose: impl FnMut(usize, &dyn Fn() -> Costs) -> i32,
    ) {
        for own in self.places() {
            let place = self.place(own, values);
            let value = choose(own, &|| models.0.costs(&place));
            values[own] = models.0.code(value, &place, coder);
        }
    }
}

/// Levels of a sum of sizes: exact up to 4, then two an octave.
fn level(sum: u32, levels: usize) -> usize {
    let level = if sum < 4 {
        sum as usize
    } else {
        let octave = 31 - sum.leading_zeros();
        2 * octave as usize + (sum >> (octave - 1) & 1) as usize
    };
    level.min(levels - 1)
}
