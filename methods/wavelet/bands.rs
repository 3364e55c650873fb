//! Bands as arrays of their own: how an array is taken apart level by level and axis by axis, whatever the filters.

use crate::shared::wavelet::Level;

/// Coefficients of one band, or values, in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficients {
    /// For each axis `d` where the band is high and `a` where it is low, as in PyWavelets; the level in front, 1 being
    /// the finest.
    pub name: String,
    /// Length along each axis.
    pub shape: Vec<usize>,
    /// The coefficients.
    pub values: Vec<f64>,
}

impl Coefficients {
    /// The low or the high half of this along `axis`, of length `length` there.
    pub(super) fn half(&self, axis: usize, high: bool, length: usize, values: Vec<f64>) -> Self {
        let (mut name, mut shape) = (self.name.clone(), self.shape.clone());
        name.replace_range(axis..axis + 1, if high { "d" } else { "a" });
        shape[axis] = length;
        Coefficients { name, shape, values }
    }
}

/// All bands of an array, the coarsest first; of a level in C order of (low, high) along its axes. `split` is given the
/// number of the level, the finest being 0, an axis, and what is to be split along it into low and high.
pub(super) fn take_apart(
    shape: &[usize],
    levels: &[Level],
    values: Vec<f64>,
    split: impl Fn(usize, usize, &Coefficients) -> [Coefficients; 2],
) -> Vec<Coefficients> {
    let mut low = Coefficients { name: "a".repeat(shape.len()), shape: shape.to_vec(), values };
    let mut by_level = Vec::new();
    for (number, level) in levels.iter().enumerate() {
        let mut parts = vec![low];
        for &axis in &level.axes {
            parts = parts.iter().flat_map(|part| split(number, axis, part)).collect();
        }
        low = parts.remove(0);
        parts.iter_mut().for_each(|part| part.name = format!("{}{}", number + 1, part.name));
        by_level.push(parts);
    }
    low.name = format!("{}{}", levels.len(), low.name);
    std::iter::once(low).chain(by_level.into_iter().rev().flatten()).collect()
}

/// The values of which these are the bands; `join` undoes `split` of [`take_apart`].
pub(super) fn put_together(
    levels: &[Level],
    bands: Vec<Coefficients>,
    join: impl Fn(usize, usize, [&Coefficients; 2]) -> Coefficients,
) -> Vec<f64> {
    let mut bands = bands.into_iter();
    let Some(mut low) = bands.next() else { return Vec::new() };
    for (number, level) in levels.iter().enumerate().rev() {
        let mut parts: Vec<_> = std::iter::once(low).chain(bands.by_ref().take((1 << level.axes.len()) - 1)).collect();
        for &axis in level.axes.iter().rev() {
            parts = parts.chunks_exact(2).map(|pair| join(number, axis, [&pair[0], &pair[1]])).collect();
        }
        low = parts.swap_remove(0);
    }
    low.values
}
