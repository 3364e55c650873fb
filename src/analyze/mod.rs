//! What an array is like, and which methods that speaks for: the study of spatial coherence, for any data set.
//!
//! Values by themselves, neighbours in pairs along every axis, and what a change of basis of pairs (a sum and a difference, as in
//! the seed on spatial coherence) does to their energy. Missing values (NaN, infinities, the fill value) are counted and
//! left out. Arrays beyond [`MOST`] elements are sampled at regular places: the same places on every run.

mod advice;
mod code;
mod lags;
mod lattice;
mod pairs;
mod values;

use codecbench_methods::api::{DType, Element};
use codecbench_methods::for_dtype;
use serde::Serialize;

use crate::dataset::{Dataset, Kind};
pub use advice::Advice;
pub use lags::Lag;
pub use lattice::Lattice;
pub use pairs::{AxisStudy, BINS, Density, Dropped};
pub use values::ValueStudy;

/// Most values, or pairs along one axis, that are looked at.
pub const MOST: usize = 1 << 21;

/// All that [`study`] finds.
#[derive(Clone, Debug, Serialize)]
pub struct Study {
    /// Name of the data set.
    pub name: String,
    /// What the array holds.
    pub kind: Kind,
    /// Type of the elements.
    pub dtype: DType,
    /// Axis lengths, slowest first.
    pub shape: Vec<usize>,
    /// Number of elements.
    pub elements: usize,
    /// The values by themselves.
    pub values: ValueStudy,
    /// Neighbours along every axis of at least two values.
    pub axes: Vec<AxisStudy>,
    /// Methods worth trying, the most promising first.
    pub advice: Vec<Advice>,
}

/// An array of one type, and what counts as missing in it.
#[derive(Clone, Copy, Debug)]
struct Source<'a, T> {
    data: &'a [T],
    shape: &'a [usize],
    fill: Option<f64>,
}

impl<T: Element> Source<'_, T> {
    /// The value at a flat index; `None` where it is missing.
    #[inline(always)]
    fn get(&self, at: usize) -> Option<f64> {
        let value = self.data[at].to_f64();
        (value.is_finite() && Some(value) != self.fill).then_some(value)
    }

    /// Flat indices that are looked at, at most about [`MOST`] of them.
    fn places(&self) -> impl Iterator<Item = usize> + use<T> {
        (0..self.data.len()).step_by(stride(self.data.len()))
    }
}

/// One in so many is looked at. Odd, so that it does not keep step with rows of even length.
fn stride(of: usize) -> usize {
    if of <= MOST { 1 } else { of.div_ceil(MOST) | 1 }
}

/// Looks at a data set.
pub fn study(dataset: &Dataset) -> Study {
    let view = dataset.tensor.view();
    let (dtype, shape) = (view.dtype(), view.shape().to_vec());
    let fill = dataset.fill_value;
    let (values, mut axes) = for_dtype!(TensorRef, view, view => {
        of_type(&Source { data: view.data(), shape: &shape, fill }, dataset.sparsity_threshold)
    });
    let peak = matches!(dtype, DType::U8 | DType::U16).then(|| libm::exp2(8.0 * dtype.size() as f64) - 1.0);
    axes.iter_mut().for_each(|axis| axis.as_picture(dataset.kind, peak));
    let elements = shape.iter().product();
    let name = dataset.name.clone();
    let mut study = Study { name, kind: dataset.kind, dtype, shape, elements, values, axes, advice: Vec::new() };
    study.advice = advice::advise(&study);
    study
}

fn of_type<T: Element>(source: &Source<'_, T>, threshold: Option<f64>) -> (ValueStudy, Vec<AxisStudy>) {
    let (values, code) = values::look(source, threshold);
    let long = (0..source.shape.len()).filter(|&axis| source.shape[axis] > 1 && !source.data.is_empty());
    let axes = long.map(|axis| pairs::look(source, axis, &values, code)).collect();
    (values, axes)
}
