//! Strictness on hostile values, and size on kind ones.

use super::*;
use crate::api::DType;

fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 20
    }
}

fn check<T: Element>(data: &[T], shape: &[usize], model: &[f64], bound: f64) -> usize {
    let mut payload = Vec::new();
    encode(data, shape, model, bound, &mut payload);
    let mut back = vec![T::default(); data.len()];
    decode(&payload, shape, model, bound, &mut back).expect("an encoder wrote it");
    for (at, (&x, &y)) in data.iter().zip(&back).enumerate() {
        assert!(y.within(x, bound), "{} {shape:?} bound {bound:e}: {x} at {at} came back as {y}", T::DTYPE);
    }
    payload.len()
}

/// Values of all kinds against models of all kinds, at bounds from nothing to everything.
fn hostile<T: Element>(bounds: &[f64]) {
    let top = if T::DTYPE == DType::F32 { 0xbfff_ffff } else { !(1u64 << 62) };
    let mut random = noise(7);
    let kinds: [fn(u64, u64) -> u64; 3] = [|bits, top| bits & top, |bits, _| bits & 3, |_, top| top];
    for shape in [&[][..], &[1], &[97], &[13, 11], &[3, 5, 7], &[2, 3, 4, 5], &[0, 3]] {
        let count: usize = shape.iter().product();
        for kind in kinds {
            let mut bits = || random() << 40 ^ random();
            let mut data: Vec<T> = (0..count).map(|_| T::from_bits(kind(bits(), top))).collect();
            data.iter_mut().step_by(3).for_each(|value| *value = T::from_f64(1.0));
            let mut wild: Vec<f64> = data.iter().map(|value| value.to_f64() * 1.001).collect();
            wild.iter_mut().step_by(7).for_each(|value| *value = [f64::NAN, f64::INFINITY, f64::MIN][count % 3]);
            for &bound in bounds {
                check(&data, shape, &wild, bound);
                check(&data, shape, &vec![0.0; count], bound);
            }
        }
    }
}

#[test]
fn every_value_of_every_type_is_within_every_bound() {
    hostile::<f32>(&[0.0, 1e-45, 1.2e-7, 1e-3, 1.0, 1e30, f64::MAX]);
    hostile::<f64>(&[0.0, 5e-324, f64::EPSILON, 1e-3, 1e300, f64::MAX]);
    hostile::<i8>(&[0.0, 0.5, 2.5, 100.0, f64::MAX]);
    hostile::<u8>(&[0.0, 1.0, 300.0]);
    hostile::<i16>(&[0.0, 1.0, 300.0]);
    hostile::<u32>(&[0.0, 1.0, 4e9]);
    hostile::<i64>(&[0.0, 1.0, 1e18, f64::MAX]);
    hostile::<u64>(&[0.0, 1.5, 1e19]);
}

#[test]
fn a_model_that_is_good_enough_takes_nothing() {
    let data: Vec<f32> = (0..5000).map(|i| i as f32).collect();
    let model: Vec<f64> = data.iter().map(|&value| f64::from(value) + 0.4).collect();
    assert_eq!(check(&data, &[10, 20, 25], &model, 0.5), 0);
    let mut spike = data.clone();
    spike[777] += 100.0;
    let bytes = check(&spike, &[10, 20, 25], &model, 0.5);
    assert!(bytes < 24, "{bytes} bytes");
}

/// A wave of amplitude 100, of which the model knows nothing.
fn wave() -> Vec<f64> {
    let at = |i: usize| [(i / 1600) as f64, (i / 40 % 40) as f64, (i % 40) as f64];
    (0..64_000).map(at).map(|[z, y, x]| 100.0 * libm::sin(z / 9.0 + y / 7.0) * libm::cos(x / 8.0)).collect()
}

#[test]
fn a_smooth_residual_is_predicted() {
    let data: Vec<f32> = wave().iter().map(|&value| value as f32).collect();
    let bytes = check(&data, &[40, 40, 40], &vec![0.0; data.len()], 0.5);
    println!("wave, 100 steps high: {bytes} bytes");
    assert!(bytes < 11_000, "{bytes} bytes");
    let exact = check(&data, &[40, 40, 40], &vec![0.0; data.len()], 0.0);
    println!("wave, every bit: {exact} bytes");
    assert!(exact < 110_000, "{exact} bytes");
}

#[test]
fn noise_takes_its_entropy_and_the_cost_is_what_is_written() {
    let mut random = noise(3);
    let data: Vec<i32> = (0..60_000).map(|_| (random() % 9) as i32 - 4).collect();
    let (shape, model) = (&[30, 40, 50], vec![0.0; data.len()]);
    let bytes = check(&data, shape, &model, 0.0) as f64;
    let entropy = data.len() as f64 * 9f64.log2() / 8.0;
    assert!(bytes < entropy * 1.03, "{bytes} bytes, entropy {entropy}");
    assert!((cost(&data, shape, &model, 0.0) / 8.0 / bytes - 1.0).abs() < 0.01);
}

#[test]
fn any_bytes_decode_to_something() {
    for fill in [0u8, 1, 0x5a, 0x80, 0xff] {
        for bound in [0.0, 1e-3, 1e300] {
            let mut data = vec![0f32; 3000];
            let _ = decode(&[fill; 90], &[10, 300], &[1e38; 3000], bound, &mut data);
            let mut data = vec![0i64; 3000];
            let _ = decode(&[fill; 90], &[3000], &[f64::NAN; 3000], bound, &mut data);
        }
    }
}

/// A bump that the model has the better part of, and noise that it has nothing of.
fn bump(shape: [usize; 3]) -> (Vec<f32>, Vec<f64>) {
    let mut random = noise(3);
    let count = shape.iter().product();
    let at = |i: usize| [i / shape[2] / shape[1], i / shape[2] % shape[1], i % shape[2]].map(|at| at as f64);
    let square = |i: usize| at(i).iter().zip(shape).map(|(at, length)| (at / length as f64 - 0.4).powi(2)).sum::<f64>();
    let model: Vec<f64> = (0..count).map(|i| libm::exp(-20.0 * square(i))).collect();
    let wave = |i: usize| 0.05 * libm::sin(at(i)[0] * 0.5) * libm::cos(at(i)[2] * 0.3);
    let hiss = |bits: u64| (bits % 1000) as f64 * 1e-6;
    let data = (0..count).map(|i| (model[i] * (1.0 + wave(i)) + hiss(random())) as f32).collect();
    (data, model)
}

#[test]
fn what_follows_an_approximation_keeps_the_mean_error() {
    let shape = [24, 20, 26];
    let (data, model) = bump(shape);
    for error in [2e-3, 5e-4, 1e-5, 0.0] {
        let (bits, rest) = rest::fit(&data, &shape, &model, error);
        let mut encoder = RangeEncoder::new();
        rest::code(&rest, Values::Known(&data), &shape, (model.clone(), error), &mut encoder);
        let payload = encoder.finish();
        let mut back = vec![0.0f32; data.len()];
        let mut decoder = RangeDecoder::new(&payload);
        rest::code(&rest::Rest::Nothing, Values::Wanted(&mut back), &shape, (model.clone(), error), &mut decoder);
        assert!(decoder.is_spent());
        let square: f64 = data.iter().zip(&back).map(|(x, y)| f64::from(x - y).powi(2)).sum();
        let found = (square / data.len() as f64).sqrt();
        let rough = rest::rough(&data, &shape, &model, error);
        println!("error {error:e}: {} bytes, by cost {:.0}, about {:.0}", payload.len(), bits / 8.0, rough / 8.0);
        assert!(found <= error, "{found:e} is above {error:e}");
        assert!((bits / 8.0 - payload.len() as f64).abs() < 8.0 + 0.06 * bits / 8.0);
        assert!(error == 0.0 || (rough - bits).abs() < 64.0 + 0.3 * bits, "about {rough} bits, not {bits}");
        assert!(error < 2e-3 || matches!(rest, rest::Rest::Subbands(_)), "error {error:e}");
    }
}

#[test]
fn any_bytes_are_something_that_follows_an_approximation() {
    let mut random = noise(11);
    for shape in [[3, 5, 7], [1, 1, 1], [1, 40, 1]] {
        for length in [0, 1, 7, 60] {
            let payload: Vec<u8> = (0..length).map(|_| random() as u8).collect();
            let count: usize = shape.iter().product();
            let mut back = vec![0.0f32; count];
            let model = vec![f64::NAN; count];
            let mut decoder = RangeDecoder::new(&payload);
            rest::code(&rest::Rest::Nothing, Values::Wanted(&mut back), &shape, (model, 1e300), &mut decoder);
            assert!(back.iter().all(|value| value.is_finite()));
        }
    }
}
