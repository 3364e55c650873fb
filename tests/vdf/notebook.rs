//! The statistics that the seed's notebook printed for its own reconstructions, from ours of the same methods.

use codecbench::dataset::Kind;
use codecbench::metrics::{Metric, Original, measure};
use codecbench_methods::api::{DType, Target, Tensor};
use serde_json::{Value, json};

use crate::sample::{SHAPE, round_trip, sample};

/// The columns, and how many decimals the notebook rounds each to.
const COLUMNS: [Metric; 6] = [
    Metric::NotebookN,
    Metric::NotebookV,
    Metric::NotebookPDiag,
    Metric::NotebookPFrobenius,
    Metric::NotebookL1,
    Metric::NotebookL2,
];

/// The statistics as printed: a number and its last digit's place. `slack` comes on top of half of that.
#[track_caller]
fn compare(id: &str, params: Value, printed: [(f64, i32); 6], slack: [f64; 6]) {
    let Some(values) = sample() else { return };
    let (bytes, back) = round_trip(id, &params, Target::Native, &values);
    let tensor = |values: &[f32]| {
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Tensor::from_le_bytes(DType::F32, &SHAPE, &raw).expect("125000 values")
    };
    let (x, y) = (tensor(&values), tensor(&back));
    let metrics = measure(&Original::new(x.view(), Kind::Vdf, None), &y.view(), None);
    let found = COLUMNS.map(|metric| metrics.get(metric).expect("a cube has them all"));
    println!("{id} {params}, {bytes} bytes: n, V, P diag, P Frobenius, L1, L2 = {found:?}; printed {printed:?}");
    for ((metric, found), ((printed, digits), slack)) in COLUMNS.iter().zip(found).zip(printed.into_iter().zip(slack)) {
        let off = 0.5 * 10f64.powi(-digits) + slack;
        assert!((found - printed).abs() <= off, "{id} {}: {found}, printed {printed}", metric.name());
    }
}

/// Nothing on top.
const EXACT: [f64; 6] = [0.0; 6];

#[cfg(feature = "zfp")]
#[test]
fn zfp_at_a_tolerance_of_1e_13() {
    let printed = [(0.083, 3), (0.0, 3), (2.506, 3), (2.490, 3), (0.046, 3), (0.032, 3)];
    compare("zfp", json!({ "tolerance": 1e-13 }), printed, EXACT);
}

#[test]
fn block_dct_that_keeps_the_lowest_4_of_8() {
    let printed = [(0.394, 3), (0.114, 3), (6.583, 3), (7.287, 3), (0.046, 3), (0.044, 3)];
    compare("block-dct", json!({ "block": 8, "keep": 4 }), printed, EXACT);
}

#[test]
fn octree_halved_by_the_gradient_of_the_residual() {
    let printed = [(1.345, 3), (0.533, 3), (25.5, 1), (13.47, 2), (0.0682, 4), (0.0597, 4)];
    compare("octree", json!({ "step": 1e-6 }), printed, EXACT);
}

#[test]
fn hermite_without_the_volume_element() {
    let printed = [(10.802, 3), (2.579, 3), (55.91, 2), (36.04, 2), (0.1755, 4), (0.1434, 4)];
    compare("hermite", json!({ "orders": 15, "volume_element": false }), printed, EXACT);
}

#[test]
#[expect(clippy::approx_constant, reason = "an error that happens to lie near 1 / pi")]
fn spherical_harmonics_of_degree_10_on_50_shells() {
    let printed = [(25.901, 3), (6.179, 3), (118.0, 1), (85.76, 2), (0.3680, 4), (0.3180, 4)];
    compare("spherical-harmonics", json!({ "degree": 10, "shells": 50 }), printed, EXACT);
}

#[test]
fn wavelet_bior13_cut_to_bytes() {
    let printed = [(6.009, 3), (0.834, 3), (12.36, 2), (14.60, 2), (0.082, 3), (0.058, 3)];
    let params = json!({ "family": "bior1.3", "levels": 1, "quantiser": "int8" });
    compare("wavelet", params, printed, EXACT);
}

/// The notebook's number of levels came to none: it cut the values themselves. Its sums are in float32.
#[test]
fn threshold_without_a_transform() {
    let printed = [(0.038, 3), (0.005, 3), (0.05151, 5), (0.09978, 5), (0.000, 3), (0.001, 3)];
    let params = json!({ "family": "db4", "transform": "none", "threshold": 1e-16 });
    compare("wavelet", params, printed, [0.0, 0.0, 5e-5, 5e-5, 0.0, 0.0]);
}

/// The notebook's decomposition is a randomised one, and its P diag between .4 and .5 from run to run. An exact one
/// leaves less.
#[test]
fn pca_of_logarithms_with_30_components() {
    let printed = [(0.031, 3), (0.001, 3), (0.45, 2), (0.1836, 4), (0.006, 3), (0.007, 3)];
    let params = json!({ "form": "matrix", "axis": 0, "components": 30, "log": true, "floor": 1e-16 });
    compare("pca", params, printed, [0.001, 0.001, 0.35, 0.04, 0.0, 0.0]);
}
