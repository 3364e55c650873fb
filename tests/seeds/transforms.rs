//! The figures of the seeds' transforms, reproduced by `block-dct` and `wavelet` on the sample VDF of the Asterix notebook
//! and on the picture of the one on spatial coherence.

use codecbench_methods::api::{Method, Target, Tensor};
use codecbench_methods::block_dct::{self, BlockDct};
use codecbench_methods::wavelet::{self, Coefficients, Family, Quantiser, Wavelet};

use crate::files::{as_floats, cat, find, floats, round_trip, values};

/// The sample VDF as float32, which holds every value of it.
fn vdf() -> Option<Tensor> {
    let bytes = std::fs::read(find("asterix_vdf50/asterix_vdf50.f64")?).expect("the sample is readable");
    let values = bytes.as_chunks::<8>().0.iter().map(|&chunk| f64::from_le_bytes(chunk) as f32);
    Some(floats(&[50, 50, 50], values))
}

/// Payload and decoded values of a method's own mode.
fn native<M: Method>(params: M::Params, tensor: &Tensor) -> (Vec<u8>, Vec<f64>)
where
    M::Params: Clone,
{
    let (payload, decoded) = round_trip::<M>(&params, Target::Native, tensor);
    (payload, values(&decoded))
}

/// The notebook's figures: n in per cent, L1, and L2 over the norm of the RECONSTRUCTION.
fn statistics(a: &[f64], b: &[f64]) -> [f64; 3] {
    let (sum_a, sum_b) = (a.iter().sum::<f64>(), b.iter().sum::<f64>());
    let errors = || a.iter().zip(b).map(|(a, b)| (a - b).abs());
    let norm = |squares: f64| squares.sqrt();
    [
        (sum_a - sum_b).abs() / ((sum_a + sum_b) / 2.0) * 100.0,
        errors().sum::<f64>() / a.iter().map(|a| a.abs()).sum::<f64>(),
        norm(errors().map(|e| e * e).sum()) / norm(b.iter().map(|b| b * b).sum()),
    ]
}

fn assert_near(what: &str, seen: f64, printed: f64, half_unit: f64) {
    assert!((seen - printed).abs() <= half_unit, "{what}: {seen}, printed {printed}");
}

#[test]
fn the_lowest_cosine_coefficients_reproduce_the_notebooks_row() {
    let Some(tensor) = vdf() else { return };
    let params = block_dct::Params { block: 8, keep: 4, ..Default::default() };
    let (payload, decoded) = native::<BlockDct>(params, &tensor);
    // Seven blocks along each axis, 64 coefficients each: 5.69 to 1, where the notebook says 8.
    assert_eq!(payload.len(), 21_952 * 4);
    let [n, l1, l2] = statistics(&values(&tensor), &decoded);
    println!("DCT 8^3 keep 4^3: n {n:.4} %, L1 {l1:.4}, L2 {l2:.4}");
    assert_near("n", n, 0.394, 0.0005);
    assert_near("L1", l1, 0.046, 0.0005);
    assert_near("L2", l2, 0.044, 0.0005);
}

#[test]
fn the_ranges_of_the_bands_are_those_the_notebook_printed() {
    let Some(tensor) = vdf() else { return };
    let norm = 6.181394286686531e-15;
    let scaled = floats(&[50, 50, 50], values(&tensor).into_iter().map(|value| (value / norm) as f32));
    let largest = values(&scaled).into_iter().fold(0.0, f64::max);
    assert_near("scaled maximum", largest, 42.333332, 1e-6);
    let params = wavelet::Params { family: Family::Bior13, levels: 1, ..Default::default() };
    let method = Wavelet::new(params, Target::Native).expect("valid parameters");
    let bands = method.coefficients(scaled.view()).expect("float32");
    let printed = [
        ("1aaa", -0.13590407, 123.29804),
        ("1aad", -14.305042, 10.792248),
        ("1ada", -6.5794706, 10.859857),
        ("1add", -1.700069, 1.7653055),
        ("1daa", -13.229418, 8.781471),
        ("1dad", -1.8120434, 1.5420057),
        ("1dda", -1.755705, 1.834994),
        ("1ddd", -0.80956554, 0.69174093),
    ];
    assert_eq!(bands.len(), printed.len());
    for (band, (name, low, high)) in bands.iter().zip(printed) {
        assert_eq!((band.name.as_str(), &band.shape[..]), (name, &[27, 27, 27][..]));
        let range = |f: fn(f64, f64) -> f64, start| band.values.iter().copied().fold(start, f);
        // The notebook computed in 32 bits.
        assert_near(name, range(f64::min, f64::INFINITY), low, 2e-6 * 42.0);
        assert_near(name, range(f64::max, f64::NEG_INFINITY), high, 2e-6 * 42.0);
    }
}

#[test]
fn coefficients_cut_to_bytes_reproduce_the_notebooks_row_in_a_sixtieth_of_its_bytes() {
    let Some(tensor) = vdf() else { return };
    let params =
        wavelet::Params { family: Family::Bior13, levels: 1, quantiser: Quantiser::Int8, ..Default::default() };
    let (payload, decoded) = native::<Wavelet>(params, &tensor);
    let [n, l1, l2] = statistics(&values(&tensor), &decoded);
    println!("DWT int8: {} bytes (the notebook's: 157464), n {n:.4} %, L1 {l1:.4}, L2 {l2:.4}", payload.len());
    assert_near("n", n, 6.009, 0.02);
    assert_near("L1", l1, 0.082, 0.0005);
    assert_near("L2", l2, 0.058, 0.0005);
    assert_near("norm", f64::from_le_bytes(*payload.first_chunk().expect("a norm")) * 1e15, 6.181394286686531, 1e-6);
    // zlib takes 6918 bytes for the same bytes.
    assert!(payload.len() < 157_464 / 60, "{} bytes", payload.len());
}

#[test]
fn thresholds_after_a_real_transform_keep_as_many_coefficients_as_pywavelets() {
    let Some(tensor) = vdf() else { return };
    let original = values(&tensor);
    for (levels, threshold, kept, l2) in
        [(2, 1e-15, 8238, Some(0.0065)), (2, 1e-14, 1835, Some(0.031)), (1, 1e-15, 11808, None), (1, 1e-14, 5414, None)]
    {
        let params = wavelet::Params { family: Family::Db4, levels, threshold, ..Default::default() };
        let method = Wavelet::new(params.clone(), Target::Native).expect("valid parameters");
        let bands = method.coefficients(tensor.view()).expect("float32");
        let large = |band: &Coefficients| band.values.iter().filter(|value| value.abs() >= threshold).count();
        assert_eq!(bands.iter().map(large).sum::<usize>(), kept, "{levels} levels, threshold {threshold}");
        let (payload, decoded) = native::<Wavelet>(params, &tensor);
        let seen = statistics(&original, &decoded)[2];
        println!("db4, {levels} levels, threshold {threshold:e}: {kept} kept, {} bytes, L2 {seen:.4}", payload.len());
        if let Some(l2) = l2 {
            assert_near("L2", seen, l2, l2 * 0.02);
        }
    }
}

#[test]
fn sums_and_differences_of_pairs_hold_the_energy_that_the_notebook_shows() {
    let Some(tensor) = cat().map(|picture| as_floats(&picture, 255.0)) else { return };
    let params =
        wavelet::Params { family: Family::Haar, levels: 1, axes: "-1".parse().expect("an axis"), ..Default::default() };
    let method = Wavelet::new(params, Target::Native).expect("valid parameters");
    let bands = method.coefficients(tensor.view()).expect("float32");
    let energy = |band: &Coefficients| band.values.iter().map(|value| value * value).sum::<f64>();
    let (sums, differences) = (energy(&bands[0]), energy(&bands[1]));
    let pixels = values(&tensor);
    assert_near("share of the sums", sums / (sums + differences), 0.999566476, 1e-8);
    assert_near("share of the differences", differences / (sums + differences), 4.33523527e-4, 1e-10);
    let mean = bands[0].values.iter().sum::<f64>() / bands[0].values.len() as f64;
    assert_near("mean of the sums", mean, 0.902026491, 1e-7);
    // The transform is orthonormal: what is dropped is the error.
    let psnr = |dropped: f64| -10.0 * (dropped / pixels.len() as f64).log10();
    assert_near("PSNR without the differences", psnr(differences), 36.991, 0.0005);
    let second: f64 = pixels.iter().skip(1).step_by(2).map(|pixel| pixel * pixel).sum();
    assert_near("PSNR without the second pixels", psnr(second), 6.371, 0.0005);
    let largest = bands[1].values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    assert_near("largest error without the differences", largest / 2f64.sqrt(), 0.352941, 1e-6);
}
