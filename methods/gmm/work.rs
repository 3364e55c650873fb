//! How much a search may do, counted in what it computes and not in time: the same bytes on slow machines and fast ones.

use std::cell::Cell;

use super::component::{Component, SCALES, SHEARS};
use super::field::Lattice;

/// Values of components that a search may compute for every value of an array of `COUNT`: three seconds or less.
const EACH: f64 = 5000.0;
/// Larger arrays are thinned out to fewer, and take no more work; smaller ones take a little more for each value.
const COUNT: f64 = 131_072.0;
/// Volume of the ellipsoid in which a component is not 0, in whitened places: `4/3 pi 32^(3/2)`.
const VOLUME: f64 = 758.26;
/// What a row costs beside its values, in values.
const ROW: f64 = 4.0;
/// Multiplications of linear algebra that take as long as a value of a component.
const PRODUCTS: f64 = 6.0;

/// What is left of the work a search may do.
#[derive(Debug)]
pub(super) struct Work {
    all: f64,
    left: Cell<f64>,
}

impl Work {
    /// For an array of `count` values.
    pub fn of(count: usize) -> Self {
        let share = (count as f64 / COUNT).min(1.0);
        let all = EACH * COUNT * (share * share * share).sqrt().sqrt();
        Work { all, left: Cell::new(all) }
    }

    /// Takes so many values of components away.
    pub fn take(&self, values: f64) {
        self.left.set(self.left.get() - values);
    }

    /// Takes away what the factors of a symmetric matrix of `size` rows cost.
    pub fn take_factors(&self, size: usize) {
        let size = size as f64;
        self.take(size * size * size / 6.0 / PRODUCTS);
    }

    /// The part that is left, 0 if none is.
    pub fn left(&self) -> f64 {
        (self.left.get() / self.all).max(0.0)
    }
}

/// Values of a component that are computed on a lattice, about.
pub(super) fn reach(component: &Component, lattice: &Lattice) -> f64 {
    let scales: f64 = component.numbers[SCALES..SHEARS].iter().sum();
    let [planes, rows, length] = lattice.counts();
    let share = (VOLUME * libm::exp(-scales.max(-600.0)) / lattice.ratio() / lattice.len() as f64).min(1.0);
    // Rows that are reached, for an ellipsoid as long as it is wide.
    let lines = (planes * rows) as f64 * libm::cbrt(share * share);
    lines * ROW + share * (planes * rows * length) as f64
}

/// Values that are computed for all components once.
pub(super) fn reaches(components: &[Component], lattice: &Lattice) -> f64 {
    components.iter().map(|component| reach(component, lattice)).sum()
}

/// What the products of all pairs of components cost.
pub(super) fn overlaps(components: &[Component], lattice: &Lattice) -> f64 {
    let mut each: Vec<f64> = components.iter().map(|component| reach(component, lattice)).collect();
    // Of two components the smaller one tells how much they share.
    each.sort_by(|a, b| b.total_cmp(a));
    each.iter().enumerate().map(|(larger, reach)| (larger + 1) as f64 * reach).sum()
}
