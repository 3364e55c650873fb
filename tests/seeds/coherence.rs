//! The figures of the study of spatial coherence.

use codecbench::analyze::{Study, study};
use codecbench::dataset::{Dataset, Kind};
use codecbench_methods::api::Tensor;

use crate::files::{as_floats, cat, floats};

fn studied(kind: Kind, tensor: Tensor) -> Study {
    study(&Dataset::plain("subject", kind, tensor))
}

#[track_caller]
fn near(found: f64, expected: f64, slack: f64) {
    assert!((found - expected).abs() <= slack, "{found} where the seed has {expected}");
}

#[test]
fn the_seeds_picture_has_the_seeds_figures() {
    let Some(picture) = cat() else { return };
    let study = studied(Kind::Image, as_floats(&picture, 255.0));
    let axis = &study.axes[1];
    println!("{}", serde_json::to_string_pretty(axis).expect("a study is an object"));
    assert_eq!(axis.pairs, 131_072);
    near(study.values.maximum.expect("values"), 0.9882353, 1e-7);
    near(axis.c0_mean, 0.902026491, 1e-8);
    near(axis.c1_mean, -1.25878e-5, 1e-9);
    near(axis.c0_std, 0.329159, 1e-6);
    near(axis.c1_std, 0.019997, 1e-6);
    near(axis.energy_after.expect("energy"), 0.999566476, 1e-9);
    near(axis.energy_before.expect("energy"), 0.49996, 1e-5);
    near(axis.magnitude_mean.expect("energy"), 0.98281417, 1e-7);
    near(axis.magnitude_median.expect("energy"), 0.99408, 1e-5);
    near(axis.above_90.expect("energy"), 0.9681, 1e-4);
    near(axis.above_95.expect("energy"), 0.9282, 1e-4);
    near(axis.correlation.expect("it varies"), 0.99264573, 1e-8);
    near(axis.without_c1.mse, 1.999405e-4, 1e-10);
    near(axis.without_c1.max_abs_err, 0.352941, 1e-6);
    near(axis.without_second.mse, 0.2306198, 1e-7);
    near(axis.without_second.max_abs_err, 0.988235, 1e-6);
    let lattice = study.values.lattice.expect("bytes as floats are multiples of 1/255");
    near(lattice.step * 255.0, 1.0, 1e-6);
    near(axis.difference_entropy, 4.24206, 1e-5);
}

#[test]
fn the_seeds_picture_as_bytes_has_the_seeds_entropies_and_psnr() {
    let Some(picture) = cat() else { return };
    let study = studied(Kind::Image, picture);
    let axis = &study.axes[1];
    near(study.values.entropy, 7.66303, 1e-5);
    near(axis.sum_entropy, 8.65966, 1e-5);
    near(axis.average_entropy, 7.66239, 1e-5);
    near(axis.difference_entropy, 4.24206, 1e-5);
    near(axis.s_transform_entropy, 5.95223, 1e-5);
    near(axis.equal, 0.17859, 1e-5);
    near(axis.mean_abs_difference, 3.83352, 1e-5);
    near(axis.without_c1.psnr_peak.expect("a picture"), 36.991, 5e-4);
    near(axis.without_second.psnr_peak.expect("a picture"), 6.371, 5e-4);
    near(axis.without_c1.max_abs_err, 90.0, 0.0);
    near(axis.without_second.max_abs_err, 252.0, 0.0);
    let advised: Vec<&str> = study.advice.iter().map(|advice| advice.method.as_str()).collect();
    assert!(advised.contains(&"spatial-delta") && advised.contains(&"wavelet"), "{advised:?}");
}

#[test]
fn the_pair_of_the_seeds_text_is_changed_as_it_says() {
    // <4, 3> becomes <7, 1> / sqrt(2): 7/8 of the magnitudes and 49/50 of the energy in the first.
    let study = studied(Kind::Field, floats(&[2], [4.0, 3.0].into_iter()));
    let axis = &study.axes[0];
    near(axis.c0_mean, 7.0 / 2f64.sqrt(), 1e-12);
    near(axis.c1_mean, 1.0 / 2f64.sqrt(), 1e-12);
    near(axis.magnitude_mean.expect("energy"), 7.0 / 8.0, 1e-12);
    near(axis.energy_after.expect("energy"), 49.0 / 50.0, 1e-12);
    near(axis.histogram_after[19], 1.0, 0.0);
    near(axis.histogram_before[12], 1.0, 0.0);
}
