//! Where a basis stands in the box: centre, scale and shear, on a lattice fine enough for coefficients to make up the rest.

use crate::shared::range::BitCoder;

/// Steps of the scale's logarithm in an octave.
const SCALES: f64 = 8.0;
/// Smallest scale, in grid spacings.
const SMALLEST: f64 = 0.25;
/// Steps of the centre in a scale.
const CENTRES: f64 = 8.0;
/// Steps of the shear in the ratio of two scales.
const SHEARS: f64 = 16.0;
/// Most steps of a shear either way.
pub const STEEPEST: i32 = 63;
/// Largest index of a scale.
pub const WIDEST: i32 = 127;
/// Bits of an index of scale, and of a shear.
const BITS: u32 = 7;

/// Centre, scale and shear as numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Position of the centre along each axis, in grid spacings from the first value.
    pub centre: [f64; 3],
    /// Scale of each axis: the standard deviation of the Gaussian of order 0, in grid spacings.
    pub scale: [f64; 3],
    /// What the centre moves: along axis 1 per step of axis 0, along axis 2 per step of axis 0, along axis 2 per step
    /// of axis 1.
    pub shear: [f64; 3],
}

/// The indices that stand for a [`Frame`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lattice {
    /// Index of the scale of each axis, 0 to [`WIDEST`].
    pub scale: [i32; 3],
    /// Index of the centre along each axis, 0 to [`Lattice::last_centre`].
    pub centre: [i32; 3],
    /// Index of each shear, at most [`STEEPEST`] either way.
    pub shear: [i32; 3],
}

/// The two axes of each shear: the one along which the centre moves, and the one that moves it.
const SHEARED: [(usize, usize); 3] = [(1, 0), (2, 0), (2, 1)];

fn scale(index: i32) -> f64 {
    SMALLEST * libm::exp2(f64::from(index) / SCALES)
}

impl Lattice {
    /// The nearest indices to a frame in a box of `shape`.
    pub fn nearest(frame: &Frame, shape: [usize; 3]) -> Self {
        let mut lattice = Lattice::default();
        for axis in 0..3 {
            let index = (SCALES * libm::log2(frame.scale[axis] / SMALLEST)).round();
            lattice.scale[axis] = (index as i32).clamp(0, WIDEST);
            let index = (frame.centre[axis] * CENTRES / scale(lattice.scale[axis])).round() as i32;
            lattice.centre[axis] = index.clamp(0, lattice.last_centre(axis, shape));
        }
        for (i, (along, by)) in SHEARED.into_iter().enumerate() {
            let ratio = scale(lattice.scale[along]) / scale(lattice.scale[by]);
            let index = (frame.shear[i] / ratio * SHEARS).round() as i32;
            lattice.shear[i] = if shape[along] > 1 && shape[by] > 1 { index.clamp(-STEEPEST, STEEPEST) } else { 0 };
        }
        lattice
    }

    /// The frame that the indices stand for.
    pub fn frame(&self) -> Frame {
        let scale = self.scale.map(scale);
        let centre = std::array::from_fn(|axis| f64::from(self.centre[axis]) * scale[axis] / CENTRES);
        let shear = std::array::from_fn(|i| {
            let (along, by) = SHEARED[i];
            f64::from(self.shear[i]) / SHEARS * scale[along] / scale[by]
        });
        Frame { centre, scale, shear }
    }

    /// The largest index of a centre: the one at or behind the last value of the axis.
    pub fn last_centre(&self, axis: usize, shape: [usize; 3]) -> i32 {
        let steps = (shape[axis] - 1) as f64 * CENTRES / scale(self.scale[axis]);
        steps.ceil().min(f64::from(1 << 30)) as i32
    }

    /// Codes the indices for a box of `shape`; a decoder returns those that it read.
    pub fn code(&self, shape: [usize; 3], coder: &mut impl BitCoder) -> Self {
        let mut read = Lattice::default();
        for axis in (0..3).filter(|&axis| shape[axis] > 1) {
            read.scale[axis] = coder.plain(self.scale[axis] as u64, BITS) as i32;
            let last = read.last_centre(axis, shape);
            let bits = 32 - (last as u32).leading_zeros();
            read.centre[axis] = (coder.plain(self.centre[axis] as u64, bits) as i32).min(last);
        }
        let sheared = coder.plain(u64::from(self.shear != [0; 3]), 1) == 1;
        for (i, (along, by)) in SHEARED.into_iter().enumerate() {
            if sheared && shape[along] > 1 && shape[by] > 1 {
                let index = coder.plain((self.shear[i] + STEEPEST + 1) as u64, BITS) as i32;
                read.shear[i] = (index - STEEPEST - 1).max(-STEEPEST);
            }
        }
        read
    }
}
