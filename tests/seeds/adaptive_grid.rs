//! The figures that jenkspt/xtensor printed, reproduced by `adaptive-grid` with the seed's rules.

use codecbench_methods::adaptive_grid::{AdaptiveGrid, Loop, Params, Predictor, Store};
use codecbench_methods::api::{DType, Method, Target, Tensor};

use crate::files::{as_floats, channel, round_trip, values};

/// Residuals kept, bytes, and the decoded values.
fn run(params: &Params, tensor: &Tensor) -> (usize, usize, Vec<f64>) {
    let method = AdaptiveGrid::new(params.clone(), Target::Native).expect("valid parameters");
    let kept = method.kept(tensor.view()).expect("a threshold").residuals;
    let (payload, decoded) = round_trip::<AdaptiveGrid>(params, Target::Native, tensor);
    (kept, payload.len(), values(&decoded))
}

/// Largest and mean absolute error and root mean square error.
fn errors(tensor: &Tensor, decoded: &[f64]) -> (f64, f64, f64) {
    let errors: Vec<f64> = values(tensor).iter().zip(decoded).map(|(x, y)| (x - y).abs()).collect();
    let count = errors.len() as f64;
    let squares: f64 = errors.iter().map(|error| error * error).sum();
    (errors.iter().copied().fold(0.0, f64::max), errors.iter().sum::<f64>() / count, (squares / count).sqrt())
}

fn seed(predictor: Predictor, feedback: Loop, eps: f64) -> Params {
    Params { predictor, feedback, store: Store::Bitmask, depth: 7, eps, ..Params::default() }
}

#[test]
fn the_seeds_open_loop_keeps_as_many_residuals_and_errs_as_far() {
    let Some(byte) = channel("golden/xtensor_cat.png") else { return };
    for tensor in [as_floats(&byte, 1.0), byte] {
        for (eps, count, worst, mean, rms) in
            [(0.0, 148_885, 0.0, 0.0, 0.0), (2.0, 96_000, 9.0, 0.9119, 1.423), (25.0, 15_859, 89.0, 9.2861, 14.409)]
        {
            let (kept, _, decoded) = run(&seed(Predictor::NearestLeft, Loop::Open, eps), &tensor);
            let found = errors(&tensor, &decoded);
            assert_eq!((kept, found.0), (count, worst), "eps {eps}, {}", tensor.dtype());
            // Bytes cannot leave 0..255, so they err a little less than the seed's floats.
            let alike = (found.1 - mean).abs() < 1e-4 && (found.2 - rms).abs() < 1e-3;
            assert!(alike || tensor.dtype() == DType::U8, "eps {eps}: {found:?}");
        }
    }
}

#[test]
fn the_seeds_stores_take_the_bytes_its_counts_imply() {
    let Some(byte) = channel("golden/xtensor_cat.png") else { return };
    let anchors = 4 * 5;
    for (eps, count) in [(0.0, 148_885), (2.0, 96_000), (25.0, 15_859)] {
        let bytes = |store| run(&Params { store, ..seed(Predictor::NearestLeft, Loop::Open, eps) }, &byte).1;
        assert_eq!(bytes(Store::Dok), anchors + 10 * count);
        // A bit for every point but the anchors, and residuals of 16 bits.
        assert_eq!(bytes(Store::Bitmask), anchors + (240_000usize - anchors).div_ceil(8) + 2 * count);
        assert!(bytes(Store::Entropy) < bytes(Store::Bitmask));
    }
}

#[test]
fn the_closed_loop_errs_by_the_threshold_exactly() {
    let Some(byte) = channel("golden/xtensor_cat.png") else { return };
    let float = as_floats(&byte, 1.0);
    for (eps, count, mean) in [(2.0, 98_237, 0.493), (25.0, 20_891, 5.69)] {
        let (kept, _, decoded) = run(&seed(Predictor::NearestLeft, Loop::Closed, eps), &float);
        let found = errors(&float, &decoded);
        assert_eq!((kept, found.0), (count, eps));
        assert!((found.1 - mean).abs() < 5e-3, "{found:?}");
    }
}

#[test]
fn the_table_of_the_later_version_comes_out_for_orders_0_and_1() {
    let Some(gray) = channel("golden/xtensor_cat_gray.png") else { return };
    let float = as_floats(&gray, 255.0);
    let rows = [
        (
            Predictor::NearestRight,
            [(0.0, 157_388, 0.0), (2.5, 96_735, 9.0), (10.0, 44_918, 38.0), (25.0, 16_070, 104.0)],
        ),
        (Predictor::Linear, [(0.0, 178_237, 0.0), (2.5, 83_986, 6.52), (10.0, 31_633, 28.42), (25.0, 8_736, 71.64)]),
    ];
    for (predictor, row) in rows {
        for (eps, count, worst) in row {
            let (kept, _, decoded) = run(&seed(predictor, Loop::Open, eps / 255.0), &float);
            let found = errors(&float, &decoded).0 * 255.0;
            assert_eq!(kept, count, "{predictor:?}, eps {eps}");
            assert!((found - worst).abs() < 6e-3, "{predictor:?}, eps {eps}: {found} against {worst}");
        }
    }
}
