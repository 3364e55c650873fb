//! The figures that jenkspt/xtensor printed, reproduced by `adaptive-grid` with the seed's rules.
//!
//! The two pictures are not ours to ship: they are looked for under `golden/` in the folders of `CODECBENCH_DATA`.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use codecbench_methods::adaptive_grid::{AdaptiveGrid, Loop, Params, Predictor, Store};
use codecbench_methods::api::{Compressor, DType, Method, Target, Tensor};

/// One channel of a picture, rows by columns; `None`, with a printed line, where the picture is not here.
fn channel(name: &str) -> Option<(Vec<usize>, Vec<u8>)> {
    let folders = std::env::var("CODECBENCH_DATA").unwrap_or_default();
    let path =
        folders.split(':').map(|folder| PathBuf::from(folder).join("golden").join(name)).find(|path| path.exists());
    let Some(path) = path else {
        eprintln!("skipped: golden/{name} is in no folder of CODECBENCH_DATA");
        return None;
    };
    let file = BufReader::new(File::open(&path).expect("the file exists"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a picture of sensible size")];
    let info = reader.next_frame(&mut pixels).expect("a whole picture");
    let first = pixels.chunks_exact(info.color_type.samples()).map(|pixel| pixel[0]).collect();
    Some((vec![info.height as usize, info.width as usize], first))
}

fn floats(shape: &[usize], values: impl Iterator<Item = f32>) -> Tensor {
    let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    Tensor::from_le_bytes(DType::F32, shape, &bytes).expect("the length fits")
}

/// Residuals kept, bytes, and the decoded values.
fn run(params: &Params, tensor: &Tensor) -> (usize, usize, Vec<f64>) {
    let build = || AdaptiveGrid::new(params.clone(), Target::Native).expect("valid parameters");
    let kept = build().kept(tensor.view()).expect("a threshold").residuals;
    let mut payload = Vec::new();
    build().compress(tensor.view(), &mut payload).expect("inside the capabilities");
    let mut decoded = Tensor::zeros(tensor.dtype(), tensor.shape());
    build().decompress(&payload, decoded.view_mut()).expect("just written");
    (kept, payload.len(), values(&decoded))
}

fn values(tensor: &Tensor) -> Vec<f64> {
    match tensor {
        Tensor::F32(array) => array.iter().map(|&value| f64::from(value)).collect(),
        Tensor::U8(array) => array.iter().map(|&value| f64::from(value)).collect(),
        other => panic!("{} is not tested", other.dtype()),
    }
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
    let Some((shape, red)) = channel("xtensor_cat.png") else { return };
    let float = floats(&shape, red.iter().map(|&value| f32::from(value)));
    let byte = Tensor::from_le_bytes(DType::U8, &shape, &red).expect("the length fits");
    for tensor in [float, byte] {
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
    let Some((shape, red)) = channel("xtensor_cat.png") else { return };
    let byte = Tensor::from_le_bytes(DType::U8, &shape, &red).expect("the length fits");
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
    let Some((shape, red)) = channel("xtensor_cat.png") else { return };
    let float = floats(&shape, red.iter().map(|&value| f32::from(value)));
    for (eps, count, mean) in [(2.0, 98_237, 0.493), (25.0, 20_891, 5.69)] {
        let (kept, _, decoded) = run(&seed(Predictor::NearestLeft, Loop::Closed, eps), &float);
        let found = errors(&float, &decoded);
        assert_eq!((kept, found.0), (count, eps));
        assert!((found.1 - mean).abs() < 5e-3, "{found:?}");
    }
}

#[test]
fn the_table_of_the_later_version_comes_out_for_orders_0_and_1() {
    let Some((shape, gray)) = channel("xtensor_cat_gray.png") else { return };
    let float = floats(&shape, gray.iter().map(|&value| f32::from(value) / 255.0));
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
