//! Where a centre stands, and how radius is measured from it.

/// Coordinates around one centre of an array of three axes, and how many functions there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The centre, in steps of 1/4 of the distance of two voxels, for each axis.
    pub centre: [u32; 3],
    /// Stretch of the first two axes before radius is measured, in 1/8 of an octave, relative to the third axis.
    pub stretch: [i32; 2],
    /// Which axis the harmonics' pole is on.
    pub pole: usize,
    /// Width of the Gaussian that all functions decay with, in 1/8 of an octave above half a voxel.
    pub width: u32,
    /// Largest degree of the harmonics.
    pub degree: usize,
    /// Radial functions of each harmonic.
    pub modes: usize,
}

/// Parts of a voxel in which centres are given.
pub const PARTS: u32 = 4;
/// Radius at which the coordinate of radial functions has half its range, in widths.
const MIDDLE: f64 = 1.25;

/// A frame ready to place voxels.
#[derive(Clone, Debug)]
pub struct Placer {
    shape: [usize; 3],
    centre: [f64; 3],
    factors: [f64; 3],
    axes: [usize; 3],
    square: f64,
    middle: f64,
    scale: f64,
}

/// Where a voxel is.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    /// Direction from the centre, of a length that goes from 0 there to 1 far out.
    pub u: [f64; 3],
    /// The Gaussian that radial functions are weighted with.
    pub weight: f64,
    /// Radius in intervals of the radial functions.
    pub s: f64,
}

impl Frame {
    /// Intervals of the splines that carry the radial functions.
    pub fn intervals(&self) -> usize {
        2 * self.modes + 2
    }

    /// The frame in an array of `shape`.
    pub fn placer(&self, shape: [usize; 3]) -> Placer {
        let octaves = [self.stretch[0], self.stretch[1], 0];
        let mean = f64::from(octaves[0] + octaves[1]) / 3.0;
        let factors = octaves.map(|octave| libm::exp2((f64::from(octave) - mean) / 8.0));
        let centre = self.centre.map(|at| f64::from(at) / f64::from(PARTS));
        let furthest: f64 = (0..3)
            .map(|axis| {
                let far = centre[axis].max((shape[axis] as f64 - 1.0 - centre[axis]).abs()) * factors[axis];
                far * far
            })
            .sum();
        let width = 0.5 * libm::exp2(f64::from(self.width) / 8.0);
        let middle = MIDDLE * MIDDLE * width * width;
        let scale = self.intervals() as f64 * (furthest + middle) / furthest.max(1e-9);
        let axes = [(self.pole + 1) % 3, (self.pole + 2) % 3, self.pole];
        Placer { shape, centre, factors, axes, square: width * width, middle, scale }
    }
}

impl Placer {
    /// The spot of the voxel at `index` in C order.
    #[inline(always)]
    pub fn spot(&self, index: usize) -> Spot {
        let (row, k) = (index / self.shape[2], index % self.shape[2]);
        let (i, j) = (row / self.shape[1], row % self.shape[1]);
        let at = [i, j, k];
        let d: [f64; 3] = std::array::from_fn(|axis| (at[axis] as f64 - self.centre[axis]) * self.factors[axis]);
        let square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
        let length = 1.0 / (square + self.square).sqrt();
        let weight = libm::exp(square / (-2.0 * self.square));
        Spot { u: self.axes.map(|axis| d[axis] * length), weight, s: square / (square + self.middle) * self.scale }
    }
}
