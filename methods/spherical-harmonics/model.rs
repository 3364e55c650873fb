//! A sum of harmonics as it is stored: frames, a step, and whole multiples of it.

use super::coefficients::{self, Models};
use super::fit::Functions;
use super::frame::{Frame, PARTS};
use super::harmonics;
use crate::api::Error;
use crate::shared::range::BitCoder;

/// Steps are this many to the octave, from the target's number up.
const FINENESS: f64 = 16.0;
/// Bits of a step.
const STEP_BITS: u32 = 9;

/// Everything that is stored of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// At most three.
    pub frames: Vec<Frame>,
    /// Size of the quantiser's step: see [`step`].
    pub step: u32,
    /// Whether values below zero are raised to it.
    pub positive: bool,
    /// Quantised coefficients of all frames, one after the other.
    pub values: Vec<i32>,
}

/// The largest number of a step.
pub const STEPS: u32 = (1 << STEP_BITS) - 1;

/// The step of that number under a target of `unit`.
pub fn step(number: u32, unit: f64) -> f64 {
    unit * libm::exp2(f64::from(number) / FINENESS)
}

/// The number of functions of a frame, which must not be above that of voxels.
pub fn functions(frame: &Frame) -> usize {
    harmonics::count(frame.degree) * frame.modes
}

/// Codes a frame in an array of `shape`.
fn code_frame(frame: &Frame, shape: [usize; 3], coder: &mut impl BitCoder) -> Frame {
    let centre = std::array::from_fn(|axis| {
        let most = (shape[axis] as u64 - 1) * u64::from(PARTS);
        coder.plain(u64::from(frame.centre[axis]), most.checked_ilog2().map_or(0, |bits| bits + 1)).min(most) as u32
    });
    let stretch = frame.stretch.map(|stretch| coder.plain((stretch + 32) as u64, 6) as i32 - 32);
    let pole = coder.plain(frame.pole as u64, 2).min(2) as usize;
    let width = coder.plain(u64::from(frame.width), 7) as u32;
    let degree = coder.plain(frame.degree as u64, 5) as usize;
    Frame { centre, stretch, pole, width, degree, modes: coder.plain(frame.modes as u64 - 1, 5) as usize + 1 }
}

impl Model {
    /// Codes the model of an array of `shape`; a decoder returns what it read.
    ///
    /// # Errors
    /// `Corrupt` if a frame has more functions than there are voxels.
    pub fn code(&self, shape: [usize; 3], coder: &mut impl BitCoder) -> Result<Model, Error> {
        let mut read = Model::default();
        let count = coder.plain(self.frames.len() as u64, 2) as usize;
        if count == 0 {
            return Ok(read);
        }
        read.step = coder.plain(u64::from(self.step), STEP_BITS) as u32;
        read.positive = coder.plain(u64::from(self.positive), 1) != 0;
        let mut models = Models::default();
        for at in 0..count {
            let known = self.frames.get(at).copied().unwrap_or(BLANK);
            let frame = code_frame(&known, shape, coder);
            let (start, length) = (read.values.len(), functions(&frame));
            if length > shape.iter().product() {
                return Err(Error::corrupt(0, "a centre has more functions than there are voxels"));
            }
            let end = start + length;
            read.values.resize(end, 0);
            if let Some(values) = self.values.get(start..end) {
                read.values[start..].copy_from_slice(values);
            }
            coefficients::code(&frame, &mut read.values[start..], &mut models, coder);
            read.frames.push(frame);
        }
        Ok(read)
    }

    /// The values of the model on an array of `shape`, for a target of `unit`; finite.
    pub fn field(&self, shape: [usize; 3], unit: f64) -> Vec<f64> {
        self.field_on(&Functions::new(&self.frames, shape), shape.iter().product(), unit)
    }

    /// As [`Model::field`], with the functions of the frames at hand.
    pub fn field_on(&self, functions: &Functions, voxels: usize, unit: f64) -> Vec<f64> {
        let mut field = vec![0.0; voxels];
        // In steps, and scaled at the end: the same bits whatever power of two the data is multiplied with.
        let coefficients: Vec<f64> = self.values.iter().map(|&value| f64::from(value)).collect();
        functions.add(&coefficients, &mut field);
        let step = step(self.step, unit);
        for value in &mut field {
            *value *= step;
            if !value.is_finite() || (self.positive && *value < 0.0) {
                *value = 0.0;
            }
        }
        field
    }
}

/// What stands for a frame that a decoder is to find.
const BLANK: Frame = Frame { centre: [0; 3], stretch: [0; 2], pole: 0, width: 0, degree: 0, modes: 1 };
