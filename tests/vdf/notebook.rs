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

#[track_caller]
fn compare(id: &str, params: Value, printed: [f64; 6]) {
    let Some(values) = sample() else { return };
    let (_, back) = round_trip(id, &params, Target::Native, &values);
    let tensor = |values: &[f32]| {
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Tensor::from_le_bytes(DType::F32, &SHAPE, &raw).expect("125000 values")
    };
    let (x, y) = (tensor(&values), tensor(&back));
    let metrics = measure(&Original::new(x.view(), Kind::Vdf, None), &y.view(), None);
    let found = COLUMNS.map(|metric| metrics.get(metric).expect("a cube has them all"));
    println!("{id} {params}: n, V, P diag, P Frobenius, L1, L2 = {found:?}; printed {printed:?}");
    for ((metric, found), printed) in COLUMNS.iter().zip(found).zip(printed) {
        // Half of the last printed digit, and as much again for the notebook's sums in float32.
        assert!((found - printed).abs() <= 1e-3, "{}: {found}, printed {printed}", metric.name());
    }
}

#[cfg(feature = "zfp")]
#[test]
fn zfp_at_a_tolerance_of_1e_13_prints_what_the_notebook_printed() {
    compare("zfp", json!({ "tolerance": 1e-13 }), [0.083, 0.0, 2.506, 2.490, 0.046, 0.032]);
}

#[test]
fn block_dct_that_keeps_the_lowest_4_of_8_prints_what_the_notebook_printed() {
    compare("block-dct", json!({ "block": 8, "keep": 4 }), [0.394, 0.114, 6.583, 7.287, 0.046, 0.044]);
}
