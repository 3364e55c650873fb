//! Functions of one frame: harmonics times radial functions, as a linear map from coefficients to voxels.

use super::frame::{Frame, Placer};
use super::harmonics::{self, Harmonics, LANES, Lanes};
use super::radial;

/// The functions of a frame on the voxels of an array, close to orthonormal over them.
#[derive(Debug)]
pub struct Basis {
    frame: Frame,
    placer: Placer,
    harmonics: Harmonics,
    /// Voxels sorted by the interval that their radius lies in, and where each interval starts.
    order: Vec<u32>,
    starts: Vec<usize>,
    /// For each degree, `modes` rows of spline coefficients.
    radial: Vec<Vec<f64>>,
    /// All groups, if they are kept from pass to pass.
    kept: Vec<Group>,
}

/// A group of voxels in one interval.
#[derive(Debug)]
struct Group {
    u: [Lanes; 3],
    /// The four splines at each voxel, zero where there is none.
    splines: [Lanes; 4],
}

impl Basis {
    /// The functions of `frame` in an array of `shape`, of at most 2^32 voxels.
    pub fn new(frame: Frame, shape: [usize; 3]) -> Self {
        let (placer, intervals) = (frame.placer(shape), frame.intervals());
        let voxels = shape.iter().product::<usize>();
        let (mut density, mut starts) = (radial::Density::new(intervals), vec![0; intervals + 1]);
        let place = |index: usize| {
            let spot = placer.spot(index);
            density.add(&spot);
            let interval = (spot.s as usize).min(intervals - 1);
            starts[interval + 1] += 1;
            // Intervals are fewer than 256, as modes are coded in five bits.
            interval as u8
        };
        let places: Vec<u8> = (0..voxels).map(place).collect();
        (0..intervals).for_each(|at| starts[at + 1] += starts[at]);
        let (mut order, mut next) = (vec![0; voxels], starts.clone());
        for (index, &interval) in places.iter().enumerate() {
            let place = &mut next[usize::from(interval)];
            order[*place] = index as u32;
            *place += 1;
        }
        let radial = (0..=frame.degree).map(|l| density.functions(l, frame.modes)).collect();
        Basis { frame, placer, harmonics: Harmonics::new(frame.degree), order, starts, radial, kept: Vec::new() }
    }

    /// The same, quick to use again and again: takes 64 bytes for each voxel.
    pub fn kept(mut self) -> Self {
        let mut kept = Vec::new();
        self.chunks(|interval, voxels| kept.push(self.group(voxels, interval)));
        self.kept = kept;
        self
    }

    /// Number of coefficients: for each harmonic, those of its radial functions.
    pub fn len(&self) -> usize {
        harmonics::count(self.frame.degree) * self.frame.modes
    }

    fn group(&self, voxels: &[u32], interval: usize) -> Group {
        let mut group = Group { u: [[0.0; LANES]; 3], splines: [[0.0; LANES]; 4] };
        for (lane, &index) in voxels.iter().enumerate() {
            let spot = self.placer.spot(index as usize);
            (0..3).for_each(|axis| group.u[axis][lane] = spot.u[axis]);
            let splines = radial::splines(spot.s - interval as f64);
            (0..4).for_each(|k| group.splines[k][lane] = splines[k] * spot.weight);
        }
        group
    }

    /// Calls `visit` with each group's interval and voxels.
    fn chunks(&self, mut visit: impl FnMut(usize, &[u32])) {
        for interval in 0..self.frame.intervals() {
            let own = &self.order[self.starts[interval]..self.starts[interval + 1]];
            own.chunks(LANES).for_each(|voxels| visit(interval, voxels));
        }
    }

    /// Calls `visit` with each group's interval, voxels and functions.
    fn groups(&self, mut visit: impl FnMut(usize, &[u32], &Group)) {
        let mut kept = self.kept.iter();
        self.chunks(|interval, voxels| match kept.next() {
            Some(group) => visit(interval, voxels, group),
            None => visit(interval, voxels, &self.group(voxels, interval)),
        });
    }

    /// Degree of each harmonic, in the order of their indices.
    fn degrees(&self) -> impl Iterator<Item = usize> + use<> {
        (0..=self.frame.degree).flat_map(|l| std::iter::repeat_n(l, 2 * l + 1))
    }

    /// Adds the sum of the functions times `coefficients` to `field`.
    pub fn add(&self, coefficients: &[f64], field: &mut [f64]) {
        let (count, modes) = (harmonics::count(self.frame.degree), self.frame.modes);
        let knots = self.frame.intervals() + 3;
        let mut rows = vec![0.0; knots * count];
        for (at, l) in self.degrees().enumerate() {
            for (mode, &coefficient) in coefficients[at * modes..(at + 1) * modes].iter().enumerate() {
                if coefficient != 0.0 {
                    let function = &self.radial[l][mode * knots..(mode + 1) * knots];
                    function.iter().enumerate().for_each(|(j, value)| rows[j * count + at] += value * coefficient);
                }
            }
        }
        self.groups(|interval, voxels, group| {
            let row = |k: usize| &rows[(interval + k) * count..(interval + k + 1) * count];
            let rows = [row(0), row(1), row(2), row(3)];
            let mut sum = [0.0; LANES];
            let [s0, s1, s2, s3] = &group.splines;
            self.harmonics.walk(&group.u, |at, values| {
                let [c0, c1, c2, c3] = [rows[0][at], rows[1][at], rows[2][at], rows[3][at]];
                for i in 0..LANES {
                    sum[i] += values[i] * (s0[i] * c0 + s1[i] * c1 + (s2[i] * c2 + s3[i] * c3));
                }
            });
            voxels.iter().zip(sum).for_each(|(&index, sum)| field[index as usize] += sum);
        });
    }

    /// The scalar products of all functions with `field`.
    pub fn project(&self, field: &[f64]) -> Vec<f64> {
        let (count, modes) = (harmonics::count(self.frame.degree), self.frame.modes);
        let knots = self.frame.intervals() + 3;
        let mut rows = vec![0.0; knots * count];
        self.groups(|interval, voxels, group| {
            let mut parts = group.splines;
            for part in &mut parts {
                part.iter_mut().zip(voxels).for_each(|(part, &index)| *part *= field[index as usize]);
            }
            self.harmonics.walk(&group.u, |at, values| {
                for (k, part) in parts.iter().enumerate() {
                    rows[(interval + k) * count + at] += dot(part, values);
                }
            });
        });
        let mut coefficients = Vec::with_capacity(count * modes);
        for (at, l) in self.degrees().enumerate() {
            let function = |mode: usize| self.radial[l][mode * knots..(mode + 1) * knots].iter().enumerate();
            coefficients
                .extend((0..modes).map(|mode| function(mode).map(|(j, f)| f * rows[j * count + at]).sum::<f64>()));
        }
        coefficients
    }
}

/// The scalar product, summed in four lanes that the compiler keeps apart.
#[inline(always)]
fn dot(a: &Lanes, b: &Lanes) -> f64 {
    let mut sums = [0.0; 4];
    for i in (0..LANES).step_by(4) {
        (0..4).for_each(|k| sums[k] += a[i + k] * b[i + k]);
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}
