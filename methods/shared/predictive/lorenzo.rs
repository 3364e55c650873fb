//! The Lorenzo predictor over any subset of axes (Ibarria et al., "Out-of-core compression and decompression of large
//! n-dimensional scalar fields", 2003).

use crate::shared::multilevel::Sample;

/// What the predictor needs of an array: how far a step along each of its axes leads.
#[derive(Debug)]
pub(super) struct Lorenzo {
    /// Axes other than the rows', with the elements between neighbours along each.
    across: Vec<(usize, usize)>,
    /// Whether the rows' axis is one of them.
    pub along: bool,
    /// What the rows before say about each point of a row.
    outer: Vec<f64>,
}

impl Lorenzo {
    /// Over those `axes` of an array whose strides are given; rows run along the last axis.
    pub fn new(axes: &[usize], strides: &[usize]) -> Self {
        let last = strides.len() - 1;
        let across = axes.iter().filter(|&&axis| axis != last).map(|&axis| (axis, strides[axis])).collect();
        Lorenzo { across, along: axes.contains(&last), outer: Vec::new() }
    }

    /// Looks at the rows before the one of `len` points that starts at `base`, whose place along every axis is `at`.
    pub fn enter<T: Sample>(&mut self, data: &[T], [base, len]: [usize; 2], at: &[usize]) {
        self.outer.clear();
        self.outer.resize(len, 0.0);
        let present: Vec<usize> = self.across.iter().filter(|&&(axis, _)| at[axis] > 0).map(|pair| pair.1).collect();
        for set in 1..1usize << present.len() {
            let back: usize = (0..present.len()).filter(|bit| set >> bit & 1 == 1).map(|bit| present[bit]).sum();
            let sign = if set.count_ones() % 2 == 1 { 1.0 } else { -1.0 };
            let row = &data[base - back..base - back + len];
            for (sum, value) in self.outer.iter_mut().zip(row) {
                *sum += sign * value.to_f64();
            }
        }
    }

    /// The prediction of point `i` of the row, behind `left` if there is one before; and how much changes there.
    #[inline(always)]
    pub fn predict(&self, i: usize, left: f64) -> (f64, f64) {
        let outer = self.outer[i];
        if i == 0 {
            return (outer, 0.0);
        }
        let change = outer - self.outer[i - 1];
        (if self.along { left + change } else { outer }, change)
    }
}
