//! A velocity distribution function as a kinetic simulation or a particle instrument gives it.

use codecbench_methods::api::DType;

use super::random::Random;
use super::{Generated, Generator, Request, tensor};
use crate::dataset::Kind;

/// Phase-space density, s^3 m^-6; axes vz, vy, vx, or those behind a spatial cell whose plasma changes
/// little from one to the next.
pub const VDF: Generator = Generator {
    id: "vdf",
    kind: Kind::Vdf,
    summary: "drifting bi-Maxwellian and kappa populations and a ring beam; empty below a threshold, cut by its box",
    variants: &["vlasov", "counted"],
    dtypes: &[DType::F32, DType::F64],
    ranks: 3..=4,
    make,
};

/// Cells at or below this are stored as zero, s^3 m^-6.
const THRESHOLD: f64 = 1e-15;
/// Half the length of the longest axis of the box, m/s.
const HALF_BOX: f64 = 2.2e6;
/// Density of the core, m^-3.
const DENSITY: f64 = 4e5;
/// Thermal speed of the core, m/s.
const THERMAL: f64 = 5e5;
/// Phase-space density of one count, s^3 m^-6.
const ONE_COUNT: f64 = 2e-15;

/// A gyrotropic population about its own axis.
struct Population {
    density: f64,
    drift: [f64; 3],
    /// Direction of the magnetic field.
    axis: [f64; 3],
    parallel: f64,
    perpendicular: f64,
    shape: Shape,
}

enum Shape {
    Maxwellian,
    /// Suprathermal tails with this index (Vasyliunas 1968).
    Kappa(f64),
    /// Gyrating at this perpendicular speed.
    Ring(f64),
}

fn make(request: &Request<'_>) -> Generated {
    let (cells, shape) = request.shape.split_at(request.shape.len() - 3);
    let longest = shape.iter().copied().max().unwrap_or(1).max(1);
    let spacing = 2.0 * HALF_BOX / longest as f64;
    let mut values = Vec::with_capacity(request.len());
    for cell in 0..cells.first().copied().unwrap_or(1) {
        one(request, (cell, shape), spacing, &mut values);
    }
    Generated {
        velocity_spacing: Some([vec![1.0; cells.len()], vec![spacing; 3]].concat()),
        sparsity_threshold: Some(THRESHOLD),
        ..tensor(request, values).into()
    }
}

/// The distribution of one spatial cell.
fn one(request: &Request<'_>, (cell, shape): (usize, &[usize]), spacing: f64, values: &mut Vec<f64>) {
    let populations: Vec<_> = populations(request.seed).into_iter().enumerate().map(|at| carried(at, cell)).collect();
    let centre = |axis: usize, index: usize| (index as f64 + 0.5 - shape[axis] as f64 / 2.0) * spacing;
    let mut counting = Random::new(request.seed, 1 + cell as u64);
    for z in 0..shape[0] {
        for y in 0..shape[1] {
            for x in 0..shape[2] {
                let v = [centre(2, x), centre(1, y), centre(0, z)];
                let f: f64 = populations.iter().map(|population| population.at(v)).sum();
                let f = if request.is("counted") { counting.poisson(f / ONE_COUNT) * ONE_COUNT } else { f };
                values.push(if f > THRESHOLD { f } else { 0.0 });
            }
        }
    }
}

/// A population as it is `cells` spatial cells on: thinner, hotter and faster by its own rate.
fn carried((number, population): (usize, Population), cells: usize) -> Population {
    let steps = cells as f64 * (1.0 + number as f64 / 2.0);
    Population {
        density: population.density * libm::exp(-0.08 * steps),
        drift: std::array::from_fn(|i| population.drift[i] + population.axis[i] * 3e4 * steps),
        parallel: population.parallel * libm::exp(0.02 * steps),
        perpendicular: population.perpendicular * libm::exp(0.01 * steps),
        ..population
    }
}

fn populations(seed: u64) -> Vec<Population> {
    let mut random = Random::new(seed, 0);
    let axis = direction(&mut random);
    let drift = |random: &mut Random, speed: f64| axis.map(|a| a * speed + random.between(-1.0, 1.0) * 1e5);
    let core = Population {
        density: DENSITY,
        drift: drift(&mut random, 2e5),
        axis,
        parallel: THERMAL,
        perpendicular: THERMAL * random.between(1.0, 1.5),
        shape: Shape::Maxwellian,
    };
    let beam = Population {
        density: DENSITY * random.between(0.05, 0.15),
        drift: drift(&mut random, -1.1e6),
        axis,
        parallel: THERMAL * 0.45,
        perpendicular: THERMAL * 0.55,
        shape: Shape::Maxwellian,
    };
    let halo = Population {
        density: DENSITY * 0.05,
        drift: drift(&mut random, 3e5),
        axis,
        parallel: THERMAL * 1.5,
        perpendicular: THERMAL * 1.4,
        shape: Shape::Kappa(random.between(3.0, 6.0)),
    };
    let ring = Population {
        density: DENSITY * random.between(0.04, 0.1),
        drift: drift(&mut random, 6e5),
        axis,
        parallel: THERMAL * 0.3,
        perpendicular: THERMAL * 0.25,
        shape: Shape::Ring(1.1e6),
    };
    vec![core, beam, halo, ring]
}

fn direction(random: &mut Random) -> [f64; 3] {
    let cos = random.between(-1.0, 1.0);
    let sin = libm::sqrt(1.0 - cos * cos);
    let angle = random.between(0.0, 2.0 * std::f64::consts::PI);
    [sin * libm::cos(angle), sin * libm::sin(angle), cos]
}

impl Population {
    /// Phase-space density at velocity `v` (x, y, z), m/s.
    fn at(&self, v: [f64; 3]) -> f64 {
        let w: [f64; 3] = std::array::from_fn(|i| v[i] - self.drift[i]);
        let along = w[0] * self.axis[0] + w[1] * self.axis[1] + w[2] * self.axis[2];
        let across2 = (w[0] * w[0] + w[1] * w[1] + w[2] * w[2] - along * along).max(0.0);
        let (a, b) = (self.parallel, self.perpendicular);
        let pi = std::f64::consts::PI;
        let peak = self.density / (libm::pow(pi, 1.5) * a * b * b);
        let energy = along * along / (a * a) + across2 / (b * b);
        match self.shape {
            Shape::Maxwellian => peak * libm::exp(-energy),
            Shape::Kappa(kappa) => {
                let norm = libm::exp(libm::lgamma(kappa + 1.0) - libm::lgamma(kappa - 0.5)) / libm::pow(kappa, 1.5);
                peak * norm * libm::pow(1.0 + energy / kappa, -kappa - 1.0)
            }
            Shape::Ring(speed) => {
                let off = libm::sqrt(across2) - speed;
                // A thin ring: its area is close to 2 pi speed times the width of the Gaussian across it.
                let plane = libm::sqrt(pi) * a * 2.0 * pi * speed * libm::sqrt(pi) * b;
                self.density / plane * libm::exp(-along * along / (a * a) - off * off / (b * b))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::Tensor;

    use super::*;

    fn values(variant: &str) -> (Vec<f64>, f64) {
        let request = Request { shape: &[48, 50, 46], seed: 4, dtype: DType::F64, variant: Some(variant) };
        let made = make(&request);
        let spacing = made.velocity_spacing.as_ref().map_or(0.0, |spacing| spacing[0]);
        let Tensor::F64(array) = made.tensor else { panic!("float64 was asked for") };
        (array.into_raw_vec_and_offset().0, spacing)
    }

    #[test]
    fn the_density_is_that_of_its_populations_less_what_the_box_cuts() {
        for variant in ["vlasov", "counted"] {
            let (values, spacing) = values(variant);
            let density = values.iter().sum::<f64>() * spacing * spacing * spacing;
            let expected: f64 = populations(4).iter().map(|population| population.density).sum();
            assert!((0.85..1.01).contains(&(density / expected)), "{variant}: {density} of {expected}");
        }
    }

    #[test]
    fn a_stack_starts_with_the_single_distribution_and_changes_from_cell_to_cell() {
        let made = |shape: &[usize]| make(&Request { shape, seed: 4, dtype: DType::F64, variant: None });
        let (stack, single) = (made(&[3, 12, 13, 14]), made(&[12, 13, 14]));
        let values = |made: &Generated| match &made.tensor {
            Tensor::F64(array) => array.iter().copied().collect::<Vec<f64>>(),
            _ => panic!("float64 was asked for"),
        };
        let (all, first) = (values(&stack), values(&single));
        assert_eq!((&all[..first.len()], stack.velocity_spacing.map(|spacing| spacing.len())), (&first[..], Some(4)));
        let density = |cell: usize| all[cell * first.len()..][..first.len()].iter().sum::<f64>();
        assert!(density(2) < density(1) && density(1) < density(0) && density(2) > 0.5 * density(0));
    }

    #[test]
    fn cells_are_empty_or_above_the_threshold() {
        let (values, _) = values("vlasov");
        assert!(values.iter().all(|&f| f == 0.0 || f > THRESHOLD));
        let empty = values.iter().filter(|&&f| f == 0.0).count() as f64 / values.len() as f64;
        assert!((0.05..0.9).contains(&empty), "{empty} of the box is empty");
    }
}
