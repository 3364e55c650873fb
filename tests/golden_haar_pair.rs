//! The figures of the seed on spatial coherence, reproduced by `haar-pair` on the seed's picture.
//!
//! The picture is not ours to ship: it is looked for under `golden/` in the folders of `CODECBENCH_DATA`.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use codecbench_methods::api::{Compressor, DType, Method, Target, Tensor};
use codecbench_methods::haar_pair::{Axis, HaarPair, Keep, Params};

/// The red channel of the seed's picture, rows by columns; `None`, with a printed line, where it is not here.
fn red() -> Option<(Vec<usize>, Vec<u8>)> {
    let folders = std::env::var("CODECBENCH_DATA").unwrap_or_default();
    let mut paths = folders.split(':').map(|folder| PathBuf::from(folder).join("golden/dip_cat_small.png"));
    let Some(path) = paths.find(|path| path.exists()) else {
        eprintln!("skipped: golden/dip_cat_small.png is in no folder of CODECBENCH_DATA");
        return None;
    };
    let file = BufReader::new(File::open(&path).expect("the file exists"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a picture of sensible size")];
    let info = reader.next_frame(&mut pixels).expect("a whole picture");
    let first = pixels.chunks_exact(info.color_type.samples()).map(|pixel| pixel[0]).collect();
    Some((vec![info.height as usize, info.width as usize], first))
}

/// As the seed reads it: single precision, 0 to 1.
fn as_read(shape: &[usize], red: &[u8]) -> Tensor {
    let bytes: Vec<u8> = red.iter().flat_map(|&value| (f32::from(value) / 255.0).to_le_bytes()).collect();
    Tensor::from_le_bytes(DType::F32, shape, &bytes).expect("the length fits")
}

fn round_trip(params: &Params, target: Target, tensor: &Tensor) -> (usize, Tensor) {
    let build = || HaarPair::new(params.clone(), target).expect("valid parameters");
    let mut payload = Vec::new();
    build().compress(tensor.view(), &mut payload).expect("inside the capabilities");
    let mut decoded = Tensor::zeros(tensor.dtype(), tensor.shape());
    build().decompress(&payload, decoded.view_mut()).expect("just written");
    (payload.len(), decoded)
}

fn values(tensor: &Tensor) -> Vec<f64> {
    match tensor {
        Tensor::F32(array) => array.iter().map(|&value| f64::from(value)).collect(),
        Tensor::U8(array) => array.iter().map(|&value| f64::from(value)).collect(),
        other => panic!("{} is not tested", other.dtype()),
    }
}

/// Mean square and largest error.
fn errors(tensor: &Tensor, decoded: &Tensor) -> (f64, f64) {
    let (x, y) = (values(tensor), values(decoded));
    let errors: Vec<f64> = x.iter().zip(&y).map(|(x, y)| (x - y).abs()).collect();
    let square = errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64;
    (square, errors.into_iter().fold(0.0, f64::max))
}

#[test]
fn dropping_half_costs_what_it_cost_the_seed_in_either_basis() {
    let Some((shape, red)) = red() else { return };
    let tensor = as_read(&shape, &red);
    for (keep, square, psnr, largest) in
        [(Keep::Average, 1.999405e-4, 36.991, 90.0 / 255.0), (Keep::First, 0.2306198, 6.371, 252.0 / 255.0)]
    {
        let (bytes, decoded) = round_trip(&Params { axis: Axis::Along(1), keep }, Target::Native, &tensor);
        let found = errors(&tensor, &decoded);
        let db = -10.0 * found.0.log10();
        eprintln!("{keep:?}: MSE {:.7e}, PSNR {db:.3} dB, max {:.6}, {bytes} bytes", found.0, found.1);
        assert!((found.0 / square - 1.0).abs() < 1e-6, "{}", found.0);
        assert!((db - psnr).abs() < 5e-4 && (found.1 - largest).abs() < 1e-6, "{db} {}", found.1);
        // As many numbers as they are in single precision, which is more than the picture's own bytes.
        assert!(bytes < shape[0] * shape[1] / 2 * 4, "{bytes}");
    }
}

#[test]
fn the_picture_takes_less_than_the_entropy_of_averages_and_differences() {
    let Some((shape, red)) = red() else { return };
    let byte = Tensor::from_le_bytes(DType::U8, &shape, &red).expect("the length fits");
    for (axis, tensor) in [(Axis::Along(1), &byte), (Axis::Auto, &byte), (Axis::Auto, &as_read(&shape, &red))] {
        let (bytes, decoded) = round_trip(&Params { axis, ..Params::default() }, Target::Lossless, tensor);
        let bits = 8.0 * bytes as f64 / red.len() as f64;
        eprintln!("lossless, {}, {axis:?}: {bytes} bytes, {bits:.4} bits per pixel", tensor.dtype());
        assert_eq!(&decoded, tensor);
        // The seed's sum of entropies, of the S-transform without any context.
        assert!(bits < 5.95223 || tensor.dtype() != DType::U8, "{bits}");
    }
}

#[test]
fn a_bound_is_held_on_the_picture() {
    let Some((shape, red)) = red() else { return };
    let byte = Tensor::from_le_bytes(DType::U8, &shape, &red).expect("the length fits");
    for bound in [1.0, 2.0, 8.0] {
        let (bytes, decoded) = round_trip(&Params::default(), Target::MaxAbs(bound), &byte);
        let (square, largest) = errors(&byte, &decoded);
        eprintln!("abs={bound}: {bytes} bytes, MSE {square:.4}, max {largest}");
        assert!(largest <= bound && bytes < red.len() / 2);
    }
}
