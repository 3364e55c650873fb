//! The two-stream instability: electron holes in the phase space of a Vlasov-Poisson plasma.

use codecbench_methods::api::DType;

use super::random::Random;
use super::{Generated, Generator, Request, tensor};
use crate::dataset::Kind;

/// Phase-space density f(x, v) in units of Debye length, plasma period and thermal speed; axes x, v.
pub const TWO_STREAM: Generator = Generator {
    id: "two-stream",
    kind: Kind::Field,
    summary: "two-stream instability: f(x, v) of a Vlasov-Poisson plasma at the vortex stage, solved on the spot",
    variants: &[],
    dtypes: &[DType::F32, DType::F64],
    ranks: 2..=2,
    make,
};

/// Wavenumber of the growing mode, per Debye length.
const WAVENUMBER: f64 = 0.2;
/// Drift of each stream, thermal speeds.
const DRIFT: f64 = 2.4;
/// Largest velocity, thermal speeds.
const V_MAX: f64 = 8.0;
/// Time step and steps, plasma periods over 2 pi.
const STEP: f64 = 0.25;
const STEPS: usize = 180;

/// f on the grid, rows of constant x.
struct Plasma {
    f: Vec<f64>,
    nx: usize,
    nv: usize,
    line: Vec<f64>,
}

fn make(request: &Request<'_>) -> Generated {
    let (nx, nv) = (request.shape[0], request.shape[1]);
    if nx == 0 || nv == 0 {
        return tensor(request, []).into();
    }
    let mut plasma = Plasma::new(nx, nv, request.seed);
    for _ in 0..STEPS {
        plasma.drift(STEP / 2.0);
        plasma.kick(STEP);
        plasma.drift(STEP / 2.0);
    }
    tensor(request, plasma.f).into()
}

impl Plasma {
    fn new(nx: usize, nv: usize, seed: u64) -> Self {
        let mut random = Random::new(seed, 0);
        let modes: Vec<_> = (1..=3).map(|k| (f64::from(k), random.between(0.01, 0.05), random.unit())).collect();
        let plasma = Plasma { f: Vec::new(), nx, nv, line: vec![0.0; nx.max(nv)] };
        let mut f = Vec::with_capacity(nx * nv);
        for x in 0..nx {
            let turn = x as f64 / nx as f64;
            let wave = |&(k, amplitude, phase): &(f64, f64, f64)| {
                amplitude * libm::cos(2.0 * std::f64::consts::PI * (k * turn + phase))
            };
            let density = 1.0 + modes.iter().map(wave).sum::<f64>();
            for j in 0..nv {
                let v = plasma.velocity(j);
                let stream = |drift: f64| libm::exp(-(v - drift) * (v - drift) / 2.0);
                let norm = 0.5 / libm::sqrt(2.0 * std::f64::consts::PI);
                f.push(density * norm * (stream(DRIFT) + stream(-DRIFT)));
            }
        }
        Plasma { f, ..plasma }
    }

    fn velocity(&self, j: usize) -> f64 {
        ((j as f64 + 0.5) / self.nv as f64 * 2.0 - 1.0) * V_MAX
    }

    fn dv(&self) -> f64 {
        2.0 * V_MAX / self.nv as f64
    }

    fn dx(&self) -> f64 {
        2.0 * std::f64::consts::PI / WAVENUMBER / self.nx as f64
    }

    /// Moves every column along x by v dt.
    fn drift(&mut self, dt: f64) {
        for j in 0..self.nv {
            let shift = self.velocity(j) * dt / self.dx();
            for x in 0..self.nx {
                self.line[x] = self.f[x * self.nv + j];
            }
            for x in 0..self.nx {
                let value = cubic(x as f64 - shift, |i| self.line[i.rem_euclid(self.nx as i64) as usize]);
                self.f[x * self.nv + j] = value;
            }
        }
    }

    /// Moves every row along v by the electric force.
    fn kick(&mut self, dt: f64) {
        let field = self.field();
        for (x, field) in field.into_iter().enumerate() {
            let row = &mut self.f[x * self.nv..(x + 1) * self.nv];
            self.line[..self.nv].copy_from_slice(row);
            let shift = -field * dt / (2.0 * V_MAX / self.nv as f64);
            let line = &self.line[..self.nv];
            let at = |i: i64| usize::try_from(i).ok().and_then(|i| line.get(i).copied()).unwrap_or(0.0);
            for (j, value) in row.iter_mut().enumerate() {
                *value = cubic(j as f64 - shift, at).max(0.0);
            }
        }
    }

    /// Electric field of the charge density, by summing up: dE/dx = 1 - n.
    fn field(&self) -> Vec<f64> {
        let density = |x: usize| self.f[x * self.nv..(x + 1) * self.nv].iter().sum::<f64>() * self.dv();
        let densities: Vec<f64> = (0..self.nx).map(density).collect();
        let mean = densities.iter().sum::<f64>() / self.nx as f64;
        let mut field = Vec::with_capacity(self.nx);
        let mut sum = 0.0;
        for density in densities {
            sum += (mean - density) * self.dx() / 2.0;
            field.push(sum);
            sum += (mean - density) * self.dx() / 2.0;
        }
        let mean = field.iter().sum::<f64>() / self.nx as f64;
        field.into_iter().map(|value| value - mean).collect()
    }
}

/// Cubic Lagrange interpolation at a real index.
fn cubic(position: f64, at: impl Fn(i64) -> f64) -> f64 {
    let low = position.floor();
    let (t, i) = (position - low, low as i64);
    let (a, b, c) = (t + 1.0, t - 1.0, t - 2.0);
    at(i - 1) * (-t * b * c / 6.0)
        + at(i) * (a * b * c / 2.0)
        + at(i + 1) * (-a * t * c / 2.0)
        + at(i + 2) * (a * t * b / 6.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mass_is_kept_and_the_streams_have_mixed() {
        let mut plasma = Plasma::new(64, 64, 1);
        let (mass, centre) = (plasma.f.iter().sum::<f64>(), plasma.f[31]);
        for _ in 0..STEPS {
            plasma.drift(STEP / 2.0);
            plasma.kick(STEP);
            plasma.drift(STEP / 2.0);
        }
        let now = plasma.f.iter().sum::<f64>();
        assert!((now / mass - 1.0).abs() < 0.01, "{mass} became {now}");
        let largest = (0..64).map(|x| plasma.f[x * 64 + 31]).fold(0.0, f64::max);
        assert!(largest > 4.0 * centre, "no vortex: {largest} from {centre}");
    }
}
