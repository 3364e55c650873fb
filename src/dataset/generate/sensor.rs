//! What a sensor writes: drift, hum, bursts and noise, rounded to its converter's steps.

use codecbench_methods::api::DType;

use super::random::Random;
use super::{Generated, Generator, Request, tensor};
use crate::dataset::Kind;

/// Counts of a converter, or millivolts for floats; axes time, (channel).
pub const SENSOR: Generator = Generator {
    id: "sensor",
    kind: Kind::Series,
    summary: "sensor series: drift, hum, decaying bursts and noise; whole converter steps for integers",
    variants: &[],
    dtypes: &[DType::I16, DType::F32, DType::F64, DType::I32],
    ranks: 1..=2,
    make,
};

/// Noise of one sample, converter steps.
const NOISE: f64 = 2.5;
/// Chance that a burst begins at a sample.
const BURST: f64 = 0.0006;

/// A damped oscillation.
struct Burst {
    amplitude: f64,
    phase: f64,
    turn: f64,
    decay: f64,
}

fn make(request: &Request<'_>) -> Generated {
    let samples = request.shape[0];
    let channels = request.shape.get(1).copied().unwrap_or(1);
    let mut shared = Random::new(request.seed, 0);
    let bursts: Vec<f64> =
        (0..samples).map(|_| if shared.unit() < BURST { shared.between(0.3, 1.0) } else { 0.0 }).collect();
    let series: Vec<Vec<f64>> = (0..channels).map(|channel| one(request.seed, channel, &bursts)).collect();
    // Float sensors deliver what a 24-bit converter saw, in millivolts.
    let scale = if request.dtype.is_float() { 1.0 / 64.0 } else { 1.0 };
    let values = (0..samples).flat_map(|time| series.iter().map(move |series| series[time]));
    tensor(request, values.map(|value| value.round() * scale)).into()
}

/// One channel, in converter steps: all see the same bursts, each in its own way.
fn one(seed: u64, channel: usize, starts: &[f64]) -> Vec<f64> {
    let mut random = Random::new(seed, 1 + channel as u64);
    let (offset, hum, gain) =
        (random.between(-800.0, 800.0), random.between(5.0, 40.0), random.between(1500.0, 6000.0));
    let hum_turn = 2.0 * std::f64::consts::PI * 0.0501;
    let (mut drift, mut burst) = (0.0, Burst { amplitude: 0.0, phase: 0.0, turn: 0.0, decay: 0.99 });
    let mut series = Vec::with_capacity(starts.len());
    for (time, &start) in starts.iter().enumerate() {
        drift = 0.99995 * drift + 0.8 * random.normal();
        if start > 0.0 {
            let turn = random.between(0.05, 0.5);
            burst = Burst { amplitude: gain * start, phase: 0.0, turn, decay: random.between(0.97, 0.996) };
        }
        burst.amplitude *= burst.decay;
        burst.phase += burst.turn;
        let wave = hum * libm::sin(hum_turn * time as f64) + burst.amplitude * libm::sin(burst.phase);
        series.push(offset + drift + wave + NOISE * random.normal());
    }
    series
}
