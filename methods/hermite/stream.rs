//! The bytes of an expansion: step, centres, and the coefficients of each.

use super::basis::Basis;
use super::coefficients::{Models, Simplex};
use super::frame::Lattice;
use crate::api::Error;
use crate::shared::range::BitCoder;

/// Most values that are expanded.
pub const MOST: usize = 1 << 24;
/// Most centres.
pub const CENTRES: usize = 3;
/// Steps an octave.
const STEPS: f64 = 16.0;
/// One past the largest index of a step.
pub const LAST_STEP: u32 = 1 << 9;

/// Where one expansion stands and how far it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Centre {
    /// Its frame.
    pub lattice: Lattice,
    /// Vertices of the simplex of its orders, each 1 to three times the length of the axis.
    pub reach: [usize; 3],
}

/// The step of index `index`, in units of the mean error asked for: from 1/4 up.
pub fn step(index: u32) -> f64 {
    libm::exp2(f64::from(index) / STEPS - 2.0)
}

/// The index of the step next below `step`.
pub fn step_index(step: f64) -> u32 {
    ((libm::log2(step) + 2.0) * STEPS).floor().clamp(0.0, f64::from(LAST_STEP - 1)) as u32
}

impl Centre {
    fn code(&self, shape: [usize; 3], coder: &mut impl BitCoder) -> Self {
        let lattice = self.lattice.code(shape, coder);
        let reach = std::array::from_fn(|axis| {
            let most = 3 * shape[axis];
            if shape[axis] == 1 {
                return 1;
            }
            let bits = usize::BITS - (most - 1).leading_zeros();
            (coder.plain(self.reach[axis] as u64 - 1, bits) as usize + 1).min(most)
        });
        Centre { lattice, reach }
    }
}

/// Codes what comes before the coefficients.
pub fn code_head(index: u32, centres: &[Centre], shape: [usize; 3], coder: &mut impl BitCoder) -> (u32, Vec<Centre>) {
    let index = coder.plain(u64::from(index), LAST_STEP.trailing_zeros()) as u32;
    let count = coder.plain(centres.len() as u64, 2) as usize;
    let nothing = Centre { lattice: Lattice::default(), reach: [1; 3] };
    let read = (0..count).map(|i| centres.get(i).unwrap_or(&nothing).code(shape, coder));
    (index, read.collect())
}

/// Codes an expansion: its head, then the quantised coefficients of each centre. Returns the index of the step, the
/// number of centres, and what the expansion stands for, in units of the mean error asked for; a decoder's arguments do
/// not matter.
///
/// # Errors
/// `Corrupt` if a frame is one that no encoder writes.
pub fn code(
    index: u32,
    centres: &[Centre],
    shape: [usize; 3],
    values: &[Vec<i32>],
    coder: &mut impl BitCoder,
) -> Result<(u32, usize, Vec<f64>), Error> {
    let mut data = vec![0.0; shape.iter().product()];
    let (index, centres) = code_head(index, centres, shape, coder);
    if !centres.is_empty() && data.len() > MOST {
        return Err(Error::corrupt(0, "an expansion of more values than are ever expanded"));
    }
    let mut models = Models::default();
    for (number, centre) in centres.iter().enumerate() {
        let simplex = Simplex::new(shape, centre.reach);
        let basis = Basis::new(shape, simplex.orders, &centre.lattice.frame())
            .ok_or_else(|| Error::corrupt(0, "a frame that takes too much space or time"))?;
        let mut coded = vec![0; simplex.orders.iter().product()];
        let known = values.get(number);
        simplex.code(&mut models, coder, &mut coded, |at, _| known.map_or(0, |known| known[at]));
        let coded: Vec<f64> = coded.into_iter().map(f64::from).collect();
        basis.inverse(&coded, step(index), &mut data);
    }
    Ok((index, centres.len(), data))
}
