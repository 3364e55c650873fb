//! The seeds' data, and a round trip of it.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use codecbench_methods::api::{Checked, Compressor, DType, Method, Target, Tensor};

/// A file in the folders of `CODECBENCH_DATA`; `None`, with a printed line, where it is not.
pub fn find(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("CODECBENCH_DATA").unwrap_or_default();
    let path = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file());
    if path.is_none() {
        println!("skipped: {name} is in no folder of CODECBENCH_DATA");
    }
    path
}

/// The first channel of a picture, rows by columns.
pub fn channel(name: &str) -> Option<Tensor> {
    let file = BufReader::new(File::open(find(name)?).expect("the picture is readable"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a picture of sensible size")];
    let info = reader.next_frame(&mut pixels).expect("a whole picture");
    let first: Vec<u8> = pixels.chunks_exact(info.color_type.samples()).map(|pixel| pixel[0]).collect();
    let shape = [info.height as usize, info.width as usize];
    Some(Tensor::from_le_bytes(DType::U8, &shape, &first).expect("the length fits"))
}

/// The red channel of the picture of the notebook on spatial coherence.
pub fn cat() -> Option<Tensor> {
    channel("golden/dip_cat_small.png")
}

/// Values of `shape` in single precision.
pub fn floats(shape: &[usize], values: impl Iterator<Item = f32>) -> Tensor {
    let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    Tensor::from_le_bytes(DType::F32, shape, &bytes).expect("the length fits")
}

/// A picture in single precision, its values divided by `full`.
pub fn as_floats(picture: &Tensor, full: f32) -> Tensor {
    floats(picture.shape(), values(picture).into_iter().map(|value| value as f32 / full))
}

/// The values of a tensor.
pub fn values(tensor: &Tensor) -> Vec<f64> {
    match tensor {
        Tensor::F32(array) => array.iter().map(|&value| f64::from(value)).collect(),
        Tensor::U8(array) => array.iter().map(|&value| f64::from(value)).collect(),
        other => panic!("{} is not tested", other.dtype()),
    }
}

/// The payload, and what a fresh decoder makes of it.
pub fn round_trip<M: Method>(params: &M::Params, target: Target, tensor: &Tensor) -> (Vec<u8>, Tensor)
where
    M::Params: Clone,
{
    let build = || Checked::<M>::new(params.clone(), target).expect("valid parameters");
    let mut payload = Vec::new();
    build().compress(tensor.view(), &mut payload).expect("inside the capabilities");
    let mut decoded = Tensor::zeros(tensor.dtype(), tensor.shape());
    build().decompress(&payload, decoded.view_mut()).expect("just written");
    (payload, decoded)
}
