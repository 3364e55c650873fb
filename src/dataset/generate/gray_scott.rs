//! Reaction and diffusion of two substances (Gray and Scott 1984; patterns as in Pearson 1993).

use codecbench_methods::api::DType;

use super::random::Random;
use super::{Generated, Generator, Request, tensor};
use crate::dataset::Kind;

/// Concentration of the second substance, periodic box.
pub const GRAY_SCOTT: Generator = Generator {
    id: "gray-scott",
    kind: Kind::Field,
    summary: "Gray-Scott reaction and diffusion: spots and worms with thin fronts, simulated on the spot",
    variants: &[],
    dtypes: &[DType::F32, DType::F64],
    ranks: 2..=3,
    make,
};

/// Feed and kill rates, per step.
const FEED: f64 = 0.037;
const KILL: f64 = 0.06;
/// Diffusion of the two substances, cells^2 per step, in two dimensions.
const DIFFUSION: [f64; 2] = [0.16, 0.08];

/// Both concentrations on a periodic box of planes, rows, columns.
struct Reactor {
    u: Vec<f64>,
    v: Vec<f64>,
    shape: [usize; 3],
    /// Number of axes that are really there.
    rank: usize,
}

fn make(request: &Request<'_>) -> Generated {
    if request.len() == 0 {
        return tensor(request, []).into();
    }
    let rank = request.shape.len();
    let mut shape = [1; 3];
    shape[3 - rank..].copy_from_slice(request.shape);
    let mut reactor = Reactor::new(shape, rank, request.seed);
    let mut next = (reactor.u.clone(), reactor.v.clone());
    for _ in 0..if rank == 2 { 2400 } else { 700 } {
        reactor.step(&mut next);
    }
    tensor(request, reactor.v).into()
}

impl Reactor {
    fn new(shape: [usize; 3], rank: usize, seed: u64) -> Self {
        let count: usize = shape.iter().product();
        let mut reactor = Reactor { u: vec![1.0; count], v: vec![0.0; count], shape, rank };
        let mut random = Random::new(seed, 0);
        // A seed crystal for every block of this many cells along each axis.
        let seeds = shape.iter().map(|&length| length.div_ceil(24)).product::<usize>();
        for _ in 0..seeds {
            let centre = shape.map(|length| random.below(length));
            reactor.place(centre, 3 + random.below(3), &mut random);
        }
        reactor
    }

    fn place(&mut self, centre: [usize; 3], size: usize, random: &mut Random) {
        let extent = self.shape.map(|length| size.min(length));
        for z in 0..extent[0] {
            for y in 0..extent[1] {
                for x in 0..extent[2] {
                    let at = self.index((centre[0] + z) % self.shape[0], (centre[1] + y) % self.shape[1])
                        + (centre[2] + x) % self.shape[2];
                    self.u[at] = 0.5 + 0.02 * random.unit();
                    self.v[at] = 0.25 + 0.02 * random.unit();
                }
            }
        }
    }

    /// Start of a row.
    fn index(&self, z: usize, y: usize) -> usize {
        (z * self.shape[1] + y) * self.shape[2]
    }

    fn step(&mut self, next: &mut (Vec<f64>, Vec<f64>)) {
        let [planes, rows, columns] = self.shape;
        for z in 0..planes {
            for y in 0..rows {
                let row = self.index(z, y);
                let mut beside = vec![self.index(z, (y + 1) % rows), self.index(z, (y + rows - 1) % rows)];
                if self.rank == 3 {
                    beside.push(self.index((z + 1) % planes, y));
                    beside.push(self.index((z + planes - 1) % planes, y));
                }
                for x in 0..columns {
                    let (left, right) = (row + (x + columns - 1) % columns, row + (x + 1) % columns);
                    self.react(row + x, left, right, &beside, x, next);
                }
            }
        }
        std::mem::swap(&mut self.u, &mut next.0);
        std::mem::swap(&mut self.v, &mut next.1);
    }

    #[inline]
    fn react(&self, at: usize, left: usize, right: usize, beside: &[usize], x: usize, next: &mut (Vec<f64>, Vec<f64>)) {
        let (u, v) = (self.u[at], self.v[at]);
        let (mut lu, mut lv) = (self.u[left] + self.u[right], self.v[left] + self.v[right]);
        for &row in beside {
            lu += self.u[row + x];
            lv += self.v[row + x];
        }
        let neighbours = (2 + beside.len()) as f64;
        // The same diffusion time per step in two and three dimensions.
        let share = 4.0 / neighbours;
        let reaction = u * v * v;
        next.0[at] = u + share * DIFFUSION[0] * (lu - neighbours * u) - reaction + FEED * (1.0 - u);
        next.1[at] = v + share * DIFFUSION[1] * (lv - neighbours * v) + reaction - (FEED + KILL) * v;
    }
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::Tensor;

    use super::*;

    #[test]
    fn a_pattern_forms_and_concentrations_stay_physical() {
        let request = Request { shape: &[64, 72], seed: 2, dtype: DType::F64, variant: None };
        let Tensor::F64(v) = make(&request).tensor else { panic!("float64 was asked for") };
        assert!(v.iter().all(|&v| (0.0..1.0).contains(&v)));
        let high = v.iter().filter(|&&v| v > 0.2).count() as f64 / v.len() as f64;
        assert!((0.05..0.7).contains(&high), "{high} of the plane reacts");
    }
}
