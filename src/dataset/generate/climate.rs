//! Temperature on a longitude-latitude grid: of the air everywhere, or of the sea with no value where there is land.

use codecbench_methods::api::DType;

use super::lattice::{Lattice, Octaves, mix, octaves};
use super::{Generated, Generator, Request, tensor};
use crate::dataset::Kind;

/// Air temperature over land and sea, or sea temperature with land missing, K; axes (time, (level,)) latitude, longitude.
pub const CLIMATE: Generator = Generator {
    id: "climate",
    kind: Kind::Field,
    summary: "temperature over latitude and longitude, with weather, seasons and depth; land is a fill value or NaN",
    variants: &["full", "fill", "nan"],
    dtypes: &[DType::F32, DType::F64],
    ranks: 2..=4,
    make,
};

/// The fill value of the climate archives (CMIP).
const FILL: f64 = 1e20;
/// Share of the noise above which there is land.
const COAST: f64 = 0.08;

/// Sea water is no colder, K.
const FREEZING: f64 = 271.35;

/// The planet of a seed.
struct Planet {
    land: Lattice,
    weather: Lattice,
    octaves: Octaves,
    missing: Option<f64>,
}

fn make(request: &Request<'_>) -> Generated {
    let rank = request.shape.len();
    let [times, depths, rows, columns] = std::array::from_fn(|axis| match (axis, rank) {
        (0, 3 | 4) => request.shape[0],
        (1, 4) => request.shape[1],
        (2 | 3, _) => request.shape[rank + axis - 4],
        _ => 1,
    });
    let missing = if request.is("fill") { Some(f64::from(FILL as f32)) } else { request.is("nan").then_some(f64::NAN) };
    let planet = Planet {
        land: Lattice::new(request.seed),
        weather: Lattice::new(mix(request.seed)),
        octaves: octaves(columns.max(1), 8.0, 0.55),
        missing,
    };
    let mut values = Vec::with_capacity(request.len());
    for time in 0..times {
        for depth in 0..depths {
            for row in 0..rows {
                for column in 0..columns {
                    let latitude = (row as f64 + 0.5) / rows as f64 - 0.5;
                    let longitude = column as f64 / columns as f64;
                    values.push(planet.temperature(time as f64, depth as f64, latitude, longitude));
                }
            }
        }
    }
    Generated { fill_value: missing.filter(|missing| missing.is_finite()), ..tensor(request, values).into() }
}

impl Planet {
    /// Temperature, K, or what stands for land. Latitude in -1/2..1/2 of a half turn, longitude in 0..1 of a turn.
    fn temperature(&self, time: f64, depth: f64, latitude: f64, longitude: f64) -> f64 {
        let pi = std::f64::consts::PI;
        let (sin, cos) = (libm::sin(latitude * pi), libm::cos(latitude * pi));
        // On a sphere, so that there is no seam and nothing piles up at the poles.
        let east = 2.0 * pi * longitude;
        let place = [cos * libm::cos(east), cos * libm::sin(east), sin];
        let land = self.land.fractal(&place.map(|x| 1.6 * x + 7.0), Octaves { count: 5, gain: 0.5 }) > COAST;
        match self.missing {
            Some(missing) if land => return missing,
            _ => {}
        }
        let [x, y, z] = place.map(|x| 2.5 * x + 3.0);
        let weather = self.weather.fractal(&[x, y, z, 0.35 * time], self.octaves);
        let season = 6.0 * sin * libm::sin(2.0 * pi * time / 12.0);
        let surface = 301.0 - 42.0 * sin * sin + season + 14.0 * weather * (0.4 + cos) + if land { -6.0 } else { 0.0 };
        if self.missing.is_none() {
            return surface - 6.5 * depth;
        }
        FREEZING + (surface - FREEZING).max(0.0) * libm::exp(-0.25 * depth)
    }
}

#[cfg(test)]
mod tests {
    use codecbench_methods::api::Tensor;

    use super::*;

    fn values(variant: &str) -> (Vec<f32>, Option<f64>) {
        let request = Request { shape: &[2, 40, 80], seed: 9, dtype: DType::F32, variant: Some(variant) };
        let made = make(&request);
        let Tensor::F32(array) = made.tensor else { panic!("float32 was asked for") };
        (array.into_raw_vec_and_offset().0, made.fill_value)
    }

    #[test]
    fn land_is_missing_in_the_way_asked_for_and_the_same_at_all_times() {
        let (fill, value) = values("fill");
        let value = value.expect("a fill value") as f32;
        let (nan, none) = values("nan");
        assert_eq!(none, None);
        let land: Vec<bool> = fill.iter().map(|&x| x == value).collect();
        assert_eq!(land, nan.iter().map(|x| x.is_nan()).collect::<Vec<_>>());
        assert_eq!(land[..3200], land[3200..]);
        let share = land.iter().filter(|&&land| land).count() as f64 / land.len() as f64;
        assert!((0.1..0.6).contains(&share), "{share} is land");
        assert!(values("full").0.iter().all(|&x| (200.0..330.0).contains(&x)));
    }
}
